import re

import pytest

from harness.base import bundled
from harness.base.errors import InfrastructureError, UsageError
from harness.chaosmesh import workload as workloads
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import WaitTimeoutError
from harness.kubernetes.set_apart import TOLERATION

WITHOUT_TRAFFIC = {"jvm"}


def test_a_folder_is_a_workload():
    assert "mini-node-exporter" in workloads.names()


def test_unknown_workload_is_named():
    with pytest.raises(UsageError) as caught:
        workloads.manifests("no-such", "n", "i", 1)
    assert "mini-node-exporter" in caught.value.details[0]


def test_holes_are_filled_with_their_type():
    objects = workloads.manifests("mini-node-exporter", "here", "img:1", 2)
    by_kind = {body["kind"]: body for body in objects}
    assert by_kind["StatefulSet"]["spec"]["replicas"] == 2
    template = by_kind["StatefulSet"]["spec"]["template"]
    assert template["spec"]["containers"][0]["image"] == "img:1"
    assert template["metadata"]["labels"][workloads.WORKLOAD_LABEL] == "true"
    assert "def main(" in by_kind["ConfigMap"]["data"]["exporter.py"]
    assert {body["metadata"]["namespace"] for body in objects} == {"here"}


def test_the_jvm_workload_runs_the_image_that_has_a_jre():
    objects = workloads.manifests("jvm", "here", "img:1", 1, jvm_image="jre:2")
    (template,) = (body["spec"]["template"] for body in objects if body["kind"] == "StatefulSet")
    assert [each["image"] for each in template["spec"]["containers"]] == ["jre:2"]


def test_a_hole_that_nobody_knows_is_an_error(tmp_path, monkeypatch):
    folder = tmp_path / "workloads" / "mine"
    folder.mkdir(parents=True)
    (folder / "workload.yaml").write_text('{a: ["${nobody} here"]}')
    monkeypatch.setattr(bundled, "fixtures", lambda: tmp_path)
    with pytest.raises(UsageError, match="nobody"):
        workloads.manifests("mine", "n", "i", 1)


def pod(ready, **status):
    conditions = [{"type": "Ready", "status": str(ready), "message": "containers with unready status"}]
    return {"metadata": {"name": "p"}, "status": {"phase": "Pending", "conditions": conditions, **status}}


def test_why_not_ready_names_the_container_and_the_reason():
    waiting = {"name": "c", "state": {"waiting": {"reason": "ErrImagePull", "message": "no such image"}}}
    lines = workloads.why_not_ready(pod(False, containerStatuses=[waiting]))
    assert "p/c: waiting ErrImagePull no such image" in lines
    assert workloads.why_not_ready(pod(True)) == []


class NeverReady(Cluster):
    """Its pods wait for something."""

    def __init__(self, reason):
        waiting = {"name": "c", "image": "img:1", "state": {"waiting": {"reason": reason}}}
        self.pod = pod(False, containerStatuses=[waiting])

    def create(self, body, **_):
        return body

    def until_all(self, kind, namespace, predicate, timeout, *, label_selector=None):
        assert not predicate([self.pod])
        raise WaitTimeoutError("not in time", last=[self.pod], waited=timeout)


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName"])
def test_an_image_that_cannot_be_had_is_no_matter_of_patience(reason):
    with pytest.raises(InfrastructureError, match="no node has its image img:1") as caught:
        workloads.install(NeverReady(reason), "mini-node-exporter", "n", "img:1")
    assert not isinstance(caught.value, workloads.WorkloadNotReadyError)
    assert "--workload-image" in caught.value.next_step


def test_a_pod_that_is_slow_is_one():
    with pytest.raises(workloads.WorkloadNotReadyError, match=r"not ready after 60 s$"):
        workloads.install(NeverReady("ContainerCreating"), "mini-node-exporter", "n", "img:1")


def test_a_pod_that_is_going_is_not_ready():
    going = pod(True)
    assert workloads.is_ready(going)
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert not workloads.is_ready(going)


@pytest.mark.parametrize("name", workloads.names())
def test_each_workload_is_whole(name):
    """What the runner, Prometheus and the clean-up rely on."""
    objects = workloads.manifests(name, "here", "img:1", 2, jvm_image="img:1")
    owner = next((body for body in objects if body["kind"] == "StatefulSet"), None)
    pods = [owner["spec"]["template"]] if owner else [body for body in objects if body["kind"] == "Pod"]
    selected = owner["spec"]["selector"]["matchLabels"] if owner else {"app": name}
    for pod in pods:
        assert pod["metadata"]["labels"][workloads.WORKLOAD_LABEL] == "true"
        assert selected.items() <= pod["metadata"]["labels"].items()
        ports = [port["name"] for port in pod["spec"]["containers"][0]["ports"]]
        assert ports == (["metrics"] if name in WITHOUT_TRAFFIC else ["metrics", "traffic"])
    assert owner is None or owner["metadata"]["name"] == name
    containers = [container for pod in pods for container in pod["spec"]["containers"]]
    assert {container["image"] for container in containers} == {"img:1"}
    programs = next(body for body in objects if body["kind"] == "ConfigMap")["data"]
    told = " ".join(word for container in containers for word in container["command"])
    assert set(re.findall(r"/(?:exporter|program)/([\w.-]+)", told)) == set(programs)


def test_targets_are_first_containers_and_containers_are_all():
    made = {
        "metadata": {"name": "p", "uid": "u"},
        "spec": {"nodeName": "n1", "containers": [{"name": "a"}, {"name": "b"}]},
    }
    handle = workloads.WorkloadHandle("w", "here", {}, [made])
    here = {"namespace": "here", "pod": "p", "node": "n1"}
    assert handle.scope()["targets"] == [{**here, "container": "a"}]
    assert handle.scope()["containers"] == [{**here, "container": "a"}, {**here, "container": "b"}]


def test_long_names_are_as_long_as_can_be_and_differ_where_a_cut_shows():
    pods = [body for body in workloads.manifests("long-names", "n", "i", 1) if body["kind"] == "Pod"]
    names = [pod["metadata"]["name"] for pod in pods]
    assert [len(name) for name in names] == [63, 63]
    assert names[0] != names[1]
    assert names[0][:-1] == names[1][:-1]
    assert "." in names[0]
    assert "-" in names[0]
    assert {len(each["name"]) for pod in pods for each in pod["spec"]["containers"]} == {63}


class PodsOnly(Cluster):
    """Creates what it is given; pods are ready at once."""

    def __init__(self):
        self.pods = []

    def create(self, body, **_):
        if body["kind"] == "Pod":
            self.pods.append(body)

    def until_all(self, kind, namespace, predicate, timeout, *, label_selector=None):
        conditions = {"conditions": [{"type": "Ready", "status": "True"}]}
        ready = [{**pod, "status": conditions} for pod in self.pods]
        assert predicate(ready)
        assert not predicate(ready[:1]), "each pod of the file is waited for"
        return ready


def test_pods_that_nothing_keeps_are_a_workload_too():
    handle = workloads.install(PodsOnly(), "long-names", "n", "i")
    assert len(handle.pods) == 2
    assert handle.owner == ""
    assert handle.selector == {"namespaces": ["n"], "labelSelectors": {"app": "long-names"}}


@pytest.mark.parametrize("name", workloads.names())
def test_a_workloads_pods_can_be_put_on_a_node_that_is_set_apart(name):
    """Nothing else of its objects changes, and every pod among them is placed."""
    before = workloads.manifests(name, "here", "img:1", 2)
    after = [workloads._on("there", body) for body in before]
    specs = [
        body["spec"] if body["kind"] == "Pod" else body["spec"]["template"]["spec"]
        for body in after
        if body["kind"] in ("Pod", "StatefulSet", "Deployment", "DaemonSet")
    ]
    assert specs
    for spec in specs:
        assert spec["nodeSelector"]["kubernetes.io/hostname"] == "there"
        assert TOLERATION in spec["tolerations"]
    unplaced = [
        body for body in before if body["kind"] not in ("Pod", "StatefulSet", "Deployment", "DaemonSet")
    ]
    assert [body for body in after if body in unplaced] == unplaced
    assert all("nodeSelector" not in str(body) for body in before)
