"""Steps at once; the first failure ends the others."""

from __future__ import annotations

import threading

import pytest

from harness.stack.run_parallel import together


def test_all_steps_run_at_once() -> None:
    meeting = threading.Barrier(3, timeout=10)
    together(threading.Event(), meeting.wait, meeting.wait, meeting.wait)  # type: ignore[arg-type]
    assert not meeting.broken


def test_a_failure_cancels_the_others_and_is_the_one_reported() -> None:
    cancel = threading.Event()

    def fail() -> None:
        raise ValueError("first")

    def long_step() -> None:
        assert cancel.wait(10)
        raise RuntimeError("cancelled")

    with pytest.raises(ValueError, match="first"):
        together(cancel, long_step, fail)


def test_nothing_is_cancelled_when_all_goes_well() -> None:
    cancel = threading.Event()
    together(cancel, lambda: None)
    assert not cancel.is_set()
