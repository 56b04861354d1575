"""How soon a scrape has to show what has become true, and against what that is measured.

The first fresh scrape is the one at 105, a second after the step settled; with a scrape of 0.05 s the second
is the last that is in time for "within 2 scrapes".
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judge.fault_domains.late import late
from harness.judge.finding import Finding, Pending, Verdict
from harness.judge.judge import judge
from tests.fakes.mutations import mutants_of, subject_of
from tests.fakes.recordings import EXPRESSION, SETTLED, Timeline, expected, found, pending, say, within

NEW = 3
TWO = within(2)


def scraped(*values):
    """Scrape the values from 105 on, after five scrapes with the value 0."""
    return Timeline().values([0] * 5 + list(values))


def shown_after(seconds, *, changed=SETTLED, until=124, cached=None):
    """Scrape a collector that shows the change of a value only later, or a copy of so many seconds."""

    def shown(time):
        looked = time if cached is None else changed - 0.5 + (time - changed + 0.5) // cached * cached
        return NEW if looked >= changed + seconds else 0

    return Timeline().values([shown(100.0 + second) for second in range(until - 100)])


def test_what_a_scrape_shows_at_once_passes_and_says_how_soon():
    finding = found(scraped(NEW, NEW), equals=NEW, promptness=TWO)
    assert finding.verdict is Verdict.PASS
    assert finding.evidence["visibility"] == {
        "produced": "at_scrape",
        "seconds": 1.0,
        "since": SETTLED,
        "told_by": "settled",
        "within": 2,
    }


def test_the_last_scrape_that_is_in_time_passes_and_the_next_is_late():
    assert found(scraped(0, NEW), equals=NEW, promptness=TWO).verdict is Verdict.PASS
    finding = found(scraped(0, 0, NEW), equals=NEW, promptness=TWO)
    assert finding.verdict is Verdict.FAIL
    assert finding.layer == "late"
    assert finding.reason == (
        "late by 3.0 s: the step settled at 104.000, a scrape must show it within 2 scrapes, and the first"
        " one that does began at 107.000"
    )
    assert finding.evidence["visibility"]["seconds"] == 3.0


def test_a_collector_that_caches_for_10_seconds_is_late():
    finding = found(shown_after(0, cached=10), equals=NEW, promptness=TWO)
    assert (finding.verdict, finding.layer) == (Verdict.FAIL, "late")
    assert finding.reason.startswith("late by 10.0 s: ")


@pytest.mark.parametrize("phase", [0.0, 0.3, 0.6, 0.9])
def test_a_counter_that_counts_3_seconds_late_is_late_at_any_phase_of_the_scrapes(phase):
    finding = found(
        shown_after(3, changed=SETTLED - phase), increases_by=NEW, promptness=within(2, "at_event")
    )
    assert (finding.verdict, finding.layer) == (Verdict.FAIL, "late")


def test_a_recording_without_promptness_has_the_deadline_of_10_scrapes():
    finding = found(shown_after(0, cached=10), equals=NEW)
    assert finding.verdict is Verdict.PASS
    assert "visibility" not in finding.evidence


def test_the_deadline_of_the_scenario_overrides():
    slow = shown_after(6)
    assert found(slow, equals=NEW, deadline=8, promptness=within(8)).verdict is Verdict.PASS
    finding = found(slow, equals=NEW, deadline=4, promptness=within(4))
    assert finding.reason.startswith(
        "late by 6.0 s: the step settled at 104.000, a scrape must show it within 4"
    )


def test_what_never_comes_is_no_matter_of_time():
    finding = found(scraped(*[0] * 20), equals=NEW, promptness=TWO)
    assert finding.layer != "late"
    assert finding.reason == "never within 10 scrapes and 5 more; at the last: the value is 0"


def test_a_target_that_was_down_puts_it_off():
    assert found(scraped("down", 0, NEW), equals=NEW, promptness=TWO).verdict is Verdict.PASS
    assert found(scraped("down", 0, 0, NEW), equals=NEW, promptness=TWO).layer == "late"


# Against the change of an oracle


def told(changed, timeline, *, until=124, oracle="truth"):
    """Read an oracle twice between two scrapes: the new value since it has changed."""
    count = int((until - SETTLED) * 2)
    return timeline.readings(
        [NEW if SETTLED + index * 0.5 >= changed else 0 for index in range(count)], oracle=oracle
    )


COMPARED = {"equals": {"oracle": "truth"}, "promptness": TWO}


def test_the_product_may_take_its_time():
    # Until then both say 0, and what is right has to stay right.
    at_once = told(111.0, shown_after(0, changed=111.0))
    assert found(at_once, **COMPARED, hold=12).verdict is Verdict.PASS


@pytest.mark.parametrize("settles", [111.0, 117.0])
def test_late_is_measured_from_the_reading_that_said_so_first(settles):
    """Nothing can be compared before: the oracle goes on changing."""

    def changing(seconds):
        timeline = Timeline().values([NEW if 100.0 + s >= settles + seconds else 0 for s in range(30)])
        for index in range(44):
            time = SETTLED + index * 0.5
            timeline.reading(time, NEW if time >= settles else 100 + index)
        return timeline

    prompt = found(changing(1), **COMPARED)
    assert prompt.verdict is Verdict.PASS
    assert prompt.evidence["visibility"]["told_by"] == "truth"
    assert prompt.evidence["visibility"]["since"] == pytest.approx(settles + 0.02)
    slow = found(changing(3), **COMPARED)
    if settles == 111.0:
        assert slow.reason.startswith(f"late by 3.0 s: the oracle truth said so at {settles + 0.02:.3f}, ")
        assert slow.layer == "late"
    else:
        assert slow.verdict is not Verdict.PASS


def test_a_cache_is_late_against_the_oracle_too():
    finding = found(told(SETTLED, shown_after(0, cached=10)), **COMPARED)
    assert (finding.verdict, finding.layer) == (Verdict.FAIL, "late")


def test_an_oracle_that_is_followed_tells_when_a_counter_had_to_grow():
    spec = {"increases_by": NEW, "promptness": within(2, "at_event", oracle="events")}
    prompt = told(109.0, shown_after(0.5, changed=109.0), oracle="events")
    assert found(prompt, **spec).verdict is Verdict.PASS
    slow = told(109.0, shown_after(3, changed=109.0), oracle="events")
    finding = found(slow, **spec)
    assert (finding.verdict, finding.layer) == (Verdict.FAIL, "late")
    assert finding.reason.startswith("late by 3.0 s: the oracle events said so at 109.020, ")


def test_what_an_oracle_says_of_others_does_not_put_it_off():
    timeline = Timeline().values([0] * 8 + [NEW] * 12, labels={"reason": "Applied"})
    for index in range(40):
        points = [({"reason": "Applied"}, NEW), ({"reason": "Failed"}, index)]
        timeline.reading(SETTLED + index * 0.5, points, oracle="events")
    finding = found(
        timeline,
        where={"reason": "Applied"},
        increases_by=NEW,
        promptness=within(2, "at_event", oracle="events"),
    )
    assert finding.layer == "late"


def test_the_reading_after_the_scrape_is_waited_for():
    spec = {"increases_by": NEW, "promptness": within(2, "at_event", oracle="events")}
    timeline = scraped(0, 0, 0, NEW)
    timeline.reading(SETTLED + 0.1, 0, oracle="events")
    timeline.reading(107.5, 0, oracle="events")
    said = pending(timeline, **spec, now=108.2)
    assert said.waiting_for.startswith("a reading of events after the scrape")
    timeline.reading(108.2, NEW, oracle="events")
    assert found(timeline, **spec, now=108.3).verdict is Verdict.PASS


def test_without_any_answer_of_the_oracle_nobody_knows():
    timeline = scraped(0, 0, 0, *[NEW] * 20)
    spec = {"increases_by": NEW, "promptness": within(2, "at_event", oracle="events")}
    finding = found(timeline, **spec)
    assert (finding.verdict, finding.layer) == (Verdict.ERROR, "infrastructure")


def test_a_product_that_took_longer_than_is_waited_for_is_still_no_lateness_of_the_metric():
    spec = {"increases_by": NEW, "promptness": within(2, "at_event", oracle="events")}
    slow = told(116.0, shown_after(0, changed=116.0), oracle="events")
    assert found(slow, **spec).verdict is Verdict.PASS
    never = told(120.0, shown_after(0, changed=120.0), oracle="events")
    assert found(never, **spec).reason == "never within 10 scrapes and 5 more; at the last: the increase is 0"


# Known issues, expressions


def test_a_known_issue_has_to_show_in_time_too():
    spec = {"equals": 9, "known_issue": {"id": "x", "shows": {"equals": NEW}}, "promptness": TWO}
    assert found(scraped(0, NEW, NEW, NEW), **spec).verdict is Verdict.KNOWN_ISSUE
    finding = found(scraped(0, 0, 0, NEW, NEW, NEW), **spec)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.startswith("known issue x: late by 4.0 s: ")


def test_an_expression_can_be_late():
    answered = Timeline().answers([0] * 8 + [NEW] * 20)
    finding = found(answered, promql=EXPRESSION, equals=NEW, promptness=TWO)
    assert finding.layer == "late"


def test_nothing_is_visible_where_nothing_changed():
    assert "visibility" not in found(scraped(0, 0, 0), equals=0, promptness=TWO).evidence


def test_the_explanation_says_which_deadline_would_have_been_enough():
    timeline = scraped(0, 0, 0, NEW)
    finding = found(timeline, equals=NEW, promptness=TWO)
    said = late(timeline.recording(), finding)
    assert said.layer == "late"
    assert "4 scrapes after the step settled" in said.told[1]


# Mutation


def test_a_mutant_that_is_late_by_one_scrape_is_killed():
    subject = subject_of(scraped(NEW, NEW, NEW, NEW, NEW), equals=NEW, promptness=TWO)
    found_ = mutants_of(subject, "delay")
    just = found_["2 scrapes, just past the deadline"]
    assert subject.judge(just.table) is Verdict.FAIL
    assert subject.judge(found_["1 scrape"].table) is Verdict.PASS


def test_the_oracle_that_is_followed_goes_on_for_a_mutant_too():
    spec = {"increases_by": NEW, "promptness": within(2, "at_event", oracle="events")}
    timeline = scraped(NEW, NEW, NEW, NEW, NEW)
    timeline.reading(104.1, NEW, oracle="events").reading(105.1, NEW, oracle="events")
    for mutant in mutants_of(subject_of(timeline, **spec), "delay").values():
        subject = subject_of(timeline, **spec)
        assert subject.judge(mutant.table) is (Verdict.PASS if mutant.detail == "1 scrape" else Verdict.FAIL)


def test_a_mutant_is_only_late_by_what_the_oracle_that_is_followed_says():
    spec = {"increases_by": NEW, "promptness": within(2, "at_event", oracle="events")}
    timeline = scraped(0, NEW, NEW, NEW, NEW)
    timeline.reading(104.1, 0, oracle="events").reading(105.9, NEW, oracle="events")
    timeline.reading(106.2, NEW, oracle="events")
    subject = subject_of(timeline, **spec)
    assert subject.deadline == pytest.approx(105.92 + 2 + 0.05)
    delays = mutants_of(subject, "delay")
    assert subject.judge(delays["2 scrapes, just past the deadline"].table) is Verdict.FAIL


# Whatever the values: what is said does not depend on when it is asked, and no late scrape ever passes.


@given(
    delay=st.integers(0, 14),
    scrapes=st.integers(1, 4),
    changed=st.integers(0, 6),
    oracle=st.booleans(),
)
def test_it_passes_exactly_when_a_scrape_shows_it_in_time(delay, scrapes, changed, oracle):
    truth_at = SETTLED + (changed if oracle else 0)
    timeline = shown_after(delay + 0.4, changed=truth_at, until=140)
    if oracle:
        told(truth_at, timeline, until=140, oracle="events")
    spec = {"increases_by": NEW, "promptness": within(scrapes, oracle="events" if oracle else "")}
    finding = found(timeline, **spec)
    shown = delay + 1
    in_time = shown <= scrapes
    assert (finding.verdict is Verdict.PASS) == in_time
    if not in_time and changed * oracle + shown <= 15:
        assert finding.reason.startswith("late by ")


@given(delay=st.integers(0, 12), oracle=st.booleans())
def test_what_was_said_once_is_said_at_any_later_time(delay, oracle):
    timeline = shown_after(delay, until=130)
    if oracle:
        told(SETTLED, timeline, until=130, oracle="events")
    spec = {"increases_by": NEW, "promptness": within(2, oracle="events" if oracle else "")}
    whole = found(timeline, **spec)
    said = judge(timeline.recording(), expected(**spec), 121.0)
    assert isinstance(said, Finding | Pending)
    assert say(timeline, now=200.0, **spec) == whole
