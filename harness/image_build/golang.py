"""The Go toolchain: versions, module folders, builds."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from harness.base import process
from harness.base.errors import UsageError

# -buildvcs=false: the checkout's own commit must not decide what a pinned program looks like.
BUILD_FLAGS = ("-mod=readonly", "-trimpath", "-buildvcs=false")
# Go's own resolver and user database, and no loading of SQLite extensions: a static C library has neither.
# Packages without C code then compile as without cgo, and Go's build cache serves both.
_STATIC_TAGS = ("netgo", "osusergo", "sqlite_omit_load_extension")
_LONGEST_BUILD_SECONDS = 3000.0
_LONGEST_LIST_SECONDS = 900.0


@dataclass(frozen=True)
class Go:
    """The `go` on PATH, with settings that do not depend on the user's own (`go env -w`)."""

    program: Path
    cancel: threading.Event = field(default_factory=threading.Event)

    @classmethod
    def on_path(cls, cancel: threading.Event | None = None) -> Go:
        """Return the toolchain on PATH.

        Raises:
            UsageError: there is none.
        """
        found = shutil.which("go")
        if not found:
            raise UsageError(
                "Go is not on PATH, and the images are compiled from source",
                next_step="install Go 1.26 or newer, or use --images registry",
            )
        return cls(Path(found), cancel or threading.Event())

    def version(self, folder: Path) -> str:
        """Return the version of the toolchain that builds the module in `folder`, such as go1.26.8."""
        return self._run("ask Go for its version", ["env", "GOVERSION"], folder, timeout=300).strip()

    def module_folder(self, module: str, folder: Path) -> Path:
        """Return where the module cache holds `module`, at the version pinned in `folder`."""
        what = ["mod", "download", "-json", self.pinned(module, folder)]
        told = json.loads(self._run(f"download {module}", what, folder, timeout=_LONGEST_LIST_SECONDS))
        return Path(told["Dir"])

    def pinned(self, module: str, folder: Path) -> str:
        """Return `module@version` as go.mod in `folder` selects it, replacements included."""
        path, version = pinned_version((folder / "go.mod").read_text(), module)
        return f"{path}@{version}"

    def modules_of(self, packages: Sequence[str], folder: Path, *, tags: str = "", log: Path) -> list[str]:
        """Return `module version sum` of every module that goes into the packages, sorted.

        Raises:
            CommandError: a module cannot be had, or go.mod or go.sum lack something.
        """
        told = "{{.Path}} {{.Version}}"
        template = f"{{{{with .Module}}}}{{{{with .Replace}}}}{told}{{{{else}}}}{told}{{{{end}}}}{{{{end}}}}"
        args = ["list", "-mod=readonly", "-deps", f"-tags={tags}", "-f", template, *packages]
        name = f"resolve the Go modules of {folder.name}"
        out = self._run(name, args, folder, timeout=_LONGEST_LIST_SECONDS, log=log)
        sums = dict(
            line.rsplit(" ", 1)
            for line in (folder / "go.sum").read_text().splitlines()
            if "/go.mod " not in line
        )
        modules = {line for line in out.splitlines() if line.strip()}
        return sorted(f"{module.strip()} {sums.get(module.strip(), '')}".strip() for module in modules)

    def build(
        self,
        packages: Sequence[str],
        folder: Path,
        out: Path,
        *,
        cgo: bool = False,
        tags: str = "",
        stamps: Mapping[str, str] | None = None,
        modfile: Path | None = None,
        log: Path,
    ) -> None:
        """Compile commands into `out`.

        Args:
            packages: the import paths of the commands.
            folder: the module to build in.
            out: the folder for the programs.
            cgo: whether C code is compiled and linked too, statically: the programs run in images whose
                C library can be older than this machine's.
            tags: build tags, separated by commas.
            stamps: variable to value, for the linker.
            modfile: a go.mod to use in place of the folder's.
            log: the file for the output.

        Raises:
            CommandError: the build failed.
        """
        flags = ["-s", "-w", *(f"-X {name}={value}" for name, value in (stamps or {}).items())]
        if cgo:
            flags += ["-linkmode=external", "-extldflags=-static"]
            tags = ",".join([*_STATIC_TAGS, *filter(None, [tags])])
        linked = " ".join(flags)
        modfile_flag = [f"-modfile={modfile}"] if modfile else []
        args = [
            "build",
            *BUILD_FLAGS,
            *modfile_flag,
            f"-tags={tags}",
            f"-ldflags={linked}",
            "-o",
            f"{out}/",
            *packages,
        ]
        self._run(
            f"compile {', '.join(Path(package).name for package in packages)}",
            args,
            folder,
            timeout=_LONGEST_BUILD_SECONDS,
            log=log,
            env={"CGO_ENABLED": "1" if cgo else "0"},
        )

    def edit(self, modfile: Path, *flags: str) -> None:
        """Change a go.mod with `go mod edit`."""
        self._run("edit go.mod", ["mod", "edit", *flags, str(modfile)], modfile.parent, timeout=60)

    def _run(
        self,
        name: str,
        args: Sequence[str],
        folder: Path,
        *,
        timeout: float,
        log: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> str:
        # GOGC trades memory for time; GOFLAGS and GOWORK of the user's own must not change a build.
        settings = {"GOGC": "400", "GOFLAGS": "", "GOWORK": "off", **(env or {})}
        return process.run(
            name,
            [self.program, *args],
            timeout=timeout,
            cwd=folder,
            env=settings,
            log=log,
            cancel=self.cancel,
        ).stdout


def pinned_version(gomod: str, module: str) -> tuple[str, str]:
    """Return the path and version of a module that a go.mod's text requires, or replaces by.

    Raises:
        KeyError: the text does not name the module.
    """
    name = re.escape(module)
    replaced = re.search(rf"^\s*(?:replace\s+)?{name}(?:\s+v\S+)?\s+=>\s+(\S+)\s+(v\S+)", gomod, re.MULTILINE)
    if replaced:
        return replaced[1], replaced[2]
    required = re.search(rf"^\s*(?:require\s+)?{name}\s+(v\S+)", gomod, re.MULTILINE)
    if required:
        return module, required[1]
    raise KeyError(f"go.mod does not name {module}")
