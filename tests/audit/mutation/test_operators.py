from __future__ import annotations

from pathlib import Path

import pytest

from harness.audit.mutation.operator import MOST_ALONE, operators, spread
from harness.judge.finding import Verdict
from tests.fakes.mutations import mutants_of, subject_of, values
from tests.fakes.recordings import EXPRESSION, Timeline

NAMES = {
    "delay", "drop", "duplicate", "extra-series", "freeze", "lost-target", "negate", "never-clear",
    "one-less", "one-more", "scale", "swap-label", "zero",
}  # fmt: skip

# The baseline is the scrape at 103, the first that counts is the one at 105.
GREW = [2, 2, 2, 2, 2, 3, 3, 3, 3, 3]
LABELS = {"kind": "a", "phase": "running"}


def grew(**spec):
    return subject_of(Timeline().values(GREW, labels=LABELS), equals=3, **spec)


def only(subject, operator):
    (mutant,) = mutants_of(subject, operator).values()
    return mutant


def shown(subject, operator):
    (found,) = values(only(subject, operator).table).values()
    return found


def test_there_is_one_of_each_and_a_page_names_it():
    assert set(operators()) == NAMES
    page = (Path(__file__).parents[3] / "docs" / "mutation.md").read_text()
    for name, operator in operators().items():
        assert f"| `{name}` | {operator.summary} |" in page


@pytest.mark.parametrize(
    ("operator", "after"),
    [
        ("drop", [None] * 6),
        ("freeze", [2] * 6),
        ("zero", [0] * 6),
        ("one-more", [3, 4, 4, 4, 4, 4]),
        ("one-less", [1, 2, 2, 2, 2, 2]),
        ("scale", [4, 6, 6, 6, 6, 6]),
        ("negate", [-2, -3, -3, -3, -3, -3]),
    ],
)
def test_what_changes_a_value_leaves_the_baseline_alone(operator, after):
    subject = grew()
    assert shown(subject, operator) == [2, 2, 2, 2, *after]
    assert subject.judge(only(subject, operator).table) is Verdict.FAIL


def test_what_was_not_there_in_the_baseline_never_comes_when_frozen():
    subject = subject_of(Timeline().values([None] * 5 + [1] * 5, labels=LABELS), equals=1)
    assert shown(subject, "freeze") == [None] * 10


def test_a_label_is_swapped_by_going_on_under_another_value():
    found = mutants_of(grew(), "swap-label")
    assert {mutant.label for mutant in found.values()} == {"kind", "phase"}
    table = found['phase of {kind="a", phase="running"}'].table
    assert values(table) == {
        (("kind", "a"), ("phase", "running")): [2, 2, 2, 2] + [None] * 6,
        (("kind", "a"), ("phase", "another")): [None] * 4 + [2, 3, 3, 3, 3, 3],
    }


def test_an_extra_series_differs_in_a_label_that_is_open():
    assert (
        values(only(grew(where={"kind": "a"}), "extra-series").table)[(("kind", "a"), ("phase", "another"))]
        == [None] * 4 + [1] * 6
    )


def test_an_extra_series_has_a_label_more_where_none_is_open():
    table = only(grew(where=LABELS), "extra-series").table
    assert (("another", "another"), ("kind", "a"), ("phase", "running")) in values(table)


@pytest.mark.parametrize(
    "where",
    [
        {},
        {"kind": "a"},
        {"kind": {"not": "b"}},
        {"rule": {"matches": ".*-j DROP"}},
        {"chain": {"matches": "OUTPUT/.*|INPUT/.*"}},
        {"kind": {"not_matches": "b.*"}},
        {"job": "manager", "node": "n1"},
    ],
)
def test_where_nothing_is_there_an_extra_series_comes_all_the_same(where):
    subject = subject_of(Timeline().values([None] * 10), where=where, absent=True)
    assert subject.judge(only(subject, "extra-series").table) is Verdict.FAIL


def test_a_duplicate_has_one_label_more():
    table = only(grew(), "duplicate").table
    assert values(table)[(("duplicate", "true"), ("kind", "a"), ("phase", "running"))] == [
        None, None, None, None, 2, 3, 3, 3, 3, 3,
    ]  # fmt: skip


def test_a_delay_is_of_one_scrape_and_past_the_deadline():
    subject = grew()
    first, second = mutants_of(subject, "delay").values()
    assert next(iter(values(first.table).values())) == [2, 2, 2, 2, 2, 2, 3, 3, 3, 3]
    assert subject.judge(first.table) is Verdict.PASS
    late = second.table.columns[0].samples
    assert max(time for time, value in late.items() if value == 2) > subject.deadline
    assert max(late.values()) == 3
    assert subject.judge(second.table) is Verdict.FAIL


def test_a_scrape_that_failed_is_no_sample_to_be_seen_later():
    subject = subject_of(Timeline().values([2, 2, 2, 2, 2, "down", 2, 2, 2, 2]), end=108.5, equals=2)
    for mutant in mutants_of(subject, "delay").values():
        assert mutant.table.same(subject.table)


def test_what_never_clears_keeps_its_last_value():
    subject = subject_of(Timeline().values([1, 1, 1, 1, 2] + [None] * 5, labels=LABELS), absent=True)
    assert shown(subject, "never-clear") == [1, 1, 1, 1] + [2] * 6
    assert subject.judge(only(subject, "never-clear").table) is Verdict.FAIL


def test_a_lost_target_is_an_error_however_right_its_samples_are():
    found = mutants_of(grew(), "lost-target")
    assert set(found) == {"manager/one is down", "no target is scraped"}
    for mutant in found.values():
        assert mutant.table.columns == grew().table.columns
        assert grew().judge(mutant.table) is Verdict.ERROR


def test_one_lost_target_of_several_is_an_error_too():
    timeline = Timeline().values(GREW, labels=LABELS).values([None] * 10, start=100.4, instance="two")
    subject = subject_of(timeline, end=109.8, equals=3)
    found = mutants_of(subject, "lost-target")
    assert len(found) == 4
    assert {subject.judge(mutant.table) for mutant in found.values()} == {Verdict.ERROR}


def test_a_target_that_came_after_the_verdict_is_not_lost_alone():
    expression = 'things{instance="one"}'
    timeline = Timeline(action="wait").values(GREW, labels=LABELS)
    timeline.values([None] * 5, start=105.2, instance="two")
    for second in range(100, 110):
        timeline.answer(float(second), 3, expression=expression)
    for second in range(105, 110):
        timeline.answer(second + 0.2, 3, expression=expression)
    subject = subject_of(timeline, end=109.8, promql=expression, equals=3)
    assert subject.held_since == 104
    assert list(mutants_of(subject, "lost-target")) == [
        "manager/one is down",
        "all targets are down",
        "no target is scraped",
    ]


def test_each_series_is_changed_alone_and_then_all():
    timeline = Timeline()
    for second in range(10):
        timeline.scrape(100.0 + second, [({"phase": "a"}, 1), ({"phase": "b"}, 2)])
    subject = subject_of(timeline, series=[{"phase": "a", "value": 1}, {"phase": "b", "value": 2}])
    found = mutants_of(subject, "zero")
    assert list(found) == ['{phase="a"}', '{phase="b"}', "all 2 series"]
    last = [[column[-1] for column in values(mutant.table).values()] for mutant in found.values()]
    assert last == [[0, 2], [1, 0], [0, 0]]


def test_the_answers_of_an_expression_are_mutated():
    subject = subject_of(Timeline().answers([2, 2, 2, 2, 2, 3, 3, 3, 3, 3]), promql=EXPRESSION, equals=3)
    assert subject.verdict is Verdict.PASS
    for name in NAMES - {"lost-target", "never-clear", "swap-label"}:
        killed = {subject.judge(mutant.table) for mutant in mutants_of(subject, name).values()}
        assert Verdict.FAIL in killed, name
    for mutant in mutants_of(subject, "lost-target").values():
        assert subject.judge(mutant.table) is Verdict.ERROR


def test_many_series_are_spread_evenly():
    assert list(spread(MOST_ALONE)) == list(range(MOST_ALONE))
    chosen = spread(1000)
    assert (len(chosen), chosen[0], chosen[-1]) == (MOST_ALONE, 0, 999)
