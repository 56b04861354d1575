"""The expectations of one step can all be so at once, and each says something that no other one says."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from harness.judge.argument import ArgumentError
from harness.judge.demand import Demand
from harness.judge.kind import kinds
from harness.lint.rules.rule import LintSubject, Stated
from harness.scenario.problem import Wrong


def said_once(subject: LintSubject) -> Iterator[Wrong]:
    """No expectation is there twice in a step."""
    for first, second in _pairs(subject):
        same = (first.spec.kind, first.spec.argument) == (second.spec.kind, second.spec.argument)
        if same and _subject_of(first) == _subject_of(second):
            line = subject.file.positions.at(first.at).line
            yield second.at, f"this expectation is in this step already, in line {line}", None


def can_all_hold(subject: LintSubject) -> Iterator[Wrong]:
    """No two expectations of a step exclude each other; what a known issue shows is left aside."""
    demands = {stated.at: _demand(stated) for stated in subject.expectations}
    for first, second in _pairs(subject):
        if first.spec.known_issue or second.spec.known_issue:
            continue
        mine, other = demands[first.at], demands[second.at]
        if mine is None or other is None:
            continue
        if _excluded(first, mine, second, other) or _excluded(second, other, first, mine):
            line = subject.file.positions.at((*first.at, first.spec.kind)).line
            message = (
                f"`{second.spec.kind}` can never hold together with `{first.spec.kind}` in line {line}, "
                "which is about the same series"
            )
            yield (*second.at, second.spec.kind), message, None


def _pairs(subject: LintSubject) -> Iterator[tuple[Stated, Stated]]:
    by_step: dict[int, list[Stated]] = {}
    for stated in subject.expectations:
        by_step.setdefault(id(stated.step), []).append(stated)
    for together in by_step.values():
        yield from combinations(together, 2)


def _subject_of(stated: Stated) -> object:
    if stated.spec.promql is not None:
        return stated.expression or stated.spec.promql
    return stated.spec.metric, stated.spec.where


def _excluded(first: Stated, mine: Demand, second: Stated, other: Demand) -> bool:
    """Say whether two expectations about the same series, or the second about some of them, exclude."""
    if _subject_of(first) == _subject_of(second):
        grows = second.spec.kind == "increases_by" and not other.stays and other.least > 0
        return mine.excludes(other) or (mine.stays and grows)
    about_some = (
        first.spec.promql is None
        and first.spec.metric == second.spec.metric
        and first.spec.where.items() <= second.spec.where.items()
    )
    return about_some and mine.most < other.least


def _demand(stated: Stated) -> Demand | None:
    """Return what an expectation demands; None when a template is part of that."""
    kind = kinds().get(stated.spec.kind)
    if kind is None:
        return None
    try:
        demand = kind.demand(kind.parse(stated.spec.argument, templates=True))
    except ArgumentError:
        return None
    is_open = any("${" in value for wanted in demand.series for _, value in wanted.labels)
    return None if is_open else demand


RULES = [said_once, can_all_hold]
