import math

import pytest

from harness.judge.finding import Verdict
from tests.fakes.recordings import Timeline, found, pending


def after(*values, before=5):
    return Timeline().values([before] * 5 + list(values))


def test_the_exact_increase_since_before_the_step():
    finding = found(after(6, 7), increases_by=2)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == "true at 106.000"
    (row,) = finding.actual
    assert (row["baseline"], row["value"], row["increase"]) == (5, 7, 2)
    assert finding.expected == "an increase of 2 since before the step (the sum over the selected series)"


def test_an_increase_between_the_start_and_the_settling_of_the_step_counts():
    assert found(Timeline().values([5, 5, 5, 5, 7, 7]), increases_by=2).verdict is Verdict.PASS


def test_an_increase_before_the_step_does_not_count():
    assert found(Timeline().values([5, 5, 5, 7] + [7] * 20), increases_by=2).verdict is Verdict.FAIL


def test_too_much_is_final():
    finding = found(after(6, 8), increases_by=2)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "the increase is 3"
    assert finding.seconds == pytest.approx(2.3)


@pytest.mark.parametrize(("before", "values"), [(1, (-1, 0)), (2, (1, -1)), (-1, (-1, -1)), (0, (-2, 0))])
def test_what_is_below_0_is_no_counter_and_has_no_increase(before, values):
    finding = found(Timeline().values([before] * 4 + [*values] + [values[-1]] * 5), increases_by=0)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith(": no counter is below 0")


def test_too_much_by_an_oracle_s_number_is_not_final():
    timeline = after(6, 6).readings([0] * 4)
    assert (
        "so far: the increase is 1"
        in pending(timeline, increases_by={"oracle": "truth"}, now=107).waiting_for
    )


def test_too_little_is_waited_for():
    finding = found(after(*[6] * 20), increases_by=2)
    assert finding.reason == "never within 10 scrapes and 5 more; at the last: the increase is 1"


def test_a_reset_counts_from_0_and_is_shown():
    finding = found(after(6, 1), increases_by=2)
    assert finding.verdict is Verdict.PASS
    assert finding.evidence["resets"] == [
        {
            "labels": {"job": "manager", "instance": "one", "node": "n1"},
            "time": 106.0,
            "before": 6.0,
            "after": 1.0,
        }
    ]


def test_a_series_that_was_not_there_before_counts_from_0():
    assert found(Timeline().values([None] * 5 + [2]), increases_by=2).verdict is Verdict.PASS


def test_series_are_summed():
    timeline = Timeline()
    for time in range(100, 105):
        timeline.scrape(float(time), [({"code": "OK"}, 3)])
    timeline.scrape(105.0, [({"code": "OK"}, 4), ({"code": "Unknown"}, 1)])
    finding = found(timeline, increases_by=2)
    assert finding.verdict is Verdict.PASS
    assert [row["increase"] for row in finding.actual] == [1, 1]


def test_a_series_that_vanishes_keeps_what_was_seen():
    finding = found(after(7, None, None, None), increases_by=2, hold=2)
    assert finding.verdict is Verdict.PASS
    assert finding.evidence["vanished"][0]["last_seen"] == 105.0
    assert finding.evidence["vanished"][0]["increase_kept"] == 2


def test_nothing_ever_counted_is_an_increase_of_0_and_of_nothing_else():
    never = Timeline().values([None] * 25)
    assert found(never, increases_by=0).verdict is Verdict.PASS
    finding = found(never, increases_by=1)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("at the last: no series, before the step or since")


def test_nan_is_no_increase():
    assert found(after(math.nan, *[6] * 20), increases_by=1).verdict is not Verdict.PASS


def test_a_target_that_is_new_has_no_baseline():
    timeline = after(*[5] * 20).values([1] * 20, start=104.3, instance="new")
    finding = found(timeline, increases_by=1)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == "manager/new was not scraped before the step"


def test_what_a_target_had_counted_before_it_went_away_is_kept():
    timeline = after(*[5] * 20).values([1, 1, 1, 1, 3], start=99.9, instance="gone")
    finding = found(timeline, increases_by=2)
    assert finding.verdict is Verdict.PASS
    assert finding.evidence["targets_gone"] == ["manager/gone"]
    assert finding.evidence["vanished"][0]["increase_kept"] == 2


def test_an_oracle_may_say_by_how_much():
    truth = {"oracle": "truth"}
    assert found(after(7).readings([2] * 4), increases_by=truth).verdict is Verdict.PASS
    assert found(after(*[7] * 20).readings([3] * 60), increases_by=truth).verdict is Verdict.FAIL
    finding = found(after(*[5] * 20).readings([[]] * 60), increases_by=truth)
    assert finding.reason.endswith("says there is nothing, which is not 0")
