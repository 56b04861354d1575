"""Chaos Mesh's source: the pinned module, or a maintainer's checkout."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.base import process
from harness.base.errors import UsageError
from harness.image_build.golang import Go
from harness.image_build.pins import CHAOS_MESH, CHAOS_MESH_API

CHART = "helm/chaos-mesh"
COMMANDS = ("chaos-controller-manager", "chaos-daemon", "chaos-daemon-helper", "chaos-dashboard")
WITH_CGO = ("chaos-daemon", "chaos-dashboard")
FAKE_CLOCK = "pkg/time/fakeclock"
# What decides how the commands, the CRDs and the chart come out.
_INPUTS = ("cmd", "pkg", "controllers", "api", "hack/pause.c", CHART, "go.mod", "go.sum")
_NEEDED = (
    "go.mod",
    "go.sum",
    *(f"cmd/{name}" for name in COMMANDS),
    FAKE_CLOCK,
    f"{CHART}/Chart.yaml",
    "hack/pause.c",
)
_DESCRIBE = ("describe", "--always", "--tags", "--match=v[0-9]*", "--abbrev=12")
_NOT_COPIED = (".git", "ui", "node_modules", "output")


@dataclass(frozen=True)
class Checkout:
    """A checkout of Chaos Mesh on this machine.

    Attributes:
        folder: its root.
        has_api: the API module is beside it; a copy of the module as the Go proxy serves it has none.
    """

    folder: Path
    has_api: bool

    @classmethod
    def at(cls, folder: Path) -> Checkout:
        """Return the checkout.

        Raises:
            UsageError: the folder is none, or it is another module's; names what is missing.
        """
        folder = folder.expanduser().resolve()
        hint = "give the root of a checkout of chaos-mesh/chaos-mesh"
        if not folder.is_dir():
            raise UsageError(f"there is no folder {folder}", next_step=hint)
        missing = [name for name in _NEEDED if not (folder / name).exists()]
        if missing:
            raise UsageError(
                f"{folder} is no checkout of Chaos Mesh: no {', '.join(missing)}", next_step=hint
            )
        first = (folder / "go.mod").read_text().split("\n", 1)[0].strip()
        if first != f"module {CHAOS_MESH}":
            raise UsageError(f"{folder / 'go.mod'} says '{first}', not 'module {CHAOS_MESH}'", next_step=hint)
        return cls(folder, (folder / "api" / "go.mod").exists())

    def digest(self) -> str:
        """Return a hash of names and contents of all files that the build can depend on."""
        digest = hashlib.sha256()
        for path in _files(self.folder / name for name in _INPUTS):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    def version(self, digest: str) -> str:
        """Return what `git describe` says, or a name from the digest; always usable as an image tag."""
        git = shutil.which("git")
        if git and (self.folder / ".git").exists():
            # safe.directory: the checkout may be another user's, and describing it runs nothing of it.
            # --match: tags of charts, such as chart-2.7.3, stand on the same commits as those of releases.
            told = process.run(
                "describe the checkout",
                [git, "-c", f"safe.directory={self.folder}", *_DESCRIBE],
                timeout=30,
                cwd=self.folder,
                check=False,
            )
            if told.returncode == 0 and told.stdout.strip():
                return f"{told.stdout.strip()}-source-{digest[:8]}".replace("/", "-")[:120]
        return f"source-{digest[:12]}"


def copy_source(source: Path, target: Path) -> None:
    """Copy a source tree without what no build needs, writable, so that files can be added to it."""
    shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*_NOT_COPIED))
    for folder, _, names in os.walk(target):
        Path(folder).chmod(0o755)
        for name in names:
            path = Path(folder, name)
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o600)


def compile_fake_clock(source: Path, *, log: Path, cancel: threading.Event) -> None:
    """Make the object files that chaos-daemon embeds; the module holds only their C source."""
    folder = source / FAKE_CLOCK
    for file in sorted(folder.glob("*.c")):
        process.run(
            f"compile {file.name}",
            ["gcc", "-c", "-fPIE", "-O2", "-o", file.with_suffix(".o"), file],
            timeout=120,
            log=log,
            cancel=cancel,
        )


def compile_commands(
    source: Path, out: Path, *, go: Go, folder: Path, modfile: Path | None, stamps: dict[str, str], log: Path
) -> None:
    """Compile Chaos Mesh's commands from a writable copy of its source.

    Args:
        source: the copy; gets the fake clock's object files.
        out: the folder for the programs.
        go: the toolchain.
        folder: the module that the build is done in.
        modfile: a go.mod that replaces Chaos Mesh by the copy, when `folder` is not the copy itself.
        stamps: linker variables.
        log: the file for the output.
    """
    compile_fake_clock(source, log=log, cancel=go.cancel)
    for cgo in (True, False):
        names = [name for name in COMMANDS if (name in WITH_CGO) is cgo]
        packages = [f"{CHAOS_MESH}/cmd/{name}" for name in names]
        go.build(packages, folder, out, cgo=cgo, modfile=modfile, stamps=stamps, log=log)


def pin_api(source: Path, *, go: Go, stack: Path) -> None:
    """Give a source tree without its API module the pinned one, and the hashes of that."""
    pinned = go.pinned(CHAOS_MESH_API, stack)
    go.edit(source / "go.mod", f"-replace={CHAOS_MESH_API}={pinned}")
    wanted = [
        line for line in (stack / "go.sum").read_text().splitlines() if line.startswith(CHAOS_MESH_API + " ")
    ]
    with (source / "go.sum").open("a") as sums:
        sums.write("".join(f"{line}\n" for line in wanted))


def _files(roots: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for root in roots:
        if root.is_file():
            found.append(root)
        found += (path for path in root.rglob("*") if path.is_file() and path.suffix != ".o")
    return sorted(found)
