"""report/results.json: what is in it, and that it is whole or not there."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from harness.judge.finding import Finding, Verdict
from harness.report.fields import durations
from harness.results import results
from harness.results.results import SCHEMA, NotRun, Results, Run
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult


def finding(**changes):
    fields: dict[str, Any] = {
        "id": "0.0",
        "step": 0,
        "metric": "m",
        "kind": "equals",
        "promql": 'm{namespace="ns"}',
        "expected": "equal to 1",
        "actual": [],
        "verdict": Verdict.PASS,
        "reason": "true at 5.000",
    }
    return Finding(**(fields | changes))


def scenario(verdict=Verdict.PASS, name="s", **changes):
    return ScenarioResult(name=name, file=f"{name}.yaml", verdict=verdict, **changes)


@pytest.fixture
def made():
    return Results(run=Run(id="abc", harness="0.1.0", started="2026-01-01T00:00:00+00:00"))


def written(made, folder):
    return json.loads(made.write(folder).read_text())


def test_every_field_of_the_schema(made, tmp_path):
    made.run.options = {"cluster": "c"}
    made.run.stack = {"images": "source"}
    step = StepResult(
        title="apply burn",
        started=1.0,
        acknowledged=1.5,
        settled=2.0,
        ended=3.0,
        proofs=["processes: 1; wanted: at least 1"],
        problem=StepProblem(kind="until", reason="never", details=["x"]),
        findings=[finding()],
    )
    made.add(
        scenario(
            Verdict.FAIL,
            about="What.",
            tags=["stress"],
            namespace="s-123456",
            steps=[step],
            leftovers=[Leftover(kind="Pod", name="p", what_was_done="stayed")],
            recording=tmp_path / "recordings/s",
            diagnostics=tmp_path / "diagnostics/s",
            seconds=2.5,
            phases={"set up": 0.5},
        )
    )
    found = written(made, tmp_path)
    assert found == {
        "schema_version": 1,
        "run": {
            "id": "abc",
            "harness": "0.1.0",
            "started": "2026-01-01T00:00:00+00:00",
            "ended": None,
            "seconds": 0.0,
            "options": {"cluster": "c"},
            "stack": {"images": "source"},
            "stack_error": None,
            "warnings": [],
            "planned": None,
            "complete": None,
            "interrupted": None,
            "exit_code": None,
            "shard": None,
            "merged": [],
        },
        "summary": {
            "passed": 0,
            "failed": 1,
            "known_issue": 0,
            "skipped": 0,
            "error": 0,
            "cleanup_failed": 1,
            "should_failed": 0,
            "should_error": 0,
            "should_known_issue": 0,
            "not_run": 0,
            "cleanup_not_verified": 0,
        },
        "control": None,
        "mutation": None,
        "visibility": [],
        "contract": None,
        "coverage": None,
        "not_run": [],
        "scenarios": [
            {
                "name": "s",
                "file": "s.yaml",
                "about": "What.",
                "tags": ["stress"],
                "namespace": "s-123456",
                "further_namespaces": [],
                "verdict": "failed",
                "reason": None,
                "details": [],
                "steps": [
                    {
                        "title": "apply burn",
                        "started": 1.0,
                        "acknowledged": 1.5,
                        "settled": 2.0,
                        "ended": 3.0,
                        "proofs": ["processes: 1; wanted: at least 1"],
                        "problem": {"kind": "until", "reason": "never", "details": ["x"]},
                        "findings": [
                            {
                                "id": "0.0",
                                "step": 0,
                                "metric": "m",
                                "kind": "equals",
                                "promql": 'm{namespace="ns"}',
                                "expected": "equal to 1",
                                "actual": [],
                                "verdict": "passed",
                                "reason": "true at 5.000",
                                "because": None,
                                "level": "must",
                                "known_issue": None,
                                "layer": None,
                                "explanation": [],
                                "seconds": None,
                                "evidence": {},
                            }
                        ],
                    }
                ],
                "leftovers": [
                    {"kind": "Pod", "name": "p", "what_was_done": "stayed", "infrastructure": False}
                ],
                "recording": "recordings/s",
                "diagnostics": "diagnostics/s",
                "diagnostics_error": None,
                "defect": None,
                "seconds": 2.5,
                "phases": {"set up": 0.5},
                "control": None,
                "first_attempt": None,
                "places": {},
                "source": "",
                "manifests": {},
            }
        ],
    }
    assert SCHEMA == 1


def test_the_summary_counts_each_verdict_and_leftovers_apart(made):
    verdicts = [Verdict.PASS] * 3 + [Verdict.FAIL] * 2 + [Verdict.ERROR, Verdict.SKIPPED, Verdict.KNOWN_ISSUE]
    for verdict in verdicts:
        made.add(scenario(verdict))
    counts = {"passed": 3, "failed": 2, "known_issue": 1, "skipped": 1, "error": 1}
    should = dict.fromkeys(("should_failed", "should_error", "should_known_issue"), 0)
    none = dict.fromkeys(("cleanup_failed", "cleanup_not_verified", "not_run"), 0)
    assert made.summary.model_dump() == {**counts, **none, **should}
    for late in made.scenarios[:2]:
        late.leftovers += [Leftover(kind="Namespace", name="n", what_was_done="stayed")] * 3
    assert made.summary.cleanup_failed == 0, "not before it is counted anew"
    made.count()
    assert made.summary.model_dump() == {**counts, **none, "cleanup_failed": 2, **should}


def test_numbers_that_json_does_not_have_are_strings(made, tmp_path):
    values = [math.nan, math.inf, -math.inf, 1.5]
    made.add(
        scenario(
            steps=[
                StepResult(
                    title="t",
                    findings=[
                        finding(
                            actual=[{"labels": {}, "value": value} for value in values],
                            evidence={"samples": [{"labels": {}, "samples": [[1.0, math.nan]]}]},
                        )
                    ],
                )
            ]
        )
    )
    text = made.write(tmp_path).read_text()

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    (found,) = json.loads(text, parse_constant=refuse)["scenarios"][0]["steps"][0]["findings"]
    assert [row["value"] for row in found["actual"]] == ["NaN", "Infinity", "-Infinity", 1.5]
    assert found["evidence"]["samples"][0]["samples"] == [[1.0, "NaN"]]


def test_the_recording_is_named_as_seen_from_the_report(made, tmp_path):
    elsewhere = tmp_path / "elsewhere/x"
    made.add(scenario(name="inside", recording=tmp_path / "report/recordings/inside"))
    made.add(scenario(name="outside", recording=elsewhere))
    made.add(scenario(name="none"))
    found = written(made, tmp_path / "report")
    assert [each["recording"] for each in found["scenarios"]] == [
        "recordings/inside",
        "../elsewhere/x",
        None,
    ]
    assert made.scenarios[1].recording == elsewhere, "the result itself keeps its path"


def test_the_folder_is_made_and_the_path_returned(made, tmp_path):
    folder = tmp_path / "a/b"
    assert made.write(folder) == folder / "results.json"
    assert [path.name for path in folder.iterdir()] == ["results.json"]


def test_what_cannot_be_written_whole_leaves_the_old_file(made, tmp_path, monkeypatch):
    path = made.write(tmp_path)
    before = path.read_text()
    made.add(scenario())

    def full(self, target):
        raise OSError("No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        made.write(tmp_path)
    assert [each.name for each in tmp_path.iterdir()] == ["results.json"]
    assert path.read_text() == before
    monkeypatch.undo()
    assert json.loads(made.write(tmp_path).read_text())["summary"]["passed"] == 1


def test_the_file_reads_back_as_the_model(made, tmp_path):
    made.add(scenario(Verdict.KNOWN_ISSUE, steps=[StepResult(title="t", findings=[finding()])]))
    path = made.write(tmp_path)
    assert Results.model_validate_json(path.read_text()).model_dump() == made.model_dump()


def test_times_are_utc_to_the_second():
    assert results.now().endswith("+00:00")
    assert len(results.now()) == len("2026-01-01T00:00:00+00:00")


def test_durations_of_an_earlier_run_are_known_and_those_of_a_broken_file_are_not(tmp_path):
    made = Results(run=Run(id="abc", harness="0.1.0", started="2026"))
    made.add(ScenarioResult(name="a", file="a.yaml", seconds=2.5))
    made.add(ScenarioResult(name="b", file="b.yaml", verdict=Verdict.SKIPPED))
    path = made.write(tmp_path)
    assert durations(tmp_path) == {"a": 2.5}
    for text in (
        "",
        "[]",
        '{"scenarios": [{"name": "a"}]}',
        '{"scenarios": [{"name": "a", "seconds": "x"}]}',
    ):
        path.write_text(text)
        assert durations(tmp_path) == {}
    path.unlink()
    assert durations(tmp_path) == {}


def test_what_is_written_after_each_scenario_is_made_of_what_was_written_before(made, tmp_path):
    texts: dict[Any, Any] = {}
    for number in range(3):
        made.add(
            scenario(name=f"s{number}", recording=tmp_path / f"recordings/s{number}", seconds=float("inf"))
        )
        made.write(tmp_path, texts)
        again = made.model_copy(
            update={
                "scenarios": [
                    each.model_copy(update={"recording": Path(f"recordings/{each.name}")})
                    for each in made.scenarios
                ]
            }
        )
        assert (tmp_path / "results.json").read_text() == again.model_dump_json(indent=1) + "\n"
    assert len(texts) == 3


def test_what_was_not_run_has_no_verdict_and_is_counted(made):
    unknown = Leftover(kind="Namespace", name="n", what_was_done="not verified", infrastructure=True)
    made.not_run = [
        NotRun(name="a", file="a.yaml", reason="gone"),
        NotRun(name="b", file="b.yaml", reason="gone"),
    ]
    made.not_run[0].leftovers = [unknown]
    made.add(scenario(leftovers=[unknown, Leftover(kind="Pod", name="p", what_was_done="stayed")]))
    counts = made.summary
    assert (counts.passed, counts.not_run, counts.cleanup_failed, counts.cleanup_not_verified) == (1, 2, 2, 1)
