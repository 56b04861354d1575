"""Root file systems from Debian packages, as layers: a common base, and packages over it."""

from __future__ import annotations

import os
import shutil
import stat
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from harness.base import process
from harness.base.errors import InfrastructureError, UsageError

MIRROR_VARIABLE = "CHAOS_HARNESS_DEBIAN_MIRROR"
ROOT = "root"
LAYER = "layer.tar"
PACKAGES = "packages.txt"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_BOOTSTRAP_SECONDS = 900.0
_INSTALL_SECONDS = 900.0
_TAR_SECONDS = 300.0

# Not needed in a container; without them the packages unpack faster.
_LEFT_OUT = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "usr/share/lintian",
    "usr/share/bash-completion",
)
# What names this machine, its mirror or the time of the installation.
_TRACES = (
    "etc/apt/sources.list",
    "etc/apt/apt.conf.d/90host",
    "etc/resolv.conf",
    "etc/hostname",
    "etc/machine-id",
    "usr/sbin/policy-rc.d",
    "var/cache/apt/archives",
    "var/cache/apt/pkgcache.bin",
    "var/cache/apt/srcpkgcache.bin",
    "var/cache/debconf/config.dat-old",
    "var/cache/debconf/templates.dat-old",
    "var/cache/ldconfig",
    "var/lib/apt/lists",
    "var/lib/dpkg/status-old",
    "var/log/alternatives.log",
    "var/log/apt",
    "var/log/bootstrap.log",
    "var/log/dpkg.log",
)
# Engines mount over the first two; systemd wants the third to be there.
_EMPTY = ("etc/resolv.conf", "etc/hostname", "etc/machine-id")

# Whatever else says: a repository without a signature, or a package of it, is an error.
_VERIFIED = (
    "-o",
    "Acquire::AllowInsecureRepositories=false",
    "-o",
    "APT::Get::AllowUnauthenticated=false",
)

Stamp: TypeAlias = tuple[int, int, int, int, int, str]

Inside: TypeAlias = Callable[..., process.Result]
"""Runs a command in a root file system: `inside(name, argv)`."""
Configure: TypeAlias = Callable[[Path, Inside, Path], None]
"""Changes a root file system, given it, what runs a command in it, and the folder for outputs."""


@dataclass(frozen=True)
class Debian:
    """Makes root file systems of one suite; needs root.

    Attributes:
        suite: the release's code name.
        cancel: ends a running command.
    """

    suite: str
    cancel: threading.Event

    def base(self, out: Path, log: Path) -> None:
        """Write the layer of a minimal system to `out`.

        Raises:
            InfrastructureError: Debian's keys are not there: debootstrap would install unverified packages.
            CommandError: debootstrap failed.
        """
        root = out / ROOT
        if not KEYRING.is_file():
            raise InfrastructureError(
                f"Debian's packages cannot be verified: there is no {KEYRING}",
                next_step="install debian-archive-keyring",
            )
        # The private mount namespace takes debootstrap's mounts away with the process, however it ends.
        self._run(
            f"bootstrap Debian {self.suite}",
            [
                "unshare",
                "--mount",
                "debootstrap",
                "--variant=minbase",
                "--force-check-gpg",
                f"--keyring={KEYRING}",
                self.suite,
                root,
                mirror(self.suite),
            ],
            timeout=_BOOTSTRAP_SECONDS,
            log=log,
            next_step=f"check that the Debian mirror is reachable, or name one in {MIRROR_VARIABLE}",
        )
        rules = "\n".join(["force-unsafe-io", *(f"path-exclude=/{folder}/*" for folder in _LEFT_OUT)])
        (root / "etc/dpkg/dpkg.cfg.d/90images").write_text(rules + "\n")
        _clean(root)
        for folder in _LEFT_OUT:
            _empty(root / folder)
        self._pack(root, out / LAYER, ["."], log)
        shutil.rmtree(root)

    def packages(
        self,
        out: Path,
        base: Path,
        packages: Sequence[str],
        log: Path,
        configure: Configure | None = None,
    ) -> None:
        """Write the layer that installing packages adds to the base, and the list of all versions.

        Args:
            out: takes `layer.tar` and `packages.txt`.
            base: the base's layer.
            packages: names of Debian packages; recommended ones are not installed.
            log: the file for the output.
            configure: further changes and further outputs.
        """
        root = out / ROOT
        root.mkdir()
        self._run(
            "unpack the base system",
            [
                "tar",
                "--extract",
                "--numeric-owner",
                "--xattrs",
                "--xattrs-include=*",
                f"--file={base}",
                "-C",
                root,
            ],
            timeout=_TAR_SECONDS,
            log=log,
        )
        before = _stamps(root)
        (root / "etc/apt/sources.list").write_text(f"deb {mirror(self.suite)} {self.suite} main\n")
        (root / "etc/apt/apt.conf.d/90host").write_text(self._fetching())
        (root / "etc/resolv.conf").write_bytes(Path("/etc/resolv.conf").read_bytes())
        no_services = root / "usr/sbin/policy-rc.d"
        no_services.write_text("#!/bin/sh\nexit 101\n")
        no_services.chmod(0o755)

        def inside(name: str, argv: Sequence[str], timeout: float = 60.0) -> process.Result:
            words: list[str | Path] = [
                "unshare",
                "--mount",
                "--pid",
                "--fork",
                f"--mount-proc={root}/proc",
                "chroot",
                root,
                *argv,
            ]
            return self._run(name, words, timeout=timeout, log=log, env=_ENV)

        inside("update Debian's package lists", ["apt-get", "-q", *_VERIFIED, "update"], _INSTALL_SECONDS)
        options = [*_VERIFIED, "--no-remove", "--no-install-recommends"]
        install = ["apt-get", "-q", *options, "install", "-y", *packages]
        inside(f"install {', '.join(packages)}", install, _INSTALL_SECONDS)
        listed = inside("list the packages", ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n"])
        (out / PACKAGES).write_text(listed.stdout)
        if configure:
            configure(root, inside, out)
        _clean(root)
        after = _stamps(root)
        changed = sorted(name for name, stamp in after.items() if before.get(name) != stamp)
        gone = sorted(name for name in before if name not in after)
        whiteouts = _whiteouts(root, [name for name in gone if str(Path(name).parent) in {".", *after}])
        self._pack(root, out / LAYER, [*changed, *whiteouts], log)
        shutil.rmtree(root)

    def _pack(self, root: Path, tar: Path, names: Sequence[str], log: Path) -> None:
        recursion = [] if list(names) == ["."] else ["--no-recursion"]
        self._run(
            f"pack {tar.name}",
            [
                "tar",
                "--create",
                "--numeric-owner",
                "--xattrs",
                "--xattrs-include=*",
                "--sort=name",
                *recursion,
                f"--file={tar}",
                "-C",
                root,
                "--null",
                "--verbatim-files-from",
                "--files-from=-",
            ],
            timeout=_TAR_SECONDS,
            log=log,
            input_text="".join(f"{name}\0" for name in names),
        )

    def _fetching(self) -> str:
        """Return the machine's own settings for fetching packages, such as a proxy."""
        dumped = self._run("read apt's configuration", ["apt-config", "dump", "Acquire"], timeout=30).stdout
        wanted = ("Acquire::http", "Acquire::https", "Acquire::Retries", "Acquire::ForceIPv4")
        return "".join(f"{line}\n" for line in dumped.splitlines() if line.startswith(wanted))

    def _run(self, name: str, argv: Sequence[str | Path], **options: Any) -> process.Result:
        return process.run(name, argv, cancel=self.cancel, **options)


_ENV = {
    "DEBIAN_FRONTEND": "noninteractive",
    "LC_ALL": "C",
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONHASHSEED": "0",
}


def mirror(suite: str) -> str:
    """Return the Debian mirror: of the environment variable, else the one that this machine's apt uses.

    Raises:
        UsageError: the variable is not set, and apt has no Debian mirror (or is not there).
    """
    if named := os.environ.get(MIRROR_VARIABLE):
        return named
    if shutil.which("apt-get"):
        told = process.run(
            "ask apt for its mirror",
            [
                "apt-get",
                "indextargets",
                "--format",
                "$(REPO_URI) $(RELEASE) $(COMPONENT) $(ORIGIN)",
                "Created-By: Packages",
            ],
            timeout=30,
        ).stdout
        rows = [
            row for row in (line.split() for line in told.splitlines()) if len(row) >= 3 and row[2] == "main"
        ]
        same = [row[0] for row in rows if row[1] == suite]
        other = [row[0] for row in rows if "-" not in row[1] and row[3:] == ["Debian"]]
        if same or other:
            return (same or other)[0].rstrip("/")
    raise UsageError(
        f"no Debian mirror is known, and the images are made from Debian {suite}",
        next_step=f"name one in the environment variable {MIRROR_VARIABLE}",
    )


def _stamps(root: Path) -> dict[str, Stamp]:
    """Return what tells that a file changed: kind and mode, owner, group, size, time, link target."""
    found: dict[str, Stamp] = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder, name)
            seen = path.lstat()
            is_folder = stat.S_ISDIR(seen.st_mode)
            found[path.relative_to(root).as_posix()] = (
                seen.st_mode,
                seen.st_uid,
                seen.st_gid,
                0 if is_folder else seen.st_size,
                0 if is_folder else seen.st_mtime_ns // 1_000_000_000,  # tar keeps whole seconds
                str(path.readlink()) if stat.S_ISLNK(seen.st_mode) else "",
            )
    return found


def _whiteouts(root: Path, gone: Sequence[str]) -> list[str]:
    """Make the files by which a layer says that a file of a lower one is not there any more."""
    made = []
    for name in gone:
        path = Path(name)
        whiteout = path.with_name(f".wh.{path.name}")
        (root / whiteout).touch()
        made.append(whiteout.as_posix())
    return made


def _clean(root: Path) -> None:
    for name in _TRACES:
        path = root / name
        if path.is_dir() and not path.is_symlink():
            _empty(path)
        else:
            path.unlink(missing_ok=True)
    for name in _EMPTY:
        (root / name).touch()


def _empty(folder: Path) -> None:
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
