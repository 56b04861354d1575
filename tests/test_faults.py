"""`ci/faults`: what it finds, what it does not take for a find, and the proxy that makes some of them."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from ci import faults, leftovers, reliability
from ci.broken_run import BrokenRun, Ended, NotAsExpectedError, endings
from ci.faulty_proxy import Trouble, between
from harness.base import bundled
from harness.lint.check import load_checked

NONE, KILLED = faults.FAULTS["none"], faults.FAULTS["kill-all"]
GOOD = {faults.RIGHT: Ended("passed"), faults.WRONG: Ended("failed", "it is 1")}
OVERLOADED = Ended("error", "inconclusive: the machine was overloaded (ticks up to 12.0 s late): never")


@pytest.mark.parametrize("name", faults.FAULTS)
def test_no_entry_allows_a_false_verdict(name: str) -> None:
    fault = faults.FAULTS[name]
    assert "failed" not in fault.right
    assert "passed" not in fault.wrong
    assert fault.codes
    assert 3 not in fault.codes
    assert fault.sweeps or not fault.codes <= {-9}


@pytest.mark.parametrize(("running", "more"), [(1, ""), (2, "\n        deadline: 5")])
def test_the_scenarios_are_right_files(tmp_path: Path, running: int, more: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(faults._SCENARIO.format(name="a", running=running, more=more))
    (file,) = load_checked(path)
    assert [len(step.expect) for step in file.scenario.steps] == [1, 1, 0, 1]


def test_what_is_as_expected_is_not_told() -> None:
    assert faults.wrong(NONE, 1, GOOD, f"{faults.WRONG}: failed") == []
    assert faults.wrong(KILLED, -9, {}, "") == []
    assert faults.wrong(NONE, 6, {**GOOD, faults.WRONG: OVERLOADED}, faults.WRONG) == []
    assert faults.wrong(NONE, 1, {**GOOD, faults.RIGHT: OVERLOADED}, faults.WRONG) == []
    assert faults.wrong(faults.FAULTS["prometheus-killed"], 6, dict.fromkeys(GOOD, Ended("error")), "") == []


@pytest.mark.parametrize(
    ("fault", "code", "found", "said", "told"),
    [
        (NONE, 0, GOOD, faults.WRONG, "the exit code is 0, expected 1"),
        (
            NONE,
            1,
            {**GOOD, faults.RIGHT: Ended("failed")},
            faults.WRONG,
            "fault-right: failed, expected passed",
        ),
        (
            NONE,
            1,
            {**GOOD, faults.WRONG: Ended("passed")},
            faults.WRONG,
            "fault-wrong: passed, expected failed",
        ),
        (NONE, 1, {**GOOD, faults.WRONG: Ended("error", "x")}, faults.WRONG, "fault-wrong: error, expected"),
        (
            NONE,
            6,
            {**GOOD, faults.RIGHT: Ended("error", "x")},
            faults.WRONG,
            "the exit code is 6, expected 1",
        ),
        (KILLED, 1, {**GOOD, faults.RIGHT: OVERLOADED}, "", "the exit code is 1, expected -9"),
        (NONE, 1, {}, faults.WRONG, "fault-right: not run, expected passed"),
        (NONE, 1, GOOD, "", "the output does not say"),
        (NONE, 1, GOOD, f"{faults.WRONG}\nTraceback (most recent call last):", "shows a defect: Traceback"),
        (KILLED, -9, {faults.RIGHT: Ended("failed")}, "", "fault-right: failed"),
    ],
)
def test_what_is_not_as_expected_is_told(
    fault: faults.Fault, code: int, found: dict[str, Ended], said: str, told: str
) -> None:
    assert any(told in line for line in faults.wrong(fault, code, found, said))


def test_the_page_has_what_was_kept() -> None:
    page, kept = reliability.PAGE.read_text(), reliability.load(reliability.KEPT)
    if seen := kept.get("faults"):
        assert reliability.put(page, "faults", faults.rows(seen)) == page
        assert seen.keys() <= faults.FAULTS.keys()


def entry(**more: Any) -> reliability.Entry:
    told = {
        "what": "nothing",
        "code": 1,
        "verdicts": {"right": "passed"},
        "left": [],
        "problems": [],
        "said": "",
    }
    return {**told, "swept": False, "day": "2026-11-30", "commit": "c0ffee", "chaos-mesh": "v2", **more}


def test_a_table_says_what_was_seen_what_was_wrong_and_what_was_not_seen() -> None:
    lines = faults.rows({"none": entry(), "interrupt": entry(left=["Namespace x: appeared"])})
    assert lines[0] == "Seen on 2026-11-30 with Chaos Mesh v2."
    table = {line.split("`")[1]: line for line in lines if line.startswith("| `")}
    assert table.keys() == faults.FAULTS.keys()
    assert "passed, not written |  | clean |" in table["none"]
    assert "**not as expected**: left: Namespace x: appeared" in table["interrupt"]
    assert "**not seen**" in table["terminate"]


def test_kept_entries_are_put_beside_others(tmp_path: Path) -> None:
    path = tmp_path / "kept.json"
    reliability.keep(path, "faults", {"a": {"code": 1}, "b": {"code": 1}})
    reliability.keep(path, "faults", {"b": {"code": 2}})
    reliability.keep(path, "soak", {"last": {}})
    assert reliability.load(path) == {"faults": {"a": {"code": 1}, "b": {"code": 2}}, "soak": {"last": {}}}


def test_a_page_without_the_part_is_refused() -> None:
    with pytest.raises(ValueError, match="no part faults"):
        reliability.put("# A page\n", "faults", [])


def test_things_of_a_node_are_known_again_by_their_kind() -> None:
    one = (
        "iptables: -A KUBE-SVC-ABCDEFGHIJ234567 -s 10.244.0.7/32\n"
        "mount: tmpfs /var/lib/kubelet/pods/0f1e2d3c-aaaa-bbbb-cccc-0123456789ab/volumes\n"
        "cgroup: /sys/fs/cgroup/kubepods/pod0f1e2d3c_aaaa_bbbb_cccc_0123456789ab\n"
        "process: kubelet\nprocess: sed\n"
    )
    other = (
        one.replace("ABCDEFGHIJ234567", "BBCDEFGHIJ234567")
        .replace("0f1e2d3c", "ff1e2d3c")
        .replace(".7/", ".9/")
    )
    assert leftovers.of_node("n", one) == leftovers.of_node("n", other.replace("process: sed\n", ""))
    assert leftovers.of_node("n", one)["n: process: kubelet"] == 1


@pytest.mark.parametrize(
    "left",
    [
        "iptables: -A INPUT -j CHAOS-INPUT",
        "ipset: a_b_c",
        "tc: qdisc netem 1: dev eth0 root",
        "process: stress-ng",
        "mount: toda /data fuse.toda rw",
        "cgroup: /sys/fs/cgroup/kubepods/podx",
    ],
)
def test_what_chaos_leaves_on_a_node_is_told(left: str) -> None:
    before = leftovers.Traces(things=leftovers.of_node("n", "process: kubelet"))
    after = leftovers.Traces(things=leftovers.of_node("n", f"process: kubelet\n{left}\n{left}"))
    (line,) = leftovers.difference(before, after)
    assert line.startswith("+2 n: ")
    (line,) = leftovers.difference(after, before)
    assert line.startswith("-2 n: ")


def made(kind: str, name: str, **metadata: Any) -> tuple[str, dict[str, Any]]:
    return f"{kind} x {name}", {"kind": kind, "metadata": {"namespace": "x", "name": name, **metadata}}


def test_a_pod_of_the_same_owner_is_no_difference_and_another_object_is() -> None:
    owner = {"ownerReferences": [{"kind": "ReplicaSet", "name": "web"}]}

    def traces(*bodies: tuple[str, dict[str, Any]]) -> leftovers.Traces:
        objects, pods = leftovers.without_pods(dict(bodies))
        return leftovers.Traces(objects, pods)

    before = traces(made("Pod", "web-1", **owner), made("Lease", "l", uid="1"))
    assert (
        leftovers.difference(before, traces(made("Pod", "web-2", **owner), made("Lease", "l", uid="2"))) == []
    )
    after = traces(made("Pod", "web-1", **owner), made("Pod", "web-2", **owner), made("Secret", "s"))
    assert leftovers.difference(before, after) == ["Secret x s: appeared", "+1 pod of ReplicaSet x/web"]


def test_processes_and_files_of_the_run_are_found_on_this_machine(tmp_path: Path) -> None:
    scratch, proc = tmp_path / "tmp", tmp_path / "proc"
    scratch.mkdir()
    (proc / "7").mkdir(parents=True)
    (proc / "8").mkdir()
    (proc / "7/environ").write_bytes(b"A=1\0MARK=x\0")
    (proc / "7/comm").write_text("podman\n")
    (proc / "8/environ").write_bytes(b"MARK=xy\0")
    (proc / "8/comm").write_text("other\n")
    (proc / "mounts").write_text(f"tmpfs {scratch}/disk tmpfs rw 0 0\ntmpfs /run tmpfs rw 0 0\n")
    assert leftovers.on_this_machine("MARK=x", scratch, proc) == Counter(
        {
            "this machine: process: podman": 1,
            f"this machine: tmpfs {scratch}/disk tmpfs rw 0 0": 1,
        }
    )
    (scratch / "left-17").touch()
    assert "this machine: file: left-#" in leftovers.on_this_machine("MARK=x", scratch, proc)


def followed(script: str, tmp_path: Path) -> BrokenRun:
    out = subprocess.PIPE
    words = [sys.executable, "-c", script]
    return BrokenRun(subprocess.Popen(words, stdout=out, text=True, start_new_session=True), tmp_path)


def test_a_run_is_followed_to_its_end(tmp_path: Path) -> None:
    run = followed("print('a'); print('b 2'); print('c'); raise SystemExit(7)", tmp_path)
    assert run.until(r"b \d") == "b 2"
    assert run.said == ["a", "b 2"]
    assert run.end(60) == 7
    assert run.said == ["a", "b 2", "c"]


def test_a_run_that_ends_too_early_is_told_with_its_lines(tmp_path: Path) -> None:
    run = followed("print('a')", tmp_path)
    with pytest.raises(NotAsExpectedError, match="ended before 'b'") as raised:
        run.until("b")
    assert raised.value.details == ["a"]
    assert run.end(60) == 0


def test_a_run_that_does_not_end_is_killed(tmp_path: Path) -> None:
    run = followed("import signal; print('a', flush=True); signal.pause()", tmp_path)
    run.until("a")
    with pytest.raises(NotAsExpectedError, match="does not end"):
        run.end(0)
    assert run.process.returncode == -9


def test_a_run_s_own_processes_are_those_that_it_forked(tmp_path: Path) -> None:
    script = (
        "import os, signal, subprocess; subprocess.Popen(['sleep', '600']); child = os.fork()\n"
        "child and print(child, flush=True); signal.pause()"
    )
    run = followed(script, tmp_path)
    child = int(run.until(r"\d+"))
    assert run.children() == [child]
    os.killpg(run.process.pid, 9)
    assert run.end(60) == -9


def test_verdicts_of_what_was_not_written_are_none(tmp_path: Path) -> None:
    assert endings(tmp_path) == {}
    scenario = {"name": "a", "verdict": "error", "reason": "it is gone", "steps": []}
    told = {"scenarios": [scenario], "not_run": [{"name": "b", "reason": "no time"}]}
    (tmp_path / "results.json").write_text(json.dumps(told))
    assert endings(tmp_path) == {"a": Ended("error", "it is gone"), "b": Ended("not run", "no time")}


class ApiServer(BaseHTTPRequestHandler):
    """It answers with what it was asked, and echoes what comes after an upgrade."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.headers.get("Upgrade"):
            self.send_response(101)
            self.send_header("Upgrade", "websocket")
            self.end_headers()
            self.close_connection = True
            while part := self.connection.recv(100):
                self.connection.sendall(part)
            return
        length = int(self.headers.get("Content-Length") or 0)
        body = f"{self.command} {self.path} {self.rfile.read(length).decode()}".encode()
        self.send_response(200)
        if self.path == "/watch":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            return
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.fixture
def kubeconfig(tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), ApiServer)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    path = tmp_path / "kubeconfig"
    clusters = [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_address[1]}"}}]
    users = [{"name": "u", "user": {}}]
    path.write_text(yaml.safe_dump({"clusters": clusters, "users": users, "contexts": []}))
    yield path
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def proxy(kubeconfig):
    with between(kubeconfig) as found:
        yield found


def connected(proxy):
    there = urlsplit(proxy.address)
    return http.client.HTTPConnection(there.hostname, there.port, timeout=60)


def asked(proxy, method="GET", path="/a?b=c", body=None):
    connection = connected(proxy)
    connection.request(method, path, body)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode()
    connection.close()
    return found


def test_a_kubeconfig_leads_through_the_proxy_and_then_no_longer(kubeconfig):
    text = kubeconfig.read_text()
    with pytest.raises(KeyError), between(kubeconfig) as proxy:
        (cluster,) = yaml.safe_load(kubeconfig.read_text())["clusters"]
        assert cluster["cluster"] == {"server": proxy.address}
        assert proxy.address.startswith("http://127.0.0.1:")
        raise KeyError
    assert kubeconfig.read_text() == text


def test_requests_are_passed_on(proxy):
    assert asked(proxy) == (200, "GET /a?b=c ")
    assert asked(proxy, "POST", "/x", "body") == (200, "POST /x body")
    assert asked(proxy, path="/watch") == (200, "GET /watch ")


def test_several_requests_go_over_one_connection(proxy):
    connection = connected(proxy)
    for path in ("/1", "/watch", "/3"):
        connection.request("GET", path)
        assert connection.getresponse().read().decode() == f"GET {path} "
    connection.close()


def test_trouble_is_of_its_path_and_ends(proxy):
    proxy.begin(Trouble("/prometheus", status=200, body=b"garbage"))
    assert asked(proxy, path="/prometheus:9090/x") == (200, "garbage")
    assert asked(proxy, path="/pods") == (200, "GET /pods ")
    proxy.heal()
    assert asked(proxy, path="/prometheus") == (200, "GET /prometheus ")
    proxy.begin(Trouble(status=429, body=b"{}"))
    assert asked(proxy)[0] == 429


def test_what_waits_goes_on_when_the_trouble_is_over(proxy):
    proxy.begin(Trouble(seconds=600.0))
    answers: list[tuple[int, str]] = []
    thread = threading.Thread(target=lambda: answers.append(asked(proxy)))
    thread.start()
    proxy.heal()
    thread.join(60)
    assert answers == [(200, "GET /a?b=c ")]


def test_what_is_cut_is_closed_also_where_it_was_open(proxy):
    connection = connected(proxy)
    connection.request("GET", "/")
    connection.getresponse().read()
    proxy.begin(Trouble(cut=True))
    with pytest.raises((http.client.HTTPException, OSError)):
        connection.request("GET", "/")
        connection.getresponse()
    with pytest.raises((http.client.HTTPException, OSError)):
        asked(proxy)


def test_a_server_that_is_not_there_is_a_connection_that_breaks(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    path = tmp_path / "kubeconfig"
    clusters = [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}]
    path.write_text(
        yaml.safe_dump({"clusters": clusters, "users": [{"name": "u", "user": {}}], "contexts": []})
    )
    with between(path) as proxy, pytest.raises((http.client.HTTPException, OSError)):
        asked(proxy)


def test_a_websocket_is_passed_on_in_both_directions(proxy):
    there = urlsplit(proxy.address)
    with socket.create_connection((there.hostname, there.port), timeout=60) as client:
        client.sendall(b"GET /exec HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
        assert b" 101 " in client.recv(1000)
        client.sendall(b"ping")
        assert client.recv(100) == b"ping"


def test_the_command_can_be_called() -> None:
    root = bundled.root()
    assert os.access(root / "ci/faults", os.X_OK)
    words = [sys.executable, str(root / "ci" / "faults.py"), "--help"]
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert "--write" in done.stdout
