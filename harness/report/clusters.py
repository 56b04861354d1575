"""One page about the same scenarios in several runs, as on several clusters: a matrix with their verdicts."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.base.errors import ExitCode, UsageError
from harness.base.files import PUBLIC, cannot_write, write_whole
from harness.base.redaction import redact_shapes
from harness.judge.finding import Verdict
from harness.recording.stack import Stack
from harness.report.html.page import environment, style
from harness.report.outcome import code_of_several, headline
from harness.results.folder import INDEX, made_by_run
from harness.results.reading import read
from harness.results.results import RESULTS, Results

PAGE = "matrix.html"
DATA = "matrix.json"
_HINT = "name the report folders of the runs"
_ELSEWHERE = "name another folder for the matrix"
_VERSIONS = ("chaos-mesh", "kubernetes", "prometheus")


@dataclass(frozen=True)
class ClusterRun:
    """One column.

    Attributes:
        name: of the cluster, or of the run.
        folder: of its report.
        results: what it came to; None when it left none.
        exit_code: what it ended with.
    """

    name: str
    folder: Path
    results: Results | None
    exit_code: int

    @property
    def versions(self) -> str:
        """What ran there, as a line."""
        stack = Stack.model_validate((self.results.run.stack if self.results else None) or {})
        return ", ".join(f"{name} {stack.versions[name]}" for name in _VERSIONS if name in stack.versions)

    @property
    def headline(self) -> str:
        """What it came to, in a sentence or a few."""
        return headline(self.results, []) if self.results else "It left no results."

    def verdicts(self) -> dict[str, str]:
        """Return how each scenario came out, by its name; `not run` of those that were not."""
        if self.results is None:
            return {}
        found = {each.name: each.verdict.value for each in self.results.scenarios}
        return found | {each.name: "not run" for each in self.results.not_run}


def run_in(folder: Path, name: str, exit_code: int | None = None) -> ClusterRun:
    """Return the run that reported into a folder.

    Args:
        folder: of its report.
        name: of the column.
        exit_code: what it ended with, where that is known; else what its results say.
    """
    try:
        results = read(folder / RESULTS, next_step=_HINT)
    except UsageError:
        if exit_code is None:
            raise
        return ClusterRun(name, folder, None, exit_code)
    said = results.run.exit_code
    code = exit_code if exit_code is not None else ExitCode.INFRASTRUCTURE if said is None else said
    return ClusterRun(name, folder, results, code)


def write(folder: Path, runs: Sequence[ClusterRun]) -> tuple[Path, int]:
    """Write the matrix of some runs; return the page's path, and the exit code of all.

    Raises:
        UsageError: the folder is a run's own report.
        InfrastructureError: the disk is full.
    """
    if made_by_run(folder):
        raise UsageError(f"{folder} is the report of one run", next_step=_ELSEWHERE)
    verdicts = {run.name: run.verdicts() for run in runs}
    names = list(dict.fromkeys(name for each in verdicts.values() for name in each))
    rows = [(name, [verdicts[run.name].get(name, "") for run in runs]) for name in names]
    pages = [os.path.relpath(run.folder / INDEX, folder) for run in runs]
    data = {
        "runs": [
            {"name": run.name, "page": page, "versions": run.versions, "exit_code": run.exit_code}
            for run, page in zip(runs, pages, strict=True)
        ],
        "scenarios": {name: dict(zip(verdicts, cells, strict=True)) for name, cells in rows},
    }
    text = (
        environment()
        .get_template("clusters.html")
        .render(
            columns=list(zip(runs, pages, strict=True)),
            rows=sorted(rows, key=lambda row: not _differs(row[1])),
            differing=sum(_differs(cells) for _, cells in rows),
            words={each.value: each.words for each in Verdict},
            style=style(),
        )
    )
    try:
        write_whole(folder / DATA, json.dumps(data, indent=1) + "\n", mode=PUBLIC)
        page = write_whole(
            folder / PAGE, redact_shapes(text, blocks=False).encode(errors="replace"), mode=PUBLIC
        )
    except OSError as error:
        raise cannot_write(error, _ELSEWHERE) from error
    return page, code_of_several(run.exit_code for run in runs)


def _differs(cells: Sequence[str]) -> bool:
    return len(set(cells)) > 1
