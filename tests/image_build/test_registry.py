import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from harness.base import bundled
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.image_build import registry
from harness.image_build.names import parse
from harness.image_build.pins import Pins
from harness.stack.imageset import ImageRef


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.delenv(registry.REGISTRY_VARIABLE, raising=False)


@contextmanager
def serving(status: int) -> Iterator[tuple[str, list[str]]]:
    """A registry on this machine that answers everything with one status."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@pytest.mark.parametrize("status", [200, 401])
def test_a_registry_that_answers_can_be_used(status: int) -> None:
    with serving(status) as (host, asked):
        answer = registry.probe_hosts([host])
    assert answer.reachable, answer.reason
    assert host in answer.reason
    assert asked == ["/v2/"]


@pytest.mark.parametrize("status", [302, 403, 404, 500, 503])
def test_another_answer_is_none(status: int) -> None:
    with serving(status) as (host, _):
        answer = registry.probe_hosts([host])
    assert not answer.reachable
    assert f"{host}: HTTP {status}" in answer.reason


def test_a_closed_port_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        host = f"127.0.0.1:{closed.getsockname()[1]}"
    answer = registry.probe_hosts([host])
    assert not answer.reachable
    assert answer.reason == f"{host}: ConnectionError"


def test_a_host_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        answer = registry.probe_hosts([host], seconds=0.2)
    assert not answer.reachable
    assert answer.reason.startswith(f"{host}: ")


def test_one_silent_registry_of_several_is_enough_and_is_named() -> None:
    with serving(200) as (good, _), serving(500) as (bad, _):
        answer = registry.probe_hosts([good, bad])
    assert not answer.reachable
    assert answer.reason.startswith(f"{bad}: ")
    assert good not in answer.reason


def test_a_mirror_is_the_only_one_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(200) as (host, asked):
        monkeypatch.setenv(registry.REGISTRY_VARIABLE, f"{host}/mirror")
        assert registry.probe().reachable
    assert asked == ["/v2/"]


def test_without_a_mirror_every_registry_of_an_image_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def note(hosts: list[str]) -> registry.RegistryProbe:
        asked.append(hosts)
        return registry.RegistryProbe(True, "")

    monkeypatch.setattr(registry, "probe_hosts", note)
    registry.probe()
    assert asked == [["docker.io", "ghcr.io", "registry.k8s.io"]]


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
    images = registry.images_for(pins, "2.8.4", "mirror:5000/all")
    assert {image.registry for image in images.values()} == {"mirror:5000/all"}
    assert str(images["daemon"]) == "mirror:5000/all/chaos-mesh/chaos-daemon:v2.8.4"
    assert str(registry.images_for(pins, "2.8.4", "")["daemon"]) == "ghcr.io/chaos-mesh/chaos-daemon:v2.8.4"


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
    assert images.node_image == ""
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
    monkeypatch.setenv(registry.REGISTRY_VARIABLE, "mirror:5000/")
    images = registry.prepare(progress=Progress(), logs=tmp_path)
    assert images.node_image == f"mirror:5000/kindest/node:{images.kubernetes}"


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
