"""The mirror of the environment, and how nodes are told of it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from harness.base import process
from harness.base.errors import InfrastructureError, UsageError
from harness.stack import mirror
from harness.stack.engine import Engine
from harness.stack.mirror import CA_VARIABLE, REGISTRY_VARIABLE, Mirror, from_environment

PODMAN = [
    {"name": "kind", "subnets": [{"gateway": "fc00::1"}, {"subnet": "10.89.0.0/24", "gateway": "10.89.0.1"}]}
]
DOCKER = [{"Name": "kind", "IPAM": {"Config": [{"Subnet": "fc00::/64"}, {"Gateway": "172.18.0.1"}]}}]


@dataclass(frozen=True)
class NetworkEngine(Engine):
    """An engine with one network; keeps what is written into nodes."""

    network: Any = None
    written: dict[str, str] = field(default_factory=dict)

    def run(self, name: str, args: list[str], *, timeout: float, **options: Any) -> process.Result:
        if args[:2] == ["network", "inspect"]:
            return process.Result(0, json.dumps(self.network), "", 0.0)
        assert args[:2] == ["exec", "--interactive"]
        self.written[f"{args[2]}:{args[-1]}"] = options["input_text"]
        return process.Result(0, "", "", 0.0)


@pytest.fixture(autouse=True)
def _nobodys_certificates(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(REGISTRY_VARIABLE, raising=False)
    monkeypatch.delenv(CA_VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(mirror, "system_certificates", lambda: None)


def found(monkeypatch: pytest.MonkeyPatch, text: str) -> Mirror | None:
    monkeypatch.setenv(REGISTRY_VARIABLE, text)
    return from_environment()


@pytest.mark.parametrize(
    ("text", "prefix", "url"),
    [
        ("mirror.example", "mirror.example", "https://mirror.example"),
        ("mirror:5000/", "mirror:5000", "https://mirror:5000"),
        ("mirror:5000/all/of-it", "mirror:5000/all/of-it", "https://mirror:5000"),
        ("http://mirror:5000", "mirror:5000", "http://mirror:5000"),
        ("https://10.0.0.1:5000/x", "10.0.0.1:5000/x", "https://10.0.0.1:5000"),
        # Engines take a registry on the loopback for one without TLS.
        ("127.0.0.1:5000", "127.0.0.1:5000", "http://127.0.0.1:5000"),
        ("localhost:5000", "localhost:5000", "http://localhost:5000"),
        ("[::1]:5000", "[::1]:5000", "http://[::1]:5000"),
        ("https://127.0.0.1:5000", "127.0.0.1:5000", "https://127.0.0.1:5000"),
    ],
)
def test_a_mirror(monkeypatch: pytest.MonkeyPatch, text: str, prefix: str, url: str) -> None:
    there = found(monkeypatch, text)
    assert there is not None
    assert (there.prefix, there.url) == (prefix, url)


def test_without_the_variable_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert from_environment() is None
    assert found(monkeypatch, "  ") is None


@pytest.mark.parametrize(
    "text",
    [
        "mirror",
        "ftp://mirror:5000",
        "user:password@mirror:5000",
        "mirror:port",
        "mirror:99999",
        "mirror:5000/All",
        "mirror:5000//x",
        "mirror:5000 other",
        "oci://mirror:5000",
        "://x",
    ],
)
def test_what_is_no_registry_is_refused(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        found(monkeypatch, text)
    assert REGISTRY_VARIABLE in caught.value.problem
    assert "mirror.example:5000" in caught.value.next_step


def test_certificates_that_are_named_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "ca.crt").write_text("certificates")
    monkeypatch.setenv(CA_VARIABLE, str(tmp_path / "ca.crt"))
    there = found(monkeypatch, "127.0.0.1:5000")
    assert there is not None
    assert (there.ca, there.own_ca, there.plain_http) == (tmp_path / "ca.crt", True, False)
    with pytest.raises(UsageError, match="without TLS"):
        found(monkeypatch, "http://127.0.0.1:5000")
    monkeypatch.setenv(CA_VARIABLE, str(tmp_path / "none.crt"))
    with pytest.raises(UsageError, match=r"there is no file .*none\.crt"):
        found(monkeypatch, "127.0.0.1:5000")


def test_certificates_that_an_engine_has_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / ".config/containers/certs.d/127.0.0.1:5000"
    folder.mkdir(parents=True)
    (folder / "ca.crt").write_text("certificates")
    there = found(monkeypatch, "127.0.0.1:5000")
    assert there is not None
    assert (there.ca, there.own_ca, there.plain_http) == (folder / "ca.crt", False, False)


def test_nodes_are_told_of_a_mirror_without_tls(tmp_path: Path) -> None:
    engine = NetworkEngine("podman", Path("podman"))
    mirror.tell_nodes(Mirror(host="mirror:5000", plain_http=True), ["n1", "n2"], engine, logs=tmp_path)
    expected = (
        'server = "http://mirror:5000"\n\n[host."http://mirror:5000"]\n  capabilities = ["pull", "resolve"]\n'
    )
    assert engine.written == {
        f"{node}:/etc/containerd/certs.d/mirror:5000/hosts.toml": expected for node in ("n1", "n2")
    }


def test_nodes_are_given_the_certificates_of_a_mirror(tmp_path: Path) -> None:
    engine = NetworkEngine("docker", Path("docker"))
    (tmp_path / "ca.crt").write_text("certificates")
    mirror.tell_nodes(Mirror(host="mirror.example", ca=tmp_path / "ca.crt"), ["n"], engine, logs=tmp_path)
    folder = "n:/etc/containerd/certs.d/mirror.example"
    assert engine.written[f"{folder}/ca.crt"] == "certificates"
    assert 'ca = "/etc/containerd/certs.d/mirror.example/ca.crt"' in engine.written[f"{folder}/hosts.toml"]


@pytest.mark.parametrize(
    ("host", "network", "url"),
    [
        ("127.0.0.1:5000", PODMAN, "http://10.89.0.1:5000"),
        ("localhost:5000", DOCKER, "http://172.18.0.1:5000"),
        ("[::1]:5000", PODMAN, "http://10.89.0.1:5000"),
        ("localhost", DOCKER, "http://172.18.0.1"),
    ],
)
def test_nodes_reach_a_mirror_on_the_loopback_by_the_gateway(
    tmp_path: Path, host: str, network: Any, url: str
) -> None:
    engine = NetworkEngine("podman", Path("podman"), network=network)
    mirror.tell_nodes(Mirror(host=host, plain_http=True), ["n"], engine, logs=tmp_path)
    # By the name that image names have.
    assert f'server = "{url}"' in engine.written[f"n:/etc/containerd/certs.d/{host}/hosts.toml"]


@pytest.mark.parametrize("network", [[], [{}], [{"subnets": [{"gateway": "fc00::1"}]}], {}])
def test_a_network_without_a_gateway_is_an_error(tmp_path: Path, network: Any) -> None:
    engine = NetworkEngine("podman", Path("podman"), network=network)
    with pytest.raises(InfrastructureError, match="has no gateway"):
        mirror.gateway(engine)
