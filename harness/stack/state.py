"""What is kept of a cluster between two calls, in the state folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from harness.base import places
from harness.base.defaults import DEFAULT_CLUSTER
from harness.base.files import remove_parts, write_whole
from harness.stack import cluster_name
from harness.stack.handle import StackHandle
from harness.stack.imageset import ImageSet


@dataclass(frozen=True)
class StateFolder:
    """The state folder of one cluster."""

    cluster: str

    def __post_init__(self) -> None:
        """Refuse a name that leads out of the state folder.

        Raises:
            UsageError: it is no name of a cluster.
        """
        cluster_name.check(self.cluster)

    def prepare(self) -> None:
        """Make the folder, which only this user may look into.

        Raises:
            PlaceError: it cannot be written, or is another user's.
        """
        places.make_private(places.state_dir())
        places.make_private(self.folder)
        if (self.folder / "run.lock").exists():
            # Earlier versions let others read it. What has no lock of ours in it may be anybody's folder.
            self.folder.chmod(0o700)
        remove_parts(self.folder)

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return places.state_dir() / self.cluster

    @property
    def kubeconfig(self) -> Path:
        """The cluster's kubeconfig; the user's default one is never touched."""
        return self.folder / "kubeconfig"

    @property
    def handle(self) -> Path:
        """The file of the stack's handle: there only when `up` came to its end."""
        return self.folder / "stack.json"

    @property
    def logs(self) -> Path:
        """The folder of the steps' logs."""
        return self.folder / "logs"

    def save(self, handle: StackHandle, images: ImageSet) -> None:
        """Write the handle whole or not at all: it is there only when `up` came to its end."""
        self.save_programs(images)
        self.save_handle(handle)

    def save_handle(self, handle: StackHandle) -> None:
        """Write the handle alone: of a cluster for which no program was needed."""
        write_whole(self.handle, handle.model_dump_json(indent=2))

    def save_programs(self, images: ImageSet) -> None:
        """Write where the programs are that fit the stack."""
        programs = {
            "kind": images.kind,
            "kubectl": images.kubectl,
            "helm": images.helm,
            "promtool": images.promtool,
        }
        text = json.dumps({name: str(path) for name, path in programs.items() if path})
        write_whole(self.folder / "programs.json", text)

    def load(self) -> StackHandle | None:
        """Return the handle of the last `up` that came to its end; None when there is none."""
        try:
            return StackHandle.model_validate_json(self.handle.read_text())
        except (OSError, ValidationError):
            return None

    def forget(self) -> None:
        """Drop the handle: from now on the cluster is half-made until `save`."""
        self.handle.unlink(missing_ok=True)

    def program(self, name: str) -> Path | None:
        """Return kind, kubectl, helm or promtool as `up` used it, or as it is on PATH."""
        try:
            known = Path(json.loads((self.folder / "programs.json").read_text())[name])
        except (OSError, ValueError, KeyError, TypeError):
            known = None
        if known is not None and known.exists():
            return known
        found = shutil.which(name)
        return Path(found) if found else None


def load(cluster: str = DEFAULT_CLUSTER) -> StackHandle | None:
    """Return the stack that the last `up` of this cluster made; it may have been damaged since."""
    return StateFolder(cluster).load()
