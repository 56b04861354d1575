"""Each gauge of Chaos Mesh is looked at for so long somewhere that a flicker in one scrape of ten is seen."""

import pytest

from harness.actions.wait import WaitAction
from harness.base import bundled
from harness.chaosmesh.catalogue import MetricStatus, MetricType, catalogue
from harness.scenario.discover import discover
from harness.scenario.load import load

LONG_ENOUGH = 10
GAUGES = [
    metric
    for metric in catalogue().metrics
    if metric.name.startswith("chaos_")
    and metric.type is MetricType.GAUGE
    and metric.status is MetricStatus.LIVE
]
GROWS_WITH = {"chaos_daemon_iptables_packet_bytes": "chaos_daemon_iptables_packets"}
"""Read from the same line of the same command."""


@pytest.fixture(scope="module")
def longest():
    found: dict[str, int] = {}
    for path in discover([bundled.root() / "scenarios"]):
        if path.suffix == ".py":
            continue
        for file in load(path):
            for step in file.scenario.steps:
                waited = step.act.wanted if isinstance(step.act, WaitAction) else 0
                for each in step.expect:
                    seen = max(waited, each.hold + 1)
                    # One that shows a known issue is wrong all the time, not for a moment.
                    if each.known_issue is None:
                        found[each.metric] = max(found.get(each.metric, 0), seen)
    return found


@pytest.mark.parametrize("metric", GAUGES, ids=lambda metric: metric.name)
def test_a_gauge_is_watched_for_ten_scrapes(metric, longest):
    assert longest[GROWS_WITH.get(metric.name, metric.name)] >= LONG_ENOUGH
