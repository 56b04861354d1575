"""Installs Debian packages on this machine; what is there is never removed for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.base.progress import Progress

_SECONDS = 600.0
_ENV = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}


class WouldRemoveError(InfrastructureError):
    """Installing packages would remove others: an engine's runtime may be among them."""


def install(
    packages: Sequence[str],
    *,
    progress: Progress,
    log: Path,
    hint: str,
    run: Callable[..., process.Result] = process.run,
) -> None:
    """Install packages with apt, as root; name all that comes with them before.

    Args:
        packages: their names; recommended ones are not installed.
        progress: where it is announced.
        log: takes apt's output.
        hint: the next step when it fails.
        run: as `harness.base.process.run`.

    Raises:
        WouldRemoveError: something would have to go; nothing has been changed.
        CommandError: apt failed.
    """

    def apt(name: str, *words: str) -> process.Result:
        argv: list[str | Path] = ["apt-get", "-q", *words]
        return run(name, argv, timeout=_SECONDS, env=_ENV, log=log, next_step=hint)

    wanted = ["install", "-y", "--no-install-recommends", *packages]
    with progress.step(f"installing Debian packages: {', '.join(packages)}", "10-60 s"):
        apt("update the package lists", "update")
        told = apt("simulate the installation", "--simulate", *wanted).stdout
        if removed := _named("Remv", told):
            raise WouldRemoveError(
                f"installing {', '.join(packages)} would remove {', '.join(removed)}; nothing was installed",
                next_step=hint,
                log=log,
            )
        if more := [name for name in _named("Inst", told) if name not in packages]:
            progress.say(f"with them come: {', '.join(more)}")
        # Once more what was seen in the simulation: the lists may have changed since.
        apt("install packages", "--no-remove", *wanted)


def _named(action: str, told: str) -> list[str]:
    """Return the packages of an action (Inst, Remv) in what `apt-get --simulate` says."""
    return re.findall(rf"^{action} (\S+)", told, re.MULTILINE)
