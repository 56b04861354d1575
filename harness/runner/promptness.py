"""Works out how soon a scrape has to show what has become true, by what the catalogue says of the metric.

That is measured from when it became true. An oracle tells that, or the step: it settles when a phase is
reached, or an effect proven, or when all that it does is done. Where neither does, the time that the product
takes cannot be told from the time that the metric takes, and the deadline is that for both.
"""

from __future__ import annotations

from harness.chaosmesh.catalogue import Catalogue, Metric, Produced
from harness.chaosmesh.components import WORKLOAD
from harness.judge.kind import wanted_readings
from harness.judge.terms import DEADLINE_SCRAPES
from harness.kubernetes.kinds import MAKERS
from harness.oracles.base import oracles
from harness.prometheus.expression import reach, read, selectors
from harness.recording.model import Promptness, reading_key
from harness.scenario.model import Expectation, Scenario, Step

_OF_THE_MANAGER = (Produced.FROM_CACHE, Produced.AT_EVENT, Produced.AT_RECONCILE)
_REACHED = ("running", "finished", "gone")
"""Phases that come when all is done; the others come first, and calls and events follow."""
_POD_CHAOS = "PodChaos"
"""Its containers start again when the kubelet sees fit, and their targets are found when Prometheus does."""


def promptness_of(
    expectation: Expectation, scenario: Scenario, step: Step, catalogue: Catalogue, namespace: str
) -> Promptness:
    """Return the promptness of an expectation, for its recording.

    An expression that looks at one time only is as prompt as the slowest of its metrics; of one that looks
    back, and of a metric of which it is not known how it is produced, nothing is known.

    Args:
        expectation: templates resolved.
        scenario: with all steps up to this one.
        step: the expectation's own.
        catalogue: of metrics.
        namespace: the scenario's own, which the oracles that are followed are about.
    """
    metrics = _metrics(expectation, catalogue)
    known = [metric for metric in metrics if metric is not None and not metric.prefix]
    produced = [metric.produced for metric in known if metric.produced is not None]
    if not produced or len(produced) < len(metrics):
        return Promptness(scrapes=expectation.deadline or DEADLINE_SCRAPES)
    slowest = max(produced, key=lambda each: each.scrapes)
    patient = Promptness(produced=slowest, scrapes=expectation.deadline or DEADLINE_SCRAPES)
    kind = scenario.chaos[step.chaos].kind if step.chaos is not None else ""
    new_targets = kind == _POD_CHAOS and any(WORKLOAD in metric.components for metric in known)
    if expectation.deadline is not None or step.act.starts_anew or new_targets:
        return patient
    prompt = Promptness(produced=slowest, scrapes=slowest.scrapes)
    if wanted_readings(expectation):
        return prompt
    tells = all(_tells(step, kind, metric) for metric in known)
    if expectation.metric and (followed := _followed(expectation, known[0], namespace, tells)) is not None:
        oracle, key = followed
        return prompt.model_copy(update={"oracle": oracle, "key": key})
    return prompt if tells else patient


def _tells(step: Step, kind: str, metric: Metric) -> bool:
    """Say whether what a step changes of a metric is there when the step has settled."""
    act = step.act
    if act.done_when_settled:
        return metric.produced is not Produced.AT_EVENT
    if act.requests:
        # An answer comes when the request is done, but what it asks of the manager is not, nor what follows.
        read = all(request.reads for request in act.requests)
        return metric.produced is Produced.AT_CALL or (read and metric.produced not in _OF_THE_MANAGER)
    if metric.produced is Produced.AT_EVENT or kind in MAKERS or WORKLOAD in metric.components:
        return False
    if kind == _POD_CHAOS and "pod" in metric.labels:
        return False
    if step.phase is not None and metric.produced is Produced.FROM_CACHE:
        return True
    return step.phase in _REACHED or bool(step.proof)


def _metrics(expectation: Expectation, catalogue: Catalogue) -> list[Metric | None]:
    if expectation.promql is None:
        return [catalogue.find(expectation.metric)]
    expression = read(expectation.promql)
    if reach(expression) > 0:
        return []
    return [catalogue.find(name) for name, _ in selectors(expectation.promql)]


def _followed(
    expectation: Expectation, metric: Metric, namespace: str, tells: bool
) -> tuple[str, str] | None:
    """Return the oracle, and the key of its parameters, that is read at each scrape to tell of a change."""
    if metric.oracle is None or expectation.where.get("namespace") != namespace:
        return None
    oracle = oracles()[metric.oracle]
    if oracle.followed == "never" or (oracle.followed == "if_needed" and tells):
        return None
    # Of one kind it takes one request instead of one for each.
    kind = expectation.where.get("kind")
    narrowed = isinstance(kind, str) and "kind" in oracle.parameters.model_fields
    return metric.oracle, reading_key({"kind": kind} if narrowed else {})
