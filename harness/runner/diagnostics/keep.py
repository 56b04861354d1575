"""Decides when evidence is kept, and where: at the first step that fails, before anything goes on."""

from __future__ import annotations

from pathlib import Path

from harness.base.errors import HarnessError, InfrastructureError
from harness.base.words import nth_step
from harness.chaosmesh.catalogue import Catalogue
from harness.judge.finding import Finding, Verdict
from harness.judge.wording import sentence
from harness.prometheus.expression import selectors
from harness.prometheus.promql import PromQLError
from harness.results.scenario import ScenarioResult, StepResult
from harness.runner.diagnostics import collect
from harness.runner.diagnostics.scene import DiagnosticsContext
from harness.runner.run_context import RunContext
from harness.runner.sampler import Watch

MOST = 3
"""Steps of one scenario that evidence is kept of; what fails later is mostly a consequence."""

CLEAN_UP, END = "clean-up", "end-of-run"
"""The folders of what the clean-up could not remove in the ordinary way, and of what was there at the end."""


class DiagnosticsCollector:
    """Keeps the evidence of one scenario. What goes wrong with that is told, and changes no verdict."""

    def __init__(
        self, around: RunContext, catalogue: Catalogue, watch: Watch, name: str, result: ScenarioResult
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
        problem = outcome.problem
        why = [sentence(each) for each in bad] if problem is None else [problem.sentence]
        if why:
            title = f"{nth_step(index)}: {outcome.title}"
            undecided = outcome.problem is None and any(each.verdict is Verdict.ERROR for each in bad)
            self._keep(
                _folder(index),
                [title, *why],
                outcome.started,
                targets,
                metrics=self._metrics(bad),
                infrastructure=undecided,
            )

    def trouble(self, error: HarnessError, targets: list[dict[str, str]]) -> None:
        """Keep evidence of what ended the scenario before its time."""
        steps = self._result.steps
        name, title, since = "set-up", "set-up", None
        if steps:
            last = len(steps) - 1
            name, title = _folder(last), f"{nth_step(last)}: {steps[-1].title}"
            since = steps[-1].started
        self._keep(
            name,
            [title, str(error), *error.details],
            since,
            targets,
            infrastructure=isinstance(error, InfrastructureError),
        )

    def clean_up(
        self,
        why: list[str],
        targets: list[dict[str, str]],
        *,
        namespace: str | None = None,
        infrastructure: bool = False,
    ) -> None:
        """Keep evidence of what the clean-up does not remove in the ordinary way; the first look says most.

        Args:
            why: what does not go.
            targets: the containers that were to be hit, and those of the workload.
            namespace: where it is; the scenario's own by default.
            infrastructure: the cluster is in trouble.
        """
        since = self._result.steps[-1].started if self._result.steps else None
        told = ["clean-up", *why]
        self._keep(CLEAN_UP, told, since, targets, namespace=namespace, infrastructure=infrastructure)

    def _keep(
        self,
        name: str,
        why: list[str],
        since: float | None,
        targets: list[dict[str, str]],
        *,
        metrics: set[str] | None = None,
        namespace: str | None = None,
        infrastructure: bool = False,
    ) -> None:
        if self._folder is None or name in self._kept:
            return
        if name != CLEAN_UP and len(self._kept) >= MOST:
            return
        self._kept.add(name)
        metrics = metrics or set()
        jobs = {job for metric in metrics for job in self._catalogue.jobs(metric)}
        scene = DiagnosticsContext(
            cluster=self._around.cluster,
            prometheus=self._around.prometheus,
            clock=self._around.clock,
            chaos_mesh_namespace=self._around.chaos_mesh_namespace,
            namespace=namespace or self._result.namespace or "",
            seconds=self._around.clock.now() - (since or self._began),
            targets=targets,
            metrics=metrics or self._watch.narrow | self._watch.wide,
            jobs=jobs or self._watch.jobs,
            infrastructure=infrastructure,
            node_logs=self._around.apart.logs if self._around.apart else None,
        )
        _collect(scene, self._folder, name, why, self._result)

    def _metrics(self, findings: list[Finding]) -> set[str]:
        found = {each.metric for each in findings if each.metric}
        for each in findings:
            if not each.metric:
                try:
                    found |= {name for name, _ in selectors(each.promql) if name}
                except PromQLError:
                    continue
        return found


def at_end(around: RunContext, result: ScenarioResult) -> None:
    """Keep evidence of what a scenario has left that is still there when the run ends."""
    if around.diagnostics is None or result.recording is None or result.namespace is None:
        return
    now = around.clock.now()
    began = next((step.started for step in result.steps if step.started is not None), now)
    scene = DiagnosticsContext(
        cluster=around.cluster,
        prometheus=around.prometheus,
        clock=around.clock,
        chaos_mesh_namespace=around.chaos_mesh_namespace,
        namespace=result.namespace,
        seconds=now - began,
        infrastructure=any(left.infrastructure for left in result.leftovers),
        node_logs=around.apart.logs if around.apart else None,
    )
    why = [f"{left.kind} {left.name}: {left.what_was_done}" for left in result.leftovers]
    _collect(scene, around.diagnostics / result.recording.name, END, ["end of the run", *why], result)


def _collect(
    scene: DiagnosticsContext, folder: Path, name: str, why: list[str], result: ScenarioResult
) -> None:
    try:
        collect.collect(scene, folder / name, "\n".join(why))
    except OSError as error:
        result.diagnostics_error = (
            f"cannot write the diagnostics {error.filename or folder / name}: {error.strerror}"
        )
    else:
        result.diagnostics = folder


def _folder(index: int) -> str:
    return nth_step(index).replace(" ", "-")


def _counts(finding: Finding) -> bool:
    return finding.level == "must" and finding.verdict in (Verdict.FAIL, Verdict.ERROR)
