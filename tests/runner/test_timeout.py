"""A bound on all of a scenario counts only time in which something could be done."""

import signal
import time

import pytest

from harness.base.working_time import WORKING_TIME
from harness.runner.timeout import TimeIsUpError, limited


def wait():
    """Wait until something interrupts; much longer than any bound here."""
    while True:
        time.sleep(30)


def test_what_takes_too_long_is_ended():
    with pytest.raises(TimeIsUpError), limited(0.05):
        wait()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_lost_time_is_added_once(monkeypatch):
    armed = []
    arm = signal.setitimer
    monkeypatch.setattr(signal, "setitimer", lambda *given: (armed.append(given[1]), arm(*given)))
    with pytest.raises(TimeIsUpError), limited(0.05):
        WORKING_TIME.lose(0.2)
        wait()
    assert armed == [0.05, pytest.approx(0.2), 0]
