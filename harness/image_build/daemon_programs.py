"""Programs for the image of chaos-daemon that a build from source has no source of: the user gives them."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.base.errors import UsageError
from harness.image_build.artefact import digest_of_file
from harness.image_build.given import architecture

_OPTION = "--daemon-programs"
_TAKEN = ("toda", "tproxy")
"""What chaos-daemon starts by these names (pkg/chaosdaemon/{iochaos,httpchaos}_server.go)."""
_ELF = b"\x7fELF"
_PROCESSORS = {62: "amd64", 183: "arm64"}
"""e_machine of an ELF header, elf(5)."""
_HEADER_BYTES = 20
_MOST_BYTES = 256 << 20


@dataclass(frozen=True)
class DaemonPrograms:
    """Given programs.

    Attributes:
        files: by name.
        digests: SHA-256 of each.
    """

    files: Mapping[str, Path] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def within(cls, folder: Path) -> DaemonPrograms:
        """Return those in a folder; other files are ignored.

        Raises:
            UsageError: there is none, or one of them is no program.
        """
        try:
            files = {name: folder / name for name in _TAKEN if (folder / name).exists()}
            if not files:
                raise UsageError(
                    f"{_OPTION} {folder}: neither {' nor '.join(_TAKEN)} is there"
                    if folder.is_dir()
                    else f"{_OPTION} {folder}: no folder",
                    next_step=f"put the released {' and '.join(_TAKEN)} of Chaos Mesh there, or one of them",
                )
            for path in files.values():
                _check(path)
            return cls(files, {name: digest_of_file(path) for name, path in files.items()})
        except OSError as error:
            raise UsageError(f"{_OPTION} {folder}: {error.strerror or error}") from error

    @property
    def versions(self) -> dict[str, str]:
        """Each for the table of versions: nobody but its giver knows which release it is."""
        return {name: f"given, sha256 {digest[:12]}" for name, digest in self.digests.items()}


def _check(path: Path) -> None:
    told = path.stat()
    if not stat.S_ISREG(told.st_mode) or told.st_size > _MOST_BYTES:
        raise UsageError(f"{_OPTION}: {path} is no file of at most {_MOST_BYTES >> 20} MiB")
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    if not header.startswith(_ELF):
        raise UsageError(
            f"{_OPTION}: {path} is no program for Linux",
            next_step="give the program itself, not the archive or the script that brings it",
        )
    machine = int.from_bytes(header[18:20], "little")
    if (found := _PROCESSORS.get(machine, f"ELF machine {machine}")) != architecture():
        raise UsageError(
            f"{_OPTION}: {path} is for {found}, and the nodes are {architecture()}",
            next_step=f"give the one for {architecture()}",
        )
    if not os.access(path, os.X_OK):
        raise UsageError(f"{_OPTION}: {path} is not executable", next_step=f"chmod +x {path}")
