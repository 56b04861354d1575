"""report/results.json: the machine-readable result of a run. docs/results.md describes it."""

from __future__ import annotations

import json
import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.base.errors import UsageError
from harness.contract.result import Contract
from harness.coverage.score import Coverage
from harness.judge.finding import Verdict
from harness.mutation.score import MutationScore
from harness.runner.result import ScenarioResult

RESULTS = "results.json"
RECORDINGS = "recordings"
SCHEMA = 1
"""The version of the schema; raised with every change that an old reader would misread."""
_REMOVE = "remove the file, or move the recordings to another folder"


class Summary(BaseModel):
    """How many scenarios came out how; `cleanup_failed` counts apart from the verdicts.

    What begins with `should_` counts expectations, those of `level: should` that did not pass. They are
    in no other number.
    """

    passed: int = 0
    failed: int = 0
    known_issue: int = 0
    skipped: int = 0
    error: int = 0
    cleanup_failed: int = 0
    should_failed: int = 0
    should_error: int = 0
    should_known_issue: int = 0


class Run(BaseModel):
    """The run as a whole.

    Attributes:
        id: on everything that the run created, as a label.
        started, ended: ISO 8601, UTC.
        options: what the user chose.
        stack: versions, images, stand-ins, nodes, kernel, capabilities; None when it did not come up.
        stack_error: why it did not.
    """

    id: str
    harness: str
    started: str
    ended: str | None = None
    seconds: float = 0.0
    options: dict[str, Any] = {}
    stack: dict[str, Any] | None = None
    stack_error: str | None = None


class Results(BaseModel):
    """The whole file.

    Attributes:
        control: of a run without chaos: how many claims came out how (judge/control.py), what is excused by
            its rule; None in any other run.
        mutation: whether the expectations could have failed (docs/mutation.md); None when it was not tried.
        contract: whether the metrics are as the catalogue says; None when nothing ran.
        coverage: which transitions were proven (docs/coverage.md); None when it was not counted.
    """

    model_config = ConfigDict(ser_json_inf_nan="strings")

    schema_version: int = SCHEMA
    run: Run
    summary: Summary = Summary()
    control: dict[str, int] | None = None
    mutation: MutationScore | None = None
    coverage: Coverage | None = None
    scenarios: list[ScenarioResult] = []
    contract: Contract | None = None

    def add(self, result: ScenarioResult) -> None:
        """Add a scenario and count all anew."""
        self.scenarios.append(result)
        self.count()

    def count(self) -> None:
        """Count the scenarios anew: leftovers may be found after a scenario was added."""
        verdicts = Counter(result.verdict.value for result in self.scenarios)
        should = Counter(
            f"should_{finding.verdict.value}" for result in self.scenarios for _, finding in result.unmet()
        )
        left = sum(1 for result in self.scenarios if result.leftovers)
        self.summary = Summary(**verdicts, cleanup_failed=left, **should)
        claims = [each for result in self.scenarios for each in result.control or []]
        if claims:
            self.control = dict(
                Counter(
                    f"{each.outcome.value}" + (f"_by_{each.excused_by}" if each.excused_by else "")
                    for each in claims
                )
            )

    def write(self, folder: Path) -> Path:
        """Write `results.json` into the folder, whole or not at all; return its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / RESULTS
        part = path.with_suffix(".part")
        body = self.model_copy(
            update={
                "scenarios": [
                    scenario.model_copy(
                        update={
                            "recording": _relative(scenario.recording, folder),
                            "diagnostics": _relative(scenario.diagnostics, folder),
                        }
                    )
                    for scenario in self.scenarios
                ]
            }
        )
        part.write_text(body.model_dump_json(indent=1) + "\n")
        part.replace(path)
        return path


def put(recordings: Path, name: str, value: Any) -> Path | None:
    """Replace one field of the results beside a whole run's recordings; all else stays as it is.

    Args:
        recordings: the folder `recordings` of a report; of any other path there are no results.
        name: of the field.
        value: JSON-compatible.

    Returns:
        The file that was changed, if there is one.

    Raises:
        UsageError: it is no results.json.
    """
    path = _beside(recordings)
    if path is None:
        return None
    found = fields_of(path, next_step=_REMOVE)
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**found, name: value}, indent=1, ensure_ascii=False) + "\n")
    part.replace(path)
    return path


def durations(folder: Path) -> dict[str, float]:
    """Return how long the scenarios of an earlier run took, seconds by name; none of what is not known.

    Args:
        folder: of that run's report.
    """
    try:
        found = json.loads((folder / RESULTS).read_text())
        return {
            str(each["name"]): float(each["seconds"])
            for each in found["scenarios"]
            if each["verdict"] != Verdict.SKIPPED
        }
    except (OSError, ValueError, KeyError, TypeError):
        # A file that nobody can read any more is no reason not to run.
        return {}


def field_of(recordings: Path, name: str) -> Any:
    """Return one field of the results beside a whole run's recordings; None without.

    Raises:
        UsageError: it is no results.json.
    """
    path = _beside(recordings)
    return None if path is None else fields_of(path, next_step=_REMOVE).get(name)


def _beside(recordings: Path) -> Path | None:
    path = recordings.resolve().parent / RESULTS
    return path if recordings.resolve().name == RECORDINGS and path.is_file() else None


def fields_of(path: Path, *, next_step: str) -> dict[str, Any]:
    """Return the fields of a results.json; `next_step` is what a reader is told who has none.

    Raises:
        UsageError: there is none, or it is none that this version reads.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}", next_step=next_step) from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}", next_step=next_step) from error
    if not isinstance(found, dict) or found.get("schema_version") != SCHEMA:
        version = found.get("schema_version") if isinstance(found, dict) else None
        raise UsageError(
            f"{path} has the schema version {version!r}; this version of the harness reads {SCHEMA}",
            next_step=next_step,
            details=["the version of the harness that wrote it reads it"],
        )
    return found


def now() -> str:
    """Return the time as results.json writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _relative(path: Path | None, folder: Path) -> Path | None:
    return Path(os.path.relpath(path, folder)) if path else None
