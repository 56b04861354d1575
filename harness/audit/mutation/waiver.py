"""Which survivors are accepted: the files of `waivers/`."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from harness.base.waiver import WaivedPart, Waiver, read

FOLDER = Path(__file__).parent / "waivers"


class SurvivorOf(NamedTuple):
    """A survivor: the scenario, id and subject of the expectation, the operator."""

    scenario: str
    expectation: str
    subject: str
    operator: str


class SurvivorSelector(WaivedPart):
    """One survivor.

    Attributes:
        scenario: its name; of a case `SCENARIO[CASE]`.
        expectation: its id, "<step>.<position>", both from 0.
        subject: the metric or the expression that the expectation is about: steps and positions move.
        operator: the operator that it survives, or `any` for an expectation that nothing kills.
    """

    scenario: str
    expectation: str
    subject: str
    operator: str

    def selects(self, what: SurvivorOf) -> bool:
        """Say whether it is about a survivor."""
        return what == (self.scenario, self.expectation, self.subject, self.operator)


SurvivorWaiver = Waiver[SurvivorSelector]


def load(folder: Path = FOLDER) -> list[SurvivorWaiver]:
    """Return the waivers of all files of a folder.

    Raises:
        UsageError: a file cannot be read.
    """
    return read(folder.glob("*.yaml"), SurvivorSelector, expire=True, see="docs/mutation.md, Waivers")
