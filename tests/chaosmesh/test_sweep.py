import json

import pytest

from harness.base.errors import InfrastructureError
from harness.chaosmesh import rollout
from harness.chaosmesh.sweep import sweep
from harness.kubernetes import namespaces
from harness.kubernetes.errors import NotFoundError
from harness.kubernetes.leftovers import StuckObject
from tests.chaosmesh.test_cleanup import FakeCluster

STACK = "0123456789abcdef"
HELD = (
    "Some resources are remaining: configmaps. has 1 resource instances, "
    "holds.example.com has 2 resource instances"
)


class Cluster(FakeCluster):
    """One whose namespaces go when nothing in them has a finalizer; `held` are objects of other kinds."""

    def __init__(self):
        super().__init__()
        self.held = {}
        self.patched = []
        daemon = self.put("Pod", "chaos-daemon", "chaos-mesh")
        daemon["spec"] = {"nodeName": "n1"}

    def namespace(self, name, *, run="0a1b2c3d", stack=STACK, terminating=False, labels=None):
        found = {namespaces.MANAGED_BY: namespaces.MANAGER, namespaces.RUN_LABEL: run}
        found |= {namespaces.STACK_LABEL: stack} if stack else {}
        body = self.put("Namespace", name, None, labels=found if labels is None else labels)
        if terminating:
            body["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
        return body

    def hold(self, namespace, path, body):
        """Let an object keep a namespace."""
        self.held.setdefault((namespace, path), []).append(body)
        self.immortal.add(("Namespace", namespace))
        conditions = [{"status": "True", "message": HELD}]
        self.objects["Namespace", namespace]["status"] = {"conditions": conditions}

    def list(self, kind, namespace=None, label_selector=None):
        found = super().list(kind, namespace, label_selector)
        if label_selector is None or kind != "Namespace":
            return found
        label, _, value = label_selector.partition("=")
        return [each for each in found if (each["metadata"].get("labels") or {}).get(label) == value]

    def text(self, path):
        if path == "/apis/example.com":
            return json.dumps({"preferredVersion": {"groupVersion": "example.com/v2"}})
        found = [items for (name, under), items in self.held.items() if path == under.format(name)]
        if not found:
            raise NotFoundError("no such path")
        return json.dumps({"kind": "ThingList", "items": found[0]})

    def patch_at(self, path, merge_patch):
        self.patched.append(path)
        for (namespace, under), items in list(self.held.items()):
            items[:] = [
                each for each in items if path != f"{under.format(namespace)}/{each['metadata']['name']}"
            ]
            if not items:
                del self.held[namespace, under]
                self.immortal.discard(("Namespace", namespace))
                self.objects.pop(("Namespace", namespace), None)

    def replace_at(self, path, body):
        self.patched.append((path, body["spec"]))


CONFIG_MAPS = "/api/v1/namespaces/{}/configmaps"
THINGS = "/apis/example.com/v2/namespaces/{}/holds"
KEEPER = {"metadata": {"name": "keeper", "finalizers": ["example.com/hold"]}}


@pytest.fixture
def cluster(monkeypatch):
    monkeypatch.setattr(rollout, "restore_and_wait", lambda *_: [])
    return Cluster()


def swept(cluster, **options):
    return sweep(cluster, "ffffffff", STACK, "chaos-mesh", **options)


def test_namespaces_of_other_runs_on_this_stack_are_removed(cluster):
    cluster.namespace("a")
    cluster.namespace("mine", run="ffffffff")
    found = swept(cluster)
    assert (found.removed, found.stuck, found.strange) == (["a"], [], [])
    assert ("Namespace", "a") not in cluster.objects
    assert ("Namespace", "mine") in cluster.objects
    assert found.warnings() == []


@pytest.mark.parametrize(
    "namespace",
    [
        {"stack": None},
        {"stack": "another"},
        {"stack": STACK, "run": "by-hand"},
        {"stack": STACK, "run": ""},
        {"labels": {namespaces.MANAGED_BY: namespaces.MANAGER}},
    ],
)
def test_a_label_alone_proves_nothing(cluster, namespace):
    cluster.namespace("team-a", **namespace)
    found = swept(cluster, force=True)
    assert (found.removed, found.strange) == ([], ["team-a"])
    assert ("Namespace", "team-a") in cluster.objects
    assert not any(call[1:] == ("Namespace", "team-a") for call in cluster.log)
    assert "team-a has the label of the harness" in found.warnings()[0]


def test_what_an_earlier_version_had_asked_to_go_is_swept(cluster):
    cluster.namespace("a", stack=None, terminating=True)
    cluster.namespace("b", stack="another", terminating=True)
    found = swept(cluster)
    assert (found.removed, found.strange) == (["a"], ["b"])


def test_namespaces_without_the_label_are_not_even_looked_at(cluster):
    cluster.namespace("default", labels={})
    cluster.namespace("team-b", labels={namespaces.RUN_LABEL: "0a1b2c3d", namespaces.STACK_LABEL: STACK})
    found = swept(cluster)
    assert (found.removed, found.strange) == ([], [])


def test_a_stuck_namespace_is_named_with_what_holds_it_and_nothing_stops(cluster):
    cluster.namespace("a", terminating=True)
    cluster.namespace("b")
    cluster.hold("a", CONFIG_MAPS, KEEPER)
    found = swept(cluster)
    assert found.removed == ["b"]
    assert [each.namespace for each in found.stuck] == ["a"]
    assert found.stuck[0].holds == ["Thing keeper waits for its finalizers example.com/hold"]
    assert cluster.patched == []
    (line,) = found.warnings("--cluster c")
    assert "its chaos is gone" in line.lower()
    assert line.endswith("next step: chaos-harness sweep --force --cluster c")


def test_force_removes_finalizers_of_any_kind_of_object(cluster):
    cluster.namespace("a", terminating=True)
    cluster.hold("a", THINGS, KEEPER)
    assert swept(cluster, force=True).removed == ["a"]
    assert cluster.patched == ["/apis/example.com/v2/namespaces/a/holds/keeper"]


def test_force_removes_the_namespaces_own_finalizers_but_kubernetes(cluster):
    body = cluster.namespace("a", terminating=True)
    body["metadata"]["finalizers"] = ["example.com/own"]
    body["spec"] = {"finalizers": ["kubernetes", "example.com/spec"]}
    cluster.immortal.add(("Namespace", "a"))
    assert swept(cluster).stuck[0].holds == [
        "the namespace itself waits for example.com/own, example.com/spec"
    ]
    swept(cluster, force=True)
    assert cluster.patched == [("/api/v1/namespaces/a/finalize", {"finalizers": ["kubernetes"]})]
    assert not body["metadata"].get("finalizers")


def test_without_objects_the_conditions_are_shown(cluster):
    body = cluster.namespace("a", terminating=True)
    cluster.immortal.add(("Namespace", "a"))
    assert swept(cluster).stuck[0].holds == ["its status does not say why"]
    body["status"] = {
        "conditions": [{"status": "True", "message": "Discovery failed: metrics.k8s.io is gone"}]
    }
    assert swept(cluster).stuck[0].holds == ["Discovery failed: metrics.k8s.io is gone"]


def test_many_objects_are_cut(cluster):
    cluster.namespace("a", terminating=True)
    for number in range(30):
        cluster.hold("a", CONFIG_MAPS, {"metadata": {"name": f"k{number}", "finalizers": ["x/y"]}})
    holds = swept(cluster).stuck[0].holds
    assert len(holds) == 11
    assert holds[-1] == "and 20 more objects"


def test_chaos_that_does_not_go_stops_the_run(cluster):
    """It may be in force on what scenarios share."""
    cluster.namespace("a")
    cluster.put("NetworkChaos", "burn", "a")
    cluster.immortal.add(("NetworkChaos", "burn"))
    with pytest.raises(InfrastructureError, match="namespace a cannot be removed; chaos may be in force"):
        swept(cluster)


def test_chaos_mesh_is_restored_first_and_stops_when_it_cannot(cluster, monkeypatch):
    degraded = [StuckObject("Deployment", "chaos-dashboard", "is not whole again")]
    monkeypatch.setattr(rollout, "restore_and_wait", lambda *_: degraded)
    cluster.namespace("a")
    with pytest.raises(InfrastructureError) as caught:
        swept(cluster)
    assert caught.value.details == ["Deployment chaos-dashboard: is not whole again"]
    assert ("Namespace", "a") in cluster.objects
