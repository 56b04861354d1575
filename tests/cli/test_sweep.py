"""`chaos-harness sweep`: whose cluster it is, who holds it, and what it ends with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness import cli
from harness.chaosmesh.sweep import Stuck, Swept
from harness.kubernetes.client import Cluster
from harness.stack import engine, lock, ownership
from harness.stack.state import StateFolder
from harness.stack.target import TargetCluster
from tests.fakes.engine import FakeEngine


class Handle:
    """As much of a stack's handle as sweeping needs."""

    kubeconfig, context, identity, chaos_mesh_namespace = Path("k"), "kind-c", "id", "chaos-mesh"
    target = TargetCluster()


@pytest.fixture
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))
    found = FakeEngine("podman", Path("podman"))
    monkeypatch.setattr(engine, "find", lambda progress: found)
    monkeypatch.setattr(StateFolder, "load", lambda _: Handle())
    monkeypatch.setattr("harness.stack.in_cluster.follow.remove", lambda *_, **__: [])
    monkeypatch.setattr(Cluster, "connect", lambda *_, **__: None)
    monkeypatch.setattr(lock.Held, "claim", lambda *_: None)
    return found


def sweeps(monkeypatch: pytest.MonkeyPatch, found: Swept) -> list[Any]:
    asked: list[Any] = []

    def sweep(cluster: Cluster, *arguments: Any, **options: Any) -> Swept:
        assert lock.holder("c") is not None
        asked.append((arguments, options))
        return found

    monkeypatch.setattr("harness.chaosmesh.sweep.sweep", sweep)
    return asked


def ours(podman: FakeEngine) -> None:
    state = StateFolder("c")
    state.prepare()
    podman.add("c", "c-control-plane", mounts=(ownership.mark(state, ownership.begin(state)),))


def test_what_was_removed_is_said(
    podman: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours(podman)
    asked = sweeps(monkeypatch, Swept(removed=["a"], strange=["team"]))
    assert cli.main(["sweep", "--cluster", "c"]) == 0
    assert asked == [(("", "id", "chaos-mesh"), {"force": False})]
    said = capsys.readouterr().err
    assert "removed the namespace a" in said
    assert "team has the label of the harness" in said


def test_what_does_not_go_is_an_error_that_offers_force(
    podman: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours(podman)
    asked = sweeps(monkeypatch, Swept(stuck=[Stuck("a", ["ConfigMap keeper waits for its finalizers x/y"])]))
    assert cli.main(["sweep", "--cluster", "c"]) == 6
    said = capsys.readouterr().err
    assert "ConfigMap keeper waits for its finalizers x/y" in said
    assert "next step: chaos-harness sweep --force --cluster c" in said
    assert cli.main(["sweep", "--cluster", "c", "--force"]) == 6
    assert asked[1][1] == {"force": True}
    assert "next step: look at what is named" in capsys.readouterr().err


def test_a_cluster_of_others_is_not_swept(
    podman: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    podman.add("c", "c-control-plane")
    asked = sweeps(monkeypatch, Swept())
    assert cli.main(["sweep", "--cluster", "c"]) == 4
    assert asked == []
    assert "was not made by this harness" in capsys.readouterr().err


def test_without_a_cluster_there_is_nothing_to_sweep(
    podman: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["sweep", "--cluster", "c"]) == 6
    assert "there is no cluster c to be swept" in capsys.readouterr().err


def test_a_cluster_in_use_is_not_swept(podman: FakeEngine) -> None:
    ours(podman)
    with lock.held("c", "run"):
        assert cli.main(["sweep", "--cluster", "c"]) == 4
