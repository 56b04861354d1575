from harness.judge.finding import Verdict
from harness.judge.replay import replay
from tests.fakes.recordings import Timeline, expected


def entries(timeline, *items):
    return [*items, *timeline.entries()]


def test_a_step_is_judged_at_its_end_with_what_came_before():
    timeline = Timeline().values([0] * 5 + [2, 2, 2, 9]).mark("ended", 107.5)
    finding, other = replay(
        entries(timeline, expected(equals=2, hold=2), expected(identity="0.1", equals=9)), timeline.manifest
    )
    assert finding.verdict is Verdict.PASS
    # The scrape with 9 was recorded after the end.
    assert other.verdict is Verdict.ERROR
    assert other.reason.startswith("the step ended before a decision: ")


def test_a_recording_that_was_cut_off_has_errors_for_what_was_undecided():
    timeline = Timeline().values([0] * 5 + [2, 2])
    decided, undecided, never_begun = replay(
        entries(
            timeline,
            expected(equals=2),
            expected(identity="0.1", equals=9),
            expected(identity="1.0", step=1, equals=9),
        ),
        timeline.manifest,
    )
    assert decided.verdict is Verdict.PASS
    assert undecided.verdict is never_begun.verdict is Verdict.ERROR
    assert undecided.reason.startswith("the recording ends before a decision: waiting for ")
    assert never_begun.reason == "the recording ends before a decision: waiting for the step to start"


def test_entries_are_taken_one_by_one():
    timeline = Timeline().values([0] * 5 + [2]).mark("ended", 106)
    assert replay(iter(entries(timeline, expected(equals=2))), timeline.manifest)[0].verdict is Verdict.PASS


def test_nothing_expected_gives_nothing():
    assert replay([], Timeline().manifest) == []
