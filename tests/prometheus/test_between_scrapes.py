import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import harness
from harness.prometheus.between_scrapes import (
    LEAST_SECONDS,
    MARGIN_SECONDS,
    ScrapeGap,
    await_gap,
    await_newest_gap,
    gap_between,
)
from tests.fakes.clock import FakeClock

BEGAN = 1_000_000.0
TINY = 1e-6
MARGIN = MARGIN_SECONDS + FakeClock.uncertainty

intervals = st.floats(0.5, 60.0)
shares = st.floats(0.0, 1.2)


@given(intervals, shares, st.floats(0.0, 200.0))
def test_in_the_gap_no_scrape_runs_and_none_begins_before_a_read_is_over(interval, share, age):
    duration = share * interval
    clock = FakeClock(BEGAN + age)
    gap = await_gap(clock, ScrapeGap(BEGAN, duration, interval))
    need = max(duration, LEAST_SECONDS)

    if gap is None:
        assert clock.slept == []
        assert duration + need + 2 * MARGIN > interval - TINY
        return
    phase = (clock.now() - BEGAN) % interval
    assert duration + MARGIN - TINY <= phase
    assert phase + need + MARGIN <= interval + TINY
    assert gap.opens - TINY <= clock.now()
    assert clock.now() + need <= gap.closes + TINY
    assert sum(clock.slept) < interval + duration


@given(intervals, shares, st.floats(0.0, 200.0))
def test_squeezed_it_is_any_gap_with_half_of_it_left(interval, share, age):
    duration = share * interval
    clock = FakeClock(BEGAN + age)
    gap = await_gap(clock, ScrapeGap(BEGAN, duration, interval), squeeze=True)
    room = interval - duration - 2 * MARGIN

    if gap is None:
        assert room <= TINY
        return
    assert room >= -TINY
    assert gap.closes - gap.opens == pytest.approx(room, abs=TINY)
    assert clock.now() + min(LEAST_SECONDS, room / 2) <= gap.closes + TINY


def test_a_scrape_seen_by_a_clock_that_is_behind_is_waited_for():
    clock = FakeClock(BEGAN - 0.001)
    gap = await_gap(clock, ScrapeGap(BEGAN, 0.1, 1.0))
    assert gap is not None
    assert clock.now() == pytest.approx(BEGAN + 0.1 + MARGIN)


@pytest.mark.parametrize(
    ("began", "ended", "held"),
    [
        (0.1 + MARGIN, 1.0 - MARGIN, True),
        (0.1 + MARGIN - 0.01, 0.5, False),
        (0.5, 1.0 - MARGIN + 0.01, False),
    ],
)
def test_a_read_is_between_two_scrapes_when_it_keeps_the_margin_to_both(began, ended, held):
    gap = gap_between(FakeClock(), ScrapeGap(BEGAN, 0.1, 1.0), BEGAN + 1.0)
    assert gap.holds(BEGAN + began + TINY, BEGAN + ended - TINY) is held


@given(st.lists(st.floats(0.0, 1.2), min_size=1, max_size=8), st.floats(0.0, 6.0))
def test_while_others_are_judged_no_gap_is_worked_out_from_an_older_scrape(durations, age):
    clock = FakeClock(BEGAN + age)

    def newest():
        done = [
            (BEGAN + at, duration)
            for at, duration in enumerate(durations)
            if BEGAN + at + duration <= clock.now()
        ]
        return ScrapeGap(*done[-1], 1.0) if done else ScrapeGap(BEGAN - 1.0, 0.1, 1.0)

    gap = await_newest_gap(clock, newest, 10.0)
    last = newest()
    if gap is None:
        assert clock.now() >= BEGAN + age + 10.0 - TINY
        return
    assert gap == gap_between(clock, last, last.began + 1.0)
    assert gap.holds(clock.now() + TINY, clock.now() + max(last.duration, LEAST_SECONDS) - TINY)


class UnsureClock(FakeClock):
    uncertainty = 0.1


def test_a_clock_that_is_less_sure_keeps_farther_away():
    sure, unsure = FakeClock(), UnsureClock()
    scrape = ScrapeGap(BEGAN, 0.1, 1.0)
    near, far = (gap_between(clock, scrape, BEGAN + 1.0) for clock in (sure, unsure))
    assert far.opens - near.opens == pytest.approx(0.1 - sure.uncertainty)
    assert near.closes - far.closes == pytest.approx(0.1 - sure.uncertainty)


def test_whoever_reads_a_pods_metrics_knows_of_the_scrapes_in_between():
    """`chaosmesh/exposed.py` is what `runner/direct_scrape.py` reads by; a Service's page is no target's.

    The stack times a component's answer when it comes up, before anything is judged.
    """
    package = Path(harness.__file__).parent
    readers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r'proxy_(?:fetch|get)\(\s*"pods"[^)]*(?:_PATH|metrics"|target\.path)', path.read_text())
    }
    assert readers == {
        "chaosmesh/exposed.py",
        "audit/contract/capture.py",
        "runner/diagnostics/collectors/metrics.py",
        "stack/prometheus.py",
    }
    for reader in (readers - {"chaosmesh/exposed.py", "stack/prometheus.py"}) | {"runner/direct_scrape.py"}:
        assert re.search(r"await_(?:newest_)?gap\(", (package / reader).read_text()), reader
