"""A matrix of runs on several clusters: each verdict as its run has it, and the code of the worst."""

import json

import pytest

from harness import cli
from harness.base.errors import ExitCode, UsageError
from harness.judge.finding import Verdict
from harness.report.clusters import DATA, PAGE, run_in, write
from harness.report.outcome import code_of_several
from harness.results.results import NotRun, Results, Run
from harness.results.scenario import ScenarioResult

OK, FAILED, INTERRUPTED, INTERNAL, USAGE, NOTHING, INFRA = ExitCode


@pytest.fixture
def run(tmp_path):
    """Write the results of a run on a cluster; return its report's folder."""

    def made(name, version="v2.8.4", code=OK, *, not_run=(), **verdicts):
        stack = {"cluster": name, "versions": {"chaos-mesh": version}}
        started = "2026-11-27T01:02:03+00:00"
        run = Run(id="f00d", harness="0", started=started, ended=started, stack=stack, exit_code=code)
        results = Results(run=run)
        for scenario, verdict in verdicts.items():
            results.add(ScenarioResult(name=scenario, file=f"{scenario}.yaml", verdict=Verdict(verdict)))
        results.not_run = [NotRun(name=each, file=f"{each}.yaml", reason="gone") for each in not_run]
        results.count()
        return results.write(tmp_path / name).parent

    return made


def test_each_scenario_has_its_verdict_of_each_cluster(run, tmp_path):
    one = run("one", kill="passed", burn="passed")
    other = run("other", "v2.7.3", FAILED, kill="failed", new="skipped", not_run=["burn"])
    page, code = write(tmp_path / "out", [run_in(one, "<one>"), run_in(other, "other")])
    assert code == FAILED
    data = json.loads((tmp_path / "out" / DATA).read_text())
    assert data == {
        "runs": [
            {"name": "<one>", "page": "../one/index.html", "versions": "chaos-mesh v2.8.4", "exit_code": 0},
            {"name": "other", "page": "../other/index.html", "versions": "chaos-mesh v2.7.3", "exit_code": 1},
        ],
        "scenarios": {
            "kill": {"<one>": "passed", "other": "failed"},
            "burn": {"<one>": "passed", "other": "not run"},
            "new": {"<one>": "", "other": "skipped"},
        },
    }
    text = page.read_text()
    assert page == tmp_path / "out" / PAGE
    assert "3 scenarios in 2 runs: 3 did not come out alike" in text
    assert '<td class="failed">failed</td>' in text
    assert "<one>" not in text
    assert "&lt;one&gt;" in text


def test_a_run_that_left_no_results_is_told_where_its_code_is_known(tmp_path):
    page, code = write(tmp_path / "out", [run_in(tmp_path / "none", "none", INFRA)])
    assert code == INFRA
    assert "It left no results." in page.read_text()
    with pytest.raises(UsageError, match=r"results\.json"):
        run_in(tmp_path / "none", "none")


def test_the_report_of_a_run_is_not_written_into(run):
    one = run("one", kill="passed")
    with pytest.raises(UsageError, match="is the report of one run"):
        write(one, [run_in(one, "one")])


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([], OK),
        ([OK, OK], OK),
        ([OK, NOTHING], OK),
        ([NOTHING, NOTHING], NOTHING),
        ([OK, INFRA], INFRA),
        ([INFRA, FAILED], FAILED),
        ([FAILED, INTERRUPTED], INTERRUPTED),
        ([INTERRUPTED, USAGE], USAGE),
        ([USAGE, INTERNAL, OK], INTERNAL),
        ([FAILED, 77], 77),
    ],
)
def test_the_code_of_several_runs(codes, code):
    assert code_of_several(codes) == code
    assert code_of_several(reversed(codes)) == code


def test_the_command(run, tmp_path, capsys):
    folders = [run("one", kill="passed"), run("other", code=FAILED, kill="failed")]
    assert cli.main(["matrix", str(tmp_path / "out"), *map(str, folders)]) == FAILED
    assert capsys.readouterr().out == f"{tmp_path}/out/matrix.html\n"
    assert cli.main(["matrix", str(tmp_path / "out"), str(folders[0]), str(folders[0])]) == USAGE
    assert "two runs have one name: one, one" in capsys.readouterr().err
