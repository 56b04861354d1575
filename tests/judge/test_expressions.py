"""Expectations about what a PromQL expression gives."""

import math

import pytest

from harness.judge.finding import Verdict
from harness.judge.judge import Judge
from harness.recording.model import Recording
from tests.fakes.recordings import EXPRESSION, Timeline, decided, expected, found, pending


def given(*values, before=5):
    return Timeline().answers([before] * 5 + list(values))


def about(timeline, **spec):
    return found(timeline, promql=EXPRESSION, **spec)


def test_the_answer_at_a_fresh_scrape_decides():
    finding = about(given(*[7] * 20), equals=7)
    assert finding.verdict is Verdict.PASS
    assert finding.reason == "true at 105.000"
    assert finding.promql == EXPRESSION
    assert finding.metric == ""
    assert finding.actual == [{"labels": {}, "value": 7.0}]


def test_a_wrong_answer_fails():
    finding = about(given(*[7] * 20), equals=8)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("at the last: the value is 7")
    assert finding.evidence["samples"][0]["samples"][-1] == [119.0, 7.0]


def test_an_answer_from_before_the_step_says_nothing():
    timeline = Timeline()
    for time in range(100, 125):
        timeline.scrape(float(time))
    timeline.answer(103.0, 7)
    assert pending(timeline, promql=EXPRESSION, equals=7, now=110).waiting_for == "Prometheus' answer"
    finding = found(timeline, promql=EXPRESSION, equals=7, now=1000.0, final=True)
    assert finding.verdict is Verdict.ERROR


def test_it_is_asked_for_the_states_times_and_the_baselines():
    recording = Recording(Timeline().manifest)
    timeline = Timeline()
    for time in range(100, 108):
        timeline.scrape(float(time))
    waiting = timeline.timed()
    judge, asked = Judge(recording), []
    for time, entry in waiting:
        recording.add(entry)
        judge.judge(expected(promql=EXPRESSION, equals=7), time)
        while asks := judge.asks([expected(promql=EXPRESSION, equals=7)]):
            for expression, at in asks:
                assert expression == EXPRESSION
                assert at <= time
                asked.append(at)
                recording.add(Timeline().answer(at, 7, asked=time).timed()[-1][1])
            said = judge.judge(expected(promql=EXPRESSION, equals=7), time)
    # What was right before stays to be looked at; each state once.
    assert asked == [103.0, 105.0, 106.0, 107.0]
    assert decided(said).verdict is Verdict.PASS


def test_what_another_step_still_asks_for_is_not_waited_for():
    recording = Recording(Timeline().manifest)
    timeline = Timeline()
    for time in range(100, 107):
        timeline.scrape(float(time))
    for _, entry in timeline.timed():
        recording.add(entry)
    judge, item = Judge(recording), expected(promql=EXPRESSION, equals=7)
    judge.judge(item, 107.0)
    assert judge.asks([item])
    assert judge.asks([item.model_copy(update={"id": "1.0", "step": 1})]) == set()


def test_what_it_was_right_before_has_to_stay_for_three_states():
    assert about(given(5, 5, 6, *[6] * 20), equals=5).verdict is Verdict.FAIL


def test_a_pass_is_taken_back_by_a_later_answer():
    finding = about(given(7, 7, 8, *[8] * 20), equals=7)
    assert finding.verdict is Verdict.FAIL
    assert "wrong again at 107.000" in finding.reason


def test_nothing_is_absent_and_never_0():
    nothing = given(*[None] * 20)
    assert about(nothing, absent=True).verdict is Verdict.PASS
    assert about(nothing, equals=0).verdict is Verdict.FAIL
    assert about(nothing, present=True).verdict is Verdict.FAIL
    assert about(given(*[0] * 20), absent=True).verdict is Verdict.FAIL


def test_a_target_that_is_down_makes_no_answer_count():
    timeline = Timeline()
    for time in range(100, 130):
        timeline.scrape(float(time), up=time < 105).answer(float(time), [])
    finding = about(timeline, absent=True)
    assert finding.verdict is Verdict.ERROR
    assert finding.reason.startswith("target down")


def test_the_increase_of_an_expression():
    assert about(given(7, *[7] * 20), increases_by=2).verdict is Verdict.PASS
    assert about(given(8, *[8] * 20), increases_by=2).verdict is Verdict.FAIL
    assert about(given(3, *[3] * 20, before=None), increases_by=3).verdict is Verdict.PASS


def test_a_fall_is_no_increase_and_no_reset_either():
    finding = about(given(2, *[2] * 20), increases_by=2)
    assert finding.verdict is Verdict.FAIL
    assert "{} fell by 3: no counter does, unless it was reset" in finding.reason
    assert about(given(2, *[2] * 20), increases_by={"oracle": "truth"}).verdict is Verdict.ERROR


def test_every_other_kind():
    pair = [({"phase": "running"}, 1), ({"phase": "paused", "__name__": "x"}, 2)]
    wanted = [{"phase": "running", "value": 1}, {"phase": "paused", "value": 2}]
    timeline = given(*[pair] * 20)
    assert about(timeline, series=wanted).verdict is Verdict.PASS
    assert about(timeline, series=wanted[:1]).verdict is Verdict.FAIL
    assert about(given(*[5] * 20), unchanged=True).verdict is Verdict.PASS
    assert about(given(*[5, 5, 6] * 20), unchanged=True).verdict is Verdict.FAIL
    assert about(given(*[7] * 20), between=[6, 8]).verdict is Verdict.PASS
    assert about(given(*[7] * 20), within={"value": 6, "abs": 0.5}).verdict is Verdict.FAIL
    truth = given(*[7] * 20).readings([7] * 40)
    assert about(truth, equals={"oracle": "truth"}).verdict is Verdict.PASS


def test_a_known_issue_in_an_expression():
    issue = {"id": "w", "shows": {"equals": 7}}
    assert about(given(*[7] * 20), equals=8, known_issue=issue).verdict is Verdict.KNOWN_ISSUE
    assert about(given(*[8] * 20), equals=8, known_issue=issue).verdict is Verdict.FAIL
    assert about(given(*[9] * 20), equals=8, known_issue=issue).verdict is Verdict.FAIL


def answered(**said):
    timeline = Timeline()
    for time in range(100, 130):
        timeline.scrape(float(time)).answer(float(time), **said)
    return timeline


REFUSED = {"error_type": "bad_data", "error": "1:5: parse error: unclosed"}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (REFUSED, "Prometheus refused the expression: 1:5: parse error: unclosed"),
        (
            {"error_type": "execution", "error": "twice"},
            "nothing could be compared near the deadline: Prometheus refused the expression: twice",
        ),
        (
            {"result_type": "scalar"},
            "the expression gives a scalar: it has no series, and is NaN where there is nothing;"
            " use vector()",
        ),
        ({"result_type": "matrix"}, "the expression gives a range vector, not an instant vector"),
        ({"result_type": "string"}, "the expression gives a string, not an instant vector"),
        (
            {"vector": 7, "warnings": ["mixed"]},
            "nothing could be compared near the deadline: Prometheus answered with a warning: mixed",
        ),
        (
            {"vector": [], "histograms": 2},
            "nothing could be compared near the deadline: the expression gives 2 native histograms, which are"
            " no numbers: use histogram_count(), histogram_sum() or histogram_quantile()",
        ),
    ],
)
@pytest.mark.parametrize("spec", [{"equals": 7}, {"absent": True}, {"increases_by": 0}, {"unchanged": True}])
def test_what_is_no_answer_is_an_error_of_the_query_and_never_a_verdict(said, reason, spec):
    finding = about(answered(**said), **spec)
    assert finding.verdict is Verdict.ERROR
    assert finding.layer == "query"
    assert reason.rpartition(": ")[2] in finding.reason
    if "equals" in spec:
        assert finding.reason == reason


def test_a_refusal_that_passes_is_passed_over():
    timeline = Timeline()
    for time in range(100, 130):
        timeline.scrape(float(time))
        if time == 105:
            timeline.answer(105.0, error_type="execution", error="for the moment")
        else:
            timeline.answer(float(time), 7)
    assert about(timeline, equals=7).reason.startswith("true at 106.000")


def test_nan_fulfils_nothing():
    finding = about(given(*[math.nan] * 20), equals=0)
    assert finding.verdict is Verdict.FAIL
    assert finding.reason.endswith("the value is NaN")
    assert about(given(*[math.nan] * 20), at_most=9).verdict is Verdict.FAIL


def test_infos_are_shown_and_decide_nothing():
    timeline = Timeline().answers([5] * 5 + [7] * 20, infos=["might not be a counter"])
    finding = about(timeline, equals=7)
    assert finding.verdict is Verdict.PASS
    assert finding.evidence["answer"]["infos"] == ["might not be a counter"]
