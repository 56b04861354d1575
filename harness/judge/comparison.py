"""Compares selected series with numbers and with vectors; a kind adds only its test of one value."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from harness.judge.argument import Number, OracleRef, Quantity, labels_text, number_text, oracles_in
from harness.judge.demand import Demand, SeriesDemand
from harness.judge.kind import Context, Kind, StateOutcome
from harness.judge.state import Sample, SeriesState
from harness.judge.value import EmptyAnswerError, one_point, read_text, value_of
from harness.recording.model import Point

_SHOWN = 5


class Comparison(Kind):
    """A kind that tests the value of exactly one series.

    No series is never 0, and of several none is picked: both are reasons of their own. An oracle
    that gives several points is compared point by point with exactly as many series.
    """

    argument: ClassVar[Any] = Number
    of_samples: ClassVar[bool] = True

    def numbers(self, argument: Any) -> tuple[Quantity, ...]:
        """Return the argument's numbers, each of which may be an oracle."""
        return (argument,)

    @abstractmethod
    def test(self, value: float, *numbers: float) -> bool:
        """Tell whether a value is as wanted; false for NaN."""

    @abstractmethod
    def span(self, *numbers: float) -> tuple[float, float]:
        """Return the least and the greatest value that is as wanted."""

    @abstractmethod
    def phrase(self, *numbers: str) -> str:
        """Return what is wanted, as a phrase: "at least 2"."""

    def reach(self, argument: Any) -> Callable[..., tuple[float, float]]:
        """Return the span for an argument with options of its own."""
        return self.span

    def demand(self, argument: Any) -> Demand:
        """Return the span of the one series; of several when an oracle may have several points."""
        numbers = self.numbers(argument)
        if not all(isinstance(number, float) for number in numbers):
            return Demand(least=1)
        low, high = self.reach(argument)(*(plain(number) for number in numbers))
        return Demand(least=1, most=1, series=(SeriesDemand(low=low, high=high),))

    def narrow(self, argument: Any) -> Callable[..., bool]:
        """Return the test for an argument with options of its own."""
        return self.test

    def words(self, argument: Any, *numbers: str) -> str:
        """Return the phrase for an argument with options of its own."""
        return self.phrase(*numbers)

    def oracles(self, argument: Any) -> list[OracleRef]:
        """Return the oracles among the numbers."""
        return [oracle for number in self.numbers(argument) for oracle in oracles_in(number)]

    def describe(self, argument: Any) -> str:
        """Return the phrase, with oracles by name."""
        return self.words(argument, *(quantity_text(number) for number in self.numbers(argument)))

    def compare(self, value: float, argument: Any) -> bool:
        """Test a value against an argument without oracles."""
        return self.narrow(argument)(value, *(plain(number) for number in self.numbers(argument)))

    def check(
        self, argument: Any, state: SeriesState, baseline: SeriesState | None, context: Context
    ) -> StateOutcome:
        """Test the one selected series, or each one against its point of the oracle's vector."""
        numbers = self.numbers(argument)
        test = self.narrow(argument)
        values: list[float] = []
        texts: list[str] = []
        labels: dict[str, str] = {}
        for number in numbers:
            try:
                if isinstance(number, OracleRef):
                    points = context.vector(number, state)
                    if len(points) > 1 and len(numbers) == 1:
                        return compare_vector(
                            points, state.samples, test, lambda each: self.words(argument, number_text(each))
                        )
                    point = one_point(number, points)
                    labels |= point.labels
                    value, text = point.value, read_text(number, point)
                else:
                    value, text = value_of(number, state, context)
            except EmptyAnswerError as nothing:
                return StateOutcome(False, self.describe(argument), str(nothing))
            values.append(value)
            texts.append(text)
        expected = self.words(argument, *texts)
        if problem := one_series(state.samples):
            return StateOutcome(False, expected, problem)
        sample = state.samples[0]
        # A single point may carry labels that the metric does not have; those that both have must agree.
        differ = {name for name, value in labels.items() if sample.labels.get(name, value) != value}
        if differ:
            return StateOutcome(
                False,
                expected,
                f"the oracle speaks of {labels_text(labels)}, not of {', '.join(sorted(differ))}"
                f" {', '.join(sample.labels[name] for name in sorted(differ))}",
            )
        if test(sample.value, *values):
            return StateOutcome(True, expected)
        return StateOutcome(False, expected, f"the value is {number_text(sample.value)}")


def one_series(samples: Sequence[Sample]) -> str:
    """Return why a single value cannot be taken from the selected series, or ""."""
    if not samples:
        return "no series"
    if len(samples) > 1:
        return f"{len(samples)} series selected, narrow `where`"
    return ""


def compare_vector(
    points: list[Point],
    samples: Sequence[Sample],
    test: Callable[[float, float], bool],
    words: Callable[[float], str],
) -> StateOutcome:
    """Compare an oracle's vector with the selected series: the same label sets, each value tested.

    A series belongs to the point with whose labels it agrees; a label that the series lacks is "".
    """
    wanted = [f"{labels_text(point.labels)} {words(point.value)}" for point in points]
    expected = "; ".join(wanted) if points else "no series (the oracle says there is nothing)"
    owners: list[list[Sample]] = [[] for _ in points]
    problems: list[str] = []
    # By label names, then by values: comparing each point with each series would be quadratic.
    index_of: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = {}
    for index, point in enumerate(points):
        names = tuple(sorted(point.labels))
        values = tuple(point.labels[name] for name in names)
        index_of.setdefault(names, {}).setdefault(values, []).append(index)
    for sample in samples:
        mine = [
            index
            for names, by_values in index_of.items()
            for index in by_values.get(tuple(sample.labels.get(name, "") for name in names), [])
        ]
        if not mine:
            problems.append(f"{labels_text(sample.labels)} should not be there")
        elif len(mine) > 1:
            problems.append(f"{labels_text(sample.labels)} fits {len(mine)} points of the oracle")
        for index in mine:
            owners[index].append(sample)
    for point, owned in zip(points, owners, strict=True):
        if not owned:
            problems.append(f"no series {labels_text(point.labels)}")
        elif len(owned) > 1:
            problems.append(f"{len(owned)} series {labels_text(point.labels)}, narrow `where`")
        elif not test(owned[0].value, point.value):
            problems.append(f"{labels_text(point.labels)} is {number_text(owned[0].value)}")
    return StateOutcome(not problems, expected, join(problems))


def agrees(wanted: dict[str, str], labels: dict[str, str]) -> bool:
    """Tell whether a label set has these labels; a missing one has the value ""."""
    return all(labels.get(name, "") == value for name, value in wanted.items())


def join_samples(samples: Sequence[Sample], words: Callable[[Sample], str]) -> str:
    """Return a text about the first samples as one line; there may be thousands."""
    more = f"; and {len(samples) - _SHOWN} more" if len(samples) > _SHOWN else ""
    return "; ".join(words(sample) for sample in samples[:_SHOWN]) + more


def join(problems: list[str]) -> str:
    """Return the first problems as one line."""
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    return "; ".join(problems[:_SHOWN]) + more


def quantity_text(number: Quantity) -> str:
    """Return a number, an oracle's name, or a template's text."""
    return number_text(number) if isinstance(number, float) else str(number)


def plain(number: Quantity) -> float:
    """Return a number that is neither an oracle, nor made of one, nor a template."""
    if not isinstance(number, float):
        raise TypeError(f"{number} is not a number")
    return number
