"""What an expectation kind is, and how the kinds are found."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, ClassVar, Protocol

from pydantic import TypeAdapter, ValidationError

from harness.judge.argument import ArgumentError, OracleRef, explain, oracles_in, quantity
from harness.judge.demand import Demand
from harness.judge.state import SeriesState
from harness.recording.model import Point
from harness.scenario.model import Expectation

MOST_ROWS = 100
"""The series that a finding shows at most; a mistaken `where` may select thousands."""


class NotComparableError(Exception):
    """A state says nothing about an expectation.

    Attributes:
        reason: why.
        waiting: a later entry of the recording may change that.
        layer: where that lies, for an error that comes of it.
    """

    def __init__(self, reason: str, *, waiting: bool = False, layer: str = "infrastructure") -> None:
        super().__init__(reason)
        self.reason = reason
        self.waiting = waiting
        self.layer = layer


@dataclass(frozen=True)
class StateOutcome:
    """What a kind says about one state.

    Attributes:
        holds: whether it is as expected.
        expected: what was wanted, with oracles replaced by what they said.
        reason: why it does not hold.
        final: it can never hold again in this step.
        actual: what to show in place of the selected series.
    """

    holds: bool
    expected: str
    reason: str = ""
    final: bool = False
    actual: list[dict[str, Any]] | None = None


@dataclass
class Increase:
    """How much a counter grew since the baseline.

    Attributes:
        labels: of the series, without `__name__`.
        baseline: the value before the step; 0 for a series that its target did not have then.
        last: the newest value.
        amount: the increase; a value below the one before it is a reset, and counts as grown from 0. Of an
            expression, whose resets nobody can tell, it may be negative.
        resets: (time, value before, value after) of each reset.
        vanished: when the series was last seen, if its target has been scraped without it since.
        below: (time, value) of the first value below 0, in the baseline or since.
    """

    labels: dict[str, str]
    baseline: float
    last: float
    amount: float
    resets: list[tuple[float, float, float]] = field(default_factory=list)
    vanished: float | None = None
    below: tuple[float, float] | None = None


class Context(Protocol):
    """What a kind may ask for beside the states."""

    @property
    def fixed(self) -> dict[str, str]:
        """Labels that the expectation's `where` fixes by equality."""

    def vector(self, oracle: OracleRef, state: SeriesState) -> list[Point]:
        """Return what an oracle said both before and after the state's scrapes.

        Raises:
            NotComparableError: there is no such reading (yet), or the oracle was changing.
        """

    def increases(self, state: SeriesState) -> list[Increase]:
        """Return the increase of each selected series from the baseline to the state."""


class Kind(ABC):
    """A way to say what a metric should be.

    Attributes:
        name: the key in a scenario.
        summary: one line for the documentation.
        argument: the argument's type, for pydantic.
        needs_baseline: whether it compares with the state before the step.
        of_samples: whether `check` looks at nothing of a state but its samples, so that states with the same
            samples come to the same, as long as the oracles say the same.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    argument: ClassVar[Any]
    needs_baseline: ClassVar[bool] = False
    of_samples: ClassVar[bool] = False

    def parse(self, raw: Any, *, templates: bool = False) -> Any:
        """Return the typed argument.

        Args:
            raw: as read from a scenario or a recording.
            templates: whether `${...}` may stand for a number (before templates are resolved).

        Raises:
            ArgumentError: it is not what this kind takes.
        """
        try:
            return self._argument_type.validate_python(raw, context={"templates": templates})
        except ValidationError as error:
            raise ArgumentError(explain(error)) from error

    @cached_property
    def _argument_type(self) -> TypeAdapter[Any]:
        return TypeAdapter(self.argument)

    @abstractmethod
    def describe(self, argument: Any) -> str:
        """Return what is wanted, in words; oracles by name."""

    @abstractmethod
    def check(
        self, argument: Any, state: SeriesState, baseline: SeriesState | None, context: Context
    ) -> StateOutcome:
        """Compare a complete state with the argument.

        Args:
            argument: from `parse`.
            state: a state in which every target answered.
            baseline: the state before the step; never None for a kind that needs it.
            context: see Context.

        Raises:
            NotComparableError: an oracle gives nothing to compare this state with.
        """

    def oracles(self, argument: Any) -> list[OracleRef]:
        """Return the oracles that the argument names."""
        return []

    def vacuous(self, argument: Any) -> str | None:
        """Return why the argument can never fail, or never hold; None when it can do both."""
        return None

    def demand(self, argument: Any) -> Demand:
        """Return what the argument demands, as far as that is known without looking at a metric."""
        return Demand()


@cache
def kinds() -> dict[str, Kind]:
    """Return all kinds by name: those of each module of `harness.judge.kinds` that defines `KINDS`."""
    import harness.judge.kinds as package  # noqa: PLC0415  (the package's own modules import this file)

    found: dict[str, Kind] = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for kind in getattr(loaded, "KINDS", []):
            found[kind.name] = kind()
    return found


def arguments(expectation: Expectation) -> Iterable[tuple[str, Any]]:
    """Yield the kind and raw argument of an expectation, then those that its known issue shows."""
    yield expectation.kind, expectation.argument
    if expectation.known_issue is not None:
        yield from expectation.known_issue.shows.items()


def wanted_readings(expectation: Expectation) -> list[OracleRef]:
    """Return the oracles that have to be read to judge an expectation, templates resolved.

    Raises:
        ArgumentError: the kind is unknown, or its argument is not what it takes.
    """
    found: dict[tuple[str, str], OracleRef] = {}
    for name, raw in arguments(expectation):
        if name not in kinds():
            raise ArgumentError(f"unknown kind of expectation: {name}")
        kind = kinds()[name]
        for oracle in kind.oracles(kind.parse(raw)):
            found[(oracle.name, oracle.key)] = oracle
    return list(found.values())


def readings_to_take(expectation: Expectation) -> list[OracleRef]:
    """Return the oracles that are read while an expectation is waited for, templates resolved.

    Beside those that it is judged by, the ones that know what twins of the metric have (`unlike`).

    Raises:
        ArgumentError: see `wanted_readings`; or `unlike` has something that is no number.
    """
    found = {(each.name, each.key): each for each in wanted_readings(expectation)}
    for raw in expectation.unlike.values():
        for oracle in oracles_in(quantity(raw)):
            found.setdefault((oracle.name, oracle.key), oracle)
    return list(found.values())
