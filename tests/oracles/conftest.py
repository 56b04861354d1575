"""A cluster in memory, as far as oracles look at it."""

import threading

import pytest

from harness.kubernetes.client import ExecResult, HttpAnswer
from harness.kubernetes.errors import NotFoundError, UnreachableError
from harness.oracles.context import OracleContext


class FakeCluster:
    def __init__(self):
        self.objects = {}
        self.unserved = set()
        self.down = False
        self.executed = []
        self.exec_output = ""
        self.answers = {}
        self.changes = []
        self.taken = 0
        self.changed = threading.Condition()
        self.ended = False

    def put(self, kind, *items):
        for item in items:
            item.setdefault("kind", kind)
            self.objects.setdefault(kind, []).append(item)

    def list(self, kind, namespace=None, label_selector=None):
        if self.down:
            raise UnreachableError("cannot list: no answer")
        if kind in self.unserved:
            raise NotFoundError("cannot list")
        found = [o for o in self.objects.get(kind, []) if namespace in (None, o["metadata"].get("namespace"))]
        if label_selector:
            key, _, value = label_selector.partition("=")
            found = [o for o in found if o["metadata"].get("labels", {}).get(key) == value]
        return found

    def list_versioned(self, kind, namespace, *, field_selector=None):
        return self.list(kind, namespace), "1"

    def get(self, kind, name, namespace=None):
        return next((o for o in self.list(kind, namespace) if o["metadata"]["name"] == name), None)

    def watch(self, kind, namespace, version, seconds, *, field_selector=None, opened=None):
        opened(self.end)
        while True:
            with self.changed:
                self.changed.wait_for(lambda: self.ended or self.changes, timeout=5)
                if not self.changes:
                    return
                change = self.changes.pop(0)
            yield change
            with self.changed:
                self.taken += 1
                self.changed.notify_all()

    def tell(self, change, item):
        with self.changed:
            wanted = self.taken + 1
            self.changes.append((change, item))
            self.changed.notify_all()
            assert self.changed.wait_for(lambda: self.taken == wanted, timeout=5), "nobody watches"

    def end(self):
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def exec(self, namespace, pod, container, argv, timeout):
        self.executed.append(argv)
        return ExecResult(self.exec_output, "", 0)

    def proxy_fetch(self, resource, namespace, name, port, path, *, params=None, timeout=None):
        self.executed.append((name, path, params))
        status, body = self.answers[name, path]
        return HttpAnswer(status, body, "application/json")


def daemon_pod(node):
    running = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
    return {
        "metadata": {
            "name": f"chaos-daemon-{node}",
            "namespace": "chaos-mesh",
            "labels": {"app.kubernetes.io/component": "chaos-daemon"},
        },
        "spec": {"nodeName": node, "containers": [{"name": "chaos-daemon"}]},
        "status": {"containerStatuses": [{"name": "chaos-daemon", "state": running}]},
    }


def workload_pod(name, *, node="n1", state="running", image="workload:1", restarts=0, ready=True):
    status = {
        "name": "c",
        "containerID": f"containerd://id-of-{name}",
        "state": {state: {}},
        "image": image,
        "restartCount": restarts,
    }
    return {
        "metadata": {
            "name": name,
            "namespace": "n",
            "uid": f"uid-{name}",
            "labels": {"chaos-harness/scrape": "true"},
        },
        "spec": {"nodeName": node, "containers": [{"name": "c"}]},
        "status": {
            "phase": "Running",
            "podIP": "10.0.0.9",
            "conditions": [{"type": "Ready", "status": str(ready)}],
            "containerStatuses": [status],
        },
    }


def target_of(name, node="n1"):
    return {"namespace": "n", "pod": name, "container": "c", "node": node}


@pytest.fixture
def cluster():
    fake = FakeCluster()
    fake.put("Pod", daemon_pod("n1"))
    return fake


@pytest.fixture
def world(cluster):
    return OracleContext(cluster, "n", "chaos-mesh")


@pytest.fixture
def pod_named():
    return workload_pod


@pytest.fixture
def target():
    return target_of


@pytest.fixture
def read(world):
    """Reads an oracle with parameters as a scenario writes them; labels to value."""

    def reading(oracle, **parameters):
        made = oracle if not isinstance(oracle, type) else oracle(world)
        points = made.read(made.parameters.model_validate(parameters))
        return {tuple(point.labels.values()): point.value for point in points}

    return reading
