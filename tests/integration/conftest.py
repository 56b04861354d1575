"""A real Prometheus on loopback, scraping an exporter of the tests' own, behind a small proxy that has the
paths of the API server's service proxy. These tests fail, and are not skipped, when there is no Prometheus.
"""

import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from harness.base import places
from harness.prometheus.prometheus import Prometheus

INTERVAL = 0.2
IDENTITY = "tests-own"
NAMESPACE, SERVICE, PORT = "monitoring", "prometheus", 9090


def prometheus_program() -> Path:
    if named := os.environ.get("CHAOS_HARNESS_PROMETHEUS"):
        return Path(named)
    if found := shutil.which("prometheus"):
        return Path(found)
    cached = [path for path in places.cache_dir().rglob("prometheus") if path.is_file()]
    if not cached:
        pytest.fail(
            "no Prometheus to test against: set CHAOS_HARNESS_PROMETHEUS, or let `chaos-harness up` build it"
        )
    return max(cached, key=lambda path: path.stat().st_mtime)


class Exporter:
    """Serves what a test sets, in the classic format."""

    def __init__(self):
        self.body = ""
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                content = outer.body.encode()
                self.send_response(outer.status)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


class ServiceProxy:
    """Passes on what comes under the service proxy's path, and counts it."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.requests = 0
        prefix = f"/api/v1/namespaces/{NAMESPACE}/services/{SERVICE}:{PORT}/proxy"
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                outer.requests += 1
                if not self.path.startswith(prefix):
                    self.answer(404, b'{"kind":"Status","message":"services not found","code":404}')
                    return
                try:
                    url = outer.upstream + self.path.removeprefix(prefix)
                    with urllib.request.urlopen(url, timeout=5) as response:
                        self.answer(response.status, response.read())
                except urllib.error.HTTPError as error:
                    self.answer(error.code, error.read())
                except urllib.error.URLError as error:
                    message = f"error trying to reach service: {error.reason}"
                    self.answer(503, f'{{"kind":"Status","message":"{message}","code":503}}'.encode())

            def answer(self, status, body):
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def service_proxy_url(self, namespace, name, port):
        return (
            f"http://127.0.0.1:{self.server.server_port}"
            f"/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy"
        )

    def session(self):
        session = requests.Session()
        session.trust_env = False
        return session


@pytest.fixture(scope="session")
def exporter():
    served = Exporter()
    yield served
    served.server.shutdown()


@pytest.fixture(scope="session")
def prometheus_url(exporter, tmp_path_factory):
    folder = tmp_path_factory.mktemp("prometheus")
    config = folder / "prometheus.yml"
    config.write_text(
        f"""
global:
  scrape_interval: {int(INTERVAL * 1000)}ms
  scrape_timeout: {int(INTERVAL * 1000)}ms
  external_labels: {{chaos_harness_stack: {IDENTITY}}}
scrape_configs:
  - job_name: own
    honor_labels: true
    static_configs: [{{targets: ["{exporter.address}"], labels: {{node: here}}}}]
  - job_name: converted
    convert_classic_histograms_to_nhcb: true
    static_configs: [{{targets: ["{exporter.address}"]}}]
    metric_relabel_configs: [{{source_labels: [__name__], regex: "sizes.*", action: keep}}]
  - job_name: nobody
    static_configs: [{{targets: ["127.0.0.1:1"]}}]
"""
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "log").open("wb")
    process = subprocess.Popen(
        [
            prometheus_program(),
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ],
        stdout=log,
        stderr=log,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: answers(url + "/-/ready"), f"Prometheus is ready; see {log.name}")
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def gateway(prometheus_url):
    proxy = ServiceProxy(prometheus_url)
    yield proxy
    proxy.server.shutdown()


@pytest.fixture
def prometheus(gateway):
    return Prometheus(gateway, NAMESPACE, SERVICE, PORT)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=1) as response:
            return response.status == 200
    except OSError:
        return False


def wait_until(true, what, seconds=20.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


@pytest.fixture
def eventually():
    return wait_until
