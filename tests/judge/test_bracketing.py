"""A metric and an oracle are compared only when the oracle said the same before and after the scrape."""

import pytest

from harness.judge.finding import Verdict
from tests.fakes.recordings import SETTLED, Timeline, found, pending

TRUTH = {"oracle": "truth"}


def scraped(*values, labels=None):
    return Timeline().values([0, 0, 0, 0, 0, *values], labels=labels)


def test_agreeing_readings_around_the_scrape_decide():
    finding = found(scraped(2).readings([2] * 5), equals=TRUTH)
    assert finding.verdict is Verdict.PASS
    assert finding.expected == "equal to 2 (the oracle truth)"
    # 104.5 ended before the scrape at 105.0, 105.5 began after its end at 105.05; 105.0 lies in between.
    assert [reading["began"] for reading in finding.evidence["readings"]] == [104.5, 105.0, 105.5]


def test_it_waits_for_the_reading_after_the_scrape():
    timeline = scraped(2).readings([2] * 3)
    assert (
        pending(timeline, equals=TRUTH, now=106).waiting_for
        == "a reading of the oracle truth after the scrape"
    )


def test_a_scrape_as_long_as_until_the_reading_is_not_bracketed_by_it():
    timeline = Timeline().values([0] * 5).scrape(105, [({}, 2)], duration=0.6).readings([2] * 4)
    assert "after the scrape" in pending(timeline, equals=TRUTH, now=106).waiting_for


def test_a_scrape_of_unknown_duration_is_taken_for_one_interval():
    timeline = Timeline().values([0] * 5).scrape(105, [({}, 2)], duration=None).readings([2] * 4)
    assert "after the scrape" in pending(timeline, equals=TRUTH, now=106).waiting_for
    timeline.reading(106.02, 2)
    assert found(timeline, equals=TRUTH).verdict is Verdict.PASS


def test_readings_from_before_the_step_settled_do_not_count():
    timeline = scraped(2).readings([2], start=SETTLED - 0.5).readings([2], start=105.5)
    finding = found(timeline, equals=TRUTH)
    assert finding.verdict is Verdict.ERROR


def test_a_changing_oracle_is_never_compared():
    timeline = scraped(*[5] * 20).readings([1, 2, 3, 4] * 12)
    finding = found(timeline, equals=TRUTH)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == "nothing could be compared near the deadline: the oracle truth kept changing"


def test_one_reading_in_between_that_differs_is_enough():
    timeline = scraped(2).reading(104.2, 2).reading(105.01, 1).reading(105.5, 2)
    finding = found(timeline, equals=TRUTH)
    assert finding.verdict is Verdict.ERROR


def test_the_next_scrape_is_taken_when_the_oracle_changed_around_one():
    timeline = scraped(1, 2).reading(104.2, 1).reading(105.5, 2).reading(106.5, 2)
    finding = found(timeline, equals=TRUTH)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == "true at 106.000"


def test_a_stable_oracle_and_another_value_fails():
    finding = found(scraped(*[1] * 20).readings([2] * 50), equals=TRUTH)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "never within 10 scrapes and 5 more; at the last: the value is 1"


def test_only_compared_long_before_the_deadline_is_an_error():
    timeline = scraped(*[1] * 20).readings([2] * 4).readings([3, 4] * 18, start=106)
    finding = found(timeline, equals=TRUTH)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == "nothing could be compared near the deadline: the oracle truth kept changing"


def test_an_oracle_that_could_not_be_read_is_an_error_that_says_why():
    timeline = scraped(*[2] * 20).readings([None] * 40, error="connection refused")
    finding = found(timeline, equals=TRUTH)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason.endswith("the oracle truth could not be read: connection refused")


def test_an_answer_with_an_error_is_no_answer():
    timeline = scraped(*[2] * 20).readings([2] * 40, error="half of it is missing")
    assert found(timeline, equals=TRUTH).verdict is Verdict.ERROR


def test_an_oracle_never_read_is_an_error():
    finding = found(scraped(*[2] * 20), equals=TRUTH)
    assert finding.verdict is Verdict.ERROR


def test_readings_are_told_apart_by_their_parameters():
    timeline = scraped(2).readings([2] * 5, node="n2")
    assert (
        "a reading of the oracle truth (node=n1)"
        in pending(timeline, equals={**TRUTH, "node": "n1"}, now=106).waiting_for
    )
    assert found(timeline, equals={**TRUTH, "node": "n2"}).verdict is Verdict.PASS


def test_an_empty_answer_is_not_0():
    finding = found(scraped(*[0] * 20).readings([[]] * 50), equals=TRUTH)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("the oracle truth says there is nothing, which is not 0")


def test_no_series_is_not_an_oracle_s_0():
    finding = found(Timeline().values([None] * 25).readings([0] * 50), equals=TRUTH)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("no series")


def test_nan_from_an_oracle_is_no_answer():
    finding = found(scraped(*[float("nan")] * 20).readings([float("nan")] * 50), series=TRUTH)
    assert finding.verdict is Verdict.ERROR


@pytest.mark.parametrize(("phase", "verdict"), [("running", Verdict.PASS), ("paused", Verdict.FAIL)])
def test_a_single_point_speaks_only_of_a_series_with_its_labels(phase, verdict):
    timeline = scraped(*[1] * 20, labels={"phase": phase})
    timeline.readings([[({"phase": "running"}, 1)]] * 50)
    assert found(timeline, equals=TRUTH).verdict is verdict


def test_labels_of_a_single_point_that_the_metric_does_not_have_are_passed_over():
    timeline = scraped(1).readings([[({"container": "c"}, 1)]] * 5)
    assert found(timeline, equals=TRUTH).verdict is Verdict.PASS


def test_all_targets_scrapes_are_bracketed_together():
    # The first state is made of the scrapes at 104.4 and 105.0.
    timeline = scraped(*[2] * 20).values([None] * 25, start=100.4, instance="two")
    timeline.reading(104.6, 2).reading(105.1, 2)
    assert "after the scrape" in pending(timeline, equals=TRUTH, now=106).waiting_for
    timeline.reading(104.1, 2)
    finding = found(timeline, equals=TRUTH)
    assert finding.reason == "true at 105.000"
    assert [reading["began"] for reading in finding.evidence["readings"]] == [104.1, 104.6, 105.1]
