import pytest

from harness.chaosmesh.specs import ignored

KILL = {"action": "pod-kill", "mode": "one", "selector": {}}
DELAY = {"action": "delay", "mode": "all", "selector": {}, "delay": {"latency": "1ms"}}


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("PodChaos", {**KILL, "gracePeriod": 0}),
        ("PodChaos", {**KILL, "action": "container-kill", "containerNames": ["a"]}),
        ("PodChaos", {**KILL, "action": "pod-failure", "duration": "1s"}),
        ("PodChaos", {**KILL, "action": "${parameters.action}", "duration": "1s", "containerNames": ["a"]}),
        ("PodChaos", {**KILL, "mode": "fixed", "value": "2"}),
        ("PodChaos", {**KILL, "value": ""}),
        ("NetworkChaos", {**DELAY, "loss": {"loss": "10"}}),
        ("NetworkChaos", {"action": "bandwidth", "mode": "all", "bandwidth": {}}),
        ("StressChaos", {"stressors": {"cpu": {}}}),
        ("StressChaos", "${parameters.spec}"),
    ],
)
def test_fields_that_count(kind, spec):
    assert list(ignored(kind, spec)) == []


@pytest.mark.parametrize(
    ("kind", "spec", "at"),
    [
        ("PodChaos", {**KILL, "containerNames": ["a"]}, ("containerNames",)),
        ("PodChaos", {**KILL, "action": "pod-failure", "gracePeriod": 1}, ("gracePeriod",)),
        ("PodChaos", {**KILL, "duration": "10s"}, ("duration",)),
        ("PodChaos", {**KILL, "value": "2"}, ("value",)),
        ("NetworkChaos", {**DELAY, "action": "partition"}, ("delay",)),
        ("NetworkChaos", {**DELAY, "bandwidth": {}}, ("bandwidth",)),
        ("NetworkChaos", {**DELAY, "target": {"mode": "all", "value": "1"}}, ("target", "value")),
        ("StressChaos", {"stressors": {"cpu": {}}, "stressngStressors": "--cpu 1"}, ("stressors",)),
        ("JVMChaos", {"action": "latency", "cpuCount": 1}, ("cpuCount",)),
        ("Schedule", {"podChaos": {**KILL, "duration": "1s"}}, ("podChaos", "duration")),
        (
            "Workflow",
            {"templates": [{"name": "a"}, {"podChaos": {**KILL, "containerNames": ["a"]}}]},
            ("templates", 1, "podChaos", "containerNames"),
        ),
        (
            "Workflow",
            {"templates": [{"schedule": {"ioChaos": {"mode": "one", "value": "1"}}}]},
            ("templates", 0, "schedule", "ioChaos", "value"),
        ),
    ],
)
def test_fields_that_do_nothing_name_their_source(kind, spec, at):
    ((where, message, _),) = ignored(kind, spec)
    assert where == at
    assert "does nothing" in message
    assert ".go" in message or "marker" in message
