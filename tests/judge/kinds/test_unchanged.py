import pytest

from harness.judge.argument import ArgumentError
from harness.judge.finding import Verdict
from harness.judge.kind import kinds
from tests.fakes.recordings import Timeline, found


def after(*values, before=5):
    return Timeline().values([before] * 5 + list(values))


def test_the_same_for_three_scrapes():
    finding = found(after(5, 5, 5), unchanged=True)
    assert finding.verdict is Verdict.PASS
    assert finding.expected == 'as before the step: {instance="one", job="manager", node="n1"} 5'


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([6], '{instance="one", job="manager", node="n1"} was 5 and is 6'),
        ([None], '{instance="one", job="manager", node="n1"} is gone'),
        ([6, 5, 5, 5], '{instance="one", job="manager", node="n1"} was 5 and is 6'),
        ([float("nan")], '{instance="one", job="manager", node="n1"} was 5 and is NaN'),
    ],
)
def test_a_change_is_final(values, reason):
    finding = found(after(*values), unchanged=True)
    assert (finding.verdict, finding.reason) == (Verdict.FAIL, reason)


def test_a_new_series_is_a_change():
    timeline = after()
    timeline.scrape(105.0, [({}, 5), ({"phase": "new"}, 0)])
    assert found(timeline, unchanged=True).reason.endswith('phase="new"} is new')


def test_nothing_before_and_nothing_now_is_not_unchanged():
    finding = found(Timeline().values([None] * 25), unchanged=True)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("no series, before the step or now: nothing could change")


def test_nan_before_and_now_is_not_the_same():
    assert found(after(*[float("nan")] * 20, before=float("nan")), unchanged=True).verdict is Verdict.FAIL


def test_it_takes_true_only():
    with pytest.raises(ArgumentError, match="`unchanged` takes true, not False"):
        kinds()["unchanged"].parse(False)
