"""Time is told part by part, and adds up."""

from itertools import chain, repeat

import pytest

from harness.base.spent import Spent


def ticking(*times):
    clock = chain(times, repeat(times[-1]))
    return lambda: next(clock)


def test_each_part_is_added_up_in_the_order_they_came():
    spent = Spent(ticking(0, 1, 3, 3, 4, 5, 5.5, 10))
    for part in ("stack", "scenarios", "stack"):
        with spent.on(part):
            pass
    assert spent.line() == "10.0 s: stack 2.5 s, scenarios 1.0 s, the rest 6.5 s"


def test_what_took_no_time_is_left_out():
    spent = Spent(ticking(0, 1, 1.01, 1.04))
    with spent.on("page"):
        pass
    assert spent.line() == "1.0 s: the rest 1.0 s"


def test_nothing_is_named_of_nothing():
    assert Spent(ticking(5)).line() == "0.0 s"


def test_a_part_that_breaks_is_counted():
    spent = Spent(ticking(0, 0, 2, 2))
    with pytest.raises(KeyError), spent.on("stack"):
        raise KeyError
    assert spent.line() == "2.0 s: stack 2.0 s"
