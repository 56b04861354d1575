"""The choice of an engine, over what a host may have."""

from __future__ import annotations

import io
import stat
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.base.progress import Progress
from harness.stack import engine


class FakeHost(engine.Host):
    """A host that has `programs`, of which `answering` answer and `able` run privileged containers."""

    def __init__(
        self,
        programs: set[str],
        *,
        answering: set[str] = frozenset(),  # type: ignore[assignment]
        able: set[str] = frozenset(),  # type: ignore[assignment]
        root: bool = False,
        cgroup_v2: bool = True,
        may_raise: bool = True,
        limits: tuple[int, int] = (1 << 20, 1 << 20),
        pid_max: int = 4_194_304,
    ) -> None:
        self.programs, self.answering, self.able = set(programs), set(answering), set(able)
        self.root, self.v2, self.may_raise, self.limits, self.pids = (
            root,
            cgroup_v2,
            may_raise,
            limits,
            pid_max,
        )
        self.calls: list[list[str]] = []
        self.simulated = "Inst conmon (2 Debian)\nInst podman (4 Debian)\nConf podman (4 Debian)\n"

    def which(self, program: str) -> Path | None:
        return Path("/usr/bin") / program if program in self.programs else None

    def is_root(self) -> bool:
        return self.root

    def cgroup_v2(self) -> bool:
        return self.v2

    def may_raise_limits(self) -> bool:
        return self.may_raise

    def hard_limits(self) -> tuple[int, int]:
        return self.limits

    def pid_max(self) -> int:
        return self.pids

    def machine(self) -> str:
        return "x86_64"

    def run(self, name: str, argv: list[str | Path], **options: Any) -> process.Result:
        words = [str(word) for word in argv]
        self.calls.append(words)
        program = Path(words[0]).name
        if words[0] == "apt-get" and "--simulate" in words:
            return process.Result(0, self.simulated, "", 0.1)
        if words[:4] == ["apt-get", "-q", "--no-remove", "install"]:
            self.programs |= {"podman", "iptables"}
        failed = (words[1] == "version" and program not in self.answering) or (
            words[1] == "run" and program not in self.able
        )
        if failed and options.get("check", True):
            raise process.CommandError(f"cannot {name}: exit code 1")
        return process.Result(int(failed), "1.2.3\n", "", 0.1)

    def installs(self) -> list[list[str]]:
        return [call for call in self.calls if call[0] == "apt-get" and "install" in call]

    def probes(self) -> int:
        return sum(1 for call in self.calls if call[1] == "run")


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))


@pytest.fixture
def quiet() -> Progress:
    return Progress(io.StringIO())


BOTH = {"docker", "podman"}


def test_docker_is_taken_when_it_works(quiet: Progress) -> None:
    found = engine.find(quiet, FakeHost(BOTH, answering=BOTH, able=BOTH))
    assert found.name == "docker"
    assert found.env["KIND_EXPERIMENTAL_PROVIDER"] == "docker"


def test_docker_without_daemon_leaves_it_to_podman(quiet: Progress) -> None:
    found = engine.find(quiet, FakeHost(BOTH, answering={"podman"}, able=BOTH))
    assert (found.name, found.path) == ("podman", Path("/usr/bin/podman"))


def test_docker_without_privileges_leaves_it_to_podman(quiet: Progress) -> None:
    assert engine.find(quiet, FakeHost(BOTH, answering=BOTH, able={"podman"})).name == "podman"


def test_an_engine_without_privileges_is_an_error_of_its_own(quiet: Progress) -> None:
    with pytest.raises(engine.PrivilegeError, match="docker answers but cannot run a privileged container"):
        engine.find(quiet, FakeHost({"docker"}, answering={"docker"}))


@pytest.mark.parametrize(("programs", "root"), [(set[str](), False), (set[str](), True), (BOTH, True)])
def test_no_engine_says_what_to_install(programs: set[str], root: bool, quiet: Progress) -> None:
    with pytest.raises(engine.NoEngineError) as caught:
        engine.find(quiet, FakeHost(programs, root=root))
    assert "apt-get install --no-remove podman runc" in caught.value.next_step
    assert any("docker" in line for line in caught.value.details)


@pytest.mark.parametrize("there", ["docker", "podman"])
def test_an_engine_that_refuses_a_user_without_root_says_what_to_set_up(there: str, quiet: Progress) -> None:
    with pytest.raises(engine.NoEngineError) as caught:
        engine.find(quiet, FakeHost({there}))
    other = next(name for name in engine.ENGINES if name != there)
    assert caught.value.details == [
        f"{other}: not on PATH",
        f"cannot ask {there} for its version: exit code 1",
    ]
    assert "start docker and have this user in its group" in caught.value.next_step
    assert "newuidmap" in caught.value.next_step


def test_root_with_apt_gets_podman(quiet: Progress) -> None:
    host = FakeHost({"apt-get"}, answering={"podman"}, able={"podman"}, root=True)
    said = io.StringIO()
    assert engine.find(Progress(said), host, install=True).name == "podman"
    assert ["apt-get", "-q", "update"] in host.calls
    assert "with them come: conmon" in said.getvalue()


@pytest.mark.parametrize("programs", [{"apt-get"}, {"apt-get", "docker"}, {"apt-get", "podman"}])
def test_nothing_is_installed_unless_it_is_asked_for(programs: set[str], quiet: Progress) -> None:
    host = FakeHost(programs, root=True)
    with pytest.raises(engine.NoEngineError):
        engine.find(quiet, host)
    assert host.installs() == []


def test_nothing_is_installed_for_podman_when_docker_answers(quiet: Progress) -> None:
    host = FakeHost({"apt-get", *BOTH}, answering=BOTH, able=BOTH, root=True)
    assert engine.find(quiet, host, install=True).name == "docker"
    assert host.installs() == []


def test_a_stopped_docker_is_not_removed_for_podman(quiet: Progress) -> None:
    """Debian's runc conflicts with the containerd.io of docker's own packages."""
    host = FakeHost({"apt-get", "docker"}, root=True)
    host.simulated = "Remv docker-ce [5:27]\nRemv containerd.io [1.7]\nInst runc (1.1 Debian)\n"
    with pytest.raises(engine.NoEngineError) as caught:
        engine.find(quiet, host, install=True)
    assert "would remove docker-ce, containerd.io; nothing was installed" in caught.value.render()
    assert "start docker" in caught.value.next_step
    assert all("--simulate" in call for call in host.installs())


def test_a_runtime_that_is_there_is_not_asked_for_again(quiet: Progress) -> None:
    host = FakeHost({"apt-get", "docker", "runc"}, answering={"podman"}, able={"podman"}, root=True)
    engine.find(quiet, host, install=True)
    assert all("runc" not in call and "--no-remove" in call for call in host.installs()[1:])


def test_without_root_nothing_is_installed(quiet: Progress) -> None:
    host = FakeHost({"apt-get"}, answering={"podman"}, able={"podman"})
    with pytest.raises(engine.NoEngineError):
        engine.find(quiet, host, install=True)
    assert host.calls == []


def test_podman_that_fails_is_not_installed_again(quiet: Progress) -> None:
    host = FakeHost({"apt-get", "podman", "iptables"}, answering={"podman"}, root=True)
    with pytest.raises(engine.PrivilegeError):
        engine.find(quiet, host, install=True)
    assert host.installs() == []


def test_success_is_probed_once_and_failure_each_time(quiet: Progress) -> None:
    host = FakeHost({"podman"}, answering={"podman"}, able={"podman"})
    engine.find(quiet, host)
    engine.find(quiet, host)
    assert host.probes() == 1
    broken = FakeHost({"docker"}, answering={"docker"})
    for _ in range(2):
        with pytest.raises(engine.PrivilegeError):
            engine.find(quiet, broken)
    assert broken.probes() == 2


def test_a_changed_configuration_is_probed_again(quiet: Progress) -> None:
    host = FakeHost({"podman"}, answering={"podman"}, able={"podman"}, may_raise=False)
    engine.find(quiet, host)
    host.limits = (4096, 4096)
    engine.find(quiet, host)
    assert host.probes() == 2


def test_a_cut_off_probe_result_is_ignored(quiet: Progress, tmp_path: Path) -> None:
    (tmp_path / "engine.json").write_text('{"program": "/usr/b')
    host = FakeHost({"podman"}, answering={"podman"}, able={"podman"})
    engine.find(quiet, host)
    assert host.probes() == 1


def test_the_probe_image_is_removed_also_when_the_probe_fails(quiet: Progress) -> None:
    host = FakeHost({"docker"}, answering={"docker"})
    with pytest.raises(engine.PrivilegeError):
        engine.find(quiet, host)
    assert host.calls[-1][1] == "rmi"


def test_podman_keeps_its_own_defaults_on_an_ordinary_host() -> None:
    assert engine.containers_conf(FakeHost({"podman"})) is None


def test_limits_stay_within_the_hosts() -> None:
    host = FakeHost({"podman"}, may_raise=False, limits=(20000, 96365), pid_max=32768)
    text = engine.containers_conf(host)
    assert text is not None
    assert '"nofile=20000:20000", "nproc=32768:32768"' in text
    assert "runtime" not in text


def test_no_hard_limit_is_not_minus_one() -> None:
    text = engine.containers_conf(FakeHost({"podman"}, may_raise=False, limits=(-1, -1)))
    assert text is not None
    assert "nofile=1048576:1048576" in text
    assert "-1" not in text


def test_cgroup_v1_takes_runc_and_cgroupfs() -> None:
    text = engine.containers_conf(FakeHost({"podman", "runc"}, cgroup_v2=False))
    assert text is not None
    assert 'runtime = "runc"' in text
    assert 'cgroup_manager = "cgroupfs"' in text


def test_the_probe_program_runs_and_succeeds(tmp_path: Path) -> None:
    host = engine.Host()
    with tarfile.open(fileobj=io.BytesIO(engine.probe_root(host.machine()))) as tar:
        entry = tar.extractfile("probe")
        assert entry is not None
        program = tmp_path / "probe"
        program.write_bytes(entry.read())
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    assert subprocess.run([program], timeout=5, check=False).returncode == 0


def test_an_unknown_processor_is_said() -> None:
    with pytest.raises(Exception, match="no probe for a sparc processor"):
        engine.probe_root("sparc")


def test_podman_without_iptables_is_completed_first(quiet: Progress) -> None:
    host = FakeHost({"apt-get", "podman"}, answering={"podman"}, able={"podman"}, root=True)
    assert engine.find(quiet, host, install=True).name == "podman"
    assert all("iptables" in call and "podman" not in call for call in host.installs())
