from harness.chaosmesh import experiments
from harness.kubernetes.client import Cluster


class FakeCluster(Cluster):
    def __init__(self, *pods):
        self.pods = {pod["metadata"]["name"]: pod for pod in pods}
        self.asked = 0

    def get(self, kind, name, namespace=None, **_):
        self.asked += 1
        return self.pods.get(name)


def pod(name, node, *containers):
    spec = {"nodeName": node, "containers": [{"name": container} for container in containers]}
    return {"metadata": {"name": name}, "spec": spec}


def experiment(*ids):
    return {"status": {"experiment": {"containerRecords": [{"id": each} for each in ids]}}}


def test_records_of_containers_and_of_pods():
    cluster = FakeCluster(pod("a", "n1", "first", "second"), pod("b", "n2", "only"))
    assert experiments.targets(cluster, experiment("n/a/second", "n/b")) == [
        {"namespace": "n", "pod": "a", "container": "second", "node": "n1"},
        {"namespace": "n", "pod": "b", "container": "only", "node": "n2"},
    ]


def test_a_pod_is_asked_for_and_listed_once():
    cluster = FakeCluster(pod("a", "n1", "c"))
    assert len(experiments.targets(cluster, experiment("n/a", "n/a", "n/a/c"))) == 1
    assert cluster.asked == 1


def test_a_pod_that_is_gone_has_no_node():
    (target,) = experiments.targets(FakeCluster(), experiment("n/a/c"))
    assert (target["container"], target["node"]) == ("c", "")


def test_nothing_selected_is_nothing():
    assert experiments.targets(FakeCluster(), {"status": {}}) == []
    assert experiments.targets(FakeCluster(), {}) == []
