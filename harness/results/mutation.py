"""What mutation came to: of one expectation, of a recording, of all."""

from __future__ import annotations

from collections import Counter

from pydantic import BaseModel

ANY = "any"
"""In place of an operator: nothing kills the expectation."""


class Survivor(BaseModel):
    """A mutant that was judged like the original, although no rule says that this is right.

    Attributes:
        operator: its name, or `any`.
        detail: what was changed.
        waived: the reason of the waiver that holds for it.
        until: the last day of the waiver, ISO 8601.
    """

    operator: str
    detail: str
    waived: str | None = None
    until: str | None = None


class ExpectationScore(BaseModel):
    """One expectation.

    Attributes:
        id: "<step>.<position>".
        subject: the metric, or the expression.
        kind: the kind.
        verdict: of the live run.
        killed: number of mutants, by operator.
        equivalent: number of mutants, by rule.
        survived: those that are neither.
        not_judged: why it was not mutated, if it was not: it neither passed nor showed its known issue.
        problem: why it could not be mutated although it should; counts as a survivor.
    """

    id: str
    subject: str
    kind: str
    verdict: str
    killed: dict[str, int] = {}
    equivalent: dict[str, int] = {}
    survived: list[Survivor] = []
    not_judged: str | None = None
    problem: str | None = None

    @property
    def mutants(self) -> int:
        """How many there are; that nothing kills it is none of them."""
        alive = sum(survivor.operator != ANY for survivor in self.survived)
        return sum(self.killed.values()) + sum(self.equivalent.values()) + alive


class RecordingScore(BaseModel):
    """One recording: a scenario, or a case of one."""

    scenario: str
    expectations: list[ExpectationScore] = []
    note: str | None = None


class MutationScore(BaseModel):
    """All recordings; `mutation` of results.json.

    Attributes:
        score: killed / (killed + survived + waived); None without any.
        equivalent: number of mutants, by rule.
        killed_by: number of mutants, by operator.
        unfailing: number of expectations that no operator kills, or that cannot be mutated.
        rules: the reason of each rule.
    """

    expectations: int = 0
    mutants: int = 0
    killed: int = 0
    survived: int = 0
    waived: int = 0
    unfailing: int = 0
    score: float | None = None
    killed_by: dict[str, int] = {}
    equivalent: dict[str, int] = {}
    rules: dict[str, str] = {}
    recordings: list[RecordingScore] = []

    @property
    def passed(self) -> bool:
        """Whether every mutant is dead, equivalent or waived, and every expectation can fail."""
        return not self.survived and not self.unfailing


def sum_up(recordings: list[RecordingScore], rules: dict[str, str]) -> MutationScore:
    """Return the sums of some recordings."""
    every = [each for recording in recordings for each in recording.expectations if each.not_judged is None]
    killed_by, equivalent = Counter[str](), Counter[str]()
    for each in every:
        killed_by.update(each.killed)
        equivalent.update(each.equivalent)
    alive = [survivor for each in every for survivor in each.survived]
    mutants_alive = [survivor for survivor in alive if survivor.operator != ANY]
    survived = sum(survivor.waived is None for survivor in mutants_alive)
    unfailing = sum(survivor.waived is None for survivor in alive if survivor.operator == ANY)
    killed, waived = killed_by.total(), sum(survivor.waived is not None for survivor in alive)
    counted = killed + len(mutants_alive)
    return MutationScore(
        expectations=len(every),
        mutants=sum(each.mutants for each in every),
        killed=killed,
        survived=survived,
        waived=waived,
        unfailing=unfailing + sum(each.problem is not None for each in every),
        score=round(killed / counted, 4) if counted else None,
        killed_by=dict(sorted(killed_by.items())),
        equivalent=dict(sorted(equivalent.items())),
        rules={name: rules[name] for name in sorted(equivalent) if name in rules},
        recordings=recordings,
    )
