"""What could not be told because nothing could be done is no failure, and nothing else is excused."""

import pytest

from harness.judge.finding import Verdict
from harness.judge.overload import observed, summed_up
from harness.judge.replay import judge_step, replay
from harness.recording.model import Note
from harness.recording.overload import Stretch, stretch_of
from tests.fakes.recordings import SETTLED, STARTED, Timeline, expected, within

WRONG = [0] * 30


def overloaded(timeline, what="frozen", began=105.0, ended=110.0, worst=5.0):
    return timeline.at(ended, Stretch(what, began, ended, worst).note())


def finding(timeline, *, end=122.0, **spec):
    timeline.at(0.0, expected(**spec)).mark("ended", end)
    recording = timeline.recording()
    (found,) = judge_step(recording, recording.marks[-1])
    (again,) = replay(timeline.entries(), timeline.manifest)
    assert again == found
    return found


def test_a_note_gives_its_stretch_back():
    stretch = Stretch("cpu", 1.0, 4.5, 60.0)
    assert stretch_of(stretch.note()) == stretch
    assert stretch_of(Note(time=1.0, text="traffic", detail={"answered": 1})) is None
    assert stretch_of(Note(time=1.0, text="?", detail={"overload": {"what": "cpu"}})) is None
    assert stretch_of(Note(time=1.0, text="?", detail={"overload": 3})) is None


@pytest.mark.parametrize(
    ("what", "how"),
    [
        ("frozen", "ticks up to 5.0 s late"),
        ("cpu", "work on the CPU up to 5 times as slow as usual"),
        ("cluster", "answers of the cluster up to 5.0 s late"),
        ("prometheus", "answers of Prometheus up to 5.0 s late"),
    ],
)
def test_what_never_came_in_an_overloaded_time_is_inconclusive(what, how):
    found = finding(overloaded(Timeline().values(WRONG), what), equals=1)
    assert found.verdict is Verdict.ERROR
    assert found.layer == "infrastructure"
    assert found.reason == (
        f"inconclusive: the machine was overloaded ({how}): never within 10 scrapes and 5 more; at the last: "
        "the value is 0"
    )


def test_without_overload_it_is_a_failure():
    assert finding(Timeline().values(WRONG), equals=1).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("began", "ended"),
    [(90.0, STARTED), (121.0, 140.0), (106.0, 107.9)],
    ids=["before the step", "after the decision", "for less than two seconds"],
)
def test_overload_that_does_not_matter_excuses_nothing(began, ended):
    timeline = overloaded(Timeline().values([0] * 60), began=began, ended=ended)
    found = finding(timeline, end=150.0, equals=1)
    assert (found.verdict, found.reason[:5]) == (Verdict.FAIL, "never")


def test_a_short_time_matters_less_in_a_long_wait():
    timeline = overloaded(Timeline().values([0] * 130), ended=107.5)
    assert finding(timeline, end=220.0, equals=1, deadline=90).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("values", "spec", "reason"),
    [
        ([0] * 16 + [1] * 9, {"equals": 1}, "true 2.0 s after the deadline"),
        ([0] * 6 + [1] * 3 + [0] * 20, {"equals": 1}, "was right at"),
        ([1] * 30, {"equals": 1, "known_issue": {"id": "w", "shows": {"equals": 0}}}, "fixed upstream?"),
        ([2] * 30, {"equals": 1, "known_issue": {"id": "w", "shows": {"equals": 0}}}, "neither what is"),
    ],
    ids=["late", "flickers", "fixed", "neither"],
)
def test_every_failure_that_time_decides_is_inconclusive(values, spec, reason):
    found = finding(overloaded(Timeline().values(values)), **spec)
    assert found.verdict is Verdict.ERROR
    assert found.reason.startswith("inconclusive: the machine was overloaded (ticks up to 5.0 s late): ")
    assert reason in found.reason


@pytest.mark.parametrize(("what", "verdict"), [("frozen", Verdict.FAIL), ("cluster", Verdict.ERROR)])
def test_a_counter_past_its_increase_is_wrong_unless_the_targets_were_slow_too(what, verdict):
    timeline = overloaded(Timeline().values([0] * 9 + [2] * 20), what, began=104.0, ended=108.0, worst=4.0)
    assert finding(timeline, increases_by=1).verdict is verdict


@pytest.mark.parametrize(("what", "verdict"), [("frozen", Verdict.FAIL), ("cpu", Verdict.ERROR)])
def test_what_an_oracle_says_otherwise_around_a_scrape_is_wrong_whenever(what, verdict):
    timeline = Timeline().values(WRONG).readings([1] * 60)
    assert finding(overloaded(timeline, what), equals={"oracle": "truth"}).verdict is verdict


def test_what_passed_stays_passed():
    found = finding(overloaded(Timeline().values([1] * 30)), equals=1)
    assert (found.verdict, found.reason[:7]) == (Verdict.PASS, "true at")


def test_an_error_says_how_as_well():
    timeline = overloaded(Timeline().values([0] * 7), began=106.0, ended=120.0, worst=14.0)
    found = finding(timeline, equals=1)
    assert found.verdict is Verdict.ERROR
    assert found.reason.startswith("inconclusive: the machine was overloaded (ticks up to 14.0 s late): ")


def scraped(timeline, times, **target):
    for time in times:
        timeline.scrape(time, [({}, 0)], **target)
    return timeline


EVERY = [float(time) for time in range(100, 128)]
MISSED = [time for time in EVERY if not 107 <= time <= 110]


def test_scrapes_that_prometheus_did_not_make_are_evidence_by_themselves():
    found = finding(scraped(Timeline(), MISSED), equals=1)
    assert found.verdict is Verdict.ERROR
    assert found.reason.startswith("inconclusive: the machine was overloaded (4 of 16 scrapes missing): ")


def test_a_target_that_was_not_scraped_alone_is_none():
    timeline = scraped(scraped(Timeline(), MISSED), EVERY, instance="two")
    recording = timeline.recording()
    assert observed(recording, SETTLED, 120.0) is None


def test_pods_that_follow_each_other_leave_no_gap():
    timeline = scraped(Timeline(), EVERY[:8], instance="old")
    scraped(timeline, EVERY[14:], instance="new")
    assert observed(timeline.recording(), SETTLED, 120.0) is None


def test_a_workload_that_is_killed_is_no_evidence():
    timeline = scraped(Timeline(), MISSED, job="workload", instance="ns/pod-0")
    assert observed(timeline.recording(), SETTLED, 120.0) is None


def test_scrapes_that_fail_are_no_evidence():
    timeline = Timeline().values([0] * 7 + ["down"] * 8 + [0] * 15)
    assert observed(timeline.recording(), SETTLED, 120.0) is None


def timed_out(timeline, busy=None):
    """Scrape a component that answers too late from 106 to 113; the CPU is busy for some of that time."""
    for second in range(30):
        failed = 7 <= second < 15
        duration = 1.0 if failed else 0.1
        timeline.scrape(100.0 + second, [] if failed else [({}, 0)], up=not failed, duration=duration)
    if busy is not None:
        began, ended = busy
        overloaded(timeline, "busy", began, ended, worst=3.0)
    return timeline


def test_scrapes_that_time_out_on_a_busy_cpu_are_evidence_together():
    found = finding(timed_out(Timeline(), (104.0, 120.0)), equals=1, end=135.0)
    assert found.verdict is Verdict.ERROR
    assert found.reason.startswith(
        "inconclusive: the machine was overloaded (work on the CPU up to 3 times as slow as usual, 8 of "
    )


@pytest.mark.parametrize("busy", [None, (90.0, 104.0), (116.0, 120.0)], ids=["idle", "before", "after"])
def test_scrapes_that_time_out_without_a_busy_cpu_are_none(busy):
    assert finding(timed_out(Timeline(), busy), equals=1, end=135.0).verdict is Verdict.FAIL


def test_a_busy_cpu_that_lets_all_scrapes_through_is_none():
    assert finding(overloaded(Timeline().values(WRONG), "busy"), equals=1).verdict is Verdict.FAIL


def test_a_target_that_refuses_at_once_on_a_busy_cpu_is_down():
    timeline = Timeline().values([0] * 7 + ["down"] * 8 + [0] * 15)
    assert finding(overloaded(timeline, "busy", 104.0, 120.0), equals=1, end=135.0).verdict is Verdict.FAIL


def test_stretches_that_overlap_are_counted_once():
    stretches = [Stretch("cpu", 10.0, 14.0, 30.0), Stretch("frozen", 12.0, 15.0, 3.0)]
    overload = summed_up(stretches, 0.0, 20.0, 1.0)
    assert overload is not None
    assert (overload.seconds, overload.of_targets) == (5.0, True)
    assert overload.how == "ticks up to 3.0 s late, work on the CPU up to 30 times as slow as usual"


def test_two_scrapes_at_least_have_to_be_lost():
    assert summed_up([Stretch("cpu", 10.0, 16.0, 30.0)], 0.0, 30.0, 5.0) is None
    assert summed_up([Stretch("cpu", 10.0, 20.0, 30.0)], 0.0, 30.0, 5.0) is not None


def test_a_recording_that_was_cut_off_is_judged_alike():
    timeline = overloaded(Timeline().values(WRONG)).at(0.0, expected(equals=1))
    (found,) = replay(timeline.entries(), timeline.manifest)
    assert found.reason.startswith("inconclusive: ")


@pytest.mark.parametrize(
    ("stretch", "verdict"),
    [(None, Verdict.FAIL), ((105.1, 106.2), Verdict.ERROR), ((105.1, 105.6), Verdict.FAIL)],
    ids=["without", "as long as it is late", "shorter than it is late"],
)
@pytest.mark.parametrize("compared", [False, True])
def test_what_is_late_by_no_more_than_was_lost_is_inconclusive(stretch, verdict, compared):
    timeline = Timeline().values([0] * 7 + [3] * 20)
    timeline.readings([3] * 40)
    if stretch is not None:
        overloaded(timeline, began=stretch[0], ended=stretch[1])
    found = finding(timeline, equals={"oracle": "truth"} if compared else 3, promptness=within(2))
    assert found.verdict is verdict
    assert "late by 3.0 s" in found.reason
