"""How many transitions are proven: `coverage` of results.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel

from harness.chaos.catalogue.catalogue import Catalogue
from harness.coverage.excuse import Limit, Waiver, first, limits, waivers
from harness.coverage.proven import Proof, proven
from harness.coverage.provers import Provers, lacking
from harness.coverage.transition import Transition, defined
from harness.recording.model import Inconsistent
from harness.recording.reader import RecordingReader
from harness.scenario.load import ScenarioFile


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
    change: str
    standing: Standing
    by: list[str] = []
    reason: str | None = None
    until: str | None = None


class Coverage(BaseModel):
    """All transitions.

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

    @property
    def passed(self) -> bool:
        """Whether nothing that is possible here is missing."""
        return self.missing == 0


class Excuses(NamedTuple):
    """Limits, and the waivers that hold."""

    limits: list[Limit]
    waivers: list[Waiver]

    @classmethod
    def load(cls, today: date) -> Excuses:
        """Return those that ship with the harness; what has expired is left out.

        Raises:
            UsageError: a file cannot be read.
        """
        return cls(limits(), [each for each in waivers() if each.until >= today])


_MOST_NAMED = 5


def coverage_of(
    folders: Iterable[Path], known: Catalogue, today: date, files: Iterable[ScenarioFile]
) -> Coverage:
    """Return the coverage of the recordings in some folders, made in one environment.

    Args:
        folders: one a recording.
        known: the catalogue.
        today: waivers that ended before hold no more.
        files: the scenarios that could prove something.

    Raises:
        UsageError: a recording, a limit or a waiver cannot be read.
    """
    proofs: dict[Transition, list[Proof]] = {}
    capabilities: dict[str, str | None] = {}
    for folder in folders:
        reader = RecordingReader(folder)
        capabilities |= reader.manifest.stack.get("capabilities", {})
        try:
            for transition, proof in proven(reader.entries(), reader.manifest, known):
                proofs.setdefault(transition, []).append(proof)
        except Inconsistent as error:
            raise reader.damaged_line(str(error)) from error
    return score(proofs, known, capabilities, Excuses.load(today), Provers(files, known))


def score(
    proofs: Mapping[Transition, list[Proof]],
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    excuses: Excuses,
    provers: Provers,
) -> Coverage:
    """Return how all transitions of a catalogue stand.

    Args:
        proofs: what was proven.
        known: the catalogue.
        capabilities: name to None when the environment has it, else to why not.
        excuses: limits and waivers.
        provers: the scenarios that could prove something.
    """
    every = list(defined(known.metrics))
    found = [_stand(each, proofs.get(each, []), known, capabilities, excuses, provers) for each in every]
    count = {standing: sum(each.standing is standing for each in found) for standing in Standing}
    needless = [
        f"{waiver.reason} ({transition})"
        for transition, each in zip(every, found, strict=True)
        if each.standing is Standing.COVERED and (waiver := first(excuses.waivers, transition))
    ]
    return Coverage(
        defined=len(found),
        possible_here=len(found) - count[Standing.NOT_POSSIBLE],
        covered=count[Standing.COVERED],
        known_issue=count[Standing.KNOWN_ISSUE],
        waived=count[Standing.WAIVED],
        missing=count[Standing.MISSING],
        waived_and_covered=needless,
        transitions=found,
    )


def _stand(
    transition: Transition,
    proofs: list[Proof],
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    excuses: Excuses,
    provers: Provers,
) -> TransitionScore:
    stands = TransitionScore(
        metric=transition.metric,
        label=transition.label,
        value=transition.value,
        change=transition.change.value,
        standing=Standing.MISSING,
    )
    passed = [proof for proof in proofs if not proof.known_issue]
    if proofs:
        stands.standing = Standing.COVERED if passed else Standing.KNOWN_ISSUE
        stands.by = sorted({f"{each.scenario} {each.expectation}" for each in passed or proofs})[:_MOST_NAMED]
        return stands
    if lacks := _lacks(transition, known, capabilities, excuses, provers):
        stands.standing, stands.reason = Standing.NOT_POSSIBLE, lacks
    elif waiver := first(excuses.waivers, transition):
        stands.standing, stands.reason = Standing.WAIVED, waiver.reason
        stands.until = waiver.until.isoformat()
    return stands


def _lacks(
    transition: Transition,
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    excuses: Excuses,
    provers: Provers,
) -> str | None:
    """Return why a transition is not possible in an environment; None when it is."""
    if limit := first(excuses.limits, transition):
        return limit.reason
    if could := provers.of_transition(transition):
        return lacking(could, capabilities)
    # No scenario says what it needs.
    metric = known.find(transition.metric)
    needs = metric.needs if metric else ()
    return (
        "; ".join(f"{name}: {why}" for name in needs if (why := capabilities.get(name, "not probed"))) or None
    )
