"""Looks at the machine before anything is started, and says what each shortcoming costs."""

from __future__ import annotations

import gzip
import json
import os
import resource
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from harness.base import places, process
from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.stack.engine import Engine

State = Literal["ok", "costs", "stops"]
CgroupVersion = Literal["v1", "v2", "hybrid"]

_GIB = 1 << 30
_MODPROBE_SECONDS = 10.0
_CONTROLLERS = ("cpu", "memory", "pids")

# Capability (as harness.chaosmesh.capabilities names them) to the kernel options it needs, and the modules
# to ask modprobe for when the kernel does not show its configuration.
KERNEL_FEATURES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "netem": (("NET_SCH_NETEM",), ("sch_netem",)),
    "prio/sfq": (("NET_SCH_PRIO", "NET_SCH_SFQ"), ("sch_prio", "sch_sfq")),
    "tbf": (("NET_SCH_TBF",), ("sch_tbf",)),
    "ipset": (("IP_SET", "IP_SET_HASH_NET", "NETFILTER_XT_SET"), ("ip_set", "ip_set_hash_net", "xt_set")),
    "iptables-legacy": (("IP_NF_IPTABLES", "IP_NF_FILTER"), ("ip_tables", "iptable_filter")),
    "ebtables-legacy": (("BRIDGE_NF_EBTABLES", "BRIDGE_EBT_T_FILTER"), ("ebtable_filter",)),
    "kprobes": (("KPROBES", "BPF_SYSCALL"), ()),
    "FUSE": (("FUSE_FS",), ("fuse",)),
}
# Without these no cluster comes up at all.
_NEEDED: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "overlay file systems": (("OVERLAY_FS",), ("overlay",)),
    "virtual networks": (("VETH", "BRIDGE"), ("veth", "bridge")),
}


@dataclass(frozen=True)
class MachineCheck:
    """One look at the machine.

    Attributes:
        name: what was looked at.
        state: ok; costs (it works, but something will be missing); stops (it cannot work).
        finding: what was found.
        consequence: what that means for the user; empty when ok.
        next_step: what to do about it; empty when ok.
    """

    name: str
    state: State
    finding: str
    consequence: str = ""
    next_step: str = ""


@dataclass(frozen=True)
class Rootless:
    """An engine whose containers have no root on this machine.

    Attributes:
        missing: the cgroup controllers that its user has not been given.
    """

    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Machine:
    """Where to look; a test hands in a folder of its own and other numbers.

    Attributes:
        root: the root of the file system.
        release: the kernel's release.
        user: the effective user id.
        files: the hard limit of open files (-1: none).
        now: seconds since 1970.
        modprobe: whether a module could be loaded; None when that cannot be told.
    """

    root: Path
    release: str
    user: int
    files: int
    now: float

    @classmethod
    def this(cls) -> Machine:
        """Return the machine that we run on."""
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        return cls(Path("/"), os.uname().release, os.geteuid(), files, time.time())

    def modprobe(self, module: str) -> bool | None:
        """Return whether a kernel module could be loaded; None when nothing here can tell."""
        program = shutil.which("modprobe", path="/usr/sbin:/sbin:/usr/bin:/bin")
        if program is None or not (self.root / "lib/modules" / self.release).is_dir():
            return None
        result = process.run(
            f"ask for the kernel module {module}",
            [program, "--dry-run", "--quiet", module],
            timeout=_MODPROBE_SECONDS,
            check=False,
        )
        return result.returncode == 0


def look(engine: Engine, *, building: bool, machine: Machine | None = None) -> list[MachineCheck]:
    """Return all checks.

    Args:
        engine: the one that was found; its storage is looked at too.
        building: images may have to be compiled, which takes more disk.
        machine: where to look (default: here).
    """
    here = machine or Machine.this()
    return [
        MachineCheck("engine", "ok", f"{engine.name} ({engine.path}) ran a privileged container"),
        privileges(here, rootless(engine)),
        cgroup(here),
        *kernel(here),
        modules_folder(here),
        limits(here),
        *disk(folders(engine), building=building),
        memory(here),
        clock(here),
    ]


def enforce(checks: Iterable[MachineCheck], progress: Progress) -> None:
    """Say what is not ok.

    Raises:
        InfrastructureError: something stops; names all of it.
    """
    stops = []
    for check in checks:
        if check.state == "costs":
            progress.say(f"{check.name}: {check.finding}; {check.consequence}. {check.next_step}".rstrip())
        elif check.state == "stops":
            stops.append(check)
    if stops:
        raise InfrastructureError(
            "; ".join(f"{check.name}: {check.finding}" for check in stops),
            next_step="; ".join(check.next_step for check in stops),
            details=[check.consequence for check in stops],
        )


def rootless(engine: Engine) -> Rootless | None:
    """Ask an engine whether its containers are without root; None when they have it.

    The user of docker's program says nothing about that of its daemon.
    """
    asked = engine.run(
        "ask the engine whose its containers are", ["info", "--format", "{{json .}}"], timeout=20, check=False
    )
    try:
        told = json.loads(asked.stdout)
    except ValueError:
        return None
    if engine.name == "podman":
        host = told.get("host") or {}
        if not (host.get("security") or {}).get("rootless"):
            return None
        return Rootless(
            tuple(each for each in _CONTROLLERS if each not in (host.get("cgroupControllers") or []))
        )
    if not any("name=rootless" in str(each) for each in told.get("SecurityOptions") or []):
        return None
    limits = {"cpu": "CPUShares", "memory": "MemoryLimit", "pids": "PidsLimit"}
    return Rootless(tuple(each for each in _CONTROLLERS if not told.get(limits[each])))


def privileges(machine: Machine, without_root: Rootless | None) -> MachineCheck:
    """Check what nodes without root need: https://kind.sigs.k8s.io/docs/user/rootless/."""
    if without_root is None:
        return MachineCheck("privileges", "ok", "the engine's containers have root")
    if cgroup_version(machine.root) != "v2":
        return MachineCheck(
            "privileges",
            "stops",
            "the engine runs without root (rootless) on cgroup v1",
            "a node without root needs cgroup v2",
            "use the engine as root, or a host with cgroup v2",
        )
    if without_root.missing:
        return MachineCheck(
            "privileges",
            "stops",
            "the engine runs without root (rootless), and its user lacks the cgroup controllers "
            f"{', '.join(without_root.missing)}",
            "the kubelet needs them",
            "delegate them to the user: Delegate=yes for user@.service in systemd, then log in again",
        )
    return MachineCheck(
        "privileges",
        "costs",
        "the engine runs without root (rootless)",
        "chaos that needs root of this machine does not work, which the probe of capabilities finds",
        "Use the engine as root for all scenarios.",
    )


def cgroup_version(root: Path) -> CgroupVersion:
    """Return the cgroup version of the host whose file system begins at `root`."""
    mounted = root / "sys/fs/cgroup"
    if (mounted / "cgroup.controllers").exists():
        return "v2"
    return "hybrid" if (mounted / "unified").exists() else "v1"


def cgroup(machine: Machine) -> MachineCheck:
    """Check the cgroup version: Kubernetes 1.35 refuses v1 unless told otherwise, which we do."""
    version = cgroup_version(machine.root)
    if version == "v2":
        return MachineCheck("cgroup", "ok", version)
    return MachineCheck(
        "cgroup",
        "costs",
        version,
        "kubelet is told to accept it; registry node images may refuse it",
        "Use --images source if the node does not start.",
    )


def kernel(machine: Machine) -> list[MachineCheck]:
    """Check the kernel's features; what cannot be told is said to be unknown, not missing."""
    options = read_options(machine)
    checks = []
    for name, (wanted, modules) in {**_NEEDED, **KERNEL_FEATURES}.items():
        present = _present(machine, options, wanted, modules)
        if present is None:
            checks.append(MachineCheck(f"kernel: {name}", "ok", "unknown; probed again in the daemon"))
        elif present:
            checks.append(MachineCheck(f"kernel: {name}", "ok", "present"))
        elif name in _NEEDED:
            checks.append(
                MachineCheck(
                    f"kernel: {name}",
                    "stops",
                    f"the kernel {machine.release} lacks {' or '.join(wanted)}",
                    "no container can run",
                    "use another kernel",
                )
            )
        else:
            checks.append(
                MachineCheck(
                    f"kernel: {name}",
                    "costs",
                    f"the kernel lacks {' or '.join(wanted)}",
                    f"scenarios that need {name} are skipped",
                )
            )
    return checks


def read_options(machine: Machine) -> dict[str, str] | None:
    """Return the kernel's configuration (name without CONFIG_ to y or m); None when it is not shown."""
    packed = machine.root / "proc/config.gz"
    plain = machine.root / f"boot/config-{machine.release}"
    try:
        text = gzip.decompress(packed.read_bytes()).decode()
    except OSError:
        try:
            text = plain.read_text()
        except OSError:
            return None
    pairs = (line.split("=", 1) for line in text.splitlines() if line.startswith("CONFIG_") and "=" in line)
    return {name.removeprefix("CONFIG_"): value for name, value in pairs}


def modules_folder(machine: Machine) -> MachineCheck:
    """Check that /lib/modules exists, making it when we may: kind mounts it into every node."""
    folder = machine.root / "lib/modules"
    if folder.is_dir():
        return MachineCheck("/lib/modules", "ok", "exists")
    if machine.user == 0:
        folder.mkdir(parents=True)
        return MachineCheck("/lib/modules", "ok", "made, empty: the kernel has no modules")
    return MachineCheck(
        "/lib/modules",
        "stops",
        "does not exist",
        "kind mounts it into every node",
        "mkdir /lib/modules as root",
    )


def limits(machine: Machine) -> MachineCheck:
    """Check open files and inotify instances, whose shortage shows as unrelated failures inside nodes."""
    if 0 <= machine.files < 4096:
        return MachineCheck(
            "limits",
            "stops",
            f"at most {machine.files} open files",
            "the API server and etcd need more",
            "raise the hard limit of open files to 8192 or more",
        )
    path = machine.root / "proc/sys/fs/inotify/max_user_instances"
    instances = int(path.read_text()) if path.exists() else None
    if instances is not None and instances < 128:
        return MachineCheck(
            "limits",
            "costs",
            f"at most {instances} inotify instances",
            "pods of several nodes may fail with 'too many open files'",
            "sysctl fs.inotify.max_user_instances=512",
        )
    return MachineCheck("limits", "ok", f"open files: {machine.files if machine.files > 0 else 'unlimited'}")


def folders(engine: Engine) -> dict[str, Path]:
    """Return the folders that fill up, by what they hold."""
    asked = {"docker": "{{.DockerRootDir}}", "podman": "{{.Store.GraphRoot}}"}[engine.name]
    result = engine.run("ask where images are kept", ["info", "--format", asked], timeout=20, check=False)
    found = {"state": places.state_dir(), "cache": places.cache_dir()}
    storage = Path(result.stdout.strip() or "/nowhere")
    if storage.is_dir():
        found["the engine's storage"] = storage
    return found


def disk(used: dict[str, Path], *, building: bool) -> list[MachineCheck]:
    """Check the free space where the stack writes."""
    wanted = {"state": 1 * _GIB, "cache": (25 if building else 1) * _GIB, "the engine's storage": 6 * _GIB}
    checks = []
    for name, path in used.items():
        there = next(parent for parent in (path, *path.parents) if parent.exists())
        free = shutil.disk_usage(there).free
        finding = f"{free / _GIB:.1f} GiB free in {there}"
        if free < _GIB // 2:
            checks.append(
                MachineCheck(
                    f"disk: {name}", "stops", finding, "nothing can be written", "free some space there"
                )
            )
        elif free < wanted[name]:
            checks.append(
                MachineCheck(
                    f"disk: {name}",
                    "costs",
                    finding,
                    f"{wanted[name] // _GIB} GiB may be needed",
                    "Free some space there.",
                )
            )
        else:
            checks.append(MachineCheck(f"disk: {name}", "ok", finding))
    return checks


def memory(machine: Machine) -> MachineCheck:
    """Check the memory that is available; an idle stack uses 1.5 GiB."""
    text = (machine.root / "proc/meminfo").read_text()
    sizes = {line.split(":")[0]: int(line.split()[1]) * 1024 for line in text.splitlines()}
    free = sizes["MemAvailable"]
    finding = f"{free / _GIB:.1f} GiB available"
    if free < 2 * _GIB:
        return MachineCheck(
            "memory", "stops", finding, "an idle stack alone uses 1.5 GiB", "free some memory"
        )
    if free < 4 * _GIB:
        return MachineCheck(
            "memory", "costs", finding, "scenarios at once may run out of it", "Use fewer at once."
        )
    return MachineCheck("memory", "ok", finding)


def clock(machine: Machine) -> MachineCheck:
    """Check that the clock is not behind our own files: certificates made now would not be valid."""
    written = Path(__file__).stat().st_mtime
    if machine.now < written - 86400:
        return MachineCheck(
            "clock",
            "stops",
            f"it says {time.strftime('%Y-%m-%d', time.gmtime(machine.now))}, before this program was written",
            "certificates and samples would carry wrong times",
            "set the clock",
        )
    return MachineCheck("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(machine.now)))


def _present(
    machine: Machine, options: dict[str, str] | None, wanted: tuple[str, ...], modules: tuple[str, ...]
) -> bool | None:
    # A module that is loaded is there wherever its file may be: /lib/modules is not that of the host in a
    # container, and the kernel may be newer than its folder.
    if modules and all(_loaded(machine, module) for module in modules):
        return True
    if options is not None:
        loadable = (machine.root / "lib/modules" / machine.release).is_dir()
        return all(options.get(name) == "y" or (options.get(name) == "m" and loadable) for name in wanted)
    answers = [machine.modprobe(module) for module in modules]
    if not answers or None in answers:
        return None
    return all(answers)


def _loaded(machine: Machine, module: str) -> bool:
    return (machine.root / "sys/module" / module.replace("-", "_")).is_dir()
