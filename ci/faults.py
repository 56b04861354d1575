"""Breaks runs on purpose and looks at how each ends; see ci/faults."""

from __future__ import annotations

import argparse
import base64
import contextlib
import gzip
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ci import leftovers, reliability
from ci.broken_run import BrokenRun, Ended, called, endings
from ci.faulty_proxy import FaultyProxy, Trouble, between
from harness.base import places
from harness.base.errors import ExitCode, HarnessError, InfrastructureError
from harness.base.progress import Progress
from harness.base.words import cut
from harness.chaosmesh.components import DASHBOARD, MANAGER, component_pods
from harness.chaosmesh.daemons import DAEMON
from harness.kubernetes import namespaces
from harness.kubernetes.client import Cluster
from harness.stack import engine, kind, prometheus
from harness.stack.engine import Engine
from harness.stack.handle import StackHandle
from harness.stack.state import StateFolder

_SCENARIO = """\
scenario: {name}
about: A run that is broken on purpose judges this.
needs: [stress-ng]
workload: mini-node-exporter
chaos:
  burn:
    kind: StressChaos
    spec: {{mode: one, selector: "${{workload.selector}}", stressors: {{cpu: {{workers: 1, load: 10}}}}}}
steps:
  - wait: 1
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespace}}"}}
        absent: true
  - apply: burn
    until: running
    proof: {{oracle: processes, in: "${{burn.targets}}", named: stress-ng, at_least: 1}}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespace}}"}}
        series: [{{kind: StressChaos, phase: running, value: {running}}}]{more}
  - wait: 4
  - delete: burn
    proof: {{oracle: processes, in: "${{burn.targets}}", named: stress-ng, equals: 0}}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespace}}"}}
        absent: true
"""
RIGHT, WRONG = "fault-right", "fault-wrong"
"""What holds without a fault, and what has a planted wrong value: never `failed`, and never `passed`."""
_SETTLED = frozenset({"passed", "error", "not run"})
_UNSETTLED = frozenset({"failed", "error", "not run"})

_RUN_SECONDS = 300.0
_COMMAND_SECONDS = 900.0
_CALL_SECONDS = 60.0
_CLEAN_SECONDS = 60.0
_READY_SECONDS = 120.0
_PAUSE_SECONDS = 2.0
_SHOWN, _MOST = 160, 3
"""Characters of a reason, and lines of what is wrong, that the table shows."""
_FAULT_SECONDS = 15.0
_NODE_SECONDS = 20.0
_MARK = "CHAOS_HARNESS_FAULT"
_FAKETIME = Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1")
_DEFECT = re.compile(r"Traceback \(most recent call last\)|defect of the harness|INTERNALERROR")

_OVERLOADED = "inconclusive: the machine was overloaded"

_BAD = frozenset({int(ExitCode.FAILED)})
_UNKNOWN = frozenset({int(ExitCode.FAILED), int(ExitCode.INFRASTRUCTURE)})
_INTERRUPTED = frozenset({int(ExitCode.INTERRUPTED)})
_KILLED = frozenset({-int(signal.SIGKILL)})


class NotPossibleError(InfrastructureError):
    """A fault cannot be made on this machine."""


@dataclass
class Scene:
    """A run that is about to be broken, and what it runs on.

    Attributes:
        folder: of this fault alone.
        report: of the run.
        env: set on top of the environment of the run.
        words: further arguments of the run.
        undo: puts back what the fault did.
        canaries: secrets by where they were planted.
    """

    handle: StackHandle
    cluster: Cluster
    engine: Engine
    folder: Path
    report: Path
    env: dict[str, str]
    undo: contextlib.ExitStack
    words: list[str] = field(default_factory=list)
    canaries: dict[str, str] = field(default_factory=dict)
    started: BrokenRun | None = None
    proxied: FaultyProxy | None = None

    @property
    def run(self) -> BrokenRun:
        """The run, once it has begun."""
        assert self.started is not None
        return self.started

    @property
    def state(self) -> StateFolder:
        """The state folder of the cluster."""
        return StateFolder(self.handle.cluster)

    @property
    def nodes(self) -> list[str]:
        """Its nodes' containers, the control plane first."""
        return sorted(each.name for each in kind.containers(self.handle.cluster, self.engine))

    @property
    def worker(self) -> str:
        """A node without the API server, if there is one."""
        return self.nodes[-1]

    @property
    def control_plane(self) -> str:
        """The node of the API server."""
        return next(each for each in self.nodes if each.endswith("control-plane"))

    def on(self, node: str, script: str) -> str:
        """Run a script of the shell on a node; return what it prints."""
        words = ["exec", node, "sh", "-c", script]
        return self.engine.run("break it", words, timeout=_CALL_SECONDS, check=False).stdout

    def kill(self, program: str) -> None:
        """End the processes of a program with SIGKILL, as the OOM killer does, on whatever node they are."""
        # What the kernel keeps of a name, see proc(5).
        is_it = f'[ "$(cat $each/comm)" = "{program[:15]}" ]'
        for node in self.nodes:
            self.on(node, f"for each in /proc/[0-9]*; do {is_it} && kill -9 ${{each#/proc/}}; done")

    def delete_pods(self, namespace: str, selector: str) -> None:
        """Delete pods at once."""
        for pod in self.cluster.list("Pod", namespace, selector):
            self.cluster.delete("Pod", pod["metadata"]["name"], namespace, grace=0)

    def own_namespaces(self) -> list[str]:
        """Return the namespaces of the run."""
        found = namespaces.labelled(self.cluster)
        return [each["metadata"]["name"] for each in found if namespaces.made_by(each)[0]]


Do = Callable[[Scene], None]


def _nothing(_: Scene) -> None:
    pass


def _fine(_: Scene) -> Sequence[str]:
    return ()


@dataclass(frozen=True)
class Fault:
    """A fault, and how a run with it has to end.

    Attributes:
        what: what is done, for the table.
        do: how.
        before: what is done before the run begins.
        at: the line of the run at which it is done.
        codes: the exit codes that are right.
        right, wrong: the verdicts that are right for the two scenarios.
        says: what the run's output has to name, as a regular expression.
        sweeps: what is left is removed by `chaos-harness sweep --force`, as the run could not.
        gone: the cluster does not live on.
        changes: what may differ afterwards, as a regular expression.
        check: further things that have to be so after the run, a line for each that is not.
    """

    what: str
    do: Do
    before: Do = _nothing
    at: str = f"{RIGHT}: step 3 of 4"
    codes: frozenset[int] = _UNKNOWN
    right: frozenset[str] = _SETTLED
    wrong: frozenset[str] = _UNSETTLED
    says: str = ""
    sweeps: bool = False
    gone: bool = False
    changes: str = ""
    check: Callable[[Scene], Sequence[str]] = _fine


def _signals(number: signal.Signals, times: int = 1) -> Do:
    def do(scene: Scene) -> None:
        for at in range(times):
            if at:
                # Signals within a second are one.
                time.sleep(1.5)
            scene.run.process.send_signal(number)

    return do


def _cancel_job(scene: Scene) -> None:
    # As the runner of GitHub Actions does it: 7.5 s, then 2.5 s.
    for number, seconds in ((signal.SIGINT, 7.5), (signal.SIGTERM, 2.5), (signal.SIGKILL, 0.0)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(scene.run.process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            scene.run.process.wait(seconds)
            return


def _kill_worker(scene: Scene) -> None:
    os.kill(scene.run.children()[0], signal.SIGKILL)


def _kill_all(scene: Scene) -> None:
    os.killpg(scene.run.process.pid, signal.SIGKILL)


def _restart(job: str) -> Do:
    def do(scene: Scene) -> None:
        pods = component_pods(job, scene.handle.chaos_mesh_namespace)
        scene.delete_pods(pods.namespace, pods.selector)

    return do


def _crash_loop(job: str, program: str) -> Do:
    def do(scene: Scene) -> None:
        end = time.monotonic() + _FAULT_SECONDS
        while time.monotonic() < end:
            scene.kill(program)
            time.sleep(1.0)
        # The kubelet would wait longer and longer: the next fault begins with pods that never crashed.
        scene.undo.callback(_restart(job), scene)

    return do


def _delete_prometheus(scene: Scene) -> None:
    namespace, selector, _ = prometheus.POD
    scene.delete_pods(namespace, selector)


def _go_between(scene: Scene) -> None:
    scene.proxied = scene.undo.enter_context(between(scene.state.kubeconfig))


def _trouble(trouble: Trouble, seconds: float = _FAULT_SECONDS) -> Do:
    def do(scene: Scene) -> None:
        assert scene.proxied is not None
        scene.proxied.begin(trouble)
        # How long the fault lasts, if the run does.
        with contextlib.suppress(subprocess.TimeoutExpired):
            scene.run.process.wait(seconds)
        scene.proxied.heal()

    return do


def _pause(which: Callable[[Scene], str]) -> Do:
    def do(scene: Scene) -> None:
        node = which(scene)
        with contextlib.ExitStack() as undo:
            undo.callback(_unpause, scene.engine, node)
            scene.engine.run("pause a node", ["pause", node], timeout=_CALL_SECONDS)
            # How long the fault lasts.
            time.sleep(_NODE_SECONDS)

    return do


def _unpause(found: Engine, node: str) -> None:
    found.run("let a node go on", ["unpause", node], timeout=_CALL_SECONDS, check=False)


def _mounted(scene: Scene, disk: Path, size: str) -> None:
    """Mount a small disk of our own at a folder until the fault is over."""
    disk.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(disk)]
    subprocess.run(mount, check=True, timeout=_CALL_SECONDS)
    scene.undo.callback(subprocess.run, ["umount", "-l", str(disk)], check=True, timeout=_CALL_SECONDS)


def _small_report(scene: Scene) -> None:
    scene.report = scene.folder / "disk"
    _mounted(scene, scene.report, "4m")


def _small_state(scene: Scene) -> None:
    folder = scene.state.folder
    copy = scene.folder / "state"
    shutil.copytree(folder, copy)
    _mounted(scene, folder, "16m")
    shutil.copytree(copy, folder, dirs_exist_ok=True)


def _small_cache(scene: Scene) -> None:
    real, disk = places.cache_dir(), scene.folder / "cache"
    _mounted(scene, disk, "1m")
    for each in real.iterdir():
        if each.is_dir():
            (disk / each.name).symlink_to(each)
    scene.env["CHAOS_HARNESS_CACHE"] = str(disk)


def _fill(which: Callable[[Scene], Path]) -> Do:
    def do(scene: Scene) -> None:
        with contextlib.suppress(OSError), (which(scene) / "filled").open("wb") as file:
            while True:
                file.write(b"\0" * 4096)
                file.flush()

    return do


def _fake_clock(scene: Scene) -> None:
    if not _FAKETIME.exists():
        raise NotPossibleError("libfaketime is not installed", next_step="apt-get install libfaketime")
    offset = scene.folder / "offset"
    offset.write_text("+0s\n")
    scene.env |= {
        "LD_PRELOAD": str(_FAKETIME),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        # The clock that is stepped is the one that can be; timers go on.
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }


def _step_clock(by: str) -> Do:
    def do(scene: Scene) -> None:
        # Whoever reads it in between would find it empty.
        new = scene.folder / "offset.new"
        new.write_text(f"{by}\n")
        new.replace(scene.folder / "offset")

    return do


_STUCK = "fault-stuck-01d00d00"


def _wedge(scene: Scene) -> None:
    """Leave a namespace of an earlier run that does not go."""
    namespaces.create(scene.cluster, _STUCK, "01d00d00", scene.handle.identity)
    held = {"name": "held", "namespace": _STUCK, "finalizers": ["example.com/held"]}
    scene.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})
    scene.cluster.delete("Namespace", _STUCK)


def _delete_cluster(scene: Scene) -> None:
    scene.engine.run("delete the nodes", ["rm", "-f", "-v", "-t", "0", *scene.nodes], timeout=_CALL_SECONDS)


def _canary(name: str) -> str:
    return f"cAn4ry-{name}-{os.urandom(6).hex()}"


def _plant(scene: Scene) -> None:
    """Plant secrets where a run reads: environment, kubeconfig, chart values, an address, a Secret."""
    planted = scene.canaries
    for variable in ("CANARY_TOKEN", "CANARY_DB_PASSWORD"):
        planted[f"environment {variable}"] = scene.env[variable] = _canary("environment")
    planted["environment by --secret"] = scene.env["CANARY_PLAIN"] = _canary("named")
    scene.words += ["--secret", "CANARY_PLAIN"]
    text = scene.state.kubeconfig.read_text()
    parsed = yaml.safe_load(text)
    planted["kubeconfig key"] = parsed["users"][0]["user"]["client-key-data"][200:260]
    planted["kubeconfig token"] = _canary("token")
    planted["kubeconfig password"] = _canary("password")
    user = {"token": planted["kubeconfig token"], "username": "u", "password": planted["kubeconfig password"]}
    parsed["users"].append({"name": "canary", "user": user})
    scene.state.kubeconfig.write_text(yaml.safe_dump(parsed))
    scene.undo.callback(scene.state.kubeconfig.write_text, text)
    planted["chart value"] = _canary("chart")
    planted["chart value of an environment variable"] = _canary("env")
    scene.words += ["--set", f"dashboard.env.CANARY_PASSWORD={planted['chart value']}"]
    values = scene.folder / "values.yaml"
    values.write_text(
        f"dashboard: {{env: {{CANARY_API_KEY: {planted['chart value of an environment variable']}}}}}\n"
    )
    scene.words += ["--values", str(values), "--junitxml", str(scene.report / "junit.xml")]
    planted["address"] = _canary("address")
    with_password = f"http://me:{planted['address']}@prometheus.example.org:9090/"
    words = [
        "run",
        "--context",
        "none",
        "--prometheus-url",
        with_password,
        "--report",
        str(scene.folder / "none"),
    ]
    called(*words, seconds=_CALL_SECONDS, log=scene.folder / "address.log")
    _secret(scene, scene.handle.chaos_mesh_namespace)


def _secret(scene: Scene, namespace: str) -> None:
    secret = scene.canaries.setdefault("Secret", _canary("secret"))
    data = {"password": base64.b64encode(secret.encode()).decode()}
    meta = {"name": "canary", "namespace": namespace}
    scene.cluster.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})
    if namespace == scene.handle.chaos_mesh_namespace:
        scene.undo.callback(scene.cluster.delete, "Secret", "canary", namespace)


def _plant_in_run(scene: Scene) -> None:
    """Plant secrets in the run's own namespaces: a Secret, annotations of pods and of chaos."""
    annotation = scene.canaries["annotation"] = _canary("annotation")
    noted = {"metadata": {"annotations": {"example.com/api-token": annotation}}}
    for namespace in scene.own_namespaces():
        _secret(scene, namespace)
        for what in ("Pod", "StressChaos"):
            for each in scene.cluster.list(what, namespace):
                scene.cluster.patch(what, each["metadata"]["name"], namespace, noted)


def _leaks(scene: Scene) -> list[str]:
    """Return where a planted secret can be read, a line each, in all that the run wrote."""
    state = scene.state
    own = {state.kubeconfig, scene.folder / "values.yaml"}
    files = [
        path
        for root in (scene.folder, scene.report, state.folder, places.state_dir() / "logs")
        if root.is_dir()
        for path in root.rglob("*")
        if path.is_file() and path not in own and f"{state.kubeconfig.name}.keys" not in path.parts
    ]
    said = "\n".join(scene.run.said)
    return sorted(
        {
            f"{where} is in {name}"
            for name, content in [
                ("the output", said.encode()),
                *((str(each), _content(each)) for each in files),
            ]
            for where, secret in scene.canaries.items()
            for form in (secret.encode(), base64.b64encode(secret.encode()))
            if form in content
        }
    )


def _content(path: Path) -> bytes:
    found = path.read_bytes()
    return gzip.decompress(found) if path.suffix == ".gz" else found


_PROMETHEUS = f"/services/{prometheus.ADDRESS.name}:"
_GARBAGE = b'{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1e999,"x"'
_BUSY = b'{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"TooManyRequests","code":429}'

FAULTS: dict[str, Fault] = {
    "none": Fault(
        "nothing",
        _nothing,
        codes=_BAD,
        right=frozenset({"passed"}),
        wrong=frozenset({"failed"}),
        says=WRONG,
    ),
    "kill-run": Fault(
        "kill -9 of the run while chaos is in force", _signals(signal.SIGKILL), codes=_KILLED, sweeps=True
    ),
    "kill-run-early": Fault(
        "the same while chaos is applied",
        _signals(signal.SIGKILL),
        at=f"{RIGHT}: step 2 of 4",
        codes=_KILLED,
        sweeps=True,
    ),
    "kill-worker": Fault(
        "kill -9 of a scenario's process",
        _kill_worker,
        says="the process of .* ended before the scenario did",
    ),
    "kill-all": Fault("kill -9 of the run and its scenarios", _kill_all, codes=_KILLED, sweeps=True),
    "kill-all-late": Fault(
        "the same while chaos is deleted", _kill_all, at=f"{RIGHT}: step 4 of 4", codes=_KILLED, sweeps=True
    ),
    "interrupt": Fault("Ctrl-C", _signals(signal.SIGINT), codes=_INTERRUPTED, says="interrupted"),
    "interrupt-twice": Fault(
        "Ctrl-C twice", _signals(signal.SIGINT, 2), codes=_INTERRUPTED, says="interrupted", sweeps=True
    ),
    "terminate": Fault("SIGTERM", _signals(signal.SIGTERM), codes=_INTERRUPTED, says="interrupted"),
    "job-cancelled": Fault(
        "SIGINT, SIGTERM after 7.5 s, SIGKILL after 2.5 s more, to all of it, as a cancelled job gets them",
        _cancel_job,
        codes=_INTERRUPTED | _KILLED,
        sweeps=True,
    ),
    "prometheus-restarted": Fault("Prometheus' pod is deleted", _delete_prometheus),
    "prometheus-killed": Fault(
        "Prometheus is killed, as when out of memory", lambda scene: scene.kill("prometheus")
    ),
    "prometheus-slow": Fault(
        "Prometheus answers after 10 s, for the rest of the run",
        _trouble(Trouble(_PROMETHEUS, seconds=10.0), _RUN_SECONDS),
        _go_between,
    ),
    "prometheus-garbage": Fault(
        "Prometheus answers garbage for 15 s",
        _trouble(Trouble(_PROMETHEUS, status=200, body=_GARBAGE)),
        _go_between,
    ),
    "api-slow": Fault(
        "the API server answers after 3 s, for 15 s", _trouble(Trouble(seconds=3.0)), _go_between
    ),
    "api-429": Fault(
        "the API server answers 429 for 15 s", _trouble(Trouble(status=429, body=_BUSY)), _go_between
    ),
    "api-restarted": Fault("the API server is killed", lambda scene: scene.kill("kube-apiserver")),
    "network-cut": Fault(
        "the network to the API server is cut for 15 s", _trouble(Trouble(cut=True)), _go_between
    ),
    "network-gone": Fault(
        "the network to the API server is cut for good",
        _trouble(Trouble(cut=True), _RUN_SECONDS),
        _go_between,
        says="gone since|does not answer",
        sweeps=True,
    ),
    "manager-restarted": Fault("the controller-manager's pods are deleted", _restart(MANAGER)),
    "manager-crashes": Fault(
        "the controller-manager crashes each second for 15 s",
        _crash_loop(MANAGER, "chaos-controller-manager"),
    ),
    "daemon-restarted": Fault("chaos-daemon's pods are deleted", _restart(DAEMON)),
    "daemon-crashes": Fault("chaos-daemon crashes each second for 15 s", _crash_loop(DAEMON, "chaos-daemon")),
    "dashboard-restarted": Fault("the dashboard's pod is deleted", _restart(DASHBOARD)),
    "dashboard-crashes": Fault(
        "the dashboard crashes each second for 15 s", _crash_loop(DASHBOARD, "chaos-dashboard")
    ),
    "node-paused": Fault("the worker stands still for 20 s", _pause(lambda of: of.worker)),
    "control-plane-paused": Fault(
        "the control plane stands still for 20 s", _pause(lambda of: of.control_plane)
    ),
    "report-full": Fault(
        "the report's disk is full", _fill(lambda of: of.report), _small_report, says="[Nn]o space|disk"
    ),
    "state-full": Fault("the state folder's disk is full", _fill(lambda of: of.state.folder), _small_state),
    "cache-full": Fault(
        "the cache folder's disk is full", _fill(lambda of: of.folder / "cache"), _small_cache
    ),
    "clock-forward": Fault("the clock of the run steps an hour forward", _step_clock("+3600s"), _fake_clock),
    "clock-back": Fault("the clock of the run steps 90 s back", _step_clock("-90s"), _fake_clock),
    "namespace-stuck": Fault(
        "a namespace of an earlier run stays in Terminating",
        _nothing,
        _wedge,
        codes=_BAD,
        right=frozenset({"passed"}),
        wrong=frozenset({"failed"}),
        says=f"namespace {_STUCK} of an earlier run does not go",
        sweeps=True,
    ),
    "canaries": Fault(
        "secrets are planted wherever a run looks; all that it writes is searched for them",
        _plant_in_run,
        _plant,
        codes=_BAD,
        wrong=frozenset({"failed"}),
        check=_leaks,
        # It installs Chaos Mesh anew, with the values that the canaries are in.
        changes=r" chaos-mesh |pod of \w+ chaos-mesh/",
    ),
    "cluster-deleted": Fault(
        "the nodes are deleted", _delete_cluster, says="gone since|does not answer", gone=True
    ),
}


class Stage:
    """Where runs are broken: a cluster of its own, and the two scenarios."""

    def __init__(self, cluster: str, folder: Path, kept: Path) -> None:
        self.cluster = cluster
        self.folder, self.kept = folder, kept
        self.files = folder / "scenarios"
        self.files.mkdir()
        (self.files / f"{RIGHT}.yaml").write_text(_SCENARIO.format(name=RIGHT, running=1, more=""))
        planted = _SCENARIO.format(name=WRONG, running=2, more="\n        deadline: 5")
        (self.files / f"{WRONG}.yaml").write_text(planted)
        self.options = ["--cluster", cluster, "--worker-nodes", "1"]
        self.engine = engine.find(Progress(), install=True)
        self.before: leftovers.Traces | None = None

    def play(self, name: str, fault: Fault) -> reliability.Entry:
        """Break a run; return how it ended: see docs/reliability.json."""
        began = time.monotonic()
        handle = self._up()
        folder = self.folder / name
        (folder / "tmp").mkdir(parents=True)
        cluster = Cluster.connect(handle.kubeconfig, handle.context)
        env = {"TMPDIR": str(folder / "tmp"), _MARK: name}
        nodes = [each.name for each in kind.containers(self.cluster, self.engine)]

        def look() -> leftovers.Traces:
            return leftovers.look(cluster, self.engine, nodes, f"{_MARK}={name}", folder / "tmp")

        before = self.before or look()
        problems: list[str] = []
        code: int | None = None
        with contextlib.ExitStack() as undo:
            scene = Scene(handle, cluster, self.engine, folder, folder / "report", env, undo)
            fault.before(scene)
            words = [
                *self.options,
                "--parallel",
                "2",
                "--report",
                str(scene.report),
                "-p",
                "no:cacheprovider",
            ]
            scene.started = run = BrokenRun.start(
                [*words, *scene.words, str(self.files)], scene.report, scene.env, folder
            )
            undo.callback(run.kill)
            try:
                run.until(fault.at)
                fault.do(scene)
                code = run.end(_RUN_SECONDS)
            except (HarnessError, OSError) as error:
                problems.append(str(error))
            found = endings(scene.report)
            problems += wrong(fault, code, found, "\n".join(run.said))
            problems += fault.check(scene)
            self._keep(name, scene)
        left: list[str] = []
        if fault.gone:
            self.before = None
        else:
            if fault.sweeps:
                self._ended(f"{_MARK}={name}")
                swept = called("sweep", "--force", "--cluster", self.cluster, seconds=_COMMAND_SECONDS)
                problems += [f"chaos-harness sweep --force ends with {swept}"] if swept else []
            problems += self._ready(cluster)
            left = self._left(before, look, re.compile(fault.changes) if fault.changes else None)
        if code is not None and (problems or left):
            sys.stderr.write("\n".join(f"  | {line}" for line in run.said[-40:]) + "\n")
        return {
            "what": fault.what,
            "code": code,
            "verdicts": {each.removeprefix("fault-"): ended.verdict for each, ended in sorted(found.items())},
            "said": next(
                (each.reason for each in found.values() if each.verdict in ("error", "not run")), ""
            ),
            "left": left,
            "problems": problems,
            "swept": fault.sweeps,
            "seconds": round(time.monotonic() - began),
            **reliability.stamp(handle.versions),
        }

    def _up(self) -> StackHandle:
        state = StateFolder(self.cluster)
        handle = state.load()
        there = kind.containers(self.cluster, self.engine)
        if handle is None or not there or not all(each.running for each in there):
            self.before = None
            if code := called("up", *self.options, seconds=_COMMAND_SECONDS):
                raise InfrastructureError(f"the cluster does not come up: exit code {code}")
            handle = state.load()
        assert handle is not None
        return handle

    def _keep(self, name: str, scene: Scene) -> None:
        """Keep what was printed, and the report, for whoever looks into it."""
        kept = self.kept / name
        shutil.rmtree(kept, ignore_errors=True)
        kept.mkdir(parents=True)
        (kept / "output.txt").write_text("\n".join(scene.run.said) + "\n")
        if scene.report.is_dir():
            shutil.copytree(scene.report, kept / "report", ignore=shutil.ignore_patterns("filled"))

    def _ended(self, mark: str) -> None:
        """Wait until what a killed run began has ended: its scenarios clean up when they find that it has."""
        end = time.monotonic() + _CLEAN_SECONDS
        while leftovers.on_this_machine(mark, Path("/nonexistent")) and time.monotonic() < end:
            time.sleep(_PAUSE_SECONDS)

    def _ready(self, cluster: Cluster) -> list[str]:
        """Wait until all pods are ready; return those that do not become so."""
        end = time.monotonic() + _READY_SECONDS
        while True:
            try:
                waiting = sorted(_unready(cluster))
            except HarnessError as error:
                waiting = [f"the API server: {error}"]
            if not waiting or time.monotonic() > end:
                return [f"not ready again: {each}" for each in waiting]
            time.sleep(_PAUSE_SECONDS)

    def _left(
        self, before: leftovers.Traces, look: Callable[[], leftovers.Traces], may: re.Pattern[str] | None
    ) -> list[str]:
        """Return what differs from before, once what goes by itself has gone."""
        end = time.monotonic() + _CLEAN_SECONDS
        while True:
            self.before = look()
            lines = leftovers.difference(before, self.before)
            lines = [line for line in lines if may is None or not may.search(line)]
            if not lines or time.monotonic() > end:
                return lines
            time.sleep(_PAUSE_SECONDS)


def _unready(cluster: Cluster) -> Iterator[str]:
    for pod in cluster.list("Pod"):
        conditions = (pod.get("status") or {}).get("conditions") or []
        if not any(each["type"] == "Ready" and each["status"] == "True" for each in conditions):
            yield f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def wrong(fault: Fault, code: int | None, found: dict[str, Ended], said: str) -> list[str]:
    """Return what is not as the fault's entry says, a line each.

    On a machine that is overloaded besides, either scenario may be inconclusive.

    Args:
        fault: the entry.
        code: the run's exit code; None when it did not end.
        found: how the scenarios ended.
        said: what the run printed.
    """
    lines = []
    overloaded = any(_OVERLOADED in each.reason for each in found.values())
    codes = fault.codes | _UNKNOWN if overloaded and fault.codes <= _BAD else fault.codes
    if code is not None and code not in codes:
        wanted = " or ".join(str(each) for each in sorted(codes))
        lines.append(f"the exit code is {code}, expected {wanted}")
    for name, right in ((RIGHT, fault.right), (WRONG, fault.wrong)):
        ended = found.get(name, Ended("not run"))
        if ended.verdict not in right and not (ended.verdict == "error" and _OVERLOADED in ended.reason):
            lines.append(f"{name}: {ended.verdict}, expected {' or '.join(sorted(right))}")
    if fault.says and not re.search(fault.says, said):
        lines.append(f"the output does not say {fault.says!r}")
    if shown := _DEFECT.search(said):
        lines.append(f"the output shows a defect: {shown[0]}")
    return lines


def rows(entries: dict[str, Any]) -> list[str]:
    """Return the table of docs/reliability.md; faults that were not seen are named."""
    head = ["fault", "what is done", "exit code", "verdicts (right, wrong)", "why undecided", "afterwards"]
    lines: list[list[str]] = []
    for name, fault in FAULTS.items():
        entry = entries.get(name)
        if entry is None:
            lines.append([f"`{name}`", fault.what, "", "**not seen**", "", ""])
            continue
        told = entry["verdicts"]
        verdict = ", ".join(told.get(each, "not written") for each in ("right", "wrong"))
        after = (
            "the cluster is gone"
            if fault.gone
            else "clean after `sweep --force`"
            if entry["swept"]
            else "clean"
        )
        if bad := [*entry["problems"], *(f"left: {each}" for each in entry["left"])]:
            more = f"; and {len(bad) - _MOST} more" if len(bad) > _MOST else ""
            after = f"**not as expected**: {'; '.join(bad[:_MOST])}{more}"
        lines.append(
            [f"`{name}`", entry["what"], str(entry["code"]), verdict, cut(entry["said"], _SHOWN), after]
        )
    table = reliability.table(head, lines)
    return [reliability.seen_with(list(entries.values())), "", *table] if entries else table


def main(words: list[str]) -> int:
    """Play the faults that are named; return the exit code."""
    parser = argparse.ArgumentParser(prog="ci/faults")
    parser.add_argument("faults", nargs="*", metavar="FAULT")
    parser.add_argument("--list", action="store_true", help="print the faults, and do nothing")
    parser.add_argument("--cluster", default="faults")
    parser.add_argument("--report", type=Path, default=Path("report-faults"))
    parser.add_argument("--keep", action="store_true", help="keep the cluster")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin with none after so long")
    parser.add_argument("--write", action="store_true", help="write what was seen into docs/reliability.md")
    options = parser.parse_args(words)
    if options.list:
        sys.stdout.write("".join(f"{name:22} {fault.what}\n" for name, fault in FAULTS.items()))
        return ExitCode.OK
    if unknown := [each for each in options.faults if each not in FAULTS]:
        sys.stderr.write(f"ci/faults: no such fault: {unknown[0]}\n  next step: ci/faults --list\n")
        return ExitCode.USAGE
    # A shell that starts this in the background has it ignored, and what is started here would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    failed = False
    seen: dict[str, reliability.Entry] = {}
    kept = options.report.resolve()
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        stage = Stage(options.cluster, Path(folder), kept)
        try:
            end = time.monotonic() + options.minutes * 60
            for name in options.faults or FAULTS:
                if time.monotonic() > end:
                    sys.stderr.write(f"{name}: not begun, {options.minutes:g} minutes are over\n")
                    continue
                try:
                    seen[name] = entry = stage.play(name, FAULTS[name])
                except NotPossibleError as error:
                    sys.stderr.write(f"{name}: {error.render()}\n")
                    continue
                failed = failed or bool(entry["problems"] or entry["left"])
                reliability.keep(kept / "results.json", "faults", {name: entry})
                if options.write:
                    reliability.keep(reliability.KEPT, "faults", {name: entry})
                sys.stderr.write(f"{name}: {entry}\n")
        finally:
            if not options.keep:
                called("down", "--cluster", options.cluster, seconds=_COMMAND_SECONDS)
    sys.stdout.write("\n".join(rows(seen)) + "\n")
    if options.write:
        reliability.write("faults", rows(reliability.load(reliability.KEPT).get("faults", {})))
    return ExitCode.FAILED if failed else ExitCode.OK


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except HarnessError as error:
        sys.stderr.write(f"ci/faults: {error.render()}\n")
        sys.exit(error.exit_code)
