"""Works out which gauges stay as they are, and what may change them: by the steps and the catalogue.

What a scenario looks at is changed by no other scenario while it runs (runner/conflicts.py), so only its own
steps count, and what these have set going: chaos with a duration, schedules, workflows, an injection that was
not waited for.
"""

from __future__ import annotations

from collections.abc import Sequence

from harness.chaosmesh.catalogue import Catalogue, Metric, MetricType, Produced
from harness.chaosmesh.components import DASHBOARD, WORKLOAD
from harness.kubernetes.kinds import MAKERS
from harness.runner.conflicts import operations_of
from harness.scenario.model import Chaos, Expectation, Scenario, Step

_STEADY = (Produced.AT_SCRAPE, Produced.FROM_CACHE)
_OWN = "chaos_"
_STILL = ("running", "paused", "gone", "finished")
"""The phases in which an experiment stays until something is done; without a duration the first two, too."""
_OVER = ("gone", "finished")
_BY_THEMSELVES = (*MAKERS, "StatusCheck")


def watched_metric(
    scenario: Scenario, index: int, expectation: Expectation, catalogue: Catalogue
) -> Metric | None:
    """Return the metric of an expectation on a gauge of Chaos Mesh that stays until a step changes it.

    A gauge that only grows counts what passes by, and so do those of controllers and queues.

    Args:
        scenario: with all steps up to the expectation's own.
        index: of that step.
        expectation: one of its expectations.
        catalogue: of metrics.
    """
    metric = catalogue.find(expectation.metric) if expectation.metric else None
    if metric is None or expectation.kind == "increases_by":
        return None
    if metric.type is not MetricType.GAUGE or metric.grows or not metric.name.startswith(_OWN):
        return None
    if metric.produced not in _STEADY:
        return None
    return None if _changes_by_itself(scenario, scenario.steps[: index + 1], metric) else metric


def spared(scenario: Scenario, index: int, metric: Metric) -> bool:
    """Say whether nothing in a step, or on its way since the steps before it, can change a metric."""
    if _changes(scenario, scenario.steps[index], metric):
        return False
    return not _changes_by_itself(scenario, scenario.steps[:index], metric)


def _changes(scenario: Scenario, step: Step, metric: Metric) -> bool:
    act = step.act
    if act.chaos is not None:
        return _touches(scenario.chaos[act.chaos], metric)
    if act.requests:
        asked = {request.to for request in act.requests}
        if asked - {WORKLOAD, DASHBOARD} or _sends(step):
            return True
        return DASHBOARD in asked and "requests" in metric.touched_by
    return not act.changes_nothing


def _sends(step: Step) -> bool:
    """Say whether a step has the dashboard change objects of Chaos Mesh, whichever the path means."""
    return any(each.to == DASHBOARD and not each.reads for each in step.act.requests)


def _changes_by_itself(scenario: Scenario, before: Sequence[Step], metric: Metric) -> bool:
    """Say whether something that earlier steps have set going may change a metric at any time."""
    if any(map(_sends, before)):
        return True
    return any(_touches(chaos, metric) for chaos in _on_its_way(scenario, before))


def _on_its_way(scenario: Scenario, before: Sequence[Step]) -> list[Chaos]:
    """Return the chaos of earlier steps that may change by itself."""
    last = {step.chaos: step for step in before if step.chaos is not None}
    return [
        chaos
        for name, step in last.items()
        if (chaos := scenario.chaos[name]).kind in _BY_THEMSELVES
        or step.phase not in _STILL
        or (step.phase not in _OVER and "duration" in chaos.spec)
    ]


def _touches(chaos: Chaos, metric: Metric) -> bool:
    operations = operations_of(chaos.kind, chaos.spec)
    # A pod that is replaced, or a container that starts anew, takes its series with it.
    if "pod" in metric.labels and any(each.startswith("PodChaos") for each in operations):
        return True
    return bool(operations & set(metric.touched_by))


def spares(scenario: Scenario, index: int, watched: dict[str, Metric]) -> list[str]:
    """Return the ids of the watched expectations that a step spares.

    Args:
        scenario: with all steps up to this one.
        index: of the step.
        watched: of earlier steps, id to metric.
    """
    return [identity for identity, metric in watched.items() if spared(scenario, index, metric)]
