"""Works out how soon a scrape has to show what has become true, by what the catalogue says of the metric.

That is measured from when it became true. An oracle tells that, or the step: it settles when a phase is
reached, or an effect proven, or when all that it does is done. Where neither does, the time that the product
takes cannot be told from the time that the metric takes, and the deadline is that for both.
"""

from __future__ import annotations

from harness.chaos.catalogue import Catalogue, Metric, Produced
from harness.judge.judge import DEADLINE_SCRAPES
from harness.judge.kind import wanted_readings
from harness.metrics.expression import reach, read, selectors
from harness.oracle.base import oracles
from harness.recording.model import Promptness, reading_key
from harness.scenario.model import Expectation, Step

_DONE_WHEN_SETTLED = ("wait", "traffic", "exec", "node")
_STARTS_ANEW = ("restart", "scale", "deny", "allow")
"""After these a component has to fill its caches, and to be elected, before it can show anything."""
_BY_THE_MANAGER = (Produced.FROM_CACHE, Produced.AT_EVENT, Produced.AT_RECONCILE)


def promptness_of(expectation: Expectation, step: Step, catalogue: Catalogue, namespace: str) -> Promptness:
    """Return the promptness of an expectation, for its recording.

    An expression that looks at one time only is as prompt as the slowest of its metrics; of one that looks
    back, and of a metric of which it is not known how it is produced, nothing is known.

    Args:
        expectation: templates resolved.
        step: its step.
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
    if expectation.deadline is not None or step.action in _STARTS_ANEW:
        return patient
    prompt = Promptness(produced=slowest, scrapes=slowest.scrapes)
    if wanted_readings(expectation):
        return prompt
    tells = _tells(step, produced)
    if expectation.metric and (followed := _followed(expectation, known[0], namespace, tells)) is not None:
        oracle, key = followed
        return prompt.model_copy(update={"oracle": oracle, "key": key})
    return prompt if tells else patient


def _tells(step: Step, produced: list[Produced]) -> bool:
    """Say whether what a step brings about is there when it has settled."""
    if step.phase is not None or step.proof or step.action in _DONE_WHEN_SETTLED:
        return True
    # An answer comes when the request is done, but what it asks of the manager is not.
    return step.http is not None and not any(each in _BY_THE_MANAGER for each in produced)


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
