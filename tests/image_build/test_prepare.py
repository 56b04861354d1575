import io
from pathlib import Path

import pytest

from harness import image_build
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.image_build import registry, source
from harness.image_build.probe import RegistryProbe
from harness.stack.engine import Engine
from harness.stack.imageset import ImageSet

ENGINE = Engine("podman", Path("/nowhere/podman"))


class Way:
    """Stands for one way to get images; notes what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[dict[str, object]] = []

    def prepare(self, **options: object) -> ImageSet:
        self.asked.append(options)
        nowhere = Path("/nowhere")
        return ImageSet(
            mode="source",
            key="k",
            node_image="",
            kind=nowhere,
            helm=nowhere,
            kubectl=nowhere,
            kubernetes="v1.0.0",
            images={},
            chart="",
        )


@pytest.fixture
def ways(monkeypatch: pytest.MonkeyPatch) -> dict[str, Way]:
    made = {"registry": Way(), "source": Way()}
    monkeypatch.setattr(registry, "prepare", made["registry"].prepare)
    monkeypatch.setattr(source, "prepare", made["source"].prepare)
    return made


def prepare(mode: str, **options: object) -> str:
    said = io.StringIO()
    image_build.prepare(mode, engine=ENGINE, progress=Progress(said), logs=Path("/nowhere"), **options)  # type: ignore[arg-type]
    return said.getvalue()


def answering(monkeypatch: pytest.MonkeyPatch, reachable: bool, reason: str) -> None:
    monkeypatch.setattr(registry, "probe", lambda: RegistryProbe(reachable, reason))


def test_each_mode_goes_its_way(ways: dict[str, Way]) -> None:
    prepare("registry", chaos_mesh_version="2.8.3", kubernetes_version="1.34.0")
    assert ways["registry"].asked[0]["kubernetes_version"] == "1.34.0"
    assert ways["registry"].asked[0]["chaos_mesh_version"] == "2.8.3"
    prepare("source", chaos_mesh_source=Path("/checkout"))
    assert ways["source"].asked[0]["chaos_mesh_source"] == Path("/checkout")
    assert (len(ways["registry"].asked), len(ways["source"].asked)) == (1, 1)


def test_auto_takes_the_registry_when_it_answers(
    ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, True, "answered: a.test")
    assert "images: registry (answered: a.test)" in prepare("auto")
    assert ways["registry"].asked and not ways["source"].asked


def test_auto_takes_source_and_says_why(ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch) -> None:
    answering(monkeypatch, False, "a.test: ConnectionError")
    assert "images: source (a.test: ConnectionError)" in prepare("auto")
    assert ways["source"].asked and not ways["registry"].asked


def test_auto_with_a_checkout_asks_no_registry(ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(registry, "probe")
    assert "images: source" in prepare("auto", chaos_mesh_source=Path("/checkout"))


def test_auto_with_given_programs_asks_no_registry(
    ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(registry, "probe")
    assert "images: source" in prepare("auto", daemon_programs=Path("/programs"))
    assert ways["source"].asked[0]["daemon_programs"] == Path("/programs")


def test_auto_with_a_release_that_cannot_be_pulled_builds_nothing_else_instead(
    ways: dict[str, Way], monkeypatch: pytest.MonkeyPatch
) -> None:
    answering(monkeypatch, False, "a.test: ConnectionError")
    with pytest.raises(UsageError, match=r"release 2\.8\.3 .* a\.test: ConnectionError"):
        prepare("auto", chaos_mesh_version="2.8.3")
    assert not ways["source"].asked and not ways["registry"].asked


@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("registry", {"chaos_mesh_source": Path("/checkout")}),
        ("source", {"chaos_mesh_version": "2.8.3"}),
        ("source", {"kubernetes_version": "1.34.0"}),
        ("auto", {"chaos_mesh_source": Path("/checkout"), "kubernetes_version": "1.34.0"}),
        ("auto", {"chaos_mesh_source": Path("/checkout"), "chaos_mesh_version": "2.8.3"}),
        ("registry", {"daemon_programs": Path("/programs")}),
        ("source", {"daemon_programs": Path("/programs"), "chaos_mesh_images": ["images.tar"]}),
        ("registry", {"uml_worker": True}),
        ("source", {"uml_worker": True, "chaos_mesh_images": ["images.tar"]}),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    ways: dict[str, Way], mode: str, options: dict[str, object]
) -> None:
    with pytest.raises(UsageError) as caught:
        prepare(mode, **options)
    assert caught.value.next_step
    assert not ways["source"].asked and not ways["registry"].asked
