"""What Prometheus' answers to an expression are to the judge: the series of a state.

An expression is evaluated at exactly a state's time, once every scrape up to it has been recorded, so
that asking later gives the same answer: the answer belongs to the state like its samples.
"""

from __future__ import annotations

from typing import Any

from harness.judge.kind import Increase
from harness.judge.state import Sample, SeriesState
from harness.recording.model import Answer, Labels, Recording, labels_of

QUERY = "query"
"""The layer of what is wrong with an expression, rather than with what it is about."""

NO_TARGET = ("", "")

_SHOWN_ANSWERS = 8
_SHOWN_SERIES = 20


class BadExpressionError(Exception):
    """An expression gives nothing that could be judged, now or later."""


class BadAnswerError(Exception):
    """One answer cannot be judged; a later one may."""


def with_answer(state: SeriesState, answer: Answer) -> SeriesState:
    """Return a state with the elements of an answer as its series.

    Raises:
        BadExpressionError: Prometheus cannot parse it, or it gives no vector.
        BadAnswerError: refused this time, answered with a warning, or with native histograms.
    """
    if answer.error is not None:
        # What it cannot parse it never will; an execution may fail on one state of the series only.
        raise (BadExpressionError if answer.error_type == "bad_data" else BadAnswerError)(
            f"Prometheus refused the expression: {answer.error}"
        )
    if answer.result_type == "scalar":
        raise BadExpressionError(
            "the expression gives a scalar: it has no series, and is NaN where there is nothing; use vector()"
        )
    if answer.vector is None:
        what = {"matrix": "a range vector", "string": "a string"}.get(answer.result_type, answer.result_type)
        raise BadExpressionError(f"the expression gives {what}, not an instant vector")
    if answer.warnings:
        raise BadAnswerError(f"Prometheus answered with a warning: {'; '.join(answer.warnings)}")
    if answer.histograms:
        raise BadAnswerError(
            f"the expression gives {answer.histograms} native histograms, which are no numbers: "
            "use histogram_count(), histogram_sum() or histogram_quantile()"
        )
    samples = [
        Sample(
            {name: value for name, value in point.labels.items() if name != "__name__"},
            point.value,
            NO_TARGET,
        )
        for point in answer.vector
    ]
    return SeriesState(state.time, state.scrapes, samples, state.down)


def changes(before: SeriesState, now: SeriesState) -> list[Increase]:
    """Return how much each element grew; one that was not there began at 0, one that vanished kept its value.

    Of an expression nobody can tell a reset from a value that fell: an amount may be negative.
    """
    was = {labels_of(sample.labels): sample for sample in before.samples}
    there = {labels_of(sample.labels): sample for sample in now.samples}
    found = []
    for key in sorted({*was, *there}):
        old = was[key].value if key in was else 0.0
        new = there[key].value if key in there else old
        gone = before.time if key not in there else None
        found.append(Increase(dict(key), baseline=old, last=new, amount=new - old, vanished=gone))
    return found


def evidence(recording: Recording, expression: str, until: float) -> dict[str, Any]:
    """Return the answers up to a time as samples, and what Prometheus said beside the last one."""
    answered = recording.answers.get(expression, {})
    answers = [answered[time] for time in sorted(answered) if time <= until]
    rows: dict[Labels, list[list[float]]] = {}
    for answer in answers[-_SHOWN_ANSWERS:]:
        for point in answer.vector or []:
            rows.setdefault(labels_of(point.labels), []).append([answer.time, point.value])
    found: dict[str, Any] = {
        "samples": [{"labels": dict(key), "samples": rows[key]} for key in sorted(rows)[:_SHOWN_SERIES]]
    }
    if len(rows) > _SHOWN_SERIES:
        found["series_left_out"] = len(rows) - _SHOWN_SERIES
    if answers:
        last = answers[-1].model_dump(
            include={"time", "result_type", "warnings", "infos", "error", "histograms"}
        )
        found["answer"] = {name: value for name, value in last.items() if value not in (None, [], 0, "")}
    return found
