import pytest

from harness.base.errors import UsageError
from harness.chaos import workload as workloads


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


def test_a_hole_that_nobody_knows_is_an_error(tmp_path, monkeypatch):
    folder = tmp_path / "workloads" / "mine"
    folder.mkdir(parents=True)
    (folder / "workload.yaml").write_text('{a: ["${nobody} here"]}')
    monkeypatch.setattr(workloads.bundled, "fixtures", lambda: tmp_path)
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


def test_a_pod_that_is_going_is_not_ready():
    going = pod(True)
    assert workloads.is_ready(going)
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert not workloads.is_ready(going)


@pytest.mark.parametrize("name", workloads.names())
def test_each_workload_is_whole(name):
    """What the runner, Prometheus and the clean-up rely on."""
    objects = workloads.manifests(name, "here", "img:1", 2)
    owner = next(body for body in objects if body["kind"] == "StatefulSet")
    template = owner["spec"]["template"]
    assert template["metadata"]["labels"][workloads.WORKLOAD_LABEL] == "true"
    assert owner["spec"]["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
    assert owner["metadata"]["name"] == name
    containers = template["spec"]["containers"]
    assert [port["name"] for port in containers[0]["ports"]] == ["metrics", "traffic"]
    assert {container["image"] for container in containers} == {"img:1"}
    programs = next(body for body in objects if body["kind"] == "ConfigMap")["data"]
    assert {container["command"][3].removeprefix("/exporter/") for container in containers} == set(programs)


def test_targets_are_first_containers_and_containers_are_all():
    made = {
        "metadata": {"name": "p", "uid": "u"},
        "spec": {"nodeName": "n1", "containers": [{"name": "a"}, {"name": "b"}]},
    }
    handle = workloads.WorkloadHandle("w", "here", {}, [made])
    here = {"namespace": "here", "pod": "p", "node": "n1"}
    assert handle.scope()["targets"] == [{**here, "container": "a"}]
    assert handle.scope()["containers"] == [{**here, "container": "a"}, {**here, "container": "b"}]
