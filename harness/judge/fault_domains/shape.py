"""Layer collector, by the shape of what is exposed: name, TYPE, HELP, labels and their values.

Told from the component's own exposition and what the catalogue declares, so no oracle is needed. Only for
recordings that carry what the catalogue declares.
"""

from __future__ import annotations

from collections.abc import Iterator

from harness.base.words import meant
from harness.judge.argument import number_text
from harness.judge.fault_domains.component import component
from harness.judge.fault_domains.exposed import DirectSample
from harness.judge.fault_domains.scene import Diagnosis, FailureContext
from harness.judge.fault_domains.words import MOST, joined, series_text
from harness.judge.matching import Where, label_test
from harness.judge.state import target_text
from harness.prometheus.matcher import Matcher
from harness.recording.declared import Declared
from harness.recording.labels import TARGET_LABELS, without_target
from harness.recording.model import Point

_CODE = "Look at the code of the component that writes this metric."


def shape(scene: FailureContext) -> Diagnosis | None:
    """Return how the exposed metric is not as the catalogue declares it; None when it is, or all is right."""
    if scene.declared is None or not scene.declared.known or not scene.declared.exposed:
        return None
    told = differences(scene)
    if not told or scene.told_the_truth:
        # What is only written otherwise did not make the value another one.
        return None
    return Diagnosis("collector", [*told, *component(scene), _CODE])


def differences(scene: FailureContext) -> list[str]:
    """Return the differences between what was exposed and what is declared, as sentences."""
    declared = scene.declared
    if declared is None or not declared.exposed:
        return []
    there = [each for each in scene.looked if each.look.samples is not None]
    exposing = [each for each in there if each.shown(scene.spec.where)]
    if there and not exposing:
        return _not_exposed(scene, there)
    told: dict[str, None] = {}
    for each in exposing:
        told |= dict.fromkeys(_of(scene, declared, each))
    return list(told)[: 2 * MOST]


def _not_exposed(scene: FailureContext, there: list[DirectSample]) -> list[str]:
    metric = scene.spec.metric
    targets = joined([target_text(each.target) for each in there[:MOST]])
    near = sorted({name for each in there for name in each.look.near})
    if near:
        return [
            f"{targets} exposes no {metric}; what it exposes and may be meant by it: {joined(near[:MOST])}."
        ]
    if scene.wants_none:
        return []
    return [f"{targets} exposes no {metric}, and nothing that may be it under another name."]


def _of(scene: FailureContext, declared: Declared, each: DirectSample) -> Iterator[str]:
    metric, target = scene.spec.metric, target_text(each.target)
    exposed = each.look.metric_type or "unknown"
    # An exposition without comments is a valid one: it says nothing of TYPE and HELP.
    if exposed != "unknown" or each.look.help:
        if declared.type not in ("unknown", exposed):
            yield f"The TYPE of {metric} at {target} is {exposed}; the catalogue has it as a {declared.type}."
        if declared.help and each.look.help != declared.help:
            yield (
                f"The HELP of {metric} at {target} is {_quoted(each.look.help)}; the catalogue has"
                f" {_quoted(declared.help)}."
            )
    yield from _labels(scene, declared, each)
    yield from _values(scene, declared, each)
    for labels, values in list(each.duplicates().items())[:MOST]:
        yield (
            f"{target} exposes {metric}{series_text(labels)} {len(values)} times, with the values"
            f" {joined([number_text(value) for value in values])}, of which Prometheus keeps one."
        )


def _labels(scene: FailureContext, declared: Declared, each: DirectSample) -> Iterator[str]:
    """Yield which labels the series lack, and what they have instead."""
    metric, target = scene.spec.metric, target_text(each.target)
    shown = each.shown(scene.spec.where)
    sets = {tuple(sorted(without_target(point.labels))) for point in shown}
    named = [label for label in scene.spec.where if label not in TARGET_LABELS]
    for names in sorted(sets):
        if declared.labels is None:
            # Not pinned: what the expectation names, and no series has.
            lacking = [label for label in named if not any(label in each_set for each_set in sets)]
            lacking = [label for label in lacking if not label_test(scene.spec.where[label])("")]
            added: list[str] = []
        else:
            lacking = [
                label for label in declared.labels if label not in names and label not in TARGET_LABELS
            ]
            added = [name for name in names if name not in declared.labels]
        if not lacking and not added:
            continue
        example = next(point for point in shown if tuple(sorted(without_target(point.labels))) == names)
        instead = f"; it has {_named(added)} instead" if lacking and added else ""
        if lacking and not added:
            instead = f"; it has {series_text(example.labels)}"
        if lacking:
            yield f"{target} exposes {metric} without {_named(lacking)}{instead}."
        else:
            yield f"{target} exposes {metric} with {_named(added)}, which the catalogue does not have."


def _named(labels: list[str]) -> str:
    return f"the label {labels[0]}" if len(labels) == 1 else f"the labels {joined(labels)}"


def _values(scene: FailureContext, declared: Declared, each: DirectSample) -> Iterator[str]:
    """Yield values of labels that the catalogue does not know."""
    metric, target = scene.spec.metric, target_text(each.target)
    found = {
        (label, point.labels[label])
        for point in each.shown(scene.spec.where)
        for label, values in declared.values.items()
        if point.labels.get(label, "") and point.labels[label] not in values
    }
    for label, value in sorted(found):
        likely = meant(value, declared.values[label])
        nearest = f"; the nearest is {label}={_quoted(likely)}" if likely else ""
        yield (
            f"{target} exposes {metric} with {label}={_quoted(value)}, which the catalogue does not know"
            f"{nearest}."
        )


def instead(scene: FailureContext) -> list[str]:
    """Return what is exposed in place of a series that is wanted and not there: one sentence, or none."""
    wanted: Where = scene.spec.where
    points = scene.truth.points if scene.truth is not None else None
    if points and len(points) == 1:
        wanted = {**wanted, **points[0].labels}
    shown: list[tuple[int, int, DirectSample, Point]] = []
    for index, each in enumerate(scene.looked):
        if each.exposed:
            return []
        shown += [(each.missed(point, wanted), index, each, point) for point in each.look.others]
    if not shown:
        return []
    _, _, each, point = min(shown, key=lambda row: row[:2])
    labels = each.labels_of(point)
    differs = [
        f"{name} is {_quoted(labels.get(name, ''))}, wanted {_wanted(test)}"
        for name, test in wanted.items()
        if not label_test(test)(labels.get(name, ""))
    ]
    return [
        f"{target_text(each.target)} exposes nothing of {scene.spec.metric} that is wanted; the nearest is"
        f" {series_text(point.labels)} {number_text(point.value)}: {'; '.join(differs) or 'no difference'}."
    ]


def _wanted(test: str | Matcher) -> str:
    if isinstance(test, str):
        return _quoted(test)
    return joined(
        [
            f"{name} {_quoted(value)}"
            for name, value in test.model_dump(by_alias=True, exclude_none=True).items()
        ]
    )


def _quoted(text: str) -> str:
    return f'"{text}"'
