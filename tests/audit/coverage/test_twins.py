"""A metric that counts something near in place of what it means is told apart where both differ by value."""

from __future__ import annotations

from datetime import date

import pytest

from harness.audit.coverage.exempt import ProofSelector
from harness.audit.coverage.proven import TransitionProof, judged
from harness.audit.coverage.provers import Provers
from harness.audit.coverage.score import Exemptions, score_twins
from harness.audit.coverage.text import lines, missing_lines
from harness.audit.coverage.transition import Transition, in_scope
from harness.audit.coverage.twins import TwinOf, told_apart, twins_of
from harness.base import bundled
from harness.base.waiver import Waiver
from harness.chaosmesh.catalogue.catalogue import Catalogue, catalogue
from harness.judge.finding import Verdict
from harness.oracles.base import oracles
from harness.recording.model import Mark
from harness.results.coverage import Coverage, SeriesChange, Standing
from harness.scenario.discover import discover
from harness.scenario.load import load
from tests.audit.coverage.test_transition import metric
from tests.fakes.mutations import END, subject_of
from tests.fakes.recordings import Timeline, expected

POD = {"pod": "p-0"}
SETS = {"name": "sets", "counts": "the sets", "oracle": "sets"}


def apart(timeline, twin, *, end=END, facts=None, **spec):
    """Say whether an expectation that passed tells a twin of the metric apart."""
    entries = [expected(**spec), *(entry for time, entry in timeline.timed() if time <= end)]
    entries.append(Mark(time=end, step=0, name="ended"))
    known = Catalogue([metric(labels=("pod",), oracle="members", twins=(twin,), **(facts or {}))])
    found = list(judged(entries, timeline.manifest, known))
    assert len(found) == 1, "it passed"
    each = found[0]
    return told_apart(each.recording, each.subject, each.metric, each.metric.twins[0])


def members(value, *, sets):
    """Return a recording in which a pod got members, with readings of both oracles."""
    timeline = Timeline().values([0] * 5 + [value] * 5, labels=POD)
    timeline.readings([[(POD, 0)]] * 2 + [[(POD, value)]] * 12, start=103.0, oracle="members")
    return timeline.readings([[(POD, sets)]] * 12, oracle="sets", ended=None)


READ = {"series": {"oracle": "members"}, "unlike": {"sets": {"oracle": "sets"}}}


def test_sets_are_told_from_members_where_their_numbers_differ():
    assert apart(members(6, sets=3), SETS, **READ)
    assert not apart(members(3, sets=3), SETS, **READ), "a build that counts sets would pass"


def test_a_number_that_is_stated_is_as_good():
    timeline = members(6, sets=3)
    assert apart(timeline, SETS, equals=6, unlike={"sets": 3})
    assert not apart(timeline, SETS, at_least=3, unlike={"sets": 3})
    assert not apart(timeline, SETS, equals=6, unlike={"sets": 6})


def test_without_evidence_nothing_is_told_apart():
    assert not apart(members(6, sets=3), {**SETS, "oracle": "never-read"}, equals=6)
    assert not apart(members(6, sets=3), {"name": "sets", "counts": "sets"}, equals=6)
    assert not apart(members(6, sets=3), SETS, equals=6, unlike={"sets": {"oracle": "never-read"}})


def test_what_the_oracle_of_the_twin_does_not_name_the_twin_has_no_series_of():
    timeline = Timeline().values([0] * 5 + [2] * 5, labels=POD).readings([[]] * 12, oracle="sets")
    assert apart(timeline, SETS, equals=2, unlike={"sets": {"oracle": "sets"}})


def test_a_reading_from_before_the_step_says_nothing_of_it():
    timeline = Timeline().values([0] * 5 + [2] * 5, labels=POD).reading(102.0, [(POD, 1)], oracle="sets")
    assert not apart(timeline, SETS, equals=2, unlike={"sets": {"oracle": "sets"}})


def test_readings_of_the_twin_as_another_metrics_truth_need_not_be_named():
    bytes_ = {"name": "bytes", "counts": "bytes", "oracle": "bytes"}
    timeline = members(6, sets=3).readings([[({**POD, "table": "nat"}, 384)]] * 12, oracle="bytes")
    assert apart(timeline, bytes_, series={"oracle": "members"})
    other = [[({"pod": "q-0"}, 384)]] * 12
    assert not apart(members(6, sets=3).readings(other, oracle="bytes"), bytes_, series={"oracle": "members"})


@pytest.mark.parametrize(("relation", "value", "told"), [
    ("any", 2, True), ("any", 1, False), ("thousandfold", 1, True), ("thousandfold", 0, False),
])  # fmt: skip
def test_a_relation_gives_the_value_of_the_twin(relation, value, told):
    timeline = Timeline().values([5] * 5 + [value] * 5, labels=POD)
    assert apart(timeline, {"name": "a", "counts": "b", "relation": relation}, equals=value) is told


def test_of_a_counter_the_increase_is_what_the_twin_has_another_one_of():
    any_ = {"name": "a", "counts": "b", "relation": "any"}
    grew = {2: True, 1: False}
    for by, told in grew.items():
        timeline = Timeline().values([7] * 5 + [7 + by] * 5, labels=POD)
        assert apart(timeline, any_, facts={"type": "counter"}, increases_by=by) is told
        stated = {"facts": {"type": "counter"}, "increases_by": by, "unlike": {"sets": 1}}
        assert apart(timeline, SETS, **stated) is told


def two_metrics(others, *, own=(0, 2), labels=POD):
    """Return a recording of two metrics of one target, with values before the step and in it."""
    timeline = Timeline()
    for second in range(10):
        late = second > 4
        more = [("calls", {**labels, "code": code}, after if late else before)
                for code, (before, after) in others.items()]  # fmt: skip
        timeline.scrape(100.0 + second, [(POD, own[late]), *more])
    return timeline


CALLS = {"name": "calls", "counts": "the calls", "metric": "calls"}
COUNTER = {"type": "counter"}


def test_series_of_another_metric_at_the_same_scrapes_are_the_twin():
    one_call = two_metrics({"OK": (3, 4)})
    assert apart(one_call, CALLS, facts=COUNTER, increases_by=2), "two processes, and one call"
    two_calls = two_metrics({"OK": (3, 4), "Unknown": (0, 1)})
    assert not apart(two_calls, CALLS, facts=COUNTER, increases_by=2)
    assert apart(two_calls, {**CALLS, "where": {"code": "OK"}}, facts=COUNTER, increases_by=2)


def test_series_of_other_label_values_are_none_of_the_twin():
    elsewhere = two_metrics({"OK": (0, 2)}, labels={"pod": "q-0"})
    assert apart(elsewhere, CALLS, facts=COUNTER, increases_by=2), "of this pod there was none"


def test_a_metric_that_was_not_fetched_says_nothing():
    timeline = Timeline().values([0] * 5 + [2] * 5, labels=POD)
    assert not apart(timeline, CALLS, facts=COUNTER, increases_by=2)
    assert not apart(timeline, CALLS, equals=2)


def test_a_twin_of_one_series_of_a_histogram_is_no_twin_of_the_others():
    sums = {"name": "milliseconds", "counts": "ms", "relation": "thousandfold", "suffix": "_sum"}
    known = metric(type="histogram", twins=(sums,), labels=("pod",))
    timeline = Timeline().values([0] * 5 + [2] * 5, labels=POD)
    subject = subject_of(timeline, equals=2)
    assert subject.verdict is Verdict.PASS
    assert not told_apart(subject._recording, subject, known, known.twins[0])


KNOWN = Catalogue(
    [
        metric(name="sets", twins=(SETS, {"name": "any", "counts": "any", "relation": "any"})),
        metric(name="calls", twins=({"name": "same", "counts": "x", "always_same": "one is one"},)),
    ]
)
ANY = TwinOf("sets", "any")


def standings(proofs, capabilities=None, waivers=(), provers=None):
    found = score_twins(
        proofs, KNOWN, capabilities or {}, Exemptions([], list(waivers)), provers or Provers([], KNOWN)
    )
    return {TwinOf(each.metric, each.twin): each for each in found}


def test_every_twin_has_to_be_told_apart():
    found = standings({ANY: [TransitionProof("s", "1.0", False)], TwinOf("sets", "sets"): []})
    assert found[ANY].standing is Standing.COVERED
    assert found[ANY].by == ["s 1.0"]
    assert found["sets", "sets"].standing is Standing.MISSING
    assert found["calls", "same"].standing is Standing.NOT_POSSIBLE
    assert found["calls", "same"].reason == "one is one"


def test_a_twin_is_waived_by_its_name_and_no_transition_is():
    about = ProofSelector(metrics=("sets",), twins=("sets",))
    waiver = Waiver(about=about, until=date(2027, 1, 1), reason="later")
    found = standings({}, waivers=[waiver])
    assert (found["sets", "sets"].standing, found["sets", "sets"].until) == (Standing.WAIVED, "2027-01-01")
    assert found[ANY].standing is Standing.MISSING
    assert not about.selects(Transition("sets", "", "", SeriesChange.CHANGES))


def test_what_no_scenario_can_tell_apart_here_is_not_missing(tmp_path):
    path = tmp_path / "s.yaml"
    path.write_text(
        "scenario: s\nabout: b\nneeds: [ipset]\nsteps:\n- wait: 1\n  expect:\n"
        "  - {metric: sets, equals: 6, unlike: {sets: 3}}\n"
        "- wait: 1\n  expect: [{metric: sets, equals: 6}]\n"
    )
    provers = Provers(load(path), KNOWN)
    found = standings({}, {"ipset": "not there"}, provers=provers)
    assert found["sets", "sets"].standing is Standing.NOT_POSSIBLE
    assert "(s): ipset: not there" in found["sets", "sets"].reason
    assert standings({}, {"ipset": None}, provers=provers)["sets", "sets"].standing is Standing.MISSING


def test_a_whole_run_fails_for_a_twin_that_nothing_tells_apart():
    every = list(standings({}).values())
    found = Coverage(twins=every, twins_missing=2)
    assert not found.passed
    assert missing_lines(found, KNOWN)[0] == (
        "not told apart: sets and its twin sets (the sets): expect it where both differ, "
        "with `unlike: {sets: ...}` if the recording cannot know the twin's value"
    )
    assert "  -  sets: any (any)" in lines(found, KNOWN)
    assert (
        "3 twins: 0 told apart, 0 by known issues, 0 waived, 2 not told apart, 1 not possible here"
        in (lines(found, KNOWN)[-1])
    )


def test_every_metric_that_counts_has_a_twin_whose_value_can_be_known():
    known = catalogue()
    assert [each.name for each in known.metrics if in_scope(each) and not each.twins] == []
    for of, twin in twins_of(known):
        assert twin.oracle is None or twin.oracle in oracles(), of
        assert twin.metric is None or known.find(twin.metric) is not None, of
        assert twin.metric != of.metric, of


def test_a_twin_that_only_expectations_know_is_named_by_one():
    files = [file for path in discover([bundled.scenarios()]) for file in load(path)]
    named = {
        TwinOf(known.name, twin)
        for file in files
        for step in file.scenario.steps
        for each in step.expect
        for twin in each.unlike
        if (known := catalogue().find(each.metric)) is not None
    }
    for of, twin in twins_of(catalogue()):
        metric = catalogue().find(of.metric)
        assert metric is not None
        own = metric.oracle
        if (twin.metric, twin.relation, twin.always_same) == (None, None, None) and twin.oracle in (
            None,
            own,
        ):
            assert of in named, of


LONG = {"pod": "pod-name.with-dots-and-dashes.that-is-as-long-as-host-names-can"}


def test_a_label_that_is_cut_is_seen_where_names_are_long():
    timeline = Timeline().values([0] * 5 + [2] * 5, labels=LONG)
    subject = subject_of(timeline, series=[{**LONG, "value": 2}])
    assert subject.verdict is Verdict.PASS
    for length in (32, 62):
        cut = [each.relabelled(pod=each.labels["pod"][:length]) for each in subject.table.columns]
        assert subject.judge(subject.table.with_columns(cut)) is Verdict.FAIL
