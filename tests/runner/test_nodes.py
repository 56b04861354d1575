"""Where a command of a node is run, that what it breaks is noted first, and what a wrong end becomes."""

from typing import Any

import pytest
from pydantic import ValidationError

from harness.actions.node import Node
from harness.base.errors import InfrastructureError, UsageError
from harness.chaosmesh import breakage
from harness.chaosmesh.boundary import Reach
from harness.chaosmesh.workload import WorkloadHandle
from harness.kubernetes.client import ExecResult
from harness.kubernetes.errors import UnreachableError
from harness.runner import nodes
from harness.runner.step_failed import StepFailedError
from tests.fakes.clock import FakeClock
from tests.fakes.cluster import CHAOS_MESH, FakeCluster

NAME = "mini-node-exporter-0"
STATUS = {"name": "exporter", "containerID": "containerd://abc"}


class RunningCommands(FakeCluster):
    """Holds what was run, and what had been noted by then; every command ends with `result`."""

    def __init__(self, clock):
        super().__init__(clock)
        self.ran: list[Any] = []
        self.noted: list[Any] = []
        self.result: ExecResult | Exception = ExecResult("said\n", "", 0)

    def exec(self, namespace, pod, container, argv, timeout=0.0, **_):
        self.ran.append((namespace, pod, argv))
        self.noted.append(breakage.noted(self, "n"))
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


@pytest.fixture
def cluster():
    fake = RunningCommands(FakeClock())
    fake.put("Namespace", "n")
    pod = fake.put("Pod", NAME, "n")
    pod["spec"] = {"nodeName": "n1", "containers": [{"name": "exporter"}]}
    pod["status"] = {"containerStatuses": [STATUS]}
    return fake


def execute(cluster, **wanted):
    workload = WorkloadHandle("mini-node-exporter", "n", {}, [cluster.get("Pod", NAME, "n")])
    scope = {"node": "n1", "word": "x", "namespace": "n", "workload": workload.scope()}
    return nodes.execute(
        cluster, Node.model_validate(wanted), "n", CHAOS_MESH, workload, scope, Reach(("n",))
    )


def test_a_command_on_a_node_is_run_in_its_daemon_as_it_is(cluster):
    answer = execute(cluster, name="${node}", command=["echo", "${word}"], answered="said")
    assert cluster.ran == [(CHAOS_MESH, "chaos-daemon-1", ["echo", "x"])]
    assert answer == {"node": "n1", "command": ["echo", "x"], "exit": 0, "stdout": "said\n", "stderr": ""}
    assert cluster.noted == [set()]


def test_a_command_on_the_node_of_a_component_goes_to_its_first_pod_that_is_ready(cluster):
    for name, ready in (("d-3", "True"), ("d-1", "False"), ("d-2", "True")):
        pod = cluster.put("Pod", name, CHAOS_MESH)
        pod["metadata"]["labels"] = {"app.kubernetes.io/component": "chaos-dashboard"}
        pod["spec"] = {"nodeName": "n1" if name == "d-2" else "other"}
        pod["status"] = {"conditions": [{"type": "Ready", "status": ready}]}
    assert execute(cluster, node_of="chaos-dashboard", command=["id"])["node"] == "n1"
    assert cluster.ran == [(CHAOS_MESH, "chaos-daemon-1", ["id"])]


def test_a_component_without_a_pod_that_is_ready_is_the_infrastructures(cluster):
    with pytest.raises(InfrastructureError, match="no pod of chaos-dashboard is ready"):
        execute(cluster, node_of="chaos-dashboard", command=["id"])
    assert cluster.ran == []


@pytest.mark.parametrize("where", [NAME, "${workload.targets[0]}", "${workload.targets}"])
def test_a_command_in_a_network_enters_that_of_the_container(cluster, where):
    execute(cluster, network_of=where, command=["ip", "link"])
    ((_, _, argv),) = cluster.ran
    assert argv[:2] == ["sh", "-c"]
    assert argv[3:] == ["sh", "abc", "ip", "link"]


def test_what_it_breaks_is_noted_before_it_is_run(cluster):
    cluster.result = UnreachableError("no answer")
    with pytest.raises(UnreachableError):
        execute(cluster, name="n1", command=["rm", "/sbin/tc"], breaks=["chaos-daemon", "workload"])
    assert cluster.noted == [{"chaos-daemon/n1", "workload"}]


def test_another_exit_code_is_a_failed_step_with_the_output(cluster):
    cluster.result = ExecResult("", "no such rule\n", 2)
    with pytest.raises(StepFailedError) as failed:
        execute(cluster, network_of=NAME, command=["iptables", "-S"])
    problem = failed.value.problem
    assert problem.reason == f"`iptables -S` in the network of {NAME} ended with 2, not 0"
    assert problem.details == ["no such rule"]


def test_a_container_that_does_not_run_is_named(cluster):
    cluster.objects["Pod", "n", NAME]["status"] = {}
    with pytest.raises(UsageError, match="exporter of the pod mini-node-exporter-0 does not run"):
        execute(cluster, network_of=NAME, command=["ip", "link"])


@pytest.mark.parametrize("where", [{}, {"name": "n1", "network_of": NAME}])
def test_it_has_exactly_one_place(where):
    with pytest.raises(ValidationError, match="exactly one of `name`, `node_of` and `network_of`"):
        Node.model_validate({"command": ["x"], **where})
