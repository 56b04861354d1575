"""Results as they come: whole at growing intervals, with a journal between; nothing that ended is lost."""

import json
import os

import pytest

from harness.base.errors import UsageError
from harness.judge.finding import Verdict
from harness.report.fields import durations, put
from harness.results import journal
from harness.results.folder import WRITTEN
from harness.results.journal import JOURNAL, ResultsWriter
from harness.results.reading import fields_of, parts, read
from harness.results.results import NotRun, Results, Run
from harness.results.scenario import ScenarioResult

NAMES = [f"s-{number}" for number in range(40)]


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(journal, "_SMALL", 1000)


def planned():
    results = Results(run=Run(id="f00d", harness="0", started="2026-11-27T01:02:03+00:00", complete=False))
    results.not_run = [NotRun(name=name, file="s.yaml", reason="cut short") for name in NAMES]
    results.count()
    return results


def end(results, writer, name, about="a\nb"):
    result = ScenarioResult(name=name, file="s.yaml", about=about, verdict=Verdict.PASS, seconds=1.5)
    results.not_run = [each for each in results.not_run if each.name != name]
    results.add(result)
    writer.write(results, result)


def run_until(folder, ended, results=None):
    results, writer = results or planned(), ResultsWriter(folder)
    writer.write(results)
    for name in NAMES[:ended]:
        end(results, writer, name)
    return results, writer


@pytest.mark.parametrize("ended", range(0, 41, 3))
def test_a_run_that_is_killed_at_any_time_has_lost_nothing(tmp_path, small, ended):
    run_until(tmp_path, ended)
    results = read(tmp_path / "results.json", next_step="")
    assert [each.name for each in results.scenarios] == NAMES[:ended]
    assert [each.name for each in results.not_run] == NAMES[ended:]
    assert (results.summary.passed, results.summary.not_run) == (ended, 40 - ended)
    assert results.scenarios == [] or results.scenarios[-1].about == "a\nb"
    assert durations(tmp_path) == dict.fromkeys(NAMES[:ended], 1.5)


def test_the_bytes_grow_with_the_scenarios_and_not_with_their_square(tmp_path, small, monkeypatch):
    written = []
    whole, append = Results.write, ResultsWriter._append

    def counted(self, *words):
        path = whole(self, *words)
        written.append(path.stat().st_size)
        return path

    def counted_line(self, line):
        written.append(len(line))
        append(self, line)

    monkeypatch.setattr(Results, "write", counted)
    monkeypatch.setattr(ResultsWriter, "_append", counted_line)
    results, writer = planned(), ResultsWriter(tmp_path)
    results.not_run = []
    for number in range(400):
        end(results, writer, f"n-{number}", about="x" * 200)
    assert sum(written) < 6 * len(results.write(tmp_path).read_bytes())


def test_small_results_are_always_whole(tmp_path):
    run_until(tmp_path, 5)
    assert len(json.loads((tmp_path / "results.json").read_text())["scenarios"]) == 5
    assert not (tmp_path / JOURNAL).exists()


def test_the_whole_results_make_the_journal_go(tmp_path, small):
    results, writer = run_until(tmp_path, 17)
    assert (tmp_path / JOURNAL).exists()
    writer.write(results)
    assert not (tmp_path / JOURNAL).exists()
    assert len(json.loads((tmp_path / "results.json").read_text())["scenarios"]) == 17


def test_what_is_in_both_counts_once_as_after_a_kill_between_the_two(tmp_path, small):
    results, writer = run_until(tmp_path, 17)
    lines = (tmp_path / JOURNAL).read_text()
    writer.write(results)
    (tmp_path / JOURNAL).write_text(lines)
    assert [each.name for each in read(tmp_path / "results.json", next_step="").scenarios] == NAMES[:17]


@pytest.mark.parametrize(
    "more", ['{"run": "f00d", "sc', '{"run": "f00d"}\n', "[]\n", "\n", "null\n", "\x00\n"]
)
def test_half_a_line_and_lines_of_others_are_left_aside(tmp_path, small, more):
    run_until(tmp_path, 17)
    with (tmp_path / JOURNAL).open("a") as file:
        file.write(more)
        file.write('{"run": "beef", "began": [], "scenario": {"name": "other"}}\n')
    assert [each.name for each in read(tmp_path / "results.json", next_step="").scenarios] == NAMES[:17]


def test_a_scenario_that_began_since_is_known_to_have_begun(tmp_path, small):
    results, writer = run_until(tmp_path, 16)
    results.not_run[-1].began = True
    end(results, writer, NAMES[16])
    results.not_run[-1].began = False
    found = read(tmp_path / "results.json", next_step="").not_run
    assert [each.name for each in found if each.began] == [NAMES[-1]]


def test_an_append_that_fails_is_made_up_for_by_the_next_write(tmp_path, small, monkeypatch):
    results, writer = run_until(tmp_path, 16)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", full)
        with pytest.raises(OSError, match="No space left"):
            end(results, writer, NAMES[16])
    end(results, writer, NAMES[17])
    assert len(json.loads((tmp_path / "results.json").read_text())["scenarios"]) == 18


def test_a_field_is_replaced_in_the_results_of_a_killed_run(tmp_path, small):
    run_until(tmp_path, 17)
    put(tmp_path / "recordings", "mutation", None)
    found = [
        value["name"] for name, value in parts(tmp_path / "results.json", next_step="") if name == "scenarios"
    ]
    assert found == NAMES[:17]
    assert fields_of(tmp_path / "results.json", next_step="")["run"]["id"] == "f00d"


def test_a_journal_that_is_no_file_is_refused(tmp_path, small):
    run_until(tmp_path, 3)
    (tmp_path / JOURNAL).unlink(missing_ok=True)
    (tmp_path / JOURNAL).symlink_to("/dev/zero")
    with pytest.raises(UsageError, match=JOURNAL):
        read(tmp_path / "results.json", next_step="")


def test_it_is_one_of_the_files_that_a_run_removes():
    assert JOURNAL in WRITTEN
