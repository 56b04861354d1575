"""Layer scrape: Prometheus stored something else than what the component exposes."""

from __future__ import annotations

from typing import TypeVar

from harness.judge.argument import number_text, time_text
from harness.judge.fault_domains.exposed import DirectSample
from harness.judge.fault_domains.scene import Diagnosis, FailureContext
from harness.judge.fault_domains.words import MOST, joined, series_text, values_text
from harness.judge.state import target_text
from harness.recording.model import Exposition, Labels, labels_of

T = TypeVar("T")


def scrape(scene: FailureContext) -> Diagnosis | None:
    """Compare each look with the scrapes before and after it; of what was changing nothing is said."""
    differing: list[str] = []
    malformed: list[str] = []
    for each in scene.looked:
        if each.unusable:
            continue
        asked = (
            f"{target_text(each.target)} itself was asked at {time_text(each.look.began)}, between the"
            f" scrapes at {time_text(each.before or 0.0)} and {time_text(each.after or 0.0)}"
        )
        differing += [f"{asked}: {fact}." for fact in _facts(scene, each)]
        # What the component writes is told by its shape, where the recording has what the catalogue declares.
        malformed += [] if scene.declared else [f"{asked}: {fact}." for fact in _duplicates(each)]
    malformed += [] if scene.declared else _types(scene)
    if not differing and not malformed:
        return None
    told = [*differing, *malformed]
    if differing:
        told.append("Look at Prometheus' relabelling of that job (`metric_relabel_configs`) and at its log.")
    if malformed:
        told.append("Look at what the component writes at /metrics.")
    return Diagnosis("scrape", told)


def flickers(scene: FailureContext) -> Diagnosis | None:
    """Say that a target exposed between two scrapes what neither of them has, and not each time."""
    told = [
        f"{target_text(each.target)} exposes now this, now that: between the scrapes at"
        f" {time_text(each.before or 0.0)} and {time_text(each.after or 0.0)}, which agree, it {what}."
        for each in scene.all_looked
        if scene.declared and not each.unusable and (what := _flicker(scene, each))
    ]
    return Diagnosis("collector", told[:MOST]) if told else None


def _flicker(scene: FailureContext, each: DirectSample) -> str:
    others = scene.comparable(each.target)
    for labels, value in each.extra().items():
        if any(labels not in other.extra() for other in others):
            return f"did not expose {series_text(labels)} {number_text(value)}"
    for labels, (exposed, _) in each.changed().items():
        if any(labels not in other.changed() for other in others):
            return f"exposed {series_text(labels)} {number_text(exposed)}"
    return ""


def _lasting(scene: FailureContext, each: DirectSample, found: dict[Labels, T], name: str) -> dict[Labels, T]:
    """Return what every look found: what came and went between two scrapes is no fault of theirs."""
    if scene.declared is None:
        return found
    others = [getattr(other, name)() for other in scene.comparable(each.target)]
    return {labels: value for labels, value in found.items() if all(labels in other for other in others)}


def _facts(scene: FailureContext, each: DirectSample) -> list[str]:
    facts: list[str] = []
    if missing := _lasting(scene, each, each.missing(), "missing"):
        facts.append(f"it exposes {values_text(missing)}, which is in neither scrape")
        if renamed := _renamed(scene, each):
            facts[-1] += f"; Prometheus has {renamed} instead"
    if extra := _lasting(scene, each, each.extra(), "extra"):
        facts.append(f"it does not expose {values_text(extra)}, which is in both scrapes")
    facts += [
        f"it exposes {series_text(labels)} {number_text(exposed)}, which is {number_text(stored)} in both"
        " scrapes"
        for labels, (exposed, stored) in list(_lasting(scene, each, each.changed(), "changed").items())[:MOST]
    ]
    return facts


def _duplicates(each: DirectSample) -> list[str]:
    return [
        f"it exposes {series_text(labels)} {len(values)} times, with the values"
        f" {joined([number_text(value) for value in values])}, of which Prometheus keeps one"
        for labels, values in list(each.duplicates().items())[:MOST]
    ]


def _renamed(scene: FailureContext, each: DirectSample) -> str:
    """Return a stored series that can be the first missing one under other label names, or ""."""
    labels, value = next(iter(each.missing().items()))
    names = {name for name, _ in labels}
    found: list[tuple[int, str]] = []
    for series in scene.recording.by_name.get(scene.spec.metric, []):
        stored = {name: text for name, text in series.labels.items() if name != "__name__"}
        ours = (stored.get("job"), stored.get("instance")) == each.target
        if ours and each.after is not None and series.at(each.after) == value and stored.keys() != names:
            found.append((len(set(labels) ^ set(labels_of(stored))), series_text(stored)))
    return min(found)[1] if found else ""


def _types(scene: FailureContext) -> list[str]:
    """Return what is wrong with the type that the component declares."""
    declared: dict[str, list[Exposition]] = {}
    for look in scene.recording.expositions:
        if look.metric == scene.spec.metric and _type(look.metric_type):
            declared.setdefault(target_text((look.job, look.instance)), []).append(look)
    known = _type(str(scene.note.get("type", "")))
    told: list[str] = []
    for target, all_looks in declared.items():
        last = all_looks[-1]
        other = next((look for look in all_looks if look.metric_type != last.metric_type), None)
        if other is not None:
            told.append(
                f"The type of {last.metric} changes: {target} declared it a {other.metric_type} at"
                f" {time_text(other.began)} and a {last.metric_type} at {time_text(last.began)}."
            )
        elif known and last.metric_type != known:
            told.append(
                f"{target} declares {last.metric} a {last.metric_type}, the catalogue has it as a {known}."
            )
    return told


def _type(text: str) -> str:
    """Return a declared type, or "" for one that says nothing."""
    return "" if text in ("", "unknown", "untyped") else text
