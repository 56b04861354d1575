"""Recordings of real runs, judged again: the same findings, byte for byte, and a change is noticed."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

from harness import cli
from harness.audit import replay
from harness.base.errors import ExitCode, UsageError
from harness.judge.finding import Verdict
from harness.recording.reader import RecordingError

RECORDINGS = Path(__file__).parents[1] / "recordings"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/manifest.json"))
FAILURES = Path(__file__).parents[1] / "recordings-of-failures"


def test_there_are_recordings_of_real_runs():
    assert len(NAMES) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_a_real_recording_replays_to_the_findings_of_its_live_run(name):
    done = replay.replay_folder(RECORDINGS / name)
    assert done.findings
    assert done.differing == []
    assert done.note is None
    assert {finding.verdict for finding in done.findings} <= {Verdict.PASS, Verdict.KNOWN_ISSUE}


@pytest.mark.parametrize(
    ("name", "verdict", "layer", "reason"),
    [
        ("clouds-without-secret", Verdict.FAIL, "late", "true 3.6 s after the deadline"),
        ("schedule-of-workflows", Verdict.FAIL, None, "never within 10 scrapes and 5 more"),
        ("workflow-deadline", Verdict.FAIL, "product", "and wrong again at"),
        ("concurrent-scrapes", Verdict.FAIL, None, "fixed upstream?"),
        ("partition-resumed", Verdict.ERROR, "infrastructure", "target down: chaos-daemon/"),
    ],
)
def test_a_real_run_that_went_wrong_replays_to_what_was_wrong(name, verdict, layer, reason):
    done = replay.replay_folder(FAILURES / name)
    assert done.differing == []
    assert any(
        (finding.verdict, finding.layer) == (verdict, layer) and reason in finding.reason
        for finding in done.findings
    )


@pytest.fixture
def stress(tmp_path: Path) -> Path:
    return shutil.copytree(RECORDINGS / "stress-cpu", tmp_path / "stress-cpu")


def rewrite(folder: Path, change) -> None:
    path = folder / "entries.jsonl.gz"
    lines = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
    body = "".join(json.dumps(change(line)) + "\n" for line in lines)
    path.write_bytes(gzip.compress(body.encode()))


def test_a_frozen_metric_is_a_difference(stress, capsys):
    numbers, layouts = set(), {}

    def freeze(line):
        if line["type"] == "series" and line["labels"]["__name__"].startswith("chaos_daemon_bpm"):
            numbers.add(line["number"])
        if line["type"] == "layout":
            layouts[line["number"]] = line["series"]
        if line["type"] == "samples":
            line["values"] = [
                0.0 if number in numbers else value
                for number, value in zip(layouts[line["layout"]], line["values"], strict=True)
            ]
        return line

    rewrite(stress, freeze)
    assert cli.main(["replay", str(stress)]) == ExitCode.FAILED
    told = capsys.readouterr().out.splitlines()
    assert any("chaos_daemon_bpm_controlled_process_total: passed live" in line for line in told)
    assert told[-1].startswith("1 recordings, ")
    assert not told[-1].endswith(" 0 differ")


def test_the_last_line_sums_up(capsys):
    assert cli.main(["replay", str(RECORDINGS)]) == ExitCode.OK
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"{len(NAMES)} recordings, ")
    assert last.endswith(" findings, 0 differ")


def test_a_recording_that_was_cut_off_says_so(stress):
    path = stress / "entries.jsonl.gz"
    path.write_bytes(path.read_bytes()[:-40])
    done = replay.replay_folder(stress)
    assert done.note is not None
    assert done.note.startswith("the recording was cut off after ")


def test_without_the_findings_of_the_live_run_there_is_nothing_to_compare(stress):
    (stress / "findings.json").unlink()
    with pytest.raises(RecordingError, match=r"findings\.json is missing"):
        replay.replay_folder(stress)


def test_an_entry_that_does_not_fit_is_named_by_its_line(stress, capsys):
    rewrite(stress, lambda line: line | ({"layout": 99} if line["type"] == "samples" else {}))
    lines = gzip.decompress((stress / "entries.jsonl.gz").read_bytes()).splitlines()
    number = 1 + next(index for index, line in enumerate(lines) if b'"samples"' in line)
    assert cli.main(["replay", str(stress)]) == ExitCode.USAGE
    told = capsys.readouterr().err
    assert f"line {number}, is damaged: samples of layout 99, which was not defined before" in told


def test_a_folder_without_recordings_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError) as refused:
        list(replay.recordings_in([tmp_path]))
    assert refused.value.problem == f"{tmp_path} holds no recording"
