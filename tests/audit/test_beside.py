"""Recordings that are audited while other scenarios run: the same as afterwards, whatever becomes of that."""

from __future__ import annotations

import os
import signal
from datetime import date
from pathlib import Path

import pytest

from harness.audit import beside
from harness.audit.beside import AuditsBeside
from harness.audit.coverage.score import coverage_from, coverage_of
from harness.audit.mutation.mutate import mutate_folders, score_of
from harness.audit.recording_audit import audit
from harness.base.errors import UsageError
from harness.chaosmesh.catalogue import catalogue
from tests.fakes.mutations import NO_WAIVERS

TODAY = date(2026, 1, 1)
RECORDINGS = Path(__file__).parents[1] / "recordings"
FOLDERS = [RECORDINGS / name for name in ("no-target", "pod-kill", "time-skew")]


def text(audits):
    """Return all that scores are made of."""
    mutation = score_of([each.mutation for each in audits], NO_WAIVERS)
    coverage = coverage_from((each.proofs for each in audits), catalogue(), TODAY, [])
    return mutation.model_dump_json(), coverage.model_dump_json()


@pytest.fixture(scope="module")
def afterwards():
    mutation = mutate_folders(FOLDERS, TODAY, NO_WAIVERS)
    return mutation.model_dump_json(), coverage_of(FOLDERS, catalogue(), TODAY, []).model_dump_json()


@pytest.fixture
def audits(monkeypatch):
    # On a machine that is busy, at idle priority, it could last.
    monkeypatch.setattr("os.sched_setscheduler", lambda *_: None)
    made = AuditsBeside()
    yield made
    made.close()


def join(audits):
    assert audits._auditor is not None
    audits._auditor.process.join()


def test_one_reading_of_a_recording_gives_both_scores(afterwards):
    assert text([audit(folder) for folder in FOLDERS]) == afterwards


def test_what_was_audited_beside_is_not_audited_again(audits, afterwards, monkeypatch):
    for folder in FOLDERS:
        audits.add(folder)
        join(audits)
    monkeypatch.setattr(beside, "audit", None)
    assert text(audits.of(FOLDERS)) == afterwards


def test_what_came_meanwhile_is_audited_next(audits, afterwards, monkeypatch):
    for folder in FOLDERS:
        audits.add(folder)
    join(audits)
    audits.add(FOLDERS[0])
    join(audits)
    monkeypatch.setattr(beside, "audit", None)
    assert text(audits.of(FOLDERS)) == afterwards


def test_what_was_not_done_in_time_is_done_at_the_end(audits, afterwards, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(beside, "audit", lambda _: signal.pause())
        audits.add(FOLDERS[0])
    assert text(audits.of(FOLDERS)) == afterwards


def test_a_process_that_is_ended_loses_only_what_it_had_not_done(audits, afterwards, monkeypatch):
    def ended(folder):
        if folder == FOLDERS[1]:
            os.kill(os.getpid(), signal.SIGKILL)
        return audit(folder)

    with monkeypatch.context() as patch:
        patch.setattr(beside, "audit", ended)
        audits._waiting.append(FOLDERS[0])
        audits.add(FOLDERS[1])
        join(audits)
    monkeypatch.setattr(beside, "of_each", lambda perform, left: [perform(each) for each in left])
    audited = []
    monkeypatch.setattr(beside, "audit", lambda folder: audited.append(folder) or audit(folder))
    assert text(audits.of(FOLDERS)) == afterwards
    assert audited == FOLDERS[1:]


def test_a_damaged_recording_is_told_at_the_end(audits, tmp_path):
    audits.add(tmp_path / "none")
    join(audits)
    with pytest.raises(UsageError, match=str(tmp_path / "none")):
        audits.of([tmp_path / "none"])


def test_it_runs_only_when_nothing_else_would(audits, monkeypatch, tmp_path):
    chosen = tmp_path / "policy"
    monkeypatch.setattr("os.sched_setscheduler", lambda pid, policy, _: chosen.write_text(f"{pid} {policy}"))
    audits.add(FOLDERS[0])
    join(audits)
    assert chosen.read_text() == f"0 {os.SCHED_IDLE}"


def test_nothing_is_at_work_after_the_run(audits, monkeypatch):
    monkeypatch.setattr(beside, "audit", lambda _: signal.pause())
    audits.add(FOLDERS[0])
    process = audits._auditor.process
    pid = process.pid
    audits.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
