"""What the judge says about one expectation."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict


class Verdict(StrEnum):
    """How an expectation, a step or a scenario came out."""

    PASS = "passed"  # noqa: S105
    FAIL = "failed"
    KNOWN_ISSUE = "known_issue"
    SKIPPED = "skipped"
    ERROR = "error"

    @property
    def words(self) -> str:
        """How it is written for people."""
        return self.value.replace("_", " ")

    @property
    def as_expected(self) -> bool:
        """Whether it came out as the scenario says: a known issue that shows does, too."""
        return self in (Verdict.PASS, Verdict.KNOWN_ISSUE)


class Pending(BaseModel):
    """Nothing can be said yet; `waiting_for` says what is missing, for the progress line."""

    model_config = ConfigDict(frozen=True)

    waiting_for: str


class Finding(BaseModel):
    """A decided expectation, with everything that a person needs to follow the decision.

    Attributes:
        id: the expectation's id, "<step>.<position>".
        step: index of the step.
        metric: the metric's name; "" where it is about an expression.
        kind: the kind of the expectation.
        promql: an expression to paste into Prometheus.
        expected: what was wanted, in words and numbers.
        actual: the selected series at the deciding scrape: [{"labels": {...}, "value": v}].
        verdict: see Verdict.
        reason: one sentence; why this verdict.
        because: the scenario's own reason for the expectation.
        level: must or should.
        known_issue: id of the known issue that was seen.
        layer: where the fault lies, if that can be told: "infrastructure", "late", "query", "scrape",
            "collector", "product" (docs/verdicts.md).
        explanation: why that layer, or why none can be told: plain sentences.
        seconds: from the acknowledgement of the step to the scrape that decided.
        evidence: samples around (with scrape times), baseline, readings of the oracle, nearest
            series; JSON-compatible.
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="strings")

    id: str
    step: int
    metric: str
    kind: str
    promql: str
    expected: str
    actual: list[dict[str, Any]]
    verdict: Verdict
    reason: str
    because: str | None = None
    level: str = "must"
    known_issue: str | None = None
    layer: str | None = None
    explanation: list[str] = []
    seconds: float | None = None
    evidence: dict[str, Any] = {}
