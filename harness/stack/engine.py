"""Finds a container engine that can really run what kind needs: privileged containers."""

from __future__ import annotations

import hashlib
import io
import json
import os
import platform
import resource
import shutil
import struct
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from harness.base import places, process
from harness.base.errors import InfrastructureError
from harness.base.files import write_whole
from harness.base.progress import Progress
from harness.stack import packages

EngineName = Literal["docker", "podman"]

ENGINES: tuple[EngineName, ...] = ("docker", "podman")
# Podman's netavark calls iptables, and Debian's podman package does not bring it.
PACKAGES = ("podman", "runc", "netavark", "aardvark-dns", "golang-github-containers-common", "iptables")
_PROGRAMS = frozenset({"podman", "runc", "iptables"})

_WITHOUT_ROOT = (
    "start docker and have this user in its group, or set up podman without root (newuidmap of the package "
    "uidmap, lines in /etc/subuid and /etc/subgid, cgroup v2), or run as root"
)

_ANSWER_SECONDS = 20.0
_PROBE_SECONDS = 60.0
_CAP_SYS_RESOURCE = 24
_PROBE_IMAGE = "localhost/chaos-harness-probe"
_MOST = 1_048_576


class NoEngineError(InfrastructureError):
    """Neither docker nor podman answers, and podman cannot be installed from here."""


class PrivilegeError(InfrastructureError):
    """An engine answers but cannot run a privileged container, which kind's nodes are."""


@dataclass(frozen=True)
class Engine:
    """A container engine that answered and ran a privileged container.

    Attributes:
        name: what kind calls the provider.
        path: the program.
        env: variables for every call of the program, and of kind, which calls it too.
    """

    name: EngineName
    path: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, args: list[str], *, timeout: float, **options: Any) -> process.Result:
        """Run the engine with `args`; the rest is as `harness.base.process.run` says."""
        env = {**self.env, **options.pop("env", {})}
        return process.run(name, [self.path, *args], timeout=timeout, env=env, **options)


class Host:
    """What the choice of an engine depends on; a test hands in another one."""

    def which(self, program: str) -> Path | None:
        """Return where `program` is on PATH."""
        found = shutil.which(program)
        return Path(found) if found else None

    def run(self, name: str, argv: list[str | Path], **options: Any) -> process.Result:
        """Run a command; as `harness.base.process.run`."""
        return process.run(name, argv, **options)

    def is_root(self) -> bool:
        """Return whether packages can be installed."""
        return os.geteuid() == 0

    def cgroup_v2(self) -> bool:
        """Return whether the host has the unified cgroup hierarchy at its usual place."""
        return Path("/sys/fs/cgroup/cgroup.controllers").exists()

    def may_raise_limits(self) -> bool:
        """Return whether this process holds CAP_SYS_RESOURCE."""
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("CapEff:"):
                return bool(int(line.split()[1], 16) >> _CAP_SYS_RESOURCE & 1)
        return False

    def hard_limits(self) -> tuple[int, int]:
        """Return the hard limits of open files and of processes (-1: none)."""
        return (
            resource.getrlimit(resource.RLIMIT_NOFILE)[1],
            resource.getrlimit(resource.RLIMIT_NPROC)[1],
        )

    def pid_max(self) -> int:
        """Return the largest process id plus one."""
        return int(Path("/proc/sys/kernel/pid_max").read_text())

    def machine(self) -> str:
        """Return the processor's name, such as x86_64."""
        return platform.machine()


def find(progress: Progress, host: Host | None = None, *, install: bool = False) -> Engine:
    """Return an engine that can run kind's nodes: docker, else podman.

    The probe runs a privileged container for real, because a docker program without a daemon and a
    daemon without privileges both look fine until kind fails. Its success is kept, by program and version.

    Args:
        progress: where a probe and an installation are announced.
        host: a test's own.
        install: when no engine answers, install podman, or what it lacks, if that can be done from here.

    Raises:
        NoEngineError: nothing answers.
        PrivilegeError: something answers, but cannot run a privileged container.
        WouldRemoveError: podman could be installed only in the place of something else.
        PlaceError: the state folder cannot be used, or is another user's.
    """
    # Here is what is known of engines: what is wrong with it is said before they are asked.
    places.make_private(places.state_dir())
    host = host or Host()
    refusals: list[InfrastructureError] = []
    for name in ENGINES:
        if name == "podman" and install and host.is_root() and host.which("apt-get"):
            _complete(host, progress, refusals)
        engine = _try(name, host, progress, refusals)
        if engine:
            return engine
    for refusal in refusals:
        if isinstance(refusal, PrivilegeError):
            raise refusal
    there = [name for name in ENGINES if host.which(name)]
    raise NoEngineError(
        "no container engine answers",
        next_step=_WITHOUT_ROOT if there and not host.is_root() else f"start docker, or {_hint(PACKAGES)}",
        details=[f"{name}: not on PATH" for name in ENGINES if name not in there]
        + [line for refusal in refusals for line in (refusal.problem, *refusal.details[-3:])],
    )


def containers_conf(host: Host) -> str | None:
    """Return a containers.conf for podman, or None when its own defaults work on this host.

    Without CAP_SYS_RESOURCE runc cannot raise a limit above the hard one, which podman's default does;
    with cgroup v1 crun refuses hybrid hierarchies and systemd cannot be the cgroup manager.
    """
    if host.cgroup_v2() and host.may_raise_limits():
        return None
    lines = ["[containers]"]
    files, processes = (limit if limit > 0 else _MOST for limit in host.hard_limits())
    # Podman lowers its own process limit to pid_max when it starts, so the hard limit may be out of reach.
    wanted = {"nofile": min(files, _MOST), "nproc": min(processes, host.pid_max(), _MOST)}
    limits = [f"{name}={limit}:{limit}" for name, limit in wanted.items()]
    lines += [f"default_ulimits = {json.dumps(limits)}", "", "[engine]", 'events_logger = "file"']
    if not host.cgroup_v2():
        lines.append('cgroup_manager = "cgroupfs"')
        if host.which("runc"):
            lines.append('runtime = "runc"')
    return "\n".join(lines) + "\n"


def _try(
    name: EngineName, host: Host, progress: Progress, refusals: list[InfrastructureError]
) -> Engine | None:
    path = host.which(name)
    if path is None:
        return None
    engine = Engine(name, path, _environment(name, host))
    try:
        version = _version(engine, host)
        _probe_once(engine, version, host, progress)
    except InfrastructureError as refusal:
        refusals.append(refusal)
        if isinstance(refusal, PrivilegeError):
            progress.say(refusal.problem)
        return None
    return engine


def _environment(name: EngineName, host: Host) -> dict[str, str]:
    env: dict[str, str] = {"KIND_EXPERIMENTAL_PROVIDER": name}
    if name == "podman" and (text := containers_conf(host)) is not None:
        path = places.state_dir() / "containers.conf"
        _write_when_changed(path, text)
        env["CONTAINERS_CONF"] = str(path)
    return env


def _version(engine: Engine, host: Host) -> str:
    """Return the version of the part that runs containers; docker's answers only with its daemon."""
    template = "{{.Server.Version}}" if engine.name == "docker" else "{{.Client.Version}}"
    result = host.run(
        f"ask {engine.name} for its version",
        [engine.path, "version", "--format", template],
        timeout=_ANSWER_SECONDS,
        env=engine.env,
    )
    return result.stdout.strip()


def _probe_once(engine: Engine, version: str, host: Host, progress: Progress) -> None:
    path = places.state_dir() / "engine.json"
    conf = engine.env.get("CONTAINERS_CONF")
    known = {
        "program": str(engine.path),
        "version": version,
        "configuration": hashlib.sha256(Path(conf).read_bytes()).hexdigest() if conf else "",
    }
    try:
        if json.loads(path.read_text()) == known:
            return
    except (OSError, ValueError):
        pass  # no probe yet, or a file cut off by a crash: probe
    with progress.step(f"probing {engine.name} with a privileged container"):
        _probe(engine, host)
    _write_when_changed(path, json.dumps(known))


def _probe(engine: Engine, host: Host) -> None:
    # No cluster can have this folder's name, and no other process this image's.
    folder = places.state_dir() / f"engine.probe.{os.getpid()}"
    image = f"{_PROBE_IMAGE}:{os.getpid()}"
    archive = write_whole(folder / "rootfs.tar", probe_root(host.machine()))
    log = places.state_dir() / "logs" / "engine.log"

    def call(name: str, args: list[str | Path], *, check: bool = True) -> None:
        host.run(name, [engine.path, *args], timeout=_PROBE_SECONDS, env=engine.env, log=log, check=check)

    call(f"import a probe image into {engine.name}", ["import", archive, image])
    try:
        call(
            f"run a privileged container with {engine.name}",
            ["run", "--rm", "--privileged", "--network=none", image, "/probe"],
        )
    except process.CommandError as error:
        raise PrivilegeError(
            f"{engine.name} answers but cannot run a privileged container",
            next_step="run as root, or give the engine's daemon the privileges; kind's nodes need them",
            details=error.details,
            log=log,
        ) from error
    finally:
        call("remove the probe image", ["rmi", "--force", image], check=False)
        shutil.rmtree(folder, ignore_errors=True)


def probe_root(machine: str) -> bytes:
    """Return a root file system (tar) whose only program, /probe, ends with exit code 0.

    The program is written here, byte by byte, so that a probe needs no image, no compiler and no
    registry: an ELF header, one loadable segment, and the system call exit(0).

    Raises:
        InfrastructureError: no such program is known for this processor.
    """
    programs = {
        # mov eax, 60; xor edi, edi; syscall
        "x86_64": (62, bytes.fromhex("b83c000000 31ff 0f05")),
        # mov x8, #93; mov x0, #0; svc #0
        "aarch64": (183, bytes.fromhex("a80b80d2 000080d2 010000d4")),
    }
    if machine not in programs:
        raise InfrastructureError(
            f"no probe for a {machine} processor", next_step="use an x86_64 or aarch64 machine"
        )
    elf_machine, code = programs[machine]
    base, headers = 0x400000, 64 + 56
    size = headers + len(code)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", 2, elf_machine, 1, base + headers, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    program = ident + header + segment + code
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        entry = tarfile.TarInfo("probe")
        entry.size, entry.mode = len(program), 0o755
        tar.addfile(entry, io.BytesIO(program))
    return out.getvalue()


def _complete(host: Host, progress: Progress, refusals: list[InfrastructureError]) -> None:
    """Install podman, or what it needs besides; a container engine that is there is not touched."""
    wanted = [package for package in PACKAGES if not _there(package, host)]
    if not host.which("podman") or "iptables" in wanted:
        try:
            packages.install(
                wanted,
                progress=progress,
                log=places.state_dir() / "logs" / "install-engine.log",
                hint=f"start docker, or {_hint(wanted)}",
                run=host.run,
            )
        except packages.WouldRemoveError as refusal:
            refusals.append(refusal)


def _there(package: str, host: Host) -> bool:
    """Return whether a package's program is on PATH; runc and iptables may be another package's."""
    return package in _PROGRAMS and host.which(package) is not None


def _hint(wanted: Sequence[str]) -> str:
    return f"install podman (Debian: apt-get install --no-remove {' '.join(wanted)})"


def _write_when_changed(path: Path, text: str) -> None:
    if path.exists() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)
