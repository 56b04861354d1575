"""Several `--context`: a run for each cluster, and what all of them came to."""

import json
from pathlib import Path

import pytest

from harness.base.errors import ExitCode, UsageError
from harness.pytest_plugin import contexts, run
from harness.results.results import Results, Run


@pytest.fixture
def called(monkeypatch):
    """The runs that were begun, each with its words after `run`; `codes` is what they end with."""

    class Called(list[list[str]]):
        codes: list[int] = []

    found = Called()

    def fake(command):
        words = command[command.index("run") + 1 :]
        found.append(words)
        code = found.codes[len(found) - 1] if found.codes else ExitCode.OK
        (report,), _ = contexts.values_of("--report", words)
        started = "2026-11-27T01:02:03+00:00"
        of = Run(id="f00d", harness="0", started=started, ended=started, exit_code=code)
        Results(run=of).write(Path(report))
        return code

    monkeypatch.setattr(contexts, "_called", fake)
    return found


def test_each_cluster_has_its_run_and_its_report(called, tmp_path, capsys):
    called.codes = [ExitCode.OK, ExitCode.FAILED]
    words = [
        "scenarios/a.yaml",
        "--context",
        "dev",
        "-k",
        "x",
        "--context=admin@prod/eu",
        "--report",
        str(tmp_path),
    ]
    assert run.run(words) == ExitCode.FAILED
    assert called == [
        [
            *("scenarios/a.yaml", "-k", "x", "--context", context),
            *("--report", str(tmp_path / name), f"--junitxml={tmp_path / name / 'junit.xml'}"),
        ]
        for context, name in (("dev", "dev"), ("admin@prod/eu", "admin-prod-eu"))
    ]
    data = json.loads((tmp_path / "matrix.json").read_text())
    assert [each["name"] for each in data["runs"]] == ["dev", "admin@prod/eu"]
    assert f"matrix: {tmp_path}/matrix.html" in capsys.readouterr().out


def test_shards_in_the_cluster_write_no_xml_beside_that_of_their_merged_report(called, tmp_path):
    run.run(["--context", "a", "--context", "b", "--in-cluster", "--report", str(tmp_path)])
    assert called[0] == ["--in-cluster", "--context", "a", "--report", str(tmp_path / "a")]


def test_an_interruption_ends_it(called, tmp_path):
    called.codes = [ExitCode.INTERRUPTED]
    assert run.run(["--context", "a", "--context", "b", "--report", str(tmp_path)]) == ExitCode.INTERRUPTED
    assert len(called) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--context", "a", "--context", "a"], "two contexts have one name"),
        (["--context", "a", "--chaos-context=a"], "two contexts have one name"),
        (["--context", "a/b", "--context", "a:b"], "two contexts have one name"),
        (["--context", "a", "--context", ""], "two contexts have one name"),
        (
            ["--context", "a", "--context", "b", "--junitxml=x.xml"],
            "--junitxml cannot go with several --context",
        ),
    ],
)
def test_what_cannot_be_told_apart_is_refused(called, words, said):
    with pytest.raises(UsageError, match=said):
        run.run(words)
    assert not called


def test_the_process_of_a_run_is_waited_for():
    assert contexts._called(["/bin/sh", "-c", "exit 5"]) == 5
