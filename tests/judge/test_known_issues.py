"""A waiver is strict: exactly the wrong value it names, and not once the right one is seen."""

import pytest

from harness.judge.finding import Verdict
from tests.fakes.recordings import Timeline, found, pending

GAUGE = {"equals": 2, "known_issue": {"id": "not-counted", "shows": {"equals": 0}}}


def after(*values):
    return Timeline().values([0, 0, 0, 0, 0, *values])


def test_the_wrong_value_seen_three_times_in_a_row_is_the_known_issue():
    pending(after(0, 0), **GAUGE, now=107)
    finding = found(after(0, 0, 0), **GAUGE)
    assert finding.verdict is Verdict.KNOWN_ISSUE
    assert finding.known_issue == "not-counted"
    assert finding.reason == "known issue not-counted: equal to 0"


@pytest.mark.parametrize(("later", "said"), [(2, "the right value is seen"), (7, "the value is 7")])
def test_what_is_not_shown_any_more_in_the_same_step_is_no_known_issue(later, said):
    finding = found(after(0, 0, 0, 0, later), **GAUGE)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == f"known issue not-counted: seen at 108.000 and not any more at 109.000: {said}"


def test_a_target_that_is_lost_later_leaves_the_known_issue_as_it_is():
    assert found(after(0, 0, 0, "down", 0), **GAUGE).verdict is Verdict.KNOWN_ISSUE


def test_the_right_value_means_that_the_waiver_has_to_go():
    finding = found(after(2, 2, 2), **GAUGE)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "fixed upstream? the right value is seen: remove the waiver not-counted"
    assert finding.known_issue is None


def test_the_wrong_value_has_to_be_seen_by_the_deadline():
    spec = {"equals": 2, "known_issue": {"id": "not-counted", "shows": {"equals": 1}}}
    assert found(after(*[None] * 8, 1, 1, 1), **spec).verdict is Verdict.KNOWN_ISSUE
    finding = found(after(*[None] * 11, 1, 1, 1), **spec)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "known issue not-counted: seen not before 2.0 s after the deadline"


def test_another_wrong_value_fails_with_both_expectations():
    finding = found(after(*[7] * 20), **GAUGE)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == (
        "neither what is right (equal to 2) nor what not-counted shows (equal to 0) within"
        " 10 scrapes and 5 more; at the last: the value is 7"
    )


def test_a_waiver_that_shows_what_is_right_is_refused():
    finding = found(after(*[2] * 20), at_least=1, known_issue={"id": "same", "shows": {"at_most": 5}})
    assert finding.verdict is Verdict.FAIL
    same = "the waiver same does not differ from what is right: both hold within 10 scrapes and 5 more"
    assert finding.reason == same


def test_as_long_as_both_hold_nothing_is_said():
    # An old count is enough for what the issue shows, and has not changed yet for some scrapes.
    spec = {"unchanged": True, "known_issue": {"id": "counted", "shows": {"at_least": 1}}}
    late = Timeline().values([1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3])
    assert found(late, **spec).verdict is Verdict.KNOWN_ISSUE
    never = Timeline().values([1] * 25)
    assert found(never, **spec).verdict is Verdict.FAIL


def test_a_counter_that_passes_the_right_value_on_its_way_is_still_the_known_issue():
    spec = {"increases_by": 1, "known_issue": {"id": "counted-twice", "shows": {"increases_by": 2}}}
    finding = found(after(1, 2, 2, 2), **spec)
    assert finding.verdict is Verdict.KNOWN_ISSUE


def test_a_counter_beyond_both_fails_at_once():
    spec = {"increases_by": 1, "known_issue": {"id": "counted-twice", "shows": {"increases_by": 2}}}
    finding = found(after(3), **spec)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "neither what is right nor what counted-twice shows: the increase is 3"


def test_flapping_between_both_fails():
    assert found(after(*[0, 2] * 15), **GAUGE).verdict is Verdict.FAIL


@pytest.mark.parametrize("gap", [7, None])
def test_the_three_scrapes_are_in_a_row(gap):
    assert found(after(0, 0, gap, 0, 0, gap, *[7] * 20), **GAUGE).verdict is Verdict.FAIL


def test_a_target_down_is_neither():
    finding = found(after(0, 0, *["down"] * 20), **GAUGE)
    assert finding.verdict is Verdict.ERROR


def test_the_wrong_value_may_be_that_nothing_is_there():
    spec = {"present": True, "known_issue": {"id": "lost", "shows": {"absent": True}}}
    assert found(Timeline().values([None] * 10), **spec).verdict is Verdict.KNOWN_ISSUE
