from __future__ import annotations

from collections import Counter

import pytest

from harness.audit.coverage.transition import Transition, defined
from harness.chaosmesh.catalogue.catalogue import catalogue
from harness.chaosmesh.catalogue.metric import Metric
from harness.results.coverage import SeriesChange

FACTS = {"unit": "things", "source": "x", "components": ("chaos-daemon",), "touched_by": ("PodChaos",)}


def metric(**changes):
    return Metric(**{"name": "things", "type": "gauge", **FACTS, **changes})


def changes(**facts):
    return [each.change.value for each in defined([metric(**facts)])]


@pytest.mark.parametrize(
    ("facts", "wanted"),
    [
        ({}, ["appears", "changes", "goes"]),
        ({"appears": "always"}, ["changes"]),
        ({"type": "counter"}, ["changes"]),
        ({"type": "histogram"}, ["changes"]),
        ({"touched_by": ()}, []),
        ({"touched_by": ("restart",)}, []),
        ({"components": ("prometheus",)}, []),
        ({"status": "never-written"}, []),
        ({"prefix": True}, []),
    ],
)
def test_what_can_happen_depends_on_what_a_metric_is(facts, wanted):
    assert changes(**facts) == wanted


def test_each_value_of_each_closed_label_counts_by_itself():
    labels = {"labels": ("kind", "phase", "pod"), "values": {"kind": ("a", "b"), "phase": ("x",)}}
    found = list(defined([metric(type="counter", **labels)]))
    assert found == [
        Transition("things", "kind", "a", SeriesChange.CHANGES),
        Transition("things", "kind", "b", SeriesChange.CHANGES),
        Transition("things", "phase", "x", SeriesChange.CHANGES),
    ]


def test_no_transition_of_the_real_catalogue_is_defined_twice():
    found = Counter(defined(catalogue().metrics))
    assert len(found) > 200
    assert max(found.values()) == 1
    assert {each.metric for each in found} >= {"chaos_daemon_ipset_members", "grpc_server_handled_total"}
