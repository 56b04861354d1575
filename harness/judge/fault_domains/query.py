"""Layer query: the expectation selects the wrong series, none at all, or what is no number."""

from __future__ import annotations

import math
from typing import Any

from harness.base.words import meant
from harness.judge.argument import number_text, time_text
from harness.judge.comparison import Comparison
from harness.judge.fault_domains.component import component
from harness.judge.fault_domains.scene import Diagnosis, FailureContext
from harness.judge.fault_domains.scrape import flickers, scrape
from harness.judge.fault_domains.shape import shape
from harness.judge.fault_domains.words import (
    MOST,
    joined,
    points_text,
    series_text,
    some,
    values_text,
    yaml_text,
)
from harness.judge.finding import Finding, Verdict
from harness.judge.given import Given
from harness.judge.matching import label_test
from harness.judge.terms import FIXED
from harness.prometheus.expression import selectors
from harness.prometheus.promql import PromQLError
from harness.recording.declared import Declared
from harness.recording.labels import TARGET_LABELS
from harness.recording.model import UP, Answer, labels_of


def several(scene: FailureContext) -> Diagnosis | None:
    """Several series are selected where one is compared."""
    number = int(scene.finding.evidence.get("series_selected", 0))
    readings = scene.finding.evidence.get("readings", [])
    by_vector = any(len(each["vector"]) > 1 for each in readings)
    if not isinstance(scene.kind, Comparison) or number < 2 or by_vector:
        return None
    if scene.declared and (
        (scene.truth is not None and scene.truth.difference) or scrape(scene) or shape(scene)
    ):
        # There should not be several.
        return None
    rows = [each["labels"] for each in scene.finding.actual]
    names = sorted({name for row in rows for name in row if len({each.get(name) for each in rows}) > 1})
    choices = [
        "{" + ", ".join(f"{name}: {yaml_text(row.get(name, ''))}" for name in names) + "}"
        f" (value {number_text(float(each['value']))})"
        for row, each in zip(rows, scene.finding.actual, strict=True)
    ]
    return Diagnosis(
        "query",
        [
            f"`{scene.spec.kind}` compares one series, and `where` selects {number}, which differ in"
            f" {joined(names)}.",
            f"Add one of these to `where`, or list them all with `series`: {some(choices)}.",
        ],
    )


def nothing(scene: FailureContext) -> Diagnosis | None:
    """`where` selects nothing, and no oracle says that there should be something."""
    finding, truth = scene.finding, scene.truth
    if finding.actual or finding.evidence.get("samples") or scene.spec.kind == "absent":
        # What was selected before and is gone now is selected right.
        return None
    if truth is not None and truth.difference:
        return None
    if scene.declared is not None:
        told = _impossible(scene, scene.declared)
        return Diagnosis("query", [*told, *component(scene)]) if told else None
    if near := finding.evidence.get("nearest"):
        told = _nearest(scene, near)
        if truth is not None and truth.points is not None:
            told.append(
                f"The oracle {truth.oracle} knows nothing that `where` selects either: if the labels are"
                " meant as they are written, the cluster is not as the expectation says."
            )
        return Diagnosis("query", told)
    if scene.own_oracle is not None or (truth is not None and truth.points is not None):
        return None
    scraped = some(
        f"{each['target']} at {time_text(each['time'])}" for each in finding.evidence.get("scrapes", [])
    )
    told = [f"{scene.spec.metric} has no series at all on what was scraped: {scraped}."]
    return Diagnosis("query", [*told, *component(scene)])


def no_number(scene: FailureContext) -> Diagnosis | None:
    """A value is NaN, and no oracle says what it should be."""
    rows = [each for each in scene.finding.actual if math.isnan(float(each["value"]))]
    meant_so = scene.spec.kind == "absent" or "NaN" in scene.finding.expected
    told_otherwise = scene.own_oracle is not None or (scene.truth is not None and scene.truth.difference)
    if not rows or meant_so or told_otherwise:
        return None
    if scene.declared is not None and scene.declared.type != "summary":
        # A quantile of nothing is NaN; nothing else that is counted is.
        return None
    name = f"{scene.spec.metric}{series_text(rows[0]['labels'])}".removesuffix("{}")
    told = (
        f"The value of {name} is NaN, which no number equals, exceeds or falls"
        " below; `series` with `value: .nan` wants it."
    )
    return Diagnosis("query", [told, *component(scene)])


def by_prometheus(scene: FailureContext) -> Diagnosis | None:
    """What Prometheus itself writes: no component exposes it."""
    if scene.declared is None or scene.declared.exposed:
        return None
    metric = scene.spec.metric
    values = {labels_of(each["labels"]): float(each["value"]) for each in scene.finding.actual}
    if scene.finding.metric != metric:
        # A part of an expression, whose value is another one.
        samples = scene.newest.samples if scene.newest else []
        values = {labels_of(each.labels): each.value for each in samples}
    is_text = f"{metric} is {values_text(values)}"
    if metric == UP and any(value != 1 for value in values.values()):
        return Diagnosis(
            "infrastructure", [f"{is_text}: Prometheus cannot scrape the target. Look at its pod."]
        )
    if metric == UP:
        return Diagnosis("product", [f"{is_text}: what the target is, Prometheus scrapes it."])
    if metric.startswith("scrape_"):
        return Diagnosis(
            "scrape", [f"{is_text}: Prometheus says so of its own scrapes. Look at its targets."]
        )
    return Diagnosis(
        "query",
        [f"{is_text}: Prometheus writes it when it evaluates its rules. Look at the rule's expression."],
    )


def expression(given: Given, finding: Finding) -> Diagnosis:
    """Explain an expectation on a PromQL expression by the metrics that it is made of."""
    answers = given.recording.answers.get(given.spec.promql or "", {})
    shown = finding.evidence.get("answer", {}).get("time", max(answers, default=None))
    answer = answers.get(shown) if shown is not None else None
    if answer is None:
        return Diagnosis(finding.layer, ["The recording has no answer of Prometheus to the expression."])
    told = [f"Prometheus warns: {text}." for text in answer.warnings[:MOST]]
    told += [f"Prometheus remarks: {text}." for text in answer.infos[:MOST]]
    scenes = _parts(given, finding)
    exposed = [scene for scene in scenes if scene.declared is None or scene.declared.exposed]
    for rung in (scrape, flickers, shape, _lies) if exposed else (by_prometheus,):
        for scene in exposed or scenes:
            if said := rung(scene):
                return Diagnosis(said.layer, [*said.told, *told])
    if problem := _problem(answer):
        return Diagnosis("query", [problem, *told])
    if finding.layer is None and exposed:
        return _all_right(exposed, told)
    if finding.layer is None:
        told.append(
            "An expression has no oracle: whether the component or the cluster is wrong cannot be told."
        )
    return Diagnosis(finding.layer, told)


def _parts(given: Given, finding: Finding) -> list[FailureContext]:
    """Return a scene for each selector of a failed expression of which the catalogue's entry was recorded."""
    if finding.verdict is not Verdict.FAIL or finding.layer is not None or finding.reason.startswith(FIXED):
        return []
    try:
        parts = selectors(given.spec.promql or "")
    except PromQLError:
        return []
    recording, expected = given.recording, given.expected
    found: list[FailureContext] = []
    for metric, where in parts:
        if not metric:
            continue
        written = {
            label: wanted if isinstance(wanted, str) else wanted.model_dump(by_alias=True, exclude_none=True)
            for label, wanted in where.items()
        }
        spec = {"metric": metric, "where": written, "present": True}
        scene = FailureContext(Given.of(recording, expected.model_copy(update={"spec": spec})), finding)
        if scene.declared is not None:
            jobs = [job for job in expected.jobs if job in scene.declared.jobs] or expected.jobs
            part = expected.model_copy(update={"spec": spec, "jobs": jobs})
            found.append(FailureContext(Given.of(recording, part), finding))
    return found


def _lies(scene: FailureContext) -> Diagnosis | None:
    """A metric of an expression says otherwise than its own oracle."""
    known = scene.truth
    if known is None or not known.difference:
        return None
    differs = (
        f"{scene.spec.metric} says otherwise than the oracle {known.oracle}"
        f" ({points_text(known.points or [])}): {known.difference}."
    )
    return Diagnosis("collector", [differs, *component(scene)])


def _all_right(scenes: list[FailureContext], told: list[str]) -> Diagnosis:
    """None of the metrics of an expression is known to be wrong."""
    right = sorted({scene.spec.metric for scene in scenes if scene.told_the_truth})
    open_ones = sorted({scene.spec.metric for scene in scenes if not scene.told_the_truth})
    exposed = [line for scene in scenes[:MOST] for line in component(scene)]
    if not open_ones:
        return Diagnosis(
            "product",
            [
                f"The oracles of {joined(right)} say the same as the metrics: so Chaos Mesh did not do what"
                " the expectation says, or the expression is not what is meant.",
                *exposed,
                *told,
            ],
        )
    return Diagnosis(
        "collector",
        [
            "The components expose this themselves; nothing independent of them says what"
            f" {joined(open_ones[:MOST])} should be. If Chaos Mesh did what the step says, as its phase and"
            " its proofs show, a component counts wrong.",
            *exposed,
            *told,
        ],
    )


def _impossible(scene: FailureContext, declared: Declared) -> list[str]:
    """Return why `where` can select nothing, by the catalogue."""
    metric = scene.spec.metric
    if not declared.known:
        return [f"The catalogue has no metric {metric}: is the name written as it is exposed?"]
    told: list[str] = []
    for label, wanted in scene.spec.where.items():
        if label in TARGET_LABELS:
            continue
        if declared.labels is not None and label not in declared.labels and not label_test(wanted)(""):
            told.append(f"{metric} has no label {label}; it has {joined(declared.labels)}.")
        elif label in declared.values and not any(map(label_test(wanted), declared.values[label])):
            known = declared.values[label]
            likely = meant(wanted, known) if isinstance(wanted, str) else None
            told.append(
                f"The label {label} is wanted as {_wanted(wanted)}, and can only be {joined(known, 'or')}."
            )
            told[-1] += f" Write `{label}: {yaml_text(likely)}`." if likely else ""
        elif isinstance(wanted, str) and wanted not in (known := declared.examples.get(label, [])):
            exposed = {point.labels.get(label, "") for each in scene.looked for point in each.look.others}
            if likely := meant(wanted, exposed & set(known)):
                told.append(
                    f'The label {label} is wanted as {_wanted(wanted)}, and is "{likely}".'
                    f" Write `{label}: {yaml_text(likely)}`."
                )
    return told


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


def _nearest(scene: FailureContext, near: list[dict[str, Any]]) -> list[str]:
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
