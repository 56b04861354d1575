"""Facts and functions stand in one place: two places sooner or later say different things."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

import harness
from harness.chaosmesh.components import COMPONENTS, DNS_SERVER, METRICS_PORTS, WORKLOAD
from harness.kubernetes.kinds import CHAOS_MESH_KINDS, EXPERIMENT_KINDS, MAKERS, SHARED_KINDS
from harness.recording.labels import TARGET_LABELS, WORKLOAD_JOB, without_target

PACKAGE = Path(harness.__file__).parent

# The names of annotations and labels, API groups with a version, and Prometheus' external label.
FACT = re.compile(r"(?:[a-z0-9-]+\.)*(?:chaos-mesh\.org|chaos-harness)/[a-zA-Z0-9-]+|chaos_harness_\w+")
LEAST_BODY = 300
"""Characters of a body as `ast` writes it; what is shorter is one call, or one name of each base."""

CONNECTION = re.compile(
    r"requests\.(?:get|head|post|put|patch|delete|request|Session)|StaysHere|(?:\w+\.)*urlopen"
    r"|(?:\w+\.)*(?:HTTPS?Connection|PoolManager|ApiClient|WebSocket|create_connection)"
)
# Who talks to a cluster is given a `Cluster` or a `Prometheus`: guard, bounds and trust hold for all of it.
CONNECTS = {
    "kubernetes/client.py",
    "kubernetes/websocket.py",
    # Registries are no part of a cluster, and are reached by the proxies of the environment.
    "image_build/probe.py",
    # A Prometheus of others, by its own address.
    "stack/existing/by_url.py",
    # A program of its own, which loads none of the clients.
    "stack/renewer.py",
}


def modules(package: Path = PACKAGE) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(package.rglob("*.py")):
        if "_bundled" not in path.parts:
            yield path.relative_to(package).as_posix(), ast.parse(path.read_text())


def docstrings(module: ast.Module) -> set[int]:
    return {
        id(node.value)
        for node in ast.walk(module)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def facts_in_two_places(package: Path = PACKAGE) -> dict[str, set[str]]:
    """Return the texts that name something of the cluster, with the modules that write them."""
    found = defaultdict(set)
    for name, module in modules(package):
        texts = docstrings(module)
        for node in ast.walk(module):
            if isinstance(node, ast.Constant) and id(node) not in texts and FACT.fullmatch(str(node.value)):
                found[str(node.value)].add(name)
    return {fact: places for fact, places in found.items() if len(places) > 1}


def functions_in_two_places(package: Path = PACKAGE) -> list[list[str]]:
    """Return the functions that do the very same, each with its other places."""
    found = defaultdict(list)
    for name, module in modules(package):
        for node in ast.walk(module):
            if isinstance(node, ast.FunctionDef):
                body = [each for each in node.body if not is_docstring(each)]
                written = ast.dump(ast.Module(body, []))
                if len(written) >= LEAST_BODY:
                    found[written].append(f"{name}: {node.name}")
    return sorted(places for places in found.values() if len(places) > 1)


def test_labels_and_annotations_of_ours_are_what_kubernetes_takes() -> None:
    """https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set."""
    ours = {
        node.value
        for _, module in modules()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and node.value.startswith("chaos-harness/")
    }
    assert {"chaos-harness/run", "chaos-harness/stack", "chaos-harness/scrape"} <= ours
    assert all(re.fullmatch(r"chaos-harness/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", each) for each in ours)


def is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def test_names_of_labels_annotations_and_api_groups_stand_once() -> None:
    assert facts_in_two_places() == {}


def test_no_function_stands_twice() -> None:
    assert functions_in_two_places() == []


def test_a_planted_copy_is_found(tmp_path: Path) -> None:
    text = (
        'PAUSE = "experiment.chaos-mesh.org/pause"\n'
        "def f(labels):\n"
        '    """Say it."""\n'
        '    return "{" + ", ".join(f"{name}={value}" for name, value in sorted(labels.items())) + "}"\n'
    )
    (tmp_path / "one.py").write_text(text)
    (tmp_path / "two.py").write_text(text.replace("PAUSE", "OTHER").replace("Say it", "Tell"))

    assert facts_in_two_places(tmp_path) == {"experiment.chaos-mesh.org/pause": {"one.py", "two.py"}}
    assert functions_in_two_places(tmp_path) == [["one.py: f", "two.py: f"]]


def test_the_labels_of_a_target_are_those_that_prometheus_is_told_to_add() -> None:
    manifest = (PACKAGE.parent / "fixtures/manifests/prometheus.yaml").read_text()

    added = set(re.findall(r"(?:target_label|targetLabel): *([a-z]\w*)", manifest)) | {"job"}

    assert added == set(TARGET_LABELS)
    assert without_target({"job": "j", "instance": "i", "node": "n", "kind": "k"}) == {"kind": "k"}


def test_every_component_has_a_port_of_its_metrics() -> None:
    assert set(METRICS_PORTS) == {*COMPONENTS, DNS_SERVER}
    assert WORKLOAD == WORKLOAD_JOB
    assert WORKLOAD not in METRICS_PORTS


def test_a_kind_is_an_experiment_or_makes_them_or_is_the_controllers_own() -> None:
    assert not {*MAKERS} & {*EXPERIMENT_KINDS, *SHARED_KINDS}
    assert {*MAKERS, *EXPERIMENT_KINDS, *SHARED_KINDS} < {*CHAOS_MESH_KINDS}


def connections(package: Path = PACKAGE) -> set[str]:
    """Return the modules that open connections of their own."""
    return {
        name
        for name, module in modules(package)
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and CONNECTION.fullmatch(ast.unparse(node.func))
    }


def test_connections_are_opened_in_few_places() -> None:
    assert connections() == CONNECTS


@pytest.mark.parametrize(
    "text",
    [
        "import requests\nrequests.get('x', timeout=1)\n",
        "import urllib.request\nurllib.request.urlopen('x')\n",
        "with StaysHere(check) as session:\n    pass\n",
        "import http.client\nhttp.client.HTTPSConnection('x')\n",
    ],
)
def test_a_planted_connection_is_found(tmp_path: Path, text: str) -> None:
    (tmp_path / "planted.py").write_text(text)
    assert connections(tmp_path) == {"planted.py"}
