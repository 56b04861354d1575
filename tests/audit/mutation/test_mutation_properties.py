"""What must hold for any samples."""

from __future__ import annotations

import math
import random
from dataclasses import replace

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from harness.audit.mutation.operator import Mutant, operators
from harness.audit.mutation.rule import rule_for
from harness.audit.mutation.table import Table
from harness.judge.finding import Finding, Verdict
from harness.judge.judge import Judge
from harness.recording.model import Recording
from tests.fakes.mutations import scored, subject_of
from tests.fakes.recordings import Timeline, expected

SPECS = [
    {"equals": 1},
    {"series": [{"value": 1}]},
    {"increases_by": 1},
    {"increases_by": 0},
    {"unchanged": True},
    {"absent": True},
    {"present": True},
    {"at_least": 1},
    {"between": [0, 2]},
    {"equals": 2, "known_issue": {"id": "w", "shows": {"equals": 1}}},
]
numbers = st.sampled_from([None, 0, 1, 1, 2, math.nan])
quick = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def timeline_of(before, between, after):
    return Timeline().values([before] * 4 + [between] + [after] * 8)


def shuffled(table: Table) -> Table:
    """Return the same samples, made anew, in another order, with a series that has none."""
    columns = [
        replace(column, labels=dict(reversed(list(column.labels.items()))), samples=dict(column.samples))
        for column in reversed(table.columns)
    ]
    empty = [replace(column.relabelled(more="x"), samples={}) for column in columns[:1]]
    return Table((*empty, *columns), dict(reversed(list(table.scrapes.items()))), frozenset(table.down))


@given(numbers, numbers, numbers, st.sampled_from(SPECS))
@quick
def test_a_mutant_equal_to_the_original_is_always_equivalent(before, between, after, spec):
    subject = subject_of(timeline_of(before, between, after), end=112.5, **spec)
    if subject.mutable:
        same = Mutant("made-up", "nothing", shuffled(subject.table))
        assert rule_for(subject, same) == "same-samples"
        assert subject.judge(same.table) is subject.verdict


@given(numbers, numbers, numbers, st.sampled_from(SPECS))
@quick
def test_a_mutant_that_differs_is_never_called_the_same(before, between, after, spec):
    subject = subject_of(timeline_of(before, between, after), end=112.5, **spec)
    if not subject.mutable:
        return
    for operator in operators().values():
        for mutant in operator.mutants(subject):
            seen = (
                {(target, time) for target, time in mutant.table.differences(subject.table)}
                or mutant.table.scrapes != subject.table.scrapes
                or mutant.table.down != subject.table.down
            )
            assert bool(seen) == (rule_for(subject, mutant) != "same-samples")


@given(numbers, numbers, numbers, st.sampled_from(SPECS))
@example(None, None, 1, SPECS[-1])
@example(0, None, 0, {"unchanged": True})
@example(1, 1, 0, {"increases_by": 0})
@example(2, 2, 0, {"increases_by": 0})
@example(1, None, 1, SPECS[-1])
@quick
def test_every_kind_has_what_kills_it_and_no_mutant_is_forgotten(before, between, after, spec):
    score = scored(timeline_of(before, between, after), end=112.5, **spec)
    if score.not_judged:
        assert score.verdict in (Verdict.FAIL, Verdict.ERROR)
        return
    assert score.problem is None
    assert score.killed["lost-target"] == 2
    assert "extra-series" in score.killed or "present" in spec
    assert not score.survived


def disturbed(seed, spec):
    """Return scrapes in which one target has the series, some fail, and another comes or goes; and the end.

    The step ends as soon as a decision is known, or some scrapes later.
    """
    draw = random.Random(seed)
    timeline = Timeline(action=draw.choice(["apply", "wait"]))
    before, after, change = draw.choice([None, 0, 1, 2]), draw.choice([None, 0, 1, 2]), draw.choice([4, 5, 8])
    failing = draw.choice([0, 0.1, 0.4])
    comes, goes = draw.choice([0, 3, 4, 5, 8]), draw.choice([4, 6, 40, 40])
    for second in range(40):
        value = "down" if draw.random() < failing else before if second < change else after
        timeline.values([value], start=100.0 + second)
        if comes <= second < goes:
            other = "down" if draw.random() < failing else None
            timeline.values([other], start=100.0 + second + draw.choice([0.2, 0.3]), instance="two")
    recording, item = Recording(timeline.manifest), expected(**spec)
    judge = Judge(recording)
    for time, entry in timeline.timed():
        recording.add(entry)
        if isinstance(judge.judge(item, time), Finding):
            return timeline, time + draw.choice([0, 0.5, 2, 12])
    return timeline, 140.0


@given(st.integers(0, 2**32), st.sampled_from(SPECS))
@quick
def test_whatever_other_targets_do_no_mutant_survives(seed, spec):
    timeline, end = disturbed(seed, spec)
    score = scored(timeline, end=end, **spec)
    assert (score.problem, score.survived) == (None, [])
