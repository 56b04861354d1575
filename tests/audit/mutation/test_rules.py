"""Each rule: where it applies, and the nearest case in which it must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.audit.mutation.rule import rules
from tests.fakes.mutations import mutants_of, scored, subject_of
from tests.fakes.recordings import EXPRESSION, SETTLED, Timeline

NAMES = {
    "any-series",
    "in-time",
    "inside-range",
    "open-label",
    "same-increase",
    "same-samples",
    "still-growing",
}


def applies(rule, subject, operator, detail=None):
    found = mutants_of(subject, operator)
    mutant = found[detail] if detail else next(iter(found.values()))
    return rules()[rule].applies(subject, mutant)


def test_there_is_one_of_each_and_a_page_names_it():
    assert set(rules()) == NAMES
    page = (Path(__file__).parents[3] / "docs" / "mutation.md").read_text()
    for name, rule in rules().items():
        assert f"| `{name}` | {rule.reason} |" in page


def test_same_samples():
    steady = subject_of(Timeline().values([2] * 10), equals=2)
    assert applies("same-samples", steady, "freeze")
    assert not applies("same-samples", steady, "one-more")
    assert applies("same-samples", subject_of(Timeline().values([0] * 10), equals=0), "negate")


def test_in_time_is_what_differs_for_a_while_before_the_deadline():
    grew = subject_of(Timeline().values([2] * 5 + [3] * 5), equals=3)
    one, past = list(mutants_of(grew, "delay").values())
    assert rules()["in-time"].applies(grew, one)
    assert not rules()["in-time"].applies(grew, past)
    assert not applies("in-time", grew, "drop")


def test_in_time_is_before_the_first_scrape_that_counts_for_what_is_unchanged():
    unchanged = subject_of(Timeline().values([2] * 4 + [None] + [2] * 5), unchanged=True)
    assert applies("in-time", unchanged, "never-clear")
    assert not applies("in-time", unchanged, "delay")
    assert not applies("in-time", unchanged, "one-more")


def test_in_time_is_nothing_for_what_adds_up_every_sample():
    increased = subject_of(Timeline().values([2] * 5 + [3] * 5), increases_by=1)
    assert not applies("in-time", increased, "delay")


def test_still_growing_is_what_a_followed_oracle_cannot_measure():
    followed = {"produced": "at_event", "scrapes": 2, "oracle": "events", "key": "{}"}
    grows = Timeline().values([0] * 5 + [3, 4, 5, 6, 7])
    growing = subject_of(grows, at_least=3, promptness=followed)
    assert applies("still-growing", growing, "delay")
    assert not applies("still-growing", growing, "one-more")
    assert not applies("still-growing", growing, "drop")
    assert not applies("still-growing", subject_of(grows, at_least=3), "delay")
    stands = subject_of(Timeline().values([0] * 5 + [3] * 5), at_least=3, promptness=followed)
    assert not applies("still-growing", stands, "delay")


def test_same_increase():
    idle = subject_of(Timeline().values([2] * 10), increases_by=0)
    assert applies("same-increase", idle, "zero")
    assert applies("same-increase", idle, "drop")
    assert not applies("same-increase", idle, "one-more")
    # Below 0 is no counter.
    assert not applies("same-increase", subject_of(Timeline().values([0] * 10), increases_by=0), "one-less")


def test_the_elements_of_an_expression_grew_by_the_same():
    timeline = Timeline()
    for second in range(10):
        timeline.scrape(100.0 + second)
        timeline.answer(100.0 + second, [({"a": "1"}, 2 if second < 5 else 3), ({"a": "2"}, 7)])
    grew = subject_of(timeline, promql=EXPRESSION, increases_by=1)
    assert applies("same-increase", grew, "drop", '{a="2"}')
    assert not applies("same-increase", grew, "drop", '{a="1"}')
    assert not applies("same-increase", grew, "one-more", '{a="2"}')
    one, past = list(mutants_of(grew, "delay").values())
    assert rules()["same-increase"].applies(grew, one)
    assert not rules()["same-increase"].applies(grew, past)


def test_an_increase_past_the_deadline_is_not_the_same():
    increased = subject_of(Timeline().values([2] * 5 + [3] * 5), increases_by=1)
    one, past = list(mutants_of(increased, "delay").values())
    assert rules()["same-increase"].applies(increased, one)
    assert not rules()["same-increase"].applies(increased, past)


def test_inside_a_range():
    wide = subject_of(Timeline().values([5] * 10), between=[4, 6])
    assert applies("inside-range", wide, "one-more")
    assert applies("inside-range", wide, "one-less")
    assert not applies("inside-range", wide, "scale")
    assert not applies("inside-range", wide, "drop")
    exact = subject_of(Timeline().values([5] * 10), equals=5)
    assert not applies("inside-range", exact, "one-more")


def test_a_range_that_is_kept_from_before_the_deadline_on():
    timeline = Timeline().values([5] * 6 + [2] * 4)
    subject = subject_of(timeline, between=[1, 6])
    assert applies("inside-range", subject, "scale")
    steady = Timeline().values([5] * 10)
    assert not applies("inside-range", subject_of(steady, between=[1, 6]), "scale")


def test_a_range_of_one_of_the_listed_series_is_not_one_of_another():
    timeline = Timeline()
    for second in range(10):
        timeline.scrape(100.0 + second, [({"phase": "a"}, 1), ({"phase": "b"}, 2)])
    wanted = [{"phase": "a", "value": 1}, {"phase": "b", "value": {"at_least": 1}}]
    subject = subject_of(timeline, series=wanted)
    assert applies("inside-range", subject, "one-more", '{phase="b"}')
    assert not applies("inside-range", subject, "one-more", '{phase="a"}')
    assert not applies("inside-range", subject, "one-more", "all 2 series")


def test_a_bound_that_an_oracle_gives_is_what_it_said():
    timeline = Timeline().values([5] * 10).readings([4.5] * 12)
    subject = subject_of(timeline, within={"value": {"oracle": "truth"}, "abs": 1.5})
    assert applies("inside-range", subject, "one-more")
    assert applies("inside-range", subject, "one-less")
    assert not applies("inside-range", subject, "scale")
    exact = subject_of(Timeline().values([4.5] * 10).readings([4.5] * 12), equals={"oracle": "truth"})
    assert not applies("inside-range", exact, "one-more")
    listed = subject_of(timeline, series=[{"value": {"at_least": {"oracle": "truth"}}}])
    assert not applies("inside-range", listed, "zero")


def test_present_takes_any_value_and_not_none():
    subject = subject_of(Timeline().values([None] * 5 + [1] * 5), present=True)
    assert applies("any-series", subject, "scale")
    assert applies("any-series", subject, "extra-series")
    assert not applies("any-series", subject, "drop")
    assert not applies("any-series", subject, "freeze")
    assert not applies("any-series", subject_of(Timeline().values([1] * 10), at_least=1), "scale")


LABELS = {"kind": "a", "pod": "p"}


@pytest.mark.parametrize("label", ["kind", "pod"])
def test_an_open_label_is_one_of_which_nothing_is_said(label):
    detail = f'{label} of {{kind="a", pod="p"}}'
    timeline = Timeline().values([3] * 10, labels=LABELS)
    assert applies("open-label", subject_of(timeline, equals=3), "swap-label", detail)
    fixed = subject_of(timeline, where={"kind": "a"}, equals=3)
    assert applies("open-label", fixed, "swap-label", detail) == (label == "pod")
    matched = subject_of(timeline, where={"kind": {"matches": ".*"}}, equals=3)
    assert applies("open-label", matched, "swap-label", detail) == (label == "pod")
    listed = subject_of(timeline, series=[{**LABELS, "value": 3}])
    assert not applies("open-label", listed, "swap-label", detail)
    timeline.readings([[({"pod": "p"}, 3)]] * 12, start=SETTLED)
    for kind in ("equals", "series"):
        told = subject_of(timeline, **{kind: {"oracle": "truth"}})
        assert applies("open-label", told, "swap-label", detail) == (label == "kind")


def test_only_a_swapped_label_can_be_open():
    subject = subject_of(Timeline().values([3] * 10, labels=LABELS), equals=3)
    assert not applies("open-label", subject, "extra-series")


def test_no_rule_saves_an_expectation_as_a_whole():
    # Any value of the one series is inside this range; no series and two of them are not.
    score = scored(Timeline().values([5] * 10), between=[-1000, 1000])
    assert score.equivalent["inside-range"] >= 5
    assert score.killed.keys() == {"drop", "duplicate", "extra-series", "lost-target"}
