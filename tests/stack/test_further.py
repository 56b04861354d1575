"""How the further clusters of a run are found again, and which of that name are somebody's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness import cli
from harness.base.progress import Progress
from harness.chaosmesh.sweep import Stuck, Swept
from harness.kubernetes.client import Cluster
from harness.stack import engine, further, lock, ownership
from harness.stack.handle import StackHandle
from harness.stack.state import StateFolder
from harness.stack.status import ClusterStatus
from harness.stack.target import TargetCluster
from harness.stack.up import down
from tests.fakes.engine import FakeEngine


@pytest.fixture(autouse=True)
def podman(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeEngine:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))
    found = FakeEngine("podman", Path("podman"))
    monkeypatch.setattr(engine, "find", lambda progress: found)
    return found


def made(podman: FakeEngine, name: str, beside: str = "") -> StateFolder:
    """Make a cluster that is ours; a further one of a run on `beside`, if that is given."""
    state = StateFolder(name)
    state.prepare()
    if beside:
        further.note(state, beside)
    podman.add(name, f"{name}-control-plane", mounts=(ownership.mark(state, ownership.begin(state)),))
    return state


def test_those_of_a_cluster_are_found_in_their_order_and_no_others(podman: FakeEngine) -> None:
    for name, beside in [
        ("c-10", "c"),
        ("c-2", "c"),
        ("d-2", "d"),
        ("c-2-2", "c-2"),
        ("c-x", "c"),
        ("c-3", ""),
    ]:
        made(podman, name, beside)
    assert further.further_of("c") == ["c-2", "c-10"]
    assert further.further_of("d") == ["d-2"]
    assert further.further_of("c-2") == ["c-2-2"]
    assert further.further_of("e") == []
    assert [further.further_name("c", number) for number in (2, 10)] == ["c-2", "c-10"]


def test_a_cluster_that_somebody_made_for_itself_stays_his(
    podman: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = made(podman, "c-2")
    monkeypatch.setattr(StateFolder, "load", lambda _: StackHandle.model_construct())
    further.note(state, "c")
    assert further.further_of("c") == []


def test_a_file_that_cannot_be_read_names_none(podman: FakeEngine) -> None:
    state = made(podman, "c-2", "c")
    (state.folder / "beside").write_bytes(b"\xff\xfe")
    assert further.further_of("c") == []


def test_down_removes_the_further_ones_first(podman: FakeEngine, capsys: pytest.CaptureFixture[str]) -> None:
    for name, beside in (("c", ""), ("c-2", "c"), ("c-3", "")):
        made(podman, name, beside)
    assert cli.main(["down", "--cluster", "c"]) == 0
    assert podman.names() == ["c-3-control-plane"]
    said = capsys.readouterr().err
    assert said.index("c-2 is down") < said.index("c is down")
    assert further.further_of("c") == []


def test_down_of_a_further_one_alone_forgets_whose_it_was(podman: FakeEngine) -> None:
    made(podman, "c-2", "c")
    assert down("c-2", Progress()) is True
    assert further.further_of("c") == []


def test_a_further_one_that_is_in_use_keeps_down_from_removing_the_first(podman: FakeEngine) -> None:
    for name, beside in (("c", ""), ("c-2", "c")):
        made(podman, name, beside)
    with lock.held("c-2", "run"):
        assert cli.main(["down", "--cluster", "c"]) == 4
    assert podman.names() == ["c-2-control-plane", "c-control-plane"]


def test_status_shows_all_of_them(
    podman: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made(podman, "c-2", "c")
    monkeypatch.setattr(
        "harness.stack.status.status", lambda name, progress: ClusterStatus(cluster=name, state="half-made")
    )
    assert cli.main(["status", "--cluster", "c"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "cluster      c: half-made",
        "cluster      c-2: half-made",
    ]
    assert cli.main(["status", "--cluster", "c", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["cluster"], [each["cluster"] for each in found["further"]]) == ("c", ["c-2"])


class Handle:
    """As much of a stack's handle as sweeping needs."""

    kubeconfig, context, chaos_mesh_namespace = Path("k"), "kind-c", "chaos-mesh"
    target = TargetCluster()

    def __init__(self, identity: str) -> None:
        self.identity = identity


def test_sweep_comes_to_all_of_them_whatever_one_has(
    podman: FakeEngine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made(podman, "c")
    for number in (2, 3, 4):
        made(podman, f"c-{number}", "c")
    # The third is half-made: there is nothing of a run on it.
    monkeypatch.setattr(
        StateFolder, "load", lambda self: None if self.cluster == "c-3" else Handle(self.cluster)
    )
    monkeypatch.setattr(Cluster, "connect", lambda *_, **__: None)
    monkeypatch.setattr(lock.Held, "claim", lambda *_: None)

    def sweep(cluster: Cluster, run: str, identity: str, *_: str, force: bool) -> Swept:
        return (
            Swept(stuck=[Stuck("a", ["a pod"])]) if identity == "c-2" else Swept(removed=[f"of-{identity}"])
        )

    monkeypatch.setattr("harness.chaosmesh.sweep.sweep", sweep)
    monkeypatch.setattr("harness.stack.in_cluster.follow.remove", lambda *_, **__: [])
    assert cli.main(["sweep", "--cluster", "c"]) == 6
    said = capsys.readouterr().err
    assert "removed the namespace of-c\n" in said
    assert "removed the namespace of-c-4" in said
    assert "next step: chaos-harness sweep --force --cluster c-2" in said
