"""What an oracle is, and how they are found."""

from __future__ import annotations

import importlib
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from harness.base.entry_points import take_in
from harness.base.errors import UsageError
from harness.oracles.context import OracleContext
from harness.recording.model import Point

GROUP = "chaos_harness.oracles"
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_MOST_LISTED = 3


class Parameters(BaseModel):
    """An oracle's parameters; unknown ones are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def text(self) -> str:
        """Return what is asked for in a few words: "named stress-ng, in pod-0/app"; "" of no parameters."""
        given = {
            type(self).model_fields[name].alias or name: getattr(self, name)
            for name in type(self).model_fields
            if getattr(self, name) is not None and name in self.model_fields_set
        }
        words = sorted(given.items(), key=lambda each: each[0] == "in")
        return ", ".join(f"{name} {shown}" for name, value in words if (shown := _shown(value)))


def _shown(value: Any) -> str:
    """Return a parameter's value, of a long list the first ones."""
    match value:
        case bool():
            return str(value).lower()
        case [*items]:
            left = len(items) - _MOST_LISTED
            return ", ".join([*map(str, items[:_MOST_LISTED]), *([f"{left} more"] if left > 0 else [])])
    return str(value)


_MOST_NAMED = 14
UNKNOWN_NAME = "unknown_name"
"""The type of pydantic's error; its context has all names that are known, under `known`."""


def unknown_name(value: str, known: Collection[str]) -> PydanticCustomError:
    """Return the error of a parameter whose value is a name that nothing has."""
    first, more = list(known)[:_MOST_NAMED], len(known) - _MOST_NAMED
    listed = ", ".join(first) + (f" and {more} more" if more > 0 else "")
    context = {"value": value, "known": list(known), "listed": listed}
    return PydanticCustomError(UNKNOWN_NAME, "there is no `{value}`; there is: {listed}", context)


@dataclass(frozen=True)
class OneOf:
    """Of a parameter's type: names that are all known beforehand; a misspelt one would select nothing.

    pydantic raises a PydanticCustomError of the type UNKNOWN_NAME for any other.
    """

    known: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Add the check."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add the names."""
        return {**handler(schema), "enum": list(self.known)}

    def _checked(self, value: str) -> str:
        if value not in self.known:
            raise unknown_name(value, self.known)
        return value


class OracleError(Exception):
    """The truth could not be had; recorded as a reading without an answer, never as a value."""


class Oracle(ABC):
    """A truth about the cluster that owes nothing to a metric.

    An oracle is made once a scenario, started before its first step and stopped after its last.

    Attributes:
        touched_by: what changes the answer beside the scenario itself, as in the catalogue: kinds of chaos,
            `every-chaos`; nothing when it is about the scenario's own namespace.
        through: the components of Chaos Mesh whose pods or ports it goes through.
        followed: whether it is read at each scrape where the catalogue names it for a metric, to know when a
            change came, though no expectation compares with it: `always`, as that costs next to nothing, or
            `if_needed`, in steps that wait for nothing. It is about the scenario's own namespace.
    """

    name: ClassVar[str]
    summary: ClassVar[str]
    parameters: ClassVar[type[Parameters]]
    touched_by: ClassVar[tuple[str, ...]] = ()
    through: ClassVar[tuple[str, ...]] = ()
    followed: ClassVar[Literal["never", "if_needed", "always"]] = "never"

    def __init__(self, world: OracleContext) -> None:
        self.world = world

    def start(self) -> None:  # noqa: B027  (most oracles have nothing to begin)
        """Begin to watch, for oracles that count what passes by."""

    def stop(self) -> None:  # noqa: B027
        """End what `start` began."""

    @abstractmethod
    def read(self, parameters: Any) -> list[Point]:
        """Return the truth now: a vector; a plain number is one point without labels.

        Args:
            parameters: an instance of the class's `parameters`, templates resolved.

        Raises:
            OracleError: it could not be had.
        """

    def instead(self, parameters: Any) -> list[str]:
        """Return what is there in place of what was asked for, a line each: for a proof that does not hold.

        Args:
            parameters: as of `read`.

        Raises:
            OracleError: it could not be had.
        """
        return []


def oracles() -> dict[str, type[Oracle]]:
    """Return all oracles by name: those of this package, and what installed packages bring.

    A package brings an oracle by an entry point of the group `chaos_harness.oracles` that names its class.
    """
    return _found()[0]


def check_installed() -> None:
    """Refuse to go on without an oracle that an installed package should have brought.

    Raises:
        UsageError: one cannot be loaded, is none, or has a name that is taken; it names the entry point.
    """
    for error in _found()[1]:
        raise error


@cache
def _found() -> tuple[dict[str, type[Oracle]], list[UsageError]]:
    """Return the oracles, and what is wrong with those of installed packages, which are left out."""
    import harness.oracles as package  # noqa: PLC0415  (the package's own modules import this file)

    found: dict[str, type[Oracle]] = {}

    def take(each: type[Oracle]) -> str:
        if each.name in found:
            return f"the oracle `{each.name}` is defined by {found[each.name].__module__} too"
        if not _NAME.fullmatch(each.name):
            return f"`{each.name}` cannot be the name of an oracle"
        found[each.name] = each
        return ""

    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for oracle in getattr(loaded, "ORACLES", []):
            found[oracle.name] = oracle
    says = ("name", "summary", "parameters")
    # An abstract class is what the others have to be subclasses of.
    return found, take_in(GROUP, "oracle", Oracle, says, take)  # type: ignore[type-abstract]
