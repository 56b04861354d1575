"""The arguments of expectation kinds: numbers, and oracles that stand for numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
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

    @property
    def key(self) -> str:
        """The parameters in the form in which readings carry them."""
        return reading_key(self.parameters)

    def __str__(self) -> str:
        """Return the reference as a person would say it."""
        inside = ", ".join(f"{name}={value}" for name, value in self.parameters.items())
        return f"the oracle {self.name}" + (f" ({inside})" if inside else "")


@dataclass(frozen=True)
class Template:
    """A `${...}` in the place of a number, before it is resolved."""

    text: str

    def __str__(self) -> str:
        """Return the template's text."""
        return self.text


Quantity = float | OracleRef | Template


def quantity(raw: Any, *, templates: bool = False) -> Quantity:
    """Return a number, an oracle or (only with `templates`) a template.

    Raises:
        ArgumentError: it is none of these.
    """
    if isinstance(raw, float | OracleRef | Template):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return float(raw)
    if isinstance(raw, str):
        if raw in _NAMED:
            return _NAMED[raw]
        if is_template(raw):
            if templates:
                return Template(raw)
            raise ArgumentError(f"the template {raw} was not resolved")
        raise ArgumentError(f"a number is wanted, not the text {raw!r}")
    if isinstance(raw, dict) and "oracle" in raw:
        if not isinstance(raw["oracle"], str):
            raise ArgumentError(f"`oracle` takes the name of an oracle, not {raw['oracle']!r}")
        return OracleRef(raw["oracle"], {name: value for name, value in raw.items() if name != "oracle"})
    raise ArgumentError(f"a number or {{oracle: name, ...}} is wanted, not {raw!r}")


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
            ]
        }
    ),
]
"""A field of an argument that takes a number or an oracle."""


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
