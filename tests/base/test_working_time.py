from types import SimpleNamespace

import pytest

from harness.base import working_time
from harness.base.working_time import WorkingTime


@pytest.fixture
def clock(monkeypatch):
    made = SimpleNamespace(time=100.0)
    made.monotonic = lambda: made.time
    monkeypatch.setattr(working_time, "time", made)
    return made


def test_without_an_observer_it_is_the_monotonic_clock(clock):
    working = WorkingTime()
    began = working.now()
    clock.time += 30
    assert working.now() - began == 30


def test_seconds_that_were_lost_do_not_count(clock):
    working = WorkingTime()
    began = working.now()
    clock.time += 30
    working.lose(20)
    assert working.now() - began == 10


def test_who_wakes_up_before_the_observer_finds_no_bound_exceeded(clock):
    working = WorkingTime()
    began = working.now()
    working.next_beat(clock.time + 0.25)
    clock.time += 60
    assert working.now() - began == pytest.approx(0.25)
    # The observer comes too, and the time stays lost.
    working.next_beat(clock.time + 0.25)
    assert working.now() - began == pytest.approx(0.25)
    clock.time += 0.25
    assert working.now() - began == pytest.approx(0.5)


def test_an_observer_that_is_a_little_late_takes_nothing_away(clock):
    working = WorkingTime()
    began = working.now()
    working.next_beat(clock.time + 0.25)
    clock.time += 1.2
    working.next_beat(clock.time + 0.25)
    assert working.now() - began == pytest.approx(1.2)


def test_an_observer_that_has_gone_is_not_waited_for(clock):
    working = WorkingTime()
    began = working.now()
    working.next_beat(clock.time + 0.25)
    working.next_beat(None)
    clock.time += 60
    assert working.now() - began == 60


def test_what_was_lost_is_told(clock):
    working = WorkingTime()
    working.lose(3)
    working.next_beat(clock.time + 0.25)
    clock.time += 10.25
    assert working.lost() == 13
