"""Looks at what may explain a step's failures before it ends, and at what has to stay as it was after it."""

from __future__ import annotations

from collections.abc import Sequence

from harness.base.errors import HarnessError
from harness.chaosmesh import phases
from harness.chaosmesh.catalogue import Metric
from harness.judge.finding import Finding
from harness.judge.given import Given
from harness.judge.judge import Judge
from harness.judge.watch import watch
from harness.recording.foreign import ForeignUse
from harness.recording.foreign import note as foreign_note
from harness.recording.notes import ENDED
from harness.runner.conflicts import Shared, conflicts_of, shared_by, shared_by_oracles
from harness.runner.direct_scrape import DirectScraper
from harness.runner.foreign import Foreign, operations
from harness.runner.readings import OracleReadings
from harness.runner.scenario_context import ScenarioContext
from harness.runner.watched import spares, watched_metric
from harness.scenario.model import Expectation

_BASELINE_SCRAPES = 2


class FinalLook:
    """What one scenario looks at beside what its expectations are judged by."""

    def __init__(self, context: ScenarioContext, readings: OracleReadings, judge: Judge) -> None:
        self._context = context
        self._readings = readings
        self._judge = judge
        self._shared: dict[str, list[Shared]] = {}
        self._watched: dict[str, Metric] = {}
        self._foreign: Foreign | None = None
        self._looker = DirectScraper(
            context.cluster,
            context.around.chaos_mesh_namespace,
            context.recorder,
            context.sampler,
            context.clock,
            context.around.interval,
            context.catalogue,
        )

    def start(self) -> None:
        """Watch others, if what they do may matter."""
        context = self._context
        if context.file.script is not None or conflicts_of(context.file, context.catalogue).looks:
            self._foreign = Foreign(context.cluster, context.around.run, context.clock.now())
            # Where others may use Chaos Mesh, what they began long ago is in force now.
            self._foreign.start(standing=context.around.shared is not None)

    def stop(self) -> None:
        """End that."""
        if self._foreign is not None:
            self._foreign.stop()

    def spared(self, index: int) -> list[str]:
        """Return the expectations that are still watched while a step is performed.

        What a step does not spare is looked at no longer, whatever the steps after it do.
        """
        left = spares(self._context.scenario, index, self._watched)
        self._watched = {identity: self._watched[identity] for identity in left}
        return left

    def watches(self, index: int, identity: str, expectation: Expectation) -> bool:
        """Take up an expectation; return whether it is watched after its step."""
        catalogue = self._context.catalogue
        self._shared[identity] = shared_by(expectation, catalogue)
        metric = watched_metric(self._context.scenario, index, expectation, catalogue)
        if metric is not None:
            self._watched[identity] = metric
        return metric is not None

    def at_end(self, index: int, started: float, expected: list[Given], decided: list[Finding]) -> None:
        """Look at a step whose expectations are decided, and record what there is to be seen."""
        judged = zip(expected, decided, strict=True)
        self._looker.look(judged, self._context.targets, self._readings.read)
        self._context.overload.record()
        self._readings.record_events()
        self._note_ended()
        self._note_foreign(index, started)

    def back(self) -> None:
        """Take into account what was scraped after each step, too, where nothing was done to change it."""
        context = self._context
        revised = watch(context.recording, self._judge, context.result.findings())
        for index, outcome in enumerate(context.result.steps):
            if any(finding.id in revised for finding in outcome.findings):
                outcome.findings = [revised.get(finding.id, finding) for finding in outcome.findings]
                context.diagnostics.step(index, outcome, context.containers)

    def others_at(self, oracle: str, started: float) -> list[ForeignUse]:
        """Return what others have or do that changes what an oracle shows, since a step started."""
        if self._foreign is None:
            return []
        uses = self._foreign.uses(started - _BASELINE_SCRAPES * self._context.around.interval)
        return [
            use
            for use in (*self._foreign.standing, *uses)
            if any(each.changed_by(operations(use)) for each in shared_by_oracles([oracle]))
        ]

    def _note_foreign(self, index: int, started: float) -> None:
        """Record what others did that may have changed what a step, or the watch since, looks at."""
        if self._foreign is None:
            return
        # The scrape that the step's increases count from is hardly older than one interval.
        uses = self._foreign.uses(started - _BASELINE_SCRAPES * self._context.around.interval)
        self._note_uses(index, uses, theirs=self._context.around.shared is not None)
        # What stands still brings no increase about; it may be counted with what a step expects.
        self._note_uses(index, self._foreign.standing, theirs=False)

    def _note_uses(self, index: int, uses: Sequence[ForeignUse], *, theirs: bool) -> None:
        does = {use: operations(use) for use in uses}
        touched = {
            identity: {use for use in uses for each in shared if each.changed_by(does[use])}
            for identity, shared in self._shared.items()
            if identity in self._watched or identity.startswith(f"{index}.")
        }
        seen = [use for use in uses if any(use in by for by in touched.values())]
        if seen:
            concerned = [identity for identity, by in touched.items() if by]
            self._context.recorder.add(
                foreign_note(seen, concerned, self._context.clock.now(), theirs=theirs)
            )

    def _note_ended(self) -> None:
        """Record which of what was applied came to its end by itself; once each."""
        context = self._context
        for name, applied in context.applied.items():
            now = context.clock.now()
            if applied.ends is None or now <= applied.ends:
                continue
            try:
                found = context.cluster.get(applied.kind, applied.name, applied.namespace)
            except HarnessError as error:
                context.note(f"whether {name} had ended could not be seen: {error}")
                return
            if found is not None and phases.phase_of(found, now) == "finished":
                what = f"{applied.kind} {applied.name}"
                context.note(f"{what} ended", {ENDED: {"what": what, "time": applied.ends}})
            applied.ends = None
