"""A wait ends at its bound, with what was seen last; what is not waited for is never asked for again."""

import pytest
from tenacity import RetryError, retry_if_exception_type, retry_if_not_result

from harness.base import working_time
from harness.base.waiting import asking
from tests.fakes.clock import FakeClock


@pytest.fixture
def clock(monkeypatch):
    made = FakeClock()
    monkeypatch.setattr(working_time, "time", made)
    return made


def answers(*given):
    left = list(given)

    def ask():
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    return ask


def test_the_first_answer_that_will_do_is_returned(clock):
    waiting = asking(retry_if_not_result(bool), seconds=10, every=0.5)
    assert waiting(answers("", "", "here")) == "here"
    assert clock.slept == [0.5, 0.5]


def test_the_last_answer_that_will_not_do_comes_with_the_error(clock):
    began = clock.now()
    with pytest.raises(RetryError) as raised:
        asking(retry_if_not_result(bool), seconds=3, every=1)(answers(0, False, []))
    assert raised.value.last_attempt.result() == []
    assert clock.now() - began == 3


def test_the_last_error_is_raised_as_it_is(clock):
    errors = [OSError(f"down {n}") for n in range(5)]
    with pytest.raises(OSError, match="down 3"):
        asking(retry_if_exception_type(OSError), seconds=3, every=1)(answers(*errors))


@pytest.mark.parametrize("error", [ValueError("wrong"), KeyboardInterrupt()])
def test_an_error_that_is_not_waited_for_is_raised_at_once(clock, error):
    for again in (retry_if_exception_type(OSError), retry_if_not_result(bool)):
        with pytest.raises(type(error)):
            asking(again, seconds=3, every=1)(answers(error))
    assert clock.slept == []


def test_several_calls_share_a_bound(clock):
    waiting = asking(retry_if_not_result(bool), seconds=3, every=1)
    assert waiting(answers(False, False, True))
    with pytest.raises(RetryError):
        waiting(answers(False))
    assert clock.slept == [1, 1, 1]


def test_seconds_in_which_nothing_could_be_done_do_not_count(clock, monkeypatch):
    working = working_time.WorkingTime()
    monkeypatch.setattr(working_time, "WORKING_TIME", working)

    def ask():
        if not clock.slept:
            clock.advance(100)
            working.lose(100)
        return len(clock.slept) == 2

    assert asking(retry_if_not_result(bool), seconds=3, every=1)(ask)
