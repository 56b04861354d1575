"""Expectations of synthetic recordings, to be mutated."""

from harness.audit.mutation.mutate import mutate, score_of
from harness.audit.mutation.operator import operators
from harness.audit.mutation.subject import MutationSubject
from harness.audit.mutation.waiver import SurvivorWaiver
from harness.judge.given import Given
from harness.recording.model import Mark, Recording
from tests.fakes.recordings import expected

END = 109.5
NO_WAIVERS: list[SurvivorWaiver] = []


def subject_of(timeline, *, end=END, **spec):
    """Return one expectation of a step that ended."""
    recording = Recording(timeline.manifest)
    for time, entry in timeline.timed():
        if time <= end:
            recording.add(entry)
    return MutationSubject(Given.of(recording, expected(**spec)), Mark(time=end, step=0, name="ended"))


def mutants_of(subject, operator):
    """Return detail to mutant of one operator."""
    return {mutant.detail: mutant for mutant in operators()[operator].mutants(subject)}


def values(table, *, until=END):
    """Return own labels to the values at 100, 101, ... of a table of one target; None where there is none."""
    found = {}
    for column in table.columns:
        own = {name: text for name, text in column.labels.items() if name not in ("job", "instance", "node")}
        times = [100.0 + second for second in range(int(until) - 99)]
        found[tuple(sorted(own.items()))] = [column.samples.get(time) for time in times]
    return found


def scored(timeline, *, end=END, waivers=NO_WAIVERS, **spec):
    """Return the score of one expectation."""
    item = expected(**spec)
    entries = [item, *(entry for time, entry in timeline.timed() if time <= end)]
    entries.append(Mark(time=end, step=0, name="ended"))
    return score_of([mutate(entries, timeline.manifest)], waivers).recordings[0].expectations[0]
