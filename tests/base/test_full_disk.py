"""A full disk at each writer: an error that names the file and the next step, exit code 6."""

from __future__ import annotations

import ast
import contextlib
import gzip
import io
import os
import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import SecretStr

import harness
from harness import cli
from harness.audit.contract import at_end, keep
from harness.base import bundled, defects, files, places, process
from harness.base.errors import ExitCode, HarnessError
from harness.docs_pages import examples, new, page
from harness.docs_pages.seen import SeenScenarios
from harness.kubernetes import credentials
from harness.recording.writer import RecordingWriter
from harness.report import clusters, fields, junit_file, summary
from harness.report.html import report as html
from harness.report.merging import copying
from harness.report.record import RunRecord
from harness.results import folder, journal
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult
from harness.runner import clean_up
from harness.runner.diagnostics import collect
from harness.runner.diagnostics import keep as evidence
from harness.stack import chaosmesh, dashboards, engine, further, loading, lock, ownership, pulling, up
from harness.stack.existing import kubeconfig
from harness.stack.in_cluster import pod, reports
from harness.stack.mirror import Mirror
from harness.stack.state import StateFolder

PACKAGE = Path(harness.__file__).parent
OURS = {"write_whole", "replaced", "append", "named"}
"""What harness/base/files.py has; whatever goes wrong in it names the file."""
DIRECT = {"write_text", "write_bytes", "copy", "copyfile", "copy2", "copytree"}
ELSEWHERE = {
    "base/process.py:run": "the output of a command, which finds its disk full itself; the folder is named",
    "base/apart.py:called_quietly": "/dev/null",
    "cli/__init__.py:main": "/dev/null",
    "stack/uml.py:_write_configuration": "a step of `up`, which reports what the system says of its folders",
    "results/last_durations.py:keep": "nice to know: whoever calls it goes on without",
    "recording/writer.py:__init__": "tests/recording/test_recording_files.py",
    "recording/writer.py:write": "tests/recording/test_recording_files.py",
    "recording/writer.py:close": "tests/recording/test_recording_files.py",
}
"""Why what writes is not among the cases below."""
IMAGES = "image_build/"
"""Made by commands and threads of `up`, which reports what the system says of its folders."""


@pytest.fixture
def full(monkeypatch):
    """Have all that is opened for writing have no room left."""
    opened, opened_low = io.open, os.open

    def fake(file, mode="r", *words, **options):
        writes = not isinstance(file, int) and set(mode) & set("wax+")
        found = opened("/dev/full" if writes else file, mode.replace("x", "w"), *words, **options)
        if set(mode) & set("wa+"):
            # A device cannot be emptied.
            found.truncate = lambda *_: 0
        return found

    def fake_low(path, flags, *words, **options):
        writes = flags & (os.O_WRONLY | os.O_RDWR)
        return opened_low("/dev/full" if writes else path, flags & ~os.O_EXCL, *words, **options)

    def begin():
        monkeypatch.setattr(io, "open", fake)
        monkeypatch.setattr(os, "open", fake_low)
        # What is locked or emptied there is no file.
        monkeypatch.setattr("fcntl.flock", lambda *_: None)

    return begin


def only(**attributes: Any) -> Any:
    """Return something that has only what is asked of it before the disk is full."""
    return SimpleNamespace(**attributes)


def results():
    return Results(run=Run(id="f00d", harness="0", started="2026-11-27T01:02:03+00:00"))


def write_results(path):
    record = RunRecord(folder.ReportFolder(path))
    record.write(results())
    assert record.unwritten is not None
    raise record.unwritten


def write_journal(path):
    journal.ResultsWriter(path)._append(b"{}\n")


def put_field(path):
    fields.put(path / "recordings", "mutation", 1)


def write_step_summary(path):
    files.append(path / "step.md", "x")


def take_folder(path):
    folder.ReportFolder(path).take("f00d")


def write_findings(path):
    context = only(result=only(recording=path))
    clean_up.CleanUp(context)._write_findings(list)


def write_index(path):
    collect.collect(only(), path, "it failed", using={})


def write_evidence(path):
    collect._write(only(name="a.txt", content=b"x", whole=1), path, {"a.txt"})


class OutcomeError(HarnessError):
    """What is reported without being raised."""

    exit_code = ExitCode.INFRASTRUCTURE


def keep_evidence(path):
    result = ScenarioResult(name="s", file="s.yaml")
    evidence._collect(only(), path, "end", ["it failed"], result)
    assert result.diagnostics_error is not None
    raise OutcomeError(result.diagnostics_error, next_step="the scenario's")


def keep_exposition(path):
    run = only(report=path, namespaces=[], folder="")
    look = only(body="# HELP a b\n", job="j", instance="i", node="n")
    at_end._keep(run, look, [], {})


def write_manifest(path):
    RecordingWriter(path, only(model_dump_json=lambda **_: "{}"))


def write_page(path):
    page.write(path, [only(path="a.md", text="x")])


def write_example(path):
    pages = path.parent / "pages"
    examples.write([pages / "a.md"], path)


def write_new(path):
    new.write(path / "a.yaml", "x")


def hold_lock(path):
    with lock.held("c", "run"):
        pass


def save_ownership(path):
    ownership._save(StateFolder("c"), only(model_dump_json=lambda: "{}"))


def save_state(path):
    StateFolder("c").save_programs(only(kind=None, kubectl=None, helm=None, promtool=None))


def save_handle(path):
    StateFolder("c").save_handle(only(model_dump_json=lambda **_: "{}"))


def copy_kubeconfig(path):
    kubeconfig.copy(path.with_name("of-the-user"), "x", path / "kubeconfig")


def probe_engine(path):
    engine._probe(only(), only(machine=lambda: "x86_64"))


def remember_probe(path):
    engine._write_when_changed(path / "engine.json", "{}")


def write_values(path):
    chaosmesh.install(only(), only(), folder=path, log=path / "x.log")


def fetch_chart(path):
    images = only(
        chart_repository="oci://r",
        chart="c",
        chart_version="1",
        mirror=None,
        credentials=SecretStr("{}"),
        helm="true",
    )
    chaosmesh.fetch_chart(images, folder=path, log=path / "x.log")


def keep_credentials(path):
    images = only(credentials=SecretStr("{}"))
    up._Stack._credentials(only(state=StateFolder("c"), images=images))


def hand_over_certificates(path):
    mirror = Mirror(host="m", ca=path.with_name("images.tgz"), own_ca=True)
    with pulling._flags(mirror, engine.Engine("podman", path)):
        pass


def write_dashboards(path):
    raise OutcomeError(f"exit code {dashboards.main()}")


def keep_key(path):
    credentials._keep(b"key", path / "keys")


def write_log(path):
    process._append(path / "x.log", "x", ["x"], process.Result(0, "", "", 0.0))


def copy_report(path):
    copying.copy_file(path.parent / "of-the-user", path / "of-the-user.copy")


def unpack_images(path):
    loading._plain(path.parent / "images.tgz", path)


def account_of_pod(path):
    pod.write_kubeconfig(pod.PodShard(only(), 1, path))


def fetch_report(path):
    answer = only(status_code=200, headers={}, iter_content=lambda _: iter([b"x"]))
    session = only(get=lambda *_, **__: contextlib.nullcontext(answer))
    cluster = only(server="", session=lambda: contextlib.nullcontext(session))
    reports.download(cluster, "pod", "/report", path / "report.tar.gz")


CASES = {
    "report/html/report.py:_write": (lambda path: html.write(results(), path), "index.html"),
    "results/results.py:write": (write_results, "results.json"),
    "results/journal.py:_append": (write_journal, "results-since.jsonl"),
    "report/fields.py:put": (put_field, "results.json"),
    "report/summary.py:write": (lambda path: summary.write(results(), path), "summary.md"),
    "base/files.py:append": (write_step_summary, "step.md"),
    "results/folder.py:take": (take_folder, ".chaos-harness-run"),
    "runner/clean_up.py:_write_findings": (write_findings, "findings.json"),
    "runner/diagnostics/collect.py:collect": (write_index, "index.txt"),
    "runner/diagnostics/collect.py:_write": (write_evidence, "a.txt"),
    "runner/diagnostics/keep.py:_collect": (keep_evidence, "index.txt"),
    "report/clusters.py:write": (lambda path: clusters.write(path, []), "matrix.json"),
    "report/junit_file.py:write": (lambda path: junit_file.write(results(), [], path / "j.xml"), "j.xml"),
    "report/merging/copying.py:copy_file": (copy_report, "of-the-user.copy"),
    "audit/contract/at_end.py:_keep": (keep_exposition, str(keep.path_of("j", "i"))),
    "recording/writer.py:_write_manifest": (write_manifest, "manifest.json"),
    "docs_pages/page.py:write": (write_page, "a.md"),
    "docs_pages/examples.py:write": (write_example, "a_2.yaml"),
    "docs_pages/new.py:write": (write_new, "a.yaml"),
    "docs_pages/seen.py:write": (lambda path: SeenScenarios().write(path / "seen.json"), "seen.json"),
    "stack/further.py:note": (lambda _: further.note(StateFolder("c"), "b"), "beside"),
    "stack/lock.py:held": (hold_lock, "run.lock"),
    "stack/ownership.py:_save": (save_ownership, "owner.json"),
    "stack/state.py:save_programs": (save_state, "programs.json"),
    "stack/state.py:save_handle": (save_handle, "stack.json"),
    "stack/existing/kubeconfig.py:copy": (copy_kubeconfig, "kubeconfig"),
    "stack/in_cluster/pod.py:write_kubeconfig": (account_of_pod, "kubeconfig"),
    "stack/in_cluster/pod.py:pack": (lambda path: pod.pack(path, path / "report.tar.gz"), "report.tar.gz"),
    "stack/in_cluster/reports.py:download": (fetch_report, "report.tar.gz"),
    "stack/in_cluster/reports.py:_write": (
        lambda path: reports._write(io.BytesIO(b"x"), path / "results.json"),
        "results.json",
    ),
    "stack/loading.py:_plain": (unpack_images, "images.tar"),
    "stack/engine.py:_probe": (probe_engine, "rootfs.tar"),
    "stack/engine.py:_write_when_changed": (remember_probe, "engine.json"),
    "stack/chaosmesh.py:install": (write_values, "chaos-mesh-values.json"),
    "stack/chaosmesh.py:fetch_chart": (fetch_chart, "registries.json"),
    "stack/up.py:_credentials": (keep_credentials, "registries.json"),
    "stack/pulling.py:_flags": (hand_over_certificates, "ca.crt"),
    "kubernetes/credentials.py:_keep": (keep_key, "keys"),
    "base/process.py:_append": (write_log, "x.log"),
}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """Return a folder in which all of them write; it has what they need to have been written before."""
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path))
    monkeypatch.setenv("CHAOS_HARNESS_CACHE", str(tmp_path))
    monkeypatch.setattr(chaosmesh, "values", lambda _: {})
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    path = tmp_path / "c"
    path.mkdir(mode=0o700)
    (tmp_path / "of-the-user").write_text(
        "{clusters: [{name: c, cluster: {}}], users: [{name: u, user: {}}],"
        " contexts: [{name: x, context: {cluster: c, user: u}}]}"
    )
    (tmp_path / "images.tgz").write_bytes(gzip.compress(b"images"))
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages/a.md").write_text("```yaml\nscenario: a\n```\n")
    return path


def outcome(case, path):
    """Return what a person is told, and the exit code; as the edge does that catches it."""
    try:
        with places.reported():
            case(path)
    except Exception as error:
        told = defects.as_error(error, "write", path)
        return told.render(), told.exit_code
    raise AssertionError("nothing was said")


@pytest.mark.parametrize("name", CASES)
def test_a_full_disk_is_told_with_the_file_and_the_next_step(name, place, full):
    case, file = CASES[name]
    if name == "report/fields.py:put":
        results().write(place)
        (place / "recordings").mkdir()
    full()
    told, code = outcome(case, place)
    assert code == ExitCode.INFRASTRUCTURE, told
    assert file in told, told
    assert str(place) in told or str(place.parent) in told, told
    assert "next step: " in told
    assert "No space left" in told or "disk is full" in told, told
    assert not [*place.rglob("*.part")]


def test_the_dashboards_that_are_written_beside_their_descriptions(place, full, monkeypatch, capsys):
    (place / "dashboards").mkdir()
    source = next((bundled.fixtures() / "dashboards").glob("*.yaml"))
    (place / "dashboards/one.yaml").write_text(source.read_text())
    monkeypatch.setattr(bundled, "fixtures", lambda: place)
    full()
    assert dashboards.main() == ExitCode.INFRASTRUCTURE
    assert f"cannot write {place}/dashboards/one.json: No space left" in capsys.readouterr().err


def test_a_defect_whose_traceback_cannot_be_written_has_its_end_in_the_message(place, full):
    full()
    told = defects.as_error(ValueError("odd"), "count", place)
    assert told.log is None
    assert "ValueError: odd" in told.render()


def test_the_output_of_a_command(monkeypatch, capsys):
    output = Path("/dev/full").open("w")  # noqa: SIM115  (to close it fails, too)
    monkeypatch.setattr(sys, "stdout", output)
    assert cli.main(["lint", str(bundled.scenarios() / "basics")]) == ExitCode.INFRASTRUCTURE
    with contextlib.suppress(OSError):
        output.close()
    said = capsys.readouterr().err
    assert "or the output: No space left on device" in said
    assert "next step: free some disk space" in said


def is_writing(call, imported):
    """Say whether a call may write a file: by its name, and what it opens files for."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
    if name in OURS:
        return name in imported and owner in ("", "files")
    if name in DIRECT:
        # A table has a `copy`, too.
        return name != "copy" or owner == "shutil"
    words = " ".join(ast.unparse(word) for word in [*call.args, *(each.value for each in call.keywords)])
    if name == "open":
        return (
            owner != "tarfile"
            and re.search(r"^'[rbt]*[wax+][wax+bt]*'|O_WRONLY|O_RDWR|\bflags\b", words) is not None
        )
    return False


def writers():
    """Yield `file:function` of all that writes, and whether it does so without harness/base/files.py."""
    for path in sorted(PACKAGE.rglob("*.py")):
        shown = path.relative_to(PACKAGE).as_posix()
        if shown == "base/files.py" or shown.startswith(IMAGES):
            continue
        tree = ast.parse(path.read_text())
        imported = {
            each.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module == "harness.base.files"
            for each in node.names
        }
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef):
                for call in ast.walk(function):
                    if isinstance(call, ast.Call) and is_writing(call, imported):
                        name = (
                            call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
                        )
                        yield f"{shown}:{function.name}", name in DIRECT


def test_every_writer_is_tried_with_a_full_disk():
    found = {name for name, _ in writers()}
    dashboards_and_defects = {"stack/dashboards.py:main", "base/defects.py:_defect"}
    assert found == CASES.keys() - {"base/files.py:append", "runner/diagnostics/keep.py:_collect"} | (
        ELSEWHERE.keys() | dashboards_and_defects
    )


def test_files_are_written_by_one_module():
    assert [name for name, direct in writers() if direct] == []
