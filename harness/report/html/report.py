"""Writes report/index.html, and renders it again from what a run left."""

from __future__ import annotations

from pathlib import Path

from harness.base.bounded import FileError, MissingFileError, read_start
from harness.base.errors import InfrastructureError, UsageError
from harness.base.files import PUBLIC, cannot_write, write_whole
from harness.base.redaction import redact_shapes
from harness.chaosmesh.catalogue import catalogue
from harness.report.html.page import page
from harness.report.html.view import PageRecordings
from harness.results.folder import INDEX, marked
from harness.results.reading import read
from harness.results.results import RESULTS, Results

_HINT = "name the folder of a run's report"
_TITLE = b"Chaos Mesh metrics, "
"""In the title of each page."""
_HEAD_BYTES = 4096


def write(results: Results, folder: Path) -> Path:
    """Write the report of a run into its folder, whole or not at all; return its path.

    Args:
        results: of the run.
        folder: of the report; recordings are read from it.

    Raises:
        InfrastructureError: the file cannot be written.
    """
    path = folder / INDEX
    _write(page(results, folder, catalogue()), path)
    return path


def write_apart(made: str, path: Path) -> None:
    """Write a page that is of no single run to a file: a new one, or one of such a page.

    Raises:
        UsageError: the file is something else, or its folder is missing.
        InfrastructureError: it cannot be written.
    """
    if path.is_dir() or not _replaceable(path):
        raise UsageError(
            f"{path} is there and is no page of chaos-harness", next_step="name another file with --html"
        )
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder", next_step="make it, or name another file with --html")
    _write(made, path)


def _write(made: str, path: Path) -> None:
    text = redact_shapes(made, blocks=False)
    try:
        # What no text can be, as half of a pair of surrogates, is shown as a question mark.
        write_whole(path, text.encode(errors="replace"), mode=PUBLIC)
    except OSError as error:
        told = cannot_write(error, "render it as the owner of the folder, or render a copy of the folder")
        raise InfrastructureError(told.problem, next_step=told.next_step) from error


def render_again(folder: Path) -> Path:
    """Write the report of a finished run again, from its results and recordings; return its path.

    Raises:
        UsageError: the folder holds no results that this version can read.
        InfrastructureError: the file cannot be written.
    """
    path = folder / RESULTS
    if not path.exists():
        raise UsageError(f"{folder} holds no report: {RESULTS} is missing", next_step=_HINT)
    if not marked(folder) and not _replaceable(folder / INDEX):
        raise UsageError(
            f"{folder / INDEX} is no page of a run, and no run has marked {folder} as its own",
            next_step="move the page away, or copy results.json and recordings/ to another folder",
        )
    return write(read(path, next_step=_HINT, keep=PageRecordings()), folder)


def _replaceable(page: Path) -> bool:
    """Say whether nothing is lost where a page is written: there is none, or one of a run."""
    try:
        return _TITLE in read_start(page, _HEAD_BYTES)
    except MissingFileError:
        return True
    except FileError:
        return False
