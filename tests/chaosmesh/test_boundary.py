"""What a scenario applies selects in its own namespaces, whatever it is and however deep it says so."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.chaosmesh.boundary import Reach, merged, outside, unrestricted, with_namespaces

OWN = "mine-1"
BOUNDS = Reach((OWN, "mine-1-there"), hosts=frozenset({"10.244.1.7"}))
POD = {"action": "pod-kill", "mode": "all"}


def places(kind, spec, bounds=BOUNDS):
    return ["/".join(map(str, wrong.at)) for wrong in outside(kind, spec, bounds)]


def selecting(selector):
    return {**POD, "selector": selector}


def schedule(spec, kind="PodChaos", key="podChaos"):
    return {"schedule": "@every 2s", "type": kind, "historyLimit": 1, key: spec}


def workflow(**template):
    return {"entry": "a", "templates": [{"name": "a", "templateType": "Suspend"}, {"name": "b", **template}]}


FOREIGN = [
    ({"namespaces": ["theirs"]}, "namespaces/0"),
    ({"namespaces": [OWN, "theirs"]}, "namespaces/1"),
    ({"namespaces": [OWN], "pods": {"theirs": ["web-0"]}}, "pods/theirs"),
    ({"pods": {OWN: ["a"], "kube-system": ["b"]}}, "pods/kube-system"),
    ({"namespaces": [""]}, "namespaces/0"),
    ({"namespaces": [f" {OWN}"]}, "namespaces/0"),
    ({"namespaces": [OWN.upper()]}, "namespaces/0"),
    ({"namespaces": "theirs"}, "namespaces"),
    ({"namespaces": {"theirs": 1}}, "namespaces"),
    ({"namespaces": [["theirs"]]}, "namespaces/0"),
    ({"namespaces": ["${namespace}"]}, "namespaces/0"),
    ({"Namespaces": ["theirs"]}, "Namespaces"),
    ({"namespaces": [OWN], "PODS": {"theirs": ["a"]}}, "PODS"),
]


@pytest.mark.parametrize(("selector", "at"), FOREIGN, ids=str)
@pytest.mark.parametrize(
    ("kind", "wrap", "prefix"),
    [
        ("PodChaos", selecting, "selector"),
        ("StressChaos", selecting, "selector"),
        ("KernelChaos", selecting, "selector"),
        ("PhysicalMachineChaos", selecting, "selector"),
        (
            "NetworkChaos",
            lambda selector: {**selecting({"namespaces": [OWN]}), "target": selecting(selector)},
            "target/selector",
        ),
        ("Schedule", lambda selector: schedule(selecting(selector)), "podChaos/selector"),
        (
            "Schedule",
            lambda selector: schedule(
                workflow(templateType="PodChaos", podChaos=selecting(selector)), "Workflow", "workflow"
            ),
            "workflow/templates/1/podChaos/selector",
        ),
        (
            "Workflow",
            lambda selector: workflow(templateType="PodChaos", podChaos=selecting(selector)),
            "templates/1/podChaos/selector",
        ),
        (
            "Workflow",
            lambda selector: workflow(templateType="Schedule", schedule=schedule(selecting(selector))),
            "templates/1/schedule/podChaos/selector",
        ),
        # A template that no type asks for, and a key that nobody has yet.
        (
            "Workflow",
            lambda selector: workflow(templateType="Suspend", networkChaos={"target": selecting(selector)}),
            "templates/1/networkChaos/target/selector",
        ),
        ("IOChaos", lambda selector: {"new": [{"field": selecting(selector)}]}, "new/0/field/selector"),
    ],
)
def test_a_selector_of_other_namespaces_is_found_wherever_it_stands(kind, wrap, prefix, selector, at):
    assert places(kind, wrap(selector)) == [f"{prefix}/{at}"]


@pytest.mark.parametrize(
    ("kind", "spec", "at"),
    [
        ("PodChaos", {**selecting({}), "remoteCluster": "theirs"}, "remoteCluster"),
        ("PodChaos", {**selecting({}), "RemoteCluster": "theirs"}, "RemoteCluster"),
        ("PhysicalMachineChaos", {**POD, "address": ["10.0.0.9:31768"]}, "address/0"),
        ("PhysicalMachineChaos", {**POD, "address": "http://10.0.0.9:31768"}, "address"),
        (
            "PhysicalMachineChaos",
            selecting({"physicalMachines": {"theirs": ["a"]}}),
            "selector/physicalMachines/theirs",
        ),
        ("HTTPChaos", {**selecting({}), "tls": {"secretNamespace": "theirs"}}, "tls/secretNamespace"),
        ("HTTPChaos", {**selecting({}), "tls": {"SecretNamespace": "theirs"}}, "tls/SecretNamespace"),
        ("AWSChaos", {"action": "ec2-stop", "endpoint": "http://10.0.0.9"}, "endpoint"),
        ("Schedule", schedule({}, "FutureChaos", "futureChaos"), "futureChaos"),
        ("Schedule", {"schedule": "@every 2s", "type": "RemoteCluster"}, "type"),
        ("Workflow", workflow(templateType="FutureChaos"), "templates/1/templateType"),
        ("Workflow", workflow(templateType="PodChaos", podchaos=selecting({})), "templates/1/podchaos"),
        (
            "Workflow",
            workflow(templateType="Task", task={"volumes": [{"name": "a", "hostPath": {"path": "/"}}]}),
            "templates/1/task/volumes/0/hostPath",
        ),
        (
            "Workflow",
            workflow(templateType="Task", task={"container": {"securityContext": {"privileged": True}}}),
            "templates/1/task/container/securityContext/privileged",
        ),
        (
            "Workflow",
            workflow(
                templateType="Task",
                task={"container": {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}},
            ),
            "templates/1/task/container/securityContext/capabilities/add",
        ),
    ],
)
def test_what_else_reaches_out_is_found(kind, spec, at):
    assert at in places(kind, spec)


@pytest.mark.parametrize("kind", ["RemoteCluster", "Secret", "ClusterRoleBinding", "Node", ""])
def test_a_kind_that_nobody_knows_is_refused(kind):
    assert places(kind, {}) == [""]


def checking(url):
    check = {"mode": "Synchronous", "type": "HTTP", "http": {"url": url, "criteria": {"statusCode": "200"}}}
    return places("Workflow", workflow(templateType="StatusCheck", statusCheck=check))


@pytest.mark.parametrize(
    "url",
    [
        f"http://web.{OWN}:8080/ping",
        f"http://web.{OWN}.svc:8080/ping",
        f"http://web-0.web.{OWN}.svc.cluster.local/ping",
        f"http://10-244-1-7.{OWN}.pod.cluster.local",
        "http://web.mine-1-there/x?to=http://other",
        "http://10.244.1.7:8080/ping",
        "http://localhost",
    ],
)
def test_a_status_check_asks_the_scenarios_own_services(url):
    assert checking(url) == []


@pytest.mark.parametrize(
    "url",
    [
        "http://web.theirs:8080/ping",
        "http://chaos-dashboard.chaos-mesh:2333/api/experiments",
        "http://kubernetes.default.svc/api",
        "http://10.0.0.9/x",
        "http://example.com",
        f"http://web.{OWN}.evil.com/",
        f"http://web.{OWN}.svc.evil.com/",
        f"http://web.{OWN}@theirs.default/",
        f"http://theirs\\@web.{OWN}/",
        f"ftp://web.{OWN}/",
        f"http://{OWN}/",
        "http://",
        "http://[::1",
        "theirs:80",
        "http://$${x}.evil.com/",
    ],
)
def test_a_status_check_asks_nobody_else(url):
    assert checking(url) == ["templates/1/statusCheck/http/url"]


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("NetworkChaos", {**selecting({"namespaces": [OWN]}), "externalTargets": ["1.1.1.1", "example.com"]}),
        (
            "PodChaos",
            selecting({"namespaces": [OWN], "labelSelectors": {"namespace": "theirs", "pods": "x"}}),
        ),
        ("PodChaos", selecting({"namespaces": [OWN], "fieldSelectors": {"metadata.namespace": "theirs"}})),
        ("PodChaos", selecting({"namespaces": [OWN], "nodes": ["n1"], "nodeSelectors": {"a": "b"}})),
        ("PodChaos", {**selecting({"namespaces": [OWN]}), "remoteCluster": ""}),
        ("AWSChaos", {"action": "ec2-stop", "secretName": "none", "ec2Instance": "i-0"}),
        (
            "HTTPChaos",
            {**selecting({"namespaces": [OWN]}), "tls": {"secretNamespace": OWN, "secretName": "a"}},
        ),
        ("HTTPChaos", {**selecting({"namespaces": [OWN]}), "replace": {"headers": {"url": "x"}}}),
        ("StatusCheck", {"type": "HTTP", "http": {"url": f"http://a.{OWN}", "headers": {"address": ["x"]}}}),
        ("PhysicalMachine", {"address": f"http://machine.{OWN}:31767"}),
        ("PodNetworkChaos", {"tcs": [{"type": "netem", "device": "eth0"}]}),
        ("PodIOChaos", {"volumeMountPath": "/data", "actions": []}),
        (
            "Workflow",
            workflow(templateType="Task", task={"container": {"env": [{"name": "url", "value": "x"}]}}),
        ),
    ],
)
def test_what_reaches_nobody_is_no_problem(kind, spec):
    assert places(kind, spec) == []


def test_what_was_allowed_by_name_is_reached():
    spec = selecting({"namespaces": ["theirs"], "pods": {"theirs": ["a"]}})
    allowed = Reach((OWN,), frozenset({"theirs"}))
    assert places("PodChaos", spec, allowed) == []
    assert places("PodChaos", selecting({"namespaces": ["others"]}), allowed) == ["selector/namespaces/0"]


@pytest.mark.parametrize("missing", [{}, {"namespaces": []}, {"namespaces": None}])
def test_a_selector_that_says_no_namespace_gets_the_objects_own(missing):
    spec = workflow(
        templateType="Schedule",
        schedule=schedule(
            {**selecting({**missing, "labelSelectors": {"a": "b"}}), "target": selecting(missing)}
        ),
    )
    before = copy.deepcopy(spec)
    whole, filled = with_namespaces(spec, OWN)
    chaos = whole["templates"][1]["schedule"]["podChaos"]
    assert chaos["selector"] == {"namespaces": [OWN], "labelSelectors": {"a": "b"}}
    assert chaos["target"]["selector"] == {"namespaces": [OWN]}
    at = ("templates", 1, "schedule", "podChaos")
    assert filled == [(*at, "selector", "namespaces"), (*at, "target", "selector", "namespaces")]
    assert spec == before
    assert with_namespaces(whole, "another") == (whole, [])


def test_a_selector_of_a_tasks_volume_is_kubernetes_own():
    claim: dict[str, Any] = {"spec": {"selector": {}}}
    spec = workflow(templateType="Task", task={"volumes": [{"name": "a", "ephemeral": claim}]})
    assert with_namespaces(spec, OWN) == (spec, [])


def test_a_patch_is_looked_at_as_what_comes_of_it():
    spec = {**selecting({"namespaces": [OWN], "labelSelectors": {"a": "b"}}), "duration": "1s"}
    assert merged(spec, {"duration": None, "selector": {"labelSelectors": {"a": None}}}) == {
        **POD,
        "selector": {"namespaces": [OWN], "labelSelectors": {}},
    }
    assert unrestricted(spec) == []
    assert [each.at for each in unrestricted(merged(spec, {"selector": {"namespaces": None}}))] == [
        ("selector",)
    ]


LEAVES = st.none() | st.booleans() | st.integers() | st.sampled_from([OWN, "theirs", "${namespace}", ""])
KEYS = st.sampled_from(
    ["selector", "namespaces", "pods", "target", "podChaos", "schedule", "task", "url", "labelSelectors", "x"]
)
SPECS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(SPECS)
def test_any_spec_is_looked_at_without_an_error(spec):
    outside("Workflow", spec, BOUNDS)
    whole, _ = with_namespaces(spec, OWN)
    assert unrestricted(whole) == []


@pytest.mark.parametrize(
    ("kind", "spec", "meant"),
    [
        ("Workflow", workflow(templateType="Seriall"), "Serial"),
        ("Workflow", workflow(templateType="podChaos"), "PodChaos"),
        ("Schedule", {"schedule": "@every 5s", "type": "StressChaoss"}, "StressChaos"),
    ],
)
def test_a_misspelt_kind_of_a_template_is_told_what_was_meant(kind, spec, meant):
    (wrong,) = outside(kind, spec, BOUNDS)
    assert wrong.message.endswith(f"(did you mean `{meant}`?)")
