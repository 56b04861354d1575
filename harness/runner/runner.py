"""Runs one scenario: workload, steps, ticks, findings, clean-up."""

from __future__ import annotations

import contextlib
import json
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.base import bundled, defects, redaction
from harness.base.durations import text_of
from harness.base.errors import BoundaryError, DefectError, HarnessError, InfrastructureError, UsageError
from harness.base.redaction import redact, redact_json
from harness.chaos import breakage, cleanup, daemon_log, experiments, phases, rollout
from harness.chaos.boundary import Bounds
from harness.chaos.catalogue import Catalogue, Metric
from harness.chaos.components import PodGroup, component_pods, workload_pods
from harness.chaos.rollout import Rollout
from harness.chaos.workload import NotReadyError, WorkloadHandle, install
from harness.cluster import namespaces
from harness.cluster.client import Cluster, Object
from harness.cluster.errors import WaitTimeout
from harness.cluster.leftovers import Deadline
from harness.cluster.leftovers import Leftover as Left
from harness.judge.finding import Finding, Pending, Verdict
from harness.judge.judge import Judge
from harness.judge.kind import kinds, readings_to_take
from harness.judge.overload import observed, summed_up
from harness.judge.proof import check_proof, split_proof
from harness.judge.replay import judge_step
from harness.judge.watch import watch
from harness.metrics.prometheus import BadAnswer, PrometheusUnreachable
from harness.oracle import archives
from harness.oracle.base import Oracle, OracleError, oracles
from harness.oracle.events import Events
from harness.oracle.world import World
from harness.recording.foreign import note as foreign_note
from harness.recording.model import (
    SPARES,
    Expected,
    Manifest,
    Mark,
    Note,
    Point,
    Reading,
    Recording,
    reading_key,
)
from harness.recording.notes import ENDED
from harness.recording.overload import Stretch
from harness.recording.writer import FINDINGS, RecordingWriter
from harness.runner import actions, calls, interrupts, nodes, timeout
from harness.runner.actions import Applied, StepFailed
from harness.runner.answers import answer_of
from harness.runner.claims import Shared, calls_daemon, claims_of, shared_by
from harness.runner.concealed import conceal, secrets_of
from harness.runner.diagnostics.keep import Keeper
from harness.runner.foreign import Foreign, operations
from harness.runner.looks import Looker
from harness.runner.plan import jobs_of, oracles_of, own_targets_only, watch_of
from harness.runner.promptness import promptness_of
from harness.runner.recorder import Recorder
from harness.runner.result import (
    Leftover,
    ScenarioInterrupted,
    ScenarioResult,
    StepProblem,
    StepResult,
    left_over,
)
from harness.runner.sampler import WORKLOAD_JOB, PrometheusLost, Sampler
from harness.runner.surroundings import Surroundings
from harness.runner.watched import spares, watched_metric
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Expectation, Proof, Scenario, Step
from harness.scenario.template import resolve

_UNSEEN_SCRAPES = 4
_BASELINE_SCRAPES = 2
GATE_SCRAPES = 15
"""Intervals within which what has to be scraped is scraped."""
_TARGETS_SCRAPES = 15
_DISCOVERY_SECONDS = 10.0
"""Prometheus takes up new targets at most every 5 s (its discovery manager)."""
_PROOF_PAUSE_SECONDS = 0.1
_VERSION_SECONDS = 3.0
_ANSWER_SECONDS = 30.0
"""How long no expression may be answered at all; until then each is asked again at the next tick."""
_LONGEST_NAMESPACE = 63
"""Characters of a DNS label."""


class InconclusiveError(InfrastructureError):
    """A step was waited for in vain while the harness or the cluster could not act: nothing is known."""


def run(
    file: ScenarioFile,
    surroundings: Surroundings,
    catalogue: Catalogue,
    performer: type[ScenarioRun] | None = None,
) -> ScenarioResult:
    """Run a scenario to its end, clean-up included.

    Trouble with the infrastructure does not leave as an exception: it is the verdict `error`. So is a defect
    of the harness. What interrupts (Ctrl-C) does leave, after the clean-up.

    Args:
        file: the scenario.
        surroundings: what all scenarios of the run share.
        catalogue: of metrics.
        performer: how the steps are performed; as they are written by default.
    """
    scenario = file.scenario
    redaction.remember(secrets_of(file))
    result = _begun(file)
    surroundings.observer.scenario(file.name, [redact(step.title()) for step in scenario.steps])
    missing = [
        f"{name}: {surroundings.capabilities.get(name, 'not a capability that is probed')}"
        for name in scenario.needs
        if surroundings.capabilities.get(name, "unknown") is not None
    ]
    if missing:
        result.verdict = Verdict.SKIPPED
        result.reason = "; ".join(missing)
    else:
        _perform(file, surroundings, catalogue, performer or ScenarioRun, result)
    conceal(result)
    surroundings.observer.ended(result)
    return result


def lost(file: ScenarioFile, error: HarnessError) -> ScenarioResult:
    """Return what a scenario came to that ended before it told: it counts as what ran, too."""
    result = _begun(file)
    _trouble(result, error)
    return result


def _begun(file: ScenarioFile) -> ScenarioResult:
    scenario = file.scenario
    return ScenarioResult(
        name=file.name, file=shown(file.path), about=scenario.about, tags=list(scenario.tags)
    )


def _perform(
    file: ScenarioFile,
    surroundings: Surroundings,
    catalogue: Catalogue,
    performer: type[ScenarioRun],
    result: ScenarioResult,
) -> None:
    began = time.monotonic()
    scenario_run: ScenarioRun | None = None
    finished = False
    try:
        try:
            scenario_run = performer(file, surroundings, catalogue, result)
            surroundings.observer.owns([result.namespace or "", *result.further_namespaces])
            with timeout.limited(file.scenario.timeout):
                scenario_run.perform()
            result.verdict = result.decide()
        except timeout.TimeIsUpError:
            trouble: HarnessError = _time_is_up(file)
            _trouble(result, trouble)
            if scenario_run is not None:
                with _no_way_out(result, file, surroundings):
                    scenario_run.diagnose(trouble)
        except Exception as caught:
            error = _foreseen(caught, file, surroundings)
            no_answer = isinstance(error, PrometheusLost)
            trouble = _who_is_gone(error, surroundings.cluster) if no_answer else error
            _trouble(result, trouble)
            if scenario_run is not None:
                with _no_way_out(result, file, surroundings):
                    scenario_run.diagnose(trouble)
        finally:
            # Before the clean-up: what interrupts that does not undo what the scenario has come to.
            finished = sys.exception() is None
            if scenario_run is not None:
                with interrupts.put_off(), _no_way_out(result, file, surroundings):
                    scenario_run.close()
    except KeyboardInterrupt as error:
        raise ScenarioInterrupted(result, finished) from error
    finally:
        result.seconds = round(time.monotonic() - began, 3)


def _time_is_up(file: ScenarioFile) -> HarnessError:
    return InfrastructureError(
        f"inconclusive: the scenario took longer than its timeout of {text_of(file.scenario.timeout)}",
        next_step="look at what it waited for; one that needs more time says so: `timeout: 30m`",
    )


def _foreseen(error: Exception, file: ScenarioFile, surroundings: Surroundings) -> HarnessError:
    folder = surroundings.recordings.parent / defects.FOLDER
    return defects.as_error(error, f"run {file.name}", folder, file.scenario.scenario)


@contextmanager
def _no_way_out(result: ScenarioResult, file: ScenarioFile, surroundings: Surroundings) -> Iterator[None]:
    """Make what is raised in the block the verdict of the scenario: what comes after it has to be done."""
    try:
        yield
    except Exception as error:
        _trouble(result, _foreseen(error, file, surroundings))


def shown(path: Path) -> str:
    """Return a scenario's path without what is particular to this machine, as far as that can be told."""
    root = bundled.root()
    return str(path.relative_to(root)) if path.is_relative_to(root) else str(path)


def _who_is_gone(error: HarnessError, cluster: Cluster) -> HarnessError:
    """Return the API server's trouble when it has any: Prometheus is reached through it."""
    try:
        cluster.version(timeout=_VERSION_SECONDS)
    except HarnessError as trouble:
        trouble.next_step = trouble.next_step or "look at the cluster: chaos-harness status"
        return trouble
    return error


def _trouble(result: ScenarioResult, error: HarnessError) -> None:
    failed = result.decide() is Verdict.FAIL and result.defect is None
    result.reason, result.details = str(error), [*error.details, error.next_step]
    if isinstance(error, DefectError):
        # What a harness that is broken said of the product before is not to be trusted.
        failed = False
        kept = f"traceback, in the report: {defects.FOLDER}/{error.log.name}" if error.log else ""
        result.defect = f"{error}; {kept}" if kept else str(error)
        result.details.append(kept)
    result.verdict = Verdict.FAIL if failed else Verdict.ERROR


def own_namespace(scenario: Scenario, unique: str) -> str:
    """Return a name for a scenario's own namespace.

    Args:
        scenario: which may want a length of it.
        unique: what no other namespace's name ends with.
    """
    if scenario.namespace_length is None:
        return f"{scenario.scenario[:40].rstrip('-')}-{unique}"
    room = scenario.namespace_length - len(unique) - 1
    return f"{scenario.scenario[:room].rstrip('-').ljust(room, 'x')}-{unique}"


class ScenarioRun:
    """One scenario on its way; used by `run`.

    Attributes:
        control: the chaos is left out; see harness/runner/control.py.
    """

    control = False

    def __init__(
        self,
        file: ScenarioFile,
        surroundings: Surroundings,
        catalogue: Catalogue,
        result: ScenarioResult,
    ) -> None:
        self._file = file
        self._scenario = file.scenario
        self._around = surroundings
        self._cluster = surroundings.cluster
        self._clock = surroundings.clock
        self._observer = surroundings.observer
        self._catalogue = catalogue
        self._result = result
        self._namespace = own_namespace(self._scenario, uuid.uuid4().hex[:6])
        self._workload: WorkloadHandle | None = None
        self._applied: dict[str, Applied] = {}
        self._oracles: dict[str, Oracle] = {}
        self._unseen = False
        self._unanswered_since: float | None = None
        self._vitals = surroundings.vitals(surroundings.cluster, surroundings.nodes)
        self._stretches: list[Stretch] = []
        self._shared: dict[str, list[Shared]] = {}
        self._foreign: Foreign | None = None
        self._touched: set[str] = set()
        self._stopped: set[str] = set()
        self._watched: dict[str, Metric] = {}
        self._further = {
            name: f"{self._namespace}-{name}"[:_LONGEST_NAMESPACE].rstrip("-")
            for name in self._scenario.namespaces
        }
        result.namespace, result.further_namespaces = self._namespace, list(self._further.values())
        folder = surroundings.recordings / self._scenario.scenario
        manifest = Manifest(
            scenario=file.name,
            file=shown(file.path),
            namespace=self._namespace,
            interval=surroundings.interval,
            clock_offset=self._clock.offset,
            clock_uncertainty=self._clock.uncertainty,
            steps=[redact(step.title()) for step in self._scenario.steps],
            stack=surroundings.facts,
            control=self.control,
        )
        self._recorder = Recorder(Recording(manifest), RecordingWriter(folder, manifest))
        self._judge = Judge(self._recorder.recording)
        result.recording = folder
        watch = watch_of(self._scenario, catalogue, self._namespace, self._further)
        self._keeper = Keeper(surroundings, catalogue, watch, self._scenario.scenario, result)
        self._watch = watch
        self._sampler = Sampler(
            surroundings.prometheus, watch, self._recorder, self._clock, surroundings.interval
        )
        self._looker = Looker(
            self._cluster,
            surroundings.chaos_mesh_namespace,
            self._recorder,
            self._sampler,
            self._clock,
            surroundings.interval,
            catalogue,
        )

    def perform(self) -> None:
        """Set up and perform all steps; findings go into the result."""
        self._vitals.start()
        if self._file.script is not None or claims_of(self._file, self._catalogue).looks:
            self._foreign = Foreign(self._cluster, self._around.run, self._clock.now())
            self._foreign.start()
        with self._phase("set up"):
            for namespace in self._namespaces():
                stack = str(self._around.facts.get("identity", ""))
                namespaces.create(self._cluster, namespace, self._around.run, stack)
            self._start_oracles()
            if self._scenario.workload:
                self._observer.waiting("the workload")
                began = self._clock.now()
                try:
                    self._workload = install(
                        self._cluster,
                        self._scenario.workload.name,
                        self._namespace,
                        self._around.workload_image,
                        self._scenario.workload.replicas,
                    )
                except NotReadyError as error:
                    raise self._unless_overloaded(began, error) from error
        if self._workload and WORKLOAD_JOB in self._watch.jobs:
            # A pod that Prometheus does not have yet would have no baseline.
            with self._phase("targets"):
                group = workload_pods(self._workload)
                self._await_targets(group.job, {group.instance(pod) for pod in self._workload.objects})
        if self._needs_first_scrapes():
            with self._phase("first scrape"):
                self._await_scrapes(self._clock.now(), 1, GATE_SCRAPES)
        try:
            with self._phase("steps"), contextlib.suppress(StepFailed):
                if self._file.script is not None:
                    self._perform_script(self._file.script)
                    return
                for index, step in enumerate(self._scenario.steps):
                    self._step(index, step)
        finally:
            self._look_back()

    def _look_back(self) -> None:
        """Take into account what was scraped after each step, too, where nothing was done to change it."""
        revised = watch(self._recorder.recording, self._judge, self._result.findings())
        for index, outcome in enumerate(self._result.steps):
            if any(finding.id in revised for finding in outcome.findings):
                outcome.findings = [revised.get(finding.id, finding) for finding in outcome.findings]
                self._keeper.step(index, outcome, self._containers())

    def diagnose(self, error: HarnessError) -> None:
        """Keep evidence of what ended the scenario before its time."""
        self._note_overload()
        self._keeper.trouble(error, self._containers())

    def _containers(self) -> list[dict[str, str]]:
        """Return the containers that chaos hits, and those of the workload."""
        own = self._workload.targets if self._workload else []
        return [*(target for each in self._applied.values() for target in each.targets), *own]

    def _perform_script(self, script: Callable[[Any], None]) -> None:
        """Call a script; what fails in it outside of a step is a problem, too.

        Raises:
            StepFailed: it failed, or one of its steps did.
        """
        try:
            script(self)
        except StepFailed as error:
            if not any(step.problem for step in self._result.steps):
                outcome = StepResult(title=error.problem.kind, problem=error.problem)
                self._result.steps.append(outcome)
                self._keeper.step(len(self._result.steps) - 1, outcome, self._containers())
            raise

    def go_on(self, scenario: Scenario) -> StepResult:
        """Perform one more step of a scenario that is a script: the last one, those before it are done.

        What it looks at and no step did before is watched from now on, so the step waits for one scrape.

        Raises:
            StepFailed: the step did not come about, or one before it; no other is performed.
        """
        if problem := next((each.problem for each in self._result.steps if each.problem), None):
            raise StepFailed(problem)
        self._scenario = scenario
        step = scenario.steps[-1]
        redaction.remember(secrets_of(replace(self._file, scenario=scenario)))
        self._recorder.add_title(redact(step.title()))
        alone = scenario.model_copy(update={"steps": [step]})
        if self._watch.extend(watch_of(alone, self._catalogue, self._namespace)):
            self._await_scrapes(self._clock.now(), 1, GATE_SCRAPES)
        return self._step(len(scenario.steps) - 1, step)

    def look_up(self, value: Any) -> Any:
        """Return a value with its templates resolved, as they are now.

        Raises:
            TemplateError: one refers to what is not there.
        """
        return resolve(value, self._scope())

    @property
    def allowed(self) -> frozenset[str]:
        """Namespaces of others that the scenario may reach."""
        return self._around.allowed_namespaces

    def read(self, oracle: str, parameters: dict[str, Any]) -> list[Point]:
        """Return what an oracle says now; the recording has it too.

        Raises:
            UsageError: there is no such oracle, or it does not take these parameters.
            InfrastructureError: it cannot be read.
        """
        if oracle not in oracles():
            raise UsageError(f"there is no oracle {oracle!r}; there is: {', '.join(sorted(oracles()))}")
        reading = self._read(oracle, resolve(parameters, self._scope()))
        if reading.vector is None:
            raise InfrastructureError(
                f"the oracle {oracle} could not be read: {reading.error}",
                next_step="look at the component that it asks; chaos-harness status helps",
            )
        return reading.vector

    def _step(self, index: int, step: Step) -> StepResult:
        """Perform a step and keep what it came to.

        Raises:
            StepFailed: it did not come about.
        """
        outcome = StepResult(title=redact(step.title()))
        if step.expect and self._unseen:
            self._await_a_scrape_of_each(self._clock.now())
        self._unseen = not step.expect and (self._unseen or step.wait is None)
        self._observer.step(index, outcome.title)
        self._result.steps.append(outcome)
        try:
            self._perform_step(index, step, outcome)
        except StepFailed as error:
            self._inconclusive_if_overloaded(error, outcome)
            outcome.problem = error.problem
            detail = error.problem.model_dump()
            self._recorder.add(Note(time=self._clock.now(), text=error.problem.reason, detail=detail))
            raise
        except BoundaryError as error:
            place = self._file.positions.at(("steps", index))
            if self._file.script is None:
                error.details.append(f"at {place.file or self._file.path}:{place.line}")
            raise
        finally:
            self._record_events()
            # Before the next step, or the clean-up, changes what there is to be seen.
            self._keeper.step(index, outcome, self._containers())
        return outcome

    def close(self) -> None:
        """Clean up, whatever happened; what stayed or had to be forced is in the result."""
        try:
            # A run that was killed is noticed when it is told something.
            self._observer.waiting("the clean-up")
        finally:
            try:
                self._put_right()
            finally:
                self._vitals.stop()

    def _end_record(self) -> None:
        self._note_overload()
        self._recorder.close()

    def _note_overload(self) -> None:
        """Record what was observed, up to now, of this process or the cluster not being able to act."""
        for stretch in self._take_stretches():
            self._recorder.add(stretch.note())

    def _take_stretches(self) -> list[Stretch]:
        offset = self._clock.offset
        new = [
            replace(each, began=each.began + offset, ended=each.ended + offset)
            for each in self._vitals.take()
        ]
        self._stretches += new
        return new

    def _inconclusive_if_overloaded(self, error: StepFailed, outcome: StepResult) -> None:
        """Let a step that was waited for in vain be no failure where nothing could be done meanwhile.

        Raises:
            InconclusiveError: overload was observed since the step started.
        """
        self._note_overload()
        if not error.timed or outcome.started is None:
            return
        problem = error.problem
        found = self._unless_overloaded(
            outcome.started, InfrastructureError(problem.reason, details=problem.details)
        )
        if isinstance(found, InconclusiveError):
            raise found from error

    def _unless_overloaded(self, began: float, error: InfrastructureError) -> InfrastructureError:
        """Return the error of a wait that was in vain, or the one that says what kept all from acting."""
        self._note_overload()
        overload = observed(self._recorder.recording, began, self._clock.now())
        if overload is None:
            return error
        return InconclusiveError(
            f"{overload.text()}: {error.problem}",
            next_step="run it again on a machine that has less to do",
            details=error.details,
        )

    def _put_right(self) -> None:
        began = self._clock.now()
        with self._phase("clean up"):
            # Whatever goes wrong with the record, what was made is removed.
            for last in (self._stop_oracles, self._end_record, self._write_findings):
                with _no_way_out(self._result, self._file, self._around):
                    last()
            try:
                left = self._clean()
            except HarnessError as error:
                self._result.leftovers.append(
                    Leftover(
                        kind="Namespace",
                        name=self._namespace,
                        what_was_done=f"clean-up stopped: {error}; the next run sweeps it",
                        infrastructure=isinstance(error, InfrastructureError),
                    )
                )
                self._keeper.clean_up(
                    [str(error), *error.details],
                    self._containers(),
                    infrastructure=isinstance(error, InfrastructureError),
                )
                return
            self._take_stretches()
            self._result.leftovers += left_over(
                left, summed_up(self._stretches, began, self._clock.now(), self._around.interval)
            )
            if left:
                told = [f"{item.kind} {item.name}: {item.what_was_done}" for item in left]
                self._keeper.clean_up(told, self._containers())

    def _stop_oracles(self) -> None:
        for oracle in self._oracles.values():
            oracle.stop()
        if self._foreign is not None:
            self._foreign.stop()

    def findings(self) -> list[Finding]:
        """Return what was judged, for the recording."""
        return self._result.findings()

    def _clean(self) -> list[Left]:
        """Make Chaos Mesh whole again, which the removal of chaos needs, then remove all that was made."""
        mesh = self._around.chaos_mesh_namespace
        # What was broken on purpose first: a daemon that cannot run does not become whole by waiting.
        patience = Deadline(rollout.WHOLE_SECONDS)
        left = breakage.mend(self._cluster, self._namespace, mesh, patience)
        left += rollout.make_whole(self._cluster, mesh, self._touched) if self._touched else []
        for namespace in self._namespaces():
            left += cleanup.clean(
                self._cluster,
                namespace,
                mesh,
                wait=False,
                stuck=self._look_at_stuck,
                daemon_called=calls_daemon(self._file),
            )
        return left

    def _look_at_stuck(self, objects: list[Object]) -> None:
        """Keep evidence of what does not go, before it is removed by force."""
        why = [
            f"{each['kind']} {each['metadata']['name']} does not go; "
            f"its finalizers: {', '.join(each['metadata'].get('finalizers') or []) or 'none'}"
            for each in objects
        ]
        self._keeper.clean_up(why, self._containers(), namespace=objects[0]["metadata"]["namespace"])

    def _namespaces(self) -> list[str]:
        return [self._namespace, *self._further.values()]

    def _write_findings(self) -> None:
        findings = [json.loads(finding.model_dump_json()) for finding in self.findings()]
        folder = self._result.recording
        assert folder is not None
        try:
            text = redact_json(json.dumps(findings, indent=1) + "\n")
            (folder / FINDINGS).write_text(text, encoding="utf-8")
        except OSError as error:
            raise InfrastructureError(
                f"cannot write the findings in {folder}: {error.strerror}",
                next_step="free disk space or choose another folder for the report, then run again",
            ) from error

    def _perform_step(self, index: int, step: Step, outcome: StepResult) -> None:
        # What a step does not spare is looked at no longer, whatever the steps after it do.
        left = spares(self._scenario, index, self._watched)
        self._watched = {identity: self._watched[identity] for identity in left}
        outcome.started = self._mark(index, "started", {"action": step.action, SPARES: left})
        since = outcome.started
        begun = self._act_or_be_refused(step)
        outcome.acknowledged = self._mark(index, "acknowledged")
        deadline = self._clock.working() + step.bound
        if begun is not None:
            answers = step.restart is None or step.restart.answers
            self._await_rollout(begun, deadline, answers=answers)
            self._note_replaced(step)
        expected: list[Expected] | None = None
        if step.wait is not None:
            # Read before the scrapes that are waited for, so that these can be compared already.
            expected = self._resolve_expectations(index, step)
            self._take_readings(self._wanted_readings(expected))
            self._await_scrapes(since, step.wait, GATE_SCRAPES + step.wait)
        if step.chaos is not None and step.refused is None:
            self._await_phase(step, deadline)
        for proof in step.proof:
            outcome.proofs.append(self._await_proof(proof, deadline))
        outcome.settled = self._mark(index, "settled", {"proofs": outcome.proofs})
        if expected is None:
            expected = self._resolve_expectations(index, step)
        decided = zip(expected, self._decide(expected), strict=True)
        self._looker.look(decided, self._workload.targets if self._workload else [], self._read)
        self._note_overload()
        self._record_events()
        self._note_ended()
        self._note_foreign(index, outcome.started)
        outcome.ended = self._mark(index, "ended")
        recording = self._recorder.recording
        outcome.findings = judge_step(recording, recording.marks[-1], self._judge)

    def _act_or_be_refused(self, step: Step) -> Rollout | None:
        if step.refused is None:
            return self._act(step)
        with actions.expected_refusal(step.refused, step.title()) as said:
            self._act(step)
        self._recorder.add(Note(time=self._clock.now(), text="refused", detail={"said": said}))
        return None

    def _act(self, step: Step) -> Rollout | None:
        """Perform the action of a step; return what it began, if it replaces pods."""
        match step.action:
            case "apply":
                assert step.apply is not None
                chaos = self._scenario.chaos[step.apply]
                self._applied[step.apply] = actions.apply(
                    self._sender(),
                    step.apply,
                    chaos,
                    self._further[chaos.namespace] if chaos.namespace else self._namespace,
                    namespaces.labels(self._around.run),
                    self._scope(),
                )
            case "delete" | "pause" | "resume" | "unstick":
                assert step.chaos is not None
                applied = self._applied[step.chaos]
                if step.action == "delete":
                    actions.delete(self._cluster, applied)
                elif step.action == "unstick":
                    actions.unstick(self._cluster, applied, step.bound)
                else:
                    actions.pause(self._cluster, applied, paused=step.action == "pause")
            case "restart" | "scale":
                return self._replace_pods(step)
            case "deny" | "allow":
                self._change_roles(step)
            case "traffic" | "http" | "exec" | "node":
                for answer in self._call(step):
                    self._recorder.add(Note(time=self._clock.now(), text=step.action, detail=answer))
            case "patch":
                assert step.patch is not None
                actions.patch(self._sender(), self._applied[step.patch.chaos], step.patch, self._scope())
            case "remove_namespace":
                assert step.remove_namespace is not None
                actions.remove_namespace(self._cluster, self._further[step.remove_namespace], step.bound)
            case "wait" | "wait_for":
                pass
        return None

    def _replace_pods(self, step: Step) -> Rollout:
        assert step.component is not None
        group = self._group(step.component)
        if step.scale is not None:
            return actions.scale(self._cluster, group, step.scale.replicas)
        assert step.restart is not None
        return actions.restart(self._cluster, group, step.restart, self._scope())

    def _change_roles(self, step: Step) -> None:
        """Deny a component something, or allow it that again; at the end it is allowed, whatever comes."""
        mesh = self._around.chaos_mesh_namespace
        if step.deny is not None:
            self._touched.add(step.deny.component)
            actions.deny(self._cluster, step.deny, mesh)
        elif step.allow is not None:
            actions.allow(self._cluster, step.allow, mesh)

    def _call(self, step: Step) -> Iterator[dict[str, Any]]:
        """Let something be sent or run; yield what a recording says about each answer."""
        mesh, workload = self._around.chaos_mesh_namespace, self._workload
        if step.traffic is not None:
            assert workload is not None
            yield actions.traffic(self._cluster, workload, step.traffic, self._scope())
        elif step.exec is not None:
            yield calls.execute(self._cluster, step.exec, workload, self._scope(), self._bounds())
        elif step.node is not None:
            yield nodes.execute(
                self._cluster, step.node, self._namespace, mesh, workload, self._scope(), self._bounds()
            )
        for request in step.http or []:
            yield calls.http(
                self._cluster, request, mesh, workload, self._scope(), self._bounds(), self._is_own
            )

    def _bounds(self) -> Bounds:
        """Return what this scenario may reach, as it is now."""
        pods = self._workload.objects if self._workload else []
        addresses = (str((pod.get("status") or {}).get("podIP") or "") for pod in pods)
        return Bounds(
            namespaces=tuple(self._namespaces()),
            allowed=self._around.allowed_namespaces,
            hosts=frozenset(filter(None, addresses)),
        )

    def _sender(self) -> actions.Sender:
        def filled(text: str) -> None:
            self._recorder.add(Note(time=self._clock.now(), text=text))

        return actions.Sender(self._cluster, self._bounds(), filled)

    def _is_own(self, uid: str) -> bool:
        """Say whether a uid is of an object in the scenario's namespaces, one that is gone too."""
        if uid in {applied.uid for applied in self._applied.values()}:
            return True
        if experiments.is_there(self._cluster, uid, self._namespaces()):
            return True
        mesh = self._around.chaos_mesh_namespace
        try:
            return archives.has(self._cluster, mesh, uid, self._namespaces())
        except OracleError as error:
            raise InfrastructureError(
                f"nobody knows whether the uid {uid[:80]!r} is of an object of this scenario: {error}",
                next_step="look at chaos-dashboard's pod; chaos-harness status helps",
            ) from error

    def _group(self, job: str) -> PodGroup:
        """Return the pods of a component; those of Chaos Mesh are made whole at the end, whatever comes."""
        if job == WORKLOAD_JOB:
            assert self._workload is not None
            return workload_pods(self._workload)
        self._touched.add(job)
        return component_pods(job, self._around.chaos_mesh_namespace)

    def _await_rollout(self, begun: Rollout, deadline: float, *, answers: bool = True) -> None:
        """Wait until pods are replaced, then until Prometheus scrapes the new ones and no old one.

        So what is judged, and the state that the next step starts from, has exactly the new targets.
        """
        group = begun.group
        self._observer.waiting(f"the new pods of {group.job}")
        left = max(deadline - self._clock.working(), 0.1)
        pods = actions.finish(self._cluster, begun, left, self._around.chaos_mesh_namespace)
        if self._workload is not None and group.job == WORKLOAD_JOB:
            self._workload = self._workload.with_pods(pods)
        instances = {group.instance(pod) for pod in pods}
        detail = {"component": group.job, "instances": sorted(instances)}
        self._recorder.add(Note(time=self._clock.now(), text="rolled out", detail=detail))
        self._stopped.discard(group.job)
        if not pods:
            self._stopped.add(group.job)
        self._await_targets(group.job, instances, answers=answers)

    def _note_replaced(self, step: Step) -> None:
        """Let the clean-up not replace what this step has replaced."""
        if step.restart is not None and any(each.node and each.node.breaks for each in self._scenario.steps):
            node = step.restart.node
            where = None if node is None else str(resolve(node, self._scope()))
            breakage.replaced(self._cluster, self._namespace, step.restart.component, where)

    def _await_targets(self, job: str, instances: set[str], *, answers: bool = True) -> None:
        """Wait until exactly these targets of a job are scraped, successfully if they are to answer.

        Raises:
            InfrastructureError: not in time; names the targets.
        """
        since = self._clock.now()
        deadline = self._clock.working() + _TARGETS_SCRAPES * self._around.interval + _DISCOVERY_SECONDS
        while True:
            self._sampler.fetch()
            scrapes = self._sampler.scrapes_since(since, successful=answers)
            missing = {instance for instance in instances if not scrapes.get((job, instance))}
            late = self._sampler.instances_at(job, self._clock.now()) - instances
            if not missing and not late:
                return
            self._observer.waiting(f"Prometheus to scrape exactly the new pods of {job}")
            if self._clock.working() > deadline:
                waited = [f"{job} {instance} is not scraped" for instance in sorted(missing)]
                waited += [f"{job} {instance} is still scraped" for instance in sorted(late)]
                error = InfrastructureError(
                    f"Prometheus does not have the pods' targets: {', '.join(waited)}",
                    next_step="look at its targets; chaos-harness status says how it is reached",
                    details=self._target_errors(),
                )
                raise self._unless_overloaded(since, error)
            self._sampler.pause()

    def _await_phase(self, step: Step, deadline: float) -> None:
        assert step.chaos is not None
        applied = self._applied[step.chaos]
        wanted = step.phase
        if wanted is not None:
            self._observer.waiting(f"{applied.kind} {applied.name} to be {wanted}")
            try:
                self._cluster.until(
                    applied.kind,
                    applied.namespace,
                    lambda found: phases.reached(found, wanted),
                    timeout=max(deadline - self._clock.working(), 0.1),
                    name=applied.name,
                )
            except WaitTimeout as error:
                found = self._cluster.get(applied.kind, applied.name, applied.namespace)
                self._record_events()
                phase = phases.phase_of(found) if found else "gone"
                raise StepFailed(
                    StepProblem(
                        kind="until",
                        reason=f"{applied.kind} {applied.name} was not {wanted} within {step.bound:g} s: "
                        f"it is {phase}",
                        details=[
                            *phases.explain(found, self._recorder.recording.events),
                            *self._daemon_errors(step.bound),
                        ],
                    )
                ) from error
        if step.action in ("apply", "resume"):
            found = self._cluster.get(applied.kind, applied.name, applied.namespace)
            if found is not None:
                applied.targets = experiments.targets(self._cluster, found) or applied.targets

    def _daemon_errors(self, seconds: float) -> list[str]:
        try:
            return daemon_log.errors(
                self._cluster, self._around.chaos_mesh_namespace, self._namespace, int(seconds) + 1
            )
        except HarnessError as error:
            return [f"the logs of chaos-daemon could not be read: {error}"]

    def _await_proof(self, proof: Proof, deadline: float) -> str:
        arguments = resolve(dict(proof.model_extra or {}), self._scope())
        text = ""
        while True:
            name, comparison, parameters = split_proof(arguments)
            reading = self._read(proof.oracle, parameters)
            if reading.vector is None:
                text = f"{proof.oracle} could not be read: {reading.error}"
            else:
                holds, text = check_proof(name, comparison, reading.vector)
                text = f"{proof.oracle}: {text}"
                if holds:
                    return text
            self._observer.waiting(f"the proof of an effect: {text}")
            over = self._clock.working() > deadline
            if over and reading.vector is None:
                # Nobody knows whether there was an effect: that is no failure of the product.
                raise InfrastructureError(
                    f"the proof of an effect could not be had: {text}",
                    next_step="look at the component that the oracle asks; chaos-harness status helps",
                )
            if over:
                raise StepFailed(
                    StepProblem(
                        kind="proof",
                        reason=f"the chaos had no effect: {text}",
                        details=[f"because: {proof.because}"] if proof.because else [],
                    )
                )
            time.sleep(_PROOF_PAUSE_SECONDS)

    def _resolve_expectations(self, index: int, step: Step) -> list[Expected]:
        return [
            self._resolved(index, f"{index}.{position}", expectation)
            for position, expectation in enumerate(step.expect)
        ]

    def _resolved(self, index: int, identity: str, expectation: Expectation) -> Expected:
        """Record an expectation with its templates resolved, and return it."""
        jobs = jobs_of(expectation, self._catalogue)
        spec = resolve(
            expectation.model_dump(mode="json", by_alias=True, exclude_defaults=True), self._scope()
        )
        watched = None
        if not self.control:
            watched = watched_metric(self._scenario, index, expectation, self._catalogue)
        item = Expected(
            id=identity,
            step=index,
            spec=own_targets_only(spec, jobs, self._namespace),
            jobs=jobs,
            promptness=promptness_of(
                Expectation.model_validate(spec),
                self._scenario,
                self._scenario.steps[index],
                self._catalogue,
                self._namespace,
            ),
            watched=watched is not None,
        )
        recorded = self._recorder.add(item)
        assert isinstance(recorded, Expected)
        self._shared[identity] = shared_by(expectation, self._catalogue)
        if watched is not None:
            self._watched[identity] = watched
        return recorded

    def _note_foreign(self, index: int, started: float) -> None:
        """Record what others did that may have changed what a step, or the watch since, looks at."""
        if self._foreign is None:
            return
        # The scrape that the step's increases count from is hardly older than one interval.
        uses = self._foreign.uses(started - _BASELINE_SCRAPES * self._around.interval)
        does = {use: operations(use) for use in uses}
        touched = {
            identity: {use for use in uses for each in shared if each.changed_by(does[use])}
            for identity, shared in self._shared.items()
            if identity in self._watched or identity.startswith(f"{index}.")
        }
        seen = [use for use in uses if any(use in by for by in touched.values())]
        if seen:
            concerned = [identity for identity, by in touched.items() if by]
            self._recorder.add(foreign_note(seen, concerned, self._clock.now()))

    def _note_ended(self) -> None:
        """Record which of what was applied came to its end by itself; once each."""
        for name, applied in self._applied.items():
            now = self._clock.now()
            if applied.ends is None or now <= applied.ends:
                continue
            try:
                found = self._cluster.get(applied.kind, applied.name, applied.namespace)
            except HarnessError as error:
                self._recorder.add(
                    Note(time=now, text=f"whether {name} had ended could not be seen: {error}")
                )
                return
            if found is not None and phases.phase_of(found, now) == "finished":
                what = f"{applied.kind} {applied.name}"
                detail = {ENDED: {"what": what, "time": applied.ends}}
                self._recorder.add(Note(time=now, text=f"{what} ended", detail=detail))
            applied.ends = None

    def _decide(self, expected: list[Expected]) -> list[Finding]:
        """Tick until the judge has decided all expectations; return what it says of each."""
        if not expected:
            return []
        since = self._recorder.recording.marks[-1].time
        wanted = self._wanted_readings(expected)
        self._take_readings(wanted)
        while True:
            fresh = self._sampler.fetch()
            if fresh:
                self._take_readings(wanted)
            verdicts = self._judge_all(expected)
            while self._answer(self._judge.asks()):
                verdicts = self._judge_all(expected)
            self._observer.judged(verdicts, max(self._sampler.scrapes_since(since).values(), default=0))
            decided = [verdict for verdict in verdicts if isinstance(verdict, Finding)]
            if len(decided) == len(verdicts) and not self._judge.asks():
                return decided
            self._sampler.pause()

    def _judge_all(self, expected: list[Expected]) -> list[Pending | Finding]:
        now = self._clock.now()
        return [self._judge.judge(item, now) for item in expected]

    def _answer(self, asks: set[tuple[str, float]]) -> bool:
        """Have expressions evaluated; return whether any was. What fails is asked again at the next tick.

        Raises:
            PrometheusLost: none was answered for 30 s, though samples may be.
        """
        answered = False
        for expression, time_ in sorted(asks):
            try:
                said = self._around.prometheus.query(expression, time_)
            except (PrometheusUnreachable, BadAnswer) as error:
                now = self._clock.now()
                self._recorder.add(Note(time=now, text=f"asking {expression} failed: {error}"))
                working = self._clock.working()
                since = self._unanswered_since = self._unanswered_since or working
                if working - since > _ANSWER_SECONDS:
                    raise PrometheusLost(
                        f"Prometheus has not answered {expression} for {working - since:.0f} s",
                        next_step="ask it in Prometheus' own page; if it takes long there, ask for less",
                        details=[str(error), *error.details],
                    ) from error
                return answered
            self._unanswered_since = None
            self._recorder.add(answer_of(expression, time_, self._clock.now(), said))
            answered = True
        return answered

    @staticmethod
    def _wanted_readings(expected: list[Expected]) -> dict[tuple[str, str], dict[str, Any]]:
        """Return the parameters of each oracle that is to be read, by its name and their key."""
        compared = {
            (oracle.name, oracle.key): oracle.parameters
            for item in expected
            for oracle in readings_to_take(Expectation.model_validate(item.spec))
        }
        followed = {
            (item.promptness.oracle, item.promptness.key): json.loads(item.promptness.key)
            for item in expected
            if item.promptness is not None and item.promptness.oracle
        }
        return followed | compared

    def _take_readings(self, wanted: dict[tuple[str, str], dict[str, Any]]) -> None:
        for (name, _), parameters in wanted.items():
            self._read(name, parameters)

    def _read(self, name: str, parameters: dict[str, Any]) -> Reading:
        oracle = self._oracle(name)
        try:
            typed = oracle.parameters.model_validate(parameters)
        except ValidationError as problem:
            raise UsageError(
                f"the oracle {name} does not take these parameters, templates resolved: {parameters}",
                details=[f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problem.errors()],
            ) from problem
        for target in getattr(typed, "targets", None) or []:
            what = f"the container {target.pod}/{target.container} that the oracle {name} looks into"
            calls.refuse_other_namespace(target.namespace, what, self._bounds())
        began = self._clock.now()
        vector, error = None, None
        try:
            vector = oracle.read(typed)
        except (OracleError, InfrastructureError) as problem:
            error = str(problem)
        reading = Reading(
            oracle=name,
            key=reading_key(parameters),
            began=began,
            ended=self._clock.now(),
            vector=vector,
            error=error,
        )
        self._recorder.add(reading)
        return reading

    def _start_oracles(self) -> None:
        for name in sorted(oracles_of(self._scenario) | {Events.name}):
            self._oracle(name)

    def _oracle(self, name: str) -> Oracle:
        """Return a started oracle; what only a look at a failure asks is started when it does."""
        if name not in self._oracles:
            world = World(self._cluster, self._namespace, self._around.chaos_mesh_namespace)
            self._oracles[name] = oracles()[name](world)
            self._oracles[name].start()
        return self._oracles[name]

    def _record_events(self) -> None:
        events = self._oracles.get(Events.name)
        if isinstance(events, Events):
            for event in events.new_events():
                self._recorder.add(event)

    def _needs_first_scrapes(self) -> bool:
        """Say whether the first step needs a baseline: one that only waits brings its own scrapes."""
        if self._file.script is not None:
            return False
        first = self._scenario.steps[0]
        return first.action != "wait" or any(
            kinds()[expectation.kind].needs_baseline for expectation in first.expect
        )

    def _await_scrapes(self, since: float, count: int, bound: int) -> None:
        """Wait until every watched target has `count` successful scrapes that began after `since`.

        Raises:
            InfrastructureError: not so within `bound` scrape intervals; names the targets.
        """
        began = self._clock.now()
        deadline = self._clock.working() + bound * self._around.interval
        wanted = (self._watch.jobs or {"controller-manager"}) - self._stopped
        while True:
            self._sampler.fetch()
            scrapes = self._sampler.scrapes_since(since)
            now = self._clock.now()
            jobs = {job for (job, _), number in scrapes.items() if number >= count}
            current = self._sampler.targets_at(now)
            waiting = [target for target, number in scrapes.items() if number < count and target in current]
            if wanted <= jobs and not waiting:
                return
            least = min((scrapes[target] for target in waiting), default=0)
            self._observer.waiting(f"scrape {min(least + 1, count)} of {count} of each target")
            if self._clock.working() > deadline:
                names = [f"{job} {instance}" for job, instance in waiting]
                names += [f"any target of job {job}" for job in sorted(wanted - jobs)]
                late = InfrastructureError(
                    f"not scraped {count} times within {bound} scrape intervals: "
                    f"{', '.join(sorted(set(names)))}",
                    next_step="look at the component's pod; chaos-harness status names the kubeconfig",
                    details=self._target_errors(),
                )
                raise self._unless_overloaded(began, late)
            self._sampler.pause()

    def _await_a_scrape_of_each(self, since: float) -> None:
        """Wait for a scrape of each target, whether it answers or not; going without is no error.

        What steps without expectations did is part of what was before the next one, which counts from the
        newest scrape.
        """
        deadline = self._clock.working() + _UNSEEN_SCRAPES * self._around.interval
        while True:
            self._sampler.fetch()
            now = self._clock.now()
            current = self._sampler.targets_at(now)
            newest = {target: up.newest or 0.0 for target, up in self._sampler.recording.targets()}
            if all(newest[target] > since for target in current) or self._clock.working() > deadline:
                return
            self._sampler.pause()

    def _target_errors(self) -> list[str]:
        """Return what Prometheus says about each target that is not healthy."""
        try:
            targets = self._around.prometheus.targets()
        except HarnessError as error:
            return [f"Prometheus' own list of targets could not be had: {error}"]
        return [
            f"{target.job} {target.instance}: {target.health}: {target.last_error}"
            for target in targets
            if target.health != "up"
        ]

    def _scope(self) -> dict[str, Any]:
        scope: dict[str, Any] = {
            "namespace": self._namespace,
            "run": self._around.run,
            "chaos_mesh_namespace": self._around.chaos_mesh_namespace,
            "nodes": self._around.nodes,
            "namespaces": self._further,
        }
        if self._workload:
            scope["workload"] = self._workload.scope()
        for name, applied in self._applied.items():
            scope[name] = applied.scope()
        return scope

    def _mark(self, index: int, name: Any, detail: dict[str, Any] | None = None) -> float:
        mark = Mark(time=self._clock.now(), step=index, name=name, detail=detail or {})
        self._recorder.add(mark)
        return mark.time

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self._result.phases[name] = round(time.monotonic() - began, 3)
