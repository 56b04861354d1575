"""Breaks runs on purpose and looks at how each ends; see ci/faults."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from harness.base.errors import ExitCode, HarnessError, InfrastructureError
from harness.base.progress import Progress
from harness.chaosmesh.components import DASHBOARD, MANAGER, component_pods
from harness.chaosmesh.daemons import DAEMON
from harness.kubernetes.client import Cluster
from harness.kubernetes.kinds import CHAOS_MESH_KINDS
from harness.kubernetes.namespaces import RUN_LABEL
from harness.stack import engine, kind, prometheus, state
from harness.stack.engine import Engine
from harness.stack.handle import StackHandle

CLUSTER = "faults"
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
        series: [{{kind: StressChaos, phase: running, value: {running}}}]
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
_RUN_SECONDS = 420.0
_MARK_SECONDS = 240.0
_CALL_SECONDS = 60.0
_TRACES = re.compile(r"CHAOS|stress-ng|memStress|toda|tproxy|netem")
"""What chaos leaves on a node, if it leaves anything."""
_LOOK = (
    "iptables-save 2>/dev/null | sed 's/\\[[0-9:]*\\]//'; ipset list -n 2>/dev/null; cat /proc/mounts;"
    " for p in /proc/[0-9]*; do tr '\\0' ' ' < $p/cmdline 2>/dev/null | cut -c1-80; echo; done;"
    " tc qdisc show 2>/dev/null"
)


class NotAsExpectedError(HarnessError):
    """A run ended in another way than it should have."""

    exit_code = ExitCode.FAILED


@dataclass
class BrokenRun:
    """A run in a process group of its own, and what it prints.

    Attributes:
        report: its report's folder.
        said: its lines until now.
    """

    process: subprocess.Popen[str]
    report: Path
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.rstrip())
        self._lines.put(None)

    def until(self, pattern: str) -> None:
        """Wait for a line of its output.

        Raises:
            NotAsExpectedError: the run ended without it, or it does not come.
        """
        deadline = time.monotonic() + _MARK_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.1, deadline - time.monotonic()))
            except queue.Empty:
                raise NotAsExpectedError(
                    f"the run does not come to {pattern!r}", details=self.said[-20:]
                ) from None
            if line is None:
                raise NotAsExpectedError(f"the run ended before {pattern!r}", details=self.said[-20:])
            self.said.append(line)
            if re.search(pattern, line):
                return

    def end(self) -> int:
        """Wait for its end; return its exit code."""
        try:
            code = self.process.wait(_RUN_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            raise NotAsExpectedError("the run does not end", details=self.said[-20:]) from None
        while (line := self._lines.get(timeout=_CALL_SECONDS)) is not None:
            self.said.append(line)
        return code

    def children(self) -> list[int]:
        """Return the process ids of its scenarios' own processes."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(each) for each in path.read_text().split()]


@dataclass(frozen=True)
class Scene:
    """A run that is about to be broken, and what it runs on."""

    run: BrokenRun
    handle: StackHandle
    cluster: Cluster
    engine: Engine
    undo: contextlib.ExitStack

    @property
    def worker(self) -> str:
        """The node that the workloads are on."""
        return self.nodes[-1]

    @property
    def control_plane(self) -> str:
        """The node of the API server."""
        return next(each for each in self.nodes if each.endswith("control-plane"))

    @property
    def nodes(self) -> list[str]:
        """Its nodes' containers, the control plane first."""
        return sorted(each.name for each in kind.containers(self.handle.cluster, self.engine))

    def on(self, node: str, script: str) -> str:
        """Run a script of the shell on a node; return what it prints."""
        return self.engine.run("break it", ["exec", node, "sh", "-c", script], timeout=_CALL_SECONDS).stdout

    def kill(self, node: str, container: str) -> None:
        """End the main process of a container with SIGKILL, as the OOM killer does."""
        found = f"$(crictl ps --name '^{container}$' -q | head -n 1)"
        pid = f"$(crictl inspect --output go-template --template '{{{{.info.pid}}}}' {found})"
        self.on(node, f"kill -9 {pid}")

    def delete_pods(self, namespace: str, selector: str) -> None:
        """Delete pods at once."""
        for pod in self.cluster.list("Pod", namespace, selector):
            self.cluster.delete("Pod", pod["metadata"]["name"], namespace, grace=0)


Break = Callable[[Scene], None]


@dataclass(frozen=True)
class Fault:
    """A fault, and how a run with it has to end.

    Attributes:
        what: what is done, for the table.
        at: the line of the run at which it is done.
        do: how.
        codes: the exit codes that are right.
        says: what the run's output has to name, as a regular expression.
        killed: the run itself is killed, so what it leaves is the next run's to remove.
        gone: the cluster does not live on.
    """

    what: str
    at: str
    do: Break
    codes: frozenset[int]
    says: str = ""
    killed: bool = False
    gone: bool = False


_APPLIED = rf"{RIGHT}: step 3 of 4"
_BAD = frozenset({ExitCode.FAILED})
_UNKNOWN = frozenset({ExitCode.FAILED, ExitCode.INFRASTRUCTURE})
_INTERRUPTED = frozenset({ExitCode.INTERRUPTED})
_KILLED = frozenset({-signal.SIGKILL})


def _nothing(_: Scene) -> None:
    pass


def _signals(number: signal.Signals, times: int = 1) -> Break:
    def do(scene: Scene) -> None:
        for at in range(times):
            if at:
                # Signals within a second are one.
                time.sleep(1.5)
            scene.run.process.send_signal(number)

    return do


def _kill_worker(scene: Scene) -> None:
    os.kill(scene.run.children()[0], signal.SIGKILL)


def _kill_all(scene: Scene) -> None:
    os.killpg(scene.run.process.pid, signal.SIGKILL)


def _delete(job: str) -> Break:
    def do(scene: Scene) -> None:
        pods = component_pods(job, scene.handle.chaos_mesh_namespace)
        scene.delete_pods(pods.namespace, pods.selector)

    return do


def _delete_prometheus(scene: Scene) -> None:
    namespace, selector, _ = prometheus.POD
    scene.delete_pods(namespace, selector)


def _kill_prometheus(scene: Scene) -> None:
    scene.kill(scene.worker, "prometheus")


def _kill_api_server(scene: Scene) -> None:
    scene.kill(scene.control_plane, "kube-apiserver")


def _pause(which: Callable[[Scene], str], seconds: float) -> Break:
    def do(scene: Scene) -> None:
        node = which(scene)
        scene.undo.callback(_unpause, scene.engine, node)
        scene.engine.run("pause a node", ["pause", node], timeout=_CALL_SECONDS)
        # How long the fault lasts.
        time.sleep(seconds)
        scene.undo.pop_all().close()

    return do


def _unpause(found: Engine, node: str) -> None:
    found.run("let a node go on", ["unpause", node], timeout=_CALL_SECONDS, check=False)


def _fill(scene: Scene) -> None:
    with contextlib.suppress(OSError), (scene.run.report / "filled").open("wb") as file:
        while True:
            file.write(b"\0" * 65536)
            file.flush()


def _stop_cluster(scene: Scene) -> None:
    scene.engine.run("stop the nodes", ["stop", "-t", "1", *scene.nodes], timeout=_CALL_SECONDS)


def _wedge(scene: Scene) -> None:
    """Leave a namespace of an earlier run that does not go."""
    labels = {
        **{key: value for key, value in _labels_of_a_run(scene).items() if key != RUN_LABEL},
        RUN_LABEL: "0ldrun00",
    }
    name = "fault-stuck-0ldrun00"
    scene.cluster.create(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}
    )
    held = {"name": "held", "namespace": name, "finalizers": ["example.com/held"]}
    scene.cluster.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": held})
    scene.cluster.delete("Namespace", name)


def _labels_of_a_run(scene: Scene) -> dict[str, str]:
    for each in scene.cluster.list("Namespace"):
        labels: dict[str, str] = each["metadata"].get("labels", {})
        if RUN_LABEL in labels:
            return labels
    raise NotAsExpectedError("no namespace of the run is there")


FAULTS: dict[str, Fault] = {
    "none": Fault("nothing", _APPLIED, _nothing, _BAD, says=rf"{WRONG}.*expected"),
    "kill-worker": Fault(
        "kill -9 of a scenario's process",
        _APPLIED,
        _kill_worker,
        _UNKNOWN,
        says="process.*ended|ended.*process",
    ),
    "kill-run-before": Fault(
        "kill -9 of the run while the chaos is applied",
        rf"{RIGHT}: step 2 of 4",
        _signals(signal.SIGKILL),
        _KILLED,
        killed=True,
    ),
    "kill-run": Fault(
        "kill -9 of the run while the chaos is in force",
        _APPLIED,
        _signals(signal.SIGKILL),
        _KILLED,
        killed=True,
    ),
    "kill-all": Fault("kill -9 of the run and its scenarios", _APPLIED, _kill_all, _KILLED, killed=True),
    "kill-all-late": Fault(
        "the same while the chaos is deleted", rf"{RIGHT}: step 4 of 4", _kill_all, _KILLED, killed=True
    ),
    "interrupt": Fault("Ctrl-C", _APPLIED, _signals(signal.SIGINT), _INTERRUPTED),
    "interrupt-twice": Fault("Ctrl-C twice", _APPLIED, _signals(signal.SIGINT, 2), _INTERRUPTED, killed=True),
    "terminate": Fault("SIGTERM", _APPLIED, _signals(signal.SIGTERM), _INTERRUPTED),
    "prometheus-deleted": Fault("Prometheus' pod is deleted", _APPLIED, _delete_prometheus, _UNKNOWN),
    "prometheus-killed": Fault(
        "Prometheus is killed, as when out of memory", _APPLIED, _kill_prometheus, _UNKNOWN
    ),
    "api-server-killed": Fault("the API server is killed", _APPLIED, _kill_api_server, _UNKNOWN),
    "manager-deleted": Fault(
        "the controller-manager's pods are deleted", _APPLIED, _delete(MANAGER), _UNKNOWN
    ),
    "daemon-deleted": Fault("chaos-daemon's pods are deleted", _APPLIED, _delete(DAEMON), _UNKNOWN),
    "dashboard-deleted": Fault("the dashboard's pod is deleted", _APPLIED, _delete(DASHBOARD), _UNKNOWN),
    "node-paused": Fault(
        "the worker stands still for 20 s", _APPLIED, _pause(lambda of: of.worker, 20), _UNKNOWN
    ),
    "api-server-silent": Fault(
        "the control plane stands still for 20 s", _APPLIED, _pause(lambda of: of.control_plane, 20), _UNKNOWN
    ),
    "disk-full": Fault("the report's disk is full", _APPLIED, _fill, _UNKNOWN, says="space|full"),
    "namespace-stuck": Fault("a namespace of an earlier run does not go", _APPLIED, _wedge, _BAD),
    "cluster-gone": Fault(
        "the nodes are stopped",
        _APPLIED,
        _stop_cluster,
        _UNKNOWN,
        says="gone since|does not answer",
        gone=True,
    ),
}


def traces(scene_engine: Engine, nodes: Iterable[str]) -> set[str]:
    """Return what of chaos is on the nodes: rules, sets, mounts, processes, queues."""
    found: set[str] = set()
    for node in nodes:
        told = scene_engine.run("look at a node", ["exec", node, "sh", "-c", _LOOK], timeout=_CALL_SECONDS)
        found |= {f"{node}: {line.strip()}" for line in told.stdout.splitlines() if _TRACES.search(line)}
    return found


def left_in(cluster: Cluster) -> set[str]:
    """Return the namespaces and the experiments of runs that are there."""
    found = {
        f"Namespace {each['metadata']['name']}"
        for each in cluster.list("Namespace")
        if RUN_LABEL in each["metadata"].get("labels", {})
    }
    for name in CHAOS_MESH_KINDS:
        for each in cluster.list(name):
            found.add(f"{name} {each['metadata'].get('namespace', '')}/{each['metadata']['name']}")
    return found


class Stage:
    """Where runs are broken: a cluster of its own, and the two scenarios."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files = folder / "scenarios"
        self.files.mkdir()
        for name, running in ((RIGHT, 1), (WRONG, 2)):
            (self.files / f"{name}.yaml").write_text(_SCENARIO.format(name=name, running=running))
        self.progress = Progress()
        self.engine = engine.find(self.progress, install=True)

    def start(self, report: Path) -> BrokenRun:
        """Begin a run of both scenarios side by side."""
        words = [sys.executable, "-m", "harness.cli", "run", "--cluster", CLUSTER, "--parallel", "2"]
        words += ["--report", str(report), "-p", "no:cacheprovider", str(self.files)]
        out = subprocess.PIPE
        process = subprocess.Popen(
            words, stdout=out, stderr=subprocess.STDOUT, text=True, start_new_session=True, cwd=self.folder
        )
        return BrokenRun(process, report)

    def called(self, *words: str) -> int:
        """Call a command of the harness on the cluster; return its exit code."""
        argv = [sys.executable, "-m", "harness.cli", *words, "--cluster", CLUSTER]
        return subprocess.run(argv, timeout=_RUN_SECONDS * 2, check=False, stdout=sys.stderr).returncode

    @contextlib.contextmanager
    def report(self, name: str, fault: Fault) -> Iterator[Path]:
        """Yield the folder for a run's report; of a full disk one that is small."""
        folder = self.folder / "reports" / name
        folder.mkdir(parents=True)
        if fault.do is not _fill:
            yield folder / "report"
            return
        disk = folder / "disk"
        disk.mkdir()
        mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
        subprocess.run(mount, check=True, timeout=_CALL_SECONDS)
        try:
            yield disk
        finally:
            subprocess.run(["umount", str(disk)], check=True, timeout=_CALL_SECONDS)

    def play(self, name: str, fault: Fault) -> str:
        """Break a run; return how it ended.

        Raises:
            NotAsExpectedError: it ended in another way than it should have.
        """
        if code := self.called("up"):
            raise InfrastructureError(f"the cluster does not come up: exit code {code}")
        handle = state.load(CLUSTER)
        assert handle is not None
        cluster = Cluster.connect(handle.kubeconfig, handle.context)
        nodes = [each.name for each in kind.containers(CLUSTER, self.engine)]
        before = traces(self.engine, nodes)
        with self.report(name, fault) as report, contextlib.ExitStack() as undo:
            run = self.start(report)
            undo.callback(_end, run)
            run.until(fault.at)
            fault.do(Scene(run, handle, cluster, self.engine, undo.enter_context(contextlib.ExitStack())))
            code = run.end()
            (report.parent / f"{name}.log").write_text("\n".join(run.said) + "\n")
            verdicts = _verdicts(report)
        wrong = list(_wrong(fault, code, verdicts, "\n".join(run.said)))
        if not fault.gone:
            if fault.killed or fault.do is _wedge:
                self.called("sweep", "--force")
            wrong += [f"left: {each}" for each in sorted(left_in(cluster))]
            wrong += [f"left: {each}" for each in sorted(traces(self.engine, nodes) - before)]
        told = ", ".join(
            f"{scenario.removeprefix('fault-')} {verdict}" for scenario, verdict in verdicts.items()
        )
        if wrong:
            raise NotAsExpectedError(f"{name}: code {code}, {told}", details=[*wrong, *run.said[-30:]])
        return f"{code}; {told or 'no results'}"


def _end(run: BrokenRun) -> None:
    if run.process.poll() is None:
        os.killpg(run.process.pid, signal.SIGKILL)
        run.process.wait()


def _verdicts(report: Path) -> dict[str, str]:
    """Return verdicts by scenario, as far as they were written."""
    try:
        value = json.loads((report / "results.json").read_text())
    except (OSError, ValueError):
        return {}
    found = {each["name"]: str(each["verdict"]) for each in value["scenarios"]}
    return {**found, **{each["name"]: "not run" for each in value.get("not_run", [])}}


def _wrong(fault: Fault, code: int, verdicts: dict[str, str], said: str) -> Iterator[str]:
    if code not in fault.codes:
        yield f"the exit code is {code}, not {' or '.join(str(int(each)) for each in sorted(fault.codes))}"
    for name, right in ((RIGHT, _SETTLED), (WRONG, _UNSETTLED)):
        if verdicts.get(name, "not run") not in right:
            yield f"{name} is {verdicts[name]}"
    if fault.do is _nothing and verdicts != {RIGHT: "passed", WRONG: "failed"}:
        yield f"without a fault: {verdicts}"
    if fault.says and not re.search(fault.says, said):
        yield f"the output does not name it: {fault.says}"


def main(names: list[str]) -> int:
    """Play the faults that are named; return the exit code."""
    if unknown := [each for each in names if each not in FAULTS]:
        sys.stderr.write(f"ci/faults: no such fault: {unknown[0]}\n  next step: one of {', '.join(FAULTS)}\n")
        return ExitCode.USAGE
    failed = False
    rows = []
    with tempfile.TemporaryDirectory(prefix="faults-") as folder:
        stage = Stage(Path(folder))
        try:
            for name in names or FAULTS:
                began = time.monotonic()
                try:
                    ended = stage.play(name, FAULTS[name])
                except NotAsExpectedError as error:
                    failed = True
                    ended = "**not as expected**"
                    sys.stderr.write(f"{error.render()}\n")
                rows.append(
                    f"| `{name}` | {FAULTS[name].what} | {ended} | {time.monotonic() - began:.0f} s |"
                )
                sys.stderr.write(f"{rows[-1]}\n")
        finally:
            stage.called("down")
    sys.stdout.write(
        "\n".join(["| fault | what is done | exit code; verdicts | took |", "|---|---|---|---|", *rows])
        + "\n"
    )
    return ExitCode.FAILED if failed else ExitCode.OK


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except HarnessError as error:
        sys.stderr.write(f"ci/faults: {error.render()}\n")
        sys.exit(error.exit_code)
