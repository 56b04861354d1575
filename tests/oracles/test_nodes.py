import dataclasses
import time

import pytest

from harness.oracles.base import OneOf, OracleError, oracles
from harness.oracles.network import IpsetMembers, IptablesPackets, TcQdiscs
from harness.oracles.processes import ManagedParameters, ManagedProcesses, Processes, ProcessParameters
from harness.oracles.workload import ClockOffset, DnsRcode, HttpAnswers, Reachable, ReadSeconds

PROCESSES = """/proc/50/status:Name:\tchaos-daemon
/proc/50/status:PPid:\t1
/proc/70/status:Name:\tnsexec
/proc/70/status:PPid:\t50
/proc/71/status:Name:\tstress-ng
/proc/71/status:PPid:\t70
==cmdline
/proc/50/cmdline:chaos-daemon\0
/proc/70/cmdline:nsexec\0--\0stress-ng\0
/proc/71/cmdline:stress-ng\0--cpu\0001\0
==cgroup
/proc/71/cgroup:4:memory:/kubepods/id-of-a
==namespace
"""


def test_all_oracles_are_found_and_described():
    found = oracles()
    assert {"experiments", "events", "tc-qdiscs", "clock-offset"} <= set(found)
    assert all(oracle.summary for oracle in found.values())


def test_managed_processes_are_one_number(cluster, read):
    cluster.exec_output = PROCESSES
    assert read(ManagedProcesses) == read(ManagedProcesses, node="n1") == {(): 1}
    with pytest.raises(OracleError, match="n2"):
        read(ManagedProcesses, node="n2")


def test_managed_processes_of_a_node_that_is_left_out_are_not_looked_at(cluster, world):
    cluster.exec_output = PROCESSES
    away = dataclasses.replace(world, left_out=frozenset({"n1"}))
    oracle = ManagedProcesses(away)
    (point,) = oracle.read(ManagedParameters())
    assert point.value == 0


def test_processes_inside_targets_are_counted_once(cluster, read, pod_named, target):
    cluster.exec_output = PROCESSES
    cluster.put("Pod", pod_named("a"), pod_named("b"))
    assert read(Processes, named="stress-ng", **{"in": [target("a"), target("a")]}) == {(): 1}
    assert read(Processes, named="stress-ng", **{"in": [target("b")]}) == {(): 0}
    assert read(Processes, named="memStress", **{"in": [target("a")]}) == {(): 0}


def test_a_proof_that_fails_names_what_runs_instead(cluster, world, pod_named, target):
    cluster.exec_output = PROCESSES
    cluster.put("Pod", pod_named("a"), pod_named("b"))
    oracle = Processes(world)
    wanted = ProcessParameters.model_validate({"named": "memStress", "in": [target("a"), target("b")]})
    assert wanted.text() == "named memStress, in a/c, b/c"
    assert oracle.instead(wanted) == ["a/c runs: stress-ng", "b/c runs: nothing"]
    managed = ManagedProcesses(world)
    assert managed.instead(ManagedParameters()) == ["chaos-daemon on n1 manages: stress-ng"]


ABOUT_CONTAINERS = [each for each in oracles().values() if "targets" in each.parameters.model_fields]


@pytest.mark.parametrize("oracle", ABOUT_CONTAINERS, ids=lambda each: each.name)
def test_every_oracle_about_containers_says_which(oracle, target):
    fields = oracle.parameters.model_fields
    needed = {
        name: next((each.known[0] for each in field.metadata if isinstance(each, OneOf)), "x")
        for name, field in fields.items()
        if field.is_required() and name != "targets"
    }
    words = oracle.parameters.model_validate({**needed, "in": [target(each) for each in "abcd"]}).text()
    assert words == ", ".join(
        [*(f"{name} {value}" for name, value in needed.items()), "in a/c, b/c, c/c, 1 more"]
    )


def test_network_oracles_take_one_exec_for_all_targets_of_a_node(cluster, read, pod_named, target):
    cluster.put("Pod", pod_named("a"), pod_named("b"), pod_named("dead", state="waiting"))
    cluster.exec_output = "==begin id-of-a\nadd s 1\nadd s 2\n==end 0\n==begin id-of-b\n==end 0\n"
    targets = [target("a"), target("b"), target("dead"), target("never-was")]
    assert read(IpsetMembers, **{"in": targets}) == {("n", "a", "c"): 2, ("n", "b", "c"): 0}
    assert len(cluster.executed) == 1
    assert cluster.executed[0][-2:] == ["id-of-a", "id-of-b"], "only running containers are looked into"


@pytest.mark.parametrize("output", ["", "==begin id-of-a\nadd s 1\n", "==begin id-of-a\nadd s 1==end 0\n"])
def test_a_look_that_was_cut_off_is_no_answer(cluster, read, pod_named, target, output):
    cluster.put("Pod", pod_named("a"))
    cluster.exec_output = output
    with pytest.raises(OracleError, match="was cut off"):
        read(IpsetMembers, **{"in": [target("a")]})


def test_where_nobody_knows_the_node_nothing_was_seen(cluster, read, pod_named, target):
    cluster.put("Pod", pod_named("a"))
    cluster.exec_output = PROCESSES
    with pytest.raises(OracleError, match="the node of a is not known"):
        read(Processes, named="stress-ng", **{"in": [target("a", node="")]})


def test_qdiscs_of_a_kind_are_zero_rather_than_absent(cluster, read, pod_named, target):
    cluster.put("Pod", pod_named("a"))
    cluster.exec_output = "==begin id-of-a\nqdisc noqueue 0: dev lo root refcnt 2\n==end 0\n"
    assert read(TcQdiscs, kind="tbf", **{"in": [target("a")]}) == {("n", "a", "c"): 0}
    one = read(TcQdiscs, kind="tbf", **{"in": target("a")})
    assert one == {("n", "a", "c"): 0}, "one container needs no list, as with `in` of exec"


def test_the_same_rule_twice_is_one_point_with_the_sum(cluster, read, pod_named, target):
    cluster.put("Pod", pod_named("a"))
    rules = "*filter\n:INPUT ACCEPT [0:0]\n[3:30] -A INPUT -j DROP\n[4:40] -A INPUT -j DROP\n"
    cluster.exec_output = f"==begin id-of-a\n{rules}==end 0\n"
    assert read(IptablesPackets, **{"in": [target("a")]}) == {
        ("n", "a", "c", "filter", "INPUT", "ACCEPT", "-j DROP"): 7
    }


def test_clock_offset_compares_the_workload_with_its_node(cluster, read, pod_named, target):
    cluster.put("Pod", pod_named("a"))
    now = time.time()
    cluster.exec_output = f"{now + 1000:.6f}\n"
    cluster.answers["a", "clock"] = (200, f'{{"time": {now + 400}}}'.encode())
    ((labels, offset),) = read(ClockOffset, **{"in": [target("a")]}).items()
    assert labels == ("n", "a", "c")
    assert offset == pytest.approx(-600, abs=1)


def test_what_the_workload_reads_and_looks_up_is_told_by_itself(cluster, read, target):
    cluster.answers["a", "read"] = (200, b'{"seconds": 0.5}')
    cluster.answers["a", "lookup"] = (200, b'{"rcode": 2}')
    assert read(ReadSeconds, **{"in": [target("a")]}) == {("n", "a", "c"): 0.5}
    assert read(DnsRcode, name="x.test", **{"in": [target("a")]}) == {("n", "a", "c"): 2}
    assert cluster.executed[-1][2] == {"name": "x.test"}
    cluster.answers["a", "lookup"] = (502, b"")
    with pytest.raises(OracleError, match="HTTP 502"):
        read(DnsRcode, name="x.test", **{"in": [target("a")]})


@pytest.mark.parametrize(("status", "answers"), [(200, 1), (404, 1), (500, 1), (502, 0), (503, 0)])
def test_an_answer_of_the_api_server_is_none_of_the_workload(cluster, read, target, status, answers):
    cluster.answers["a", "page"] = (status, b"")
    assert read(HttpAnswers, path="page", **{"in": [target("a")]}) == {("n", "a", "c"): answers}


def test_reachable_sends_one_request(cluster, read, pod_named):
    cluster.put("Pod", pod_named("b"))
    cluster.answers["a", "send"] = (200, b'{"sent": 1, "answered": 0, "bytes": 100}')
    assert read(Reachable, source="a", target="b") == {(): 0}
    assert cluster.executed[-1][2] == {"to": "10.0.0.9:8080", "count": "1", "timeout": "0.3"}


def test_a_workload_that_does_not_answer_is_no_answer(cluster, read, pod_named):
    cluster.put("Pod", pod_named("b"))
    cluster.answers["a", "send"] = (503, b"no endpoints")
    with pytest.raises(OracleError, match="503"):
        read(Reachable, source="a", target="b")
    for answer in (b"<html>", b"[]", b"{}"):
        # As HTTPChaos makes them.
        cluster.answers["a", "send"] = (200, answer)
        with pytest.raises(OracleError, match="a answered /send with"):
            read(Reachable, source="a", target="b")
    with pytest.raises(OracleError, match="no address"):
        read(Reachable, source="a", target="gone")
