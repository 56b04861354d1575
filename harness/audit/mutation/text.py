"""The score as lines for a person."""

from __future__ import annotations

from collections.abc import Iterator

from harness.base.words import count, cut, nth_expectation
from harness.results.mutation import ExpectationScore, MutationScore, RecordingScore


def sum_line(score: MutationScore) -> str:
    """Return all numbers in one line."""
    looked_at = ", ".join(
        (
            count(len(score.recordings), "recording"),
            count(score.expectations, "expectation"),
            count(score.mutants, "mutant"),
        )
    )
    return (
        f"{looked_at}: {score.killed} killed, {sum(score.equivalent.values())} equivalent, "
        f"{score.waived} waived, {score.survived} survived; "
        f"{count(score.unfailing, 'expectation')} cannot fail"
    )


def lines(score: MutationScore, *, verbose: bool = False) -> list[str]:
    """Return what became of the mutants: a line for each recording, what survived, the rules, and a sum.

    Args:
        score: of all recordings.
        verbose: a line for each expectation, with what killed it.
    """
    found: list[str] = []
    for recording in score.recordings:
        found += _recording(recording, verbose)
    for rule, number in score.equivalent.items():
        found.append(f"equivalent by {rule}: {number} ({score.rules[rule]})")
    if not score.passed:
        found.append(
            "next step: make the expectation say more (docs/mutation.md tells what kills which mutant), or "
            "waive the survivor"
        )
    return [*found, sum_line(score)]


def weak_lines(score: MutationScore) -> list[str]:
    """Return a line for each thing that the gate does not let pass."""
    found = []
    for recording in score.recordings:
        for each in recording.expectations:
            left = [survivor for survivor in each.survived if survivor.waived is None]
            alone = each.model_copy(update={"survived": left, "not_judged": None})
            found += [f"{recording.scenario}{line}" for line in _expectation(alone, verbose=False)]
    return found


def _recording(recording: RecordingScore, verbose: bool) -> Iterator[str]:
    every = recording.expectations
    killed = sum(sum(each.killed.values()) for each in every)
    equivalent = sum(sum(each.equivalent.values()) for each in every)
    told = f"{killed} killed, {equivalent} equivalent" if every else "no expectation was decided"
    yield f"{recording.scenario}: {count(len(every), 'expectation')}, {told}"
    if recording.note:
        yield f"  note: {recording.note}"
    for each in every:
        yield from _expectation(each, verbose)


def _expectation(score: ExpectationScore, verbose: bool) -> Iterator[str]:
    about = cut(f"  {nth_expectation(score.id)} (id {score.id}), {score.subject} {score.kind}")
    if score.problem:
        yield f"{about}: cannot be mutated: {score.problem}"
    elif score.not_judged:
        yield f"{about}: {score.verdict}, not mutated: {score.not_judged}"
    elif verbose:
        killed = ", ".join(f"{operator} {number}" for operator, number in score.killed.items())
        rules = ", ".join(f"{rule} {number}" for rule, number in score.equivalent.items())
        yield f"{about}: killed by {killed or 'nothing'}" + (f"; equivalent by {rules}" if rules else "")
    for survivor in score.survived:
        waived = f"; waived until {survivor.until}: {survivor.waived}" if survivor.waived else ""
        yield f"{about}: survived {survivor.operator}: {survivor.detail}{waived}"
