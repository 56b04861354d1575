"""What a rule is, what it looks at, and how the rules are found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from harness.base.defaults import DEFAULT_INTERVAL
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.judge.kind import arguments
from harness.lint.rules.template import as_literals
from harness.prometheus.expression import ExpressionNode, Selector, read
from harness.prometheus.promql import PromQLError
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Expectation, Step
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem, Wrong


class KindArgument(NamedTuple):
    """A kind with its argument: what an expectation wants, or what its known issue shows.

    Attributes:
        at: its place in the document.
        kind: the kind's name.
        raw: the argument.
        is_issue: it is what a known issue shows.
    """

    at: DocumentPath
    kind: str
    raw: Any
    is_issue: bool


@dataclass(frozen=True)
class Stated:
    """An expectation and where it stands.

    Attributes:
        at: its place in the document.
        step: the step that it is in.
        spec: the expectation.
        expression: its `promql`, templates replaced by literals; None without one, or when it does not parse.
        refused: why its `promql` does not parse.
    """

    at: DocumentPath
    step: Step
    spec: Expectation
    expression: ExpressionNode | None = None
    refused: str | None = None

    @property
    def place(self) -> DocumentPath:
        """Where what it is about is written."""
        return (*self.at, "metric" if self.spec.promql is None else "promql")

    def sides(self) -> Iterator[KindArgument]:
        """Yield what is right, then what its known issue shows."""
        for position, (kind, raw) in enumerate(arguments(self.spec)):
            at = (*self.at, kind) if position == 0 else (*self.at, "known_issue", "shows", kind)
            yield KindArgument(at, kind, raw, is_issue=position > 0)

    def nodes(self) -> Iterator[ExpressionNode]:
        """Yield each part of its expression; none without one."""
        if self.expression is not None:
            yield from self.expression.walk()

    def selectors(self) -> Iterator[Selector]:
        """Yield each selector of its expression; none without one."""
        for node in self.nodes():
            if isinstance(node, Selector):
                yield node


@dataclass(frozen=True)
class LintSubject:
    """A scenario that is checked.

    Attributes:
        file: the scenario.
        expectations: its expectations, in the order of the file.
        interval: between two scrapes, seconds.
        metrics: the catalogue.
    """

    file: ScenarioFile
    expectations: tuple[Stated, ...]
    interval: float
    metrics: Catalogue


Rule = Callable[[LintSubject], Iterator[Wrong]]


@cache
def rules(listed: str = "RULES") -> tuple[Rule, ...]:
    """Return all rules: those of each module of this package that lists some.

    Args:
        listed: the name of the list: RULES, or WARNINGS for what makes a file no worse than suspicious.
    """
    import harness.lint.rules as package  # noqa: PLC0415  (the package's own modules import this file)

    found: list[Rule] = []
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        found += getattr(loaded, listed, [])
    return tuple(found)


def check_rules(
    file: ScenarioFile, interval: float = DEFAULT_INTERVAL, known: Catalogue | None = None
) -> list[Problem]:
    """Return where a scenario breaks a rule, or is suspicious.

    Args:
        file: the scenario.
        interval: between two scrapes, seconds.
        known: the catalogue to check against; by default ours with the metrics that the user declares.
    """
    subject = LintSubject(file, tuple(_stated(file)), interval, known or catalogue_of(file.path))
    return [
        file.problem(*wrong, warning=listed == "WARNINGS")
        for listed in ("RULES", "WARNINGS")
        for rule in rules(listed)
        for wrong in rule(subject)
    ]


def _stated(file: ScenarioFile) -> Iterator[Stated]:
    for index, step in enumerate(file.scenario.steps):
        for position, spec in enumerate(step.expect):
            at: DocumentPath = ("steps", index, "expect", position)
            if spec.promql is None:
                yield Stated(at, step, spec)
                continue
            try:
                yield Stated(at, step, spec, expression=read(as_literals(spec.promql)))
            except PromQLError as error:
                yield Stated(at, step, spec, refused="; ".join(error.details) or str(error))
