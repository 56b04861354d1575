import pytest

from harness.base.errors import InfrastructureError
from harness.chaosmesh import processes

CONTAINER = "c0ffee" * 10
OUTPUT = f"""/proc/1/status:Name:\tsystemd
/proc/1/status:PPid:\t0
/proc/1/status:NSpid:\t1
/proc/50/status:Name:\tchaos-daemon
/proc/50/status:PPid:\t1
/proc/50/status:NSpid:\t50
/proc/60/status:Name:\tpython3
/proc/60/status:PPid:\t1
/proc/60/status:NSpid:\t60\t1
/proc/70/status:Name:\tnsexec
/proc/70/status:PPid:\t50
/proc/70/status:NSpid:\t70
/proc/71/status:Name:\tstress-ng
/proc/71/status:PPid:\t70
/proc/71/status:NSpid:\t71\t9
/proc/72/status:Name:\tstress-ng-cpu
/proc/72/status:PPid:\t71
/proc/72/status:NSpid:\t72\t10
/proc/80/status:Name:\tnsexec
/proc/80/status:PPid:\t50
/proc/80/status:NSpid:\t80
/proc/81/status:Name:\tkthreadd
/proc/81/status:PPid:\t0
/proc/81/status:NSpid:\t81
==cmdline
/proc/1/cmdline:/sbin/init\0
/proc/50/cmdline:/usr/local/bin/chaos-daemon\0--runtime\0containerd\0
/proc/60/cmdline:python3\0-c\0print(1)
/proc/60/cmdline:print(2)\0
/proc/70/cmdline:/usr/local/bin/nsexec\0-p\0/proc/60/ns/pid\0--\0stress-ng\0--cpu\0001\0
/proc/71/cmdline:stress-ng\0--cpu\0001\0
/proc/72/cmdline:stress-ng-cpu [run]\0
/proc/80/cmdline:/usr/local/bin/nsexec\0-n\0/proc/60/ns/net\0--\0iptables-save\0-c\0
/proc/99/cmdline:came-later\0
==cgroup
/proc/1/cgroup:4:memory:/
/proc/1/cgroup:0::/
/proc/60/cgroup:4:memory:/kubepods/cri-containerd-{CONTAINER}.scope
/proc/60/cgroup:0::/
/proc/70/cgroup:4:memory:/kubepods/cri-containerd-{CONTAINER}.scope
/proc/71/cgroup:4:memory:/elsewhere
==namespace
/proc/1/ns/pid:pid:[1]
/proc/60/ns/pid:pid:[2]
/proc/70/ns/pid:pid:[1]
/proc/71/ns/pid:pid:[2]
/proc/72/ns/pid:pid:[2]
"""


def test_parse_reads_all_sections():
    found = processes.parse(OUTPUT)
    assert 99 not in found, "a process that came while we looked is not known well enough"
    assert (found[71].parent, found[71].depth, found[71].pid_namespace) == (70, 2, "pid:[2]")
    assert found[60].argv == ["python3", "-c", "print(1)\nprint(2)"]
    assert CONTAINER in found[60].cgroup, "one hierarchy's path must not hide another's"
    assert (found[81].argv, found[81].program) == ([], "kthreadd")
    assert found[50].program == "chaos-daemon"


def test_managed_are_commands_that_the_daemon_keeps():
    assert [process.pid for process in processes.managed(processes.parse(OUTPUT))] == [70]


def test_what_the_daemon_is_just_starting_is_not_taken_for_the_daemon():
    # As the shell lists them, 120 comes before 50.
    starting = processes.Process(120, parent=50, name="chaos-daemon", argv=["chaos-daemon", "--port", "1"])
    seen = {120: starting, **processes.parse(OUTPUT)}
    assert processes.daemon_of(seen).pid == 50
    assert [process.pid for process in processes.managed(seen)] == [70]


def test_inside_are_processes_of_the_cgroup_and_of_the_pid_namespace():
    inside = processes.of_container(processes.parse(OUTPUT), CONTAINER)
    assert {process.pid for process in inside} == {60, 70, 71, 72}
    assert processes.of_container(processes.parse(OUTPUT), "f" * 64) == []


@pytest.mark.parametrize(
    ("argv", "program"),
    [
        (
            ["pause", "choom", "-n", "1000", "--", "nsexec", "-p", "/proc/1/ns/pid", "--", "memStress"],
            "memStress",
        ),
        (["/usr/local/bin/nsexec", "-l", "-p", "x", "--", "/usr/local/bin/toda", "--path", "/v"], "toda"),
        (["tproxy", "-i", "-vv"], "tproxy"),
        (["nsexec", "-n", "x", "--", "tc", "qdisc"], None),
        (["sh", "-c", "stress-ng"], None),
        ([], None),
    ],
)
def test_what_a_command_line_launches(argv, program):
    assert processes.launches(processes.Process(1, argv=argv)) == program


def test_a_node_without_a_daemon_is_an_error():
    with pytest.raises(InfrastructureError):
        processes.managed({1: processes.Process(1, name="init")})
