"""equals, at_least, at_most, between, within: one series, one value."""

import math

import pytest

from harness.judge.argument import ArgumentError
from harness.judge.finding import Verdict
from harness.judge.kind import kinds
from tests.fakes.recordings import Timeline, found

NAN = math.nan


def last(value, **spec):
    return found(Timeline().values([None] * 5 + [value] * 20), **spec)


@pytest.mark.parametrize(
    ("spec", "value", "holds"),
    [
        ({"equals": 2}, 2, True),
        ({"equals": 2}, 2.0000001, False),
        ({"equals": 0}, 0, True),
        ({"equals": -2}, 2, False),
        ({"equals": 2}, NAN, False),
        ({"equals": math.inf}, math.inf, True),
        ({"equals": "Infinity"}, math.inf, True),
        ({"at_least": 2}, 2, True),
        ({"at_least": 2}, 1.9, False),
        ({"at_least": 2}, NAN, False),
        ({"at_most": 2}, 2, True),
        ({"at_most": 2}, 2.1, False),
        ({"at_most": 2}, NAN, False),
        ({"between": [1, 2]}, 1, True),
        ({"between": [1, 2]}, 2, True),
        ({"between": [1, 2]}, 2.1, False),
        ({"between": [1, 2]}, 0.9, False),
        ({"between": [1, 2]}, NAN, False),
        ({"within": {"value": 10, "abs": 1}}, 11, True),
        ({"within": {"value": 10, "abs": 1}}, 11.1, False),
        ({"within": {"value": 10, "rel": 0.1}}, 9, True),
        ({"within": {"value": 10, "rel": 0.1}}, 8.9, False),
        ({"within": {"value": -10, "rel": 0.1}}, -9, True),
        # The band lies around what is wanted: the right size with the wrong sign is wrong.
        ({"within": {"value": -10, "rel": 0.1}}, 10, False),
        ({"within": {"value": 10, "rel": 0.1}}, -10, False),
        ({"within": {"value": 10, "abs": 1}}, NAN, False),
    ],
)
def test_one_series(spec, value, holds):
    finding = last(value, **spec)
    assert finding.verdict is (Verdict.PASS if holds else Verdict.FAIL)


@pytest.mark.parametrize(
    "spec",
    [{"equals": 0}, {"at_least": 0}, {"at_most": 0}, {"between": [0, 1]}, {"within": {"value": 0, "abs": 1}}],
)
def test_no_series_is_never_0(spec):
    finding = last(None, **spec)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("at the last: no series")
    assert finding.actual == []


@pytest.mark.parametrize(
    "spec",
    [{"equals": 1}, {"at_least": 1}, {"at_most": 1}, {"between": [0, 1]}, {"within": {"value": 1, "abs": 1}}],
)
def test_of_several_series_none_is_picked(spec):
    timeline = Timeline()
    for time in range(100, 125):
        timeline.scrape(float(time), [({"phase": "running"}, 1), ({"phase": "paused"}, 1)])
    finding = found(timeline, **spec)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("at the last: 2 series selected, narrow `where`")


def vector(pairs, points, **spec):
    timeline = Timeline().readings([[({"phase": phase}, value) for phase, value in points]] * 60)
    for time in range(100, 125):
        timeline.scrape(float(time), [({"phase": phase}, value) for phase, value in pairs])
    return found(timeline, **spec)


TRUTH = {"oracle": "truth"}


@pytest.mark.parametrize(
    ("pairs", "points", "reason"),
    [
        ([("a", 1), ("b", 2)], [("a", 1), ("b", 2)], None),
        ([("a", 1), ("b", 2)], [("b", 2), ("a", 1)], None),
        ([("a", 2), ("b", 1)], [("a", 1), ("b", 2)], '{phase="a"} is 2; {phase="b"} is 1'),
        ([("a", 1)], [("a", 1), ("b", 2)], 'no series {phase="b"}'),
        (
            [("a", 1), ("b", 2), ("c", 3)],
            [("a", 1), ("b", 2)],
            '{instance="one", job="manager", node="n1", phase="c"} should not be there',
        ),
    ],
)
def test_an_oracle_with_several_points_is_compared_point_by_point(pairs, points, reason):
    finding = vector(pairs, points, equals=TRUTH)
    if reason is None:
        assert finding.verdict is Verdict.PASS
    else:
        assert finding.verdict is Verdict.FAIL
        assert finding.reason.endswith(f"at the last: {reason}")


def test_a_vector_is_compared_with_the_kind_s_own_test():
    assert vector([("a", 5), ("b", 6)], [("a", 1), ("b", 2)], at_least=TRUTH).verdict is Verdict.PASS
    assert vector([("a", 5), ("b", 1)], [("a", 1), ("b", 2)], at_least=TRUTH).verdict is Verdict.FAIL
    within = {"value": TRUTH, "abs": 1}
    assert vector([("a", 2), ("b", 1)], [("a", 1), ("b", 2)], within=within).verdict is Verdict.PASS


def test_two_series_on_two_targets_for_one_point_are_too_many():
    timeline = Timeline().readings([[({"phase": "a"}, 1), ({"phase": "b"}, 1)]] * 60)
    for instance in ("one", "two"):
        for time in range(100, 125):
            timeline.scrape(float(time), [({"phase": "a"}, 1), ({"phase": "b"}, 1)], instance=instance)
    finding = found(timeline, equals=TRUTH)
    assert '2 series {phase="a"}, narrow `where`' in finding.reason


@pytest.mark.parametrize(
    ("kind", "raw", "message"),
    [
        ("equals", True, "a number or {oracle: name, ...} is wanted, not True"),
        ("equals", "2", "a number is wanted, not the text '2'"),
        ("equals", None, "a number or {oracle: name, ...} is wanted, not None"),
        ("equals", [1], "a number or {oracle: name, ...} is wanted, not [1]"),
        ("equals", {"oracle": 5}, "`oracle` takes the name of an oracle, not 5"),
        ("between", [1, "x"], "1: a number is wanted, not the text 'x'"),
        ("within", {"value": 1}, "exactly one of `abs` and `rel` is wanted beside `value`"),
        (
            "within",
            {"value": 1, "abs": 1, "rel": 1},
            "exactly one of `abs` and `rel` is wanted beside `value`",
        ),
    ],
)
def test_wrong_arguments(kind, raw, message):
    with pytest.raises(ArgumentError) as error:
        kinds()[kind].parse(raw)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("kind", "raw"), [("between", [1]), ("between", 1), ("within", {"value": 1, "abs": -1})]
)
def test_more_wrong_arguments(kind, raw):
    with pytest.raises(ArgumentError):
        kinds()[kind].parse(raw)


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("equals", NAN),
        ("at_least", -math.inf),
        ("at_least", NAN),
        ("at_most", math.inf),
        ("at_most", NAN),
        ("between", [2, 1]),
        ("between", [NAN, 1]),
        ("between", [-math.inf, math.inf]),
        ("within", {"value": 1, "abs": math.inf}),
        ("within", {"value": 0, "rel": 0.1}),
        ("within", {"value": NAN, "rel": 0.1}),
        ("increases_by", -1),
        ("increases_by", NAN),
        ("increases_by", math.inf),
        ("series", []),
        ("series", [{"a": "b", "value": 1}, {"a": "b", "value": 2}]),
        ("series", [{"value": {"at_least": -math.inf}}]),
        ("series", [{"value": {"between": [2, 1]}}]),
    ],
)
def test_what_can_never_fail_or_never_hold(kind, raw):
    assert kinds()[kind].vacuous(kinds()[kind].parse(raw))


@pytest.mark.parametrize(
    ("kind", "raw"),
    [
        ("equals", 0),
        ("at_least", 0),
        ("at_most", 0),
        ("between", [1, 1]),
        ("within", {"value": 0, "abs": 0}),
        ("increases_by", 0),
        ("series", [{"value": math.nan}]),
        ("absent", True),
        ("present", True),
        ("unchanged", True),
        ("equals", {"oracle": "x"}),
    ],
)
def test_what_can_both_hold_and_fail(kind, raw):
    assert kinds()[kind].vacuous(kinds()[kind].parse(raw)) is None


def test_templates_stand_for_numbers_before_they_are_resolved_only():
    for kind, raw in [
        ("equals", "${a.b}"),
        ("between", ["${a}", 2]),
        ("within", {"value": "${a}", "abs": 1}),
        ("increases_by", "${a}"),
        ("series", [{"phase": "${x}", "value": "${a}"}]),
        ("series", [{"value": {"at_least": "${a}"}}]),
    ]:
        parsed = kinds()[kind].parse(raw, templates=True)
        assert kinds()[kind].vacuous(parsed) is None
        assert kinds()[kind].describe(parsed)
        with pytest.raises(ArgumentError, match="was not resolved"):
            kinds()[kind].parse(raw)


def test_every_kind_says_what_it_is():
    assert set(kinds()) >= {
        "equals", "increases_by", "unchanged", "series", "absent", "present", "at_least", "at_most",
        "between", "within",
    }  # fmt: skip
    assert all(kind.summary and kind.name == name for name, kind in kinds().items())
