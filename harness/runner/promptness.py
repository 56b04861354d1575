"""Works out how soon a scrape has to show what has become true, by what the catalogue says of the metric."""

from __future__ import annotations

from harness.chaos.catalogue import Catalogue, Metric
from harness.judge.judge import DEADLINE_SCRAPES
from harness.judge.kind import wanted_readings
from harness.metrics.expression import reach, read, selectors
from harness.oracle.base import oracles
from harness.recording.model import Promptness, reading_key
from harness.scenario.model import Expectation


def promptness_of(expectation: Expectation, catalogue: Catalogue, namespace: str) -> Promptness:
    """Return the promptness of an expectation, for its recording.

    An expression that looks at one time only is as prompt as the slowest of its metrics; of one that looks
    back, and of a metric of which it is not known how it is produced, nothing is known.

    Args:
        expectation: templates resolved.
        catalogue: of metrics.
        namespace: the scenario's own, which the oracles that are followed are about.
    """
    metrics = _metrics(expectation, catalogue)
    known = [metric for metric in metrics if metric is not None and not metric.prefix]
    produced = [metric.produced for metric in known if metric.produced is not None]
    if not produced or len(produced) < len(metrics):
        return Promptness(scrapes=expectation.deadline or DEADLINE_SCRAPES)
    slowest = max(produced, key=lambda each: each.scrapes)
    if expectation.deadline is not None:
        return Promptness(produced=slowest, scrapes=expectation.deadline)
    oracle = _followed(expectation, metrics[0], namespace)
    key = reading_key({}) if oracle else ""
    return Promptness(produced=slowest, scrapes=slowest.scrapes, oracle=oracle, key=key)


def _metrics(expectation: Expectation, catalogue: Catalogue) -> list[Metric | None]:
    if expectation.promql is None:
        return [catalogue.find(expectation.metric)]
    expression = read(expectation.promql)
    if reach(expression) > 0:
        return []
    return [catalogue.find(name) for name, _ in selectors(expectation.promql)]


def _followed(expectation: Expectation, metric: Metric | None, namespace: str) -> str:
    """Return the oracle that is read at each scrape to tell when a change came, or ""."""
    if metric is None or metric.oracle is None or not expectation.metric:
        return ""
    if not oracles()[metric.oracle].followed or wanted_readings(expectation):
        return ""
    return metric.oracle if expectation.where.get("namespace") == namespace else ""
