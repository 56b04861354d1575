"""Runs scenarios on a cluster of others, and compares before and after all that is theirs: ci/safe-proof."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import NotFoundError
from harness.stack.handle import StackHandle
from harness.stack.state import StateFolder

HERE = Path(__file__).resolve().parent
SCENARIOS = HERE.parent / "scenarios"
OWN = "chaos-harness"
ACCOUNT = "chaos-harness"


@dataclass(frozen=True)
class Stage:
    """Which scenarios run with which rights, and how they have to come out. Names of files without `.yaml`.

    Attributes:
        rbac: the options of `chaos-harness rbac`.
        run: the options of the run.
        passed: scenarios that look at nothing that others change: they pass.
        skipped: scenarios that need what the stage has not.
        shared: scenarios that look at what others change, while others change it: they pass, or are
            inconclusive for that reason.
    """

    rbac: tuple[str, ...]
    run: tuple[str, ...]
    passed: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    shared: tuple[str, ...] = ()

    @property
    def scenarios(self) -> list[str]:
        """All of them."""
        return [*self.passed, *self.skipped, *self.shared]


STAGES = {
    "api": Stage(
        rbac=("--tier", "api"),
        run=(),
        passed=(
            "controller-manager/pod-kill",
            "controller-manager/schedule-of-workflows",
            "controller-manager/workflow-status-check",
            "controller-manager/workflow-task",
            "dashboard/azure-never-archived",
        ),
        # It asks a node.
        skipped=("daemon/two-containers",),
    ),
    "node": Stage(
        rbac=("--tier", "node"),
        run=(),
        passed=(
            "application/partition",
            "controller-manager/duration-expires",
            "controller-manager/events-of-an-experiment",
            "controller-manager/schedule-paused",
            "controller-manager/two-namespaces",
            "controller-manager/workflow-parallel",
            "daemon/two-containers",
        ),
        # A range is too short, one looks at what others change, one restarts a component.
        skipped=("application/stress-cpu", "controller-manager/no-target", "daemon/restart-daemon"),
    ),
    "exclusive": Stage(
        rbac=("--tier", "node"),
        run=("--exclusive",),
        passed=("daemon/network-partition",),
        shared=("controller-manager/no-target", "controller-manager/pause-and-resume", "daemon/stress-cpu"),
    ),
    "disruption": Stage(
        rbac=("--tier", "node", "--allow-disruption"),
        run=("--exclusive", "--allow-disruption"),
        passed=(),
        # No role permits what it does.
        skipped=("controller-manager/list-denied",),
        shared=(
            "controller-manager/restart-manager",
            "daemon/restart-daemon",
            "dashboard/deleted-while-down",
        ),
    ),
}
"""What runs in which stage."""

_INCONCLUSIVE = "inconclusive: others use"
"""Begins the reason of what is undecided by what others do (harness/judge/foreign.py, runner/strategy.py)."""
_UNDECIDED_CODE = 6
"""A run ends with it when scenarios were undecided and none failed (docs/exit-codes.md)."""

_SKIPPED_GROUPS = {"metrics.k8s.io", "custom.metrics.k8s.io", "external.metrics.k8s.io"}
_SKIPPED_KINDS = {"Event", "ComponentStatus"}
"""What comes and goes by itself, or is no object."""
_RENEWED = ("renewTime", "acquireTime", "leaseTransitions", "holderIdentity")
_REPLACED = {"Pod", "EndpointSlice", "Endpoints", "Lease", "ReplicaSet"}
"""Of Chaos Mesh, what a restart of its components makes again."""
_SECONDS = 120.0

Objects = dict[str, Any]


def main(words: list[str]) -> int:
    """Run the stages; return the exit code."""
    parser = argparse.ArgumentParser(prog="ci/safe-proof")
    parser.add_argument("--cluster", default="safe-proof")
    parser.add_argument("--report", type=Path, default=Path("report-safe-proof"))
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("stages", nargs="*", metavar="STAGE")
    options = parser.parse_args(words)
    if unknown := set(options.stages) - STAGES.keys():
        parser.error(f"no such stage: {', '.join(sorted(unknown))}; there is {', '.join(STAGES)}")
    stages = options.stages or [*STAGES]
    harness("up", "--cluster", options.cluster, "--worker-nodes", "1", "--scrape-interval", "5")
    try:
        with tempfile.TemporaryDirectory() as folder:
            proof = Proof(options.cluster, options.report, Path(folder))
            proof.plant()
            return max([proof.stage(name) for name in stages])
    finally:
        if not options.keep:
            harness("down", "--cluster", options.cluster)


class Proof:
    """The cluster that stands for theirs, looked at with its administrator's rights."""

    def __init__(self, cluster: str, report: Path, folder: Path) -> None:
        state = StateFolder(cluster)
        handle = state.load()
        assert handle is not None
        self.handle: StackHandle = handle
        self.report, self.folder = report, folder
        self.cluster = Cluster.connect(handle.kubeconfig, handle.context)
        self.kubectl = [str(state.program("kubectl") or "kubectl"), f"--kubeconfig={handle.kubeconfig}"]

    def plant(self) -> None:
        """Make what others have, and wait until it works."""
        text = (HERE / "safe-proof.yaml").read_text().replace("IMAGE", self.handle.workload_image)
        there = self.cluster.get("Namespace", "leaving")
        if there is None:
            self._kubectl("apply", "--filename=-", text=text)
            self._kubectl("rollout", "status", "deployment/web", "--namespace=shop", "--timeout=120s")
            self._kubectl("rollout", "status", "statefulset/mini-node-exporter", "--namespace=shop")
            self._kubectl("delete", "configmap", "kept", "--namespace=shop", "--wait=false")
            self._kubectl("delete", "namespace", "leaving", "--wait=false")
        for kind, name, namespace in (
            ("StressChaos", "burn", "shop"),
            ("NetworkChaos", "cut", "shop"),
            ("StressChaos", "burn", "lookalike"),
        ):
            self.cluster.until(kind, namespace, in_force, _SECONDS, name)
        # Until then its contents go by themselves, and would count as differences.
        self.cluster.until("Namespace", None, has_only_what_is_kept, _SECONDS, "leaving")

    def stage(self, name: str) -> int:
        """Run the scenarios of a stage as the account with its roles; return 0 when nothing differs."""
        stage = STAGES[name]
        mesh = self.handle.chaos_mesh_namespace
        roles = harness("rbac", "--chaos-mesh-namespace", mesh, *stage.rbac, output=True)
        self._kubectl("apply", "--filename=-", text=roles)
        kubeconfig = self._kubeconfig()
        before = snapshot(self.cluster)
        report = self.report / name
        named = ["--context", "theirs", "--kubeconfig", str(kubeconfig)]
        image = ["--workload-image", self.handle.workload_image]
        began = time.monotonic()
        files = [str(SCENARIOS / f"{each}.yaml") for each in stage.scenarios]
        code = harness("run", *named, *stage.run, *image, "--report", str(report), "-v", *files, check=False)
        harness("sweep", *named)
        # Removes what was installed, with the rights that it takes: nothing.
        harness("down", "--context", self.handle.context, "--kubeconfig", str(self.handle.kubeconfig))
        restarted = "--allow-disruption" in stage.run
        changed = differences(before, snapshot(self.cluster), restarted=restarted, mesh=mesh)
        results = json.loads((report / "results.json").read_text())
        wrong = unexpected(stage, results, code)
        counts = {each: number for each, number in results["summary"].items() if number}
        print(f"{name}: exit code {code}, {counts}, {time.monotonic() - began:.0f} s", flush=True)
        print(f"{name}: {len(before)} objects compared, {len(changed)} differ", flush=True)
        for line in (*changed, *wrong):
            print(f"  {line}", flush=True)
        return 1 if changed or wrong else 0

    def _kubeconfig(self) -> Path:
        """Return a kubeconfig with a token of the account, and nothing of the administrator's."""
        token = self._kubectl("create", "token", ACCOUNT, f"--namespace={OWN}", "--duration=2h").strip()
        own = yaml.safe_load(self.handle.kubeconfig.read_text())
        parsed = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "theirs", "cluster": own["clusters"][0]["cluster"]}],
            "users": [{"name": "account", "user": {"token": token}}],
            "contexts": [{"name": "theirs", "context": {"cluster": "theirs", "user": "account"}}],
        }
        path = self.folder / "kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(parsed))
        return path

    def _kubectl(self, *words: str, text: str | None = None) -> str:
        done = subprocess.run(
            [*self.kubectl, *words], input=text, capture_output=True, text=True, timeout=180, check=False
        )
        if done.returncode:
            sys.exit(f"kubectl {' '.join(words)}: {done.stderr.strip()}")
        return done.stdout


def harness(*words: str, check: bool = True, output: bool = False) -> Any:
    """Run a command of the harness; return its exit code, or what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "harness.cli", *words],
        stdout=subprocess.PIPE if output else None,
        text=True,
        timeout=3600,
        check=False,
    )
    if done.returncode and check:
        sys.exit(f"chaos-harness {' '.join(words)} ended with {done.returncode}")
    return done.stdout if output else done.returncode


def unexpected(stage: Stage, results: Objects, code: int) -> list[str]:
    """Return what did not come out as the stage wants it, a line each.

    Args:
        stage: which scenarios, and how they come out.
        results: `results.json` of its run.
        code: the run's exit code.
    """
    lines = []
    undecided = False
    for name in stage.scenarios:
        found = [each for each in results["scenarios"] if each["file"].endswith(f"/{name}.yaml")]
        if not found:
            lines.append(f"{name}: did not run")
        for each in found:
            verdict, others = each["verdict"], name in stage.shared and _by_others(each)
            undecided = undecided or others
            good = {"skipped"} if name in stage.skipped else {"passed", "known_issue"}
            if verdict not in good and not others:
                wanted = " or ".join(sorted(good))
                lines.append(f"{each['name']}: {verdict}, expected {wanted}: {'; '.join(reasons(each))}")
            lines += [f"{each['name']}: left {left['kind']} {left['name']}" for left in each["leftovers"]]
    if code and not lines and not (undecided and code == _UNDECIDED_CODE):
        lines.append(f"the run ended with {code}, and each scenario as expected: look at its last lines")
    return lines


def _by_others(result: Objects) -> bool:
    """Say whether a scenario is undecided by what others do, and by nothing else."""
    found = reasons(result)
    return result["verdict"] == "error" and bool(found) and all(_INCONCLUSIVE in each for each in found)


def reasons(result: Objects) -> list[str]:
    """Return why a scenario did not pass: its own reason, its steps' and its findings'."""
    found = [result["reason"]]
    for step in result["steps"]:
        found += [step["problem"]["reason"]] if step["problem"] and not result["reason"] else []
        found += [
            each["reason"]
            for each in step["findings"]
            if each["level"] == "must" and each["verdict"] in ("failed", "error")
        ]
    return [each for each in found if each]


def snapshot(cluster: Cluster) -> Objects:
    """Return all objects of all kinds that the API server serves, without what changes by itself."""
    found: Objects = {}
    for path in _group_versions(cluster):
        try:
            served = json.loads(cluster.text(path))
        except NotFoundError:
            continue
        for resource in served["resources"]:
            if "/" in resource["name"] or "list" not in resource["verbs"]:
                continue
            if resource["kind"] in _SKIPPED_KINDS:
                continue
            answer = json.loads(cluster.text(f"{path}/{resource['name']}", timeout=60.0))
            for item in answer.get("items") or []:
                body = {**item, "apiVersion": served["groupVersion"], "kind": resource["kind"]}
                if not _is_made_by_schedule(body):
                    found[_key(body)] = steady(body)
    return found


def steady(body: Objects) -> Objects:
    """Return what only somebody changes; of pods also restarts, of chaos whether it is in force."""
    # The CRDs of Chaos Mesh (helm/chaos-mesh/crds) have no subresource for status: to write it makes another
    # generation.
    theirs = str(body.get("apiVersion", "")).startswith("chaos-mesh.org/")
    noise = ("resourceVersion", "managedFields", *(("generation",) if theirs else ()))
    metadata = {key: value for key, value in body["metadata"].items() if key not in noise}
    kept = {key: value for key, value in body.items() if key not in ("status", "metadata", "apiVersion")}
    status = body.get("status") or {}
    if body["kind"] == "Pod":
        each = status.get("containerStatuses") or []
        kept["restarts"] = {found["name"]: found["restartCount"] for found in each}
    if body["kind"] == "Lease":
        kept["spec"] = {key: value for key, value in kept["spec"].items() if key not in _RENEWED}
    if "experiment" in status:
        kept["conditions"] = {found["type"]: found["status"] for found in status.get("conditions") or []}
    return {**kept, "metadata": metadata}


def differences(before: Objects, after: Objects, *, restarted: bool, mesh: str = "chaos-mesh") -> list[str]:
    """Return what differs, a line each, but for the Lease of the harness.

    Args:
        before: a snapshot.
        after: a later one.
        restarted: Chaos Mesh's components were: their pods are others, with the same owners.
        mesh: the namespace of Chaos Mesh.
    """
    lines = []
    for key in sorted(before.keys() | after.keys()):
        kind, namespace, _ = key.split(" ", 2)
        if (kind, namespace) == ("Lease", OWN) or (restarted and namespace == mesh and kind in _REPLACED):
            continue
        one, other = before.get(key), after.get(key)
        if restarted and namespace == mesh:
            one, other = _without_generation(one), _without_generation(other)
        if one is None or other is None:
            lines.append(f"{key}: {'appeared' if one is None else 'is gone'}")
        elif one != other:
            lines += [f"{key}: {line}" for line in _changes(one, other, "")]
    return lines


def _changes(one: Any, other: Any, at: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            yield from _changes(one.get(key), other.get(key), f"{at}.{key}" if at else key)
    elif one != other:
        yield f"{at} was {json.dumps(one)[:200]}, is {json.dumps(other)[:200]}"


def _without_generation(body: Objects | None) -> Objects | None:
    if body is None:
        return None
    return {
        **body,
        "metadata": {key: value for key, value in body["metadata"].items() if key != "generation"},
    }


def _key(body: Objects) -> str:
    metadata = body["metadata"]
    return f"{body['kind']} {metadata.get('namespace', '-')} {metadata['name']}"


def _is_made_by_schedule(body: Objects) -> bool:
    """Say whether a Schedule of theirs made it, which makes others all the time."""
    return any(owner["kind"] == "Schedule" for owner in body["metadata"].get("ownerReferences") or [])


def _group_versions(cluster: Cluster) -> Iterator[str]:
    yield "/api/v1"
    for group in json.loads(cluster.text("/apis"))["groups"]:
        if group["name"] not in _SKIPPED_GROUPS:
            yield f"/apis/{group['preferredVersion']['groupVersion']}"


def in_force(found: Objects | None) -> bool:
    """Say whether an experiment is injected."""
    conditions = ((found or {}).get("status") or {}).get("conditions") or []
    return any(each["type"] == "AllInjected" and each["status"] == "True" for each in conditions)


def has_only_what_is_kept(found: Objects | None) -> bool:
    """Say whether a namespace that is deleted waits for finalizers alone."""
    conditions = ((found or {}).get("status") or {}).get("conditions") or []
    return any(
        each["type"] == "NamespaceFinalizersRemaining" and each["status"] == "True" for each in conditions
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
