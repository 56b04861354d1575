"""The arguments of expectation kinds: numbers, and oracles that stand for numbers."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationError, ValidationInfo, WithJsonSchema

from harness.recording.model import reading_key

_NAMED = {
    "NaN": math.nan,
    "Infinity": math.inf,
    "+Inf": math.inf,
    "Inf": math.inf,
    "-Infinity": -math.inf,
    "-Inf": -math.inf,
}
"""JSON has no word for these; a recording holds them as text."""


class ArgumentError(ValueError):
    """An argument is not what its kind takes; the message is one sentence for a person."""


@dataclass(frozen=True)
class OracleRef:
    """`{oracle: name, ...parameters}` in the place of a number or of a vector."""

    name: str
    parameters: dict[str, Any] = field(default_factory=dict, hash=False)

    @cached_property
    def key(self) -> str:
        """The parameters in the form in which readings carry them."""
        return reading_key(self.parameters)

    def __str__(self) -> str:
        """Return the reference as a person would say it."""
        inside = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"the oracle {self.name}" + (f" ({inside})" if inside else "")


@dataclass(frozen=True)
class NumberTemplate:
    """A `${...}` in the place of a number, before it is resolved."""

    text: str

    def __str__(self) -> str:
        """Return the template's text."""
        return self.text


@dataclass(frozen=True)
class Arithmetic:
    """`{product: [{oracle: packets}, 28]}` in the place of a number.

    Attributes:
        operator: one of OPERATORS.
        operands: what it is applied to, from left to right.
    """

    operator: str
    operands: tuple[Quantity, ...]

    def __str__(self) -> str:
        """Return it with the operator between the operands, in parentheses."""
        texts = [number_text(each) if isinstance(each, float) else str(each) for each in self.operands]
        return "(" + f" {OPERATORS[self.operator][0]} ".join(texts) + ")"


Quantity = float | OracleRef | NumberTemplate | Arithmetic

OPERATORS: dict[str, tuple[str, Callable[[float, float], float]]] = {
    "sum": ("+", operator.add),
    "difference": ("-", operator.sub),
    "product": ("*", operator.mul),
    "quotient": ("/", operator.truediv),
}
"""The sign of each operator, and what it does."""


def quantity(raw: Any, *, templates: bool = False) -> Quantity:
    """Return a number, an oracle, arithmetic with oracles or (only with `templates`) a template.

    Raises:
        ArgumentError: it is none of these.
    """
    if isinstance(raw, float | OracleRef | NumberTemplate | Arithmetic):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if isinstance(raw, str):
        if raw in _NAMED:
            return _NAMED[raw]
        if is_template(raw):
            if templates:
                return NumberTemplate(raw)
            raise ArgumentError(f"the template {raw} was not resolved")
        raise ArgumentError(f"a number is wanted, not the text {raw!r}")
    if isinstance(raw, dict) and "oracle" in raw:
        if not isinstance(raw["oracle"], str):
            raise ArgumentError(f"`oracle` takes the name of an oracle, not {raw['oracle']!r}")
        return OracleRef(raw["oracle"], {name: value for name, value in raw.items() if name != "oracle"})
    if isinstance(raw, dict) and len(raw) == 1 and (name := next(iter(raw))) in OPERATORS:
        return _arithmetic(name, raw[name], templates)
    raise ArgumentError(f"a number or {{oracle: name, ...}} is wanted, not {raw!r}")


def oracles_in(number: Quantity) -> list[OracleRef]:
    """Return the oracles that a number is made of."""
    match number:
        case OracleRef():
            return [number]
        case Arithmetic():
            return [oracle for operand in number.operands for oracle in oracles_in(operand)]
    return []


def _arithmetic(name: str, raw: Any, templates: bool) -> Arithmetic:
    if not isinstance(raw, list) or len(raw) != 2:
        raise ArgumentError(f"`{name}` takes a list of two numbers, not {raw!r}")
    made = Arithmetic(name, tuple(quantity(each, templates=templates) for each in raw))
    if not oracles_in(made) and not any(
        isinstance(each, NumberTemplate | Arithmetic) for each in made.operands
    ):
        raise ArgumentError(f"`{name}` of plain numbers: write the result")
    return made


def is_template(raw: Any) -> bool:
    """Tell whether a value is text that holds a template."""
    return isinstance(raw, str) and "${" in raw


def _validate(raw: Any, info: ValidationInfo) -> Quantity:
    return quantity(raw, templates=bool(info.context and info.context.get("templates")))


Number = Annotated[
    Quantity,
    PlainValidator(_validate),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {"type": "string", "pattern": r"\$\{"},
                {"type": "object", "properties": {"oracle": {"type": "string"}}, "required": ["oracle"]},
                *(
                    {
                        "type": "object",
                        "properties": {name: {"type": "array", "minItems": 2, "maxItems": 2}},
                        "required": [name],
                        "additionalProperties": False,
                    }
                    for name in ("sum", "difference", "product", "quotient")
                ),
            ]
        }
    ),
]
"""A field of an argument that takes a number, an oracle, or arithmetic with oracles."""


def explain(error: ValidationError) -> str:
    """Return the first problem that pydantic found, as one sentence."""
    problem = error.errors()[0]
    message = problem["msg"].removeprefix("Value error, ")
    where = ".".join(str(part) for part in problem["loc"])
    return f"{where}: {message}" if where else message


def number_text(value: float) -> str:
    """Return a number without loss: 2, 0.25, NaN, +Inf."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)


def labels_text(labels: dict[str, str]) -> str:
    """Return a label set in braces, sorted by label name."""
    return "{" + ", ".join(f'{name}="{value}"' for name, value in sorted(labels.items())) + "}"


def time_text(time: float) -> str:
    """Return a time (seconds since the epoch) as HH:MM:SS.mmm, UTC; what is no time as a number."""
    try:
        return datetime.fromtimestamp(time, UTC).strftime("%H:%M:%S.%f")[:-3]
    except (ValueError, OverflowError, OSError):
        return number_text(time)
