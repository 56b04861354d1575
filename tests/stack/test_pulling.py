"""Pulling images with the engine, and what is said when one cannot be had."""

from __future__ import annotations

import io
import json
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.stack import pulling
from harness.stack.engine import Engine, EngineName
from harness.stack.imageset import ImageRef, ImageSet
from harness.stack.mirror import Mirror


@dataclass(frozen=True)
class PullingEngine(Engine):
    """An engine whose registry has some images.

    Attributes:
        served: name to the error of a pull; empty when it succeeds.
        local: the images that the engine has.
    """

    served: dict[str, str] = field(default_factory=dict)
    local: set[str] = field(default_factory=set)
    calls: list[list[str]] = field(default_factory=list)

    def run(self, name: str, args: list[str], *, timeout: float, **options: Any) -> process.Result:
        self.calls.append(args)
        image = args[-1]
        if args[0] == "pull":
            if error := self.served.get(image, "manifest unknown"):
                raise process.CommandError(f"cannot {name}: exit code 1", details=["command: x", error])
            self.local.add(image)
        if args[:2] == ["image", "inspect"]:
            if image not in self.local:
                return process.Result(1, "[]", "no such image", 0.0)
            told = [{"Id": "ab12", "RepoDigests": [f"{image.rsplit(':', 1)[0]}@sha256:34"]}]
            return process.Result(0, json.dumps(told), "", 0.0)
        if args[0] == "save":
            Path(args[args.index("--output") + 1]).write_text("archive")
        return process.Result(0, "", "", 0.0)


NAMES = {"daemon": "r/daemon:v1", "workload": "r/workload:v1", "grafana": "r/grafana:v1"}


def image_set(**changes: Any) -> ImageSet:
    images = {role: ImageRef(registry="r", repository=role, tag="v1") for role in NAMES}
    set_ = ImageSet(
        mode="registry",
        key="k",
        node_image="r/node:v1",
        kind=Path("kind"),
        helm=Path("helm"),
        kubectl=Path("kubectl"),
        kubernetes="v1.37.0",
        images=images,
        chart="chart",
    )
    return set_.model_copy(update=changes)


def all_served() -> dict[str, str]:
    return dict.fromkeys([*NAMES.values(), "r/node:v1"], "")


def pull(engine: Engine, tmp_path: Path, images: ImageSet | None = None) -> tuple[ImageSet, str]:
    said = io.StringIO()
    got = pulling.pull(
        images or image_set(), engine, progress=Progress(said), logs=tmp_path, cancel=threading.Event()
    )
    return got, said.getvalue()


def engine_of(name: EngineName = "podman", **fields: Any) -> PullingEngine:
    return PullingEngine(name, Path(name), **fields)


def test_all_are_pulled_and_their_ids_and_digests_known(tmp_path: Path) -> None:
    engine = engine_of(served=all_served())
    got, _ = pull(engine, tmp_path)
    roles = {*NAMES, pulling.NODE}
    assert got.image_ids == dict.fromkeys(roles, "sha256:ab12")
    assert got.image_digests == dict.fromkeys(roles, "sha256:34")
    assert got.images == image_set().images


def test_what_is_in_an_archive_is_not_pulled(tmp_path: Path) -> None:
    engine = engine_of(served=all_served())
    got, _ = pull(engine, tmp_path, image_set(image_ids={"daemon": "sha256:given"}))
    assert not any("r/daemon:v1" in call for call in engine.calls)
    assert got.image_ids["daemon"] == "sha256:given"


def test_a_stack_goes_without_grafana_that_cannot_be_pulled(tmp_path: Path) -> None:
    engine = engine_of(served={**all_served(), "r/grafana:v1": "manifest unknown"})
    got, said = pull(engine, tmp_path)
    assert set(got.images) == {"daemon", "workload"}
    assert "going on without grafana: r/grafana:v1: manifest unknown" in said


def test_each_image_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    engine = engine_of(served={"r/workload:v1": ""})
    with pytest.raises(InfrastructureError) as caught:
        pull(engine, tmp_path)
    assert caught.value.problem == "cannot pull 2 of 4 images: r/daemon:v1, r/node:v1"
    assert caught.value.details == ["r/daemon:v1: manifest unknown", "r/node:v1: manifest unknown"]
    assert "chaos-harness images" in caught.value.next_step


def test_an_image_that_the_engine_has_is_used_when_its_registry_is_away_and_that_is_said(
    tmp_path: Path,
) -> None:
    engine = engine_of(served={**all_served(), "r/daemon:v1": "i/o timeout"}, local={"r/daemon:v1"})
    got, said = pull(engine, tmp_path)
    assert got.image_ids["daemon"] == "sha256:ab12"
    assert "r/daemon:v1 cannot be pulled (i/o timeout); podman has it, and that one is used" in said


@pytest.mark.parametrize(
    ("name", "error", "step"),
    [
        ("podman", "unauthorized: authentication required", "podman login m:5000"),
        ("docker", "denied: requested access to the resource is denied", "docker login m:5000"),
        ("docker", "x509: certificate signed by unknown authority", "/etc/docker/certs.d/m:5000/ca.crt"),
        ("podman", "x509: certificate signed by unknown authority", "CHAOS_HARNESS_REGISTRY_CA"),
        ("docker", "http: server gave HTTP response to HTTPS client", "insecure-registries"),
        ("podman", "http: server gave HTTP response to HTTPS client", "CHAOS_HARNESS_REGISTRY=http://m:5000"),
        ("podman", "dial tcp: connection refused", "m:5000 is reachable"),
    ],
)
def test_the_next_step_fits_what_the_engine_says(
    tmp_path: Path, name: EngineName, error: str, step: str
) -> None:
    engine = engine_of(name, served=dict.fromkeys(all_served(), error))
    with pytest.raises(InfrastructureError) as caught:
        pull(engine, tmp_path, image_set(mirror=Mirror(host="m:5000")))
    assert step in caught.value.next_step


@pytest.mark.parametrize(
    ("name", "mirror", "flags"),
    [
        ("podman", None, []),
        ("podman", Mirror(host="m", plain_http=True), ["--tls-verify=false"]),
        ("podman", Mirror(host="m", ca=Path("/etc/ssl/ca")), []),
        ("docker", Mirror(host="m", plain_http=True), []),
    ],
)
def test_podman_is_told_how_the_mirror_is_asked(
    tmp_path: Path, name: EngineName, mirror: Mirror | None, flags: list[str]
) -> None:
    engine = engine_of(name, served=all_served())
    pull(engine, tmp_path, image_set(mirror=mirror))
    pulls = [call for call in engine.calls if call[0] == "pull"]
    assert len(pulls) == 4
    assert all(call[1:-1] == ["--quiet", *flags] for call in pulls)


def test_podman_is_given_certificates_that_it_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "mine.pem").write_text("certificates")
    engine = engine_of(served=all_served())
    mirror = Mirror(host="m", ca=tmp_path / "mine.pem", own_ca=True)
    pull(engine, tmp_path, image_set(mirror=mirror))
    assert {call[2].partition("=")[0] for call in engine.calls if call[0] == "pull"} == {"--cert-dir"}


@pytest.mark.parametrize(
    ("name", "asked"), [("podman", "docker.io/k/node@sha256:1"), ("docker", "docker.io/k/node:v1@sha256:1")]
)
def test_podman_takes_no_tag_beside_a_digest(tmp_path: Path, name: EngineName, asked: str) -> None:
    engine = engine_of(name, served={**all_served(), asked: ""})
    got, _ = pull(engine, tmp_path, image_set(node_image="docker.io/k/node:v1@sha256:1"))
    assert ["pull", "--quiet", asked] in engine.calls
    assert got.image_ids[pulling.NODE] == "sha256:ab12"


@pytest.mark.parametrize(
    ("name", "known", "digest"),
    [
        ("docker.io/library/python:3", ["python@sha256:1"], "sha256:1"),
        ("docker.io/library/python:3", ["docker.io/library/python@sha256:1"], "sha256:1"),
        ("docker.io/prom/prometheus:v3", ["other/x@sha256:0", "prom/prometheus@sha256:1"], "sha256:1"),
        ("m:5000/a/b:v1", ["ghcr.io/a/b@sha256:0", "m:5000/a/b@sha256:1"], "sha256:1"),
        ("docker.io/k/node:v1@sha256:1", ["kindest/node@sha256:0", "k/node@sha256:1"], "sha256:1"),
        ("m:5000/a/b:v1", ["ghcr.io/a/b@sha256:0"], ""),
        ("m:5000/a/b:v1", [], ""),
    ],
)
def test_the_digest_is_that_of_the_registry_that_was_asked(name: str, known: list[str], digest: str) -> None:
    assert pulling._digest(name, known) == digest


def test_an_archive_for_the_nodes_is_removed_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAOS_HARNESS_CACHE", str(tmp_path / "cache"))
    engine = engine_of()
    with pulling.packed(["r/b:1", "r/a:1", "r/a:1"], engine, logs=tmp_path) as archive:
        assert archive.read_text() == "archive"
    assert not archive.exists() and not list((tmp_path / "cache").iterdir())
    assert engine.calls == [["save", "--multi-image-archive", "--output", str(archive), "r/a:1", "r/b:1"]]
