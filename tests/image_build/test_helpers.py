"""Our substitutes for chaos-daemon's helpers, compiled and run for real."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.base import bundled

HELPERS = bundled.fixtures() / "images" / "helpers"
PATIENCE = 10.0

pytestmark = pytest.mark.skipif(not shutil.which("gcc"), reason="gcc is not on PATH")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="joining namespaces needs root")


def compiled(source: str, folder: Path) -> Path:
    program = folder / source.removesuffix(".c")
    command: list[str | Path] = [
        "gcc",
        "-O2",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-static",
        "-pthread",
        "-o",
        program,
        HELPERS / source,
    ]
    subprocess.run(command, check=True, timeout=120)
    return program


@pytest.fixture(scope="module")
def nsexec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("nsexec.c", tmp_path_factory.mktemp("nsexec"))


@pytest.fixture(scope="module")
def memstress(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return compiled("memstress.c", tmp_path_factory.mktemp("memstress"))


def eventually(what: Callable[[], object]) -> None:
    """Wait until something about another process is true; the kernel sends no event for it."""
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.01)


def run(*command: object, **options: object) -> "subprocess.CompletedProcess[str]":
    words = [str(word) for word in command]
    return subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False, **options)  # type: ignore[call-overload,no-any-return]


@contextmanager
def running(*command: object) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait(PATIENCE)
        if process.stdout:
            process.stdout.close()


@contextmanager
def namespaces(*kinds: str) -> Iterator[Path]:
    """A process of our own in new namespaces; the folder /proc/PID/ns of it."""
    command = ["unshare", *(f"--{kind}" for kind in kinds), "--kill-child", "--fork"]
    with running(*command, "sh", "-c", "echo ready; exec sleep 60") as parent:
        assert parent.stdout
        assert parent.stdout.readline() == "ready\n"
        child = int(Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()[0])
        yield Path(f"/proc/{child}/ns")


def line_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout
    return process.stdout.readline().strip()


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except FileNotFoundError:
        return False


class TestNsexec:
    @pytest.mark.parametrize("code", [0, 1, 7, 255])
    def test_the_exit_code_is_the_commands(self, nsexec: Path, code: int) -> None:
        assert run(nsexec, "--", "sh", "-c", f"exit {code}").returncode == code

    def test_a_command_that_a_signal_ended_is_128_and_the_signal(self, nsexec: Path) -> None:
        assert run(nsexec, "--", "sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL

    def test_arguments_and_standard_streams_are_the_commands(self, nsexec: Path) -> None:
        ran = run(nsexec, "--", "sh", "-c", 'cat; printf "%s;" "$@" >&2', "sh", "-n", "two words", input="in")
        assert (ran.stdout, ran.stderr) == ("in", "-n;two words;")

    @pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
    def test_signals_reach_the_command_as_sigterm(self, nsexec: Path, sent: signal.Signals) -> None:
        traps = 'trap "echo TERM; exit 3" TERM; trap "echo INT; exit 4" INT'
        script = f"{traps}; echo ready; while :; do sleep 0.01; done"
        with running(nsexec, "--", "sh", "-c", script) as process:
            assert line_of(process) == "ready"
            process.send_signal(sent)
            assert line_of(process) == "TERM"
            assert process.wait(PATIENCE) == 3

    def test_a_command_without_a_handler_really_ends(self, nsexec: Path) -> None:
        with running(nsexec, "--", "sh", "-c", "echo $$; exec sleep 60") as process:
            command = int(line_of(process))
            process.terminate()
            assert process.wait(PATIENCE) == 128 + signal.SIGTERM
            assert not alive(command)

    def test_a_killed_nsexec_leaves_no_command_behind(self, nsexec: Path) -> None:
        with running(nsexec, "--", "sh", "-c", "echo $$; exec sleep 60") as process:
            command = int(line_of(process))
            process.kill()
            eventually(lambda: not alive(command))

    @pytest.mark.parametrize("arguments", [[], ["--"], ["-x", "--", "true"], ["-n"]])
    def test_wrong_usage_is_refused(self, nsexec: Path, arguments: list[str]) -> None:
        ran = run(nsexec, *arguments)
        assert ran.returncode == 2
        assert "usage: nsexec" in ran.stderr

    @pytest.mark.parametrize("local", [[], ["-l"]])
    def test_a_command_that_is_not_there_is_127(self, nsexec: Path, local: list[str]) -> None:
        ran = run(nsexec, *local, "--", "no-such-command")
        assert ran.returncode == 127
        assert "no-such-command" in ran.stderr

    def test_a_namespace_that_is_not_there_is_named(self, nsexec: Path) -> None:
        ran = run(nsexec, "-n", "/proc/self/ns/typo", "--", "true")
        assert ran.returncode == 125
        assert "/proc/self/ns/typo" in ran.stderr

    @needs_root
    @pytest.mark.parametrize(("option", "kind"), [("-n", "net"), ("-i", "ipc"), ("-u", "uts"), ("-m", "mnt")])
    def test_a_namespace_is_joined_and_no_other(self, nsexec: Path, option: str, kind: str) -> None:
        new = "mount" if kind == "mnt" else kind
        with namespaces(new) as folder:
            script = "for kind in net ipc uts mnt pid; do readlink /proc/self/ns/$kind; done"
            ran = run(nsexec, option, folder / kind, "--", "sh", "-c", script)
            assert ran.returncode == 0, ran.stderr
            joined = dict(line.split(":") for line in ran.stdout.split())
            for name, inode in joined.items():
                whose = folder if name == kind else Path("/proc/self/ns")
                assert f"{name}:{inode}" == str((whose / name).readlink())

    @needs_root
    def test_in_a_pid_namespace_the_command_is_seen_by_the_target(self, nsexec: Path) -> None:
        with namespaces("pid", "mount") as folder:
            ran = run(
                nsexec,
                "-p",
                folder / "pid_for_children",
                "--",
                "sh",
                "-c",
                "echo $$; readlink /proc/1/ns/net",
            )
            assert int(ran.stdout.split()[0]) < 10

    @needs_root
    def test_a_signal_ends_a_command_in_another_pid_namespace(self, nsexec: Path) -> None:
        with (
            namespaces("pid", "mount") as folder,
            running(nsexec, "-p", folder / "pid", "-n", folder / "net", "--", "sleep", "60") as process,
        ):
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
            eventually(lambda: children.read_text().split())
            command = int(children.read_text().split()[0])
            eventually(lambda: Path(f"/proc/{command}/comm").read_text() == "sleep\n")
            process.terminate()
            assert process.wait(PATIENCE) == 128 + signal.SIGTERM
            assert not alive(command)

    @needs_root
    def test_a_network_interface_of_the_target_is_seen(self, nsexec: Path) -> None:
        if not shutil.which("ip"):
            pytest.skip("iproute2 is not installed")
        with namespaces("net") as folder:
            add = run(nsexec, "-n", folder / "net", "--", "ip", "link", "add", "seen0", "type", "bridge")
            if "not supported" in add.stderr:
                pytest.skip("the kernel has no bridges")
            assert add.returncode == 0, add.stderr
            assert "seen0" in run(nsexec, "-n", folder / "net", "--", "ip", "link").stdout
            assert "seen0" not in run("ip", "link").stdout

    @needs_root
    def test_with_l_the_command_is_the_callers_and_its_files_are_the_targets(
        self, nsexec: Path, tmp_path: Path
    ) -> None:
        source = tmp_path / "show.c"
        source.write_text(
            '#include <stdio.h>\nint main(int c, char **v) { FILE *f = fopen(v[1], "r"); '
            'return c < 2 || !f || printf("%c\\n", fgetc(f)) < 0; }\n'
        )
        (tmp_path / "here").mkdir()
        show = tmp_path / "here" / "show"
        subprocess.run(["gcc", "-static", "-o", show, source], check=True, timeout=120)
        secret = tmp_path / "here" / "secret"
        with running(
            "unshare", "--mount", "sh", "-c",
            f"mount -t tmpfs none {tmp_path}/here && echo x > {secret}; echo ready; exec sleep 60",
        ) as target:  # fmt: skip
            assert line_of(target) == "ready"
            mounts = f"/proc/{target.pid}/ns/mnt"
            assert run(nsexec, "-m", mounts, "--", show, secret).returncode == 127
            assert run(nsexec, "-l", "-m", mounts, "--", show, secret).stdout == "x\n"


class TestMemStress:
    @staticmethod
    def resident(pid: int) -> int:
        """Return the resident memory in bytes."""
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
        return int(found[1]) * 1024 if found else 0

    @pytest.mark.parametrize(
        ("size", "expected"),
        [
            ("32MB", 32 << 20),
            ("32MiB", 32 << 20),
            ("32m", 32 << 20),
            ("32768KB", 32 << 20),
            ("33554432", 32 << 20),
        ],
    )
    @pytest.mark.parametrize("workers", [1, 4])
    def test_the_workers_together_hold_the_size(
        self, memstress: Path, size: str, expected: int, workers: int
    ) -> None:
        with running(memstress, "--workers", workers, "--size", size) as process:
            eventually(lambda: self.resident(process.pid) >= expected)
            assert self.resident(process.pid) < expected + (8 << 20)
            threads = re.search(r"Threads:\s+(\d+)", Path(f"/proc/{process.pid}/status").read_text())
            assert threads and int(threads[1]) == workers + 1

    def test_a_share_of_all_memory_is_held(self, memstress: Path) -> None:
        total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        with running(memstress, "--size", "0.1%") as process:
            eventually(lambda: self.resident(process.pid) >= total / 1000)

    def test_with_a_time_the_memory_grows_slowly(self, memstress: Path) -> None:
        with running(memstress, "--size", "64MB", "--time", "1h") as process:
            eventually(lambda: self.resident(process.pid) > 0)
            assert self.resident(process.pid) < 16 << 20

    def test_sigterm_ends_it_as_one_that_ends_by_it(self, memstress: Path) -> None:
        with running(memstress, "--size", "1MB") as process:
            eventually(lambda: self.resident(process.pid) >= 1 << 20)
            process.terminate()
            assert process.wait(PATIENCE) == -signal.SIGTERM

    @pytest.mark.parametrize(
        "arguments",
        [
            ["--size", "much"],
            ["--size", "0"],
            ["--size", "-1MB"],
            ["--size", "101%"],
            ["--size", "1MBs"],
            ["--workers", "0"],
            ["--workers", "two"],
            ["--time", "soon"],
            ["--colour", "red"],
            ["extra"],
        ],
    )
    def test_wrong_usage_is_refused(self, memstress: Path, arguments: list[str]) -> None:
        ran = run(memstress, *arguments)
        assert ran.returncode == 2
        assert "usage: memStress" in ran.stderr
