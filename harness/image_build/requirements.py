"""The programs that building images calls: found, installed, or named."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from harness.base.errors import InfrastructureError, UsageError
from harness.base.progress import Progress
from harness.image_build.debian import KEYRING, MIRROR_VARIABLE, mirror
from harness.stack.packages import install

_DEFAULT_MIRROR = re.compile(r'^DEF_MIRROR="([^"\s]+)"$', re.MULTILINE)
"""In debootstrap, which is a script of the shell: where it takes packages from when it is told nothing."""

# Program, or file by its path, to the Debian package that brings it.
NEEDED: Mapping[str, str] = {
    "debootstrap": "debootstrap",
    # What it verifies Debian's packages by.
    str(KEYRING): "debian-archive-keyring",
    "gcc": "gcc",
    "/usr/include/stdio.h": "libc6-dev",
    "tar": "tar",
    "unshare": "util-linux",
    "wget": "wget",
}


def ensure(needed: Mapping[str, str], *, progress: Progress, logs: Path) -> None:
    """Install the Debian packages of what is missing, when this can be done from here.

    Raises:
        InfrastructureError: not root, or something is missing and there is no apt.
    """
    if os.geteuid() != 0:
        raise InfrastructureError(
            "images are built from source as root only (debootstrap makes device files and changes its root)",
            next_step="run as root, or use --images registry",
        )
    packages = sorted({package for name, package in needed.items() if not _is_there(name)})
    if not packages:
        return
    hint = f"install {', '.join(packages)}"
    if not shutil.which("apt-get"):
        raise InfrastructureError(
            f"building images needs what is not installed: {', '.join(packages)}", next_step=hint
        )
    install(packages, progress=progress, log=logs / "images-packages.log", hint=hint)


def settle_mirror(suite: str, progress: Progress) -> None:
    """Have root file systems come from debootstrap's own mirror where apt knows none, as on Ubuntu.

    Debian's keys are verified whatever the mirror; `ensure` has installed them.

    Raises:
        UsageError: debootstrap names none either.
    """
    try:
        mirror(suite)
    except UsageError:
        program = shutil.which("debootstrap")
        own = _DEFAULT_MIRROR.search(Path(program).read_text(errors="replace")) if program else None
        if own is None:
            raise
        os.environ[MIRROR_VARIABLE] = own[1]
        progress.say(
            f"apt has no Debian mirror: Debian {suite} comes from {own[1]}, debootstrap's own; "
            f"another one is named in {MIRROR_VARIABLE}"
        )


def _is_there(name: str) -> bool:
    return Path(name).exists() if name.startswith("/") else shutil.which(name) is not None
