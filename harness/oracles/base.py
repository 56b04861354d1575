"""What an oracle is, and how they are found."""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from functools import cache
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from harness.oracles.context import OracleContext
from harness.recording.model import Point


class Parameters(BaseModel):
    """An oracle's parameters; unknown ones are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


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


@cache
def oracles() -> dict[str, type[Oracle]]:
    """Return all oracles by name: those of each module of this package that defines `ORACLES`."""
    import harness.oracles as package  # noqa: PLC0415  (the package's own modules import this file)

    found: dict[str, type[Oracle]] = {}
    for module in pkgutil.iter_modules(package.__path__):
        loaded = importlib.import_module(f"{package.__name__}.{module.name}")
        for oracle in getattr(loaded, "ORACLES", []):
            found[oracle.name] = oracle
    return found
