"""What running one scenario came to."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field, SerializerFunctionWrapHandler, model_serializer

from harness.base.words import cut
from harness.judge.control import Controlled, ControlOutcome
from harness.judge.finding import Finding, Verdict
from harness.judge.overload import Overload
from harness.kubernetes.leftovers import StuckObject as Left
from harness.results.places import SourceLine

Line = Annotated[str, AfterValidator(cut)]
"""A sentence that may repeat a value, which may be long."""
_MOST_NAME = 1000
"""Characters of a scenario's name, which a page has at many places."""


class StepProblem(BaseModel):
    """Why a step did not get as far as its expectations.

    Attributes:
        kind: what failed: the action itself, the phase that was waited for, the proof
            of an effect, the answers to the workload's traffic, the new pods of a component.
        reason: one sentence.
        details: what the cluster says about it: conditions, events, the daemon's answers.
    """

    kind: str
    reason: Line
    details: list[str] = []

    @property
    def sentence(self) -> str:
        """What failed, and why."""
        return f"{self.kind}: {self.reason}"


class StepResult(BaseModel):
    """One step: its times (seconds since the epoch, Prometheus' clock), findings, and problem."""

    title: str
    started: float | None = None
    acknowledged: float | None = None
    settled: float | None = None
    ended: float | None = None
    proofs: list[str] = []
    problem: StepProblem | None = None
    findings: list[Finding] = []


class Leftover(BaseModel):
    """Something that a scenario left behind and the clean-up had to force, or could not remove.

    Attributes:
        infrastructure: it is not known what is left, because the cluster did not answer.
    """

    kind: str
    name: str
    what_was_done: Line
    infrastructure: bool = False

    @property
    def sentence(self) -> str:
        """What is left, and what was done about it."""
        return f"{self.kind} {self.name}: {self.what_was_done}"


def left_over(found: Iterable[Left], overload: Overload | None) -> list[Leftover]:
    """Return what a clean-up has to report; on an overloaded machine it may only have been too slow."""
    how = "" if overload is None else f"; {overload.text()}"
    return [
        Leftover(
            kind=item.kind,
            name=item.name,
            what_was_done=item.what_was_done + how,
            infrastructure=overload is not None,
        )
        for item in found
    ]


class FirstAttempt(BaseModel):
    """A run of a scenario that told nothing, as the machine was overloaded; it was run again, alone.

    Attributes:
        reason: what kept it from being decided.
        seconds: what it took.
    """

    reason: Line
    seconds: float

    @property
    def sentence(self) -> str:
        """What was done, and why."""
        return f"run again, alone: its first run was {self.reason}"


class ScenarioInterruptedError(KeyboardInterrupt):
    """What interrupts a run came while a scenario ran.

    Attributes:
        result: what is known of it; the clean-up is in it.
        finished: it had come to its end, and only its clean-up was going on.
    """

    def __init__(self, result: ScenarioResult, finished: bool) -> None:
        super().__init__(result, finished)
        self.result = result
        self.finished = finished


class RanOn(BaseModel):
    """A node that the pods of a scenario's workload ran on."""

    node: str
    kernel: str
    cgroup: str


class ScenarioResult(BaseModel):
    """One scenario.

    Attributes:
        verdict: of the steps; a failed expectation outweighs an error, an error a known issue.
        reason: for skipped and error: which capability is missing, what broke.
        namespace, further_namespaces: the scenario's own, and those that its `namespaces` lists.
        leftovers: what the clean-up had to report; a failure of its own.
        recording: the folder of the recording.
        diagnostics: the folder of what was kept at the moment of a failure; None when nothing was.
        diagnostics_error: why nothing could be kept.
        defect: what of the harness itself broke, and where the traceback is; the verdict is then error.
        seconds: wall time from the first to the last thing done for it.
        control: of a run without chaos: what each claim came to; None in any other run.
        first_attempt: why it was run again; None when it ran once.
        ran_on: the nodes of its workload's pods, on a stack that has a node of another kind; left out else.
        cluster: that it ran on, in a run with several; left out else.
        places: where in the scenario file its expectations ("1.0"), its steps ("1") and itself ("") stand.
        source: the text of the scenario file, without secrets; "" when it is longer than a page shows.
        manifests: the chaos objects that were applied, as YAML without secrets, by their names in the file.
    """

    name: str = Field(max_length=_MOST_NAME)
    file: str
    about: str = ""
    tags: list[str] = []
    namespace: str | None = None
    further_namespaces: list[str] = []
    verdict: Verdict = Verdict.PASS
    reason: str | None = None
    details: list[str] = []
    steps: list[StepResult] = []
    leftovers: list[Leftover] = []
    recording: Path | None = None
    diagnostics: Path | None = None
    diagnostics_error: str | None = None
    defect: str | None = None
    seconds: float = 0.0
    phases: dict[str, float] = {}
    control: list[Controlled] | None = None
    first_attempt: FirstAttempt | None = None
    places: dict[str, SourceLine] = {}
    source: str = ""
    manifests: dict[str, str] = {}
    ran_on: list[RanOn] = []
    cluster: str | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_the_same_everywhere(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        written: dict[str, Any] = handler(self)
        for name in ("ran_on", "cluster"):
            if not written.get(name):
                written.pop(name, None)
        return written

    def findings(self) -> list[Finding]:
        """Return the findings of all steps."""
        return [finding for step in self.steps for finding in step.findings]

    def unmet(self) -> list[tuple[StepResult, Finding]]:
        """Return what should hold and did not, or was not decided, each with its step."""
        return [
            (step, finding)
            for step in self.steps
            for finding in step.findings
            if finding.level == "should" and finding.verdict is not Verdict.PASS
        ]

    def decide(self) -> Verdict:
        """Return the verdict that the steps add up to; what only should hold has no say in it.

        Of a control run: failed when a claim is vacuous, an error when one could not be told.
        """
        if self.control is not None:
            outcomes = {each.outcome for each in self.control}
            if ControlOutcome.VACUOUS in outcomes:
                return Verdict.FAIL
            return Verdict.ERROR if ControlOutcome.UNDECIDED in outcomes else Verdict.PASS
        findings = [finding for finding in self.findings() if finding.level == "must"]
        seen = {finding.verdict for finding in findings}
        if Verdict.FAIL in seen or any(step.problem for step in self.steps):
            return Verdict.FAIL
        for verdict in (Verdict.ERROR, Verdict.KNOWN_ISSUE):
            if verdict in seen:
                return verdict
        return Verdict.PASS
