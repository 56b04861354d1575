"""A chaos that ends by itself while another expectation waits is no failure of the product."""

import pytest

from harness.judge.finding import Verdict
from harness.judge.judge import Judge
from harness.judge.replay import judge_step, replay
from harness.recording.model import KubernetesEvent, Mark, Note, Recording
from harness.recording.notes import ENDED
from tests.fakes.recordings import Timeline, expected

ENDS = 110.6
SHOWN = [0] * 5 + [1] * 6 + [0] * 20
"""Right from the first fresh scrape at 105 on, until the one at 110."""
ISSUE = {"equals": 5, "known_issue": {"id": "w", "shows": {"equals": 1}}}


def ended(timeline, time=ENDS, what="StressChaos burn"):
    note = Note(time=120.0, text="ended", detail={ENDED: {"what": what, "time": time}})
    return timeline.at(121.9, note)


def told(timeline, reason, time=ENDS, kind="StressChaos"):
    event = KubernetesEvent(
        time=time,
        namespace="ns",
        kind=kind,
        object="burn",
        component="desiredphase",
        event_type="Normal",
        reason=reason,
        message="",
    )
    return timeline.at(121.9, event)


def findings(timeline, *specs, end=122.0):
    """Judge as the runner does, tick by tick, and again as a replay does."""
    for index, spec in enumerate(specs):
        timeline.at(0.0, expected(identity=f"0.{index}", **spec))
    timeline.mark("ended", end)
    recording = None
    for _, entry in timeline.timed():
        if recording is None:
            recording, judging = _growing(timeline)
        recording.add(entry)
        if isinstance(entry, Mark) and entry.name == "ended":
            found = judge_step(recording, entry, judging)
            break
        for item in recording.expected_of(0):
            judging.judge(item, getattr(entry, "time", 0.0))
    assert replay(timeline.entries(), timeline.manifest) == found
    return found


def _growing(timeline):
    recording = Recording(timeline.manifest)
    return recording, Judge(recording)


def test_what_held_until_the_end_has_passed_while_another_one_is_wrong():
    good, wrong = findings(ended(Timeline().values(SHOWN)), {"equals": 1}, {"equals": 7})
    assert (good.verdict, good.reason) == (Verdict.PASS, "true at 105.000")
    assert wrong.verdict is Verdict.ERROR
    assert wrong.reason == (
        "inconclusive: StressChaos burn ended by its own duration at 110.600, before this was decided: never "
        "within 10 scrapes and 5 more; at the last: the value is 1"
    )
    assert wrong.actual[0]["value"] == 1.0


def test_what_was_wrong_for_its_whole_time_is_a_failure_that_says_when_the_chaos_ended():
    _, wrong = findings(ended(Timeline().values(SHOWN)), {"equals": 1}, {"equals": 7, "deadline": 4})
    assert wrong.verdict is Verdict.FAIL
    assert wrong.reason == (
        "never within 4 scrapes and 5 more; at the last: the value is 1; StressChaos burn ended by its own "
        "duration at 110.600"
    )


def test_a_known_issue_that_showed_until_the_end_has_shown():
    (found,) = findings(ended(Timeline().values(SHOWN)), ISSUE)
    assert (found.verdict, found.known_issue) == (Verdict.KNOWN_ISSUE, "w")


def test_without_an_end_both_are_failures():
    for found in findings(Timeline().values(SHOWN), {"equals": 1}, ISSUE):
        assert found.verdict is Verdict.FAIL


@pytest.mark.parametrize("time", [90.0, 103.9, 112.0], ids=["long ago", "before the step settled", "later"])
def test_an_end_at_another_time_excuses_nothing(time):
    (found,) = findings(ended(Timeline().values(SHOWN), time), {"equals": 1})
    assert found.verdict is Verdict.FAIL
    assert found.reason.startswith("was right at 110.000 and wrong again at 111.000")


def test_what_had_not_held_for_long_enough_is_inconclusive():
    (found,) = findings(ended(Timeline().values(SHOWN)), {"equals": 1, "hold": 8})
    assert found.verdict is Verdict.ERROR
    assert found.reason.startswith("inconclusive: StressChaos burn ended by its own duration at 110.600")


def test_what_only_holds_after_the_end_may_still_come_true():
    (found,) = findings(ended(Timeline().values(SHOWN)), {"equals": 0, "deadline": 10})
    assert (found.verdict, found.reason[:15]) == (Verdict.PASS, "true at 111.000")


def test_a_counter_that_goes_on_with_the_end_is_no_failure():
    values = [0] * 5 + [1] * 6 + [3] * 20
    one, two = findings(ended(Timeline().values(values)), {"increases_by": 1}, {"increases_by": 2})
    assert one.verdict is Verdict.PASS
    assert two.verdict is Verdict.ERROR


def test_a_counter_past_its_increase_before_the_end_is_one():
    values = [0] * 5 + [3] * 26
    (found,) = findings(ended(Timeline().values(values)), {"increases_by": 2})
    assert (found.verdict, found.reason) == (Verdict.FAIL, "the increase is 3")


def test_a_fixed_issue_is_seen_before_the_end_and_not_only_after_it():
    issue = {"equals": 1, "known_issue": {"id": "w", "shows": {"equals": 9}}}
    (fixed,) = findings(ended(Timeline().values(SHOWN)), issue)
    assert (fixed.verdict, fixed.reason[:6]) == (Verdict.FAIL, "fixed ")
    (after,) = findings(ended(Timeline().values(SHOWN)), {**issue, "equals": 0})
    assert after.verdict is Verdict.ERROR


@pytest.mark.parametrize(
    ("reason", "kind", "what"),
    [
        ("TimeUp", "StressChaos", "ended by its own duration"),
        ("DeadlineExceed", "WorkflowNode", "ended by its own deadline"),
        ("ParentNodeDeadlineExceed", "WorkflowNode", "ended by the deadline of its parent"),
        ("NodeAccomplished", "WorkflowNode", "was accomplished"),
        ("WorkflowAccomplished", "Workflow", "was accomplished"),
        ("Spawned", "Schedule", "fired again"),
    ],
)
def test_what_goes_on_by_itself_is_told_by_its_events(reason, kind, what):
    timeline = told(Timeline().values(SHOWN), reason, kind=kind)
    good, wrong = findings(timeline, {"equals": 1}, {"equals": 7})
    assert good.verdict is Verdict.PASS
    assert f"inconclusive: {kind} burn {what} at 110.600" in wrong.reason


def test_any_other_event_says_nothing():
    (found,) = findings(told(Timeline().values(SHOWN), "Recovered"), {"equals": 1})
    assert found.verdict is Verdict.FAIL
