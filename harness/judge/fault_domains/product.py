"""Layers collector and product: the metric against the truth, or why that cannot be told."""

from __future__ import annotations

import math

from harness.judge.argument import OracleRef, number_text, time_text
from harness.judge.fault_domains.component import component
from harness.judge.fault_domains.scene import Diagnosis, FailureContext
from harness.judge.fault_domains.shape import differences, instead
from harness.judge.fault_domains.truth import OracleTruth
from harness.judge.fault_domains.words import points_text, values_text
from harness.judge.finding import Finding
from harness.judge.terms import WAS_RIGHT
from harness.recording.model import labels_of


def against_truth(scene: FailureContext) -> Diagnosis:
    """Say whether the metric lies or tells the truth, as far as the oracles tell."""
    own, known = scene.own_oracle, scene.truth
    if known is not None and known.points is None:
        known = None
    if own is not None and (known is None or known.oracle == own.name):
        if scene.declared and known is not None and not known.difference and not _flickered(scene):
            return _late(scene, known)
        return _collector(
            scene,
            f"The oracle {own.name}, read before and after the scrape, says otherwise than the metric."
            f" Expected: {scene.finding.expected}.",
        )
    if known is not None and known.difference:
        return _collector(
            scene,
            f"The oracle {known.oracle}, read before and after the scrape at {_at(known)}, says"
            f" {points_text(known.points or [])}. The metric says otherwise: {known.difference}.",
        )
    if known is not None:
        return _product(scene, known, own)
    if scene.declared is None:
        return Diagnosis(None, [*component(scene), _why_not(scene)])
    return _without_truth(scene)


def _flickered(scene: FailureContext) -> bool:
    return scene.finding.reason.startswith(WAS_RIGHT)


def _late(scene: FailureContext, known: OracleTruth) -> Diagnosis:
    """Say that the metric came to agree with the oracle that it had not agreed with."""
    return Diagnosis(
        "late",
        [
            f"It became right after it was decided: at {_at(known)} the metric says what the oracle"
            f" {known.oracle} says ({points_text(known.points or [])}).",
            *component(scene),
        ],
    )


def _came_true(scene: FailureContext) -> Diagnosis | None:
    """Say that it became as expected after it was decided; None when it did not, or that is not known."""
    at = scene.came_true
    if at is None:
        return None
    if _flickered(scene):
        told = f"It was as expected, then it was not, and at {time_text(at)} it is again: the value flickers."
        return Diagnosis("collector", [told, *component(scene)])
    return Diagnosis(
        "late",
        [f"It became as expected after it was decided, by the scrape at {time_text(at)}.", *component(scene)],
    )


def _without_truth(scene: FailureContext) -> Diagnosis:
    """Say what the component exposes, where nothing independent of it says what is true."""
    if came := _came_true(scene):
        return came
    finding = scene.finding
    told = instead(scene) or [f"{scene.spec.metric} {_seen(finding)}; expected: {finding.expected}."]
    told += component(scene)
    told.append(
        f"{_why_not(scene, 'Nothing independent of the component says otherwise')} If Chaos Mesh did what the"
        " step says, as its phase and its proofs show, the component counts wrong."
    )
    return Diagnosis("collector", [*told, *_not_ruled_out(scene)])


def _seen(finding: Finding) -> str:
    """Return what was there at the decision."""
    if any("increase" in each for each in finding.actual):
        grown = math.fsum(float(each["increase"]) for each in finding.actual)
        return f"grew by {number_text(grown)}"
    stored = {labels_of(each["labels"]): float(each["value"]) for each in finding.actual}
    return f"is {values_text(stored)}"


def _not_ruled_out(scene: FailureContext) -> list[str]:
    """Return what could not be seen of the way from the component to Prometheus."""
    if scene.looked and all(each.confirms() for each in scene.looked):
        return []
    return [
        "That Prometheus stored something else than the component exposed is not ruled out: they could not be"
        " compared."
    ]


def _collector(scene: FailureContext, differs: str) -> Diagnosis:
    told = [*(instead(scene) if scene.declared else []), differs, *component(scene)]
    stored = {labels: value for each in scene.looked for labels, value in each.stored_after.items()}
    comparable = bool(scene.looked) and not any(each.unusable for each in scene.looked)
    if comparable and scene.still(stored) and all(each.agrees() for each in scene.looked):
        end = "So the component counts wrong: look at the code that writes this metric."
        return Diagnosis("collector", [*told, end])
    if comparable and not scene.still(stored):
        told.append("The metric has changed since the expectation was decided.")
    if scene.declared:
        told.append("So the component counts wrong: look at the code that writes this metric.")
        return Diagnosis("collector", [*told, *_not_ruled_out(scene)])
    return Diagnosis(None, [*told, "Whether the component or the scrape is wrong cannot be told."])


def _product(scene: FailureContext, known: OracleTruth, own: OracleRef | None) -> Diagnosis:
    told = [
        *differences(scene),
        f"The metric tells the truth: the oracle {known.oracle}, read before and after the scrape at"
        f" {_at(known)}, says the same ({points_text(known.points or [])}).",
    ]
    if own is not None:
        told.append(
            f"The oracle {own.name} of the expectation says otherwise: is it the truth of this very metric?"
        )
    samples = known.state.samples if known.state else []
    still = scene.still({labels_of(each.labels): each.value for each in samples})
    if not still and scene.declared and (came := _came_true(scene)):
        return came
    if not still and not scene.declared:
        told.append(
            "But the metric has changed since the expectation was decided: what was true then is not known."
        )
        return Diagnosis(None, told)
    told.append("So Chaos Mesh did not do what the expectation says, or the expectation is wrong.")
    return Diagnosis("product", told)


def _why_not(
    scene: FailureContext, what: str = "Whether the component or the cluster is wrong cannot be told"
) -> str:
    if scene.truth is not None:
        why = f"the oracle {scene.truth.oracle} says nothing to compare with: {scene.truth.unusable}"
    else:
        why = str(scene.note.get("unasked") or "") or "no oracle of this metric was read"
    return f"{what}: {why}."


def _at(known: OracleTruth) -> str:
    return time_text(known.state.time) if known.state else ""
