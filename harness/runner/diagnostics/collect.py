"""Runs all collectors at once and writes what they find: redacted, bounded, and never in the way."""

from __future__ import annotations

import importlib
import pkgutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from harness.base.errors import HarnessError
from harness.base.files import PUBLIC, write_whole
from harness.base.redaction import redact
from harness.runner.diagnostics.scene import DiagnosticsContext

SECONDS = 4.0
"""How long a collection may take in all. Less than it takes until Prometheus counts as lost."""

MOST_FILE = 256 * 1024
"""Bytes that a file may have."""

MOST_COLLECTION = 2 * 1024 * 1024
"""Bytes that the files of one collection may have together."""

MOST_RUN = 64 * 1024 * 1024
"""Bytes that the diagnostics of a run may have together."""

INDEX = "index.txt"

Collect = Callable[[DiagnosticsContext], Iterator[tuple[str, str]]]


@dataclass(frozen=True)
class _File:
    """A file that is to be written: what is kept of it, and how many bytes it had."""

    name: str
    content: bytes
    whole: int

    @classmethod
    def of(cls, name: str, text: str) -> _File:
        whole = text.encode(errors="replace")
        # Redacted is more than is kept: so the cut that matters is made in what is redacted.
        redacted = redact(_end(whole, 2 * MOST_FILE).decode(errors="replace"))
        content = _end(redacted.encode(errors="replace"), MOST_FILE)
        return cls(name, content, len(whole))


@dataclass
class _Work:
    """One collector at work, in a thread of its own.

    A request that hangs has a bound of its own and ends later; what it brings then is not looked at.
    """

    name: str
    about: str
    collect: Collect
    files: list[_File] = field(default_factory=list)
    problem: str | None = None
    done: threading.Event = field(default_factory=threading.Event)

    def start(self, scene: DiagnosticsContext) -> None:
        threading.Thread(
            target=self._run, args=(scene,), name=f"diagnostics {self.name}", daemon=True
        ).start()

    def _run(self, scene: DiagnosticsContext) -> None:
        try:
            for name, text in self.collect(scene):
                self.files.append(_File.of(name, text))
        except HarnessError as error:
            self.problem = "; ".join([str(error), *error.details[:3]])
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
        finally:
            self.done.set()


@cache
def collectors() -> dict[str, Collect]:
    """Return all collectors by name: the modules of the package `collectors`."""
    import harness.runner.diagnostics.collectors as package  # noqa: PLC0415  (only here)

    modules = (
        importlib.import_module(f"{package.__name__}.{each.name}") for each in _modules(package.__path__)
    )
    return {module.__name__.rpartition(".")[2]: module.collect for module in modules}


def _modules(path: list[str]) -> list[pkgutil.ModuleInfo]:
    return sorted(pkgutil.iter_modules(path), key=lambda each: each.name)


def collect(
    scene: DiagnosticsContext,
    folder: Path,
    why: str,
    *,
    using: dict[str, Collect] | None = None,
    seconds: float = SECONDS,
) -> None:
    """Collect evidence into a folder: a file each, and an index that says what is there and what is not.

    Args:
        scene: where to look.
        folder: made when it is not there; the folder of the run's diagnostics is two levels up.
        why: what failed, for the index.
        using: the collectors; all by default.
        seconds: the bound for all of them together; they work at once.

    Raises:
        OSError: the files could not be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    works = [_Work(name, _about(each), each) for name, each in (using or collectors()).items()]
    deadline = time.monotonic() + seconds
    for work in works:
        work.start(scene)
    for work in works:
        work.done.wait(max(deadline - time.monotonic(), 0))
    # Late collectors may still add to their lists.
    found = {work.name: [*work.files] for work in works}
    kept = _kept([file for files in found.values() for file in files], folder)
    lines = [redact(why), ""]
    for work in works:
        problem = work.problem if work.done.is_set() else f"not finished within {seconds:g} s"
        lines.append(f"{work.name}: {work.about}")
        lines += [f"  {_write(file, folder, kept)}" for file in found[work.name]]
        if problem:
            lines.append(f"  failed: {redact(problem)}")
        elif not found[work.name]:
            lines.append("  nothing")
    write_whole(folder / INDEX, "\n".join(lines) + "\n", mode=PUBLIC)


def _kept(files: list[_File], folder: Path) -> set[str]:
    """Return the names of the files that there is room for; small ones come first."""
    left = min(MOST_COLLECTION, MOST_RUN - _size(folder.parent.parent))
    kept = set()
    for file in sorted(files, key=lambda each: len(each.content)):
        left -= len(file.content)
        if left >= 0:
            kept.add(file.name)
    return kept


def _write(file: _File, folder: Path, kept: set[str]) -> str:
    """Write a file that there is room for; return the line of the index."""
    if file.name not in kept:
        return f"{file.name}: left out: diagnostics have a bound, and this would pass it"
    write_whole(folder / file.name, file.content, mode=PUBLIC)
    cut = file.whole > MOST_FILE
    return f"{file.name} (the end of {file.whole} bytes)" if cut else file.name


def _end(whole: bytes, most: int) -> bytes:
    """Return the end of a text, from the beginning of a line on."""
    if len(whole) <= most:
        return whole
    end = whole[len(whole) - most :]
    return end[end.find(b"\n") + 1 :]


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _about(collector: Collect) -> str:
    return (collector.__doc__ or "").strip().partition("\n")[0].rstrip(".")
