"""`series: [{phase: running, value: 1}]`: exactly these series with these values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, ValidationError, WithJsonSchema, model_validator

from harness.judge.argument import (
    OPERATORS,
    ArgumentError,
    Number,
    OracleRef,
    Quantity,
    explain,
    labels_text,
    number_text,
    oracles_in,
    quantity,
)
from harness.judge.comparison import agrees, compare_vector, join, quantity_text
from harness.judge.demand import Demand, SeriesDemand
from harness.judge.kind import Context, Kind, NotComparableError, StateOutcome
from harness.judge.state import Sample, SeriesState
from harness.judge.value import EmptyAnswerError, value_of
from harness.recording.labels import TARGET_LABELS
from harness.recording.model import labels_of


class Bounds(BaseModel):
    """A value that is not one number; exactly one key."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    at_least: Number | None = None
    at_most: Number | None = None
    between: tuple[Number, Number] | None = None

    @model_validator(mode="after")
    def _one(self) -> Bounds:
        if sum(bound is not None for bound in (self.at_least, self.at_most, self.between)) != 1:
            raise ValueError("a value takes exactly one of: at_least, at_most, between")
        return self

    def ends(self) -> tuple[Quantity, Quantity]:
        """Return both ends; one that is open is infinite."""
        if self.between is not None:
            return self.between
        low = self.at_least if self.at_least is not None else -math.inf
        return (low, self.at_most if self.at_most is not None else math.inf)

    def vacuous(self) -> str | None:
        """Return why no value, or every value, is in the range."""
        low, high = self.ends()
        if any(isinstance(end, float) and math.isnan(end) for end in (low, high)):
            return "no value is in a range with NaN"
        if isinstance(low, float) and isinstance(high, float):
            if low > high:
                ends = f"{number_text(low)} and {number_text(high)}"
                return f"nothing is between {ends}: the smaller one comes first"
            if (low, high) == (-math.inf, math.inf):
                return "every number is between -Inf and +Inf"
        return None


@dataclass(frozen=True)
class WantedSeries:
    """One series that should be there: its labels, and the key `value`."""

    labels: dict[str, str]
    value: Quantity | Bounds

    def words(self) -> str:
        """Return the wanted value in words; oracles by name."""
        return _words(self.value)


_SCHEMA = {
    "anyOf": [
        {"type": "object", "properties": {"oracle": {"type": "string"}}, "required": ["oracle"]},
        {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "properties": {"value": {"type": ["number", "string", "object"]}},
                "required": ["value"],
                "additionalProperties": {"type": "string"},
            },
        },
    ]
}


class ExactSeries(Kind):
    """Exactly these series: none is missing, none is there besides.

    All labels of a series have to be listed, but for those that `where` fixes by equality and
    those of the target (job, instance, node).
    """

    name = "series"
    summary = "exactly these series with these values are selected"
    argument = Annotated[Any, WithJsonSchema(_SCHEMA)]
    of_samples = True

    def parse(self, raw: Any, *, templates: bool = False) -> Any:
        """Take `{oracle: ...}` or a list of mappings of labels with a `value` each."""
        if isinstance(raw, dict) and "oracle" in raw:
            return quantity(raw)
        if not isinstance(raw, list):
            raise ArgumentError(
                "`series` takes a list of mappings (labels and `value`), or {oracle: name, ...}"
            )
        return [_wanted(position, each, templates) for position, each in enumerate(raw)]

    def oracles(self, argument: Any) -> list[OracleRef]:
        """Return the oracles, of the whole vector or of single values."""
        if isinstance(argument, OracleRef):
            return [argument]
        numbers = [number for wanted in argument for number in _numbers(wanted.value)]
        return [oracle for number in numbers for oracle in oracles_in(number)]

    def describe(self, argument: Any) -> str:
        """Return the list, or the oracle's name."""
        if isinstance(argument, OracleRef):
            return f"exactly the series of {argument}"
        return "exactly: " + "; ".join(
            f"{labels_text(each.labels)} {_words(each.value)}" for each in argument
        )

    def vacuous(self, argument: Any) -> str | None:
        """Refuse lists that are empty or ask for a series twice, and ranges that cannot decide."""
        if isinstance(argument, OracleRef):
            return None
        if not argument:
            return "an empty list is written `absent: true`"
        seen: list[dict[str, str]] = []
        for wanted in argument:
            if wanted.labels in seen:
                return f"{labels_text(wanted.labels)} is listed twice"
            seen.append(wanted.labels)
            if isinstance(wanted.value, Bounds) and (why := wanted.value.vacuous()):
                return why
        return None

    def demand(self, argument: Any) -> Demand:
        """Return the listed series; of an oracle in their place nothing is known."""
        if isinstance(argument, OracleRef):
            return Demand()
        listed = tuple(SeriesDemand(labels_of(each.labels), *_span(each.value)) for each in argument)
        return Demand(len(listed), len(listed), listed)

    def check(
        self, argument: Any, state: SeriesState, baseline: SeriesState | None, context: Context
    ) -> StateOutcome:
        """Find for every wanted series its one, and for every series the one that wants it."""
        if isinstance(argument, OracleRef):
            return compare_vector(
                context.vector(argument, state),
                state.samples,
                lambda value, wanted: value == wanted,
                number_text,
            )
        problems: list[str] = []
        texts: list[str] = []
        left = list(state.samples)
        implied = set(TARGET_LABELS) | set(context.fixed)
        for wanted in argument:
            low, high, text = _resolve(wanted.value, state, context)
            texts.append(f"{labels_text(wanted.labels)} {text}")
            mine = [sample for sample in left if _is(wanted, sample, implied)]
            if not mine:
                problems.append(f"no series {labels_text(wanted.labels)}")
                continue
            left = [sample for sample in left if sample not in mine]
            if len(mine) > 1:
                problems.append(f"{len(mine)} series {labels_text(wanted.labels)}, on different targets")
            elif not _in(mine[0].value, low, high):
                problems.append(f"{labels_text(wanted.labels)} is {number_text(mine[0].value)}")
        problems += [f"{labels_text(sample.labels)} should not be there" for sample in left]
        return StateOutcome(not problems, "exactly: " + "; ".join(texts), join(problems))


def _wanted(position: int, raw: Any, templates: bool) -> WantedSeries:
    if not isinstance(raw, dict):
        raise ArgumentError(f"{position}: a mapping of labels with a `value` is wanted, not {raw!r}")
    if "value" not in raw:
        raise ArgumentError(f"{position}: `value` is missing")
    labels: dict[str, str] = {}
    for label, text in raw.items():
        if label == "value":
            continue
        if not isinstance(text, str):
            raise ArgumentError(f"{position}: label {label} is text: write {str(text)!r}, not {text!r}")
        labels[label] = text
    return WantedSeries(labels=labels, value=_value(position, raw["value"], templates))


def _value(position: int, raw: Any, templates: bool) -> Quantity | Bounds:
    try:
        if isinstance(raw, dict) and not raw.keys() & {"oracle", *OPERATORS}:
            return Bounds.model_validate(raw, context={"templates": templates})
        return quantity(raw, templates=templates)
    except ValidationError as error:
        raise ArgumentError(f"{position}: value: {explain(error)}") from error
    except ArgumentError as error:
        raise ArgumentError(f"{position}: value: {error}") from error


def _numbers(value: Quantity | Bounds) -> tuple[Quantity, ...]:
    return value.ends() if isinstance(value, Bounds) else (value,)


def _span(value: Quantity | Bounds) -> tuple[float, float]:
    ends = _numbers(value)
    low, high = ends[0], ends[-1]
    return (low if isinstance(low, float) else -math.inf, high if isinstance(high, float) else math.inf)


def _words(value: Quantity | Bounds) -> str:
    if not isinstance(value, Bounds):
        return quantity_text(value)
    low, high = (quantity_text(end) for end in value.ends())
    if value.at_least is not None:
        return f"at least {low}"
    return f"at most {high}" if value.at_most is not None else f"between {low} and {high}"


def _resolve(value: Quantity | Bounds, state: SeriesState, context: Context) -> tuple[float, float, str]:
    ends: list[float] = []
    texts: list[str] = []
    for number in _numbers(value):
        try:
            end, text = value_of(number, state, context)
        except EmptyAnswerError as nothing:
            raise NotComparableError(str(nothing)) from nothing
        ends.append(end)
        texts.append(text)
    if not isinstance(value, Bounds):
        return (ends[0], ends[0], texts[0])
    if value.at_least is not None:
        return (ends[0], ends[1], f"at least {texts[0]}")
    if value.at_most is not None:
        return (ends[0], ends[1], f"at most {texts[1]}")
    return (ends[0], ends[1], f"between {texts[0]} and {texts[1]}")


def _in(value: float, low: float, high: float) -> bool:
    if math.isnan(low) and math.isnan(high):
        return math.isnan(value)
    return low <= value <= high


def _is(wanted: WantedSeries, sample: Sample, implied: set[str]) -> bool:
    others = sample.labels.keys() - wanted.labels.keys() - implied
    return agrees(wanted.labels, sample.labels) and not others


KINDS = [ExactSeries]
