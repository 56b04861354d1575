"""Annotations: where they point, and that no text breaks out of one."""

import pytest

from harness.judge.finding import Finding, Verdict
from harness.lint.check import load_checked
from harness.report.github import errors
from harness.results.places import SourceLine
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult

SCENARIO = """\
scenario: example
about: A made-up one.
tags: [made-up]
steps:
  - wait: 1
    expect:
      - metric: chaos_daemon_tcs_rules
        present: true
      - metric: chaos_daemon_ipset_members
        present: true
  - wait: 2
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "scenarios/example.yaml"
    path.parent.mkdir()
    path.write_text(SCENARIO)
    return load_checked(path)[0]


def finding(verdict=Verdict.FAIL, **changes):
    fields = {
        "id": "0.1",
        "step": 0,
        "metric": "m",
        "kind": "present",
        "promql": "m{}",
        "expected": "a series",
        "actual": [],
        "verdict": verdict,
        "reason": "none",
        "layer": "product",
    }
    return Finding(**(fields | changes))


def result(*findings, problem=None, **changes):
    steps = [StepResult(title="wait, 1", findings=list(findings), problem=problem)]
    changes["places"] = {
        name: SourceLine(file="scenarios/example.yaml", line=line) for name, line in (("0", 5), ("0.1", 9))
    }
    return ScenarioResult(name="example", file="x", steps=steps, verdict=Verdict.FAIL, **changes)


def test_a_failed_expectation_is_marked_at_its_line(file, tmp_path):
    (line,) = errors(file, result(finding(), finding(Verdict.PASS, id="0.0")), tmp_path)
    assert line == (
        "::error file=scenarios/example.yaml,line=9,col=9,title=example%3A wait%2C 1::"
        "scenarios/example.yaml:9 m{}: expected a series, got no series [product]%0A"
        "failed: m present: none%0Apromql: m{}%0Aexpected: a series%0Alayer: product"
    )


def test_a_step_that_did_not_come_about_is_marked_at_the_step(file, tmp_path):
    problem = StepProblem(kind="until", reason="never", details=["no netem"])
    (line,) = errors(file, result(problem=problem), tmp_path)
    assert "line=5," in line
    assert line.endswith(
        "::scenarios/example.yaml:5 step 1 (wait, 1): until: never%0Auntil: never%0Ano netem"
    )


def test_trouble_and_leftovers_are_marked_at_the_scenario(file, tmp_path):
    left = Leftover(kind="Pod", name="p", what_was_done="stayed")
    found = [
        *errors(
            file, result(reason="Prometheus is gone", details=["", "refused"], leftovers=[left]), tmp_path
        )
    ]
    assert [line.partition("::error ")[2].split(",")[1] for line in found] == ["line=1", "line=1"]
    assert found[0].endswith("::Prometheus is gone%0Arefused")
    assert found[1].endswith("::Pod p: stayed")


@pytest.mark.parametrize("change", [{"level": "should"}, {"verdict": Verdict.KNOWN_ISSUE}])
def test_what_fails_no_scenario_is_no_error(file, tmp_path, change):
    assert [*errors(file, result(finding().model_copy(update=change)), tmp_path)] == []


def test_no_text_ends_the_command_or_begins_another(file, tmp_path):
    (line,) = errors(file, result(finding(reason="100%\r\n::add-mask::x")), tmp_path)
    assert "\n" not in line
    assert "\r" not in line
    assert "none" not in line
    assert "100%25%0D%0A::add-mask::x" in line


def test_a_message_is_bounded(file, tmp_path):
    (line,) = errors(file, result(finding(reason="x" * 100_000)), tmp_path)
    assert len(line) < 5000
