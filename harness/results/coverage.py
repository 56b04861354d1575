"""What results.json says about coverage; docs/coverage.md describes it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel


class Standing(StrEnum):
    """How a transition stands.

    `covered`: an expectation that passed proves it. `known_issue`: only one that showed its known issue does.
    `waived`, `missing`: none does. `not_possible`: none does, and none that could runs in this environment.
    """

    COVERED = "covered"
    KNOWN_ISSUE = "known_issue"
    WAIVED = "waived"
    MISSING = "missing"
    NOT_POSSIBLE = "not_possible"


class SeriesChange(StrEnum):
    """What happens to a series between the baseline of a step and the states that decide it."""

    APPEARS = "appears"
    CHANGES = "changes"
    GOES = "goes"


class TransitionScore(BaseModel):
    """One transition.

    Attributes:
        standing: see Standing.
        by: the expectations that prove it: "SCENARIO 1.0"; at most 5.
        reason: why it is waived or not possible.
        until: the last day of the waiver, ISO 8601.
    """

    metric: str
    label: str
    value: str
    change: SeriesChange
    standing: Standing
    by: list[str] = []
    reason: str | None = None
    until: str | None = None


class TwinScore(BaseModel):
    """One twin of a metric: what it could plausibly count instead.

    Attributes:
        twin: its name.
        counts: what it counts, in words.
        standing: see Standing; covered is told apart.
        by: the expectations that tell it apart: "SCENARIO 1.0"; at most 5.
        reason: why it is waived, or cannot be told apart here.
        until: the last day of the waiver, ISO 8601.
    """

    metric: str
    twin: str
    counts: str
    standing: Standing
    by: list[str] = []
    reason: str | None = None
    until: str | None = None


class Coverage(BaseModel):
    """All transitions and twins.

    Attributes:
        defined: how many the catalogue defines.
        possible_here: how many of them the environment allows.
        covered: how many of those are proven by what passed.
        known_issue: how many more by what showed exactly its known issue.
        waived: how many of those possible are waived and not proven.
        missing: how many are neither.
        whole: all scenarios of the harness were run: only then the gate decides.
        waived_and_covered: waivers that are needed no more, in words.
        transitions: all, in the order of the catalogue.
        twins: of all metrics that count, in the order of the catalogue.
        twins_missing: how many of them nothing tells apart, though it is possible here, and no waiver holds.
    """

    defined: int = 0
    possible_here: int = 0
    covered: int = 0
    known_issue: int = 0
    waived: int = 0
    missing: int = 0
    whole: bool = False
    waived_and_covered: list[str] = []
    transitions: list[TransitionScore] = []
    twins: list[TwinScore] = []
    twins_missing: int = 0

    @property
    def passed(self) -> bool:
        """Whether nothing that is possible here is missing."""
        return self.missing == 0 and self.twins_missing == 0

    @property
    def gap(self) -> bool:
        """Whether a run fails by it: all scenarios ran, and something that is possible here is missing."""
        return self.whole and not self.passed
