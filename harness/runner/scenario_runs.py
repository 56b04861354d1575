"""Runs the scenarios of a run, in this process or side by side, and keeps what each came to."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, TypeVar

from harness.base.apart import EndedError
from harness.base.background import Background
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
_Result = TypeVar("_Result")
_REMOVE_SECONDS = 100.0
"""What a cluster that is no longer waited for may take to be removed, as far as it is there."""


@dataclass
class JoinedCluster:
    """A cluster that scenarios of the run are performed on.

    Attributes:
        context: of the stack on it.
        connect: makes connections for another process.
        outage: why nothing can run on it any more.
        doubtful: whether it is gone is being found out, and nothing is started on it meanwhile.
    """

    context: RunContext
    connect: Connect
    outage: Outage | None = None
    doubtful: bool = False

    @property
    def name(self) -> str:
        """As scenarios are told it (RunContext.on)."""
        return self.context.on


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
        clusters: those that have come up, by name, the first one first.
        outage: why no other scenario can run: the last of the clusters is gone.
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
        self.clusters: dict[str, JoinedCluster] = {}
        self.outage: Outage | None = None
        self._again = 0
        self._inconclusive: dict[str, tuple[ScenarioFile, ScenarioResult]] = {}
        self._strategy = strategy
        self._keep = keep
        self._as_error = as_error
        self._around: RunContext | None = None
        self._side_by_side: WorkerPool | None = None
        self._awaited: dict[Background[Any], Callable[[], None]] = {}
        """What other processes are at that may change where scenarios run, and what takes it in."""

    def connected(self, around: RunContext, connect: Connect) -> None:
        """Take up a stack; `connect` makes connections for another process."""
        cluster = JoinedCluster(around, connect)
        self.clusters[cluster.name] = cluster
        if self._around is None:
            self._around = around
        elif self._side_by_side is not None:
            self._open(cluster)

    def wait_for(self, background: Background[_Result], then: Callable[[Background[_Result]], None]) -> None:
        """Let scenarios go on, and call `then` when a process is over that may bring up a further cluster."""

        def over() -> None:
            del self._awaited[background]
            then(background)
            self._end_without_cluster()

        self._awaited[background] = over
        if self._side_by_side is not None:
            self._side_by_side.attend(background.connection, over)

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
        try:
            return self._stop(asked)
        finally:
            self._stop_awaited(asked)

    def _stop(self, asked: Interrupts) -> list[ScenarioResult]:
        for background in self._awaited:
            background.interrupt()
        if self._side_by_side is None:
            return []
        self._side_by_side.stop(partial(asked.waiting, 2))
        cut = {each.waiting.node: _cut_short(each) for each in self._side_by_side.cut_short}
        self.begun |= cut
        self._keep_first_attempts(*self._inconclusive)
        return list(cut.values())

    def _stop_awaited(self, asked: Interrupts) -> None:
        while self._awaited:
            background, _ = self._awaited.popitem()
            with contextlib.suppress(KeyboardInterrupt), asked.waiting(2):
                background.stop(_REMOVE_SECONDS)
            background.stop(0.0)

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

    def _apart(self, on: JoinedCluster, file: ScenarioFile, observer: Observer) -> ScenarioResult:
        """Run a scenario in a process that was forked: with connections of its own."""
        cluster, prometheus = on.connect()
        around = replace(on.context, cluster=cluster, prometheus=prometheus, observer=observer)
        return runner.run(file, around, catalogue_of(file.path), self._strategy)

    def _open(self, cluster: JoinedCluster) -> None:
        assert self._side_by_side is not None
        self._side_by_side.open(cluster.name, partial(self._apart, cluster))

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
            first, *others = self.clusters.values()
            self._side_by_side = WorkerPool(
                sorted(queue, key=lambda each: places[each.node]),
                plan.parallel,
                partial(self._apart, first),
                plan.observer,
                lambda waiting, ended: self._came_to(waiting.node, waiting.file, ended, waiting.place),
                first.name,
            )
            for other in others:
                self._open(other)
            for background, over in self._awaited.items():
                self._side_by_side.attend(background.connection, over)
        return self._side_by_side

    def _conflicts_of(self, file: ScenarioFile) -> Conflicts:
        """Return the conflicts of a scenario, with those of the node that it is put on."""
        place = placed(self._around, file.scenario.needs).place if self._around is not None else ""
        return conflicts_of(file, catalogue_of(file.path)).at(place)

    def _interval_of(self, file: ScenarioFile) -> float:
        """Return the scrape interval that a scenario is performed by, seconds."""
        return placed(self._around, file.scenario.needs).interval if self._around is not None else 0.0

    def _came_to(
        self, node: str, file: ScenarioFile, ended: ScenarioResult | BaseException, on: str | None = None
    ) -> bool:
        """Keep what a scenario came to, as soon as it has; look after its cluster when it was an error.

        Return whether it is to run again: nothing is known of it, and its result is not kept yet.
        """
        cluster = self._cluster(on)
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
                result = self._lost(file, self._as_error(ended, f"run {file.name}"), cluster)
                if isinstance(ended, ProcessLostError):
                    self._clean_up_after(result, ended.namespaces, cluster)
        again = self._runs_again(node, file, result)
        if not again:
            if node in self._inconclusive:
                _, first = self._inconclusive.pop(node)
                result.first_attempt = attempts.inconclusive(first)
            self._ended(node, file, result)
        unknown = any(left.infrastructure for left in result.leftovers)
        if (result.verdict is Verdict.ERROR or unknown) and cluster is not None:
            self._look_after(cluster)
            if self.outage:
                self._keep_first_attempts(node)
        return again and not self.outage

    def _cluster(self, name: str | None) -> JoinedCluster | None:
        """Return the cluster of that name; without a name the first one."""
        return self.clusters.get(name) if name is not None else next(iter(self.clusters.values()), None)

    def _look_after(self, cluster: JoinedCluster) -> None:
        """Find out whether a cluster is gone; where there are others nobody waits for that."""
        if self.outage or cluster.outage or cluster.doubtful:
            return
        if len(self._usable()) + len(self._awaited) < 2 or self._side_by_side is None:
            cluster.outage = self._look_for_outage()
            self._end_without_cluster()
            return

        def look() -> Outage | None:
            return _outage_of(*cluster.connect())

        def looked(background: Background[Outage | None]) -> None:
            cluster.doubtful = False
            # Of a look that was ended nothing is known, and the next error has another one.
            with contextlib.suppress(EndedError):
                cluster.outage = background.result()
            if cluster.outage is None:
                self._open(cluster)
            else:
                self.plan.observer.run_goes_on(f"nothing runs on {cluster.name} any more: {cluster.outage}")

        cluster.doubtful = True
        self._side_by_side.close(cluster.name)
        self.wait_for(Background(look, f"looking at the cluster {cluster.name}"), looked)

    def _look_for_outage(self) -> Outage | None:
        """Wait until it is known whether the only cluster is gone."""
        (left,) = self._usable()
        return _outage_of(left.context.cluster, left.context.prometheus)

    def _usable(self) -> list[JoinedCluster]:
        return [each for each in self.clusters.values() if each.outage is None]

    def _end_without_cluster(self) -> None:
        """Let nothing be started any more once no cluster is left, and none is on its way."""
        if self._usable() or self._awaited:
            return
        self.outage = next(each.outage for each in reversed(self.clusters.values()))
        if self._side_by_side is not None:
            self._side_by_side.halt()

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

    def _lost(
        self, file: ScenarioFile, error: HarnessError, cluster: JoinedCluster | None = None
    ) -> ScenarioResult:
        lost = runner.lost(file, error, cluster.name if cluster else "")
        self.plan.observer.turn_to(file.name)
        self.plan.observer.ended(lost)
        return lost

    def _clean_up_after(self, result: ScenarioResult, lost: list[str], cluster: JoinedCluster | None) -> None:
        """Clean up in the place of a scenario's process that is gone: its chaos is still in force."""
        if cluster is None or not lost:
            return
        around = cluster.context
        result.namespace, *result.further_namespaces = lost
        for name in lost:
            try:
                left = cleanup.clean(around.cluster, name, around.chaos_mesh_namespace, wait=False)
            except HarnessError as error:
                result.leftovers.append(_unknown(name, f"not cleaned up: {error}"))
            else:
                result.leftovers += left_over(left, None)


def _outage_of(cluster: Cluster, prometheus: Prometheus) -> Outage | None:
    def ready() -> None:
        if not prometheus.ready():
            raise InfrastructureError("it does not answer that it is ready")

    version = partial(cluster.version, timeout=outage.PROBE_SECONDS)
    return outage.lasting([("the API server", version), ("Prometheus", ready)])


def _cut_short(cut: CutShort) -> ScenarioResult:
    """Return what is told of a scenario that was stopped and was not waited for until it had cleaned up."""
    what = "its clean-up was not over when it was no longer waited for, and was ended"
    result = runner.lost(cut.waiting.file, InfrastructureError(what), cut.waiting.place)
    if cut.namespaces:
        result.namespace, *result.further_namespaces = cut.namespaces
    result.leftovers = [_unknown(name, what) for name in cut.namespaces] or [
        Leftover(kind="scenario", name=result.name, what_was_done=what, infrastructure=True)
    ]
    return result


def _unknown(namespace: str, what: str) -> Leftover:
    return Leftover(kind="Namespace", name=namespace, what_was_done=what, infrastructure=True)
