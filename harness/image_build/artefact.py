"""What is built once and kept: its inputs, its key, and its entry in the cache."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Lane = Literal["compile", "disk"]


@dataclass(frozen=True)
class CacheEntry:
    """A complete build result in the cache.

    Attributes:
        key: the artefact's key that it was built for.
        folder: where its files are.
        digests: relative path to the SHA-256 of each file.
    """

    key: str
    folder: Path
    digests: Mapping[str, str]

    def path(self, name: str) -> Path:
        """Return the path of one of its files or folders."""
        return self.folder / name


@dataclass(frozen=True)
class Use:
    """An artefact whose output goes into another one.

    Attributes:
        artefact: the artefact.
        parts: the files or folders that are used, by their path in the entry; empty for all.
    """

    artefact: Artefact
    parts: tuple[str, ...] = ()

    def digest(self, entry: CacheEntry) -> str:
        """Return a hash of the used files' names and contents.

        Contents, not the key of the entry: a pin whose change leaves the output as it was rebuilds
        nothing further down.

        Raises:
            KeyError: a part is not in the entry.
        """
        used = {
            name: digest
            for name, digest in entry.digests.items()
            if not self.parts or any(name == part or name.startswith(part + "/") for part in self.parts)
        }
        for part in self.parts:
            if not any(name == part or name.startswith(part + "/") for name in used):
                raise KeyError(f"{self.artefact.name} has no {part}")
        return digest_of(used)


@dataclass(frozen=True)
class Build:
    """What a build function is given.

    Attributes:
        out: the folder that it fills; renamed into place when the function returns.
        log: the file for the output of every command.
        used: the entries of the artefacts that it uses, by name.
    """

    out: Path
    log: Path
    used: Mapping[str, CacheEntry]


@dataclass(frozen=True, eq=False)
class Artefact:
    """Something to build, and all that decides what comes out.

    Attributes:
        name: also the folder's name in the cache.
        title: what is being done, for the progress: "compiling Kubernetes".
        build: fills `Build.out`.
        inputs: name to value of everything besides other artefacts: versions, flags, file hashes.
        uses: artefacts whose output goes in.
        lane: builds of one lane take turns; compiling and disk work overlap.
        estimate: how long it usually takes, for the progress.
    """

    name: str
    title: str
    build: Callable[[Build], None]
    inputs: Mapping[str, str] = field(default_factory=dict)
    uses: tuple[Use, ...] = ()
    lane: Lane = "disk"
    estimate: str = ""

    def key(self, used: Mapping[str, CacheEntry]) -> str:
        """Return the hash of exactly the inputs, given the entries of the used artefacts."""
        return digest_of(
            {
                "name": self.name,
                "inputs": dict(self.inputs),
                "uses": {use.artefact.name: use.digest(used[use.artefact.name]) for use in self.uses},
            }
        )


def digest_of(value: object) -> str:
    """Return a SHA-256 over JSON with sorted keys."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digests_in(folder: Path) -> dict[str, str]:
    """Return relative path to SHA-256 of every file in a folder; a link counts by its target."""
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = "link:" + path.readlink().as_posix()
        elif path.is_file():
            found[name] = digest_of_file(path)
    return found
