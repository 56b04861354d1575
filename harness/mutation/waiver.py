"""Waivers: survivors that are accepted until a day, each with a reason."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from harness.base.bounded import FileError, read_yaml
from harness.base.errors import UsageError

FOLDER = Path(__file__).parent / "waivers"


class Waiver(BaseModel):
    """One survivor that is accepted for a while.

    Attributes:
        scenario: its name; of a case `SCENARIO[CASE]`.
        expectation: its id, "<step>.<position>", both from 0.
        subject: the metric or the expression that the expectation is about: steps and positions move.
        operator: the operator that it survives, or `any` for an expectation that nothing kills.
        until: the last day on which it holds.
        reason: why that is accepted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    scenario: str
    expectation: str
    subject: str
    operator: str
    until: date
    reason: str = Field(min_length=1)


class Waivers:
    """The waivers that hold on a day."""

    def __init__(self, every: Iterable[Waiver], today: date) -> None:
        self._valid = [waiver for waiver in every if waiver.until >= today]

    def find(self, scenario: str, expectation: str, subject: str, operator: str) -> Waiver | None:
        """Return the waiver of a survivor, or None."""
        key = (scenario, expectation, subject, operator)
        for each in self._valid:
            if (each.scenario, each.expectation, each.subject, each.operator) == key:
                return each
        return None


def load(folder: Path = FOLDER) -> list[Waiver]:
    """Return the waivers of all files of a folder.

    Raises:
        UsageError: a file cannot be read.
    """
    found: list[Waiver] = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            found += TypeAdapter(list[Waiver]).validate_python(read_yaml(path) or [])
        except (FileError, ValidationError) as error:
            problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
            raise UsageError(
                f"{path} is no list of waivers: {problem}", next_step="see docs/mutation.md, Waivers"
            ) from error
    return found
