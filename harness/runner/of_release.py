"""What a scenario is for one release of Chaos Mesh: what the release lacks, which known issues apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.chaosmesh.catalogue import Catalogue, Metric
from harness.chaosmesh.known_issues import known_issue
from harness.chaosmesh.release import Release
from harness.chaosmesh.specs import newer_fields
from harness.prometheus.expression import selectors
from harness.prometheus.matcher import Matcher
from harness.prometheus.promql import PromQLError
from harness.scenario.model import Expectation, Scenario
from harness.scenario.template import TEMPLATE

_EXPERIMENTS = "chaos_controller_manager_chaos_experiments"
_NEWEST = Release()


def lacking(scenario: Scenario, known: Catalogue, release: Release) -> list[str]:
    """Return what a scenario is about that a release does not have, or has otherwise; each with the reason.

    Args:
        scenario: written for the newest release, like the catalogue.
        known: the catalogue as it is, not as it is in the release.
        release: of Chaos Mesh.
    """
    found: dict[str, None] = {}
    experiments = known.find(_EXPERIMENTS)
    for kind in {chaos.kind: None for chaos in scenario.chaos.values()}:
        if experiments is not None and (value := experiments.lacks("kind", kind, release)):
            found[f"{kind}: {_span(value.since, value.until)}; this is {release}"] = None
    for chaos in scenario.chaos.values():
        found |= {
            f"{each}; this is {release}": None for each in newer_fields(chaos.kind, chaos.spec, release)
        }
    for step in scenario.steps:
        for name, where in (about for expectation in step.expect for about in _about(expectation)):
            metric = known.find(name)
            if metric is not None and (reason := _otherwise(metric, name, where, release)):
                found[f"{reason}; this is {release}"] = None
    return list(found)


def of_release(scenario: Scenario, release: Release) -> Scenario:
    """Return a scenario whose expectations have known issues only where the release has them.

    Where it does not, the expectation itself has to come true.
    """
    steps = [
        step.model_copy(update={"expect": [_expectation(each, release) for each in step.expect]})
        for step in scenario.steps
    ]
    return scenario if steps == scenario.steps else scenario.model_copy(update={"steps": steps})


def _expectation(expectation: Expectation, release: Release) -> Expectation:
    if expectation.known_issue is None:
        return expectation
    issue = known_issue(expectation.known_issue.id)
    if issue.is_of(release):
        return expectation
    why = f"{release} does not have the known issue {issue.id} ({issue.releases})"
    because = f"{expectation.because}; {why}" if expectation.because else why
    return expectation.model_copy(update={"known_issue": None, "because": because})


def _about(expectation: Expectation) -> Iterator[tuple[str, Mapping[str, str | Matcher]]]:
    if expectation.promql is None:
        yield expectation.metric, expectation.where
        return
    try:
        # What a template stands for is not known yet; it is no part of a metric's name.
        yield from selectors(TEMPLATE.sub("1", expectation.promql))
    except PromQLError:
        return


def _otherwise(metric: Metric, name: str, where: Mapping[str, Any], release: Release) -> str | None:
    if metric.status_in(release) is not metric.status_in(_NEWEST):
        return f"{metric.name}: {_span(metric.since, metric.until)}"
    for label, value in where.items():
        if label in metric.labels_of(name) and label not in metric.in_release(release).labels_of(name):
            return f"{metric.name} has no label {label}"
        if isinstance(value, str) and (lacked := metric.lacks(label, value, release)):
            return f'{metric.name} with {label}="{value}": {_span(lacked.since, lacked.until)}'
    return None


def _span(since: str | None, until: str | None) -> str:
    return " ".join([*([f"since {since}"] if since else []), *([f"until {until}"] if until else [])])
