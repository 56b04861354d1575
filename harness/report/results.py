"""report/results.json: the machine-readable result of a run. docs/results.md describes it."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from harness.base.files import PUBLIC, write_whole
from harness.base.redaction import redact_json
from harness.contract.result import Contract
from harness.coverage.score import Coverage
from harness.mutation.score import MutationScore
from harness.recording.stack import Stack
from harness.report.visibility import Visibility, visibilities
from harness.runner.concealed import conceal
from harness.runner.result import ScenarioResult

RESULTS = "results.json"
RECORDINGS = "recordings"
SCHEMA = 1
"""The version of the schema; raised with every change that an old reader would misread."""


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
        warnings: what a person should know of the cluster and changes no verdict, such as a namespace of an
            earlier run that does not go.
    """

    id: str
    harness: str
    started: str
    ended: str | None = None
    seconds: float = 0.0
    options: dict[str, Any] = {}
    stack: dict[str, Any] | None = None
    stack_error: str | None = None
    warnings: list[str] = []

    @field_validator("stack")
    @classmethod
    def _can_be_read(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            Stack.model_validate(value)
        return value


class Results(BaseModel):
    """The whole file.

    Attributes:
        control: of a run without chaos: how many claims came out how (judge/control.py), what is excused by
            its rule; None in any other run.
        mutation: whether the expectations could have failed (docs/mutation.md); None when it was not tried.
        contract: whether the metrics are as the catalogue says; None when nothing ran.
        coverage: which transitions were proven (docs/coverage.md); None when it was not counted.
        visibility: how long it took until a scrape showed what had become true, by metric.
    """

    model_config = ConfigDict(ser_json_inf_nan="strings")

    schema_version: int = SCHEMA
    run: Run
    summary: Summary = Summary()
    control: dict[str, int] | None = None
    mutation: MutationScore | None = None
    coverage: Coverage | None = None
    visibility: list[Visibility] = []
    scenarios: list[ScenarioResult] = []
    contract: Contract | None = None

    def add(self, result: ScenarioResult) -> None:
        """Add a scenario and count all anew."""
        conceal(result)
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
        self.visibility = visibilities(self.scenarios)
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
        text = redact_json(body.model_dump_json(indent=1) + "\n")
        return write_whole(path, text, mode=PUBLIC)


def now() -> str:
    """Return the time as results.json writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _relative(path: Path | None, folder: Path) -> Path | None:
    return Path(os.path.relpath(path, folder)) if path else None
