"""Each collector on a made-up cluster, with planted secrets."""

import dataclasses

import pytest
import yaml

from harness.kubernetes.client import Cluster, ExecResult, HttpAnswer
from harness.kubernetes.errors import NotFoundError, RefusedError
from harness.prometheus.prometheus import Prometheus, ScrapeTarget
from harness.runner.diagnostics.collect import collect, collectors
from harness.runner.diagnostics.scene import DiagnosticsContext
from tests.fakes.clock import FakeClock

DAEMON_LOG = """\
2026-01-01T00:00:00Z\tINFO\tchaos-daemon\tb.go:71\tbuild command\t{"command": "nsexec -- iptables-save -c"}
2026-01-01T00:00:00Z\tERROR\tchaos-daemon\tx.go:1\tunable to set tcs\t{"token": "planted"}
"""
PROMETHEUS_LOG = 'ts=2026-01-01T00:00:00Z level=ERROR msg="append failed" authorization="Bearer planted"\n'
EXPOSITION = """\
# HELP chaos_daemon_ipset_members Total number of ipset members
# TYPE chaos_daemon_ipset_members gauge
chaos_daemon_ipset_members{container="c",namespace="mine",pod="p"} 3
chaos_daemon_ipset_members{container="c",namespace="other",pod="p"} 9
# HELP chaos_daemon_tcs_rules Total number of tc rules
# TYPE chaos_daemon_tcs_rules gauge
chaos_daemon_tcs_rules{container="c",namespace="mine",pod="p"} 2
"""


class FakeCluster(Cluster):
    """Some objects, a log, an exposition; the kind AWSChaos is not installed."""

    def __init__(self):
        self.logs_asked = []
        self.fetched = []
        self.scripts = []
        self.fetches_seconds = 0.0
        self.clock = FakeClock()
        self.objects = {
            ("Event", "mine"): [event("created", 1, "Created"), event("failed", 0, "Failed")],
            ("Event", "chaos-mesh"): [{**event("again", 2, "BackOff"), "count": 4, "lastTimestamp": "later"}],
            ("StressChaos", "mine"): [chaos("StressChaos", "burn")],
            ("PodNetworkChaos", "mine"): [chaos("PodNetworkChaos", "p")],
            ("Pod", "mine"): [pod("p", "mine", "c")],
            ("Pod", "chaos-mesh"): [pod("chaos-daemon-1", "chaos-mesh", "chaos-daemon", restarts=1)],
            ("Event", "chaos-harness"): [event("killed", 3, "Unhealthy")],
            ("Pod", "chaos-harness"): [pod("prometheus-1", "chaos-harness", "prometheus", restarts=1)],
            ("Node", None): [
                {
                    "metadata": {"name": "n1"},
                    "spec": {"taints": [{"key": "disk", "effect": "NoSchedule"}]},
                    "status": {"conditions": [{"type": "DiskPressure", "status": "True", "reason": "Full"}]},
                }
            ],
        }

    def list(self, kind, namespace=None, label_selector=None, **_):
        assert kind not in ("Secret", "ConfigMap", "ServiceAccount")
        if kind == "AWSChaos":
            raise NotFoundError("cannot list AWSChaos: refused (HTTP 404)")
        return self.objects.get((kind, namespace), [])

    def get(self, kind, name, namespace=None, **_):
        return next(each for each in self.objects[kind, namespace] if each["metadata"]["name"] == name)

    def logs(self, namespace, pod, container, *, seconds=None, previous=False, **_):
        self.logs_asked.append((pod, container, seconds, previous))
        if previous:
            raise RefusedError("previous terminated container not found")
        return PROMETHEUS_LOG if namespace == "chaos-harness" else DAEMON_LOG

    def exec(self, namespace, pod, container, argv, timeout=0.0, **_):
        self.scripts.append(argv)
        return ExecResult("==begin c-id\n# ipset save\nadd A 10.0.0.1\n==end 0\n", "", 0)

    def proxy_fetch(self, resource, namespace, name, port, path, **_):
        self.fetched.append((self.clock.now(), resource, namespace, name, port, path))
        self.clock.advance(self.fetches_seconds)
        return HttpAnswer(200, EXPOSITION.encode(), "text/plain")


def event(name, seconds, reason):
    return {
        "metadata": {
            "name": name,
            "namespace": "mine",
            "creationTimestamp": f"2026-01-01T00:00:0{seconds}Z",
        },
        "involvedObject": {"kind": "StressChaos", "name": "burn"},
        "source": {"component": "records"},
        "type": "Warning",
        "reason": reason,
        "message": "cannot use Bearer planted-token",
    }


def chaos(kind, name):
    return {
        "kind": kind,
        "apiVersion": "chaos-mesh.org/v1alpha1",
        "metadata": {
            "name": name,
            "managedFields": ["noise"],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "planted", "kept": "yes"},
            "finalizers": ["chaos-mesh/records"],
        },
        "spec": {"secretName": "credentials", "password": "planted"},
        "status": {"experiment": {"containerRecords": [{"phase": "Not Injected"}]}},
    }


def pod(name, namespace, container, restarts=0):
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "nodeName": "n1",
            "containers": [{"name": container, "env": [{"name": "API_TOKEN", "value": "planted"}]}],
        },
        "status": {
            "phase": "Running",
            "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady"}],
            "containerStatuses": [
                {
                    "name": container,
                    "containerID": "containerd://c-id",
                    "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
                    "lastState": {"terminated": {"exitCode": 2}} if restarts else {},
                    "restartCount": restarts,
                    "image": "x:1",
                }
            ],
        },
    }


class FakePrometheus(Prometheus):
    """Scrapes on by its clock; each later scrape takes `later` seconds, if that is given."""

    def __init__(self, clock, *targets):
        self._clock = clock
        self._targets = targets
        self.later = None

    def targets(self):
        return [self._now(each) for each in self._targets]

    def _now(self, of):
        if of.last_scrape is None:
            return of
        took = of.scrape_duration if self.later is None else self.later
        ended = (self._clock.now() - of.last_scrape - took) // of.scrape_interval
        if ended < 1:
            return of
        began = of.last_scrape + ended * of.scrape_interval
        return dataclasses.replace(of, last_scrape=began, scrape_duration=took)


def target(clock, *, age=0.5, duration=0.1, job="chaos-daemon", pod="chaos-daemon-1", namespace="chaos-mesh"):
    return ScrapeTarget(
        job=job,
        instance=pod,
        node="n1",
        health="down",
        last_scrape=None if age is None else clock.now() - age,
        last_error="token: planted",
        scrape_duration=duration,
        scrape_interval=1.0,
        labels={},
        address="http://10.0.0.1:31766/metrics",
        namespace=namespace,
        pod=pod,
    )


@pytest.fixture
def cluster():
    return FakeCluster()


@pytest.fixture
def scene(cluster):
    def made(*targets, infrastructure=True):
        return DiagnosticsContext(
            cluster=cluster,
            prometheus=FakePrometheus(cluster.clock, *(targets or [target(cluster.clock)])),
            clock=cluster.clock,
            chaos_mesh_namespace="chaos-mesh",
            namespace="mine",
            seconds=12.3,
            targets=[{"namespace": "mine", "pod": "p", "container": "c", "node": "n1"}] * 2,
            metrics={"chaos_daemon_ipset_members"},
            jobs={"chaos-daemon"},
            infrastructure=infrastructure,
        )

    return made


def files(name, scene):
    return dict(collectors()[name](scene))


def test_no_planted_secret_is_in_any_file(scene, tmp_path):
    collect(scene(), tmp_path / "a/b/c", "why", seconds=60)
    paths = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(paths) > 10
    for path in paths:
        assert "planted" not in path.read_text(), path
    assert "failed: " not in (tmp_path / "a/b/c/index.txt").read_text()


def test_events_are_in_order_and_repeated_ones_have_their_number(scene):
    found = files("events", scene())
    reasons = [line.split()[4] for line in found["events-scenario.txt"].splitlines()]
    assert reasons == ["Failed:", "Created:"]
    assert "BackOff" in found["events-chaos-mesh.txt"]
    assert found["events-chaos-mesh.txt"].endswith("(x4, last later)\n")


def test_objects_have_status_and_finalizers_and_no_noise(scene):
    found = files("objects", scene())
    assert set(found) == {
        "objects/StressChaos.yaml",
        "objects/PodNetworkChaos.yaml",
        "objects/not-readable.txt",
    }
    burn = yaml.safe_load(found["objects/StressChaos.yaml"])
    assert burn["status"]["experiment"]["containerRecords"] == [{"phase": "Not Injected"}]
    assert burn["metadata"] == {
        "name": "burn",
        "annotations": {"kept": "yes"},
        "finalizers": ["chaos-mesh/records"],
    }
    assert burn["spec"] == {"secretName": "credentials", "password": "***"}
    assert "AWSChaos" in found["objects/not-readable.txt"]


def test_logs_reach_back_to_the_step_and_to_the_container_before(scene, cluster):
    found = files("logs", scene())
    assert cluster.logs_asked == [
        ("chaos-daemon-1", "chaos-daemon", 18, False),
        ("chaos-daemon-1", "chaos-daemon", 18, True),
    ]
    lines = found["logs/chaos-daemon-1-chaos-daemon.log"].splitlines()
    assert lines[0] == "# 1 lines about commands that each scrape runs are left out"
    assert "unable to set tcs" in lines[1]
    assert "not found" in found["logs/chaos-daemon-1-chaos-daemon-before-restart.log"]


def test_pods_have_their_conditions_and_what_they_were_before(scene):
    found = files("pods", scene())
    assert "mine/p on n1: Running; Ready=False ContainersNotReady" in found["pods.txt"]
    assert "restarts 1, image x:1, before: terminated (exitCode 2)" in found["pods.txt"]
    assert "objects/Pod.yaml" in found


def test_nodes_have_conditions_and_taints(scene):
    text = files("nodes", scene())["nodes.txt"]
    assert "DiskPressure=True" in text
    assert "taint disk=:NoSchedule" in text


def test_the_logs_of_a_node_that_is_set_apart_are_kept(scene, tmp_path):
    assert list(collectors()["node_apart"](scene())) == []
    (tmp_path / "console.log").write_bytes(b"Kernel panic \xff\n")
    (tmp_path / "kubelet.log").write_text("started\n")
    (tmp_path / "kubeconfig").write_text("planted")
    assert dict(collectors()["node_apart"](dataclasses.replace(scene(), node_logs=tmp_path))) == {
        "node/console.log": "Kernel panic \ufffd\n",
        "node/kubelet.log": "started\n",
    }


def test_targets_have_their_health(scene, cluster):
    text = files("targets", scene())["targets.txt"]
    assert "chaos-daemon chaos-daemon-1 node=n1 down" in text
    never = files("targets", scene(target(cluster.clock, age=None)))["targets.txt"]
    assert "last scrape never" in never


def test_prometheus_itself_is_looked_at_when_the_infrastructure_is_in_trouble(scene, cluster):
    found = files("prometheus", scene())
    assert set(found) == {
        "prometheus/pods.txt",
        "prometheus/events.txt",
        "prometheus/Pod.yaml",
        "prometheus/prometheus-1-prometheus.log",
        "prometheus/prometheus-1-prometheus-before-restart.log",
    }
    assert "restarts 1, image x:1, before: terminated (exitCode 2)" in found["prometheus/pods.txt"]
    assert "Unhealthy" in found["prometheus/events.txt"]
    assert found["prometheus/prometheus-1-prometheus.log"] == PROMETHEUS_LOG
    assert cluster.logs_asked == [
        ("prometheus-1", "prometheus", 18, False),
        ("prometheus-1", "prometheus", 18, True),
    ]


def test_a_prometheus_without_a_pod_is_told_with_its_events(scene, cluster):
    del cluster.objects["Pod", "chaos-harness"]
    found = files("prometheus", scene())
    assert found["prometheus/pods.txt"] == "there is no pod app=prometheus in chaos-harness\n"
    assert set(found) == {"prometheus/pods.txt", "prometheus/events.txt"}


def test_a_failure_of_the_product_says_nothing_of_prometheus(scene):
    assert files("prometheus", scene(infrastructure=False)) == {}


def test_the_network_of_a_pod_is_looked_at_once(scene, cluster):
    found = files("network", scene())
    assert found == {"network/mine.p.txt": "# ipset save\nadd A 10.0.0.1\n"}
    (script,) = cluster.scripts
    assert all(
        command in script[4] for command in ("iptables-legacy-save -c", "ipset save", "tc -s qdisc show")
    )


@pytest.mark.parametrize(
    ("age", "waited"),
    [(0.5, 0), (0.05, 0.081), (0.85, 0.35), (3.5, 0)],
    ids=["between two scrapes", "just after one", "just before one", "scrapes that came since"],
)
def test_raw_metrics_are_read_between_two_scrapes(scene, cluster, age, waited):
    began = cluster.clock.now()
    (text,) = files("metrics", scene(target(cluster.clock, age=age))).values()
    ((at, *what),) = cluster.fetched
    assert what == ["pods", "chaos-mesh", "chaos-daemon-1", 31766, "/metrics"]
    assert at - began == pytest.approx(waited)
    assert text.splitlines() == [
        "# http://10.0.0.1:31766/metrics: HTTP 200, read in 0.000 s between two scrapes",
        *EXPOSITION.splitlines()[:3],
        "# 1 series of other namespaces are left out",
    ]


def test_a_look_that_would_disturb_a_scrape_is_not_taken(scene, cluster):
    (text,) = files("metrics", scene(target(cluster.clock, duration=0.6))).values()
    assert text.startswith("# not read: a scrape takes 0.600 of 1 s")
    assert cluster.fetched == []


@pytest.mark.parametrize(("later", "after"), [(0.45, 1.5), (0.6, None)], ids=["slower", "too slow"])
def test_a_scrape_that_takes_longer_than_the_last_one_is_not_disturbed(scene, cluster, later, after):
    began = cluster.clock.now() - 0.95
    made = scene(target(cluster.clock, age=0.95))
    made.prometheus.later = later
    (text,) = files("metrics", made).values()
    if after is None:
        assert text.startswith("# not read: a scrape takes 0.600 of 1 s")
    assert [at - began for at, *_ in cluster.fetched] == ([] if after is None else [pytest.approx(after)])


def test_a_look_that_took_too_long_says_so(scene, cluster):
    cluster.fetches_seconds = 0.7
    (text,) = files("metrics", scene()).values()
    assert "it may be a part only" in text


def test_other_jobs_and_other_scenarios_workloads_are_not_read(scene, cluster):
    found = files("metrics", scene(target(cluster.clock, job="chaos-dashboard")))
    assert found == {}
