"""Their names of labels are asked for, and ours are answered."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.prometheus.renamed import ours, theirs

NAMES = {"namespace": "exported_namespace", "pod": "exported_pod", "instance": "pod"}


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ('up{job="a"}', 'up{job="a"}'),
        ('{__name__=~"a|b", namespace=~"|n"}', '{__name__=~"a|b", exported_namespace=~"|n"}'),
        (
            'sum by (namespace, pod) (x{pod="pod"})',
            'sum by (exported_namespace, exported_pod) (x{exported_pod="pod"})',
        ),
        ("sum(namespace) without(instance)", "sum(namespace) without(pod)"),
        ("a / on (pod) group_left (instance) b", "a / on (exported_pod) group_left (pod) b"),
        ("x{instance='namespace, pod'}[5m]", "x{pod='namespace, pod'}[5m]"),
        ('pod{namespace="a"} > bool 1', 'pod{exported_namespace="a"} > bool 1'),
        (
            'label_replace(x, "pod", "$1", "instance", "(.*)")',
            'label_replace(x, "pod", "$1", "instance", "(.*)")',
        ),
    ],
)
def test_only_names_of_labels_are_changed(asked: str, sent: str) -> None:
    assert theirs(asked, NAMES) == sent


def test_the_metrics_own_labels_come_back_under_our_names() -> None:
    found = {"namespace": "chaos-mesh", "pod": "daemon-a", "exported_namespace": "n", "exported_pod": "p"}
    assert ours({**found, "job": "j"}, NAMES) == {
        "job": "j",
        "namespace": "n",
        "pod": "p",
        "instance": "daemon-a",
    }


def test_what_the_metric_has_not_is_not_taken_from_the_target() -> None:
    assert ours({"namespace": "chaos-mesh", "pod": "daemon-a", "instance": "10.0.0.1:1"}, NAMES) == {
        "instance": "daemon-a"
    }


@given(st.text())
def test_without_other_names_nothing_is_changed(expression: str) -> None:
    assert theirs(expression, {}) == expression
