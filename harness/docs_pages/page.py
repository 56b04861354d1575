"""What a generated page is, and how all of them are made, compared and written."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from harness.base import bundled
from harness.base.errors import UsageError
from harness.base.files import PUBLIC, cannot_write, write_whole
from harness.base.words import count
from harness.docs_pages.seen import SeenScenarios, file_of
from harness.lint import python
from harness.lint.check import load_checked
from harness.scenario.discover import discover
from harness.scenario.load import ScenarioFile

COMMAND = "python -m harness.cli docs"
"""What renews all pages of a checkout."""


@dataclass(frozen=True)
class Page:
    """A page that is generated, whole or in parts.

    Attributes:
        path: where it stands, relative to the folder of the documentation.
        text: all that it holds.
    """

    path: Path
    text: str


@dataclass(frozen=True)
class Sources:
    """What pages are made of.

    Attributes:
        folder: of the documentation; pages of which only parts are generated are read there.
        scenarios: files, or folders with scenario files in them.
    """

    folder: Path
    scenarios: tuple[Path, ...] = field(default_factory=lambda: (bundled.scenarios(),))

    @cached_property
    def files(self) -> list[list[ScenarioFile]]:
        """The scenarios of each file: one, or one for each of its cases.

        Raises:
            ScenarioError: a file is wrong.
        """
        files = [
            load_checked(path) for path in discover(path for path in self.scenarios if path.suffix != ".py")
        ]
        scripts = [each for path in python.discover(self.scenarios) for each in python.load(path)]
        return files + [[each.rehearse()] for each in scripts]

    @cached_property
    def seen(self) -> dict[str, list[str]] | None:
        """The scenarios that were seen on a cluster, and with which releases; None where nobody notes it."""
        path = file_of(self.scenarios)
        return SeenScenarios.load(path).releases if path.exists() else None

    def place(self, path: Path) -> str:
        """Return a scenario file's path as people know it: relative to the folder that it was found in."""
        for root in self.scenarios:
            if root.is_dir() and path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.name


def default_folder() -> Path:
    """Return the folder of the documentation of this checkout.

    Raises:
        UsageError: an installed harness has none.
    """
    folder = bundled.root() / "docs"
    if not folder.is_dir():
        raise UsageError(
            "this harness is not a checkout, so it has no pages of its own to renew",
            next_step="name the folder to write to: chaos-harness docs --to DIR",
        )
    return folder


def all_pages(sources: Sources) -> list[Page]:
    """Return all pages, sorted by their paths.

    Raises:
        UsageError: a scenario, a known issue or a marker in a page is wrong.
    """
    import harness.docs_pages.pages as package  # noqa: PLC0415  (the package's own modules import this file)

    modules = [
        importlib.import_module(f"{package.__name__}.{module.name}")
        for module in pkgutil.iter_modules(package.__path__)
    ]
    found: list[Page] = []
    for module in modules:
        if hasattr(module, "pages"):
            found += module.pages(sources)
    for module in modules:
        if hasattr(module, "pages_about"):
            found += module.pages_about(sources, list(found))
    return sorted(found, key=lambda page: page.path)


def outdated(folder: Path, pages: Iterable[Page]) -> list[str]:
    """Return a line for each page that is not as it is generated, missing and superfluous ones included."""
    made = {folder / page.path: page.text for page in pages}
    lines = [
        f"{path}: {'is missing' if not path.exists() else 'is not current'}"
        for path, text in made.items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    return lines + [f"{path}: is not generated any more" for path in _stale(folder, made)]


def write(folder: Path, pages: Iterable[Page]) -> list[str]:
    """Write the pages that changed, and remove those that are not generated any more; return a line for each.

    Raises:
        UsageError: the folder cannot be written to.
        InfrastructureError: the disk is full.
    """
    made = {folder / page.path: page.text for page in pages}
    lines = []
    try:
        for path, text in made.items():
            if path.exists() and path.read_text(encoding="utf-8") == text:
                continue
            write_whole(path, text, mode=PUBLIC)
            lines.append(f"{path}: written")
        for path in _stale(folder, made):
            path.unlink()
            lines.append(f"{path}: removed")
    except OSError as error:
        raise cannot_write(error, "choose another folder with --to, or make this one writable") from error
    return [*lines, f"{count(len(made), 'page')} in {folder}"]


def _stale(folder: Path, made: Iterable[Path]) -> list[Path]:
    """Return the pages of folders in which everything is generated that nothing generates any more."""
    wanted = set(made)
    owned = {path.parent for path in wanted} - {folder}
    return sorted(path for parent in owned for path in parent.glob("*.md") if path not in wanted)
