"""On a cluster of others nothing is asked without a guard, and no container engine is called."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.kubernetes.client import Cluster
from harness.kubernetes.guard import Guard
from harness.stack import connection
from harness.stack.target import TargetCluster

PACKAGE = Path(harness.__file__).parent
CONNECTS = {
    # With the guard of the handle.
    "stack/connection.py",
    # With the guard of what is only looked at and installed.
    "stack/existing/use.py",
    # With the guard that it is given.
    "stack/lock.py",
    # As the account of the pod, to read the Lease of its run.
    "stack/in_cluster/pod.py",
    # To a kind cluster of the harness' own, which is being made.
    "stack/up.py",
}
ENGINES = re.compile(r"(?:^|/)(?:docker|podman|nerdctl|ctr|crictl|minikube)$")
_BUILDS = ("stack/", "image_build/")


def modules() -> dict[str, ast.Module]:
    return {
        str(path.relative_to(PACKAGE)): ast.parse(path.read_text())
        for path in sorted(PACKAGE.rglob("*.py"))
        if "_bundled" not in path.parts
    }


class Handle:
    """As much of a stack's handle as connecting needs."""

    kubeconfig, context, identity, chaos_mesh_namespace = Path("k"), "staging", "a-stack", "their-mesh"

    def __init__(self, whose: Any) -> None:
        self.target = TargetCluster(whose=whose)


@pytest.mark.parametrize("whose", ["own", "theirs"])
def test_a_cluster_of_others_is_guarded_and_no_other(monkeypatch: pytest.MonkeyPatch, whose: str) -> None:
    given: list[Any] = []
    monkeypatch.setattr(Cluster, "connect", lambda *_, guard: given.append(guard))
    connection.connect(Handle(whose), run="1a2b3c4d", disruption=True, allowed=frozenset({"shop"}))  # type: ignore[arg-type]
    connection.connect(Handle(whose))  # type: ignore[arg-type]
    assert given == (
        [
            Guard("a-stack", "1a2b3c4d", "their-mesh", True, frozenset({"shop"})),
            Guard("a-stack", "", "their-mesh"),
        ]
        if whose == "theirs"
        else [None, None]
    )


def test_nobody_else_connects() -> None:
    found = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Cluster.connect")
    }
    assert found == CONNECTS


def starts(tree: ast.Module) -> list[str]:
    """Return the names of engines that are the first word of a command."""
    return [
        node.elts[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.List | ast.Tuple)
        and len(node.elts) > 1
        and isinstance(node.elts[0], ast.Constant)
        and isinstance(node.elts[0].value, str)
        and ENGINES.search(node.elts[0].value)
    ]


def uses_engine(tree: ast.Module) -> bool:
    """Say whether a module imports what calls a container engine, or kind."""
    names = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    return any(name.startswith(("harness.stack.engine", "harness.stack.kind")) for name in names)


def test_only_the_stack_calls_a_container_engine() -> None:
    others = {name: tree for name, tree in modules().items() if not name.startswith(_BUILDS)}
    assert {name for name, tree in others.items() if starts(tree)} == set()
    # Whose a kind cluster is, is asked of the engine; and what a command removes.
    assert {name for name, tree in others.items() if uses_engine(tree)} == ENGINE_BY_COMMAND


ENGINE_BY_COMMAND = {"cli/sweep.py"}


@pytest.mark.parametrize("text", ['run(["podman", "exec", node])', 'run(("/usr/bin/docker", "ps"))'])
def test_a_call_of_an_engine_is_noticed(text: str) -> None:
    assert starts(ast.parse(text))


def test_an_import_of_the_engine_is_noticed() -> None:
    assert uses_engine(ast.parse("from harness.stack import engine"))
    assert uses_engine(ast.parse("from harness.stack.kind import containers"))
    assert not uses_engine(ast.parse("from harness.stack import lock"))


def test_nodes_are_reached_by_exec_into_the_daemons_only() -> None:
    """No debugging pod, no host path; what enters containers is in tests/chaosmesh/test_permissions.py."""
    found = {
        name
        for name, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and re.fullmatch(r"hostPID|privileged|ephemeralcontainers|nodes/.+/proxy", node.value)
    }
    # They refuse them: in tasks of workflows, and in workloads of users.
    assert found <= {"chaosmesh/boundary.py", "chaosmesh/own_workload.py"}
