"""A run: the stack it needs, the scenarios it ran, the results it writes."""

from __future__ import annotations

import contextlib
import os
import time
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import harness
from harness.base import bundled, defects, places
from harness.base.errors import DefectError, ExitCode, HarnessError, InfrastructureError, UsageError
from harness.base.progress import Progress
from harness.base.redaction import redact
from harness.chaos import cleanup
from harness.chaos.capabilities import probe
from harness.chaos.catalogue import catalogue
from harness.chaos.sweep import sweep
from harness.cluster.client import Cluster
from harness.contract import at_end
from harness.contract.compare import Circumstances
from harness.contract.promtool import Linter, by_program, in_pod
from harness.coverage.result import Coverage
from harness.coverage.score import coverage_of
from harness.coverage.text import missing_lines
from harness.coverage.text import sum_line as coverage_line
from harness.html import report as html_report
from harness.judge.finding import Verdict
from harness.judge.overload import summed_up
from harness.metrics.prometheus import Prometheus
from harness.mutation.mutate import mutate_folders
from harness.mutation.text import sum_line, weak_lines
from harness.recording.writer import ENTRIES
from harness.report import checks, results
from harness.report.checks import Check
from harness.report.folder import ReportFolder
from harness.report.journal import ResultsWriter
from harness.report.outcome import Ending
from harness.report.results import NotRun, Results, Run
from harness.report.text import left_lines, same_causes, should_lines, unmet_lines
from harness.runner import interrupts, outage, runner
from harness.runner.claims import claims_of
from harness.runner.clock import Clock
from harness.runner.concealed import conceal
from harness.runner.control import ControlStrategy
from harness.runner.diagnostics import keep as evidence
from harness.runner.interrupts import Interrupts
from harness.runner.lanes import CutShort, Lanes, NotStartedError, ProcessLostError, Waiting
from harness.runner.observer import Observer
from harness.runner.outage import Outage
from harness.runner.result import Leftover, ScenarioInterrupted, ScenarioResult, left_over
from harness.runner.strategy import ChaosStrategy
from harness.runner.surroundings import Surroundings
from harness.runner.vitals import ThreadedVitals, Vitals
from harness.scenario.load import ScenarioFile
from harness.stack import images, lock, prometheus
from harness.stack.handle import StackHandle
from harness.stack.options import UpOptions
from harness.stack.state import State
from harness.stack.up import up

_NAMESPACE_SECONDS = 30.0
_MOST_LATE = 3
"""Scenarios whose namespaces that stay are looked into; with more of them it is the cluster."""
_MOST_LANES = 4


class NotRunError(InfrastructureError):
    """A scenario is not run: nothing could be decided."""


@dataclass
class RunSession:
    """Made when pytest starts, opened when the first scenario needs the stack."""

    options: UpOptions
    report: Path
    results: Results
    control: bool = False
    allowed_namespaces: frozenset[str] = frozenset()
    everything: bool = False
    _began: float = field(default_factory=time.monotonic)
    _held: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _surroundings: Surroundings | None = None
    _by_node: dict[str, ScenarioResult] = field(default_factory=dict)
    _reported: set[str] = field(default_factory=set)
    _begun: dict[str, ScenarioResult] = field(default_factory=dict)
    """What is known of scenarios that were interrupted."""
    _writer: ResultsWriter | None = None
    outage: Outage | None = None
    interrupts: Interrupts = field(default_factory=Interrupts)
    _failure: HarnessError | None = None
    _finished: Path | None = None
    folder: ReportFolder = field(default_factory=lambda: ReportFolder(Path("report")))
    own: bool = True
    """The report's folder is this run's; nothing is written there while it is not."""
    _ended: bool = False
    _to_close: bool = False
    _unmutated: str | None = None
    _uncounted: HarnessError | None = None
    _ungated: bool = False
    _opened: float = 0.0
    unwritten: InfrastructureError | None = None
    observer: Observer = field(default_factory=Observer)
    _page: Path | None = None
    _unrendered: str = ""
    lanes: int = 1
    """How many scenarios may run at the same time."""
    to_run: list[tuple[str, ScenarioFile]] = field(default_factory=list)
    """Node id and scenario of all that will be run, in their order."""
    _connect: Callable[[], tuple[Cluster, Prometheus]] | None = None
    _side_by_side: Lanes | None = None
    troubles: list[HarnessError] = field(default_factory=list)
    """What went wrong with the run itself, beside its scenarios."""
    all_of: frozenset[str] | None = None
    """The node ids of all scenarios, when all that ship with the harness were asked for."""

    @classmethod
    def from_options(
        cls,
        up_options: UpOptions,
        *,
        report: Path,
        control: bool = False,
        allowed_namespaces: Collection[str] = (),
        beside: Iterable[Path] = (),
    ) -> RunSession:
        """Make a session of the command line's options; `beside`: see ReportFolder."""
        run = Run(
            id=uuid.uuid4().hex[:8],
            harness=harness.__version__,
            started=results.now(),
            options={
                key: str(value) for key, value in vars(up_options).items() if value not in (None, False)
            },
        )
        if control:
            run.options["control"] = "True"
        if allowed_namespaces:
            run.options["allow_namespace"] = ", ".join(sorted(allowed_namespaces))
        folder = ReportFolder(report, beside)
        return cls(
            up_options,
            folder.path,
            Results(run=run),
            control,
            allowed_namespaces=frozenset(allowed_namespaces),
            folder=folder,
        )

    def open(self) -> None:
        """Bring the stack up, lock it, sweep what a killed run left, measure the clock.

        Raises:
            HarnessError: the stack did not come up; the same again for each later call.
        """
        if self._failure:
            raise self._failure
        self._to_close = True
        self.own = False
        try:
            with places.reported():
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
        self.folder.check()
        held = self._held.enter_context(lock.held(self.options.cluster, f"run {self.results.run.id}"))
        self.folder.take(self.results.run.id)
        try:
            handle = up(self.options, progress, held, prepare_images=images.prepare)
        except lock.InUseError:
            # In the cluster, by another state folder: what an earlier run reported stays.
            raise
        except BaseException:
            self._begin_report()
            raise
        self._begin_report()

        def connect() -> tuple[Cluster, Prometheus]:
            cluster = Cluster.connect(handle.kubeconfig, handle.context)
            at = handle.prometheus
            return cluster, Prometheus(cluster, at.namespace, at.name, at.port)

        self._connect = connect
        cluster, prometheus = connect()
        prometheus.check_identity(handle.identity)
        offset, uncertainty = prometheus.clock()
        swept = sweep(cluster, self.results.run.id, handle.identity, handle.chaos_mesh_namespace)
        for name in swept.removed:
            progress.say(f"removed what an earlier run left: namespace {name}")
        self.results.run.warnings = swept.warnings(handle.cluster)
        for line in self.results.run.warnings:
            progress.say(line)
        capabilities = probe(cluster, handle.chaos_mesh_namespace)
        facts = facts_of(handle, capabilities)
        self.results.run.stack = facts
        self._surroundings = Surroundings(
            cluster=cluster,
            prometheus=prometheus,
            clock=Clock(offset, uncertainty),
            chaos_mesh_namespace=handle.chaos_mesh_namespace,
            workload_image=handle.workload_image,
            interval=handle.scrape_interval,
            capabilities=capabilities,
            nodes=[node.name for node in handle.nodes],
            run=self.results.run.id,
            recordings=self.report / "recordings",
            diagnostics=self.report / "diagnostics",
            observer=self.observer,
            allowed_namespaces=self.allowed_namespaces,
            facts=facts,
            vitals=ThreadedVitals,
        )
        self._opened = self._surroundings.clock.now()
        # A run that is killed before its first scenario has ended has been there, too.
        self._write()

    def _begin_report(self) -> None:
        self.folder.empty()
        self.own = True

    def close(self) -> list[ScenarioResult]:
        """Let go of the lock; the stack stays up for the next run.

        Returns:
            Scenarios whose namespace is still there: their clean-up failed after all.
        """
        late: list[ScenarioResult] = []
        self._to_close = False
        try:
            with self.kept("stop the scenarios"):
                late += self._stop()
            # Written before anything else is waited for: who ends a job may not wait long.
            with self.kept("write the results"):
                self._write()
            with self.kept("compare the metrics with the catalogue"), self._until_asked(1) as goes_on:
                if goes_on:
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

    def _stop(self) -> list[ScenarioResult]:
        """End what still runs; return what is known of scenarios whose clean-up was not over."""
        if self._side_by_side is None:
            return []
        self._side_by_side.stop(partial(self.interrupts.waiting, 2))
        cut = {each.waiting.node: _cut_short(each) for each in self._side_by_side.cut_short}
        self._begun |= cut
        return list(cut.values())

    def _left_late(self, looks: int) -> list[ScenarioResult]:
        """Return scenarios whose namespaces do not go; some are looked into, the first ones."""
        late = []
        with self._vitals() as vitals:
            for result in [*self.results.scenarios, *self._begun.values()]:
                told = any(left.kind == "Namespace" for left in result.leftovers)
                left = [] if told else self._namespace_left(result, vitals)
                if left:
                    result.leftovers += left
                    late.append(result)
                    if self._surroundings is not None and len(late) <= looks:
                        evidence.at_end(self._surroundings, result)
        return late

    def _check_contract(self) -> None:
        """Compare what the components expose with the catalogue; the last look at them of the run."""
        around = self._surroundings
        if around is None or self.results.contract is not None or not self.anything_ran() or self.outage:
            return
        # Without the chaos, nothing is touched; and what an error ended may not have come to touch it.
        undecided = any(each.verdict is Verdict.ERROR for each in self.results.scenarios)
        all_ran = self.all_of is not None and self.all_of <= self._by_node.keys()
        whole = all_ran and not self.control and not undecided
        run = at_end.Run(
            cluster=around.cluster,
            prometheus=around.prometheus,
            clock=around.clock,
            began=self._opened,
            namespaces=[each.namespace for each in self.results.scenarios if each.namespace],
            recordings=[each.recording for each in self.results.scenarios if each.recording],
            given=Circumstances(
                str(around.facts["versions"].get("chaos-mesh", "")), around.capabilities, whole
            ),
            report=self.report,
            linter=self._linter(around),
            chaos_mesh_namespace=around.chaos_mesh_namespace,
        )
        self.results.contract = at_end.check(run, catalogue())

    def _linter(self, around: Surroundings) -> Linter:
        if program := State(self.options.cluster).program("promtool"):
            return by_program(program)
        return in_pod(around.cluster, *prometheus.POD)

    def _vitals(self) -> Vitals:
        """Return what observes whether namespaces can go at all while they are waited for."""
        around = self._surroundings
        return Vitals() if around is None else around.vitals(around.cluster, around.nodes)

    def _namespace_left(self, result: ScenarioResult, vitals: Vitals) -> list[Leftover]:
        if self._surroundings is None or result.namespace is None:
            return []
        began = time.time()
        names = [result.namespace, *result.further_namespaces]
        if self.outage:
            # Each would be waited for in vain.
            told = f"not verified: {self.outage}"
            return [Leftover(kind="Namespace", name=names[0], what_was_done=told, infrastructure=True)]
        try:
            left = cleanup.await_gone(self._surroundings.cluster, names, _NAMESPACE_SECONDS)
        except HarnessError as error:
            told = f"not verified: {error}"
            return [Leftover(kind="Namespace", name=names[0], what_was_done=told, infrastructure=True)]
        interval = self._surroundings.interval
        return left_over(left, summed_up(vitals.take(), began, time.time(), interval) if left else None)

    def run(self, file: ScenarioFile, node: str) -> ScenarioResult:
        """Run a scenario and keep its result.

        Raises:
            NotRunError: it is not run, because the cluster is gone.
        """
        assert self._surroundings is not None
        try:
            lanes = self._lanes()
            if lanes is None:
                self._came_to(node, file, self._alone(node, file))
            else:
                lanes.result(node)
        except NotStartedError:
            raise NotRunError(
                f"not run: {self._why_not(node)}", next_step="look at the cluster: chaos-harness status"
            ) from None
        except (Exception, SystemExit) as error:
            if node not in self._by_node:
                self._keep(node, file, self._lost(file, self._as_error(error, f"run {file.name}")))
        return self._by_node[node]

    def _alone(self, node: str, file: ScenarioFile) -> ScenarioResult:
        """Run a scenario in this process; one that is interrupted is kept all the same."""
        assert self._surroundings is not None
        if self.outage:
            raise NotStartedError(node)
        try:
            return self._perform(file, self._surroundings)
        except ScenarioInterrupted as interrupted:
            self._came_to(node, file, interrupted.result if interrupted.finished else interrupted)
            raise

    def _came_to(self, node: str, file: ScenarioFile, ended: ScenarioResult | BaseException) -> None:
        """Keep what a scenario came to, as soon as it has; look after the cluster when it was an error."""
        match ended:
            case ScenarioInterrupted():
                conceal(ended.result)
                self._begun[node] = ended.result
                return
            case KeyboardInterrupt():
                return
            case ScenarioResult():
                result = ended
            case _:
                result = self._lost(file, self._as_error(ended, f"run {file.name}"))
                if isinstance(ended, ProcessLostError):
                    self._clean_up_after(result, ended.namespaces)
        self._keep(node, file, result)
        unknown = any(left.infrastructure for left in result.leftovers)
        if (result.verdict is Verdict.ERROR or unknown) and self.outage is None:
            self.outage = self._outage()
            if self.outage and self._side_by_side is not None:
                self._side_by_side.halt()

    def _clean_up_after(self, result: ScenarioResult, lost: list[str]) -> None:
        """Clean up in the place of a scenario's process that is gone: its chaos is still in force."""
        around = self._surroundings
        if around is None or not lost:
            return
        result.namespace, *result.further_namespaces = lost
        for name in lost:
            try:
                left = cleanup.clean(around.cluster, name, around.chaos_mesh_namespace, wait=False)
            except HarnessError as error:
                told = f"not cleaned up: {error}"
                result.leftovers.append(
                    Leftover(kind="Namespace", name=name, what_was_done=told, infrastructure=True)
                )
            else:
                result.leftovers += left_over(left, None)

    def _keep(self, node: str, file: ScenarioFile, result: ScenarioResult) -> None:
        # A record that is cut short loses results.
        with interrupts.put_off(waits=False):
            self._by_node[node] = result
            self.results.add(result)
            places = {
                id(self._by_node[each]): at
                for at, (each, _) in enumerate(self.to_run)
                if each in self._by_node
            }
            self.results.scenarios.sort(key=lambda each: places.get(id(each), len(places)))
            if result.verdict is not Verdict.SKIPPED:
                self._name_stand_ins(file)
            self._write(result)

    def _outage(self) -> Outage | None:
        around = self._surroundings
        if around is None:
            return None

        def ready() -> None:
            if not around.prometheus.ready():
                raise InfrastructureError("it does not answer that it is ready")

        version = partial(around.cluster.version, timeout=outage.PROBE_SECONDS)
        return outage.lasting([("the API server", version), ("Prometheus", ready)])

    def settle(self) -> None:
        """Take in what has ended until now, when the run is about to end."""
        if self._side_by_side is not None:
            self._side_by_side.halt()
            self._side_by_side.drain()
        self._write()

    def was_reported(self, node: str) -> None:
        """Know that pytest has reported a scenario."""
        self._reported.add(node)

    def unreported(self) -> list[str]:
        """Return the node ids of what has a result that pytest has not reported."""
        return [node for node in self._by_node if node not in self._reported]

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
        running = {each.node for each in self._side_by_side.running()} if self._side_by_side else set()
        for node, file in self.to_run:
            if node in self._by_node:
                continue
            begun = self._begun.get(node)
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

    def _lanes(self) -> Lanes | None:
        """Return what runs scenarios side by side; None when they run one after the other."""
        several = self.lanes > 1 and len(self.to_run) > 1
        # What a script does is not known: it never runs in the process that has the results.
        scripted = any(file.script is not None for _, file in self.to_run)
        if self._side_by_side is None and (several or scripted):
            queue = [Waiting(node, file, claims_of(file, catalogue())) for node, file in self.to_run]
            self._side_by_side = Lanes(
                queue, self.lanes, self._perform_apart, self.observer, self._lane_ended
            )
        return self._side_by_side

    def _lane_ended(self, waiting: Waiting, ended: ScenarioResult | BaseException) -> None:
        self._came_to(waiting.node, waiting.file, ended)

    def _lost(self, file: ScenarioFile, error: HarnessError) -> ScenarioResult:
        lost = runner.lost(file, error)
        self.observer.turn_to(file.name)
        self.observer.ended(lost)
        return lost

    def _perform(self, file: ScenarioFile, around: Surroundings) -> ScenarioResult:
        return runner.run(file, around, catalogue(), ControlStrategy if self.control else ChaosStrategy)

    def _perform_apart(self, file: ScenarioFile, observer: Observer) -> ScenarioResult:
        """Run a scenario in a process that was forked: with connections of its own."""
        assert self._surroundings is not None
        assert self._connect is not None
        cluster, prometheus = self._connect()
        around = replace(self._surroundings, cluster=cluster, prometheus=prometheus, observer=observer)
        return self._perform(file, around)

    def result_of(self, node: str) -> ScenarioResult | None:
        """Return what the item of that node id came to, if it ran."""
        return self._by_node.get(node)

    def anything_ran(self) -> bool:
        """Say whether any scenario was run, rather than skipped."""
        return any(result.verdict is not Verdict.SKIPPED for result in self.results.scenarios)

    def checks(self) -> list[Check]:
        """Return what the run came to beside its scenarios."""
        found = checks.of(self.results, catalogue())
        if self._uncounted is not None and self._ungated:
            reason, *details = self._uncounted.render().splitlines()
            found.append(Check("coverage", Verdict.ERROR, f"not counted: {reason}", tuple(details)))
        if self.unwritten is not None:
            reason, *details = self.unwritten.render().splitlines()
            found.append(Check("results", Verdict.ERROR, reason, tuple(details)))
        if self.troubles:
            reason, *details = self._trouble_lines()
            found.append(Check("harness", Verdict.ERROR, reason, tuple(details)))
        return found

    def _trouble_lines(self) -> list[str]:
        return [line for each in self.troubles for line in each.render().splitlines()]

    def end(self, *, everything: bool) -> None:
        """Write the results for the last time; let go of what is still held.

        Args:
            everything: all scenarios of the harness were run.
        """
        self.everything = everything
        if self._to_close:
            self.close()
        self.finish()

    def finish(self) -> None:
        """Write the results for the last time, with the score of mutation, and the page that shows them."""
        self.results.run.ended = results.now()
        # Leftovers may have been found since, and namespaces.
        self._results_writer().forget()
        if not self.control and self.own and self.outage is None:
            with self.kept("count what the run proves"), self._until_asked(1) as goes_on:
                if goes_on:
                    self._mutate()
        self._ended = True
        if not self.own:
            return
        with self.kept("write the results"):
            self._write()
        if self.interrupts.count > 1:
            self._unrendered = "no HTML report: interrupted twice"
        elif self.unwritten is None:
            self._render()

    def _render(self) -> None:
        """Write the page from what was written; whatever goes wrong is told, and changes no verdict."""
        try:
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

    def ending(self, pytest: int, *, wrong_file: bool, failed: bool) -> Ending:
        """Return how the run ended; for the arguments see Ending."""
        return Ending(
            pytest=ExitCode.INTERRUPTED if self.interrupts.count else pytest,
            wrong_file=wrong_file,
            failed=failed,
            defect=self.broke(),
            not_up=self._failure.exit_code if self._failure else None,
            troubled=bool(self.troubles) or self.unwritten is not None,
        )

    def summary_lines(self) -> list[str]:
        """Return the last lines of a run; none when no scenario was asked for."""
        if not self._ended:
            return self._trouble_lines()
        where = self._where()
        if self._failure:
            return where
        lines = [f"scenarios: {self.results.summary.text()}", *same_causes(self.results)]
        if self.results.control is not None:
            told = (f"{number} {name}" for name, number in sorted(self.results.control.items()))
            lines.append(f"claims without the chaos: {', '.join(told)}")
        lines += self._mutation_lines() + self._coverage_lines()
        unmet = [line for result in self.results.scenarios for line in unmet_lines(result)]
        lines += [*should_lines(self.results), *(f"  {line}" for line in unmet)]
        if self.results.contract:
            lines += self.results.contract.lines()
        stand_ins = (self.results.run.stack or {}).get("stand_ins", [])
        if stand_ins:
            names = ", ".join(f"{each['name']} (for {each['replaces']})" for each in stand_ins)
            lines.append(f"stand-ins, not the real programs: {names}")
        lines += [f"warning: {line}" for line in self.results.run.warnings]
        return [*lines, *self._trouble_lines(), *where]

    def left_behind(self) -> list[str]:
        """Return the very last lines: what is still there, and how it is removed."""
        return left_lines(self.results, self.options.cluster)

    def _where(self) -> list[str]:
        if not self.own:
            return [f"no report: nothing was written to {self.report}, which is not this run's"]
        if self.unwritten:
            return self.unwritten.render().splitlines()
        if self._page:
            return [f"results: {self._finished}", f"report: {self._page}"]
        again = f"  next step: chaos-harness report {self.report}"
        return [self._unrendered, again, f"report: {self._finished}"]

    def _cover(self, judged: list[Path], today: date) -> Coverage:
        return coverage_of(judged, catalogue(), today, [file for _, file in self.to_run])

    def _all_as_they_should(self) -> bool:
        """Say whether no scenario failed or broke: what such a one proves is not known, and it is told."""
        bad = {Verdict.FAIL, Verdict.ERROR}
        return not any(result.verdict in bad for result in self.results.scenarios)

    def _coverage_lines(self) -> list[str]:
        if self._uncounted is not None:
            return [f"coverage: not counted: {self._uncounted}"]
        coverage = self.results.coverage
        if coverage is None:
            return []
        found = [f"coverage: {coverage_line(coverage)}"]
        if coverage.gap:
            found += [f"  {line}" for line in missing_lines(coverage, catalogue())]
            found.append("  a whole run has to prove each of them, or waive it: docs/coverage.md")
        return found

    def _mutation_lines(self) -> list[str]:
        if self._unmutated:
            return [f"mutation: not done: {self._unmutated}"]
        score = self.results.mutation
        if score is None:
            return []
        return [f"mutation: {sum_line(score)}", *(f"  {line}" for line in weak_lines(score))]

    def _mutate(self) -> None:
        """Ask of all that was judged whether it could have failed, and count what it proves.

        The first has no say in how the run came out.
        """
        judged = [
            each.recording
            for each in self.results.scenarios
            if each.recording is not None and (each.recording / ENTRIES).is_file()
        ]
        if judged:
            today = datetime.now(UTC).date()
            try:
                self.results.mutation = mutate_folders(judged, today)
            except HarnessError as error:
                self._unmutated = str(error)
            whole = self.everything and self._all_as_they_should()
            try:
                self.results.coverage = self._cover(judged, today)
                self.results.coverage.whole = whole
            except HarnessError as error:
                self._uncounted = error
                self._ungated = whole

    def _results_writer(self) -> ResultsWriter:
        self._writer = self._writer or ResultsWriter(self.report)
        return self._writer

    def _write(self, ended: ScenarioResult | None = None) -> None:
        """Write the results; that it failed is told at the end, and does not end the run.

        Args:
            ended: what was added to them since they were last written, when nothing else has changed.
        """
        if not self.own:
            return
        self.results.not_run = self._not_run()
        self.results.run.planned = len(self.to_run)
        self.results.run.interrupted = self.interrupts.how or None
        self.results.run.complete = self._ended and not self.results.not_run
        self.results.count()
        self.results.run.seconds = round(time.monotonic() - self._began, 3)
        try:
            self._finished = self._results_writer().write(self.results, ended)
            self.unwritten = None
        except OSError as error:
            self.unwritten = InfrastructureError(
                f"cannot write the results to {self.report}: {error.strerror}",
                next_step="free some disk space or choose another folder with --report",
            )


def _cut_short(cut: CutShort) -> ScenarioResult:
    """Return what is told of a scenario that was stopped and was not waited for until it had cleaned up."""
    what = "its clean-up was not over when it was no longer waited for, and was ended"
    result = runner.lost(cut.waiting.file, InfrastructureError(what))
    if cut.namespaces:
        result.namespace, *result.further_namespaces = cut.namespaces
    result.leftovers = [
        Leftover(kind="Namespace", name=name, what_was_done=what, infrastructure=True)
        for name in cut.namespaces
    ] or [Leftover(kind="scenario", name=result.name, what_was_done=what, infrastructure=True)]
    return result


def usual_lanes() -> int:
    """Return how many scenarios run at the same time by default: most of their time they wait."""
    return min((os.cpu_count() or 1) + 1, _MOST_LANES)


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
        "stand_ins": [stand_in.model_dump() for stand_in in handle.stand_ins],
        "nodes": [node.model_dump() for node in handle.nodes],
        "capabilities": capabilities,
    }
