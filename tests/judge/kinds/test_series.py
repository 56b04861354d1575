import math

import pytest

from harness.judge.argument import ArgumentError
from harness.judge.finding import Verdict
from harness.judge.kind import kinds
from tests.fakes.recordings import Timeline, found


def scraped(*series, readings=None, instances=("one",)):
    timeline = Timeline()
    for instance in instances:
        for time in range(100, 105):
            timeline.scrape(float(time), instance=instance)
        for time in range(105, 125):
            timeline.scrape(float(time), list(series), instance=instance)
    if readings is not None:
        timeline.readings([readings] * 60)
    return timeline


RUNNING = ({"kind": "StressChaos", "phase": "running", "namespace": "ns"}, 1)
PAUSED = ({"kind": "IOChaos", "phase": "paused", "namespace": "ns"}, 2)
WANT_RUNNING = {"kind": "StressChaos", "phase": "running", "value": 1}
WANT_PAUSED = {"kind": "IOChaos", "phase": "paused", "value": 2}
WHERE = {"namespace": "ns"}


@pytest.mark.parametrize(
    ("there", "wanted", "reason"),
    [
        ([RUNNING], [WANT_RUNNING], None),
        ([RUNNING, PAUSED], [WANT_PAUSED, WANT_RUNNING], None),
        ([RUNNING], [WANT_RUNNING, WANT_PAUSED], 'no series {kind="IOChaos", phase="paused"}'),
        ([], [WANT_RUNNING], 'no series {kind="StressChaos", phase="running"}'),
        ([RUNNING], [{**WANT_RUNNING, "value": 2}], '{kind="StressChaos", phase="running"} is 1'),
        ([RUNNING], [{**WANT_RUNNING, "value": {"at_least": 1}}], None),
        (
            [RUNNING],
            [{**WANT_RUNNING, "value": {"at_least": 2}}],
            '{kind="StressChaos", phase="running"} is 1',
        ),
        ([RUNNING], [{**WANT_RUNNING, "value": {"at_most": 1}}], None),
        ([RUNNING], [{**WANT_RUNNING, "value": {"between": [0, 1]}}], None),
        (
            [RUNNING],
            [{**WANT_RUNNING, "value": {"between": [2, 3]}}],
            '{kind="StressChaos", phase="running"} is 1',
        ),
        ([RUNNING], [{**WANT_RUNNING, "value": math.nan}], '{kind="StressChaos", phase="running"} is 1'),
        ([(RUNNING[0], math.nan)], [{**WANT_RUNNING, "value": math.nan}], None),
        ([(RUNNING[0], math.nan)], [WANT_RUNNING], '{kind="StressChaos", phase="running"} is NaN'),
    ],
)
def test_exactly_these(there, wanted, reason):
    finding = found(scraped(*there), series=wanted, where=WHERE)
    if reason is None:
        assert finding.verdict is Verdict.PASS
    else:
        assert finding.verdict is Verdict.FAIL
        assert finding.reason.endswith(f"at the last: {reason}")


def test_one_more_series_is_wrong():
    finding = found(scraped(RUNNING, PAUSED), series=[WANT_RUNNING], where=WHERE)
    assert finding.verdict is Verdict.FAIL
    assert 'phase="paused"} should not be there' in finding.reason


def test_a_label_that_is_not_listed_makes_another_series():
    finding = found(scraped(RUNNING), series=[{"phase": "running", "value": 1}], where=WHERE)
    assert finding.verdict is Verdict.FAIL
    assert found(scraped(RUNNING), series=[WANT_RUNNING]).verdict is Verdict.FAIL


def test_a_listed_label_that_is_empty_is_one_that_the_series_does_not_have():
    assert found(scraped(RUNNING), series=[{**WANT_RUNNING, "path": ""}], where=WHERE).verdict is Verdict.PASS


def test_the_same_series_on_two_targets_are_two():
    finding = found(scraped(RUNNING, instances=("one", "two")), series=[WANT_RUNNING], where=WHERE)
    assert finding.reason.endswith('2 series {kind="StressChaos", phase="running"}, on different targets')
    both = [{**WANT_RUNNING, "instance": "one"}, {**WANT_RUNNING, "instance": "two"}]
    assert found(scraped(RUNNING, instances=("one", "two")), series=both, where=WHERE).verdict is Verdict.PASS


def test_an_oracle_gives_the_whole_vector_and_nothing_may_be_what_it_says():
    points = [({"kind": "StressChaos", "phase": "running"}, 1)]
    truth = {"oracle": "truth"}
    assert found(scraped(RUNNING, readings=points), series=truth).verdict is Verdict.PASS
    assert found(scraped(RUNNING, PAUSED, readings=points), series=truth).verdict is Verdict.FAIL
    assert found(scraped(readings=points), series=truth).verdict is Verdict.FAIL
    assert found(scraped(RUNNING, readings=[]), series=truth).verdict is Verdict.FAIL
    finding = found(scraped(readings=[]), series=truth)
    assert finding.verdict is Verdict.PASS
    assert finding.expected == "no series (the oracle says there is nothing)"


def test_a_value_may_be_an_oracle():
    wanted = [{**WANT_RUNNING, "value": {"oracle": "truth"}}]
    assert found(scraped(RUNNING, readings=1), series=wanted, where=WHERE).verdict is Verdict.PASS
    assert found(scraped(RUNNING, readings=2), series=wanted, where=WHERE).verdict is Verdict.FAIL
    assert found(scraped(RUNNING, readings=[]), series=wanted, where=WHERE).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"phase": "x"}, "`series` takes a list of mappings (labels and `value`), or {oracle: name, ...}"),
        ([5], "0: a mapping of labels with a `value` is wanted, not 5"),
        ([{"phase": "x"}], "0: `value` is missing"),
        ([{"code": 200, "value": 1}], "0: label code is text: write '200', not 200"),
        ([{"value": 1}, {"value": "x"}], "1: value: a number is wanted, not the text 'x'"),
        ([{"value": {}}], "0: value: a value takes exactly one of: at_least, at_most, between"),
    ],
)
def test_wrong_arguments(raw, message):
    with pytest.raises(ArgumentError) as error:
        kinds()["series"].parse(raw)
    assert str(error.value) == message
