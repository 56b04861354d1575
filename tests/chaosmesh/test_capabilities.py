import struct
import subprocess

import pytest

from harness.base.errors import InfrastructureError
from harness.chaosmesh import capabilities
from harness.chaosmesh.release import Release
from harness.kubernetes.client import Cluster, ExecResult


def probed(cluster, release="v2.8.4"):
    return capabilities.probe(cluster, "chaos-mesh", Release.of(release))


def answers(**wrong):
    names = [*capabilities._IN_NAMESPACE, *capabilities._PLAIN]
    return "\n".join("\t".join([name, *wrong.get(name.replace("-", "_"), ("0", "fine"))]) for name in names)


def test_success_has_no_reason_and_a_failure_says_how_it_was_probed():
    found = capabilities.parse(answers(netem=("2", "Error: Specified qdisc kind is unknown.")))
    assert found["tbf"] is None
    assert found["netem"] == (
        "`tc qdisc add dev lo root netem delay 1ms` in the daemon's container: "
        "Error: Specified qdisc kind is unknown."
    )


def test_a_silent_failure_tells_the_exit_code():
    assert "exit code 127" in (capabilities.parse(answers(toda=("127", "")))["toda"] or "")


def test_a_probe_without_an_answer_is_an_error():
    with pytest.raises(InfrastructureError) as caught:
        capabilities.parse(answers().replace("netem", "another"))
    assert "netem" in caught.value.details[0]


def test_the_script_answers_for_every_capability_of_a_node():
    """It is run here, where most is missing; what counts is that each probe gets its line."""
    run = subprocess.run(
        ["sh", "-c", capabilities.script()], capture_output=True, text=True, timeout=60, check=True
    )
    found = capabilities.parse(run.stdout)
    assert set(found) == set(capabilities._IN_NAMESPACE) | set(capabilities._PLAIN)


class FakeCluster(Cluster):
    """One node with a daemon, which answers the script with a given text."""

    def __init__(self, output, dns_ready=None, grafana=None):
        self.output, self.dns_ready, self.grafana = output, dns_ready, grafana
        self.scripts = 0

    def list(self, kind, namespace=None, label_selector=None, **_):
        if (kind, namespace, label_selector) == ("Pod", "chaos-harness", "app=grafana"):
            return [] if self.grafana is None else [{"status": self.grafana}]
        assert (kind, namespace) == ("Pod", "chaos-mesh")
        if "dns" in (label_selector or ""):
            ready = [{"type": "Ready", "status": str(self.dns_ready)}]
            return [] if self.dns_ready is None else [{"status": {"conditions": ready}}]
        running = {"running": {"startedAt": "2026-01-01T00:00:00Z"}}
        return [
            {
                "metadata": {"name": "chaos-daemon-x"},
                "spec": {
                    "nodeName": "n1",
                    "containers": [{"name": "chaos-daemon", "command": ["d", "--runtime", "containerd"]}],
                },
                "status": {"containerStatuses": [{"name": "chaos-daemon", "state": running}]},
            }
        ]

    def exec(self, namespace, pod, container, argv, timeout=0.0, **_):
        self.scripts += 1
        return ExecResult(self.output, "", 0)


def test_probe_covers_all_names_with_one_exec_a_node():
    cluster = FakeCluster(answers(netem=("2", "no")), dns_ready=True)
    found = probed(cluster)
    assert tuple(found) == capabilities.CAPABILITIES
    assert cluster.scripts == 1
    assert found["runtime-containerd"] is None
    assert "--runtime containerd" in found["runtime-docker"]
    assert found["netem"].startswith("node n1: ")
    assert found["dns-server"] is None
    assert found["two-nodes"] == "one node has a chaos-daemon: n1"


def test_a_node_that_is_left_out_is_not_asked():
    cluster = FakeCluster(answers())
    assert capabilities.probe_nodes(cluster, "chaos-mesh", ["n1"]) == {}
    assert cluster.scripts == 0


def test_where_no_node_may_be_entered_nothing_is_probed_there():
    cluster = FakeCluster(answers(), dns_ready=True)
    found = capabilities.probe(
        cluster, "chaos-mesh", Release.of("v2.8.4"), closed="the account may not create pods/exec"
    )
    assert cluster.scripts == 0
    assert found["netem"] == "node n1: not probed: the account may not create pods/exec"
    assert found["runtime-containerd"] is None
    assert found["dns-server"] is None


@pytest.mark.parametrize("ready", [None, False])
def test_a_dns_server_that_is_not_ready_is_missing(ready):
    assert "chaos-dns-server" in probed(FakeCluster(answers(), ready))["dns-server"]


def test_a_dns_server_that_was_not_installed_says_what_installs_it():
    assert "dnsServer.create" in probed(FakeCluster(answers()))["dns-server"]
    assert "dnsServer.create" not in probed(FakeCluster(answers(), dns_ready=False))["dns-server"]


@pytest.mark.parametrize(
    ("cpuinfo", "auxv", "reason"),
    [
        ("processor: 0\nvendor_id\t: GenuineIntel", {33: 4096, 6: 4096}, ""),
        ("processor: 0\nmodel name\t: User Mode Linux", {33: 4096}, "user-mode Linux takes a TimeChaos"),
        ("processor: 0", {6: 4096, 16: 33}, "processes have no vDSO"),
    ],
)
def test_clocks_move_where_the_kernel_has_a_vdso_that_can_be_changed(tmp_path, cpuinfo, auxv, reason):
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    (tmp_path / "auxv").write_bytes(b"".join(struct.pack("=QQ", *each) for each in auxv.items()))
    command = capabilities._PLAIN["movable-clocks"]
    command = command.replace("/proc/cpuinfo", str(tmp_path / "cpuinfo"))
    command = command.replace("/proc/self/auxv", str(tmp_path / "auxv"))
    run = subprocess.run(["sh", "-c", command], check=False, capture_output=True, text=True, timeout=10)
    assert (run.returncode == 0, run.stdout.startswith(reason)) == (not reason, True)


@pytest.mark.parametrize(
    ("programs", "reason"),
    [
        (["java", "bminstall.sh", "bmsubmit.sh"], None),
        (["java", "bminstall.sh"], "there is no bmsubmit.sh"),
        (["bminstall.sh", "bmsubmit.sh"], "there is no java"),
    ],
)
def test_byteman_is_there_with_its_scripts_and_java(tmp_path, programs, reason):
    for name in ["sh", "cat", *programs]:
        (tmp_path / name).symlink_to("/bin/true" if name in programs else f"/bin/{name}")
    run = subprocess.run(
        ["/bin/sh", "-c", capabilities._PLAIN["byteman"]],
        env={"PATH": str(tmp_path), "BYTEMAN_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.stdout.strip() or None, run.returncode) == (reason, 1 if reason else 0)


def test_a_container_runtime_that_no_own_cluster_has_says_where_it_can_be_tried():
    assert "--kubeconfig" in probed(FakeCluster(answers()))["runtime-crio"]


NOT_READY = "no pod with app=grafana is ready in the namespace chaos-harness"
READY = {"conditions": [{"type": "Ready", "status": "True"}]}
PULLING = {
    "conditions": [{"type": "Ready", "status": "False"}],
    "containerStatuses": [
        {"name": "grafana", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}
    ],
}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (READY, None),
        (None, "there is no pod with app=grafana in the namespace chaos-harness: Grafana is installed"),
        (
            PULLING,
            f"{NOT_READY}: ImagePullBackOff no such image",
        ),
        ({}, NOT_READY),
    ],
)
def test_grafana_says_why_it_is_missing(status, reason):
    found = probed(FakeCluster(answers(), grafana=status))["grafana"]
    assert found is None if reason is None else found.startswith(reason)


@pytest.mark.parametrize("release", ["v2.8.0", "v2.8.4+6", "latest"])
def test_what_a_release_brings_is_not_probed(release):
    assert probed(FakeCluster(answers()), release)["recovers-panics"] is None


def test_what_a_release_does_not_have_yet_says_which_release_it_is():
    reason = probed(FakeCluster(answers()), "chart-2.7.3-source-0a1b2c3d")["recovers-panics"]

    assert reason is not None
    assert reason.startswith("a panic of a reconciler ends the controller-manager")
    assert reason.endswith("this is v2.7.3")


def test_a_node_apart_is_probed_alone():
    found = capabilities.probe_apart(FakeCluster(answers(netem=("2", "no"))), "chaos-mesh", "n1")
    assert (found["netem"] or "").startswith("node n1: `tc qdisc add")
    assert found["sfq"] is found["runtime-containerd"] is None
    assert "two-nodes" not in found and "dns-server" not in found
    with pytest.raises(InfrastructureError, match="n2"):
        capabilities.probe_apart(FakeCluster(answers()), "chaos-mesh", "n2")


def test_a_capability_is_missing_only_where_no_node_has_it():
    ordinary = {"netem": "node a: no", "cgroup-v1": None, "fuse": "node a: no", "dns-server": "none"}
    apart = {"netem": None, "cgroup-v1": "node b: no", "fuse": "node b: no"}
    assert capabilities.anywhere(ordinary, apart) == {
        "netem": None,
        "cgroup-v1": None,
        "fuse": "node a: no; node b: no",
        "dns-server": "none",
    }
    assert capabilities.anywhere(ordinary, {}) == ordinary
