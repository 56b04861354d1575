"""Says of a failure in which layer it lies and why, from the recording alone.

The layers, one file each under `layers/`, in the order in which they are asked:

- infrastructure: there is no verdict on the product.
- late: it became as expected after the deadline.
- collector, where a value did not stay as it was after its step.
- query, where several series are selected and one is compared, rightly so.
- scrape: Prometheus stored something else than what the component exposes.
- collector, by the shape: another name, TYPE, HELP, label or label value than the catalogue declares.
- query, where `where` can select nothing, or no number is meant.
- collector: the component exposes something else than what the oracle of the metric says.
- product: the metric tells the truth, and that is not what is expected.
- collector, where nothing independent of the component says what is true, and it exposes something else than
  what is expected.

A recording whose looks do not carry what the catalogue declares (recording/declared.py) is told by less, and
has no layer where that is not enough; the explanation then says what is missing. A waiver to remove has none.
"""

from __future__ import annotations

from typing import Any

from harness.judge.argument import ArgumentError, number_text
from harness.judge.comparison import agrees
from harness.judge.fault_domains import infrastructure, query
from harness.judge.fault_domains.exposed import DirectSample
from harness.judge.fault_domains.flicker import flicker
from harness.judge.fault_domains.late import late
from harness.judge.fault_domains.product import against_truth
from harness.judge.fault_domains.scene import Diagnosis, FailureContext
from harness.judge.fault_domains.scrape import flickers, scrape
from harness.judge.fault_domains.shape import shape
from harness.judge.finding import Finding, Verdict
from harness.judge.given import Given
from harness.judge.kinds.series import ExactSeries
from harness.judge.state import target_text
from harness.judge.terms import FIXED, WATCHED
from harness.recording.labels import without_target

_MOST_ROWS = 20


def explain(given: Given, finding: Finding) -> Finding:
    """Return a finding with its layer, its explanation, and evidence of what they rest on.

    Verdict and reason stay as they are. What passed, and what is a known issue, is not explained.

    Args:
        given: the expectation, and what was observed until the step ended.
        finding: what the judge said of it.
    """
    if finding.verdict not in (Verdict.FAIL, Verdict.ERROR):
        return finding
    evidence: dict[str, Any] = {}
    if finding.layer == "late":
        said = late(given.recording, finding)
    elif WATCHED in finding.evidence:
        said = flicker(finding)
    elif given.spec.promql and finding.layer != "infrastructure":
        said = query.expression(given, finding)
    elif finding.verdict is Verdict.ERROR:
        said = infrastructure.infrastructure(given, finding)
    else:
        scene = FailureContext(given, finding)
        rungs = (
            _fixed,
            query.by_prometheus,
            query.several,
            scrape,
            flickers,
            shape,
            query.nothing,
            query.no_number,
        )
        told = (rung(scene) for rung in rungs)
        said = next((each for each in told if each is not None), None) or against_truth(scene)
        evidence = _evidence(scene)
    return finding.model_copy(
        update={"layer": said.layer, "explanation": said.told, "evidence": finding.evidence | evidence}
    )


def _fixed(scene: FailureContext) -> Diagnosis | None:
    """A known issue that is not seen any more: nothing is at fault but the waiver."""
    issue = scene.spec.known_issue
    if issue is None or not scene.finding.reason.startswith(FIXED):
        return None
    return Diagnosis(
        None,
        [
            f"The metric is as the expectation wants it, and not as the known issue {issue.id} shows it.",
            "If this version of Chaos Mesh has it fixed, remove `known_issue` from the expectation, and"
            " write the version into the registry of known issues.",
        ],
    )


def _evidence(scene: FailureContext) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if table := _table(scene):
        found["table"] = table
    if scene.looked:
        found["looks"] = [_look(each) for each in scene.looked]
    if scene.truth is not None and scene.truth.points is not None:
        points = scene.truth.points
        found["truth"] = {
            "oracle": scene.truth.oracle,
            "points": [point.model_dump() for point in points[:_MOST_ROWS]],
            "left_out": max(0, len(points) - _MOST_ROWS),
        }
    return found


def _look(each: DirectSample) -> dict[str, Any]:
    exposed = [
        {"labels": without_target(dict(labels)), "value": value}
        for labels, values in each.exposed.items()
        for value in values
    ]
    return {
        "target": target_text(each.target),
        "began": each.look.began,
        "ended": each.look.ended,
        "scrape_before": each.before,
        "scrape_after": each.after,
        "metric_type": each.look.metric_type,
        "error": each.look.error,
        "exposed": exposed[:_MOST_ROWS],
        "left_out": max(0, len(exposed) - _MOST_ROWS) + each.look.left_out,
    }


def _table(scene: FailureContext) -> list[dict[str, Any]]:
    """Return what was wanted and what was there, series by series, where series were listed."""
    wanted = _wanted(scene)
    actual: list[Any] = [None] * len(wanted)
    others: list[dict[str, Any]] = []
    for each in scene.finding.actual if wanted else []:
        fits = (index for index, (labels, _) in enumerate(wanted) if agrees(labels, each["labels"]))
        index = next((index for index in fits if actual[index] is None), None)
        if index is not None:
            actual[index] = each["value"]
        else:
            others.append(
                {"labels": without_target(each["labels"]), "expected": None, "actual": each["value"]}
            )
    rows = [
        {"labels": labels, "expected": text, "actual": value}
        for (labels, text), value in zip(wanted, actual, strict=True)
    ]
    # What differs first: there may be thousands.
    rows.sort(key=lambda row: row["actual"] is not None)
    return [*others, *rows][:_MOST_ROWS]


def _wanted(scene: FailureContext) -> list[tuple[dict[str, str], str]]:
    if scene.own_oracle is not None:
        points = scene.finding.evidence["readings"][0]["vector"]
        listed = [(dict(point["labels"]), number_text(float(point["value"]))) for point in points]
        return listed if any(labels for labels, _ in listed) else []
    if not isinstance(scene.kind, ExactSeries):
        return []
    try:
        wanted = scene.kind.parse(scene.spec.argument)
    except ArgumentError:
        return []
    return [(each.labels, each.words()) for each in wanted] if isinstance(wanted, list) else []
