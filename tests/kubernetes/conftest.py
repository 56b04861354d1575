"""A small API server on loopback: a test gives it a function that answers each request."""

import base64
import hashlib
import json
import struct
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import yaml

from harness.kubernetes.client import Cluster


class Request:
    def __init__(self, handler):
        url = urlsplit(handler.path)
        self.method, self.path, self.query = handler.command, url.path, parse_qsl(url.query)
        self.headers = handler.headers
        length = int(handler.headers.get("Content-Length") or 0)
        self.body = json.loads(handler.rfile.read(length)) if length else None
        self._handler = handler

    def answer(self, status, body, content_type="application/json"):
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", content_type)
        self._handler.send_header("Content-Length", str(len(content)))
        self._handler.end_headers()
        self._handler.wfile.write(content)

    def stream(self):
        """Begin a chunked answer; return a function that sends a chunk."""
        self._handler.send_response(200)
        self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.end_headers()

        def send(body):
            content = json.dumps(body).encode() + b"\n"
            self._handler.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")

        return send

    def end_stream(self):
        self._handler.wfile.write(b"0\r\n\r\n")

    def upgrade(self, protocol):
        """Accept a WebSocket; return a function that sends a binary message."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        accept = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
        self._handler.send_response(101)
        for name, value in [
            ("Upgrade", "websocket"),
            ("Connection", "Upgrade"),
            ("Sec-WebSocket-Accept", accept),
            ("Sec-WebSocket-Protocol", protocol),
        ]:
            self._handler.send_header(name, value)
        self._handler.end_headers()

        def send(content, opcode=2):
            length = struct.pack("!BBH", 0x80 | opcode, 126, len(content))
            self._handler.wfile.write(length + content)

        return send

    def receive(self):
        """Return the next message of a WebSocket (short ones only)."""
        _, length = self._handler.rfile.read(2)
        mask = self._handler.rfile.read(4)
        return bytes(byte ^ mask[at % 4] for at, byte in enumerate(self._handler.rfile.read(length & 0x7F)))


class ApiServer:
    def __init__(self):
        self.requests: list[Any] = []
        self.route: Callable[[Request], object] = lambda request: None
        self.done = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self):
                request = Request(self)
                outer.requests.append(request)
                outer.route(request)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = handle_any  # noqa: N815

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def api():
    server = ApiServer()
    yield server
    server.done.set()
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def kubeconfig(api, tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text(
        yaml.safe_dump(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "clusters": [{"name": "c", "cluster": {"server": api.url}}],
                "users": [{"name": "u", "user": {"token": "a-token"}}],
                "contexts": [{"name": "own", "context": {"cluster": "c", "user": "u"}}],
                "current-context": "own",
            }
        )
    )
    return path


@pytest.fixture
def cluster(kubeconfig):
    return Cluster.connect(kubeconfig)
