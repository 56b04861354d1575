from pathlib import Path

import pytest

from harness.base import bundled
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.image_build import registry
from harness.image_build.names import parse
from harness.image_build.pins import Pins
from harness.image_build.probe import RegistryProbe
from harness.image_build.registry import CHARTS_VARIABLE
from harness.stack.imageset import ImageRef
from harness.stack.mirror import REGISTRY_VARIABLE, Mirror


@pytest.fixture(autouse=True)
def _no_mirror(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for variable in (
        REGISTRY_VARIABLE,
        CHARTS_VARIABLE,
        "REGISTRY_AUTH_FILE",
        "XDG_RUNTIME_DIR",
        "DOCKER_CONFIG",
    ):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


def test_without_a_mirror_every_registry_of_an_image_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[set[str]] = []

    def note(images: list[ImageRef], mirror: Mirror | None) -> RegistryProbe:
        asked.append({image.registry for image in images})
        return RegistryProbe(True, "")

    monkeypatch.setattr(registry, "probe_images", note)
    registry.probe()
    monkeypatch.setenv(REGISTRY_VARIABLE, "mirror:5000/all")
    registry.probe()
    assert asked == [{"docker.io", "ghcr.io", "registry.k8s.io"}, {"mirror:5000/all"}]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("python:3.12-slim", ("docker.io", "library/python", "3.12-slim")),
        ("prom/prometheus:v3.1.0", ("docker.io", "prom/prometheus", "v3.1.0")),
        ("registry.k8s.io/pause:3.10", ("registry.k8s.io", "pause", "3.10")),
        ("localhost/a/b:1", ("localhost", "a/b", "1")),
        ("mirror:5000/a:1", ("mirror:5000", "a", "1")),
    ],
)
def test_an_image_name_has_three_parts(name: str, parts: tuple[str, str, str]) -> None:
    registry_, repository, tag = parts
    assert parse(name) == ImageRef(registry=registry_, repository=repository, tag=tag)


@pytest.mark.parametrize("name", ["python", "mirror:5000/python"])
def test_an_image_without_a_tag_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="has no tag"):
        parse(name)


def test_a_mirror_takes_the_place_of_every_registry() -> None:
    pins = Pins.load(bundled.fixtures())
    images = registry.images_for(pins, "2.8.4", Mirror(host="mirror:5000", path="all"))
    assert {image.registry for image in images.values()} == {"mirror:5000/all"}
    assert str(images["daemon"]) == "mirror:5000/all/chaos-mesh/chaos-daemon:v2.8.4"
    assert str(registry.images_for(pins, "2.8.4", None)["daemon"]) == "ghcr.io/chaos-mesh/chaos-daemon:v2.8.4"


def test_the_dns_server_has_versions_of_its_own() -> None:
    image = registry.images_for(Pins.load(bundled.fixtures()), "2.7.0", None)["dns-server"]
    assert str(image) == "ghcr.io/chaos-mesh/chaos-coredns:v0.2.8"


def program(folder: Path, name: str, says: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


@pytest.fixture
def bare_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with nothing on it, and nobody's cache."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("CHAOS_HARNESS_CACHE", str(tmp_path / "cache"))
    return folder


def prepare(tmp_path: Path, version: str | None = None) -> object:
    return registry.prepare(progress=Progress(), logs=tmp_path / "logs", chaos_mesh_version=version)


def all_programs(folder: Path) -> None:
    program(folder, "kind", "kind v0.33.0 go1.26.8 linux/amd64")
    program(folder, "helm", "v3.19.0+g1234567")
    program(folder, "kubectl", "Client Version: v1.36.2")


def test_programs_on_path_are_used_when_their_versions_fit(bare_path: Path, tmp_path: Path) -> None:
    all_programs(bare_path)
    images = registry.prepare(progress=Progress(), logs=tmp_path, chaos_mesh_version="v2.7.3")
    assert (images.kind, images.helm, images.kubectl) == (
        bare_path / "kind",
        bare_path / "helm",
        bare_path / "kubectl",
    )
    assert images.mode == "registry"
    assert images.chart == "chaos-mesh" and images.chart_version == "2.7.3"
    assert images.images["daemon"].tag == "v2.7.3"
    assert images.archives == [] and images.stand_ins == [] and not images.needs_own_cni


def test_another_release_is_another_key(bare_path: Path, tmp_path: Path) -> None:
    all_programs(bare_path)
    keys = {
        registry.prepare(progress=Progress(), logs=tmp_path, chaos_mesh_version=version).key
        for version in ("2.8.4", "v2.8.4", "2.8.3")
    }
    assert len(keys) == 2


@pytest.mark.parametrize("version", ["1.36.0", "v1.36.0"])
def test_another_kubernetes_is_another_node_image_and_key(
    bare_path: Path, tmp_path: Path, version: str
) -> None:
    all_programs(bare_path)
    pinned = registry.prepare(progress=Progress(), logs=tmp_path)
    images = registry.prepare(progress=Progress(), logs=tmp_path, kubernetes_version=version)
    assert images.node_image == "docker.io/kindest/node:v1.36.0"
    assert images.kubernetes == images.versions["kubernetes"] == "v1.36.0"
    assert images.key != pinned.key


@pytest.mark.parametrize("version", ["1.36", "latest", "v2.0.0", "1.36.0 "])
def test_what_is_no_version_of_kubernetes_is_refused(bare_path: Path, tmp_path: Path, version: str) -> None:
    with pytest.raises(UsageError, match="is no version of Kubernetes"):
        registry.prepare(progress=Progress(), logs=tmp_path, kubernetes_version=version)


def test_a_mirror_serves_the_node_image_too(
    bare_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_programs(bare_path)
    monkeypatch.setenv(REGISTRY_VARIABLE, "mirror:5000/")
    images = registry.prepare(progress=Progress(), logs=tmp_path)
    assert images.node_image == f"mirror:5000/kindest/node:{images.kubernetes}"


@pytest.mark.parametrize("version", ["latest", "vlatest", "2.8", "master", "2.8.4 ", "nightly", "", "v"])
def test_what_is_no_release_of_chaos_mesh_is_refused(bare_path: Path, tmp_path: Path, version: str) -> None:
    all_programs(bare_path)
    with pytest.raises(UsageError, match="is no release of Chaos Mesh") as caught:
        registry.release_of(version)
    assert "--chaos-mesh-source" in caught.value.next_step


def test_the_default_node_image_is_pinned_by_its_digest(bare_path: Path, tmp_path: Path) -> None:
    all_programs(bare_path)
    pins = Pins.load(bundled.fixtures()).registry
    images = registry.prepare(progress=Progress(), logs=tmp_path)
    assert images.node_image == f"docker.io/kindest/node:{pins.kubernetes}@{pins.node_digest}"


@pytest.mark.parametrize(
    ("mirror", "named", "expected"),
    [
        ("", "", "https://charts.chaos-mesh.org"),
        ("mirror:5000/all", "", "oci://mirror:5000/all/charts"),
        ("mirror:5000", "https://charts.example/x/", "https://charts.example/x"),
        ("", "oci://charts.example", "oci://charts.example"),
    ],
)
def test_a_mirror_has_the_chart_too(
    bare_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mirror: str, named: str, expected: str
) -> None:
    all_programs(bare_path)
    monkeypatch.setenv(REGISTRY_VARIABLE, mirror)
    monkeypatch.setenv(CHARTS_VARIABLE, named)
    images = registry.prepare(progress=Progress(), logs=tmp_path)
    assert (images.chart_repository, images.chart) == (expected, "chaos-mesh")


@pytest.mark.parametrize(
    "named", ["charts.example", "file:///charts", "https://user:password@charts.example", "oci:"]
)
def test_what_is_no_chart_repository_is_refused(monkeypatch: pytest.MonkeyPatch, named: str) -> None:
    monkeypatch.setenv(CHARTS_VARIABLE, named)
    with pytest.raises(UsageError, match="names no chart repository"):
        registry.chart_repository(Pins.load(bundled.fixtures()), None)


def test_a_mirror_without_tls_is_another_key_than_one_with(
    bare_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    all_programs(bare_path)
    keys = set()
    for address in ("https://mirror:5000", "http://mirror:5000"):
        monkeypatch.setenv(REGISTRY_VARIABLE, address)
        keys.add(registry.prepare(progress=Progress(), logs=tmp_path).key)
    assert len(keys) == 2


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("kind", "kind v0.32.0 go1.26 linux/amd64"),
        ("helm", "v4.0.1+gabc"),
        ("kubectl", "Client Version: v1.30.0"),
        ("kubectl", "no version here"),
    ],
)
def test_a_program_that_does_not_fit_is_named_when_it_cannot_be_built(
    bare_path: Path, tmp_path: Path, name: str, says: str
) -> None:
    all_programs(bare_path)
    program(bare_path, name, says)
    with pytest.raises(UsageError) as caught:
        prepare(tmp_path)
    assert f"not on PATH: {name} v" in caught.value.problem
    assert "Go" in caught.value.next_step


def test_all_missing_programs_are_named_at_once(bare_path: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        prepare(tmp_path)
    for name in ("kind v0.33.0", "helm v3", "kubectl v1."):
        assert name in caught.value.problem
