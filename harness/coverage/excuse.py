"""Excuses from a proof: limits of environments, and waivers until a day. Both select transitions alike."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.base.bounded import FileError, read_yaml
from harness.base.errors import UsageError
from harness.coverage.result import Change
from harness.coverage.transition import Transition
from harness.coverage.twins import TwinOf

_HERE = Path(__file__).parent
LIMITS, WAIVERS = _HERE / "limits", _HERE / "waivers"


class Excuse(BaseModel):
    """Which transitions it is about.

    Attributes:
        metrics: their names in the catalogue; all, when none is given.
        label: only transitions of this label; "" for metrics as a whole; all, when it is not given.
        values: of the label; all, when none is given.
        changes: all, when none is given.
        twins: it is about these twins of the metrics, and about no transition.
        reason: why.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    metrics: tuple[str, ...] = ()
    label: str | None = None
    values: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()
    twins: tuple[str, ...] = ()
    reason: str = Field(min_length=1)

    def about(self, transition: Transition) -> bool:
        """Tell whether it is about a transition."""
        return (
            not self.twins
            and (not self.metrics or transition.metric in self.metrics)
            and (self.label is None or transition.label == self.label)
            and (not self.values or transition.value in self.values)
            and (not self.changes or transition.change in self.changes)
        )

    def about_twin(self, twin: TwinOf) -> bool:
        """Tell whether it is about a twin."""
        return twin.twin in self.twins and (not self.metrics or twin.metric in self.metrics)


class Limit(Excuse):
    """A transition that no environment which the harness can make allows."""


class Waiver(Excuse):
    """A transition that needs no proof for a while.

    Attributes:
        until: the last day on which it holds.
    """

    until: date


_Kind = TypeVar("_Kind", Limit, Waiver)


def limits(folder: Path = LIMITS) -> list[Limit]:
    """Return the limits of all files of a folder.

    Raises:
        UsageError: a file cannot be read.
    """
    return _load(folder, Limit)


def waivers(folder: Path = WAIVERS) -> list[Waiver]:
    """Return the waivers of all files of a folder.

    Raises:
        UsageError: a file cannot be read.
    """
    return _load(folder, Waiver)


def first(excuses: Iterable[_Kind], what: Transition | TwinOf) -> _Kind | None:
    """Return the first excuse that is about a transition or a twin, or None."""
    if isinstance(what, TwinOf):
        return next((each for each in excuses if each.about_twin(what)), None)
    return next((each for each in excuses if each.about(what)), None)


def _load(folder: Path, kind: type[_Kind]) -> list[_Kind]:
    found: list[_Kind] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found += TypeAdapter(list[kind]).validate_python(read_yaml(path) or [])  # type: ignore[valid-type]
        except (FileError, ValidationError) as error:
            problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise UsageError(
                f"{path} cannot be read: {problem}", next_step="see docs/coverage.md, Excuses"
            ) from error
    return found
