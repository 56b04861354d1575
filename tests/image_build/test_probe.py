"""Whether a registry can be used: what it answers when it is asked for an image."""

import base64
import http.server
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from harness.image_build.probe import RegistryProbe, probe_images
from harness.stack.imageset import ImageRef
from harness.stack.mirror import Mirror

Answer = tuple[int, dict[str, str], bytes]
BASIC = f"Basic {base64.b64encode(b'demo:secret').decode()}"


@pytest.fixture(autouse=True)
def _nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for variable in ("XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DOCKER_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "auth.json"))


def logged_in(tmp_path: Path, host: str) -> None:
    auth = base64.b64encode(b"demo:secret").decode()
    (tmp_path / "auth.json").write_text(json.dumps({"auths": {host: {"auth": auth}}}))


@contextmanager
def serving(answer: Callable[[str, str], Answer]) -> Iterator[tuple[str, list[str]]]:
    """A registry on this machine: `answer` is given the path and the Authorization header."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.command} {self.path}")
            status, headers, body = answer(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  (a name of the standard library)

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


def always(status: int) -> Callable[[str, str], Answer]:
    return lambda path, authorization: (status, {}, b"")


def probe(host: str, *, path: str = "", plain_http: bool = True, seconds: float = 5.0) -> RegistryProbe:
    mirror = Mirror(host=host, path=path, plain_http=plain_http)
    return probe_images([ImageRef(registry=mirror.prefix, repository="a/b", tag="v1")], mirror, seconds)


def test_a_registry_that_has_the_image_can_be_used() -> None:
    with serving(always(200)) as (host, asked):
        answer = probe(host, path="team")
    assert answer.reachable, answer.reason
    assert host in answer.reason
    assert asked == ["HEAD /v2/team/a/b/manifests/v1"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (401, "it wants credentials: log in with docker or podman"),
        (403, "HTTP 403 from http://"),
        (404, "it has no a/b:v1"),
        (500, "HTTP 500 from http://"),
        (503, "HTTP 503 from http://"),
    ],
)
def test_a_registry_that_does_not_give_the_image_cannot(status: int, reason: str) -> None:
    with serving(always(status)) as (host, _):
        answer = probe(host)
    assert not answer.reachable
    assert answer.reason.startswith(f"{host}: {reason}")


def test_credentials_of_the_engine_are_given_when_they_are_asked_for(tmp_path: Path) -> None:
    def answer(path: str, authorization: str) -> Answer:
        wanted = {"WWW-Authenticate": 'Basic realm="x"'}
        return (200, {}, b"") if authorization == BASIC else (401, wanted, b"")

    with serving(answer) as (host, _):
        assert probe(host).reason == f"{host}: it wants credentials: log in with docker or podman"
        logged_in(tmp_path, host)
        assert probe(host).reachable
        logged_in(tmp_path, "another.example")
        assert not probe(host).reachable


def test_a_token_is_asked_for_where_the_registry_says() -> None:
    def answer(path: str, authorization: str) -> Answer:
        if path.startswith("/token"):
            return 200, {}, json.dumps({"token": "t1"}).encode()
        told = f'Bearer realm="http://{here[0]}/token",service="s",scope="repository:a/b:pull"'
        return (200, {}, b"") if authorization == "Bearer t1" else (401, {"WWW-Authenticate": told}, b"")

    here: list[str] = []
    with serving(answer) as (host, asked):
        here.append(host)
        assert probe(host).reachable
    assert asked[1] == "GET /token?service=s&scope=repository%3Aa%2Fb%3Apull"


@pytest.mark.parametrize("body", [b"", b"no JSON", b"[]", b"{}"])
def test_a_registry_whose_token_is_none_cannot_be_used(body: bytes) -> None:
    def answer(path: str, authorization: str) -> Answer:
        if path.startswith("/token"):
            return 200, {}, body
        return 401, {"WWW-Authenticate": f'Bearer realm="http://{here[0]}/token"'}, b""

    here: list[str] = []
    with serving(answer) as (host, _):
        here.append(host)
        assert not probe(host).reachable


def test_a_registry_without_tls_is_not_used_as_if_it_had_it_and_is_told() -> None:
    with serving(always(200)) as (host, _):
        answer = probe(host, plain_http=False)
    assert answer == RegistryProbe(
        False, f"{host}: it has no TLS: write CHAOS_HARNESS_REGISTRY=http://{host} if that is meant"
    )


def test_a_closed_port_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        host = f"127.0.0.1:{closed.getsockname()[1]}"
    assert probe(host) == RegistryProbe(False, f"{host}: ConnectionError")


def test_a_host_that_never_answers_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        answer = probe(host, seconds=0.2)
    assert not answer.reachable
    assert answer.reason.startswith(f"{host}: ")


def test_one_silent_registry_of_several_is_enough_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(always(200)) as (good, _), serving(always(500)) as (bad, _):
        mirror = Mirror(host=good, plain_http=True)
        images = [ImageRef(registry=host, repository="a", tag="1") for host in (good, bad)]
        answer = probe_images(images, mirror)
    assert not answer.reachable
    assert answer.reason.startswith(f"{bad}: ")
    assert good not in answer.reason


def test_a_pinned_digest_is_what_is_asked_for() -> None:
    with serving(always(200)) as (host, asked):
        mirror = Mirror(host=host, plain_http=True)
        probe_images([ImageRef(registry=host, repository="a", tag="v1@sha256:12")], mirror)
    assert asked == ["HEAD /v2/a/manifests/sha256:12"]


def test_the_mirrors_certificates_count_whatever_else_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given: list[object] = []

    def send(self: object, request: object, **options: object) -> requests.Response:
        given.append(options["verify"])
        answer = requests.Response()
        answer.status_code = 200
        return answer

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "other.pem"))
    monkeypatch.setattr(requests.Session, "send", send)
    mirror = Mirror(host="mirror:5000", ca=tmp_path / "ca.crt", own_ca=True)
    assert probe_images([ImageRef(registry="mirror:5000", repository="a", tag="1")], mirror).reachable
    assert given == [str(tmp_path / "ca.crt")]
