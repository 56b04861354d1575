"""What a transition is, and which ones the catalogue defines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from harness.chaosmesh.catalogue.metric import Appears, Metric, MetricStatus, MetricType
from harness.chaosmesh.components import METRICS_PORTS
from harness.results.coverage import SeriesChange


class Transition(NamedTuple):
    """A change of a metric's series with one value of one label; of any series where `label` is "".

    Attributes:
        metric: its name in the catalogue: of a histogram without `_bucket`, `_sum`, `_count`.
    """

    metric: str
    label: str
    value: str
    change: SeriesChange

    def __str__(self) -> str:
        """Return it as a selector with what happens."""
        matcher = f'{{{self.label}="{self.value}"}}' if self.label else ""
        return f"{self.metric}{matcher} {self.change.value}"


def defined(metrics: Iterable[Metric]) -> Iterator[Transition]:
    """Yield every transition that the metrics of Chaos Mesh's components can make.

    Those are the live ones that something touches, other than a restart alone. A label counts when the
    catalogue has a closed set of its values; a metric without such a label counts as a whole.
    """
    for metric in metrics:
        if not in_scope(metric):
            continue
        rows = [(label, value) for label in metric.labels for value in metric.values.get(label, ())]
        for label, value in rows or [("", "")]:
            for change in changes_of(metric):
                yield Transition(metric.name, label, value, change)


def in_scope(metric: Metric) -> bool:
    """Tell whether a metric's transitions count."""
    touched = set(metric.touched_by) - {"restart"}
    chaos_mesh = METRICS_PORTS.keys() & {*metric.components}
    return bool(touched and chaos_mesh) and metric.status is MetricStatus.LIVE and not metric.prefix


def changes_of(metric: Metric) -> list[SeriesChange]:
    """Return what can happen to a metric's series while its component runs.

    A series that is there from the start neither appears nor goes. That a counter appears is a change, from
    0: whether it was there before depends on what an earlier scenario did. It goes with its component only.
    """
    if metric.appears is Appears.ALWAYS or metric.type is not MetricType.GAUGE:
        return [SeriesChange.CHANGES]
    return [SeriesChange.APPEARS, SeriesChange.CHANGES, SeriesChange.GOES]
