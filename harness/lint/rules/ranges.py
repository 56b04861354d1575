"""Ranges hold at least two scrapes, and are over before an expectation is decided."""

from __future__ import annotations

from collections.abc import Iterator

from harness.judge.terms import DEADLINE_SCRAPES
from harness.lint.rules.rule import LintSubject
from harness.lint.rules.template import range_is_open
from harness.prometheus.expression import ExpressionNode, Range, reach
from harness.scenario.problem import Wrong

_LEAST_SCRAPES = 2


def long_enough(subject: LintSubject) -> Iterator[Wrong]:
    """A range of one scrape holds one sample or none: `rate()` of it is nothing."""
    least = _LEAST_SCRAPES * subject.interval
    for stated in subject.expectations:
        for node in stated.nodes():
            if isinstance(node, Range) and node.seconds < least:
                message = (
                    f"the range of `{node.text}` is shorter than two scrapes ({_seconds(least)}), and often "
                    "holds fewer than two samples"
                )
                yield stated.place, message, f"[{_seconds(max(5 * subject.interval, least))}]"


def steps_fit(subject: LintSubject) -> Iterator[Wrong]:
    """A subquery has a step of its own, no shorter than a scrape, and takes at least two."""
    for stated in subject.expectations:
        for node in stated.nodes():
            if not isinstance(node, Range) or not node.subquery:
                continue
            step = _seconds(subject.interval)
            wanted = f"[{_seconds(node.seconds)}:{step}]"
            if node.step is None:
                message = f"`{node.text}` has no step: Prometheus' default is a minute, whatever the scrapes"
                yield stated.place, message, wanted
            elif node.step < subject.interval:
                message = (
                    f"the step of `{node.text}` is shorter than a scrape ({step}): it sees samples twice"
                )
                yield stated.place, message, wanted
            elif node.seconds < _LEAST_SCRAPES * node.step:
                message = f"`{node.text}` is shorter than two of its steps"
                yield stated.place, message, f"[{_seconds(_LEAST_SCRAPES * node.step)}:{_seconds(node.step)}]"


def over_in_time(subject: LintSubject) -> Iterator[Wrong]:
    """An expression looks back no further than its deadline: else the time before the step decides."""
    for stated in subject.expectations:
        if stated.expression is None:
            continue
        deadline = stated.spec.deadline or DEADLINE_SCRAPES
        back = reach(stated.expression)
        if back > deadline * subject.interval and not any(map(_is_open, stated.nodes())):
            message = (
                f"`{stated.expression.text}` looks back {_seconds(back)}, and is decided within "
                f"{_seconds(deadline * subject.interval)} ({deadline} scrapes): what was before the step "
                "decides it; take a shorter range, or a later `deadline`"
            )
            yield stated.place, message, None


def _is_open(node: ExpressionNode) -> bool:
    return isinstance(node, Range) and range_is_open(node.seconds)


def _seconds(seconds: float) -> str:
    """Return a duration as PromQL has it."""
    return f"{seconds:g}s" if float(seconds).is_integer() else f"{seconds * 1000:g}ms"


RULES = [long_enough, steps_fit, over_in_time]
