"""report/results.json: the machine-readable result of a run. docs/results.md describes it."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import (
    BaseModel,
    ConfigDict,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)

from harness.base.files import PUBLIC, write_whole
from harness.base.redaction import redact_json
from harness.recording.stack import Stack
from harness.results.concealed import conceal
from harness.results.contract import Contract
from harness.results.coverage import Coverage
from harness.results.mutation import MutationScore
from harness.results.scenario import Leftover, ScenarioResult
from harness.results.shard import MergedShard, Shard
from harness.results.visibility import Visibility, visibilities

RESULTS = "results.json"
RECORDINGS = "recordings"
SCHEMA = 1
"""The version of the schema; raised with every change that an old reader would misread."""


class Summary(BaseModel):
    """How many scenarios came out how; `cleanup_failed` counts apart from the verdicts.

    Of those in `cleanup_failed`, `cleanup_not_verified` left nothing that was seen: the cluster could not be
    asked. `not_run` counts what was to be run and was not: it has no verdict, and is no success. What begins
    with `should_` counts expectations, those of `level: should` that did not pass, which are in no other
    number.
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
    not_run: int = 0
    cleanup_not_verified: int = 0

    def text(self, *, should: bool = False) -> str:
        """Return the numbers in words: of scenarios, or of the expectations that only should hold."""
        return ", ".join(
            f"{number} {name.removeprefix('should_').replace('_', ' ')}"
            for name, number in self
            if name.startswith("should_") is should and (number or name not in _RARE)
        )


_RARE = ("not_run", "cleanup_not_verified")
"""Numbers of a summary that are only told where they are not 0."""


class RunCluster(BaseModel):
    """One of several clusters that a run used, or meant to use.

    Attributes:
        since: when scenarios could begin on it, ISO 8601, UTC; None when they never could.
        problem: why none could, or could any more; None when nothing was wrong with it.
    """

    name: str
    since: str | None = None
    problem: str | None = None


class Run(BaseModel):
    """The run as a whole.

    Attributes:
        id: on everything that the run created, as a label.
        started, ended: ISO 8601, UTC.
        options: what the user chose.
        stack: versions, images, substitutes, nodes, kernel, capabilities; None when it did not come up.
        stack_error: why it did not.
        warnings: what a person should know of the cluster and changes no verdict, such as a namespace of an
            earlier run that does not go.
        planned: how many scenarios were to be run.
        complete: all of them were, and all of this file was written; false as long as the run goes on, and
            for ever when it was cut short. None in files of earlier releases.
        interrupted: by what the run was ended before its time: "SIGINT", "SIGTERM".
        exit_code: what the run ended with (docs/exit-codes.md); None before its end.
        shard: which part of a run it is; None of a run that is no part.
        merged: the runs that this one was merged of.
        clusters: of a run on several; left out of any other.
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
    planned: int | None = None
    complete: bool | None = None
    interrupted: str | None = None
    exit_code: int | None = None
    shard: Shard | None = None
    merged: list[MergedShard] = []
    clusters: list[RunCluster] = []

    @model_serializer(mode="wrap")
    def _without_clusters_of_one(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        if not written.get("clusters"):
            written.pop("clusters", None)
        return written

    @field_validator("stack")
    @classmethod
    def _can_be_read(cls, value: dict[str, Any] | None) -> dict[str, Any] | None:
        if value is not None:
            Stack.model_validate(value)
        return value


class NotRun(BaseModel):
    """A scenario that was to be run and has no verdict.

    Attributes:
        reason: why, as a clause; the same for all that have the same cause.
        began: it had begun; its recording is there.
        namespaces: those that it had made, of one that had begun.
        leftovers: what its clean-up had to report, or that it was not over.
    """

    name: str
    file: str
    tags: list[str] = []
    reason: str
    began: bool = False
    namespaces: list[str] = []
    leftovers: list[Leftover] = []


class Results(BaseModel):
    """The whole file.

    Attributes:
        not_run: what has no verdict.
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
    not_run: list[NotRun] = []
    scenarios: list[ScenarioResult] = []
    contract: Contract | None = None

    def add(self, result: ScenarioResult) -> None:
        """Add a scenario and count all anew."""
        conceal(result)
        self.scenarios.append(result)
        self.count()

    def all_planned(self) -> list[ScenarioResult | NotRun]:
        """Return all scenarios that were to be run, those that were not after the others."""
        return [*self.scenarios, *self.not_run]

    def count(self) -> None:
        """Count the scenarios anew: leftovers may be found after a scenario was added."""
        verdicts = Counter(result.verdict.value for result in self.scenarios)
        should = Counter(
            f"should_{finding.verdict.value}" for result in self.scenarios for _, finding in result.unmet()
        )
        left = [result for result in self.all_planned() if result.leftovers]
        unknown = [result for result in left if all(each.infrastructure for each in result.leftovers)]
        self.summary = Summary(
            **verdicts,
            cleanup_failed=len(left),
            cleanup_not_verified=len(unknown),
            not_run=len(self.not_run),
            **should,
        )
        self.visibility = visibilities(self.scenarios)
        claims = [each for result in self.scenarios for each in result.control or []]
        if claims:
            self.control = dict(
                Counter(
                    f"{each.outcome.value}" + (f"_by_{each.excused_by}" if each.excused_by else "")
                    for each in claims
                )
            )

    def write(self, folder: Path, texts: dict[int, str] | None = None) -> Path:
        """Write `results.json` into the folder, whole or not at all; return its path.

        Args:
            folder: of the report.
            texts: what scenarios were written as, by id(); one that is in it is not made anew. What a run
                writes after each scenario grows, and would be made anew each time.
        """
        folder.mkdir(parents=True, exist_ok=True)
        texts = {} if texts is None else texts
        for each in self.scenarios:
            if id(each) not in texts:
                texts[id(each)] = text_of(each, folder)
        # A line of its own at this depth: no text in JSON has a line's end.
        frame = redact_json(self.model_copy(update={"scenarios": []}).model_dump_json(indent=1)).rstrip()
        head, rest = frame.split(_NONE, 1)
        rows = ",\n".join(texts[id(each)] for each in self.scenarios)
        listed = f"{_NONE[:-1]}\n{rows}\n ]" if rows else _NONE
        return write_whole(folder / RESULTS, f"{head}{listed}{rest}\n", mode=PUBLIC)


_NONE = '\n "scenarios": []'


class _One(BaseModel):
    model_config = ConfigDict(ser_json_inf_nan="strings")

    scenarios: list[ScenarioResult]


def text_of(scenario: ScenarioResult, folder: Path) -> str:
    """Return a scenario as it stands in the file of the results in a folder."""
    places = {
        "recording": _relative(scenario.recording, folder),
        "diagnostics": _relative(scenario.diagnostics, folder),
    }
    whole = _One(scenarios=[scenario.model_copy(update=places)]).model_dump_json(indent=1)
    return redact_json(whole).rstrip().removeprefix('{\n "scenarios": [\n').removesuffix("\n ]\n}")


def now() -> str:
    """Return the time as results.json writes it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _relative(path: Path | None, folder: Path) -> Path | None:
    return Path(os.path.relpath(path, folder)) if path else None
