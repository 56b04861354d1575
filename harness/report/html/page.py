"""Makes the page of its parts; the templates are in `templates/`."""

from __future__ import annotations

import base64
import hashlib
import textwrap
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from harness.base.words import nth_expectation
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.chaosmesh.known_issues import known_issues
from harness.judge import wording
from harness.judge.argument import labels_text, time_text
from harness.judge.fault_domains.words import series_text
from harness.judge.finding import Verdict
from harness.recording.stack import Stack
from harness.report import checks
from harness.report.causes import causes
from harness.report.evidence import evidence_lines, number
from harness.report.html import spread
from harness.report.html.matrix import matrix
from harness.report.html.svg import Drawing
from harness.report.html.view import MOST_IN_FULL, MOST_IN_ROW, ScenarioView, views
from harness.report.html.visibility import Spread, spreads
from harness.report.in_prometheus import prometheus_link
from harness.report.issue import issue_text
from harness.report.outcome import headline
from harness.report.text import cluster_lines
from harness.report.values import value_text
from harness.report.view import WORST_FIRST, ReportEntry, entries, not_run, not_verified, unmet
from harness.results.folder import in_use
from harness.results.results import Results
from harness.results.scenario import StepResult

_TEMPLATES = Path(__file__).parent / "templates"
_SLOWEST = 12
_ORDERS = {"slowest": "the slowest first", "fastest": "the fastest first", "name": "by name"}
LAYERS = {
    "infrastructure": "the environment of the run, not Chaos Mesh",
    "late": "the value came, but too late",
    "query": "Prometheus' answer to the expression",
    "scrape": "between the component's own page and Prometheus",
    "collector": "the component exposes another value than is true",
    "product": "what Chaos Mesh did, not what it says about it",
}
"""What each layer means, in a few words; docs/verdicts.md says it in full."""


TRUST = ("coverage", "control", "mutation", "contract")
"""Fields of results.json that say how far the run can be trusted; each is there when it was asked for."""


@dataclass(frozen=True)
class SlowStep:
    """A step and where its time went: seconds until acknowledged, until settled, until decided."""

    view: ScenarioView
    index: int
    step: StepResult
    seconds: float
    acknowledging: float | None
    settling: float | None
    deciding: float | None


def page(results: Results, folder: Path, known: Catalogue) -> str:
    """Return the page.

    Args:
        results: of the run.
        folder: of the report, where the recordings are.
        known: the metrics.
    """
    scenarios = views(results.scenarios, folder, known)
    found = spreads([delay for view in scenarios for delay in view.delays])
    fields = results.model_dump(mode="json", include={*TRUST})
    broken = [each for each in (fields["contract"] or {}).get("problems", []) if each["fails"]]
    whole = checks.of(results, known)
    stack = Stack.model_validate(results.run.stack).model_dump() if results.run.stack else {}
    made = environment()
    made.globals["issue"] = lambda entry, result: issue_text(entry, result, stack, known)
    made.globals["in_prometheus"] = lambda finding, result: prometheus_link(finding, result, stack)
    return rendered(
        made,
        "page.html",
        results=results,
        run=results.run,
        clusters=cluster_lines(results),
        stack=stack,
        trust={name: fields[name] for name in TRUST if fields[name]},
        broken=broken,
        scenarios=scenarios,
        groups=[(verdict, group) for verdict in WORST_FIRST if (group := _of(scenarios, verdict))],
        counts={verdict: len(_of(scenarios, verdict)) for verdict in WORST_FIRST},
        headline=headline(results, whole, goes_on=in_use(folder)),
        fine=all(each.verdict is Verdict.PASS for each in whole),
        not_run=not_run(results),
        unmet=[(view, entry) for view in scenarios for entry in unmet(view.result)],
        bad=_bad(scenarios),
        unverified=_unverified(results, scenarios),
        again=[view for view in scenarios if view.result.first_attempt],
        filters=_filters(scenarios),
        matrix=matrix(scenarios, known),
        issues=_issues(scenarios),
        unseen_issues=_unseen(scenarios),
        spreads=found,
        spread_plots=_spread_plots(found),
        slowest=_slowest(scenarios),
        orders=_ORDERS,
    )


def rendered(made: Environment, template: str, **values: Any) -> str:
    """Return a page of a template, with the script and the style of all pages."""
    script = _text("script.js")
    return made.get_template(template).render(
        **values,
        script=Markup(script),  # noqa: S704  (our own file)
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        style=style(),
    )


def style() -> Markup:
    """Return the style of all pages."""
    return Markup(_text("style.css"))  # noqa: S704  (our own file)


def _text(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def environment() -> Environment:
    """Return what the templates are rendered with."""
    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "clock": time_text,
        "evidence": _evidence,
        "labels": labels_text,
        "short_labels": series_text,
        "number": number,
        "value_of": lambda value, subject: value_text(subject, float(value)),
        "with_clock": wording.with_clock,
        "nth_expectation": nth_expectation,
        "subject": wording.subject,
        "verdict_words": lambda verdict: verdict.words,
        "capitalize_first": lambda text: text[:1].upper() + text[1:],
    }
    made.globals["layers"] = LAYERS
    made.globals["most_in_full"] = MOST_IN_FULL
    made.globals["most_series"] = 12
    made.globals["most_in_row"] = MOST_IN_ROW
    return made


def _evidence(found: dict[str, Any]) -> str:
    return textwrap.dedent("\n".join(evidence_lines(found)))


def _of(scenarios: Sequence[ScenarioView], verdict: Verdict) -> list[ScenarioView]:
    return [view for view in scenarios if view.result.verdict is verdict]


def _bad(scenarios: Sequence[ScenarioView]) -> list[tuple[ScenarioView, list[ScenarioView]]]:
    """Return what failed or could not be decided; errors of the same cause with the first of them."""
    errors = {view.result.name: view for view in _of(scenarios, Verdict.ERROR) if not view.wrong}
    found = causes((name, view.result.reason or name) for name, view in errors.items())
    others = {cause.names[0]: [errors[name] for name in cause.names[1:]] for cause in found}
    told = {name for cause in found for name in cause.names[1:]}
    bad = [*_of(scenarios, Verdict.FAIL), *_of(scenarios, Verdict.ERROR)]
    return [(view, others.get(view.result.name, [])) for view in bad if view.result.name not in told]


def _unverified(results: Results, scenarios: Sequence[ScenarioView]) -> list[tuple[str, list[ScenarioView]]]:
    """Return of which clean-ups nobody knows whether they left something, by cause."""
    shown = {view.result.name: view for view in scenarios}
    found = [
        (cause.reason, [shown[name] for name in cause.names if name in shown])
        for cause in not_verified(results)
    ]
    # What was not run has no view; the terminal tells of it.
    return [(reason, views_) for reason, views_ in found if views_]


def _filters(scenarios: Sequence[ScenarioView]) -> list[tuple[str, str, list[tuple[str, int]]]]:
    """Return what one can filter by: name, label, and each value with how many scenarios have it."""
    found = (
        ("component", "component", [view.components for view in scenarios]),
        ("metric", "metric", [view.metrics for view in scenarios]),
        ("layer", "layer", [view.layers for view in scenarios]),
        ("cause", "cause", [view.causes for view in scenarios]),
        ("tag", "tag or chaos", [[*view.result.tags, *view.kinds] for view in scenarios]),
    )
    counted = (
        (name, label, Counter(value for each in values for value in {*each})) for name, label, values in found
    )
    return [(name, label, sorted(counts.items())) for name, label, counts in counted if counts]


def _issues(
    scenarios: Sequence[ScenarioView],
) -> list[tuple[str, Any, list[tuple[ScenarioView, ReportEntry]]]]:
    """Return each known issue that was seen, with where."""
    seen: dict[str, list[tuple[ScenarioView, ReportEntry]]] = {}
    for view in scenarios:
        for each in entries(view.result):
            if each.finding and each.finding.known_issue:
                seen.setdefault(each.finding.known_issue, []).append((view, each))
    registered = known_issues()
    return [(identity, registered.get(identity), seen[identity]) for identity in sorted(seen)]


def _unseen(scenarios: Sequence[ScenarioView]) -> list[Any]:
    seen = {identity for view in scenarios for identity in view.known_issues}
    return [issue for identity, issue in sorted(known_issues().items()) if identity not in seen]


def _spread_plots(found: Sequence[Spread]) -> dict[str, Drawing]:
    plots = {}
    for action, words in (("apply", "injection"), ("delete", "recovery")):
        mine = [each for each in found if each.action == action]
        if mine:
            label = f"Seconds from {words} to visibility by metric"
            plots[action] = spread.plot(mine, label)
    return plots


def _slowest(scenarios: Sequence[ScenarioView]) -> list[SlowStep]:
    steps = [
        SlowStep(
            view,
            number,
            step,
            step.ended - step.started,
            _between(step.started, step.acknowledged),
            _between(step.acknowledged, step.settled),
            _between(step.settled, step.ended),
        )
        for view in scenarios
        for number, step in enumerate(view.result.steps)
        if step.started is not None and step.ended is not None
    ]
    return sorted(steps, key=lambda each: -each.seconds)[:_SLOWEST]


def _between(began: float | None, ended: float | None) -> float | None:
    return None if began is None or ended is None else ended - began
