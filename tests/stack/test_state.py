"""What is kept of a cluster between two calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.stack import state
from harness.stack.handle import StackHandle
from harness.stack.imageset import ImageSet
from tests.fakes.handles import stack_handle


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))


@pytest.fixture
def handle(tmp_path: Path) -> StackHandle:
    return stack_handle(kubeconfig=tmp_path / "c" / "kubeconfig", versions={"kubernetes": "v1"}, nodes=[])


@pytest.fixture
def images(tmp_path: Path) -> ImageSet:
    program = tmp_path / "kind"
    program.touch()
    return ImageSet(
        mode="registry",
        key="k",
        node_image="n",
        kind=program,
        helm=Path("helm"),
        kubectl=Path("/gone/kubectl"),
        kubernetes="v1",
        images={},
        chart="chart",
    )


def test_a_saved_handle_comes_back(handle: StackHandle, images: ImageSet) -> None:
    assert state.load("c") is None
    state.StateFolder("c").save(handle, images)
    assert state.load("c") == handle


def test_a_forgotten_handle_does_not(handle: StackHandle, images: ImageSet) -> None:
    state.StateFolder("c").save(handle, images)
    state.StateFolder("c").forget()
    assert state.load("c") is None
    state.StateFolder("c").forget()


@pytest.mark.parametrize("text", ["", "{", '{"cluster": "c"}'])
def test_a_handle_that_cannot_be_read_is_none(text: str, handle: StackHandle, images: ImageSet) -> None:
    own = state.StateFolder("c")
    own.save(handle, images)
    (own.folder / "stack.json").write_text(text)
    assert own.load() is None


def test_programs_are_those_of_up_or_those_on_path(
    handle: StackHandle, images: ImageSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = state.StateFolder("c")
    own.save(handle, images)
    assert own.program("kind") == images.kind
    kubectl = tmp_path / "bin" / "kubectl"
    kubectl.parent.mkdir()
    kubectl.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(kubectl.parent))
    assert own.program("kubectl") == kubectl
    assert own.program("helm") is None
