"""A container engine: as much of it as kind's nodes need."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from harness.base import process
from harness.stack.engine import Engine

_LABEL = "--filter=label=io.x-k8s.kind.cluster="


@dataclass(frozen=True)
class FakeEngine(Engine):
    """Containers of kind clusters, each with a volume that is labelled with its name.

    Attributes:
        containers: name to what was given to `add`.
        volumes: the names of the containers that have one.
        calls: the arguments of each call.
    """

    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    volumes: set[str] = field(default_factory=set)
    calls: list[list[str]] = field(default_factory=list)

    def add(
        self,
        cluster: str,
        name: str,
        *,
        state: str = "running",
        mounts: tuple[str, ...] = (),
        created: str = "2026-01-01T00:00:00.123456789Z",
        immortal: bool = False,
    ) -> None:
        """Make a container; `mounts` are paths in it."""
        self.containers[name] = {
            "cluster": cluster,
            "state": state,
            "immortal": immortal,
            "Created": created,
            "Mounts": [{"Type": "bind", "Destination": path} for path in mounts],
        }
        self.volumes.add(name)

    def id_of(self, name: str) -> str:
        """Return a container's id."""
        return hashlib.sha256(name.encode()).hexdigest()

    def names(self) -> list[str]:
        """Return the containers that are there."""
        return sorted(self.containers)

    def run(self, name: str, args: list[str], *, timeout: float, **options: Any) -> process.Result:
        self.calls.append(args)
        match args[:2]:
            case ["ps", _]:
                return _said(self._list(args))
            case ["container", "inspect"]:
                return _said(json.dumps([self._found(each) for each in args[2:]]))
            case ["rm", "--force"]:
                for identity in args[3:]:
                    self._remove(identity)
            case ["volume", "ls"]:
                label = args[2].removeprefix("--filter=label=")
                return _said("\n".join(f"of-{each}" for each in self.volumes if each == label))
            case ["volume", "rm"]:
                self.volumes.difference_update(each.removeprefix("of-") for each in args[3:])
        return _said("")

    def _list(self, args: list[str]) -> str:
        wanted = next(word.removeprefix(_LABEL) for word in args if word.startswith(_LABEL))
        # As podman does: without a value, whatever has the label.
        rows = [
            f"{name}\t{each['state']}\t{self.id_of(name)}"
            for name, each in self.containers.items()
            if wanted in ("", each["cluster"])
        ]
        return "".join(f"{row}\n" for row in rows)

    def _found(self, identity: str) -> dict[str, Any]:
        return next(each for name, each in self.containers.items() if self.id_of(name) == identity)

    def _remove(self, identity: str) -> None:
        for name in self.names():
            if self.id_of(name) == identity and not self.containers[name]["immortal"]:
                del self.containers[name]


def _said(text: str) -> process.Result:
    return process.Result(0, text, "", 0.0)
