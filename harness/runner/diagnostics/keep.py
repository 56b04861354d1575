"""Decides when evidence is kept, and where: at the first step that fails, before anything goes on."""

from __future__ import annotations

from harness.base.errors import HarnessError
from harness.chaos.catalogue import Catalogue
from harness.judge.finding import Finding, Verdict
from harness.metrics.expression import selectors
from harness.metrics.promql import PromQLError
from harness.runner.diagnostics import collect
from harness.runner.diagnostics.scene import Scene
from harness.runner.result import ScenarioResult, StepResult
from harness.runner.sampler import Watch
from harness.runner.surroundings import Surroundings

MOST = 3
"""Steps of one scenario that evidence is kept of; what fails later is mostly a consequence."""


class Keeper:
    """Keeps the evidence of one scenario. What goes wrong with that is told, and changes no verdict."""

    def __init__(
        self, around: Surroundings, catalogue: Catalogue, watch: Watch, name: str, result: ScenarioResult
    ) -> None:
        self._around = around
        self._catalogue = catalogue
        self._watch = watch
        self._folder = around.diagnostics / name if around.diagnostics else None
        self._result = result
        self._began = around.clock.now()
        self._kept: set[str] = set()

    def step(self, index: int, outcome: StepResult, targets: list[dict[str, str]]) -> None:
        """Keep evidence if the step failed or could not be decided."""
        bad = [each for each in outcome.findings if _counts(each)]
        if outcome.problem is not None:
            why = [f"{outcome.problem.kind}: {outcome.problem.reason}"]
        else:
            why = [
                f"{each.verdict.value}: {each.metric or each.promql} {each.kind}: {each.reason}"
                for each in bad
            ]
        if why:
            title = f"step {index}: {outcome.title}"
            self._keep(f"step-{index}", [title, *why], outcome.started, self._metrics(bad), targets)

    def trouble(self, error: HarnessError, targets: list[dict[str, str]]) -> None:
        """Keep evidence of what ended the scenario before its time."""
        steps = self._result.steps
        name, title, since = "set-up", "set-up", None
        if steps:
            name, title = f"step-{len(steps) - 1}", f"step {len(steps) - 1}: {steps[-1].title}"
            since = steps[-1].started
        self._keep(name, [title, str(error), *error.details], since, set(), targets)

    def _keep(
        self, name: str, why: list[str], since: float | None, metrics: set[str], targets: list[dict[str, str]]
    ) -> None:
        if self._folder is None or name in self._kept or len(self._kept) >= MOST:
            return
        self._kept.add(name)
        jobs = {job for metric in metrics for job in self._catalogue.jobs(metric)}
        scene = Scene(
            cluster=self._around.cluster,
            prometheus=self._around.prometheus,
            clock=self._around.clock,
            chaos_mesh_namespace=self._around.chaos_mesh_namespace,
            namespace=self._result.namespace or "",
            seconds=self._around.clock.now() - (since or self._began),
            targets=targets,
            metrics=metrics or self._watch.narrow | self._watch.wide,
            jobs=jobs or self._watch.jobs,
        )
        try:
            collect.collect(scene, self._folder / name, "\n".join(why))
        except OSError as error:
            self._result.diagnostics_error = f"diagnostics could not be written: {error.strerror}"
        else:
            self._result.diagnostics = self._folder

    def _metrics(self, findings: list[Finding]) -> set[str]:
        found = {each.metric for each in findings if each.metric}
        for each in findings:
            if not each.metric:
                try:
                    found |= {name for name, _ in selectors(each.promql) if name}
                except PromQLError:
                    continue
        return found


def _counts(finding: Finding) -> bool:
    return finding.level == "must" and finding.verdict in (Verdict.FAIL, Verdict.ERROR)
