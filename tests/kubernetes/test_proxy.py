"""No request leaves the part of the API server's address that is a pod's or a Service's own."""

import json
import socket
import threading
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.base.errors import BoundaryError, UsageError
from harness.kubernetes.client import Cluster
from harness.kubernetes.kinds import kind_of
from harness.kubernetes.proxy import proxy_path, why_header_refused, why_path_refused

BASE = "/api/v1/namespaces/n/services/web:80/proxy"
CONFIG_MAP = "api/v1/namespaces/other/configmaps/theirs"

ESCAPES = [
    f"/../../../../../../../{CONFIG_MAP}",
    "/..",
    "/.",
    "/./x",
    "/x/..",
    "/x/../..",
    "/%2e%2e/x",
    "/%2E%2E/x",
    "/.%2e/x",
    "/%2e./x",
    "/%252e%252e/x",
    "/%25252e%25252e/x",
    "/..%252fx",
    "/x%2f..%2f..%2fy",
    "/%2e%2e%2fx",
    "/..%5cx",
    "/\\..\\x",
    "/..\\x",
    "/%5c..%5cx",
    "/%5C%2e%2e",
    "/..;/x",
    "/..;a=b/x",
    "/%2e%2e;/x",
    "/x;jsessionid=1",
    "/..%3b/x",
    "//other/x",
    "/x//y",
    "/%2f%2fother/x",
    "/%2fother",
    "/http://other/x",
    "http://other/x",
    "https://own@other/x",
    "/@other/x",
    "/%40other/x",
    "/x#/../y",
    "/x%23y",
    "/x%3fy",
    "/x?y#z",
    "/x\r\nHost: other",
    "/x%0d%0aHost:%20other",
    "/x?y=%0d%0aX:1",
    "/x?y=\r\nX: 1",
    "/x%00",
    "/x\t",
    "/\uff0e\uff0e/x",
    "/\u2024\u2024/x",
    "/x\u2215..\u2215y",
    "/\uff0fother",
    "/%ef%bc%8e%ef%bc%8e/x",
    "/%c0%ae%c0%ae/x",
    "/%u002e%u002e/x",
    "/%/x",
    "/%2/x",
    "/... /x",
    "/.../x",
    "/..%20/x",
    "/..%09/x",
    "..",
]


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_a_path_that_anybody_on_the_way_may_read_as_another_is_refused(path):
    with pytest.raises(BoundaryError):
        proxy_path("services", "n", "web", 80, path)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("", ""),
        ("/", "/"),
        ("metrics", "/metrics"),
        ("/api/experiments?namespace=a&uids=b,c", "/api/experiments?namespace=a&uids=b,c"),
        ("/a.b/..c/d..", "/a.b/..c/d.."),
        ("/a b", "/a%20b"),
        ("/a%20b%2Fc", "/a%20b%2Fc"),
        ("/api/v1/query?query=up%7Bjob%3D%22a%22%7D", "/api/v1/query?query=up%7Bjob%3D%22a%22%7D"),
        ("/x?y=../..&z=http://other/@", "/x?y=../..&z=http://other/@"),
    ],
)
def test_a_plain_path_stays_as_it_is(path, sent):
    assert proxy_path("services", "n", "web", 80, path) == BASE + sent


@pytest.mark.parametrize(
    ("resource", "namespace", "name", "port"),
    [
        ("services", "n", "../../x", 80),
        ("services", "n", "..", 80),
        ("services", "..", "web", 80),
        ("services", "n/services/other:80/proxy?", "web", 80),
        ("services", "n", "web:80/proxy/x", 80),
        ("services", "n", "https:web", 80),
        ("services", "n", "", 80),
        ("services", "n", "Web", 80),
        ("services", "n", "web%2e", 80),
        ("services", "n", "web", "80/proxy/../../../x"),
        ("services", "n", "web", 0),
        ("services", "n", "web", 65536),
        ("nodes", "n", "web", 80),
        ("services/x", "n", "web", 80),
    ],
)
def test_a_name_that_is_none_is_refused(resource, namespace, name, port):
    with pytest.raises(BoundaryError):
        proxy_path(resource, namespace, name, port, "/x")


@pytest.mark.parametrize("name", ["..", ".", "a/b", "../x", "a%2fb", "a?b", "a\\b", "a\nb"])
def test_a_name_of_an_object_is_one_segment(name):
    with pytest.raises(UsageError):
        kind_of("Pod").path("n", name)
    with pytest.raises(UsageError):
        kind_of("Pod").path(name)


PIECES = st.sampled_from(
    [
        ".",
        "..",
        "/",
        "\\",
        "%2e",
        "%2E",
        "%252e",
        "%2f",
        "%5c",
        ";",
        "@",
        ":",
        "a",
        "api",
        "?",
        "#",
        "%",
        "\u2024",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_whatever_is_not_refused_stays_below_its_address(path):
    if why_path_refused("/" + path) is not None:
        return
    plain = proxy_path("services", "n", "web", 80, "/" + path).partition("?")[0]
    assert plain.startswith(BASE + "/")
    rest = plain.removeprefix(BASE)
    for _ in range(4):
        assert not {"..", "."} & set(rest.replace("\\", "/").split("/"))
        assert "//" not in rest
        rest = unquote(rest)


HEADERS = [
    ("Authorization", "Bearer x"),
    ("authorization", "x"),
    ("Authorization ", "x"),
    ("Host", "other"),
    ("Impersonate-User", "system:admin"),
    ("impersonate-group", "system:masters"),
    ("Impersonate-Extra-x", "y"),
    ("X-Forwarded-For", "1.2.3.4"),
    ("X_Forwarded_Host", "other"),
    ("Forwarded", "for=x"),
    ("X-Remote-User", "admin"),
    ("X-Remote-Group", "system:masters"),
    ("X-HTTP-Method-Override", "DELETE"),
    ("X-Original-URL", "/api"),
    ("Connection", "upgrade"),
    ("Upgrade", "x"),
    ("Transfer-Encoding", "chunked"),
    ("Content-Length", "0"),
    ("Proxy-Authorization", "x"),
    ("TE", "trailers"),
    ("X-One\r\nHost", "other"),
    ("X One", "1"),
    ("X-One:", "1"),
    ("", "1"),
    ("X-One", "1\r\nHost: other"),
    ("X-One", "1\nHost: other"),
    ("X-One", "1\x00"),
    ("X-One", " 1"),
    ("X-One", "\u560d\u560aHost: other"),
]


@pytest.mark.parametrize(("name", "value"), HEADERS, ids=ascii)
def test_a_header_that_says_something_to_the_api_server_is_refused(name, value):
    assert why_header_refused(name, value) is not None


@pytest.mark.parametrize("name", ["X-One", "Accept", "Content-Type", "Cookie", "User-Agent"])
def test_other_headers_are_the_components_own(name):
    assert why_header_refused(name, "a b; c") is None


class Wire:
    """A server that keeps each request as it came over the wire, before anybody has read it."""

    def __init__(self, answer=b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"):
        self.answer = answer
        self.lines = []
        self.heads = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    def _serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                head = b""
                while b"\r\n\r\n" not in head and (part := connection.recv(65536)):
                    head += part
                self.heads.append(head.decode())
                self.lines.append(head.decode().splitlines()[0] if head else "")
                connection.sendall(self.answer)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(5)


@pytest.fixture
def wire():
    server = Wire()
    yield server
    server.close()


@pytest.fixture
def behind(wire, tmp_path):
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": wire.url}}],
        "users": [{"name": "u", "user": {"token": "a-token"}}],
        "contexts": [{"name": "own", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "own",
    }
    (tmp_path / "kubeconfig").write_text(json.dumps(config))
    return Cluster.connect(tmp_path / "kubeconfig")


def send(cluster, path, **options):
    with cluster.session() as session:
        return cluster.proxy_send(session, "services", "n", "web", 80, path, **options)


@pytest.mark.parametrize("path", ESCAPES, ids=ascii)
def test_nothing_of_an_escape_is_on_the_wire(behind, wire, path):
    with pytest.raises(BoundaryError):
        send(behind, path, method="DELETE")
    with pytest.raises(BoundaryError):
        behind.proxy_fetch("services", "n", "web", 80, path)
    assert wire.lines == []


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/a%2Fb?x=%2e%2e/y", f"{BASE}/a%2Fb?x=../y"),
        ("/a b/..c", f"{BASE}/a%20b/..c"),
        ("/api/archives?uids=1,2", f"{BASE}/api/archives?uids=1,2"),
    ],
)
def test_what_is_sent_is_on_the_wire_below_its_address(behind, wire, path, line):
    send(behind, path, method="DELETE")
    assert wire.lines == [f"DELETE {line} HTTP/1.1"]


@pytest.mark.parametrize(("name", "value"), HEADERS, ids=ascii)
def test_no_header_for_the_api_server_is_on_the_wire(behind, wire, name, value):
    with pytest.raises(BoundaryError):
        send(behind, "/x", headers={name: value})
    assert wire.lines == []


def test_no_client_follows_a_redirect(behind, wire):
    elsewhere = f"/{CONFIG_MAP}"
    status = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere}\r\n"
    wire.answer = (status + "Content-Length: 0\r\nConnection: close\r\n\r\n").encode()
    assert send(behind, "/x", method="DELETE").status == 307
    assert behind.proxy_fetch("services", "n", "web", 80, "/x").status == 307
    with behind.session() as session:
        assert session.get(behind.service_proxy_url("n", "web", 80) + "/x", timeout=5).status_code == 307
    assert [elsewhere in line for line in wire.lines] == [False, False, False]
