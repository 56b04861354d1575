"""A run: the stack it needs, the scenarios it ran, the results it writes."""

from __future__ import annotations

import contextlib
import importlib
import io
import os
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import harness
from harness.audit.contract import at_end
from harness.audit.contract.compare import Circumstances
from harness.audit.contract.promtool import Linter, by_program, in_pod
from harness.audit.contract.shards import merged_contract
from harness.audit.coverage.of_run import RunScores
from harness.base import bundled, defects, places
from harness.base.errors import DefectError, ExitCode, HarnessError, InfrastructureError, UsageError
from harness.base.progress import Progress
from harness.base.redaction import redact
from harness.base.spent import Spent
from harness.chaosmesh.capabilities import anywhere, probe, probe_apart
from harness.chaosmesh.catalogue import catalogue
from harness.chaosmesh.release import release_of
from harness.chaosmesh.sweep import Swept, sweep
from harness.judge.finding import Verdict
from harness.kubernetes.client import Cluster
from harness.lint.rules.rule import check_rules
from harness.prometheus.prometheus import Prometheus
from harness.pytest_plugin.further_clusters import FurtherClusters, RunWork
from harness.pytest_plugin.opened_stack import OpenedStack
from harness.recording.writer import ENTRIES
from harness.report import checks
from harness.report.checks import RunCheck
from harness.report.outcome import RunEnding
from harness.report.record import RunRecord
from harness.report.text import (
    cluster_lines,
    left_lines,
    same_causes,
    should_lines,
    unmet_lines,
    wrong_lines,
)
from harness.results import last_durations, results
from harness.results.contract import Contract
from harness.results.folder import ReportFolder
from harness.results.results import NotRun, Results, Run, RunCluster
from harness.results.scenario import ScenarioResult
from harness.runner.apart import NodeApart
from harness.runner.clock import Clock
from harness.runner.control import ControlStrategy
from harness.runner.duration import expected_duration
from harness.runner.interrupts import Interrupts
from harness.runner.late import still_there
from harness.runner.needs import SharedUse
from harness.runner.outage import Outage
from harness.runner.run_context import RunContext
from harness.runner.scenario_runs import JoinedCluster, RunPlan, ScenarioRuns
from harness.runner.strategy import ChaosStrategy
from harness.runner.vitals import ThreadedVitals
from harness.runner.workers import NotStartedError
from harness.scenario.load import ScenarioFile
from harness.stack import connection, lock, prometheus
from harness.stack.access import prometheus_of, verify
from harness.stack.capabilities import interval_apart, logs_apart, node_apart
from harness.stack.existing.use import held as cluster_held
from harness.stack.handle import StackHandle
from harness.stack.in_cluster.joined import JoinedRun, handle_here
from harness.stack.options import UpOptions
from harness.stack.state import StateFolder
from harness.stack.up import up

_MOST_LATE = 3
"""Scenarios whose namespaces that stay are looked into; with more of them it is the cluster."""
_MOST_PARALLEL = 4
_DEFAULT_USE = SharedUse()


class NotRunError(InfrastructureError):
    """A scenario is not run: nothing could be decided."""


class RunSession:
    """Made when pytest starts, told its plan when all is collected, opened when the first scenario runs.

    Attributes:
        control: the chaos is left out.
        results: what is reported.
        interrupts: how often the run was asked to end.
        troubles: what went wrong with the run itself, beside its scenarios.
    """

    def __init__(
        self,
        options: UpOptions,
        folder: ReportFolder,
        results: Results,
        *,
        control: bool,
        allowed_namespaces: frozenset[str],
        shared: SharedUse = _DEFAULT_USE,
        joined: JoinedRun | None = None,
        clusters: int = 1,
    ) -> None:
        self.options = options
        self.results = results
        self.control = control
        self.interrupts = Interrupts()
        self.troubles: list[HarnessError] = []
        self._allowed_namespaces = allowed_namespaces
        self._shared = shared
        self._joined = joined
        self._most_clusters = clusters
        self._record = RunRecord(folder)
        self._scores = RunScores()
        strategy = ControlStrategy if control else ChaosStrategy
        self._runs = ScenarioRuns(RunPlan(), strategy, self._keep, self._as_error)
        self._reported: set[str] = set()
        self._spent = Spent()
        self._held = contextlib.ExitStack()
        self._context: RunContext | None = None
        self._opened: dict[str, float] = {}
        """When scenarios could begin on each cluster, its Prometheus' clock."""
        self._further: FurtherClusters | None = None
        self._failure: HarnessError | None = None
        self._to_close = False
        self._ended = False
        self._page: Path | None = None
        self._unrendered = ""

    @classmethod
    def from_options(
        cls,
        up_options: UpOptions,
        *,
        report: Path,
        control: bool = False,
        allowed_namespaces: Collection[str] = (),
        shared: SharedUse = _DEFAULT_USE,
        beside: Iterable[Path] = (),
        joined: JoinedRun | None = None,
        clusters: int = 1,
    ) -> RunSession:
        """Make a session of the command line's options.

        Args:
            up_options: of the stack.
            report: the folder.
            control: the chaos is left out.
            allowed_namespaces: of others, that scenarios may reach.
            shared: what the run may do on a cluster of others.
            beside: see ReportFolder.
            joined: the run in the cluster that this is a shard of.
            clusters: how many clusters to run scenarios on, as far as they have something to run.
        """
        run = Run(
            id=uuid.uuid4().hex[:8] if joined is None else joined.run,
            harness=harness.__version__,
            started=results.now(),
            options=_chosen(up_options),
        )
        if control:
            run.options["control"] = "True"
        if clusters > 1:
            run.options["clusters"] = str(clusters)
        if allowed_namespaces:
            run.options["allow_namespace"] = ", ".join(sorted(allowed_namespaces))
        return cls(
            up_options,
            ReportFolder(report, beside),
            Results(run=run),
            control=control,
            allowed_namespaces=frozenset(allowed_namespaces),
            shared=shared,
            joined=joined,
            clusters=clusters,
        )

    def begin(self, plan: RunPlan) -> None:
        """Take up what is to be run, before anything is; from now on the run heeds what asks it to end."""
        self._runs.plan = plan
        self.interrupts.install()

    @property
    def plan(self) -> RunPlan:
        """What is to be run."""
        return self._runs.plan

    @property
    def outage(self) -> Outage | None:
        """Why no other scenario can run."""
        return self._runs.outage

    @property
    def report(self) -> Path:
        """The report's folder."""
        return self._record.folder.path

    @property
    def own(self) -> bool:
        """Whether the report's folder is this run's; nothing is written there while it is not."""
        return self._record.own

    def open(self) -> None:
        """Bring the stack up, lock it, sweep what a killed run left, measure the clock.

        Raises:
            HarnessError: the stack did not come up; the same again for each later call.
        """
        if self._failure:
            raise self._failure
        self._to_close = True
        self._record.own = False
        try:
            with places.reported(), self._spent.on("stack"):
                self._open(Progress())
        except Exception as caught:
            error = self._as_error(caught, "bring the stack up")
            self._failure = error
            self.results.run.stack_error = redact(error.render())
            raise error from caught

    def _as_error(self, error: BaseException, doing: str) -> HarnessError:
        folder = self.report / defects.FOLDER if self.own else places.state_dir() / "logs"
        return defects.as_error(error, doing, folder, doing.replace(" ", "-"))

    @contextlib.contextmanager
    def kept(self, doing: str) -> Iterator[None]:
        """Keep what is raised in the block for the end of the run: what comes after it has to be done."""
        try:
            yield
        except Exception as error:
            self.keep_trouble(error, doing)

    def keep_trouble(self, error: BaseException, doing: str) -> HarnessError:
        """Keep an exception for the end of the run, and for its exit code; return it as an error of ours."""
        self.troubles.append(self._as_error(error, doing))
        return self.troubles[-1]

    def _open(self, progress: Progress) -> None:
        self._record.folder.check()
        held = self._held.enter_context(cluster_held(self.options, f"run {self.results.run.id}"))
        self._record.folder.take(self.results.run.id)
        try:
            if self._joined is not None:
                # Its caller has brought the stack up, holds its Lease, and has swept it.
                at = Path(os.environ["KUBECONFIG"])
                handle = handle_here(self._joined, at, disruption=self._shared.disruption)
            else:
                handle = self._up(self.options, held, progress)
        except lock.InUseError:
            # In the cluster, by another state folder: what an earlier run reported stays.
            raise
        except BaseException:
            self._record.begin()
            raise
        self._record.begin()

        theirs = handle.target.whose == "theirs"
        _load_clients()
        cluster, prometheus = self._connect(handle)
        stack = self._look_at(handle, cluster, prometheus)
        for name in stack.swept.removed:
            progress.say(f"removed what an earlier run left: namespace {name}")
        self.results.run.warnings = [
            *stack.swept.warnings(self.options.words),
            *filter(None, [stack.release.note]),
        ]
        for line in self.results.run.warnings:
            progress.say(line)
        self.results.run.stack = _facts(stack)
        self._context = self._context_of(stack, cluster, prometheus)
        if theirs:
            files = [file for _, file in self.plan.to_run]
            progress.say(expected_duration(files, handle.scrape_interval, self.plan.parallel))
        self._runs.connected(self._context, partial(self._connect, handle))
        self._opened[self._context.on] = self._context.clock.now()
        if self._clusters > 1:
            self.results.run.clusters = [RunCluster(name=handle.cluster, since=results.now())]
            work = RunWork(self._hold, self._bring_up, self._runs.wait_for, self._take_up, self._do_without)
            self._further = FurtherClusters(_as_found(self.options, handle), self._clusters, work)
            self._further.begin()
        # A run that is killed before its first scenario has ended has been there, too.
        self._write()

    @property
    def _clusters(self) -> int:
        """How many clusters have something to run."""
        return max(1, min(self._most_clusters, self.plan.parallel, len(self.plan.to_run)))

    def _up(self, options: UpOptions, held: lock.Held, progress: Progress) -> StackHandle:
        from harness import image_build
        from harness.image_build.published import image_names

        return up(
            options,
            progress,
            held,
            prepare_images=image_build.prepare,
            image_names=image_names,
            disruption=self._shared.disruption,
        )

    def _connect(self, handle: StackHandle) -> tuple[Cluster, Prometheus]:
        cluster = connection.connect(
            handle,
            run=self.results.run.id,
            disruption=self._shared.disruption,
            allowed=self._allowed_namespaces,
        )
        return cluster, prometheus_of(handle, cluster)

    def _look_at(self, handle: StackHandle, cluster: Cluster, prometheus: Prometheus) -> OpenedStack:
        """Return what is known of a stack that is up, once what a killed run left on it is gone."""
        verify(handle, prometheus)
        offset, uncertainty = prometheus.clock()
        swept = Swept()
        if self._joined is None:
            swept = sweep(cluster, self.results.run.id, handle.identity, handle.chaos_mesh_namespace)
        release = release_of(handle.versions)
        node, closed = node_apart(handle), handle.target.node_refused
        not_asked = [*handle.target.not_ready, *filter(None, [node])]
        capabilities = probe(cluster, handle.chaos_mesh_namespace, release, not_asked, closed=closed)
        apart = None
        if node:
            probed = probe_apart(cluster, handle.chaos_mesh_namespace, node)
            apart = NodeApart(node, probed, interval_apart(handle), logs_apart(handle))
        return OpenedStack(handle, Clock(offset, uncertainty), swept, release, capabilities, apart)

    def _context_of(self, stack: OpenedStack, cluster: Cluster, prometheus: Prometheus) -> RunContext:
        handle, apart = stack.handle, stack.apart
        shared = None
        if handle.target.whose == "theirs":
            closed, roles = handle.target.node_refused, handle.target.roles_refused
            shared = replace(self._shared, node=closed, roles=roles)
        return RunContext(
            cluster=cluster,
            prometheus=prometheus,
            clock=stack.clock,
            chaos_mesh_namespace=handle.chaos_mesh_namespace,
            workload_image=handle.workload_image,
            jvm_image=handle.jvm_image,
            interval=handle.scrape_interval,
            release=stack.release,
            capabilities=stack.capabilities,
            nodes=[each.name for each in handle.nodes if apart is None or each.name != apart.name],
            apart=apart,
            run=self.results.run.id,
            on=handle.cluster if self._clusters > 1 else "",
            recordings=self.report / "recordings",
            diagnostics=self.report / "diagnostics",
            observer=self.plan.observer,
            allowed_namespaces=self._allowed_namespaces,
            facts=_facts(stack),
            shared=shared,
            unfit=self._unfit(handle.scrape_interval),
            vitals=ThreadedVitals,
        )

    def _hold(self, options: UpOptions) -> lock.Held:
        return self._held.enter_context(cluster_held(options, f"run {self.results.run.id}"))

    def _bring_up(self, options: UpOptions, held: lock.Held) -> OpenedStack:
        """Bring up a further cluster; in a process of its own."""
        handle = self._up(options, held, Progress(io.StringIO()))
        return self._look_at(handle, *self._connect(handle))

    def _take_up(self, stack: OpenedStack, options: UpOptions) -> None:
        """Let scenarios run on a further cluster, too."""
        handle = stack.handle
        facts = self.results.run.stack
        assert facts is not None
        if differs := _differs(facts, _facts(stack)):
            raise InfrastructureError(
                f"it is not as {facts['cluster']} is: {differs}",
                next_step=f"chaos-harness down {options.words}",
            )
        context = self._context_of(stack, *self._connect(handle))
        self._runs.connected(context, partial(self._connect, handle))
        self._opened[context.on] = context.clock.now()
        self.results.run.clusters.append(RunCluster(name=handle.cluster, since=results.now()))
        self.results.run.warnings += stack.swept.warnings(options.words)
        self.plan.observer.run_goes_on(f"{handle.cluster} is up: scenarios run on it, too")

    def _do_without(self, name: str, why: str) -> None:
        """Go on without a further cluster."""
        self.results.run.clusters.append(RunCluster(name=name, problem=why))
        self.plan.observer.run_goes_on(f"the cluster {name} is not used: {why}")

    def _unfit(self, interval: float) -> Callable[[ScenarioFile], str]:
        """Return what says why a scenario, checked for one scrape interval, does not fit the stack's."""
        checked_for = self.options.scrape_interval

        def unfit(file: ScenarioFile) -> str:
            if interval == checked_for:
                return ""
            wrong = [each.message for each in check_rules(file, interval) if not each.warning]
            return f"it does not fit a scrape interval of {interval:g} s: {wrong[0]}" if wrong else ""

        return unfit

    def close(self) -> list[ScenarioResult]:
        """Let go of the lock; the stack stays up for the next run.

        Returns:
            Scenarios whose namespace is still there: their clean-up failed after all.
        """
        late: list[ScenarioResult] = []
        self._to_close = False
        try:
            with self.kept("stop the scenarios"):
                if self._further is not None:
                    self._further.end()
                late += self._runs.stop(self.interrupts)
            # Written before anything else is waited for: who ends a job may not wait long.
            with self.kept("write the results"):
                self._write()
            with self.kept("compare the metrics with the catalogue"), self._until_asked(1) as goes_on:
                if goes_on and self.plan.audit:
                    with self._spent.on("catalogue"):
                        self._check_contract()
            with self.kept("look for what the scenarios left"), self._until_asked(2) as goes_on:
                if goes_on:
                    late += self._left_late(_MOST_LATE - len(late))
        finally:
            self._held.close()
        self.results.count()
        return late

    @contextlib.contextmanager
    def _until_asked(self, enough: int) -> Iterator[bool]:
        """Do what a run can do without, until it is asked to end so often; yields whether to begin."""
        if self.interrupts.count >= enough:
            yield False
            return
        with contextlib.suppress(KeyboardInterrupt), self.interrupts.waiting(enough):
            yield True

    def _left_late(self, looks: int) -> list[ScenarioResult]:
        """Return scenarios whose namespaces do not go; some are looked into, the first ones."""
        late: list[ScenarioResult] = []
        ran = [*self.results.scenarios, *self._runs.begun.values()]
        for cluster in self._runs.clusters.values():
            there = [each for each in ran if (each.cluster or "") == cluster.name]
            late += still_there(cluster.context, cluster.outage or self.outage, there, looks - len(late))
        return late

    def _check_contract(self) -> None:
        """Compare what the components expose with the catalogue; the last look at them of the run."""
        if self._context is None or self.results.contract is not None:
            return
        if not self.anything_ran() or self.outage:
            return
        # Without the chaos, nothing is touched; and what an error ended may not have come to touch it.
        undecided = any(each.verdict is Verdict.ERROR for each in self.results.scenarios)
        all_of = self.plan.all_of
        all_ran = all_of is not None and all_of <= self._runs.results.keys()
        whole = all_ran and not self.control and not undecided
        given = Circumstances(self._context.release, self._context.capabilities, whole)
        first, *others = self._runs.clusters.values()
        if not others:
            self.results.contract = self._contract_on(first, given)
            return
        # What nobody has seen, nobody has seen on any of them.
        alone = replace(given, whole=False)
        found = {f"the cluster {each.name}": self._contract_on(each, alone) for each in (first, *others)}
        self.results.contract = merged_contract(found, catalogue(), given)

    def _contract_on(self, on: JoinedCluster, given: Circumstances) -> Contract:
        around = on.context
        if on.outage is not None:
            return Contract(release=str(given.release), whole=False, error=str(on.outage))
        ran = [each for each in self.results.scenarios if (each.cluster or "") == on.name]
        run = at_end.EndedRun(
            cluster=around.cluster,
            prometheus=around.prometheus,
            clock=around.clock,
            began=self._opened[on.name],
            namespaces=[each.namespace for each in ran if each.namespace],
            recordings=[each.recording for each in ran if each.recording],
            given=given,
            report=self.report,
            linter=self._linter(around),
            chaos_mesh_namespace=around.chaos_mesh_namespace,
            folder=on.name,
        )
        return at_end.check(run, catalogue())

    def _linter(self, around: RunContext) -> Linter | None:
        if program := StateFolder(self.options.place).program("promtool"):
            return by_program(program)
        existing = self.options.existing
        if existing is not None and existing.prometheus_url is not None:
            return None
        if around.shared is not None and around.shared.node:
            return None
        return in_pod(around.cluster, *prometheus.POD)

    def run(self, file: ScenarioFile, node: str) -> ScenarioResult:
        """Run a scenario and keep its result.

        Raises:
            NotRunError: it is not run, because the cluster is gone.
        """
        try:
            with self._spent.on("scenarios"):
                return self._runs.run(file, node)
        except NotStartedError:
            raise NotRunError(
                f"not run: {self._why_not(node)}", next_step="look at the cluster: chaos-harness status"
            ) from None

    def _keep(self, file: ScenarioFile, result: ScenarioResult) -> None:
        self.results.add(result)
        ran = self._runs.results
        places = {id(ran[node]): at for at, (node, _) in enumerate(self.plan.to_run) if node in ran}
        self.results.scenarios.sort(key=lambda each: places.get(id(each), len(places)))
        if result.verdict is not Verdict.SKIPPED:
            self._name_stand_ins(file)
        if len(self.plan.to_run) > 1 and not self.control and (folder := _recorded(result)):
            self._scores.recorded(folder)
        self._write(result)

    def settle(self) -> None:
        """Take in what has ended until now, when the run is about to end."""
        self._runs.settle()
        self._write()

    def was_reported(self, node: str) -> None:
        """Know that pytest has reported a scenario."""
        self._reported.add(node)

    def reported(self, node: str) -> bool:
        """Say whether pytest has reported a scenario."""
        return node in self._reported

    def unreported(self) -> list[str]:
        """Return the node ids of what has a result that pytest has not reported."""
        return [node for node in self._runs.results if node not in self._reported]

    def _why_not(self, node: str) -> str:
        """Return why a scenario has no verdict, as a clause."""
        if self.outage:
            return str(self.outage)
        if self.interrupts.count:
            return f"the run was interrupted ({self.interrupts.how})"
        if self._failure:
            return f"the stack did not come up: {self._failure.problem}"
        if not self.interrupts.ending:
            return "the run was cut short before it had come to its end"
        return "the run was stopped before"

    def _not_run(self) -> list[NotRun]:
        found = []
        running = self._runs.running()
        for node, file in self.plan.to_run:
            if node in self._runs.results:
                continue
            begun = self._runs.begun.get(node)
            entry = NotRun(
                name=file.name,
                file=bundled.shown(file.path),
                tags=list(file.scenario.tags),
                reason=self._why_not(node),
                began=begun is not None or node in running,
            )
            if begun is not None:
                entry.namespaces = [*filter(None, [begun.namespace]), *begun.further_namespaces]
                entry.leftovers = begun.leftovers
            found.append(entry)
        return found

    def _name_stand_ins(self, file: ScenarioFile) -> None:
        """Name what a scenario that ran put in the place of real programs."""
        stack = self.results.run.stack
        assert stack is not None
        more = [each.model_dump() for each in file.scenario.stand_ins]
        # Anew: the recordings of other scenarios hold the stack as it was opened.
        named = [*stack["stand_ins"], *(each for each in more if each not in stack["stand_ins"])]
        self.results.run.stack = {**stack, "stand_ins": named}

    def result_of(self, node: str) -> ScenarioResult | None:
        """Return what the item of that node id came to, if it ran."""
        return self._runs.results.get(node)

    def anything_ran(self) -> bool:
        """Say whether any scenario was run, rather than skipped."""
        return any(result.verdict is not Verdict.SKIPPED for result in self.results.scenarios)

    def checks(self) -> list[RunCheck]:
        """Return what the run came to beside its scenarios."""
        found = checks.of(self.results, catalogue())
        if self._scores.uncounted is not None and self._scores.gated:
            reason, *details = self._scores.uncounted.render().splitlines()
            found.append(RunCheck("coverage", Verdict.ERROR, f"not counted: {reason}", tuple(details)))
        if self._record.unwritten is not None:
            reason, *details = self._record.unwritten.render().splitlines()
            found.append(RunCheck("results", Verdict.ERROR, reason, tuple(details)))
        if self.troubles:
            reason, *details = self._trouble_lines()
            found.append(RunCheck("harness", Verdict.ERROR, reason, tuple(details)))
        return found

    def _trouble_lines(self) -> list[str]:
        return [line for each in self.troubles for line in each.render().splitlines()]

    def end(self, *, everything: bool) -> None:
        """Write the results for the last time; let go of what is still held.

        Args:
            everything: all scenarios of the harness were run.
        """
        if self._to_close:
            self.close()
        self.finish(everything=everything)

    def finish(self, *, everything: bool = False) -> None:
        """Write the results for the last time, with the score of mutation, and the page that shows them."""
        self.results.run.ended = results.now()
        # Leftovers may have been found since, and namespaces.
        self._record.forget()
        if not self.control and self.own and self.outage is None:
            with self.kept("count what the run proves"), self._until_asked(1) as goes_on:
                if goes_on:
                    with self._spent.on("proofs"):
                        self._count(everything=everything)
        self._ended = True
        if not self.own:
            return
        with self.kept("write the results"):
            self._write()
        if self.interrupts.count > 1:
            self._unrendered = "no HTML report: interrupted twice"
        elif self._record.unwritten is None:
            with self._spent.on("page"):
                self._render()

    def ended_with(self, exit_code: int) -> None:
        """Write what the run came to, for who merges it with others; keep what its scenarios took."""
        self.results.run.exit_code = exit_code
        if not self.own or self._record.unwritten is not None:
            return
        self._record.write(self.results)
        # What was there is whole but for the code, and its reader knows what it means that there is none.
        self._record.unwritten = None
        if self.results.run.shard is None and not self.control:
            # Nice to know. Not of a shard: the others would be divided otherwise.
            with contextlib.suppress(OSError):
                last_durations.keep(self.results.scenarios)

    def _render(self) -> None:
        """Write the page from what was written; whatever goes wrong is told, and changes no verdict."""
        try:
            from harness.report.html import report as html_report

            self._page = html_report.render_again(self.report)
        except Exception as caught:
            error = self._as_error(caught, "draw the page")
            self._unrendered = f"no HTML report: {error}"
            if not isinstance(error, UsageError):
                self.troubles.append(error)

    def broke(self) -> bool:
        """Say whether something in the harness itself broke."""
        own = any(isinstance(each, DefectError) for each in [*self.troubles, self._failure])
        return own or any(each.defect for each in self.results.scenarios)

    def ending(self, pytest: int, *, wrong_file: bool, failed: bool) -> RunEnding:
        """Return how the run ended; for the arguments see Ending."""
        return RunEnding(
            pytest=ExitCode.INTERRUPTED if self.interrupts.count else pytest,
            wrong_file=wrong_file,
            failed=failed,
            defect=self.broke(),
            not_up=self._failure.exit_code if self._failure else None,
            troubled=bool(self.troubles) or self._record.unwritten is not None,
        )

    def summary_lines(self, *, quiet: bool = False) -> list[str]:
        """Return the last lines of a run; none when no scenario was asked for.

        Args:
            quiet: only what failed, and where the report is.
        """
        if not self._ended:
            return self._trouble_lines()
        where = self._where()
        if self._failure:
            return where
        if quiet:
            return [*wrong_lines(self.results), *self._trouble_lines(), *where]
        lines = [f"scenarios: {self.results.summary.text()}", *wrong_lines(self.results)]
        lines += [*cluster_lines(self.results), *same_causes(self.results)]
        if self.results.control is not None:
            told = (f"{number} {name}" for name, number in sorted(self.results.control.items()))
            lines.append(f"expectations without the chaos: {', '.join(told)}")
        # Of a few scenarios the scores say little; results.json and the page have them.
        told_of = (self.results.mutation, self.results.coverage) if self.plan.audit else (None, None)
        lines += self._scores.lines(*told_of)
        unmet = [line for result in self.results.scenarios for line in unmet_lines(result)]
        lines += [*should_lines(self.results), *(f"  {line}" for line in unmet)]
        if self.results.contract:
            lines += self.results.contract.lines()
        stand_ins = (self.results.run.stack or {}).get("stand_ins", [])
        if stand_ins:
            names = ", ".join(f"{each['name']} (for {each['replaces']})" for each in stand_ins)
            lines.append(f"substitutes, not the real programs: {names}")
        lines += [f"warning: {line}" for line in self.results.run.warnings]
        return [*lines, *self._trouble_lines(), f"time: {self._spent.line()}", *where]

    def let_go(self) -> None:
        """Let go of the report's folder and of the signals, and end what nobody waits for any more."""
        self._scores.close()
        self._record.folder.let_go()
        self.interrupts.uninstall()

    def left_behind(self) -> list[str]:
        """Return the very last lines: what is still there, and how it is removed."""
        return left_lines(self.results, self.options.words)

    def _where(self) -> list[str]:
        if not self.own:
            return [f"no report: nothing was written to {self.report}, which is not this run's"]
        if self._record.unwritten:
            return self._record.unwritten.render().splitlines()
        if self._page:
            return [f"results: {self._record.written}", f"report: {self._page}"]
        again = f"  next step: chaos-harness report {self.report}"
        return [self._unrendered, again, f"report: {self._record.written}"]

    def _count(self, *, everything: bool) -> None:
        """Ask of all that was judged whether it could have failed, and count what it proves."""
        scenarios = self.results.scenarios
        # What a scenario proves that failed or broke is not known, and it is told.
        bad = any(each.verdict in (Verdict.FAIL, Verdict.ERROR) for each in scenarios)
        if judged := [*filter(None, map(_recorded, scenarios))]:
            files = [file for _, file in self.plan.to_run] if self.plan.audit else None
            self.results.mutation, self.results.coverage = self._scores.count(
                judged, files, gated=everything and not bad
            )

    def _write(self, ended: ScenarioResult | None = None) -> None:
        """Write the results; that it failed is told at the end, and does not end the run.

        Args:
            ended: what was added to them since they were last written, when nothing else has changed.
        """
        if not self.own:
            return
        self.results.not_run = self._not_run()
        self.results.run.planned = len(self.plan.to_run)
        for cluster in self.results.run.clusters:
            there = self._runs.clusters.get(cluster.name)
            if there is not None and there.outage is not None:
                cluster.problem = str(there.outage)
        self.results.run.interrupted = self.interrupts.how or None
        self.results.run.complete = self._ended and not self.results.not_run
        self.results.count()
        self.results.run.seconds = round(self._spent.seconds, 3)
        self._record.write(self.results, ended)


RUN_SESSION = pytest.StashKey[RunSession]()
"""Where pytest's configuration keeps the run."""


def _recorded(result: ScenarioResult) -> Path | None:
    """Return the folder of a scenario's recording, if there is one."""
    folder = result.recording
    return folder if folder is not None and (folder / ENTRIES).is_file() else None


def _load_clients() -> None:
    """Load once what scenarios use, rather than in each process that is forked for them."""
    for client in ("prometheus_client.openmetrics.parser", "tenacity", "websocket"):
        importlib.import_module(client)


def usual_parallel() -> int:
    """Return how many scenarios run at the same time by default: most of their time they wait."""
    return min((os.cpu_count() or 1) + 1, _MOST_PARALLEL)


def _chosen(options: UpOptions) -> dict[str, str]:
    """Return the options that results tell: those that were given, and those with a default."""
    chosen = {**vars(options), **(vars(options.existing) if options.existing else {})}
    del chosen["existing"]
    return {key: redact(str(value)) for key, value in chosen.items() if value not in (None, False, ())}


def _as_found(options: UpOptions, handle: StackHandle) -> UpOptions:
    """Return the options for another cluster like this one: where images come from is known by now."""
    if options.images != "auto" or handle.images == "existing":
        return options
    return replace(options, images=handle.images)


def _facts(stack: OpenedStack) -> dict[str, Any]:
    apart = stack.apart.capabilities if stack.apart else {}
    return facts_of(stack.handle, anywhere(stack.capabilities, apart))


def _differs(one: dict[str, Any], other: dict[str, Any]) -> str:
    """Return by what a verdict could differ on two clusters of a run; empty when there is nothing."""
    for name in ("versions", "image_key", "scrape_interval"):
        if one.get(name) != other.get(name):
            return f"{name.replace('_', ' ')} {other.get(name)} instead of {one.get(name)}"
    lacks = [{name for name, why in each["capabilities"].items() if why} for each in (one, other)]
    only = sorted(lacks[0] ^ lacks[1])
    return f"only one of the two has {', '.join(only)}" if only else ""


def facts_of(handle: StackHandle, capabilities: dict[str, str | None]) -> dict[str, Any]:
    """Return what results and recordings say about the stack; no path, no credential."""
    return {
        "cluster": handle.cluster,
        "provider": handle.provider,
        "images": handle.images,
        "image_key": handle.image_key,
        "identity": handle.identity,
        "scrape_interval": handle.scrape_interval,
        "versions": handle.versions,
        **({"image_ids": handle.image_ids} if handle.image_ids else {}),
        **({"image_digests": handle.image_digests} if handle.image_digests else {}),
        "stand_ins": [stand_in.model_dump() for stand_in in handle.stand_ins],
        "nodes": [node.model_dump() for node in handle.nodes],
        "capabilities": capabilities,
        **({"target": handle.target.model_dump()} if handle.target.whose == "theirs" else {}),
    }
