"""What a person reads of each kind of failure, word by word.

The texts are in `explanations/`, one file a case. To write them anew, run this file with the environment
variable `EXPLANATIONS=renew`, and read the difference before you keep it.
"""

import math
import os
from pathlib import Path

import pytest

from harness.judge.finding import Verdict
from harness.judge.replay import judge_step
from harness.recording.notes import FETCH_FAILED, TARGETS
from harness.report.text import finding_lines
from tests.fakes.recordings import EXPRESSION, Timeline, expected

FOLDER = Path(__file__).parent / "explanations"
ENDED = 123.0
RUNNING, PAUSED = {"phase": "running"}, {"phase": "paused"}
OWN = {"namespace": "ns", "kind": "Pod"}


def explained(timeline, **spec):
    """Judge and explain one expectation at the end of its step."""
    timeline.mark("ended", ENDED)
    recording = timeline.recording()
    recording.add(expected(**spec))
    (finding,) = judge_step(recording, recording.marks[-1])
    return finding


def steady(*series, before=()):
    """Scrapes from 100 to 122: `before` until the step settled, then always the same."""
    timeline = Timeline()
    for second in range(100, 123):
        timeline.scrape(float(second), before if second < 105 else series)
    return timeline


def asked(timeline, exposed, *, oracle="truth", key="{}", metric_type="gauge", unasked="", **more):
    """Add what is recorded when a failure is about to be reported: the look is between 121 and 122."""
    timeline.looked(120.2, metric_type=metric_type, oracle=oracle, key=key, unasked=unasked)
    return timeline.look(121.4, exposed, metric_type=metric_type, **more)


def told(timeline, vector, *, oracle="truth"):
    """Read an oracle before and after the scrapes around the look."""
    return timeline.reading(120.5, vector, oracle=oracle).reading(122.5, vector, oracle=oracle)


def target_down():
    timeline = Timeline().values([1] * 5 + ["down"] * 18)
    row = {"job": "manager", "instance": "one", "health": "down", "last_error": "connection refused"}
    return explained(timeline.note(122.5, "targets", {TARGETS: [row]}), equals=1)


def not_scraped():
    return explained(Timeline().values([1] * 8), equals=2)


def prometheus_silent():
    timeline = Timeline().values([1] * 5)
    for second in range(106, 109):
        timeline.note(second, "fetching samples failed", {FETCH_FAILED: "cannot query Prometheus: no answer"})
    return explained(timeline, equals=1)


def oracle_unreadable():
    timeline = steady(({}, 1)).readings([None] * 36, error="the daemon does not answer")
    return explained(timeline, equals={"oracle": "truth"})


def oracle_changing():
    return explained(steady(({}, 1)).readings([1, 2, 3] * 12), equals={"oracle": "truth"})


def no_baseline():
    timeline = Timeline().values([1] * 18, start=105.0)
    return explained(timeline, increases_by=1)


def job_never_scraped():
    return explained(steady(({}, 1)), absent=True, jobs=["manager", "daemon"])


def no_such_target():
    return explained(steady(({}, 1)), equals=1, where={"node": "n9"})


def late():
    return explained(Timeline().values([1] * 17 + [2] * 6), equals=2)


def late_expression():
    timeline = Timeline()
    for second in range(100, 123):
        timeline.scrape(float(second)).answer(float(second), 2 if second > 116 else 1)
    return explained(timeline, promql=EXPRESSION, equals=2)


def waiver_to_remove():
    issue = {"id": "counted-twice", "shows": {"equals": 2}}
    return explained(steady(({}, 1)), equals=1, known_issue=issue)


def several_series():
    return explained(steady((RUNNING, 1), (PAUSED, 2)), equals=1)


def misspelt_label():
    return explained(steady((RUNNING, 1)), equals=1, where={"phase": "runing"})


def another_label_value():
    timeline = told(asked(steady((OWN | RUNNING, 1)), [(OWN | RUNNING, 1)]), [(OWN | RUNNING, 1)])
    return explained(timeline, equals=1, where={"namespace": "ns", "phase": "finished"})


def no_series_at_all():
    timeline = asked(steady(), [], oracle=None, unasked="there is no oracle of things")
    return explained(timeline, present=True)


def not_a_number():
    timeline = asked(steady(({}, math.nan)), [({}, math.nan)], oracle=None)
    return explained(timeline, at_least=1)


def native_histogram():
    return explained(steady().histogram(106.0), absent=True)


def expression_refused():
    timeline = steady()
    for second in range(100, 123):
        timeline.answer(float(second), error="parse error: unexpected end", error_type="bad_data")
    return explained(timeline, promql=EXPRESSION, equals=1)


def expression_empty():
    return explained(Timeline().answers([None] * 23), promql=EXPRESSION, equals=1)


def expression_not_a_number():
    infos = ["metric might not be a counter: things"]
    return explained(Timeline().answers([math.nan] * 23, infos=infos), promql=EXPRESSION, equals=1)


def expression_wrong():
    return explained(Timeline().answers([2] * 23), promql=EXPRESSION, equals=1)


def dropped_by_the_scrape():
    timeline = told(asked(steady((PAUSED, 1)), [(PAUSED, 1), (RUNNING, 1)]), [(PAUSED, 1), (RUNNING, 1)])
    return explained(timeline, equals=1, where=RUNNING)


def renamed_by_the_scrape():
    timeline = asked(steady(({"exported_phase": "running"}, 7)), [(RUNNING, 7)])
    return explained(timeline, equals=7, where=RUNNING)


def no_longer_exposed():
    return explained(asked(steady((RUNNING, 1)), []), absent=True)


def stored_with_another_value():
    return explained(asked(steady((RUNNING, 1)), [(RUNNING, 2)]), equals=2)


def exposed_twice():
    return explained(asked(steady((RUNNING, 1)), [(RUNNING, 1), (RUNNING, 2)]), equals=3)


def type_of_the_catalogue():
    timeline = (
        steady(({}, 1)).looked(120.2, metric_type="counter").look(121.4, [({}, 1)], metric_type="gauge")
    )
    return explained(timeline, increases_by=2)


def type_that_changes():
    timeline = asked(steady(({}, 1)), [({}, 1)], metric_type="gauge")
    return explained(timeline.look(102.4, [({}, 1)], metric_type="counter"), equals=2)


def wrong_by_its_own_oracle():
    timeline = asked(steady(({}, 0)), [({}, 0)]).readings([2] * 40)
    return explained(timeline, equals={"oracle": "truth"})


def wrong_by_the_oracle_of_the_catalogue():
    timeline = told(asked(steady((OWN | RUNNING, 2)), [(OWN | RUNNING, 2)]), [(OWN | RUNNING, 1)])
    return explained(timeline, equals=1, where={"namespace": "ns"})


def not_exposed_and_should_be():
    timeline = told(asked(steady((OWN | PAUSED, 1)), [(OWN | PAUSED, 1)]), [(OWN | RUNNING, 1)])
    return explained(timeline, equals=1, where={"namespace": "ns", "phase": "running"})


def wrong_and_not_asked():
    return explained(steady(({}, 0)).readings([2] * 40), equals={"oracle": "truth"})


def wrong_and_the_look_failed():
    timeline = asked(steady(({}, 0)), None, error="HTTP 503").readings([2] * 40)
    return explained(timeline, equals={"oracle": "truth"})


def truth_is_told():
    timeline = told(asked(steady((OWN | RUNNING, 1)), [(OWN | RUNNING, 1)]), [(OWN | RUNNING, 1)])
    series = [{"kind": "Pod", "phase": "running", "value": 2}, {"kind": "Pod", "phase": "paused", "value": 1}]
    return explained(timeline, series=series, where={"namespace": "ns"})


def truth_of_one_number():
    timeline = told(asked(steady(({}, 1)), [({}, 1)]), 1)
    return explained(timeline, equals=2)


def truth_but_another_oracle_is_expected():
    timeline = told(asked(steady(({}, 1)), [({}, 1)]), 1).readings([2] * 40, oracle="other")
    return explained(timeline, equals={"oracle": "other"})


def gone_and_rightly_so():
    timeline = steady(before=[(OWN | RUNNING, 1)])
    return explained(told(asked(timeline, []), []), unchanged=True, where={"namespace": "ns"})


def changed_since_the_decision():
    timeline = Timeline().values([1] * 20 + [2] * 3)
    return explained(told(asked(timeline, [({}, 2)]), 2), equals=3)


def no_oracle_of_the_metric():
    timeline = asked(
        steady((RUNNING, 1)), [(RUNNING, 1)], oracle=None, unasked="there is no oracle of things"
    )
    return explained(timeline, equals=2)


def oracle_of_something_else():
    timeline = told(asked(steady(({"namespace": "other"}, 1)), [({"namespace": "other"}, 1)]), [])
    return explained(timeline, equals=2)


def look_during_a_scrape():
    return explained(asked(steady(({}, 1)), [({}, 5)], ended=122.1), equals=2)


def changing_all_the_time():
    timeline = asked(Timeline().values(list(range(23))), [({}, 21)], oracle=None)
    return explained(timeline, equals=50)


CASES = {
    target_down: "infrastructure",
    not_scraped: "infrastructure",
    prometheus_silent: "infrastructure",
    oracle_unreadable: "infrastructure",
    oracle_changing: "infrastructure",
    no_baseline: "infrastructure",
    job_never_scraped: "infrastructure",
    no_such_target: "query",
    late: "late",
    late_expression: "late",
    waiver_to_remove: None,
    several_series: "query",
    misspelt_label: "query",
    another_label_value: "query",
    no_series_at_all: "query",
    not_a_number: "query",
    native_histogram: "query",
    expression_refused: "query",
    expression_empty: "query",
    expression_not_a_number: "query",
    expression_wrong: None,
    dropped_by_the_scrape: "scrape",
    renamed_by_the_scrape: "scrape",
    no_longer_exposed: "scrape",
    stored_with_another_value: "scrape",
    exposed_twice: "scrape",
    type_of_the_catalogue: "scrape",
    type_that_changes: "scrape",
    wrong_by_its_own_oracle: "collector",
    wrong_by_the_oracle_of_the_catalogue: "collector",
    not_exposed_and_should_be: "collector",
    wrong_and_not_asked: None,
    wrong_and_the_look_failed: None,
    truth_is_told: "product",
    truth_of_one_number: "product",
    truth_but_another_oracle_is_expected: "product",
    gone_and_rightly_so: "product",
    changed_since_the_decision: None,
    no_oracle_of_the_metric: None,
    oracle_of_something_else: None,
    look_during_a_scrape: None,
    changing_all_the_time: None,
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_a_failure_is_explained_word_by_word(case):
    finding = case()
    assert finding.verdict in (Verdict.FAIL, Verdict.ERROR)
    lines = finding_lines(finding)
    text = "\n".join(lines) + "\n"
    path = FOLDER / f"{case.__name__}.txt"
    if os.environ.get("EXPLANATIONS") == "renew":
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
    assert finding.layer == CASES[case]
    assert finding.explanation
    assert len(lines) <= 40


def test_every_text_belongs_to_a_case():
    assert {path.stem for path in FOLDER.iterdir()} == {case.__name__ for case in CASES}


def test_what_passed_or_is_a_known_issue_is_not_explained():
    issue = {"id": "counted-twice", "shows": {"equals": 2}}
    for finding in (
        explained(asked(steady(({}, 1)), [({}, 5)]), equals=1),
        explained(asked(steady(({}, 2)), [({}, 5)]), equals=1, known_issue=issue),
    ):
        assert finding.verdict in (Verdict.PASS, Verdict.KNOWN_ISSUE)
        assert (finding.layer, finding.explanation) == (None, [])
        assert not {"looks", "truth", "table"} & finding.evidence.keys()


def test_a_look_at_another_metric_is_not_used():
    timeline = steady(({}, 1)).look(121.4, [({}, 5)], metric="others")
    assert explained(timeline, equals=2).layer is None


def test_a_look_of_an_earlier_step_is_not_used():
    timeline = steady(({}, 1)).look(102.4, [({}, 5)])
    assert "looks" not in explained(timeline, equals=2).evidence


def test_a_label_that_the_target_has_and_the_series_too_is_the_series_own():
    exposed = {"node": "own"}
    timeline = asked(steady(({"node": "own"}, 1)), [(exposed, 1)], oracle=None)
    assert "itself exposed the same" in " ".join(explained(timeline, equals=2).explanation)


def test_an_empty_label_is_no_label():
    timeline = asked(steady(({}, 1)), [({"path": ""}, 1)], oracle=None)
    assert "itself exposed the same" in " ".join(explained(timeline, equals=2).explanation)


def test_what_was_left_out_of_a_look_is_not_missing():
    timeline = asked(steady((RUNNING, 1)), [], left_out=3)
    assert explained(timeline, absent=True).layer is None


def test_a_bound_of_a_bucket_is_stored_as_a_float():
    timeline = asked(steady(({"le": "1.0"}, 1)), [({"le": "1"}, 1)], oracle=None)
    assert "itself exposed the same" in " ".join(explained(timeline, equals=2).explanation)
