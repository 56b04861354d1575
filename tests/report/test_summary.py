"""The summary for a page of CI: order, evidence, escaping, size."""

import pytest

from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.report import checks
from harness.report.summary import MOST, markdown, write
from harness.results.results import Results, Run
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult
from tests.report.test_github import finding


def scenario(name, verdict, *findings, **changes):
    return ScenarioResult(
        name=name,
        file="x",
        verdict=verdict,
        steps=[StepResult(title="apply", findings=list(findings))],
        **changes,
    )


@pytest.fixture
def made(tmp_path):
    results = Results(run=Run(id="abc", harness="0.1.0", started="2026"))
    results.add(scenario("good", Verdict.PASS, finding(Verdict.PASS)))
    results.add(
        scenario("known", Verdict.KNOWN_ISSUE, finding(Verdict.KNOWN_ISSUE, known_issue="some-issue"))
    )
    results.add(scenario("missing", Verdict.SKIPPED, reason="netem: unknown | qdisc"))
    results.add(scenario("cut-off", Verdict.ERROR, reason="Prometheus is gone"))
    results.add(
        scenario(
            "wrong",
            Verdict.FAIL,
            finding(reason="2 is not 1", promql='m{a="`b`"}'),
            recording=tmp_path / "recordings/wrong",
            diagnostics=tmp_path / "diagnostics/wrong",
        )
    )
    return results


def test_failures_come_first_then_errors_then_the_rest(made, tmp_path):
    text = markdown(made, tmp_path)
    order = ["### wrong: failed", "### cut-off: error", "Known issues: 1", "Skipped: 1", "Passed: 1"]
    places = [text.index(each) for each in order]
    assert places == sorted(places)
    assert text.startswith(
        "## Chaos Mesh metrics: The run was cut short; 5 finished. Of 4 scenarios that ran, 1 failed"
    )
    assert "\nScenarios: 1 passed, 1 failed, 1 known issue, 1 skipped, 1 error, 0 cleanup failed\n" in text


def test_a_failure_has_its_promql_and_evidence_and_where_more_is(made, tmp_path):
    text = markdown(made, tmp_path)
    assert "2 is not 1\n\n```promql\n" in text
    assert "  expected: a series" in text
    assert "recording: `recordings/wrong`, diagnostics: `diagnostics/wrong`" in text
    assert "| known | 0.0 | some-issue |" in text
    assert r"| missing | 0.0 | netem: unknown \| qdisc |" in text


def test_a_step_that_did_not_come_about_and_leftovers_are_told(made, tmp_path):
    made.scenarios[-1].steps[0].problem = StepProblem(kind="until", reason="never running")
    made.scenarios[0].leftovers.append(Leftover(kind="Pod", name="p", what_was_done="stayed"))
    text = markdown(made, tmp_path)
    assert "Step 1 (apply): until: never running" in text
    assert "### good: passed\n\nLeft behind: Pod p: stayed" in text


def test_no_text_is_taken_for_markup(made, tmp_path):
    made.scenarios[-1].steps[0].findings = [finding(reason="<img src=x> [a](b) @all", promql="x ```` y")]
    text = markdown(made, tmp_path)
    assert "<img" not in text.partition("<details>")[0]
    assert r"&lt;img src=x&gt; \[a\](b) \@all" in text
    assert "`````promql\nx ```` y\n`````" in text


def test_a_stack_that_did_not_come_up_is_the_summary(tmp_path):
    results = Results(
        run=Run(id="abc", harness="0.1.0", started="2026", ended="2026", stack_error="no engine")
    )
    text = markdown(results, tmp_path, checks=checks.of(results, catalogue()))
    assert text.startswith("## Chaos Mesh metrics: No scenario ran: the stack did not come up.\n\n")
    assert "\n### The run, stack: error\n" in text
    assert "no engine" in text


def test_it_is_bounded_and_says_what_is_left_out(made, tmp_path):
    for number in range(200):
        made.add(scenario(f"wrong-{number}", Verdict.FAIL, finding(reason="x" * 20_000)))
    text = markdown(made, tmp_path)
    assert len(text.encode()) <= MOST
    assert "more sections do not fit; see results.json." in text
    assert "### wrong: failed" in text
    assert markdown(made, tmp_path, 10) == ""


def test_it_is_added_to_the_summary_of_a_step(made, tmp_path, monkeypatch):
    step = tmp_path / "step"
    step.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(step))
    path = write(made, tmp_path)
    assert step.read_text() == "before\n" + path.read_text()
    step.write_text("x" * MOST)
    write(made, tmp_path)
    assert step.stat().st_size == MOST


def test_elsewhere_it_is_a_file_of_the_report(made, tmp_path, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert write(made, tmp_path).name == "summary.md"
