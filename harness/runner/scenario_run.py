"""Takes one scenario from its set-up through its steps to its clean-up."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from harness.base import redaction
from harness.base.errors import BoundaryError, HarnessError, InfrastructureError, UsageError
from harness.base.redaction import redact
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.components import workload_pods
from harness.chaosmesh.workload import READY_SECONDS, WorkloadNotReadyError, install
from harness.judge.kind import kinds
from harness.kubernetes import namespaces
from harness.oracles.base import oracles
from harness.recording.labels import WORKLOAD_JOB
from harness.recording.model import Point
from harness.results.concealed import secrets_of
from harness.results.scenario import ScenarioResult, StepResult
from harness.runner.apart import ran_on
from harness.runner.clean_up import CleanUp
from harness.runner.manifest import manifest_text
from harness.runner.of_release import of_release
from harness.runner.overload import InconclusiveError
from harness.runner.plan import watch_of
from harness.runner.readings import OracleReadings
from harness.runner.run_context import RunContext
from harness.runner.scenario_context import ScenarioContext
from harness.runner.step_failed import StepFailedError
from harness.runner.strategy import StepStrategy
from harness.runner.waits import Waits
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Scenario, Step


class ScenarioRun:
    """One scenario on its way; a script is given it to perform its steps with."""

    def __init__(
        self,
        file: ScenarioFile,
        around: RunContext,
        catalogue: Catalogue,
        result: ScenarioResult,
        strategy: type[StepStrategy],
    ) -> None:
        self._context = ScenarioContext(file, around, catalogue, result, control=strategy.control)
        self._result = result
        self._readings = OracleReadings(self._context)
        self._waits = Waits(self._context)
        self._strategy = strategy(self._context, self._readings, self._waits)
        self._unseen = False

    def perform(self) -> None:
        """Set up and perform all steps; findings go into the result."""
        context = self._context
        context.overload.vitals.start()
        self._strategy.start()
        with context.phase("set up"):
            self._set_up()
        if context.workload and WORKLOAD_JOB in context.watch.jobs:
            # A pod that Prometheus does not have yet would have no baseline.
            with context.phase("targets"):
                group = workload_pods(context.workload)
                self._waits.targets(group.job, {group.instance(pod) for pod in context.workload.objects})
        if self._needs_first_scrapes():
            with context.phase("first scrape"):
                self._waits.one_scrape()
        with self._strategy.all_steps(), context.phase("steps"), contextlib.suppress(StepFailedError):
            if context.file.script is not None:
                self._perform_script(context.file.script)
            else:
                for index, step in enumerate(context.scenario.steps):
                    self._step(index, step)

    def go_on(self, scenario: Scenario) -> StepResult:
        """Perform one more step of a scenario that is a script: the last one, those before it are done.

        What it looks at and no step did before is watched from now on, so the step waits for one scrape.

        Raises:
            StepFailedError: the step failed, or one before it; no other is performed.
        """
        if problem := next((each.problem for each in self._result.steps if each.problem), None):
            raise StepFailedError(problem)
        context = self._context
        scenario = of_release(scenario, context.around.release)
        context.scenario = scenario
        step = scenario.steps[-1]
        redaction.remember(secrets_of(replace(context.file, scenario=scenario)))
        context.recorder.add_title(redact(step.title()))
        alone = scenario.model_copy(update={"steps": [step]})
        if context.watch.extend(watch_of(alone, context.catalogue, context.namespace)):
            self._waits.one_scrape()
        return self._step(len(scenario.steps) - 1, step)

    def look_up(self, value: Any) -> Any:
        """Return a value with its templates resolved, as they are now.

        Raises:
            TemplateError: one refers to what is not there.
        """
        return self._context.resolve(value)

    @property
    def allowed(self) -> frozenset[str]:
        """Namespaces of others that the scenario may reach."""
        return self._context.around.allowed_namespaces

    def read(self, oracle: str, parameters: dict[str, Any]) -> list[Point]:
        """Return what an oracle says now; the recording has it too.

        Raises:
            UsageError: there is no such oracle, or it does not take these parameters.
            InfrastructureError: it cannot be read.
        """
        if oracle not in oracles():
            raise UsageError(f"there is no oracle {oracle!r}; there is: {', '.join(sorted(oracles()))}")
        reading = self._readings.read(oracle, self._context.resolve(parameters))
        if reading.vector is None:
            raise InfrastructureError(
                f"the oracle {oracle} could not be read: {reading.error}",
                next_step="look at the component that it asks; chaos-harness status helps",
            )
        return reading.vector

    def diagnose(self, error: HarnessError) -> None:
        """Keep evidence of what ended the scenario before its time."""
        self._context.overload.record()
        self._context.diagnostics.trouble(error, self._context.containers)

    def close(self) -> None:
        """Clean up, whatever happened."""
        try:
            # A run that was killed is noticed when it is told something.
            self._context.observer.waiting("the clean-up")
        finally:
            try:
                stop = (self._readings.stop, self._strategy.stop)
                CleanUp(self._context).perform(self._strategy.findings, stop)
            finally:
                self._context.overload.vitals.stop()

    def _set_up(self) -> None:
        context, around = self._context, self._context.around
        for namespace in context.namespaces:
            stack = str(around.facts.get("identity", ""))
            namespaces.create(context.cluster, namespace, around.run, stack)
        self._readings.start()
        if (wanted := context.scenario.workload) is None:
            return
        context.observer.waiting("the workload")
        began = context.clock.now()
        try:
            context.workload = install(
                context.cluster,
                wanted.name,
                context.namespace,
                around.workload_image,
                wanted.replicas,
                jvm_image=around.jvm_image,
                scenario=context.file.path,
                timeout=around.apart.ready_seconds if around.apart and around.place else READY_SECONDS,
                node=around.place,
            )
        except WorkloadNotReadyError as error:
            raise context.overload.explain(began, error) from error
        if around.apart:
            self._result.ran_on = ran_on(context.workload.targets, around.facts)

    def _needs_first_scrapes(self) -> bool:
        """Say whether the first step needs a baseline: one that only waits brings its own scrapes."""
        if self._context.file.script is not None:
            return False
        first = self._context.scenario.steps[0]
        return not first.act.scrapes or any(
            kinds()[expectation.kind].needs_baseline for expectation in first.expect
        )

    def _perform_script(self, script: Callable[[Any], None]) -> None:
        """Call a script; what fails in it outside of a step is a problem, too.

        Raises:
            StepFailedError: it failed, or one of its steps did.
        """
        try:
            script(self)
        except StepFailedError as error:
            if not any(step.problem for step in self._result.steps):
                outcome = StepResult(title=error.problem.kind, problem=error.problem)
                self._result.steps.append(outcome)
                self._context.diagnostics.step(len(self._result.steps) - 1, outcome, self._context.containers)
            raise

    def _step(self, index: int, step: Step) -> StepResult:
        """Perform a step and keep what it came to.

        Raises:
            StepFailedError: it failed.
        """
        context = self._context
        outcome = StepResult(title=context.title(step))
        if step.expect and self._unseen:
            self._waits.any_scrape()
        self._unseen = not step.expect and (self._unseen or not step.act.scrapes)
        context.observer.step(index, outcome.title)
        self._result.steps.append(outcome)
        try:
            self._strategy.perform(index, step, outcome)
        except StepFailedError as error:
            self._inconclusive_if_overloaded(error, outcome)
            outcome.problem = error.problem
            context.note(error.problem.reason, error.problem.model_dump())
            raise
        except BoundaryError as error:
            if context.file.script is None:
                place = context.file.positions.at(("steps", index))
                error.details.append(f"at {place.file or context.file.path}:{place.line}")
            raise
        finally:
            self._readings.record_events()
            self._result.manifests = {
                name: manifest_text(applied.body)
                for name, applied in context.applied.items()
                # In a control run nothing was sent.
                if applied.body
            }
            # Before the next step, or the clean-up, changes what there is to be seen.
            context.diagnostics.step(index, outcome, context.containers)
        return outcome

    def _inconclusive_if_overloaded(self, error: StepFailedError, outcome: StepResult) -> None:
        """Let a step that was waited for in vain be no failure where nothing could be done meanwhile.

        Raises:
            InconclusiveError: overload was observed since the step started.
        """
        overload, problem = self._context.overload, error.problem
        overload.record()
        if not error.timed or outcome.started is None:
            return
        found = overload.explain(
            outcome.started, InfrastructureError(problem.reason, details=problem.details)
        )
        if isinstance(found, InconclusiveError):
            raise found from error
