"""The rules of the judge, each with the exact reason that a person reads."""

import math

import pytest

from harness.judge.finding import Finding, Pending, Verdict
from harness.judge.judge import Judge, judge
from harness.recording.model import Samples
from tests.fakes.recordings import (
    EXPRESSION,
    FIRST,
    SETTLED,
    STARTED,
    Timeline,
    decided,
    expected,
    found,
    pending,
)

BEFORE = [0, 0, 0, 0]
"""The scrapes at 100 to 103, before the step; the one at 104 is not after the step settled."""


def after(*values, before=0, at_settling=0):
    return Timeline().values([before] * 4 + [at_settling, *values])


# Freshness


def test_the_first_fresh_scrape_decides():
    finding = found(after(2), equals=2)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == "true at 105.000"
    assert finding.seconds == pytest.approx(FIRST - (SETTLED - 0.3))
    assert finding.actual == [{"labels": {"job": "manager", "instance": "one", "node": "n1"}, "value": 2}]
    assert finding.promql == "things"


def test_a_scrape_before_the_step_settled_counts_for_nothing():
    assert (
        pending(after(at_settling=2), equals=2, now=SETTLED + 1).waiting_for
        == "a fresh scrape of manager/one"
    )


def test_a_scrape_within_the_clocks_uncertainty_is_not_fresh():
    timeline = Timeline(clock_uncertainty=0.2).values(BEFORE)
    timeline.scrape(SETTLED + 0.1, [({}, 2)])
    assert isinstance(pending(timeline, equals=2, now=SETTLED + 1), Pending)


def test_never_scraped_again_is_an_error_of_the_infrastructure_and_names_the_target():
    finding = found(after(), equals=2)
    assert finding.verdict is Verdict.ERROR
    assert finding.layer == "infrastructure"
    assert finding.reason == "not scraped since the step settled: manager/one"


def test_no_longer_scraped_half_way_is_an_error_though_what_was_seen_was_wrong():
    finding = found(after(1, 1, 1), equals=2)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == "not scraped since 107.000: manager/one"


def test_a_job_without_any_target_is_an_error_even_for_absent():
    finding = found(after(None, None, None, None), absent=True, jobs=["manager", "daemon"])
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == "not scraped since the step settled: a scrape of any target of the job daemon"


def test_a_job_that_where_rules_out_is_not_waited_for():
    timeline = after(2)
    assert (
        found(timeline, equals=2, jobs=["manager", "daemon"], where={"job": "manager"}).verdict
        is Verdict.PASS
    )


def test_targets_that_where_cannot_mean_are_an_error():
    finding = found(after(2, 2, 2), equals=2, where={"node": "n9"})
    assert finding.verdict is Verdict.ERROR
    assert "a scrape of a target that `where` can mean" in finding.reason


# Deadline


def test_wrong_until_the_end_is_never():
    finding = found(after(*[1] * 20), equals=2)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "never within 10 scrapes and 5 more; at the last: the value is 1"
    assert finding.expected == "equal to 2"
    assert finding.layer is None


def test_it_looks_on_until_the_deadline_and_the_grace_are_over():
    timeline = after(*[1] * 14)
    assert "so far: the value is 1" in pending(timeline, equals=2, now=SETTLED + 15).waiting_for


def test_true_after_the_deadline_is_late_by_seconds():
    finding = found(Timeline().values([1] * 17 + [2], duration=0.2), equals=2)
    assert finding.verdict is Verdict.FAIL
    assert finding.layer == "late"
    # Settled at 104, 10 scrapes of 1 s, the longest scrape 0.2 s; true at 117.
    assert finding.reason == "true 2.8 s after the deadline"


def test_the_deadline_is_the_expectation_s_own_when_it_has_one():
    assert found(after(1, 1, 2), equals=2, deadline=3).verdict is Verdict.PASS
    finding = found(after(1, 1, 1, 2), equals=2, deadline=3)
    assert finding.layer == "late"


def test_true_after_the_grace_is_never():
    finding = found(after(*[1] * 16, 2, 2), equals=2)
    assert finding.reason.startswith("never within 10 scrapes")


def test_in_a_control_run_what_does_not_hold_in_time_is_not_looked_at_again():
    timeline = Timeline(control=True).values([1] * 8)
    assert isinstance(pending(timeline, equals=2, deadline=3, now=SETTLED + 3.5), Pending)
    finding = found(Timeline(control=True).values([1] * 8 + [2]), equals=2, deadline=3)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "never within 3 scrapes; at the last: the value is 1"


def test_in_a_control_run_what_held_before_has_to_stay_true_all_the_same():
    assert found(Timeline(control=True).values([1] * 9), equals=1, deadline=3).verdict is Verdict.PASS
    changing = Timeline(control=True).values([1] * 7 + [2, 2])
    finding = found(changing, equals=1, deadline=3)
    assert finding.reason == "was right at 106.000 and wrong again at 107.000: the value is 2"


# Holding


def test_hold_wants_further_scrapes():
    timeline = after(2, 2)
    assert pending(timeline, equals=2, hold=2, now=106.5).waiting_for.startswith(
        "1 more scrapes to confirm it"
    )
    assert found(after(2, 2, 2), equals=2, hold=2).reason == "true at 105.000 and in all 3 scrapes since"


def test_right_and_then_wrong_again_fails():
    finding = found(after(1, 2, 3, 2, 2, 2), equals=2, hold=1)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "was right at 106.000 and wrong again at 107.000: the value is 3"


def test_a_hold_may_outlast_the_deadline():
    assert found(after(*[2] * 31), equals=2, hold=30).verdict is Verdict.PASS
    assert found(after(*[2] * 29), equals=2, hold=30).verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ({"equals": 0}, 0),
        ({"at_least": 0}, 0),
        ({"at_most": 0}, 0),
        ({"between": [0, 1]}, 0),
        ({"within": {"value": 0, "abs": 0.5}}, 0),
        ({"present": True}, 0),
        ({"unchanged": True}, 0),
        ({"series": [{"value": 0}]}, 0),
        ({"absent": True}, None),
        ({"increases_by": 0}, 0),
    ],
)
def test_what_was_true_before_the_step_must_stay_true_for_three_scrapes(spec, value):
    def of(*values):
        return Timeline().values([value] * 4 + [value, *values])

    assert isinstance(pending(of(value, value), now=107, **spec), Pending)
    finding = found(of(value, value, value), **spec)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == "true at 105.000 and in all 3 scrapes since"
    late = None if "present" in spec else -1 if "at_least" in spec else 5
    assert found(of(value, value, late), **spec).reason.startswith(
        "was right at 106.000 and wrong again at 107.000"
    )


def test_without_a_baseline_it_is_taken_for_true_before_the_step():
    timeline = Timeline()
    # A new target takes part from its second scrape on.
    timeline.values([2, 2, 2, 2], start=FIRST)
    assert found(timeline, equals=2).reason == "true at 106.000 and in all 3 scrapes since"


def test_a_target_that_is_known_takes_part_however_new_it_is():
    # Its first scrape is 0.1 s old when the step begins; what another target says is not enough.
    timeline = Timeline(action="wait")
    timeline.values([2, "down", "down", "down"], start=STARTED - 0.1, instance="new")
    timeline.values([2] * 4, start=STARTED + 0.05 - 1, instance="old")
    assert isinstance(pending(timeline, now=STARTED + 3, equals=2), Pending)


def test_a_target_that_came_before_the_step_settled_takes_part_from_the_first_state_on():
    # What it said before is not fresh, and an expression cannot leave it out.
    timeline = Timeline()
    timeline.values([1] * 5, start=100.05, instance="old").scrape(SETTLED - 0.2, instance="new")
    for time in (SETTLED - 0.2, SETTLED + 0.05):
        timeline.answer(time, 2)
    assert isinstance(pending(timeline, now=SETTLED + 0.8, promql=EXPRESSION, equals=2), Pending)


@pytest.mark.parametrize("spec", [{"increases_by": 1}, {"unchanged": True}])
def test_without_a_baseline_a_comparison_with_before_is_an_error(spec):
    timeline = Timeline().values([2, 2, 2], start=FIRST)
    finding = found(timeline, **spec)
    assert (finding.verdict, finding.reason) == (Verdict.ERROR, "nothing was scraped before the step")


def test_a_target_that_was_down_before_the_step_has_no_baseline():
    timeline = Timeline().values(["down", "down", "down", "down", 0, 1])
    assert found(timeline, increases_by=1).reason == "manager/one was down before the step"


def test_the_baseline_of_a_target_that_was_just_down_is_its_last_answer():
    timeline = Timeline().values([0, 0, 0, "down", 1, 1])
    assert found(timeline, increases_by=1).verdict is Verdict.PASS
    # What happened while it was down is not lost.
    assert found(timeline, increases_by=0).verdict is Verdict.FAIL


def test_whether_it_was_down_is_no_older_than_its_newest_scrape():
    timeline = Timeline().values([0, 0, 0, *["down"] * 6])
    finding = found(timeline, metric="up", unchanged=True)
    assert finding.verdict is Verdict.PASS


# Targets that do not answer


def test_a_failed_scrape_is_never_absent():
    finding = found(after(*["down"] * 20, before=1, at_settling=1), absent=True)
    assert finding.verdict is Verdict.ERROR
    assert finding.layer == "infrastructure"
    assert finding.reason == "target down: manager/one at the deadline"


def test_down_at_the_deadline_is_an_error_though_it_was_wrong_before():
    finding = found(after(1, 1, *["down"] * 18), equals=2)
    assert (finding.verdict, finding.layer) == (Verdict.ERROR, "infrastructure")


def test_a_failed_scrape_neither_counts_nor_breaks_what_holds():
    finding = found(after(2, "down", 2, 2), equals=2, hold=2)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == "true at 105.000 and in all 3 scrapes since"


def test_up_itself_is_judged_though_it_is_0():
    timeline = after("down", "down", "down", before=1, at_settling=1)
    assert found(timeline, metric="up", equals=0).verdict is Verdict.PASS
    assert found(timeline, metric="scrape_duration_seconds", at_most=0.1).verdict is Verdict.PASS


# Several targets


def two(first, second, offset=0.3, **more):
    return Timeline().values(first, instance="one").values(second, instance="two", start=100 + offset, **more)


def test_a_state_needs_a_fresh_scrape_of_every_target():
    timeline = two([0, 0, 0, 0, 0, 2], [None] * 4)
    assert pending(timeline, equals=2, now=106).waiting_for.startswith("a fresh scrape of manager/two")
    timeline = two([0, 0, 0, 0, 0, 2], [None] * 6)
    assert found(timeline, equals=2).verdict is Verdict.PASS


def test_each_state_needs_a_new_scrape_of_every_target():
    # Three states are three scrapes of each target, not of any.
    timeline = two([None] * 8, [None] * 5 + [None])
    assert isinstance(pending(timeline, absent=True, now=106), Pending)


def test_absent_looks_at_all_targets():
    finding = found(two([None] * 25, [0] * 25), absent=True)
    assert finding.verdict is Verdict.FAIL
    assert 'instance="two"' in finding.reason


def test_a_target_whose_pod_went_away_is_left_out_once_another_was_scraped_long_without_it():
    assert isinstance(pending(two([0] * 5 + [2] * 5, [0] * 4), equals=2, now=SETTLED + 6), Pending)
    finding = found(two([0] * 5 + [2] * 20, [0] * 4), equals=2)
    assert finding.verdict is Verdict.PASS
    # Last scraped at 103.3: known to be gone with the first scrape after 109.3.
    assert finding.evidence["scrapes"][0]["time"] == 110.0
    assert finding.evidence["targets_gone"] == ["manager/two"]


def test_a_target_that_where_cannot_mean_does_not_excuse_another():
    timeline = two([0] * 25, [0] * 4, node="n2")
    finding = found(timeline, absent=True, where={"node": "n2"})
    assert (finding.verdict, finding.reason) == (
        Verdict.ERROR,
        "not scraped since the step settled: manager/two",
    )


def test_a_target_that_was_gone_before_the_step_plays_no_part():
    timeline = Timeline(clock_uncertainty=0.01)
    timeline.values([7] * 3, start=80, instance="old").values([1] * 10, start=98)
    assert found(timeline, unchanged=True).verdict is Verdict.PASS


def test_a_new_target_takes_part_from_its_second_scrape():
    # It appears while "absent" is being confirmed, and has the series.
    timeline = Timeline().values([None] * 20).values([1] * 10, start=105.3, instance="new")
    finding = found(timeline, absent=True)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.startswith("was right at 106.000 and wrong again at 107.000: ")
    assert 'instance="new"' in finding.reason


def test_a_target_that_comes_back_takes_part_again():
    timeline = Timeline().values([None] * 40)
    timeline.values([None] * 5, start=100.3, instance="two").values([1] * 10, start=112.3, instance="two")
    finding = found(timeline, absent=True, hold=8)
    assert finding.verdict is Verdict.FAIL
    # Gone from 111.0 on, back at 112.3; it takes part from 113.2 on.
    assert finding.reason.startswith("was right at 113.000 and wrong again at 114.000: ")


def test_series_of_other_jobs_are_not_selected():
    timeline = after(2).values([9] * 6, job="other", instance="x")
    assert found(timeline, equals=2).verdict is Verdict.PASS


# Final outcomes, invalid expectations


def test_unfinished_at_the_end_is_an_error():
    finding = found(after(1), equals=2, now=106, final=True)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == "the step ended before a decision: waiting for a fresh scrape of manager/one"


def test_a_step_that_has_not_settled_is_pending_then_an_error():
    timeline = Timeline()
    timeline._entries = timeline._entries[:2]
    timeline.values(BEFORE)
    assert pending(timeline, equals=2).waiting_for == "the step to settle"
    finding = found(timeline, equals=2, final=True)
    assert finding.reason == "the step ended before a decision: the step to settle"


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"equals": "2"}, "equals: a number is wanted, not the text '2'"),
        ({"equals": "${burn.node}"}, "equals: the template ${burn.node} was not resolved"),
        ({"equls": 2}, "unknown kind of expectation: equls"),
    ],
)
def test_an_expectation_that_cannot_be_judged_is_an_error_and_never_a_pass(spec, reason):
    finding = found(after(2), **spec)
    assert (finding.verdict, finding.reason) == (Verdict.ERROR, reason)


def test_what_the_finding_says_of_the_expectation():
    finding = found(after(2), equals=2, because="two are there", level="should", where={"node": "n1"})
    assert (finding.because, finding.level, finding.kind) == ("two are there", "should", "equals")
    assert finding.promql == 'things{node="n1"}'


def test_evidence_around_the_deciding_scrape():
    finding = found(after(1, 1, 2, 2, 2), equals=2)
    (row,) = finding.evidence["samples"]
    assert row["samples"][-1] == [107.0, 2.0]
    assert len(row["samples"]) == 8
    assert finding.evidence["scrapes"] == [
        {"target": "manager/one", "time": 107.0, "duration": 0.05, "up": True}
    ]
    assert finding.evidence["baseline"][0]["value"] == 0
    assert finding.evidence["baseline_scrapes"][0]["time"] == math.floor(STARTED)


def test_the_nearest_series_are_shown_when_none_is_selected():
    timeline = Timeline().values([1] * 25, labels={"phase": "paused", "kind": "IOChaos"})
    finding = found(timeline, equals=1, where={"phase": "running", "kind": "IOChaos"})
    assert finding.reason.endswith("at the last: no series")
    (near,) = finding.evidence["nearest"]
    assert near["differs"] == {"phase": {"wanted": "running", "found": "paused"}}


def test_judge_says_the_same_as_the_function():
    timeline = after(1, 2, 2)
    recording, item = timeline.recording(), expected(equals=2, hold=1)
    said = Judge(recording).judge(item, 200)
    assert isinstance(said, Finding)
    assert said == judge(recording, item, 200)


def one_more(recording, value):
    recording.add(Samples(layout=0, time=107.0, values=[1, 0.05, value]))


def test_a_pass_stands_only_while_no_later_scrape_of_the_step_says_otherwise():
    recording, item = after(1, 2).recording(), expected(equals=2)
    said = Judge(recording)
    assert decided(said.judge(item, 106.5)).verdict is Verdict.PASS
    one_more(recording, 9)
    finding = decided(said.judge(item, 300))
    assert finding.verdict is Verdict.FAIL
    assert finding.reason == "was right at 106.000 and wrong again at 107.000: the value is 9"
    assert finding == judge(recording, item, 300)


def test_a_pass_that_still_holds_is_the_same_finding():
    recording, item = after(1, 2).recording(), expected(equals=2)
    said = Judge(recording)
    first = said.judge(item, 106.5)
    one_more(recording, 2)
    assert said.judge(item, 300) == first == judge(recording, item, 300)


def test_a_failure_does_not_change_any_more():
    recording, item = after(1, 3).recording(), expected(increases_by=1)
    said = Judge(recording)
    first = decided(said.judge(item, 106.5))
    assert first.verdict is Verdict.FAIL
    one_more(recording, 2)
    assert said.judge(item, 300) == first == judge(recording, item, 300)


# Steps that only wait, and lost scrapes


def test_in_a_step_that_only_waits_what_was_scraped_since_it_started_counts():
    waits, acts = Timeline(action="wait"), Timeline(action="apply")
    for timeline in (waits, acts):
        timeline.values([0, 0, 0, 0]).scrape(SETTLED - 0.2, [({}, 0)])
    assert isinstance(pending(acts, equals=0, now=SETTLED + 0.1), Pending)
    finding = found(waits, equals=0)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == f"true at {SETTLED - 0.2:.3f}"


def test_a_lost_scrape_puts_the_deadline_off_by_one():
    in_time = ["down"] * 4 + [0] * 8 + [2]
    assert found(after(*in_time), equals=2).verdict is Verdict.PASS
    late = found(after(*[0] * 12, 2), equals=2)
    assert late.verdict is Verdict.FAIL
    assert late.layer == "late"


def test_a_target_that_stays_down_does_not_put_it_off_for_ever():
    finding = found(after(*["down"] * 60), equals=2)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason == "target down: manager/one at the deadline"
    assert finding.evidence["scrapes"][0]["time"] <= SETTLED + 10 + 10 + 5 + 1
