"""What a step waits for before it is judged: scrapes, targets, new pods, a phase of the chaos."""

from __future__ import annotations

from collections.abc import Callable

from harness.base.errors import HarnessError, InfrastructureError
from harness.chaosmesh import daemon_log, experiments, phases
from harness.chaosmesh.components import MANAGER
from harness.chaosmesh.rollout import Rollout
from harness.kubernetes.errors import WaitTimeoutError
from harness.recording.labels import WORKLOAD_JOB
from harness.results.scenario import StepProblem
from harness.runner import actions
from harness.runner.scenario_context import ScenarioContext
from harness.runner.step_failed import StepFailedError
from harness.scenario.model import Step

GATE_SCRAPES = 15
"""Intervals within which what has to be scraped is scraped."""
_UNSEEN_SCRAPES = 4
_DISCOVERY_SECONDS = 10.0
"""Prometheus takes up new targets at most every 5 s (its discovery manager)."""


class Waits:
    """Waits for Prometheus, and for Chaos Mesh, in one scenario."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context
        self._cluster = context.cluster
        self._clock = context.clock
        self._sampler = context.sampler
        self._interval = context.around.interval
        self._stopped: set[str] = set()

    def scrapes(self, since: float, count: int, bound: int) -> None:
        """Wait until every watched target has `count` successful scrapes that began after `since`.

        Raises:
            InfrastructureError: not so within `bound` scrape intervals; names the targets.
        """
        began = self._clock.now()
        deadline = self._clock.working() + bound * self._interval
        wanted = (self._context.watch.jobs or {MANAGER}) - self._stopped
        while True:
            self._sampler.fetch()
            scrapes = self._sampler.scrapes_since(since)
            jobs = {job for (job, _), number in scrapes.items() if number >= count}
            current = self._sampler.targets_at(self._clock.now())
            waiting = [target for target, number in scrapes.items() if number < count and target in current]
            if wanted <= jobs and not waiting:
                return
            least = min((scrapes[target] for target in waiting), default=0)
            self._context.observer.waiting(f"scrape {min(least + 1, count)} of {count} of each target")
            if self._clock.working() > deadline:
                names = [f"{job} {instance}" for job, instance in waiting]
                names += [f"any target of job {job}" for job in sorted(wanted - jobs)]
                late = InfrastructureError(
                    f"not scraped {count} times within {bound} scrape intervals: "
                    f"{', '.join(sorted(set(names)))}",
                    next_step="look at the component's pod; chaos-harness status names the kubeconfig",
                    details=self._target_errors(),
                )
                raise self._context.overload.explain(began, late)
            self._sampler.pause()

    def one_scrape(self) -> None:
        """Wait until every watched target has been scraped from now on; see `scrapes`."""
        self.scrapes(self._clock.now(), 1, GATE_SCRAPES)

    def any_scrape(self) -> None:
        """Wait for a scrape of each target, whether it answers or not; going without is no error.

        What steps without expectations did is part of what was before the next one, which counts from the
        newest scrape.
        """
        since = self._clock.now()
        deadline = self._clock.working() + _UNSEEN_SCRAPES * self._interval
        while True:
            self._sampler.fetch()
            current = self._sampler.targets_at(self._clock.now())
            newest = {target: up.newest or 0.0 for target, up in self._sampler.recording.targets()}
            if all(newest[target] > since for target in current) or self._clock.working() > deadline:
                return
            self._sampler.pause()

    def targets(self, job: str, instances: set[str], *, answers: bool = True) -> None:
        """Wait until exactly these targets of a job are scraped, successfully if they are to answer.

        Raises:
            InfrastructureError: not in time; names the targets.
        """
        since = self._clock.now()
        deadline = self._clock.working() + GATE_SCRAPES * self._interval + _DISCOVERY_SECONDS
        while True:
            self._sampler.fetch()
            scrapes = self._sampler.scrapes_since(since, successful=answers)
            missing = {instance for instance in instances if not scrapes.get((job, instance))}
            late = self._sampler.instances_at(job, self._clock.now()) - instances
            if not missing and not late:
                return
            self._context.observer.waiting(f"Prometheus to scrape exactly the new pods of {job}")
            if self._clock.working() > deadline:
                waited = [f"{job} {instance} is not scraped" for instance in sorted(missing)]
                waited += [f"{job} {instance} is still scraped" for instance in sorted(late)]
                error = InfrastructureError(
                    f"Prometheus does not have the pods' targets: {', '.join(waited)}",
                    next_step="look at its targets; chaos-harness status says how it is reached",
                    details=self._target_errors(),
                )
                raise self._context.overload.explain(since, error)
            self._sampler.pause()

    def rollout(self, begun: Rollout, deadline: float, *, answers: bool) -> None:
        """Wait until pods are replaced, then until Prometheus scrapes the new ones and no old one.

        So what is judged, and the state that the next step starts from, has exactly the new targets.

        Raises:
            StepFailedError: the pods are not replaced by the deadline.
            InfrastructureError: the targets do not follow.
        """
        context, group = self._context, begun.group
        context.observer.waiting(f"the new pods of {group.job}")
        left = max(deadline - self._clock.working(), 0.1)
        pods = actions.finish(self._cluster, begun, left, context.around.chaos_mesh_namespace)
        if context.workload is not None and group.job == WORKLOAD_JOB:
            context.workload = context.workload.with_pods(pods)
        instances = {group.instance(pod) for pod in pods}
        context.note("rolled out", {"component": group.job, "instances": sorted(instances)})
        self._stopped.discard(group.job)
        if not pods:
            self._stopped.add(group.job)
        self.targets(group.job, instances, answers=answers)

    def phase(self, step: Step, deadline: float, record_events: Callable[[], None]) -> None:
        """Wait until the chaos of a step is in the step's phase; find out what it hits.

        Raises:
            StepFailedError: it is in another phase at the deadline.
        """
        assert step.chaos is not None
        applied = self._context.applied[step.chaos]
        wanted = step.phase
        if wanted is not None:
            self._context.observer.waiting(f"{applied.kind} {applied.name} to be {wanted}")
            try:
                self._cluster.until(
                    applied.kind,
                    applied.namespace,
                    lambda found: phases.reached(found, wanted),
                    timeout=max(deadline - self._clock.working(), 0.1),
                    name=applied.name,
                )
            except WaitTimeoutError as error:
                found = self._cluster.get(applied.kind, applied.name, applied.namespace)
                record_events()
                phase = phases.phase_of(found) if found else "gone"
                bound = step.bound * self._context.around.patience
                reason = f"{applied.kind} {applied.name} was not {wanted} within {bound:g} s: it is {phase}"
                why = phases.explain(found, self._context.recording.events)
                details = [*why, *self._daemon_errors(bound)]
                raise StepFailedError(StepProblem(kind="until", reason=reason, details=details)) from error
        if step.act.brings_effect:
            found = self._cluster.get(applied.kind, applied.name, applied.namespace)
            if found is not None:
                applied.targets = experiments.targets(self._cluster, found) or applied.targets

    def _daemon_errors(self, seconds: float) -> list[str]:
        context = self._context
        try:
            return daemon_log.errors(
                self._cluster, context.around.chaos_mesh_namespace, context.namespace, int(seconds) + 1
            )
        except HarnessError as error:
            return [f"the logs of chaos-daemon could not be read: {error}"]

    def _target_errors(self) -> list[str]:
        """Return what Prometheus says about each target that is not healthy."""
        try:
            targets = self._context.around.prometheus.targets()
        except HarnessError as error:
            return [f"Prometheus' own list of targets could not be had: {error}"]
        return [
            f"{target.job} {target.instance}: {target.health}: {target.last_error}"
            for target in targets
            if target.health != "up"
        ]
