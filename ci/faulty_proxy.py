"""A proxy on loopback between harness and API server, which can be slow, refuse, lie or cut: ci/faults.

Prometheus is reached through the API server, so what troubles only Prometheus is a matter of the path.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from harness.kubernetes import credentials

_CONNECT_SECONDS = 10.0
_ANSWER_SECONDS = 120.0
_BYTES = 65536
_OF_A_CONNECTION = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})
"""Headers that are of one connection, and not of the request that goes on."""


@dataclass(frozen=True)
class Trouble:
    """What becomes of requests.

    Attributes:
        path: a part of the paths it is about; of all by default.
        seconds: how long each waits first.
        status: the answer in place of the real one; 0 for the real one.
        body: of that answer.
        cut: connections are closed, those that are open too.
    """

    path: str = ""
    seconds: float = 0.0
    status: int = 0
    body: bytes = b""
    cut: bool = False


class FaultyProxy:
    """Passes on what comes to `address`, with the kubeconfig's own certificate."""

    def __init__(self, kubeconfig: Path) -> None:
        """Prepare; nothing listens yet.

        Args:
            kubeconfig: of one cluster and one user, who has a certificate.
        """
        parsed = credentials.read(kubeconfig)
        cluster, user = parsed["clusters"][0]["cluster"], parsed["users"][0]["user"]
        self.upstream = urlsplit(str(cluster["server"]))
        self.tls = None
        if self.upstream.scheme == "https":
            self.tls = ssl.create_default_context(cafile=cluster["certificate-authority"])
            self.tls.load_cert_chain(user["client-certificate"], user["client-key"])
        self.trouble: Trouble | None = None
        self._healed = threading.Event()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.proxy = self

    @property
    def address(self) -> str:
        """What stands in a kubeconfig in place of the API server's address."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Pass requests on while the block lasts."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.heal()
            self._server.shutdown()
            self._server.server_close()
            self._close_all()

    def begin(self, trouble: Trouble) -> None:
        """Treat requests so from now on."""
        self._healed.clear()
        self.trouble = trouble
        if trouble.cut:
            self._close_all()

    def heal(self) -> None:
        """Pass everything on again; what waits goes on at once."""
        self.trouble = None
        self._healed.set()

    def of(self, path: str) -> Trouble | None:
        """Return what becomes of a request, once it has waited for it."""
        found = self.trouble
        if found is None or found.path not in path:
            return None
        if found.seconds:
            self._healed.wait(found.seconds)
        return found

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection to the API server."""
        host, port = self.upstream.hostname or "", self.upstream.port
        if self.tls is None:
            return http.client.HTTPConnection(host, port, timeout=_ANSWER_SECONDS)
        return http.client.HTTPSConnection(host, port, timeout=_ANSWER_SECONDS, context=self.tls)

    def note(self, opened: socket.socket) -> None:
        """Remember a connection that `cut` has to close."""
        with self._lock:
            self._open.add(opened)

    def drop(self, closed: socket.socket) -> None:
        """Forget it."""
        with self._lock:
            self._open.discard(closed)

    def _close_all(self) -> None:
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def between(kubeconfig: Path) -> Iterator[FaultyProxy]:
    """Have whoever reads the kubeconfig go through a proxy while the block lasts."""
    text = kubeconfig.read_text()
    proxy = FaultyProxy(kubeconfig)
    with proxy.listening():
        parsed = yaml.safe_load(text)
        for each in parsed["clusters"]:
            each["cluster"] = {"server": proxy.address}
        kubeconfig.write_text(yaml.safe_dump(parsed))
        try:
            yield proxy
        finally:
            kubeconfig.write_text(text)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    proxy: FaultyProxy

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: connections break here on purpose."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._upstream: http.client.HTTPConnection | None = None
        self.server.proxy.note(self.connection)

    def finish(self) -> None:
        self.server.proxy.drop(self.connection)
        self._hang_up()
        with contextlib.suppress(OSError):
            super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (its name there)
        """Say nothing."""

    def _pass(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        trouble = self.server.proxy.of(self.path)
        if trouble is not None and trouble.cut:
            self.close_connection = True
        elif trouble is not None and trouble.status:
            self._answer(trouble.status, trouble.body)
        elif self.headers.get("Upgrade"):
            self._tunnel()
        else:
            self._forward(body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815  (their names there)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _forward(self, body: bytes) -> None:
        headers = {
            name: value for name, value in self.headers.items() if name.lower() not in _OF_A_CONNECTION
        }
        try:
            answer = self._ask(body, headers)
        except (OSError, http.client.HTTPException):
            # As if this were the API server itself, which is not there.
            self._hang_up()
            self.close_connection = True
            return
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _OF_A_CONNECTION:
                self.send_header(name, value)
        length = answer.getheader("Content-Length")
        chunked = length is None and answer.status not in (204, 304)
        self.send_header(*("Transfer-Encoding", "chunked") if chunked else ("Content-Length", length or "0"))
        self.end_headers()
        while part := answer.read1(_BYTES):
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
        # Else the next request would find it unread, as read1 does not see the end of a counted one.
        answer.close()
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _ask(self, body: bytes, headers: dict[str, str]) -> http.client.HTTPResponse:
        if self._upstream is not None:
            try:
                self._upstream.request(self.command, self.path, body or None, headers)
                return self._upstream.getresponse()
            except (http.client.RemoteDisconnected, ConnectionError):
                # It had been idle for too long; it was not read.
                self._hang_up()
        self._upstream = self.server.proxy.connect()
        self._upstream.request(self.command, self.path, body or None, headers)
        return self._upstream.getresponse()

    def _hang_up(self) -> None:
        if self._upstream is not None:
            self._upstream.close()
            self._upstream = None

    def _tunnel(self) -> None:
        """Pass a WebSocket on, byte by byte."""
        self.close_connection = True
        proxy = self.server.proxy
        upstream = proxy.connect()
        upstream.connect()
        there = upstream.sock
        lines = [f"{self.command} {self.path} HTTP/1.1", f"Host: {proxy.upstream.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items() if name.lower() != "host"]
        there.sendall(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1"))
        # What the client sent behind its head stands in the buffer already.
        up = threading.Thread(target=_pump, args=(self.rfile.read1, there), daemon=True)
        up.start()
        _pump(there.recv, self.connection)
        for each in (self.connection, there):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        up.join(_CONNECT_SECONDS)
        upstream.close()


def _pump(read: Any, to: socket.socket) -> None:
    with contextlib.suppress(OSError, ValueError):
        while part := read(_BYTES):
            to.sendall(part)
