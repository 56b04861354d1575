"""How many transitions are proven, and twins told apart: `coverage` of results.json."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

from harness.audit.coverage.exempt import ProofWaiver, limits, waivers
from harness.audit.coverage.proven import Judged, TransitionProof, judged, transitions
from harness.audit.coverage.provers import Provers, lacking
from harness.audit.coverage.transition import Transition, defined
from harness.audit.coverage.twins import TwinOf, told_apart, twins_of
from harness.audit.side_by_side import of_each
from harness.base.waiver import first, holding
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.chaosmesh.catalogue.twin import Twin
from harness.recording.model import InconsistentRecordingError, Manifest
from harness.recording.reader import RecordingReader
from harness.results.coverage import Coverage, Standing, TransitionScore, TwinScore
from harness.scenario.load import ScenarioFile


class Exemptions(NamedTuple):
    """Limits, and the waivers that hold."""

    limits: list[ProofWaiver]
    waivers: list[ProofWaiver]

    @classmethod
    def load(cls, today: date) -> Exemptions:
        """Return those that ship with the harness; what has expired is left out.

        Raises:
            UsageError: a file cannot be read.
        """
        return cls(limits(), holding(waivers(), today))


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
    return coverage_from(of_each(partial(_of_folder, known), [*folders]), known, today, files)


class RecordingProofs:
    """What one recording proves.

    Attributes:
        transitions: each with an expectation that proves it.
        apart: twins that are told apart, each with an expectation that does.
        capabilities: of where it was made; name to None when it is there, else to why not.
    """

    def __init__(self, manifest: Manifest) -> None:
        self.transitions: list[tuple[Transition, TransitionProof]] = []
        self.apart: list[tuple[TwinOf, TransitionProof]] = []
        self.capabilities: dict[str, str | None] = manifest.stack.get("capabilities", {})

    def add(self, each: Judged) -> None:
        """Add what an expectation proves."""
        self.transitions += [(transition, each.proof) for transition in transitions(each)]
        self.apart += [
            (TwinOf(each.metric.name, twin.name), each.proof)
            for twin in each.metric.twins
            if told_apart(each.recording, each.subject, each.metric, twin)
        ]


def _of_folder(known: Catalogue, folder: Path) -> RecordingProofs:
    reader = RecordingReader(folder)
    proofs = RecordingProofs(reader.manifest)
    try:
        for each in judged(reader.entries(), reader.manifest, known):
            proofs.add(each)
    except InconsistentRecordingError as error:
        raise reader.damaged_line(str(error)) from error
    return proofs


def coverage_from(
    recordings: Iterable[RecordingProofs], known: Catalogue, today: date, files: Iterable[ScenarioFile]
) -> Coverage:
    """Return the coverage of what recordings prove; see `coverage_of`."""
    proofs: dict[Transition, list[TransitionProof]] = {}
    apart: dict[TwinOf, list[TransitionProof]] = {}
    capabilities: dict[str, str | None] = {}
    for recording in recordings:
        for name, lacks in recording.capabilities.items():
            # Of several environments, as of shards, one lacks what another has: it counts as lacking.
            capabilities[name] = capabilities.get(name) or lacks
        for transition, proof in recording.transitions:
            proofs.setdefault(transition, []).append(proof)
        for twin, proof in recording.apart:
            apart.setdefault(twin, []).append(proof)
    exemptions, provers = Exemptions.load(today), Provers(files, known)
    found = score(proofs, known, capabilities, exemptions, provers)
    found.twins = score_twins(apart, known, capabilities, exemptions, provers)
    found.twins_missing = sum(each.standing is Standing.MISSING for each in found.twins)
    found.waived_and_covered += [
        f"{waiver.reason} ({each.metric}: {each.twin})"
        for each in found.twins
        if each.standing is Standing.COVERED
        and (waiver := first(exemptions.waivers, TwinOf(each.metric, each.twin)))
    ]
    return found


def score(
    proofs: Mapping[Transition, list[TransitionProof]],
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    exemptions: Exemptions,
    provers: Provers,
) -> Coverage:
    """Return how all transitions of a catalogue stand.

    Args:
        proofs: what was proven.
        known: the catalogue.
        capabilities: name to None when the environment has it, else to why not.
        exemptions: limits and waivers.
        provers: the scenarios that could prove something.
    """
    every = list(defined(known.metrics))
    found = [_stand(each, proofs.get(each, []), known, capabilities, exemptions, provers) for each in every]
    count = {standing: sum(each.standing is standing for each in found) for standing in Standing}
    needless = [
        f"{waiver.reason} ({transition})"
        for transition, each in zip(every, found, strict=True)
        if each.standing is Standing.COVERED and (waiver := first(exemptions.waivers, transition))
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


def score_twins(
    apart: Mapping[TwinOf, list[TransitionProof]],
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    exemptions: Exemptions,
    provers: Provers,
) -> list[TwinScore]:
    """Return how all twins of a catalogue stand.

    Args:
        apart: what tells which twin apart.
        known: the catalogue.
        capabilities: name to None when the environment has it, else to why not.
        exemptions: limits and waivers.
        provers: the scenarios that could tell them apart.
    """
    found = []
    for each, twin in twins_of(known):
        stands = TwinScore(metric=each.metric, twin=each.twin, counts=twin.counts, standing=Standing.MISSING)
        if proofs := apart.get(each, []):
            stands.standing, stands.by = _proven_by(proofs)
        elif lacks := _twin_lacks(each, twin, known, capabilities, exemptions, provers):
            stands.standing, stands.reason = Standing.NOT_POSSIBLE, lacks
        elif waiver := first(exemptions.waivers, each):
            stands.standing, stands.reason = Standing.WAIVED, waiver.reason
            stands.until = waiver.day
        found.append(stands)
    return found


def _proven_by(proofs: list[TransitionProof]) -> tuple[Standing, list[str]]:
    """Return how well some proofs prove something, and their names."""
    passed = [proof for proof in proofs if not proof.known_issue]
    names = sorted({f"{each.scenario} {each.expectation}" for each in passed or proofs})
    return (Standing.COVERED if passed else Standing.KNOWN_ISSUE), names[:_MOST_NAMED]


def _stand(
    transition: Transition,
    proofs: list[TransitionProof],
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    exemptions: Exemptions,
    provers: Provers,
) -> TransitionScore:
    stands = TransitionScore(
        metric=transition.metric,
        label=transition.label,
        value=transition.value,
        change=transition.change,
        standing=Standing.MISSING,
    )
    if proofs:
        stands.standing, stands.by = _proven_by(proofs)
        return stands
    if lacks := _lacks(transition, known, capabilities, exemptions, provers):
        stands.standing, stands.reason = Standing.NOT_POSSIBLE, lacks
    elif waiver := first(exemptions.waivers, transition):
        stands.standing, stands.reason = Standing.WAIVED, waiver.reason
        stands.until = waiver.day
    return stands


def _lacks(
    transition: Transition,
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    exemptions: Exemptions,
    provers: Provers,
) -> str | None:
    """Return why a transition is not possible in an environment; None when it is."""
    if limit := first(exemptions.limits, transition):
        return limit.reason
    if could := provers.of_transition(transition):
        return lacking(could, capabilities)
    return _metric_lacks(transition.metric, known, capabilities)


def _twin_lacks(
    each: TwinOf,
    twin: Twin,
    known: Catalogue,
    capabilities: Mapping[str, str | None],
    exemptions: Exemptions,
    provers: Provers,
) -> str | None:
    """Return why a twin cannot be told apart in an environment; None when it can."""
    if twin.always_same is not None:
        return twin.always_same
    if limit := first(exemptions.limits, each):
        return limit.reason
    if could := provers.of_twin(each):
        return lacking(could, capabilities)
    return _metric_lacks(each.metric, known, capabilities)


def _metric_lacks(name: str, known: Catalogue, capabilities: Mapping[str, str | None]) -> str | None:
    """Return what an environment lacks for a metric of which no scenario says what it needs."""
    metric = known.find(name)
    lacks = [(each, capabilities.get(each, "not probed")) for each in (metric.needs if metric else ())]
    return "; ".join(f"{each}: {why}" for each, why in lacks if why is not None) or None
