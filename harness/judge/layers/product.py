"""Layers collector and product: the metric against the truth, or why that cannot be told."""

from __future__ import annotations

from harness.judge.argument import OracleRef, time_text
from harness.judge.layers.component import component
from harness.judge.layers.scene import Said, Scene
from harness.judge.layers.truth import Truth
from harness.judge.layers.words import points_text
from harness.recording.model import labels_of


def against_truth(scene: Scene) -> Said:
    """Say whether the metric lies or tells the truth, as far as the oracles tell."""
    own, known = scene.own_oracle, scene.truth
    if known is not None and known.points is None:
        known = None
    if own is not None and (known is None or known.oracle == own.name):
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
    return Said(None, [*component(scene), _why_not(scene)])


def _collector(scene: Scene, differs: str) -> Said:
    told = [differs, *component(scene)]
    stored = {labels: value for each in scene.looked for labels, value in each.stored_after.items()}
    comparable = bool(scene.looked) and not any(each.unusable for each in scene.looked)
    if comparable and scene.still(stored) and all(each.agrees() for each in scene.looked):
        end = "So the component counts wrong: look at the code that writes this metric."
        return Said("collector", [*told, end])
    if comparable and not scene.still(stored):
        told.append("The metric has changed since the expectation was decided.")
    return Said(None, [*told, "Whether the component or the scrape is wrong cannot be told."])


def _product(scene: Scene, known: Truth, own: OracleRef | None) -> Said:
    told = [
        f"The metric tells the truth: the oracle {known.oracle}, read before and after the scrape at"
        f" {_at(known)}, says the same ({points_text(known.points or [])})."
    ]
    if own is not None:
        told.append(
            f"The oracle {own.name} of the expectation says otherwise: is it the truth of this very metric?"
        )
    samples = known.state.samples if known.state else []
    if not scene.still({labels_of(each.labels): each.value for each in samples}):
        told.append(
            "But the metric has changed since the expectation was decided: what was true then is not known."
        )
        return Said(None, told)
    told.append("So Chaos Mesh did not do what the expectation says, or the expectation is wrong.")
    return Said("product", told)


def _why_not(scene: Scene) -> str:
    if scene.truth is not None:
        why = f"the oracle {scene.truth.oracle} says nothing to compare with: {scene.truth.unusable}"
    else:
        why = str(scene.note.get("unasked") or "") or "no oracle of this metric was read"
    return f"Whether the component or the cluster is wrong cannot be told: {why}."


def _at(known: Truth) -> str:
    return time_text(known.state.time) if known.state else ""
