"""Layer query: the expectation selects the wrong series, none at all, or what is no number."""

from __future__ import annotations

import math
from typing import Any

from harness.base.words import meant
from harness.judge.argument import number_text, time_text
from harness.judge.comparison import Comparison
from harness.judge.finding import Finding
from harness.judge.layers.component import component
from harness.judge.layers.scene import Said, Scene
from harness.judge.layers.words import MOST, joined, series_text, some, yaml_text
from harness.recording.model import Answer, Expected, Recording


def several(scene: Scene) -> Said | None:
    """Several series are selected where one is compared."""
    number = int(scene.finding.evidence.get("series_selected", 0))
    readings = scene.finding.evidence.get("readings", [])
    by_vector = any(len(each["vector"]) > 1 for each in readings)
    if not isinstance(scene.kind, Comparison) or number < 2 or by_vector:
        return None
    rows = [each["labels"] for each in scene.finding.actual]
    names = sorted({name for row in rows for name in row if len({each.get(name) for each in rows}) > 1})
    choices = [
        "{" + ", ".join(f"{name}: {yaml_text(row.get(name, ''))}" for name in names) + "}"
        f" (value {number_text(float(each['value']))})"
        for row, each in zip(rows, scene.finding.actual, strict=True)
    ]
    return Said(
        "query",
        [
            f"`{scene.spec.kind}` compares one series, and `where` selects {number}, which differ in"
            f" {joined(names)}.",
            f"Add one of these to `where`, or list them all with `series`: {some(choices)}.",
        ],
    )


def nothing(scene: Scene) -> Said | None:
    """`where` selects nothing, and no oracle says that there should be something."""
    finding, truth = scene.finding, scene.truth
    if finding.actual or finding.evidence.get("samples") or scene.spec.kind == "absent":
        # What was selected before and is gone now is selected right.
        return None
    if truth is not None and truth.difference:
        return None
    if near := finding.evidence.get("nearest"):
        told = _nearest(scene, near)
        if truth is not None and truth.points is not None:
            told.append(
                f"The oracle {truth.oracle} knows nothing that `where` selects either: if the labels are"
                " meant as they are written, the cluster is not as the expectation says."
            )
        return Said("query", told)
    if scene.own_oracle is not None or (truth is not None and truth.points is not None):
        return None
    scraped = some(
        f"{each['target']} at {time_text(each['time'])}" for each in finding.evidence.get("scrapes", [])
    )
    told = [f"{scene.spec.metric} has no series at all on what was scraped: {scraped}."]
    return Said("query", [*told, *component(scene)])


def no_number(scene: Scene) -> Said | None:
    """A value is NaN, and no oracle says what it should be."""
    rows = [each for each in scene.finding.actual if math.isnan(float(each["value"]))]
    meant_so = scene.spec.kind == "absent" or "NaN" in scene.finding.expected
    told_otherwise = scene.own_oracle is not None or (scene.truth is not None and scene.truth.difference)
    if not rows or meant_so or told_otherwise:
        return None
    name = f"{scene.spec.metric}{series_text(rows[0]['labels'])}".removesuffix("{}")
    told = (
        f"The value of {name} is NaN, which no number equals, exceeds or falls"
        " below; `series` with `value: .nan` wants it."
    )
    return Said("query", [told, *component(scene)])


def expression(recording: Recording, expected: Expected, finding: Finding) -> Said:
    """Explain an expectation on a PromQL expression: there is no target to look at, and no oracle."""
    answers = recording.answers.get(expected.spec["promql"], {})
    shown = finding.evidence.get("answer", {}).get("time", max(answers, default=None))
    answer = answers.get(shown) if shown is not None else None
    if answer is None:
        return Said(finding.layer, ["The recording has no answer of Prometheus to the expression."])
    told = [f"Prometheus warns: {text}." for text in answer.warnings[:MOST]]
    told += [f"Prometheus remarks: {text}." for text in answer.infos[:MOST]]
    if problem := _problem(answer):
        return Said("query", [problem, *told])
    if finding.layer is None:
        told.append(
            "An expression has no oracle: whether the component or the cluster is wrong cannot be told."
        )
    return Said(finding.layer, told)


def _problem(answer: Answer) -> str:
    at = time_text(answer.time)
    if answer.error:
        return f"Prometheus refused the expression: {answer.error}."
    if answer.histograms:
        return f"At {at} {answer.histograms} elements are native histograms, which are no numbers."
    if any(math.isnan(point.value) for point in answer.vector or []):
        return f"At {at} the expression is NaN; most often that is 0 divided by 0."
    if answer.vector == []:
        return f"At {at} the expression gives nothing: evaluate its parts to see which one is empty."
    return ""


def _nearest(scene: Scene, near: list[dict[str, Any]]) -> list[str]:
    fewest = len(near[0]["differs"])
    nearest = [each for each in near if len(each["differs"]) == fewest]
    value = number_text(float(nearest[0]["value"]))
    told = [
        f"`where` selects nothing, but {scene.spec.metric} has other series. The nearest is"
        f" {series_text(nearest[0]['labels'])} {value}, last scraped at {time_text(nearest[0]['last_seen'])}."
    ]
    for name, differs in nearest[0]["differs"].items():
        wanted = differs["wanted"]
        there = sorted({each["differs"][name]["found"] for each in nearest if name in each["differs"]})
        listed = joined([f'"{text}"' for text in there], "or")
        told.append(f"The label {name} is wanted as {_wanted(wanted)}, and is {listed}.")
        likely = meant(wanted, there) if isinstance(wanted, str) else None
        if likely or len(there) == 1:
            told[-1] += f" If that is meant, write `{name}: {yaml_text(likely or there[0])}`."
    return told


def _wanted(wanted: Any) -> str:
    if isinstance(wanted, str):
        return f'"{wanted}"'
    return joined([f'{name} "{value}"' for name, value in dict(wanted).items()])
