from typing import Any

import pytest

from harness.chaosmesh import cleanup
from harness.kubernetes import namespaces
from harness.kubernetes.client import ExecResult
from harness.kubernetes.errors import NotFoundError, WaitTimeoutError

PROCESSES = """/proc/50/status:Name:\tchaos-daemon
/proc/50/status:PPid:\t1
/proc/70/status:Name:\tnsexec
/proc/70/status:PPid:\t50
/proc/71/status:Name:\tstress-ng
/proc/71/status:PPid:\t70
/proc/90/status:Name:\tnsexec
/proc/90/status:PPid:\t50
==cmdline
/proc/50/cmdline:chaos-daemon\0
/proc/70/cmdline:nsexec\0--\0stress-ng\0
/proc/71/cmdline:stress-ng\0
/proc/90/cmdline:nsexec\0--\0stress-ng\0
==cgroup
/proc/71/cgroup:4:memory:/kubepods/own-container
/proc/90/cgroup:4:memory:/kubepods/of-another-scenario
==namespace
"""


class FakeCluster:
    """Objects that go when deleted, unless a finalizer or the API keeps them."""

    def __init__(self):
        self.objects = {}
        self.log = []
        self.immortal = set()
        self.processes = ""

    def put(self, kind, name, namespace="n", **fields):
        body = {"kind": kind, "metadata": {"name": name, "namespace": namespace, **fields}}
        self.objects[kind, name] = body
        return body

    def get(self, kind, name, namespace=None, *, timeout=None):
        return self.objects.get((kind, name))

    def list(self, kind, namespace=None, label_selector=None):
        if kind == "BlockChaos":
            raise NotFoundError("not served")
        wanted = [o for (k, _), o in self.objects.items() if k == kind]
        return [o for o in wanted if namespace in (None, o["metadata"].get("namespace"))]

    def delete(self, kind, name, namespace=None, *, grace=None):
        self.log.append(("delete", kind, name))
        found = self.objects.get((kind, name))
        if found and not found["metadata"].get("finalizers") and (kind, name) not in self.immortal:
            del self.objects[kind, name]
            if kind == "Schedule":
                self.objects.pop(("StressChaos", "child"), None)

    def patch(self, kind, name, namespace, merge_patch):
        self.log.append(("patch", kind, name))
        self.objects[kind, name]["metadata"].update(merge_patch["metadata"])
        kept = (kind, name) in self.immortal or self.objects[kind, name]["metadata"].get("finalizers")
        if ("delete", kind, name) in self.log and not kept:
            del self.objects[kind, name]

    def wait_gone(self, kind, name, namespace, timeout):
        inside = kind == "Namespace" and any(
            found["metadata"].get("namespace") == name for found in self.objects.values()
        )
        if inside:
            raise WaitTimeoutError("not empty", last=self.list("Namespace"), waited=timeout)
        if (kind, name) in self.objects:
            raise WaitTimeoutError("still there", last=[self.objects[kind, name]], waited=timeout)

    def exec(self, namespace, pod, container, argv, timeout):
        script, arguments = argv[2], argv[4:]
        if "kill" in script:
            self.log.append(("kill", arguments))
            return ExecResult("\n".join(arguments), "", 0)
        return ExecResult(self.processes, "", 0)


@pytest.fixture
def cluster():
    fake = FakeCluster()
    fake.processes = PROCESSES.replace("own-container", "ended").replace("/proc/71", "/proc/99")
    fake.put("Namespace", "n", None)
    daemon = fake.put("Pod", "chaos-daemon", "chaos-mesh")
    running = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    daemon["spec"] = {"nodeName": "n1", "containers": [{"name": "chaos-daemon"}]}
    daemon["status"] = {"containerStatuses": [{"name": "chaos-daemon", "state": running}]}
    pod = fake.put("Pod", "workload")
    pod["spec"] = {"nodeName": "n1"}
    pod["status"] = {"containerStatuses": [{"name": "c", "containerID": "containerd://own-container"}]}
    return fake


def clean(cluster):
    return cleanup.clean(cluster, "n", "chaos-mesh", seconds=5)


def test_what_goes_by_itself_is_not_reported(cluster):
    cluster.put("StressChaos", "burn")
    cluster.put("PodNetworkChaos", "workload")
    assert clean(cluster) == []
    deleted = [entry[1] for entry in cluster.log if entry[0] == "delete"]
    assert deleted == ["StressChaos", "PodNetworkChaos", "Namespace", "Pod"], "in this order"


def test_parents_go_before_their_children(cluster):
    cluster.put("StressChaos", "child")
    cluster.put("Schedule", "often")
    assert clean(cluster) == []
    assert ("delete", "StressChaos", "child") not in cluster.log


def test_stuck_finalizers_are_removed_last_and_reported(cluster):
    cluster.put("NetworkChaos", "delay", finalizers=["chaos-mesh/records"])
    (left,) = clean(cluster)
    assert (left.kind, left.name, left.forced) == ("NetworkChaos", "delay", True)
    assert "chaos-mesh/records" in left.what_was_done
    assert ("NetworkChaos", "delay") not in cluster.objects


def test_what_is_stuck_is_shown_before_it_is_forced(cluster):
    cluster.put("NetworkChaos", "delay", finalizers=["chaos-mesh/records"])
    cluster.put("PodNetworkChaos", "workload", finalizers=["kept"])
    seen = []

    def stuck(objects):
        seen.append([(each["metadata"]["name"], each["metadata"]["finalizers"]) for each in objects])

    cleanup.clean(cluster, "n", "chaos-mesh", seconds=5, stuck=stuck)
    assert seen == [[("delay", ["chaos-mesh/records"])], [("workload", ["kept"])]]


def test_what_goes_by_itself_is_not_shown(cluster):
    cluster.put("StressChaos", "burn")
    shown: list[Any] = []
    cleanup.clean(cluster, "n", "chaos-mesh", seconds=5, stuck=shown.append)
    assert shown == []


def test_what_stays_even_so_is_not_called_forced(cluster):
    cluster.put("NetworkChaos", "delay", finalizers=["f"])
    cluster.immortal.add(("NetworkChaos", "delay"))
    left, around = clean(cluster)
    assert not left.forced
    assert "still there" in left.what_was_done
    assert around.kind == "Namespace"


def test_stressors_of_the_own_containers_are_ended_and_no_others(cluster):
    cluster.processes = PROCESSES
    left = clean(cluster)
    assert ("kill", ["70", "71"]) in cluster.log
    assert len(left) == 2
    assert all(item.forced and item.kind == "process" for item in left)


def test_where_no_daemon_was_called_none_is_asked(cluster):
    cluster.processes = PROCESSES
    del cluster.objects["Pod", "chaos-daemon"]
    assert cleanup.clean(cluster, "n", "chaos-mesh", seconds=5, daemon_called=False) == []


def test_without_any_daemon_nobody_knows_what_processes_are_left(cluster):
    del cluster.objects["Pod", "chaos-daemon"]
    (left,) = clean(cluster)
    assert (left.kind, left.name) == ("process", "on node n1")
    assert left.what_was_done.startswith("could not be looked for: ")


def test_a_namespace_that_stays_is_named_with_its_reasons(cluster):
    cluster.immortal.add(("Namespace", "n"))
    message = {"status": "True", "message": "Some content remains: pods."}
    cluster.objects["Namespace", "n"]["status"] = {"conditions": [message]}
    left = clean(cluster)[-1]
    assert (left.kind, left.forced) == ("Namespace", False)
    assert "Some content remains" in left.what_was_done


def test_namespaces_and_their_pods_are_waited_for_longer_where_a_node_is_slow(monkeypatch, cluster):
    waited = []
    monkeypatch.setattr(namespaces, "gone", lambda _cluster, _name, seconds: waited.append(seconds))
    for patience in (1.0, 4.0):
        assert cleanup.await_gone(cluster, ["n"], 30.0, patience) == []
    assert [round(seconds) for seconds in waited] == [20, 80]
