"""Runs the scenarios of a run, in this process or side by side, and keeps what each came to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from harness.base.errors import HarnessError, InfrastructureError
from harness.chaosmesh import cleanup
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.judge.finding import Verdict
from harness.kubernetes.client import Cluster
from harness.prometheus.prometheus import Prometheus
from harness.results.concealed import conceal
from harness.results.scenario import Leftover, ScenarioInterruptedError, ScenarioResult, left_over
from harness.runner import attempts, interrupts, outage, runner
from harness.runner.apart import placed
from harness.runner.conflicts import Conflicts, conflicts_of
from harness.runner.duration import time_limit
from harness.runner.interrupts import Interrupts
from harness.runner.observer import Observer
from harness.runner.order import start_order
from harness.runner.outage import Outage
from harness.runner.run_context import RunContext
from harness.runner.strategy import StepStrategy
from harness.runner.workers import CutShort, NotStartedError, ProcessLostError, QueuedScenario, WorkerPool
from harness.scenario.load import ScenarioFile

Connect = Callable[[], tuple[Cluster, Prometheus]]


@dataclass(frozen=True)
class RunPlan:
    """What a run is to run; known when all was collected.

    Attributes:
        to_run: node id and scenario of each, in their order.
        parallel: how many scenarios may run at the same time.
        all_of: the node ids of all scenarios, when all that ship with the harness were asked for.
        observer: is told how they go on.
        audit: the metrics are compared with the catalogue, and the transitions that are proven are counted.
        starts: the node ids in the order in which they are to be started; empty: by their conflicts alone.
    """

    to_run: Sequence[tuple[str, ScenarioFile]] = ()
    parallel: int = 1
    all_of: frozenset[str] | None = None
    observer: Observer = field(default_factory=Observer)
    audit: bool = True
    starts: tuple[str, ...] = ()


class ScenarioRuns:
    """The scenarios of one run.

    Attributes:
        results: of what has ended, by node id.
        begun: what is known of scenarios that were interrupted.
        outage: why no other scenario can run.
    """

    def __init__(
        self,
        plan: RunPlan,
        strategy: type[StepStrategy],
        keep: Callable[[ScenarioFile, ScenarioResult], None],
        as_error: Callable[[BaseException, str], HarnessError],
    ) -> None:
        """Prepare.

        Args:
            plan: what is to be run.
            strategy: how steps are performed.
            keep: is given each result as soon as it is there.
            as_error: makes an exception one of ours.
        """
        self.plan = plan
        self.results: dict[str, ScenarioResult] = {}
        self.begun: dict[str, ScenarioResult] = {}
        self.outage: Outage | None = None
        self._again = 0
        self._inconclusive: dict[str, tuple[ScenarioFile, ScenarioResult]] = {}
        self._strategy = strategy
        self._keep = keep
        self._as_error = as_error
        self._around: RunContext | None = None
        self._connect: Connect | None = None
        self._side_by_side: WorkerPool | None = None

    def connected(self, around: RunContext, connect: Connect) -> None:
        """Take up the stack; `connect` makes connections for another process."""
        self._around, self._connect = around, connect

    def run(self, file: ScenarioFile, node: str) -> ScenarioResult:
        """Run a scenario, or wait for it; return its result.

        Raises:
            NotStartedError: it is not run, because the cluster is gone.
        """
        try:
            pool = self._pool()
            if pool is not None:
                pool.result(node)
            elif self._came_to(node, file, self._alone(node, file)):
                self._came_to(node, file, self._alone(node, file))
        except NotStartedError:
            self._keep_first_attempts(node)
            if node not in self.results:
                raise
        except (Exception, SystemExit) as error:
            if node not in self.results:
                self._ended(node, file, self._lost(file, self._as_error(error, f"run {file.name}")))
        return self.results[node]

    def running(self) -> set[str]:
        """Return the node ids of what runs side by side just now."""
        return {each.node for each in self._side_by_side.running()} if self._side_by_side else set()

    def settle(self) -> None:
        """Take in what has ended until now, when the run is about to end."""
        if self._side_by_side is not None:
            self._side_by_side.halt()
            self._side_by_side.drain()
        self._keep_first_attempts(*self._inconclusive)

    def stop(self, asked: Interrupts) -> list[ScenarioResult]:
        """End what still runs; return what is known of scenarios whose clean-up was not over."""
        if self._side_by_side is None:
            return []
        self._side_by_side.stop(partial(asked.waiting, 2))
        cut = {each.waiting.node: _cut_short(each) for each in self._side_by_side.cut_short}
        self.begun |= cut
        self._keep_first_attempts(*self._inconclusive)
        return list(cut.values())

    def _alone(self, node: str, file: ScenarioFile) -> ScenarioResult:
        """Run a scenario in this process; one that is interrupted is kept all the same."""
        assert self._around is not None
        if self.outage:
            raise NotStartedError(node)
        try:
            return runner.run(file, self._around, catalogue_of(file.path), self._strategy)
        except ScenarioInterruptedError as interrupted:
            self._came_to(node, file, interrupted.result if interrupted.finished else interrupted)
            raise

    def _apart(self, file: ScenarioFile, observer: Observer) -> ScenarioResult:
        """Run a scenario in a process that was forked: with connections of its own."""
        assert self._around is not None
        assert self._connect is not None
        cluster, prometheus = self._connect()
        around = replace(self._around, cluster=cluster, prometheus=prometheus, observer=observer)
        return runner.run(file, around, catalogue_of(file.path), self._strategy)

    def _pool(self) -> WorkerPool | None:
        """Return what runs scenarios side by side; None when they run one after the other."""
        plan = self.plan
        several = plan.parallel > 1 and len(plan.to_run) > 1
        # What a script does is not known: it never runs in the process that has the results.
        scripted = any(file.script is not None for _, file in plan.to_run)
        if self._side_by_side is None and (several or scripted):
            queue = [
                QueuedScenario(
                    node,
                    file,
                    self._conflicts_of(file),
                    time_limit(file.scenario, self._interval_of(file)),
                )
                for node, file in plan.to_run
            ]
            starts = plan.starts or start_order({each.node: each.conflicts for each in queue}, {})
            places = {node: place for place, node in enumerate(starts)}
            self._side_by_side = WorkerPool(
                sorted(queue, key=lambda each: places[each.node]),
                plan.parallel,
                self._apart,
                plan.observer,
                lambda waiting, ended: self._came_to(waiting.node, waiting.file, ended),
            )
        return self._side_by_side

    def _conflicts_of(self, file: ScenarioFile) -> Conflicts:
        """Return the conflicts of a scenario, with those of the node that it is put on."""
        place = placed(self._around, file.scenario.needs).place if self._around is not None else ""
        return conflicts_of(file, catalogue_of(file.path)).at(place)

    def _interval_of(self, file: ScenarioFile) -> float:
        """Return the scrape interval that a scenario is performed by, seconds."""
        return placed(self._around, file.scenario.needs).interval if self._around is not None else 0.0

    def _came_to(self, node: str, file: ScenarioFile, ended: ScenarioResult | BaseException) -> bool:
        """Keep what a scenario came to, as soon as it has; look after the cluster when it was an error.

        Return whether it is to run again: nothing is known of it, and its result is not kept yet.
        """
        match ended:
            case ScenarioInterruptedError():
                conceal(ended.result)
                self.begun[node] = ended.result
                return False
            case KeyboardInterrupt():
                return False
            case ScenarioResult():
                result = ended
            case _:
                result = self._lost(file, self._as_error(ended, f"run {file.name}"))
                if isinstance(ended, ProcessLostError):
                    self._clean_up_after(result, ended.namespaces)
        again = self._runs_again(node, file, result)
        if not again:
            if node in self._inconclusive:
                _, first = self._inconclusive.pop(node)
                result.first_attempt = attempts.inconclusive(first)
            self._ended(node, file, result)
        unknown = any(left.infrastructure for left in result.leftovers)
        if (result.verdict is Verdict.ERROR or unknown) and self.outage is None:
            self.outage = self._look_for_outage()
            if self.outage:
                if self._side_by_side is not None:
                    self._side_by_side.halt()
                self._keep_first_attempts(node)
        return again and not self.outage

    def _runs_again(self, node: str, file: ScenarioFile, result: ScenarioResult) -> bool:
        """Put a result away of which nothing is known, and return whether the scenario is to run again."""
        reason = attempts.inconclusive(result)
        if reason is None or self.outage or self._around is None or self._again >= attempts.MOST_AGAIN:
            return False
        if node in self._inconclusive:
            return False
        try:
            kept = attempts.put_away(result, self._around.recordings.parent)
        except OSError:
            return False
        self._inconclusive[node] = (file, kept)
        self._again += 1
        return True

    def _keep_first_attempts(self, *nodes: str) -> None:
        """Keep what is known of scenarios that are not run again after all."""
        for node in nodes:
            if node in self._inconclusive and node not in {*self.results, *self.begun}:
                self._ended(node, *self._inconclusive.pop(node))

    def _ended(self, node: str, file: ScenarioFile, result: ScenarioResult) -> None:
        # A record that is cut short loses results.
        with interrupts.put_off(waits=False):
            self.results[node] = result
            self._keep(file, result)

    def _lost(self, file: ScenarioFile, error: HarnessError) -> ScenarioResult:
        lost = runner.lost(file, error)
        self.plan.observer.turn_to(file.name)
        self.plan.observer.ended(lost)
        return lost

    def _clean_up_after(self, result: ScenarioResult, lost: list[str]) -> None:
        """Clean up in the place of a scenario's process that is gone: its chaos is still in force."""
        around = self._around
        if around is None or not lost:
            return
        result.namespace, *result.further_namespaces = lost
        for name in lost:
            try:
                left = cleanup.clean(around.cluster, name, around.chaos_mesh_namespace, wait=False)
            except HarnessError as error:
                result.leftovers.append(_unknown(name, f"not cleaned up: {error}"))
            else:
                result.leftovers += left_over(left, None)

    def _look_for_outage(self) -> Outage | None:
        around = self._around
        if around is None:
            return None

        def ready() -> None:
            if not around.prometheus.ready():
                raise InfrastructureError("it does not answer that it is ready")

        version = partial(around.cluster.version, timeout=outage.PROBE_SECONDS)
        return outage.lasting([("the API server", version), ("Prometheus", ready)])


def _cut_short(cut: CutShort) -> ScenarioResult:
    """Return what is told of a scenario that was stopped and was not waited for until it had cleaned up."""
    what = "its clean-up was not over when it was no longer waited for, and was ended"
    result = runner.lost(cut.waiting.file, InfrastructureError(what))
    if cut.namespaces:
        result.namespace, *result.further_namespaces = cut.namespaces
    result.leftovers = [_unknown(name, what) for name in cut.namespaces] or [
        Leftover(kind="scenario", name=result.name, what_was_done=what, infrastructure=True)
    ]
    return result


def _unknown(namespace: str, what: str) -> Leftover:
    return Leftover(kind="Namespace", name=namespace, what_was_done=what, infrastructure=True)
