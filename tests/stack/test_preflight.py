"""The checks of a machine, over folders that look like one."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.stack import preflight
from harness.stack.engine import Engine, EngineName
from harness.stack.preflight import Machine, MachineCheck, Rootless

OPTIONS = {option for wanted, _ in preflight.KERNEL_FEATURES.values() for option in wanted} | {
    "OVERLAY_FS",
    "VETH",
    "BRIDGE",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "proc/sys/fs/inotify").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    memory(tmp_path, 20)
    return tmp_path


def machine(root: Path, *, user: int = 0, files: int = 1 << 20, now: float | None = None) -> Machine:
    return Machine(root, "6.1.0", user, files, time.time() if now is None else now)


def memory(root: Path, gib: int) -> None:
    (root / "proc/meminfo").write_text(f"MemTotal: 99 kB\nMemAvailable: {gib * 1024 * 1024} kB\n")


def kernel_config(root: Path, options: dict[str, str]) -> None:
    text = "".join(f"CONFIG_{name}={value}\n" for name, value in options.items())
    (root / "proc/config.gz").write_bytes(gzip.compress(("# CONFIG_X is not set\n" + text).encode()))


def states(checks: list[MachineCheck]) -> dict[str, str]:
    return {check.name.removeprefix("kernel: "): check.state for check in checks}


def test_a_full_kernel(root: Path) -> None:
    kernel_config(root, dict.fromkeys(OPTIONS, "y"))
    assert set(states(preflight.kernel(machine(root))).values()) == {"ok"}


def test_a_missing_feature_names_what_it_costs(root: Path) -> None:
    kernel_config(root, dict.fromkeys(OPTIONS - {"NET_SCH_NETEM"}, "y"))
    checks = {check.name: check for check in preflight.kernel(machine(root))}
    assert checks["kernel: netem"].state == "costs"
    assert "scenarios that need netem are skipped" in checks["kernel: netem"].consequence
    assert checks["kernel: tbf"].state == "ok"


def test_a_kernel_without_containers_stops(root: Path) -> None:
    kernel_config(root, dict.fromkeys(OPTIONS - {"OVERLAY_FS"}, "y"))
    assert states(preflight.kernel(machine(root)))["overlay file systems"] == "stops"


def test_a_module_counts_only_where_modules_are(root: Path) -> None:
    kernel_config(root, dict.fromkeys(OPTIONS, "m"))
    assert states(preflight.kernel(machine(root)))["netem"] == "costs"
    (root / "lib/modules/6.1.0").mkdir(parents=True)
    assert states(preflight.kernel(machine(root)))["netem"] == "ok"


def test_a_module_that_is_loaded_is_there_without_its_folder(root: Path) -> None:
    """In a container /lib/modules is not the host's."""
    kernel_config(root, dict.fromkeys(OPTIONS, "m"))
    for module in ("overlay", "veth", "bridge", "sch_netem"):
        (root / "sys/module" / module).mkdir(parents=True)
    found = states(preflight.kernel(machine(root)))
    assert (found["overlay file systems"], found["virtual networks"], found["netem"]) == ("ok",) * 3
    assert found["tbf"] == "costs"


def test_one_module_of_several_is_not_enough(root: Path) -> None:
    kernel_config(root, dict.fromkeys(OPTIONS, "m"))
    (root / "sys/module/veth").mkdir(parents=True)
    assert states(preflight.kernel(machine(root)))["virtual networks"] == "stops"


def test_what_cannot_be_told_is_unknown_not_missing(root: Path) -> None:
    checks = preflight.kernel(machine(root))
    assert {check.state for check in checks} == {"ok"}
    assert all("unknown" in check.finding for check in checks)


def test_the_configuration_in_boot_is_read_too(root: Path) -> None:
    (root / "boot").mkdir()
    (root / "boot/config-6.1.0").write_text("CONFIG_KPROBES=y\n")
    assert preflight.read_options(machine(root)) == {"KPROBES": "y"}


@pytest.mark.parametrize(
    ("present", "version"), [("cgroup.controllers", "v2"), ("unified", "hybrid"), ("memory", "v1")]
)
def test_cgroup_versions(root: Path, present: str, version: str) -> None:
    (root / "sys/fs/cgroup" / present).mkdir()
    assert preflight.cgroup_version(root) == version


ALL = {"CPUShares": True, "MemoryLimit": True, "PidsLimit": True}
CONTROLLERS = ["cpu", "io", "memory", "pids"]


@dataclass(frozen=True)
class AskedEngine(Engine):
    """An engine that answers `info` with a text."""

    info: str = ""

    def run(self, name: str, args: list[str], *, timeout: float, **options: Any) -> process.Result:
        assert args == ["info", "--format", "{{json .}}"]
        return process.Result(0, self.info, "", 0.0)


@pytest.mark.parametrize(
    ("name", "told", "found"),
    [
        ("docker", {"SecurityOptions": ["name=seccomp"], **ALL}, None),
        ("docker", {"SecurityOptions": ["name=seccomp,profile=x", "name=rootless"], **ALL}, Rootless()),
        (
            "docker",
            {"SecurityOptions": ["name=rootless"], "MemoryLimit": True},
            Rootless(("cpu", "pids")),
        ),
        ("docker", {"SecurityOptions": None}, None),
        ("podman", {"host": {"security": {"rootless": False}}}, None),
        ("podman", {"host": {"security": {"rootless": True}, "cgroupControllers": CONTROLLERS}}, Rootless()),
        (
            "podman",
            {"host": {"security": {"rootless": True}, "cgroupControllers": ["memory"]}},
            Rootless(("cpu", "pids")),
        ),
        ("podman", {}, None),
    ],
)
def test_an_engine_without_root_is_told_apart(name: EngineName, told: Any, found: Rootless | None) -> None:
    assert preflight.rootless(AskedEngine(name, Path(name), info=json.dumps(told))) == found


def test_an_engine_that_answers_no_json_counts_as_usual() -> None:
    assert preflight.rootless(AskedEngine("docker", Path("docker"), info="no")) is None


def test_what_counts_is_the_engines_root_not_ours(root: Path) -> None:
    # A user of the group `docker` has root's daemon, on cgroup v1 too.
    assert preflight.privileges(machine(root, user=1000), None).state == "ok"
    assert preflight.privileges(machine(root), Rootless()).state == "stops"


def test_without_root_cgroup_v1_stops_and_so_does_a_missing_controller(root: Path) -> None:
    check = preflight.privileges(machine(root, user=1000), Rootless())
    assert (check.state, check.finding) == ("stops", "the engine runs without root (rootless) on cgroup v1")
    (root / "sys/fs/cgroup/cgroup.controllers").touch()
    assert preflight.privileges(machine(root, user=1000), Rootless()).state == "costs"
    check = preflight.privileges(machine(root, user=1000), Rootless(("cpu",)))
    assert check.state == "stops" and "cgroup controllers cpu" in check.finding


def test_the_modules_folder_is_made_by_root_only(root: Path) -> None:
    assert preflight.modules_folder(machine(root, user=1000)).state == "stops"
    assert preflight.modules_folder(machine(root)).state == "ok"
    assert (root / "lib/modules").is_dir()
    assert preflight.modules_folder(machine(root, user=1000)).state == "ok"


@pytest.mark.parametrize(("files", "state"), [(1024, "stops"), (20000, "ok"), (-1, "ok")])
def test_open_files(root: Path, files: int, state: str) -> None:
    assert preflight.limits(machine(root, files=files)).state == state


def test_few_inotify_instances_cost(root: Path) -> None:
    (root / "proc/sys/fs/inotify/max_user_instances").write_text("64\n")
    check = preflight.limits(machine(root))
    assert check.state == "costs"
    assert "sysctl fs.inotify" in check.next_step


@pytest.mark.parametrize(("gib", "state"), [(1, "stops"), (3, "costs"), (8, "ok")])
def test_memory(root: Path, gib: int, state: str) -> None:
    memory(root, gib)
    assert preflight.memory(machine(root)).state == state


def test_disk_is_looked_at_where_the_folder_will_be(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Path] = []

    def usage(path: Path) -> object:
        asked.append(path)
        return type("Usage", (), {"free": 10 << 30})

    monkeypatch.setattr(shutil, "disk_usage", usage)
    used = {"cache": root / "not/yet"}
    assert preflight.disk(used, building=False)[0].state == "ok"
    assert preflight.disk(used, building=True)[0].state == "costs"
    assert asked == [root, root]


def test_a_full_disk_stops(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1 << 20}))
    assert preflight.disk({"state": root}, building=False)[0].state == "stops"


def test_a_clock_before_our_own_files_stops(root: Path) -> None:
    assert preflight.clock(machine(root, now=0.0)).state == "stops"
    assert preflight.clock(machine(root)).state == "ok"


def test_what_stops_is_one_error_with_everything() -> None:
    checks = [
        MachineCheck("a", "ok", "fine"),
        MachineCheck("b", "stops", "broken", "no way", "repair b"),
        MachineCheck("c", "stops", "gone", "no way", "find c"),
    ]
    with pytest.raises(InfrastructureError, match="b: broken; c: gone") as caught:
        preflight.enforce(checks, Progress(io.StringIO()))
    assert caught.value.next_step == "repair b; find c"


def test_what_costs_is_said() -> None:
    out = io.StringIO()
    preflight.enforce(
        [MachineCheck("a", "ok", "fine"), MachineCheck("b", "costs", "little", "slow", "Add some.")],
        Progress(out),
    )
    assert "b: little; slow. Add some." in out.getvalue()
    assert "fine" not in out.getvalue()
