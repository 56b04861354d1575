"""The plugin, on scenario files whose results are made up: what pytest users see, and exit codes."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

# Loaded here: pytester drops what a run inside of a test loads, and what is patched has to be what it uses.
import harness.report.html.report  # noqa: F401
from harness.base import bundled, redaction
from harness.base.errors import ExitCode, InfrastructureError, UsageError
from harness.judge.finding import Finding, Verdict
from harness.judge.wording import sentence
from harness.pytest_plugin.session import RunSession
from harness.results.contract import Contract
from harness.results.contract_problem import ContractProblem, ProblemKind
from harness.results.coverage import Coverage, SeriesChange, Standing, TransitionScore
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult
from harness.scenario.load import ScenarioFile

pytest_plugins = ["pytester"]

BROKEN = ContractProblem(kind=ProblemKind.NOT_CATALOGUED, metric="chaos_new", job="chaos-daemon")
LIBRARY = BROKEN.model_copy(update={"metric": "lib_new", "fails": False})

# As `chaos-harness run` loads them.
PLUGINS = ("-p", "harness.pytest_plugin.short_names", "-p", "harness.pytest_plugin.plugin")

SCENARIO = """
scenario: {name}
about: A made-up one.
tags: [made-up]
workload: mini-node-exporter
chaos:
  kill:
    kind: PodChaos
    spec: {{action: pod-kill, mode: one, selector: "${{workload.selector}}"}}
steps:
  - apply: kill
    until: finished
    proof: {{oracle: pod-uids, since: "${{workload.uids}}", equals: 1}}
    expect:
      - metric: chaos_controller_manager_chaos_experiments
        where: {{namespace: "${{namespace}}"}}
        present: true
"""


def finding(verdict: Verdict, known_issue: str | None = None) -> Finding:
    return Finding(
        id="0.0",
        step=0,
        metric="chaos_controller_manager_chaos_experiments",
        kind="equals",
        promql='chaos_controller_manager_chaos_experiments{namespace="x"}',
        expected="1",
        actual=[{"labels": {"kind": "PodChaos"}, "value": 2.0}],
        verdict=verdict,
        reason="2 is not 1",
        known_issue=known_issue,
    )


def result(name: str, verdict: Verdict) -> ScenarioResult:
    issue = "made-up-issue" if verdict is Verdict.KNOWN_ISSUE else None
    return ScenarioResult(
        name=name,
        file=f"{name}.yaml",
        verdict=verdict,
        reason={Verdict.SKIPPED: "netem: unknown qdisc", Verdict.ERROR: "Prometheus is gone"}.get(verdict),
        steps=[StepResult(title="apply kill", findings=[finding(verdict, issue)])]
        if verdict in (Verdict.FAIL, Verdict.KNOWN_ISSUE, Verdict.PASS)
        else [],
    )


@pytest.fixture
def made_up(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> dict[str, ScenarioResult]:
    """Results by scenario name; a file is written for each that a test adds through `add`."""
    results: dict[str, ScenarioResult] = {}

    def run(self: RunSession, file: ScenarioFile, node: str) -> ScenarioResult:
        outcome = results[file.scenario.scenario]
        self.plan.observer.scenario(file.name, [step.title() for step in file.scenario.steps])
        self.plan.observer.step(0, "apply kill")
        self._runs.results[node] = outcome
        self.results.add(outcome)
        self.plan.observer.ended(outcome)
        return outcome

    monkeypatch.setattr(RunSession, "open", lambda self: None)
    monkeypatch.setattr(RunSession, "run", run)
    return results


def add(pytester: pytest.Pytester, results: dict[str, ScenarioResult], name: str, verdict: Verdict) -> None:
    folder = pytester.path / "scenarios"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(SCENARIO.format(name=name))
    results[name] = result(name, verdict)


def run_pytest(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(
        "-p",
        "harness.pytest_plugin.short_names",
        "-p",
        "harness.pytest_plugin.plugin",
        "-p",
        "no:cacheprovider",
        *arguments,
    )


def summary(pytester: pytest.Pytester) -> dict[str, int]:
    counts: dict[str, int] = json.loads((pytester.path / "report/results.json").read_text())["summary"]
    return counts


def cases(pytester: pytest.Pytester) -> dict[str, Verdict]:
    """Return the test cases of out.xml with how they came out; the numbers of the suite are theirs."""
    (suite,) = ElementTree.parse(pytester.path / "out.xml").getroot()
    found = {}
    for case in suite.iter("testcase"):
        tags = {child.tag for child in case} & {"failure", "error", "skipped"}
        verdict = {"failure": Verdict.FAIL, "error": Verdict.ERROR, "skipped": Verdict.SKIPPED}
        found[f"{case.get('classname')}::{case.get('name')}"] = verdict[tags.pop()] if tags else Verdict.PASS
    for number, counted in (("failures", Verdict.FAIL), ("errors", Verdict.ERROR)):
        assert suite.get(number) == str(list(found.values()).count(counted))
    assert suite.get("tests") == str(len(found))
    return found


def test_each_scenario_file_is_an_item_named_after_its_scenario(pytester, made_up):
    add(pytester, made_up, "first", Verdict.PASS)
    done = run_pytest(pytester, "--collect-only", "-q")
    done.stdout.fnmatch_lines(["scenarios/first.yaml::first"])
    assert not (pytester.path / "report").exists()


def test_selection_by_name_and_by_tag(pytester, made_up):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    run_pytest(pytester, "-k", "second").assert_outcomes(passed=1, deselected=1)
    run_pytest(pytester, "-m", "made-up and scenario").assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("verdict", "code", "outcome"),
    [
        (Verdict.PASS, ExitCode.OK, {"passed": 1}),
        (Verdict.FAIL, ExitCode.FAILED, {"failed": 1}),
        (Verdict.KNOWN_ISSUE, ExitCode.OK, {"xfailed": 1}),
        (Verdict.SKIPPED, ExitCode.NOTHING_RAN, {"skipped": 1}),
        (Verdict.ERROR, ExitCode.INFRASTRUCTURE, {"errors": 1}),
    ],
)
def test_each_verdict_has_its_outcome_and_exit_code(pytester, made_up, verdict, code, outcome):
    add(pytester, made_up, "only", verdict)
    done = run_pytest(pytester)
    done.assert_outcomes(**outcome)
    assert done.ret == code
    assert summary(pytester)[verdict.value] == 1


def test_a_failure_outweighs_an_error(pytester, made_up):
    add(pytester, made_up, "broken", Verdict.ERROR)
    add(pytester, made_up, "wrong", Verdict.FAIL)
    assert run_pytest(pytester).ret == ExitCode.FAILED


def test_a_failure_shows_promql_expected_and_actual(pytester, made_up):
    add(pytester, made_up, "wrong", Verdict.FAIL)
    run_pytest(pytester).stdout.fnmatch_lines(
        [
            '*promql:   chaos_controller_manager_chaos_experiments{namespace="x"}',
            "*expected: 1",
            '*actual:   {kind="PodChaos"} 2',
            "*reason:   2 is not 1",
        ]
    )


def test_a_step_that_did_not_come_about_says_why(pytester, made_up):
    add(pytester, made_up, "stuck", Verdict.FAIL)
    made_up["stuck"].steps[0].problem = StepProblem(kind="until", reason="not running", details=["no netem"])
    run_pytest(pytester).stdout.fnmatch_lines(["*until: not running", "*no netem"])


def test_leftovers_are_an_error_of_the_tear_down_and_a_failed_run(pytester, made_up):
    add(pytester, made_up, "messy", Verdict.PASS)
    made_up["messy"].leftovers.append(
        Leftover(kind="NetworkChaos", name="ns/cut", what_was_done="its finalizer was removed")
    )
    done = run_pytest(pytester)
    done.assert_outcomes(passed=1, errors=1)
    done.stdout.fnmatch_lines(["*NetworkChaos ns/cut: its finalizer was removed"])
    assert done.ret == ExitCode.FAILED
    assert summary(pytester)["cleanup_failed"] == 1


def test_a_clean_up_that_the_cluster_did_not_answer_is_the_infrastructures(pytester, made_up, monkeypatch):
    add(pytester, made_up, "cut-off", Verdict.ERROR)
    made_up["cut-off"].leftovers.append(
        Leftover(kind="Namespace", name="n", what_was_done="clean-up stopped", infrastructure=True)
    )
    monkeypatch.setattr(RunSession, "close", lambda self: [made_up["cut-off"]])
    done = run_pytest(pytester)
    assert done.ret == ExitCode.INFRASTRUCTURE
    done.stdout.fnmatch_lines(["*Namespace n: clean-up stopped"])
    done.stdout.no_fnmatch_line("*Exception Group*")


def test_junit_tells_errors_from_failures(pytester, made_up):
    add(pytester, made_up, "broken", Verdict.ERROR)
    add(pytester, made_up, "wrong", Verdict.FAIL)
    run_pytest(pytester, "--junitxml=out.xml")
    text = (pytester.path / "out.xml").read_text()
    assert 'errors="1"' in text
    assert 'failures="1"' in text
    for verdict in ("error", "failed"):
        assert text.count(f'<property name="verdict" value="{verdict}"') == 1


@pytest.mark.parametrize("counted", ["total", "call"])
@pytest.mark.parametrize("verdict", [Verdict.PASS, Verdict.FAIL, Verdict.ERROR, Verdict.KNOWN_ISSUE])
def test_times_are_those_of_the_scenario_not_of_waiting_for_it(pytester, made_up, verdict, counted):
    add(pytester, made_up, "only", verdict)
    made_up["only"].seconds = 83.25
    done = run_pytest(
        pytester, "--junitxml=out.xml", "--durations=1", "-o", f"junit_duration_report={counted}"
    )
    done.stdout.fnmatch_lines(["83.25s * scenarios/only.yaml::only"])
    (case,) = ElementTree.parse(pytester.path / "out.xml").iter("testcase")
    assert case.get("time") == "83.250"


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.ERROR, Verdict.KNOWN_ISSUE])
def test_what_only_should_hold_fails_nothing_and_is_told_everywhere(pytester, made_up, verdict):
    add(pytester, made_up, "only", Verdict.PASS)
    issue = "made-up-issue" if verdict is Verdict.KNOWN_ISSUE else None
    should = finding(verdict, issue).model_copy(update={"level": "should"})
    made_up["only"].steps[0].findings.append(should)
    done = run_pytest(pytester, "--junitxml=out.xml")
    done.assert_outcomes(passed=1)
    assert done.ret == ExitCode.OK
    line = f"only, step 1 (apply kill): {sentence(should)}"
    assert f"  {line}" in done.outlines
    done.stdout.fnmatch_lines(["expectations of level should: *1 *; they fail no scenario"])
    assert f'<property name="should" value="{line}"' in (pytester.path / "out.xml").read_text()
    assert summary(pytester)[f"should_{verdict.value}"] == 1
    assert summary(pytester)[verdict.value] == 0


def test_a_known_issue_that_only_should_be_is_not_why_a_scenario_is_one(pytester, made_up):
    add(pytester, made_up, "only", Verdict.KNOWN_ISSUE)
    other = finding(Verdict.KNOWN_ISSUE, "another").model_copy(update={"level": "should"})
    made_up["only"].steps[0].findings.append(other)
    done = run_pytest(pytester, "-rx")
    done.stdout.fnmatch_lines(["XFAIL *only*known issue: made-up-issue"])


def test_a_stack_that_does_not_come_up_is_an_error_with_its_exit_code(pytester, made_up, monkeypatch):
    def fails(self: RunSession) -> None:
        self._failure = InfrastructureError("no engine", next_step="install podman")
        self.results.run.stack_error = self._failure.render()
        raise self._failure

    monkeypatch.setattr(RunSession, "open", fails)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    done = run_pytest(pytester)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(
        [
            "*no engine",
            "*next step: install podman",
            "No scenario ran: the stack did not come up.",
            "*stopped: no engine*",
        ]
    )
    assert done.ret == ExitCode.INFRASTRUCTURE


@pytest.mark.parametrize(
    ("verdict", "contract", "code"),
    [
        (Verdict.PASS, {}, ExitCode.OK),
        (Verdict.PASS, {"problems": [LIBRARY]}, ExitCode.OK),
        (Verdict.PASS, {"problems": [BROKEN]}, ExitCode.FAILED),
        (Verdict.ERROR, {"problems": [BROKEN]}, ExitCode.FAILED),
        (Verdict.PASS, {"not_captured": ["chaos-daemon d: down"]}, ExitCode.INFRASTRUCTURE),
        (Verdict.PASS, {"error": "Prometheus is gone"}, ExitCode.INFRASTRUCTURE),
        (Verdict.FAIL, {"error": "Prometheus is gone"}, ExitCode.FAILED),
    ],
)
def test_a_run_fails_by_a_metric_that_is_not_as_the_catalogue_says(
    pytester, made_up, monkeypatch, verdict, contract, code
):
    def close(self: RunSession) -> list[ScenarioResult]:
        self.results.contract = Contract(release="v2.8.3", whole=False, **contract)
        return []

    monkeypatch.setattr(RunSession, "close", close)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    add(pytester, made_up, "only", verdict)
    done = run_pytest(pytester, "--junitxml=out.xml")
    assert done.ret == code
    told = Verdict.FAIL if BROKEN in contract.get("problems", []) else Verdict.PASS
    if "error" in contract or "not_captured" in contract:
        told = Verdict.ERROR
    assert cases(pytester)["run::contract"] == told
    annotated = [line for line in done.outlines if line.startswith("::error title=the run%3A contract::")]
    assert len(annotated) == (told is not Verdict.PASS)
    assert ("### The run, contract: " in (pytester.path / "report/summary.md").read_text()) == bool(annotated)
    if BROKEN in contract.get("problems", []):
        done.stdout.fnmatch_lines(["  chaos_new (chaos-daemon): not in the catalogue"])


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        ((), True),
        (("scenarios",), True),
        (("-k", "first"), False),
        (("-m", "made-up and scenario"), True),
        (("scenarios/first.yaml",), False),
        (("scenarios/first.yaml::first", "scenarios/second.yaml"), False),
    ],
)
def test_only_a_run_of_all_scenarios_is_whole(pytester, made_up, monkeypatch, arguments, whole):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    monkeypatch.setattr(bundled, "scenarios", lambda: pytester.path / "scenarios")
    seen = []
    monkeypatch.setattr(RunSession, "close", lambda self: seen.append(self.plan.all_of) or [])
    run_pytest(pytester, *arguments)
    wanted = {f"scenarios/{name}.yaml::{name}" for name in ("first", "second")}
    assert seen == [wanted if whole else None]


@pytest.mark.parametrize(
    ("arguments", "audit"),
    [((), True), (("-k", "first"), False), (("-k", "first", "--audit"), True)],
)
def test_a_run_of_some_scenarios_is_audited_when_it_is_asked_for(
    pytester, made_up, monkeypatch, arguments, audit
):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    monkeypatch.setattr(bundled, "scenarios", lambda: pytester.path / "scenarios")
    seen = []
    monkeypatch.setattr(RunSession, "close", lambda self: seen.append(self.plan.audit) or [])
    run_pytest(pytester, *arguments)
    assert seen == [audit]


def breaks(*_: object, **__: object) -> None:
    raise KeyError("nobody foresaw it")


@pytest.mark.parametrize(
    "where",
    [
        "harness.pytest_plugin.session.RunSession.run",
        "harness.pytest_plugin.session.RunSession.close",
        "harness.pytest_plugin.session.RunSession._count",
        "harness.pytest_plugin.session.RunSession.end",
        "harness.pytest_plugin.session.RunSession.checks",
        "harness.results.results.Results.write",
        "harness.pytest_plugin.plugin._everything",
        "harness.pytest_plugin.plugin.junit_properties",
        "harness.pytest_plugin.plugin.summary.write",
        "harness.report.html.report.render_again",
        "harness.report.html.page.matrix",
    ],
)
def test_a_defect_of_the_harness_is_exit_code_three_wherever_it_is(pytester, made_up, monkeypatch, where):
    add(pytester, made_up, "only", Verdict.PASS)
    monkeypatch.setattr(where, breaks)
    done = run_pytest(pytester)
    assert done.ret == ExitCode.INTERNAL
    told = [line for line in done.outlines if "a defect of the harness" in line]
    assert told
    assert "KeyError: 'nobody foresaw it'" in told[0]


def test_a_run_that_is_refused_writes_no_xml_into_the_report_of_the_first(pytester, made_up, monkeypatch):
    def refuse(self: RunSession) -> None:
        self._record.own = False
        self._failure = UsageError("the report folder is in use by the run abc12345")
        raise self._failure

    add(pytester, made_up, "only", Verdict.PASS)
    monkeypatch.setattr(RunSession, "open", refuse)
    report = pytester.path / "report"
    report.mkdir()
    (report / "junit.xml").write_text("the first one's")
    assert run_pytest(pytester, "--junitxml=report/junit.xml").ret == ExitCode.USAGE
    assert [(each.name, each.read_text()) for each in report.iterdir()] == [("junit.xml", "the first one's")]
    assert run_pytest(pytester, "--junitxml=out.xml").ret == ExitCode.USAGE
    assert cases(pytester)["scenarios.only.yaml::only"] is Verdict.ERROR


def test_zero_scenarios_are_no_success(pytester, made_up):
    (pytester.path / "scenarios").mkdir()
    assert run_pytest(pytester, "scenarios").ret == ExitCode.NOTHING_RAN


def test_a_wrong_file_is_an_error_with_its_line(pytester, made_up):
    add(pytester, made_up, "first", Verdict.PASS)
    path = Path(pytester.path / "scenarios/first.yaml")
    path.write_text(path.read_text().replace("until: finished", "untl: finished"))
    done = run_pytest(pytester)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*first.yaml:12:*untl*until*"])
    assert done.ret == ExitCode.USAGE


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("tags: [made-up]\nneeds: [stressng]", "tags: [made-up]", "*no capability `stressng`*stress-ng*"),
        (
            "workload: mini-node",
            "workload: mini-node-exporter",
            "*no workload `mini-node`*mini-node-exporter*",
        ),
    ],
)
def test_a_name_that_nothing_stands_behind_is_an_error(pytester, made_up, wrong, right, message):
    add(pytester, made_up, "first", Verdict.PASS)
    path = pytester.path / "scenarios/first.yaml"
    path.write_text(path.read_text().replace(right, wrong))
    done = run_pytest(pytester)
    done.stdout.fnmatch_lines([message])
    assert done.ret == ExitCode.USAGE


def test_a_yaml_file_that_is_no_scenario_is_left_alone_unless_named(pytester, made_up):
    (pytester.path / "values.yaml").write_text("replicas: 1\n")
    assert run_pytest(pytester).ret == ExitCode.NOTHING_RAN
    done = run_pytest(pytester, "values.yaml")
    done.assert_outcomes(errors=1)


def test_two_scenarios_of_one_name_are_an_error(pytester, made_up):
    add(pytester, made_up, "first", Verdict.PASS)
    text = (pytester.path / "scenarios/first.yaml").read_text()
    (pytester.path / "scenarios/second.yaml").write_text(text)
    done = run_pytest(pytester)
    done.stdout.fnmatch_lines(["*second.yaml:2:1: `first` is the name of *first.yaml too; *"])
    assert done.ret == ExitCode.USAGE


def add_cases(pytester, results, name, cases):
    """Add a file with cases, each of which comes to the verdict that is given for it."""
    folder = pytester.path / "scenarios"
    folder.mkdir(exist_ok=True)
    values = "".join(f"  {case}: {{mode: {case}, tags: [tag-{case}]}}\n" for case in cases)
    text = SCENARIO.format(name=name).replace("mode: one", 'mode: "${parameters.mode}"')
    (folder / f"{name}.yaml").write_text(f"{text}parameters:\n{values}")
    results |= {f"{name}-{case}": result(f"{name}[{case}]", verdict) for case, verdict in cases.items()}


def test_each_case_is_an_item_that_can_be_selected(pytester, made_up):
    add_cases(pytester, made_up, "kill", {"one": Verdict.PASS, "all": Verdict.FAIL})
    run_pytest(pytester, "--collect-only", "-q").stdout.fnmatch_lines(
        ["scenarios/kill.yaml::kill[[]one]", "scenarios/kill.yaml::kill[[]all]"]
    )
    run_pytest(pytester, "-k", "kill[one]").assert_outcomes(passed=1, deselected=1)
    run_pytest(pytester, "-m", "tag-all").assert_outcomes(failed=1, deselected=1)
    run_pytest(pytester, "scenarios/kill.yaml::kill[one]").assert_outcomes(passed=1)
    run_pytest(pytester, "scenarios/kill.yaml::kill").assert_outcomes(passed=1, failed=1)
    done = json.loads((pytester.path / "report/results.json").read_text())["scenarios"]
    assert [each["name"] for each in done] == ["kill[one]", "kill[all]"]


def test_the_name_of_a_case_in_the_cluster_is_nobody_elses(pytester, made_up):
    add(pytester, made_up, "kill-all", Verdict.PASS)
    add_cases(pytester, made_up, "kill", {"one": Verdict.PASS, "all": Verdict.PASS})
    done = run_pytest(pytester)
    done.stdout.fnmatch_lines(
        ["*kill.yaml:20:3: `kill[[]all]` and `kill-all` of *kill-all.yaml are both `kill-all` in the *; *"]
    )
    assert done.ret == ExitCode.USAGE


def test_last_failed_runs_only_what_failed(pytester, made_up):
    add(pytester, made_up, "good", Verdict.PASS)
    add(pytester, made_up, "wrong", Verdict.FAIL)
    pytester.runpytest_inprocess(*PLUGINS)
    done = pytester.runpytest_inprocess(*PLUGINS, "--lf")
    done.assert_outcomes(failed=1)


PYTHON = """
from harness.authoring.python import scenario

@scenario("{name}", about="Made up.", tags=["made-up"])
def of_any_name(steps):
    expect = [{{"metric": "up", "where": {{"job": "chaos-daemon"}}, "equals": 1}}]
    steps.step(wait=1, expect=expect)
"""


def add_python(pytester, results, path, name, verdict):
    """Add a file with a scenario in Python."""
    file = pytester.path / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(PYTHON.format(name=name))
    results[name] = result(name, verdict)


def test_a_scenario_in_python_is_an_item_like_any_other(pytester, made_up):
    add(pytester, made_up, "first", Verdict.PASS)
    add_python(pytester, made_up, "scenarios/looped.py", "second", Verdict.FAIL)
    run_pytest(pytester, "--collect-only", "-q").stdout.fnmatch_lines(
        ["scenarios/first.yaml::first", "scenarios/looped.py::second"]
    )
    done = run_pytest(pytester)
    done.assert_outcomes(passed=1, failed=1)
    assert summary(pytester)["failed"] == 1
    run_pytest(pytester, "-m", "made-up", "-k", "second").assert_outcomes(failed=1, deselected=1)


@pytest.mark.parametrize("words", [["scenarios/looped.py"], ["scenarios/looped.py::second"]])
def test_a_file_in_python_that_is_named_is_collected_once(pytester, made_up, words):
    add_python(pytester, made_up, "scenarios/looped.py", "second", Verdict.PASS)
    run_pytest(pytester, *words).assert_outcomes(passed=1)


def test_a_file_in_python_is_collected_once_where_every_file_holds_tests(pytester, made_up):
    add_python(pytester, made_up, "scenarios/looped.py", "second", Verdict.PASS)
    run_pytest(pytester, "-o", "python_files=*.py").assert_outcomes(passed=1)


def test_tests_that_use_scenarios_in_python_stay_tests(pytester, made_up):
    text = "from harness.authoring.python import scenario\n\ndef test_it():\n    pass\n"
    (pytester.path / "test_own.py").write_text(text)
    pytester.runpytest_inprocess(*PLUGINS).assert_outcomes(passed=1)


def test_a_wrong_file_in_python_is_an_error_with_its_line(pytester, made_up):
    add_python(pytester, made_up, "scenarios/looped.py", "second", Verdict.PASS)
    path = pytester.path / "scenarios/looped.py"
    path.write_text(path.read_text().replace("wait=1", "wait=0"))
    done = run_pytest(pytester)
    done.assert_outcomes(errors=1)
    done.stdout.fnmatch_lines(["*looped.py:7:1: *wait*"])
    assert done.ret == ExitCode.USAGE


def test_a_log_says_how_the_run_goes_on_and_pytests_lines_stay_whole(pytester, made_up):
    add(pytester, made_up, "good", Verdict.PASS)
    add(pytester, made_up, "wrong", Verdict.FAIL)
    run_pytest(pytester).stdout.fnmatch_lines(
        [
            "scenarios/good.yaml *",
            "progress: good: step 1 of 1 (apply kill)",
            "progress: good: passed in 0.0 s; 1 of 2 done; 1 passed; about 0:00 left",
            "scenarios/good.yaml . *[[] 50%]",
            "progress: wrong: failed in 0.0 s; 2 of 2 done; 1 passed, 1 failed",
            "scenarios/wrong.yaml F *[[]100%]",
        ]
    )
    run_pytest(pytester, "-v").stdout.fnmatch_lines(
        ["progress: good: passed in *", "scenarios/good.yaml::good PASSED *[[] 50%]"], consecutive=True
    )
    run_pytest(pytester, "-q").stdout.no_fnmatch_line("*progress:*")


def test_the_run_before_tells_how_long_scenarios_take(pytester, made_up):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    made_up["second"].seconds = 75.0
    run_pytest(pytester)
    run = run_pytest(pytester, "--lanes", "1")
    run.stdout.fnmatch_lines(["progress: first: *; about 1:15 left"])


@pytest.fixture
def uncovered(monkeypatch, pytester):
    """One transition that no scenario proves; the scenarios of the harness are those of the test."""
    missing = TransitionScore(
        metric="chaos_daemon_ipset_members",
        label="",
        value="",
        change=SeriesChange.CHANGES,
        standing=Standing.MISSING,
    )

    def count(*_: object) -> Coverage:
        return Coverage(defined=1, possible_here=1, missing=1, transitions=[missing])

    monkeypatch.setattr("harness.audit.coverage.of_run.coverage_from", count)
    monkeypatch.setattr("harness.base.bundled.scenarios", lambda: pytester.path / "scenarios")


def with_recording(results: dict[str, ScenarioResult], folder: Path) -> None:
    for name, outcome in results.items():
        recording = folder / "recorded" / name
        shutil.copytree(Path(__file__).parents[1] / "recordings" / "pod-kill", recording)
        outcome.recording = recording


def test_a_whole_run_that_leaves_a_transition_unproven_fails(pytester, made_up, uncovered, monkeypatch):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.KNOWN_ISSUE)
    with_recording(made_up, pytester.path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    done = run_pytest(pytester, "scenarios", "--junitxml=out.xml")
    assert done.ret == ExitCode.FAILED
    done.stdout.fnmatch_lines(
        [
            "*missing: chaos_daemon_ipset_members changes: expect *",
            "*a whole run has to*",
            "::error title=the run%3A coverage::transitions *: 1%0Amissing: chaos_daemon_ipset_members *",
        ]
    )
    assert cases(pytester)["run::coverage"] is Verdict.FAIL
    text = (pytester.path / "report/summary.md").read_text()
    assert text.startswith("## Chaos Mesh metrics: All 2 scenarios that ran came out as expected, 1 of them")
    assert "\nScenarios: 1 passed, 0 failed, 1 known issue, " in text
    assert "missing: chaos_daemon_ipset_members changes" in text


def broken(*_: object) -> None:
    raise UsageError("a recording is damaged")


def test_that_mutation_was_not_done_skips_no_gate(pytester, made_up, uncovered, monkeypatch):
    add(pytester, made_up, "first", Verdict.PASS)
    with_recording(made_up, pytester.path)
    monkeypatch.setattr("harness.audit.coverage.of_run.score_of", broken)
    done = run_pytest(pytester, "scenarios")
    assert done.ret == ExitCode.FAILED
    done.stdout.fnmatch_lines(["mutation: not done: a recording is damaged", "*missing: *"])


@pytest.mark.parametrize(
    ("arguments", "code"), [(["scenarios"], 6), (["scenarios/first.yaml", "--audit"], 0)]
)
def test_a_whole_run_of_which_nobody_knows_what_it_proves_is_an_error(
    pytester, made_up, uncovered, monkeypatch, arguments, code
):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    with_recording(made_up, pytester.path)
    monkeypatch.setattr("harness.audit.coverage.of_run.coverage_from", broken)
    done = run_pytest(pytester, *arguments, "--junitxml=out.xml")
    assert done.ret == code
    done.stdout.fnmatch_lines(["coverage: not counted: a recording is damaged"])
    assert cases(pytester).get("run::coverage") is (Verdict.ERROR if code else None)


@pytest.mark.parametrize(
    "arguments",
    [
        ["scenarios/first.yaml"],
        ["scenarios", "-k", "first"],
        ["scenarios", "-m", "made-up"],
        ["scenarios", "--deselect", "scenarios/first.yaml::first"],
        ["scenarios/first.yaml::first", "scenarios/second.yaml"],
        ["scenarios", "--control"],
    ],
)
def test_a_run_of_a_selection_is_not_gated(pytester, made_up, uncovered, arguments):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    with_recording(made_up, pytester.path)
    done = run_pytest(pytester, *arguments, "--junitxml=out.xml")
    assert done.ret == ExitCode.OK
    done.stdout.no_fnmatch_line("*missing: *")
    assert "run::coverage" not in cases(pytester)


def test_a_run_that_stops_at_what_was_left_behind_is_not_whole(pytester, made_up, uncovered):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", Verdict.PASS)
    with_recording(made_up, pytester.path)
    made_up["first"].leftovers = [Leftover(kind="Pod", name="p", what_was_done="still there")]
    done = run_pytest(pytester, "scenarios", "-x")
    assert done.ret == ExitCode.FAILED
    done.stdout.no_fnmatch_line("*missing: *")
    found = json.loads((pytester.path / "report/results.json").read_text())
    assert [each["name"] for each in found["scenarios"]] == ["first"]
    assert found["coverage"]["whole"] is False


@pytest.mark.parametrize(("verdict", "code"), [(Verdict.FAIL, 1), (Verdict.ERROR, 6)])
def test_a_run_in_which_a_scenario_did_not_pass_is_not_gated(pytester, made_up, uncovered, verdict, code):
    add(pytester, made_up, "first", Verdict.PASS)
    add(pytester, made_up, "second", verdict)
    with_recording(made_up, pytester.path)
    done = run_pytest(pytester, "scenarios")
    assert done.ret == code
    done.stdout.no_fnmatch_line("*missing: *")


def test_junit_has_what_ci_groups_by(pytester, made_up):
    add(pytester, made_up, "wrong", Verdict.FAIL)
    add(pytester, made_up, "known", Verdict.KNOWN_ISSUE)
    add(pytester, made_up, "missing", Verdict.SKIPPED)
    made_up["wrong"].diagnostics = pytester.path / "report/diagnostics/wrong"
    run_pytest(pytester, "--junitxml=out.xml")
    text = (pytester.path / "out.xml").read_text()
    for name, value in (
        ("promql", "chaos_controller_manager_chaos_experiments{namespace=&quot;x&quot;}"),
        ("layer", "unknown"),
        ("diagnostics", f"{pytester.path}/report/diagnostics/wrong"),
        ("known_issue", "made-up-issue"),
        ("skipped", "netem: unknown qdisc"),
    ):
        assert text.count(f'<property name="{name}" value="{value}"') == 1, name


def test_a_github_step_has_annotations_and_a_summary(pytester, made_up, monkeypatch):
    step = pytester.path / "step.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    add(pytester, made_up, "wrong", Verdict.FAIL)
    done = run_pytest(pytester)
    done.stdout.fnmatch_lines(
        ["::error file=scenarios/wrong.yaml,line=15,col=9,title=wrong%3A apply kill::*2 is not 1*"]
    )
    assert "### wrong: failed" in step.read_text()
    assert step.read_text() == (pytester.path / "report/summary.md").read_text()


def test_elsewhere_there_are_no_annotations(pytester, made_up, monkeypatch):
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    add(pytester, made_up, "wrong", Verdict.FAIL)
    run_pytest(pytester).stdout.no_fnmatch_line("::error*")


def test_a_run_of_skipped_scenarios_is_not_green_in_junit(pytester, made_up):
    add(pytester, made_up, "only", Verdict.SKIPPED)
    assert run_pytest(pytester, "--junitxml=out.xml").ret == ExitCode.NOTHING_RAN
    assert cases(pytester) == {"scenarios.only.yaml::only": Verdict.SKIPPED, "run::scenarios": Verdict.ERROR}
    assert "no scenario ran, 1 skipped" in (pytester.path / "out.xml").read_text()


def test_a_warning_of_a_scenario_file_is_a_warning_of_pytest(
    pytester: pytest.Pytester, made_up: dict[str, ScenarioResult]
) -> None:
    made_up["a"] = result("a", Verdict.PASS)
    text = SCENARIO.format(name="a").replace("mode: one", "mode: one, duration: 9s")
    pytester.makefile(".yaml", a=text)

    ran = run_pytest(pytester, "a.yaml")

    assert ran.ret == ExitCode.OK
    ran.stdout.fnmatch_lines(["*a.yaml:8:41: warning: `duration` does nothing for `pod-kill`*"])


CANARIES = {
    "named": "canary-of-a-name-1",
    "aws": "AKIAIOSFODNN7CANARYX",
    "environment": "canary/environment+2",
    "chosen": "canary-that-was-chosen",
    "carried": "canary-carried-3",
}


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.ERROR])
def test_secrets_are_in_nothing_that_a_run_says_or_writes(pytester, made_up, monkeypatch, verdict):
    step = pytester.path / "step.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    monkeypatch.setenv("MY_API_TOKEN", CANARIES["environment"])
    monkeypatch.setenv("CHOSEN", CANARIES["chosen"])
    add(pytester, made_up, "wrong", verdict)
    file = pytester.path / "scenarios/wrong.yaml"
    carried = f"  - http: {{to: workload, path: /ping, headers: {{X-Token: {CANARIES['carried']}}}}}\n"
    file.write_text(file.read_text() + carried)
    told = f"password={CANARIES['named']} " + " ".join(list(CANARIES.values())[1:])
    problem = StepProblem(kind="http", reason=told, details=[told, "stays"])
    wrong = finding(Verdict.FAIL).model_copy(update={"reason": told.partition(" ")[2]})
    made_up["wrong"].steps = [StepResult(title=told, problem=problem, proofs=[told], findings=[wrong])]
    made_up["wrong"].reason = told
    done = run_pytest(pytester, "--junitxml=out.xml", "--secret", "CHOSEN", "-v")
    texts = {path: path.read_text() for path in [*(pytester.path / "report").rglob("*.*"), step]}
    texts |= {
        "out.xml": (pytester.path / "out.xml").read_text(),
        "terminal": done.stdout.str() + done.stderr.str(),
    }
    assert {path.name for path in texts if isinstance(path, Path)} >= {
        "results.json",
        "index.html",
        "summary.md",
    }
    found = {
        (str(where), name) for where, text in texts.items() for name, each in CANARIES.items() if each in text
    }
    assert found == set()
    for text in texts.values():
        assert "***" in text
    redaction.forget()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """Mount file systems of so many KiB; needs root."""
    mounted: list[Path] = []

    def mount(kib: int) -> Path:
        folder = tmp_path / f"disk-{kib}"
        folder.mkdir()
        words = ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "tmpfs", str(folder)]
        done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
        if done.returncode:
            pytest.skip(f"no file system can be mounted: {done.stderr.strip()}")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], timeout=30, check=True)


@pytest.mark.parametrize("kib", [4, 8, 12, 16, 24])
def test_a_full_disk_is_the_infrastructure_and_no_traceback(pytester, made_up, small_disk, kib):
    for name in "abcdef":
        add(pytester, made_up, name, Verdict.PASS)
    report = small_disk(kib) / "report"

    done = run_pytest(pytester, "--report", str(report), f"--junitxml={report}/out.xml")

    assert done.ret == ExitCode.INFRASTRUCTURE
    said = done.stdout.str() + done.stderr.str()
    assert "the disk is full" in said or "No space left" in said
    assert "Traceback" not in said


def test_a_full_disk_at_the_xml_of_pytest_is_named(pytester, made_up):
    add(pytester, made_up, "a", Verdict.PASS)
    done = run_pytest(pytester, "--junitxml=/dev/full")
    assert done.ret == ExitCode.INFRASTRUCTURE
    said = done.stdout.str() + done.stderr.str()
    assert "the disk is full: /dev/full" in said
    assert "Traceback" not in said
