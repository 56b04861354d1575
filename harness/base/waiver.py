"""Waivers: what is accepted though nothing proves it, each with a reason, and some until a day."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.base.bounded import FileError, read_yaml
from harness.base.errors import UsageError


class WaivedPart(BaseModel):
    """What a waiver is about; its fields are the keys of an entry, beside `reason` and `until`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @abstractmethod
    def selects(self, what: Any) -> bool:
        """Say whether it is about something."""


About = TypeVar("About", bound=WaivedPart)


class Waiver(BaseModel, Generic[About]):
    """Something that is accepted.

    Attributes:
        about: what it is.
        reason: why that is accepted.
        until: the last day on which it holds; None where it holds for good.
    """

    model_config = ConfigDict(frozen=True)

    about: About
    reason: str = Field(min_length=1)
    until: date | None = None

    @property
    def day(self) -> str | None:
        """The last day on which it holds, ISO 8601."""
        return self.until.isoformat() if self.until else None


def first(waivers: Iterable[Waiver[About]], what: object) -> Waiver[About] | None:
    """Return the first waiver that is about something, or None."""
    return next((each for each in waivers if each.about.selects(what)), None)


def holding(waivers: Iterable[Waiver[About]], today: date) -> list[Waiver[About]]:
    """Return those that hold on a day."""
    return [each for each in waivers if each.until is None or each.until >= today]


def read(paths: Iterable[Path], about: type[About], *, expire: bool, see: str) -> list[Waiver[About]]:
    """Return the waivers of some YAML files, each a list.

    Args:
        paths: of the files.
        about: what the waivers are about.
        expire: each needs the last day on which it holds; otherwise none may have one.
        see: the page that describes them.

    Raises:
        UsageError: a file cannot be read.
    """
    found = []
    for path in sorted(paths):
        try:
            entries = read_yaml(path) or []
            found += [
                _waiver(entry, about, expire=expire)
                for entry in (entries if isinstance(entries, list) else [entries])
            ]
        except (FileError, ValidationError, ValueError) as error:
            problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise UsageError(f"{path} is no list of waivers: {problem}", next_step=f"see {see}") from error
    return found


def _waiver(entry: Any, about: type[About], *, expire: bool) -> Waiver[About]:
    if not isinstance(entry, dict):
        raise ValueError(f"{entry!r} is no waiver")  # noqa: TRY004  (as any other that is none)
    own = {name: value for name, value in entry.items() if name in ("reason", "until")}
    rest = {name: value for name, value in entry.items() if name not in own}
    waiver = Waiver[about].model_validate({"about": rest, **own})  # type: ignore[valid-type]
    if (waiver.until is not None) is not expire:
        raise ValueError("`until` is missing" if expire else "`until` has no meaning here")
    return waiver
