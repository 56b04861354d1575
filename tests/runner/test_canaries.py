"""Secrets that a scenario carries, or meets, are in no byte of anything that a run writes."""

import contextlib
import gzip
import io
import json
from dataclasses import replace

import pytest

from harness.base import redaction
from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.judge.replay import replay
from harness.kubernetes import credentials
from harness.kubernetes.client import ExecResult, HttpAnswer
from harness.lint.check import load_checked
from harness.pytest_plugin.live import Live
from harness.pytest_plugin.screen import PytestScreen
from harness.recording.reader import RecordingReader
from harness.report import github, summary
from harness.report.html import report
from harness.report.junit import junit_properties
from harness.report.text import scenario_text
from harness.results.results import Results, Run
from harness.runner import runner
from harness.stack import options
from harness.stack.existing.by_url import UrlGateway
from harness.stack.options import UpOptions

BODY = "MIIEpAIBAAKCAQEAcanary"
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n{BODY}==\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJjYW5hcnkiOiJjYW5hcnkifQ.Y2FuYXJ5Y2FuYXJ5"
SEEN = {
    "aws": "AKIAIOSFODNN7CANARYX",
    "github": "ghp_canary0123456789ABCDEFGHIJ0123456789",
    "slack": "xoxb-1234567890-canary",
    "gcp": "AIzaSyCanary0123456789abcdefghijklmnopq",
    "jwt": JWT,
    "pem": BODY,
}
"""By their shape, wherever they stand."""
NAMED = {
    "query": "query-canary-1",
    "header": "header-canary-2",
    "body": "body-canary-3",
    "flag": "flag-canary-4",
    "assigned": "assigned-canary-5",
    "user": "user-canary-6",
    "basic": "Y2FuYXJ5OmNhbmFyeQ==",
    "curl": "curl-canary-8",
}
"""By the name that stands beside them in the file; the commands print them without it."""
ENVIRONMENT = "environment-canary/+9"
MET = (
    "annotation",
    "pod",
    "message",
    "kubeconfig",
    "kubeconfig-password",
    "chart",
    "values-file",
    "header",
)
"""What is planted in the cluster, in the kubeconfig and on the command line."""

STEP = """\
steps:
  - wait: 1
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {namespace: "${namespace}"}
        absent: true
"""
TEXT = f"""\
scenario: example
about: Carries secrets.
workload: mini-node-exporter
{STEP}"""
HTTP = f"""\
  - http:
      to: chaos-dashboard
      path: "/api/experiments?token={NAMED["query"]}&x=1"
      method: POST
      headers: {{X-Api-Key: {NAMED["header"]}}}
      body: {{kind: NoChaos, password: {NAMED["body"]}}}
      status: STATUS
"""
EXEC = f"""\
  - exec:
      in: "${{workload.pods[0]}}"
      command: [curl, --api-token, {NAMED["flag"]}, "DB_PASSWORD={NAMED["assigned"]}",
                -u, "me:{NAMED["curl"]}",
                "https://me:{NAMED["user"]}@example.org/", -H, "Authorization: Basic {NAMED["basic"]}"]
      exit: EXIT
"""
OUTPUT = "\n".join([*NAMED.values(), *list(SEEN.values())[:-1], PEM, ENVIRONMENT, "plain-words-stay"])


@pytest.fixture(autouse=True)
def nothing_remembered():
    redaction.forget()
    redaction.remember(redaction.secrets_of_environment({"X": ENVIRONMENT, "Y": "other-value-1"}, ["X"]))
    yield
    redaction.forget()


class Terminal:
    """What pytest's reporter has."""

    isatty = False
    currentfspath = None

    def __init__(self):
        self._written = io.StringIO()

    def write(self, text, flush=False):
        self._written.write(text)

    def getvalue(self):
        return self._written.getvalue()


class Capture:
    """What pytest's capture manager has."""

    def global_and_fixture_disabled(self):
        return contextlib.nullcontext()


@pytest.fixture
def run(around, cluster, tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "session", contextlib.nullcontext, raising=False)
    answer = HttpAnswer(500, f"the token is {OUTPUT}".encode(), "text/plain")
    monkeypatch.setattr(cluster, "proxy_send", lambda *_, **__: answer, raising=False)
    old = cluster.exec

    def execute(namespace, pod, container, argv, timeout):
        if argv[0] == "curl":
            return ExecResult(OUTPUT, OUTPUT, 3)
        return old(namespace, pod, container, argv, timeout)

    monkeypatch.setattr(cluster, "exec", execute)
    logs = f"2026-01-01T00:00:00Z ERROR {OUTPUT}\n"
    monkeypatch.setattr(cluster, "logs", lambda *_, **__: logs, raising=False)
    terminal = Terminal()
    live = Live(PytestScreen(terminal, Capture()), ["example"], {}, 1)
    folder = tmp_path / "report"

    def running(step):
        path = tmp_path / "example.yaml"
        path.write_text(TEXT + step)
        file = load_checked(path)[0]
        here = replace(
            around, recordings=folder / "recordings", diagnostics=folder / "diagnostics", observer=live
        )
        result = runner.run(file, here, catalogue())
        results = Results(run=Run(id="r", harness="0", started="2026-01-01T00:00:00+00:00"))
        results.add(result)
        results.write(folder)
        summary.write(results, folder)
        report.write(results, folder)
        told = [scenario_text(result), str(junit_properties(result)), *github.errors(file, result, tmp_path)]
        (folder / "told.txt").write_text("\n".join([*told, terminal.getvalue()]))
        return result, folder

    return running


def everything(folder):
    """Yield each file with all of its bytes, uncompressed and as text that is no JSON any more."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
            yield path, content.decode()


@pytest.mark.parametrize(
    "step",
    [
        HTTP.replace("STATUS", "500"),
        HTTP.replace("STATUS", "200"),
        EXEC.replace("EXIT", "3"),
        EXEC.replace("EXIT", "0"),
    ],
    ids=["http", "http that fails", "exec", "exec that fails"],
)
def test_no_secret_is_in_any_byte(run, step):
    result, folder = run(step)
    assert result.verdict in (Verdict.PASS, Verdict.FAIL), result.details
    files = dict(everything(folder))
    assert {
        "results.json",
        "summary.md",
        "index.html",
        "manifest.json",
        "entries.jsonl.gz",
        "findings.json",
    } <= {path.name for path in files}
    own = {name: secret for name, secret in NAMED.items() if secret in step}
    planted = {**SEEN, **own, "environment": ENVIRONMENT}
    found = {
        (path.name, name)
        for path, text in files.items()
        for name, secret in planted.items()
        if secret in text or json.dumps(secret)[1:-1] in text
    }
    assert found == set()
    assert any("***" in text for path, text in files.items() if path.name == "entries.jsonl.gz")
    if "curl" in step:
        assert any("plain-words-stay" in text for text in files.values())


def test_no_secret_of_the_cluster_or_the_command_line_is_in_any_byte(run, cluster, monkeypatch, tmp_path):
    # What has a name is known by it; what any component prints later, as logs do here, by then is, too.
    met = {each: f"{each}-canary-{number}" for number, each in enumerate(MET)}
    kubeconfig = tmp_path / "kubeconfig"
    user = {"token": met["kubeconfig"], "password": met["kubeconfig-password"]}
    parsed = {"clusters": [], "users": [{"name": "u", "user": user}], "contexts": []}
    kubeconfig.write_text(json.dumps(parsed))
    credentials.read(kubeconfig)
    values = tmp_path / "values.yaml"
    values.write_text(f"dashboard: {{env: {{API_KEY: {met['values-file']}}}}}")
    given = {"helm_set": [f"dashboard.env.DB_PASSWORD={met['chart']}"], "helm_files": [values]}
    options.up_options(lambda name: given.get(name, getattr(UpOptions(), name, None)))
    gateway = UrlGateway("http://prometheus.example.org", {"Authorization": f"Basic {met['header']}"})
    said = f"failed: {given['helm_set']}, {user}, {gateway.session().headers}, {list(met.values())[-5:]}"
    monkeypatch.setattr(cluster, "logs", lambda *_, **__: f"2026-01-01T00:00:00Z ERROR {said}\n")
    old = cluster.list

    def listed(*words, **options):
        found = old(*words, **options)
        for each in found:
            each["metadata"]["annotations"] = {"example.com/api-token": met["annotation"], "a": "plain-words"}
            each["spec"] = {**each.get("spec", {}), "x": {"env": [{"name": "TOKEN", "value": met["pod"]}]}}
            each["status"] = {**each.get("status", {}), "message": f"password={met['message']}"}
        return found

    monkeypatch.setattr(cluster, "list", listed)
    result, folder = run(HTTP.replace("STATUS", "200"))
    assert result.verdict is Verdict.FAIL
    files = dict(everything(folder))
    found = {
        (path.name, name) for path, text in files.items() for name, secret in met.items() if secret in text
    }
    assert found == set()
    diagnostics = [text for path, text in files.items() if "diagnostics" in path.parts]
    assert any("plain-words" in text for text in diagnostics)
    assert any("2026-01-01T00:00:00Z ERROR failed" in text for text in diagnostics)


def test_a_recording_without_its_secrets_replays_to_the_same(run):
    result, _ = run(EXEC.replace("EXIT", "3"))
    reader = RecordingReader(result.recording)
    assert replay(reader.entries(), reader.manifest) == result.findings()
