"""absent and present."""

import math

import pytest

from harness.judge.argument import ArgumentError
from harness.judge.finding import Verdict
from harness.judge.kind import kinds
from tests.fakes.recordings import Timeline, found


def after(before, *values):
    return Timeline().values([before] * 5 + list(values))


def test_gone_is_absent():
    assert found(after(1, 1, None), absent=True).reason == "true at 106.000"


def test_still_there_is_not_absent_though_it_is_0():
    finding = found(after(1, *[0] * 20), absent=True)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith('{instance="one", job="manager", node="n1"} is there')


@pytest.mark.parametrize("value", [0, 1, math.nan])
def test_any_value_is_present(value):
    assert found(after(None, value), present=True).verdict is Verdict.PASS


def test_nothing_is_not_present():
    assert found(after(1, *[None] * 20), present=True).reason.endswith("at the last: no series")


@pytest.mark.parametrize(("kind", "other"), [("absent", "present"), ("present", "absent")])
def test_false_is_said_by_the_other_kind(kind, other):
    with pytest.raises(ArgumentError, match=f"`{kind}: false` is written `{other}: true`"):
        kinds()[kind].parse(False)
    with pytest.raises(ArgumentError, match=f"`{kind}` takes true, not 1"):
        kinds()[kind].parse(1)
