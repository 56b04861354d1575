from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from harness import cli
from harness.audit.mutation.mutate import mutate, mutate_folders
from harness.audit.mutation.waiver import FOLDER, SurvivorSelector, load
from harness.base.errors import InfrastructureError, UsageError
from harness.base.waiver import Waiver, holding
from harness.judge import collected
from harness.judge.decision import Decision
from harness.judge.kind import Kind, StateOutcome, kinds
from harness.judge.kinds.equals import Equals
from harness.judge.kinds.increases_by import IncreasesBy
from harness.recording.model import Mark
from tests.fakes.mutations import END, NO_WAIVERS, scored
from tests.fakes.recordings import Timeline, expected, manifest

RECORDINGS = Path(__file__).parents[2] / "recordings"
WAIVED = {
    "scenario": "synthetic",
    "expectation": "0.0",
    "subject": "things",
    "operator": "zero",
}


class Anything(Kind):
    """Holds whatever there is: what mutation is made to find."""

    name = "anything"
    summary = "holds"
    argument = Any

    def describe(self, argument):
        return "anything"

    def check(self, argument, state, baseline, context):
        return StateOutcome(True, "anything")


@pytest.fixture
def anything(monkeypatch):
    monkeypatch.setitem(kinds(), "anything", Anything())


def test_every_expectation_of_real_runs_can_fail():
    score = mutate_folders(sorted(RECORDINGS.iterdir()), date(2026, 1, 1), NO_WAIVERS)
    assert score.passed
    assert (score.expectations, score.score) == (137, 1.0)
    assert min(score.killed_by.values()) > 20
    for recording in score.recordings:
        for each in recording.expectations:
            assert each.problem is None
            assert {"extra-series", "lost-target"} <= each.killed.keys()


def test_a_process_that_is_ended_by_something_else_is_told(monkeypatch):
    monkeypatch.setattr(
        "harness.audit.mutation.mutate.mutate", lambda *_: os.kill(os.getpid(), signal.SIGKILL)
    )

    with pytest.raises(InfrastructureError, match="ended by something else"):
        mutate_folders(sorted(RECORDINGS.iterdir()), date(2026, 1, 1), NO_WAIVERS)


def test_a_recording_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(UsageError, match=str(tmp_path / "none")):
        mutate_folders([tmp_path / "none"], date(2026, 1, 1), NO_WAIVERS)


def test_what_cannot_fail_survives_everything_but_the_loss_of_its_target(anything):
    score = scored(Timeline().values([1] * 10), anything=True)
    assert score.killed == {"lost-target": 2}
    assert {survivor.operator for survivor in score.survived} >= {"drop", "zero", "scale", "extra-series"}


def test_a_judge_that_sees_no_loss_of_a_target_is_found_out(anything, monkeypatch):
    monkeypatch.setattr(collected.Collected, "compare", _blind)
    score = scored(Timeline().values([1] * 10), anything=True)
    assert score.survived
    assert "lost-target" in {survivor.operator for survivor in score.survived}


def _blind(self, state, *, held, standing):
    return collected.JudgedState(state, StateOutcome(True, "anything"))


def test_an_equals_that_takes_what_is_near_is_found_out(monkeypatch):
    assert not scored(Timeline().values([0] * 5 + [1] * 5), equals=1).survived
    monkeypatch.setattr(Equals, "test", lambda self, value, *numbers: abs(value - numbers[0]) <= 1)
    found = {each.operator for each in scored(Timeline().values([1] * 10), equals=1).survived}
    assert {"one-more", "one-less", "zero", "scale"} <= found


def test_an_equals_that_takes_the_first_series_is_found_out(monkeypatch):
    monkeypatch.setattr("harness.judge.comparison.one_series", lambda samples: "" if samples else "no series")
    found = {each.operator for each in scored(Timeline().values([0] * 5 + [1] * 5), equals=1).survived}
    assert {"extra-series", "duplicate"} <= found


def test_a_deadline_that_nobody_keeps_is_found_out(monkeypatch):
    assert not scored(Timeline().values([0] * 5 + [1] * 5), equals=1).survived
    weigh = Decision._weigh_right

    def patient(self, judged, outcome):
        self._collected.deadline = judged.state.time
        return weigh(self, judged, outcome)

    monkeypatch.setattr(Decision, "_weigh_right", patient)
    survived = scored(Timeline().values([0] * 5 + [1] * 5), equals=1).survived
    assert [each.operator for each in survived if "past the deadline" in each.detail] == ["delay"]


@pytest.mark.parametrize("later", [["down"] * 4, ["down", 1, "down", 1]])
def test_a_target_that_was_down_after_it_held_hides_no_mutant(later):
    score = scored(Timeline().values([0] * 5 + [1] + later), equals=1)
    assert (score.verdict, score.problem, score.survived) == ("passed", None, [])
    assert {"drop", "freeze", "delay", "zero", "scale"} <= score.killed.keys()


@pytest.mark.parametrize("value", [1, "down"])
def test_a_target_that_came_too_late_to_be_judged_plays_no_part(value):
    timeline = Timeline().values([0] * 5 + [1]).values([value] * 5, start=105.2, instance="two")
    score = scored(timeline, end=105.5, equals=1)
    assert (score.verdict, score.problem, score.survived) == ("passed", None, [])
    assert score.killed["lost-target"] == 2


def test_a_known_issue_is_killed_when_it_is_not_seen_any_more():
    issue = {"id": "w", "shows": {"equals": 0}}
    score = scored(Timeline().values([0] * 12), end=111.5, equals=3, known_issue=issue)
    assert score.verdict == "known_issue"
    assert not score.survived
    assert {"one-more", "one-less", "drop", "extra-series"} <= score.killed.keys()


def test_what_only_should_hold_is_mutated_too():
    assert scored(Timeline().values([1] * 10), equals=1, level="should").killed["zero"] == 1


def test_what_failed_is_told_and_not_mutated():
    score = scored(Timeline().values([1] * 25), end=124.5, equals=2)
    assert (score.verdict, score.mutants) == ("failed", 0)
    assert score.not_judged


def test_a_step_is_mutated_with_what_was_there_when_it_ended():
    # What the next step does changes nothing any more.
    timeline = Timeline().values([1] * 10 + [7] * 20)
    entries = [expected(equals=1), *(entry for time, entry in timeline.timed() if time <= END)]
    entries.append(Mark(time=END, step=0, name="ended"))
    entries += [entry for time, entry in timeline.timed() if time > END]
    score = mutate(entries, timeline.manifest).expectations[0]
    assert score.verdict == "passed"
    assert not score.survived


def test_a_metric_that_goes_on_changing_with_its_oracle_goes_on_from_where_they_agreed():
    # At the end the oracle is ahead of the last scrape.
    values = [0, 0, 0, 0, 0, 1, 1, 2, 2, 3]
    timeline = Timeline().values(values)
    for time, truth in [(104.2, 1), (104.8, 1), (105.1, 1), (106.1, 1), (108.5, 2), (109.1, 5), (109.4, 5)]:
        timeline.reading(time, truth)
    for spec in ({"equals": {"oracle": "truth"}}, {"increases_by": {"oracle": "truth"}}):
        score = scored(timeline, **spec)
        assert (score.verdict, score.problem, score.survived) == ("passed", None, [])
        assert {"one-more", "one-less", "freeze", "drop"} <= score.killed.keys()


def test_a_control_run_is_not_mutated():
    score = mutate([expected(equals=1)], manifest(control=True))
    assert score.expectations == []
    assert "control" in (score.note or "")


def test_a_waiver_is_for_one_survivor_until_a_day(anything):
    def zero(today, **changes):
        about = SurvivorSelector(**WAIVED | changes)
        waiver = Waiver(about=about, reason="known", until=date(2026, 1, 31))
        waivers = holding([waiver], today)
        score = scored(Timeline().values([1] * 10), waivers=waivers, anything=True)
        assert [each.waived for each in score.survived if each.operator == "drop"] == [None]
        return next(each.waived for each in score.survived if each.operator == "zero")

    assert zero(date(2026, 1, 31)) == "known"
    assert zero(date(2026, 2, 1)) is None
    for other in ({"scenario": "x"}, {"expectation": "0.1"}, {"subject": "up"}, {"operator": "scale"}):
        assert zero(date(2026, 1, 1), **other) is None


def test_a_waiver_needs_a_reason_and_a_day(tmp_path):
    (tmp_path / "a.yaml").write_text("- {scenario: a, expectation: '0.0', subject: x, operator: zero}\n")
    with pytest.raises(UsageError, match=r"a\.yaml is no list of waivers"):
        load(tmp_path)


def test_the_waivers_that_ship_can_be_read():
    assert FOLDER.is_dir()
    assert isinstance(load(), list)


@pytest.fixture
def report(tmp_path):
    folder = tmp_path / "report"
    shutil.copytree(RECORDINGS / "stress-cpu", folder / "recordings" / "stress-cpu")
    (folder / "results.json").write_text(json.dumps({"schema_version": 1, "run": {"id": "x"}, "new": [1]}))
    return folder


def test_the_command_sums_up_and_updates_the_results(report, capsys):
    assert cli.main(["mutate", str(report / "recordings"), "-v"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("stress-cpu: 6 expectations, ")
    about = "  step 1, expectation 1 (id 0.0), chaos_controller_manager_chaos_experiments absent"
    assert lines[1].startswith(f"{about}: killed by ")
    assert lines[-1].startswith("1 recording, 6 expectations, ")
    assert lines[-1].endswith("0 waived, 0 survived; 0 expectations cannot fail")
    written = json.loads((report / "results.json").read_text())
    assert (written["run"], written["new"]) == ({"id": "x"}, [1])
    assert written["mutation"]["score"] == 1.0
    assert written["mutation"]["recordings"][0]["scenario"] == "stress-cpu"


def test_one_recording_of_a_run_does_not_change_its_results(report):
    before = (report / "results.json").read_text()
    assert cli.main(["mutate", str(report / "recordings" / "stress-cpu")]) == 0
    assert (report / "results.json").read_text() == before


def test_the_command_fails_when_something_survives(report, capsys, monkeypatch):
    monkeypatch.setattr(IncreasesBy, "check", lambda *_: StateOutcome(True, "an increase"))
    # What held before the step has to hold for longer than this recording is.
    monkeypatch.setattr(collected, "STEADY_STATES", 1)
    assert cli.main(["mutate", str(report / "recordings")]) == 1
    out = capsys.readouterr().out
    subject = "chaos_daemon_bpm_controlled_process_total increases_by"
    assert f"step 2, expectation 2 (id 1.1), {subject}: survived zero: " in out
    assert "next step: " in out


def test_the_command_names_what_is_no_recording(tmp_path, capsys):
    assert cli.main(["mutate", str(tmp_path)]) == 4
    assert "holds no recording" in capsys.readouterr().err


def test_results_of_another_version_are_left_alone(report, capsys):
    (report / "results.json").write_text('{"schema_version": 99}')
    assert cli.main(["mutate", str(report / "recordings")]) == 4
    assert "has the schema version 99; this version of the harness reads 1" in capsys.readouterr().err
    assert (report / "results.json").read_text() == '{"schema_version": 99}'


STUCK = """
import os, signal, sys, time
from datetime import date
from pathlib import Path
from harness.audit.mutation import mutate

def interrupt(*_):
    raise KeyboardInterrupt

def stuck(folder):
    os.write(1, b"stuck\\n")
    time.sleep(600)

for number in (signal.SIGTERM, signal.SIGINT):
    signal.signal(number, interrupt)
mutate._of_folder = stuck
os.cpu_count = lambda: 2
try:
    mutate.mutate_folders([Path(name) for name in "abcdef"], date(2026, 1, 1), [])
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("end", [os.kill, os.killpg])
def test_what_interrupts_a_run_ends_the_processes_at_work(end):
    # A worker that unwound with a lock of the pool kept a run waiting for ever.
    process = subprocess.Popen(
        [sys.executable, "-c", STUCK], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        assert [process.stdout.readline() for _ in range(2)] == ["stuck\n", "stuck\n"]
        end(process.pid, signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert said.splitlines()[-1:] == ["interrupted"]
