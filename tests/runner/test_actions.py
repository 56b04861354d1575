"""Each action's request, and what its refusal becomes."""

import json
from dataclasses import replace
from typing import Any

import pytest

from harness.actions.traffic import Traffic
from harness.base.errors import BoundaryError, UsageError
from harness.chaosmesh.boundary import Reach
from harness.chaosmesh.workload import WorkloadHandle
from harness.kubernetes.client import Cluster, HttpAnswer
from harness.kubernetes.errors import RefusedError, UnreachableError, WaitTimeoutError, from_answer
from harness.runner import actions
from harness.runner.actions import Applied, Sender
from harness.runner.step_failed import StepFailedError
from harness.scenario.model import Chaos

BURN = Applied("StressChaos", "burn", "ns", "u-1")
CHAOS = Chaos.model_validate(
    {
        "kind": "StressChaos",
        "annotations": {"to": "${namespace}"},
        "spec": {"mode": "one", "selector": "${workload.selector}"},
    }
)
SCOPE = {"namespace": "ns", "workload": {"selector": {"namespaces": ["ns"]}}}


BOUNDS = Reach(("ns", "ns-there"))


class FakeCluster:
    def __init__(self):
        self.requests = []
        self.spec = {"mode": "one", "selector": {"namespaces": ["ns"]}}
        self.refusal = None
        self.stays = []
        self.answer = (200, b"{}")

    def create(self, body):
        self.requests.append(body)
        if self.refusal:
            raise self.refusal
        return {**body, "metadata": {**body["metadata"], "uid": "u-1"}}

    def get(self, kind, name, namespace):
        return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "spec": self.spec}

    def patch(self, *what):
        self.requests.append(("patch", *what))
        if self.refusal:
            raise self.refusal

    def delete(self, *what):
        self.requests.append(("delete", *what))
        if self.refusal:
            raise self.refusal

    def wait_gone(self, kind, name, namespace, timeout):
        self.requests.append(("gone", name, timeout))
        if self.stays:
            raise WaitTimeoutError("still there", waited=timeout, last=self.stays)

    def proxy_fetch(self, *what, params, timeout):
        self.requests.append((*what, params, timeout))
        return HttpAnswer(*self.answer, "application/json")


@pytest.fixture
def cluster():
    return FakeCluster()


def apply(cluster):
    return actions.apply(Sender(cluster, BOUNDS), "burn", CHAOS, "ns", {"run": "1"}, SCOPE)


def test_apply_creates_the_object_with_its_templates_resolved(cluster):
    applied = apply(cluster)
    assert replace(applied, body={}) == BURN
    assert applied.body == cluster.requests[0]
    assert cluster.requests == [
        {
            "apiVersion": "chaos-mesh.org/v1alpha1",
            "kind": "StressChaos",
            "metadata": {
                "name": "burn",
                "namespace": "ns",
                "labels": {"run": "1"},
                "annotations": {"to": "ns"},
            },
            "spec": {"mode": "one", "selector": {"namespaces": ["ns"]}},
        }
    ]


@pytest.mark.parametrize(
    ("selector", "namespace", "at"),
    [
        ({"namespaces": ["ns", "other"]}, "ns", "spec.selector.namespaces[1]"),
        ({"namespaces": ["ns"], "pods": {"other": ["web-0"]}}, "ns", "spec.selector.pods.other"),
        ({"namespaces": "other"}, "ns", "spec.selector.namespaces"),
        ({"namespaces": [""]}, "ns", "spec.selector.namespaces[0]"),
        ({"namespaces": ["ns"]}, "other", "metadata.namespace"),
    ],
)
def test_what_reaches_another_namespace_is_not_sent(cluster, selector, namespace, at):
    chaos = CHAOS.model_copy(update={"spec": {"mode": "one", "selector": selector}})
    with pytest.raises(BoundaryError, match="was not sent") as refused:
        actions.apply(Sender(cluster, BOUNDS), "burn", chaos, namespace, {}, SCOPE)
    assert [detail.split(":")[0] for detail in refused.value.details] == [at]
    assert cluster.requests == []


def test_a_namespace_of_others_that_was_allowed_is_reached(cluster):
    chaos = CHAOS.model_copy(update={"spec": {"mode": "one", "selector": {"namespaces": ["other"]}}})
    allowed = Reach(BOUNDS.namespaces, allowed=frozenset({"other"}))
    actions.apply(Sender(cluster, allowed), "burn", chaos, "ns", {}, SCOPE)
    assert cluster.requests[0]["spec"]["selector"] == {"namespaces": ["other"]}


def test_a_selector_without_namespaces_gets_the_objects_own_and_says_so(cluster):
    told: list[Any] = []
    chaos = CHAOS.model_copy(update={"spec": {"mode": "one", "selector": {"labelSelectors": {"app": "x"}}}})
    actions.apply(Sender(cluster, BOUNDS, told.append), "burn", chaos, "ns-there", {}, SCOPE)
    assert cluster.requests[0]["spec"]["selector"]["namespaces"] == ["ns-there"]
    assert told == ["StressChaos burn: spec.selector.namespaces was not given and is [ns-there]"]


@pytest.mark.parametrize(
    "change",
    [
        {"selector": {"namespaces": ["other"]}},
        {"selector": {"namespaces": None}},
        {"selector": {"pods": {"other": ["web-0"]}}},
        {"target": {"mode": "all", "selector": {"labelSelectors": {"app": "x"}}}},
        {"remoteCluster": "theirs"},
    ],
)
def test_a_patch_that_reaches_another_namespace_is_not_sent(cluster, change):
    with pytest.raises(BoundaryError):
        actions.patch(Sender(cluster, BOUNDS), BURN, {}, change, SCOPE)
    assert cluster.requests == []


@pytest.mark.parametrize("pod", ["../../services/other", "..", "c", "a?x", ""])
def test_only_pods_of_the_workload_send_traffic(cluster, pod):
    with pytest.raises(UsageError, match="has no pod"):
        send(cluster, source=pod)
    assert cluster.requests == []


def test_what_the_webhook_refuses_is_a_failed_step_with_its_words(cluster):
    message = 'admission webhook "vstresschaos.kb.io" denied the request:\nspec.stressors: Required value'
    body = json.dumps({"reason": "Forbidden", "message": message})
    cluster.refusal = from_answer("create StressChaos burn", 403, body)
    with pytest.raises(StepFailedError) as failed:
        apply(cluster)
    problem = failed.value.problem
    assert str(failed.value) == "StressChaos burn was refused (HTTP 403 Forbidden)"
    assert (problem.kind, problem.reason) == ("action", str(failed.value))
    assert problem.details == [
        'admission webhook "vstresschaos.kb.io" denied the request:',
        "spec.stressors: Required value",
    ]
    assert isinstance(failed.value.__cause__, RefusedError)


def test_an_api_server_that_does_not_answer_is_no_failed_step(cluster):
    cluster.refusal = UnreachableError("cannot create StressChaos burn: no answer")
    with pytest.raises(UnreachableError):
        apply(cluster)


@pytest.mark.parametrize(
    ("act", "reason"),
    [
        (actions.delete, "the deletion of StressChaos burn was refused (HTTP 403 Forbidden)"),
        (
            lambda *on: actions.pause(*on, paused=True),
            "pausing StressChaos burn was refused (HTTP 403 Forbidden)",
        ),
        (
            lambda *on: actions.pause(*on, paused=False),
            "resuming StressChaos burn was refused (HTTP 403 Forbidden)",
        ),
    ],
)
def test_other_actions_that_are_refused_are_failed_steps_too(cluster, act, reason):
    cluster.refusal = from_answer("x", 403, json.dumps({"reason": "Forbidden", "message": "no"}))
    with pytest.raises(StepFailedError) as failed:
        act(cluster, BURN)
    assert str(failed.value) == reason


def test_a_sender_that_answers_no_json_is_a_failed_step(cluster):
    cluster.answer = (200, b"<html>")
    with pytest.raises(StepFailedError) as failed:
        actions.traffic(cluster, workload(), Traffic(source="a", target="b", requests=1), {})
    assert str(failed.value) == "a answered no JSON: <html>"


def test_a_patch_changes_what_it_names_and_nothing_else(cluster):
    wanted: dict[str, Any] = {
        "annotations": {"to": "${namespace}", "old": None},
        "spec": {"mode": "${namespace}"},
    }
    for given in (wanted, {"annotations": {"a": "b"}}, {"spec": {"mode": "all"}}):
        annotations, spec = given.get("annotations", {}), given.get("spec", {})
        actions.patch(Sender(cluster, BOUNDS), BURN, annotations, spec, SCOPE)
    assert [request[4] for request in cluster.requests] == [
        {"metadata": {"annotations": {"to": "ns", "old": None}}, "spec": {"mode": "ns"}},
        {"metadata": {"annotations": {"a": "b"}}},
        {"spec": {"mode": "all"}},
    ]
    assert {request[:4] for request in cluster.requests} == {("patch", "StressChaos", "burn", "ns")}


def refused(cluster, words):
    with actions.expected_refusal(words, "apply burn") as said:
        apply(cluster)
    return said


def test_a_refusal_that_is_expected_is_what_the_step_came_to(cluster):
    cluster.refusal = from_answer("x", 403, json.dumps({"reason": "Forbidden", "message": "denied:\nno way"}))
    assert refused(cluster, "no way") == [
        "StressChaos burn was refused (HTTP 403 Forbidden)",
        "denied:",
        "no way",
    ]


def test_a_refusal_with_other_words_is_a_failed_step(cluster):
    cluster.refusal = from_answer("x", 403, json.dumps({"reason": "Forbidden", "message": "quota"}))
    with pytest.raises(StepFailedError) as failed:
        refused(cluster, "no way")
    problem = failed.value.problem
    assert (
        problem.reason == "StressChaos burn was refused (HTTP 403 Forbidden), but not with the words `no way`"
    )
    assert problem.details == ["quota"]


def test_what_should_be_refused_and_is_not_is_a_failed_step(cluster):
    with pytest.raises(StepFailedError) as failed:
        refused(cluster, "no way")
    assert failed.value.problem.reason == "`apply burn` was not refused, and should be with `no way`"


def test_no_answer_is_no_refusal(cluster):
    cluster.refusal = UnreachableError("cannot create StressChaos burn: no answer")
    with pytest.raises(UnreachableError):
        refused(cluster, "no answer")


def test_a_namespace_is_removed_when_it_is_gone(cluster):
    actions.remove_namespace(cluster, "ns-second", 20)
    assert cluster.requests == [("delete", "Namespace", "ns-second"), ("gone", "ns-second", 20)]


def test_a_namespace_that_stays_is_a_failed_step_with_its_conditions(cluster):
    condition = {"type": "NamespaceContentRemaining", "status": "True", "message": "pods remain"}
    cluster.stays = [{"status": {"conditions": [condition]}}]
    with pytest.raises(StepFailedError) as failed:
        actions.remove_namespace(cluster, "ns-second", 20)
    problem = failed.value.problem
    assert problem.reason == "the namespace ns-second is still there after 20 s"
    assert problem.details == ["pods remain"]


def test_delete(cluster):
    actions.delete(cluster, BURN)
    assert cluster.requests == [("delete", "StressChaos", "burn", "ns")]


@pytest.mark.parametrize(("paused", "value"), [(True, "true"), (False, None)])
def test_pause_sets_the_annotation_and_resume_removes_it(cluster, paused, value):
    actions.pause(cluster, BURN, paused=paused)
    annotations = {"experiment.chaos-mesh.org/pause": value}
    assert cluster.requests == [
        ("patch", "StressChaos", "burn", "ns", {"metadata": {"annotations": annotations}})
    ]


def test_templates_see_a_chaos_without_targets_until_they_are_known():
    known = {"kind": "StressChaos", "name": "burn", "namespace": "ns", "uid": "u-1"}
    assert BURN.scope() == known
    targets = [{"pod": "a", "node": "n2"}, {"pod": "b", "node": "n1"}]
    assert Applied("StressChaos", "burn", "ns", "u-1", targets).scope() == {
        **known,
        "targets": targets,
        "node": "n2",
    }


def test_a_chaos_can_have_another_name_in_the_cluster(cluster):
    chaos = CHAOS.model_copy(update={"name": "twin"})
    applied = actions.apply(Sender(cluster, BOUNDS), "burn", chaos, "ns", {}, SCOPE)
    assert (applied.name, cluster.requests[0]["metadata"]["name"]) == ("twin", "twin")


def workload():
    addresses = {"a": "10.0.0.1", "b": "10.0.0.2"}
    pods = [{"metadata": {"name": name}, "status": {"podIP": ip}} for name, ip in addresses.items()]
    return WorkloadHandle("mini-node-exporter", "ns", {}, pods)


def send(cluster, **changes):
    wanted = {"source": "${names[0]}", "target": "b", "requests": 5, "timeout": 0.5, **changes}
    return actions.traffic(cluster, workload(), Traffic.model_validate(wanted), {"names": ["a", "b"]})


def test_traffic_is_sent_by_the_source_to_the_targets_address(cluster):
    cluster.answer = (200, b'{"sent": 5, "answered": 3}')
    assert send(cluster) == {"sent": 5, "answered": 3}
    params = {"to": "10.0.0.2:8080", "count": "5", "timeout": "0.5"}
    assert cluster.requests == [("pods", "ns", "a", 8080, "send", params, 12.5)]


def test_a_sender_that_cannot_send_is_a_failed_step_with_its_words(cluster):
    cluster.answer = (500, b"no route \xff" + b"x" * 300)
    with pytest.raises(StepFailedError) as failed:
        send(cluster)
    assert failed.value.problem.reason == "a answered 500: no route \N{REPLACEMENT CHARACTER}" + "x" * 190


class Stuck(Cluster):
    """A cluster with one object in deletion, which goes when its finalizers do."""

    def __init__(self, found, *, immortal=False):
        self.found, self.immortal = found, immortal

    def get(self, kind, name, namespace=None, **_):
        return self.found

    def patch(self, kind, name, namespace, merge_patch, **_):
        self.patched = merge_patch
        return {}

    def delete(self, kind, name, namespace=None, **_):
        pass

    def wait_gone(self, kind, name, namespace, timeout):
        if self.immortal:
            raise WaitTimeoutError("still there", last=[self.found], waited=timeout)


def stuck(**metadata):
    return {"kind": "StressChaos", "metadata": {"name": "burn", "namespace": "ns", **metadata}}


DELETING = stuck(deletionTimestamp="2026-01-01T00:00:00Z", finalizers=["chaos-mesh/records"])


def test_what_is_stuck_loses_its_finalizers():
    cluster = Stuck(DELETING)
    actions.unstick(cluster, BURN, 5)
    assert cluster.patched == {"metadata": {"finalizers": None}}


@pytest.mark.parametrize(
    ("cluster", "reason"),
    [
        (Stuck(None), "StressChaos burn is not stuck in deletion: it is gone by itself"),
        (Stuck(stuck()), "StressChaos burn is not stuck in deletion: it is not being deleted"),
        (
            Stuck(DELETING, immortal=True),
            "StressChaos burn is still there after its finalizers (chaos-mesh/records) were removed",
        ),
    ],
)
def test_what_is_not_stuck_or_does_not_go_is_a_failed_step(cluster, reason):
    with pytest.raises(StepFailedError) as failed:
        actions.unstick(cluster, BURN, 0.1)
    assert failed.value.problem.reason == reason
