from typing import Any

import pytest

from harness.chaosmesh.specs import check, shape_of
from harness.kubernetes.kinds import CHAOS_MESH_KINDS

SELECTOR = {"namespaces": ["a"]}
STRESS = {"mode": "one", "selector": SELECTOR, "stressors": {"cpu": {"workers": 1, "load": 20}}}
RATE = {"mode": "one", "selector": SELECTOR, "action": "netem", "rate": {"rate": "1mbps"}}


def found(kind, spec, **how):
    return [(at, message, suggestion) for at, message, suggestion in check(kind, spec, **how)]


@pytest.mark.parametrize("kind", CHAOS_MESH_KINDS)
def test_every_kind_has_a_shape_with_fields(kind):
    shape = shape_of(kind)
    assert shape is not None
    assert shape.fields


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("StressChaos", STRESS),
        ("StressChaos", {**STRESS, "selector": "${workload.selector}"}),
        ("StressChaos", "${parameters.spec}"),
        ("StressChaos", {**STRESS, "stressors": {"cpu": {"workers": "${parameters.workers}"}}}),
        ("StressChaos", {**STRESS, "stressors": {"cpu": {"workers": 1.0}}}),
        ("NetworkChaos", RATE),
        ("Schedule", {"schedule": "@yearly", "type": "StressChaos", "stressChaos": STRESS}),
        ("NoSuchKind", {"anything": 1}),
    ],
)
def test_what_is_right(kind, spec):
    assert found(kind, spec) == []


@pytest.mark.parametrize(
    ("kind", "spec", "at", "message", "suggestion"),
    [
        (
            "NetworkChaos",
            {**RATE, "action": "rate"},
            ("action",),
            "`spec.action` of NetworkChaos is one of netem, delay, loss, duplicate, corrupt, partition, "
            "bandwidth, not `rate`",
            None,
        ),
        (
            "StressChaos",
            {**STRESS, "stressors": {"cpu": {"worker": 1, "workers": 1}}},
            ("stressors", "cpu", "worker"),
            "`spec.stressors.cpu` of StressChaos has no field `worker`; it has: load, options, workers",
            "workers",
        ),
        (
            "StressChaos",
            {**STRESS, "stressors": {"cpu": {"workers": "1"}}},
            ("stressors", "cpu", "workers"),
            '`spec.stressors.cpu.workers` of StressChaos is an integer, not the string "1"',
            None,
        ),
        (
            "StressChaos",
            {**STRESS, "stressors": {"cpu": {"workers": True}}},
            ("stressors", "cpu", "workers"),
            "`spec.stressors.cpu.workers` of StressChaos is an integer, not `true`",
            None,
        ),
        (
            "StressChaos",
            {**STRESS, "mode": None},
            ("mode",),
            "`spec.mode` of StressChaos is null; leave it out, or write a string",
            None,
        ),
        (
            "StressChaos",
            {"mode": "one", "stressors": STRESS["stressors"]},
            (),
            "`spec` of StressChaos lacks the field `selector`, which is required",
            None,
        ),
        (
            "StressChaos",
            {**STRESS, "containerNames": "main"},
            ("containerNames",),
            '`spec.containerNames` of StressChaos is a list, not the string "main"',
            None,
        ),
        (
            "StressChaos",
            {**STRESS, "selector": {"labelSelectors": {"a": 1}}},
            ("selector", "labelSelectors", "a"),
            "`spec.selector.labelSelectors.a` of StressChaos is a string, not `1`",
            "1",
        ),
        (
            "Schedule",
            {"schedule": "@yearly", "type": "StressChaos", "stressChaos": {**STRESS, "mode": "on"}},
            ("stressChaos", "mode"),
            "`spec.stressChaos.mode` of Schedule is one of one, all, fixed, fixed-percent, "
            "random-max-percent, not `on`",
            "one",
        ),
        (
            "Workflow",
            {"entry": "a", "templates": [{"name": "a", "templateType": "Serial", "childs": []}]},
            ("templates", 0, "childs"),
            None,
            "children",
        ),
        ("StressChaos", [], (), "`spec` of StressChaos is a mapping, not a list", None),
    ],
)
def test_what_is_wrong_and_where(kind, spec, at, message, suggestion):
    ((where, said, meant),) = found(kind, spec)
    assert (where, meant) == (at, suggestion)
    assert message is None or said == message


def test_the_scheduler_of_old_manifests_is_no_field():
    ((at, message, _),) = found("StressChaos", {**STRESS, "scheduler": {"cron": "@every 1m"}})
    assert at == ("scheduler",)
    assert message.startswith(
        "`spec` of StressChaos has no field `scheduler`; it has: containerNames, duration"
    )


def test_limits_of_numbers():
    spec: dict[str, Any] = {
        "mode": "one",
        "selector": SELECTOR,
        "stressors": {"cpu": {"workers": 1, "load": 101}},
    }
    assert [message for _, message, _ in found("StressChaos", spec)] == [
        "`spec.stressors.cpu.load` of StressChaos is at most 100, not 101"
    ]
    spec["stressors"]["cpu"]["load"] = -1
    assert [message for _, message, _ in found("StressChaos", spec)] == [
        "`spec.stressors.cpu.load` of StressChaos is at least 0, not -1"
    ]


def test_a_patch_lacks_nothing_and_takes_fields_away_with_null():
    assert found("StressChaos", {"duration": None}, partial=True) == []
    ((at, _, meant),) = found("StressChaos", {"durations": "1s"}, partial=True)
    assert (at, meant) == (("durations",), "duration")
