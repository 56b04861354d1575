"""What is collected to judge one expectation: marks, the baseline, states, and what oracles said of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from harness.judge.argument import OracleRef, labels_text
from harness.judge.expression import QUERY, BadAnswerError, BadExpressionError, changes, with_answer
from harness.judge.given import Given, UnjudgeableError, Wanted
from harness.judge.increase import Increases
from harness.judge.kind import Increase, NotComparableError, StateOutcome
from harness.judge.lateness import Lateness
from harness.judge.state import SeriesState, StateSamples, target_text
from harness.judge.sweep import Sweep, baseline
from harness.judge.terms import DEADLINE_SCRAPES, STEADY_STATES
from harness.recording.model import Mark, Point, Reading, labels_of
from harness.recording.series import TargetKey

BEFORE_THE_STEP = "before the step"
"""How a reason ends that tells why a target cannot be compared with what it had."""


@dataclass
class JudgedState:
    """What one state said; `outcome` is None when it could not be compared."""

    state: SeriesState
    outcome: StateOutcome | None
    reason: str = ""
    layer: str = "infrastructure"
    shows: StateOutcome | None = None
    readings: list[Reading] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether it is as expected, or as the known issue shows it."""
        return any(side is not None and side.holds for side in (self.outcome, self.shows))


@dataclass(frozen=True)
class _Check:
    """What a kind said of a state, and what it was told by oracles for that."""

    samples: StateSamples
    asked: list[tuple[OracleRef, list[Point]]]
    outcome: StateOutcome


class Collected:
    """Of one expectation, as the recording grows; it is the context of its kinds (kind.Context).

    Attributes:
        sweep: the states; None until the step has settled.
        baseline: the state before the step; None until the first state, or without any.
        steady: how many states in a row it has to hold in.
        deadline: the time until which it may come true, seconds.
        lost: scrapes that told nothing, as a target was down.
        asks: (expression, evaluation time) of the answers that are missing to go on.
    """

    def __init__(self, given: Given) -> None:
        self.given = given
        self.settled: Mark | None = None
        self.acknowledged: Mark | None = None
        self.sweep: Sweep | None = None
        self.baseline: SeriesState | None = None
        self.lateness: Lateness | None = None
        self.steady = 1
        self.deadline = 0.0
        self.lost = 0
        self.asks: set[tuple[str, float]] = set()
        self._increases: Increases | None = None
        self._no_baseline = ""
        self._first_state = True
        self._readings: list[Reading] = []
        self._asked: list[tuple[OracleRef, list[Point]]] = []
        self._checks: dict[bool, _Check] = {}

    def begin(self) -> str | None:
        """Take up the marks once they are made; return what is missing."""
        if self.sweep is not None:
            return None
        given, recording = self.given, self.given.recording
        step = given.expected.step
        if recording.mark(step, "started") is None:
            return "the step to start"
        self.settled = recording.mark(step, "settled")
        if self.settled is None:
            return "the step to settle"
        self.acknowledged = recording.mark(step, "acknowledged")
        given.selection.refresh()
        self._increases = Increases(given.selection)
        known = recording.seen_at(step, "settled")
        self.sweep = given.sweep(self.fresh_from() + recording.manifest.clock_uncertainty, known)
        longest = given.selection.longest_scrape(known)
        self.deadline = (
            self.settled.time + (given.spec.deadline or DEADLINE_SCRAPES) * given.interval + longest
        )
        if given.expected.promptness is not None:
            self.lateness = Lateness(
                recording,
                given.expected.promptness,
                given.spec.where,
                settled=self.settled.time,
                fresh_from=self.fresh_from(),
                longest_scrape=longest,
                explicit=given.spec.deadline is not None,
            )
        return None

    def fresh_from(self) -> float:
        """Return the time from which scrapes count: a step that only waits has no effect to wait for."""
        assert self.settled is not None
        started = self.given.recording.mark(self.given.expected.step, "started")
        if started is not None and started.detail.get("action") == "wait":
            return started.time
        return self.settled.time

    @property
    def took_part(self) -> set[TargetKey]:
        """The targets of all states until now."""
        return self.sweep.took_part() if self.sweep else set()

    def compare(self, state: SeriesState, *, held: bool, standing: bool) -> JudgedState | NotComparableError:
        """Compare a state with what is right, and with what the known issue shows.

        Args:
            state: the next one.
            held: it held in the state before.
            standing: a finding stands already, so that the deadline is not put off any more.

        Raises:
            UnjudgeableError: no state can be judged.
        """
        given = self.given
        try:
            if self._first_state:
                self._first(state)
                self._first_state = False
            if given.spec.promql is not None and state.complete:
                state = self._answered(state)
        except NotComparableError as missing:
            return missing
        except BadAnswerError as error:
            return NotComparableError(str(error), layer=QUERY)
        except BadExpressionError as error:
            raise UnjudgeableError(str(error), QUERY) from error
        self._readings, self._asked = [], []
        if not state.complete:
            # Deadlines count scrapes that told something, and this one of a target that was down did not.
            if not standing:
                self.lost += 1
                if self.lost <= given.recording.manifest.lost_scrapes:
                    self.deadline += given.interval
            return NotComparableError(
                f"target down: {', '.join(target_text(target) for target in state.down)}"
            )
        if found := given.selection.histogram(state):
            # It would be taken for no series.
            raise UnjudgeableError(f"native histograms are no numbers: {labels_text(found)}", layer="query")
        right, shows = given.sides
        if right.kind.needs_baseline or (shows is not None and shows.kind.needs_baseline):
            self._need_baseline(state)
        try:
            outcome = self._check(right, state, of_issue=False)
            other = self._check(shows, state, of_issue=True) if shows else None
            judged = JudgedState(state, outcome, outcome.reason, shows=other, readings=self._readings)
            if self.lateness is not None and judged.holds and not held:
                self.lateness.needs(state.time, judged.readings, self.lost)
        except NotComparableError as error:
            return error
        return judged

    def _check(self, side: Wanted, state: SeriesState, *, of_issue: bool) -> StateOutcome:
        """Return what a side says of a state; of the same samples and readings as before, the same."""
        samples = state.samples
        if not side.kind.of_samples or not isinstance(samples, StateSamples):
            return side.kind.check(side.argument, state, self.baseline, self)
        read, asked = len(self._readings), len(self._asked)
        before = self._checks.get(of_issue)
        if before is not None and samples.same(before.samples):
            if all(self.vector(oracle, state) is points for oracle, points in before.asked):
                return before.outcome
            del self._readings[read:], self._asked[asked:]
        outcome = side.kind.check(side.argument, state, self.baseline, self)
        self._checks[of_issue] = _Check(samples, self._asked[asked:], outcome)
        return outcome

    def has_changed(self, state: SeriesState) -> bool:
        """Tell whether the selected series are others than before the step, as far as that is known."""
        before = self.baseline
        if before is None or _lacking(before, state):
            return False
        was, now = (
            {labels_of(sample.labels): sample.value for sample in each.samples} for each in (before, state)
        )
        return was != now

    @property
    def fixed(self) -> dict[str, str]:
        """See kind.Context."""
        return self.given.fixed

    def vector(self, oracle: OracleRef, state: SeriesState) -> list[Point]:
        """See kind.Context."""
        if self.settled is None:
            raise NotComparableError("the step has not settled")
        readings = self.given.readings_around(oracle, state, self.fresh_from())
        self._readings += readings
        points = readings[0].vector
        if points is None:
            points = []
        self._asked.append((oracle, points))
        return points

    def increases(self, state: SeriesState) -> list[Increase]:
        """See kind.Context."""
        if self._increases is None or self.baseline is None:
            return []
        if self.given.spec.promql is not None:
            return changes(self.baseline, state)
        return self._increases.since(self.baseline, state)

    def _first(self, state: SeriesState) -> None:
        """Take up the baseline when the first state shows which targets matter.

        Raises:
            NotComparableError: of an expression, the answer at that time is not there yet.
            BadExpressionError: it gives nothing to judge, then or later.
        """
        given, spec = self.given, self.given.spec
        seen = given.recording.seen_at(given.expected.step, "started")
        # An expression is evaluated at one time, at which the series of a target that is down are stale.
        before = baseline(given.selection, seen, answered=spec.promql is None)
        self.baseline = before
        if before is not None and before.complete and spec.promql is not None:
            try:
                self.baseline = self._answered(before)
            except BadAnswerError as error:
                self.baseline, self._no_baseline = None, str(error)
        self.steady = 1 + spec.hold
        waits = self.settled is not None and self.fresh_from() < self.settled.time
        if spec.known_issue or (not waits and self._was_right(state)):
            self.steady = max(self.steady, STEADY_STATES)

    def _was_right(self, state: SeriesState) -> bool:
        """Tell whether the expectation held before the step, as far as can be known."""
        before, (right, _) = self.baseline, self.given.sides
        if before is None or _lacking(before, state):
            return True
        try:
            return right.kind.check(right.argument, before, before, self).holds
        except NotComparableError:
            # An oracle is read after the step settled; what it says is never known from before.
            return False

    def _answered(self, state: SeriesState) -> SeriesState:
        """Return a state with what the expression gave at its time; asks for the answer when it is missing.

        Raises:
            NotComparableError: there is no answer yet.
            BadAnswer, BadExpression: see with_answer.
        """
        expression = self.given.spec.promql
        assert expression is not None
        answer = self.given.recording.answers.get(expression, {}).get(state.time)
        if answer is None:
            self.asks.add((expression, state.time))
            raise NotComparableError("Prometheus' answer", waiting=True)
        return with_answer(state, answer)

    def _need_baseline(self, state: SeriesState) -> None:
        if self.baseline is None and self._no_baseline:
            raise UnjudgeableError(f"before the step: {self._no_baseline}", QUERY)
        if self.baseline is None:
            raise UnjudgeableError("nothing was scraped before the step")
        if lacking := _lacking(self.baseline, state):
            raise UnjudgeableError(lacking)


class SaidBefore:
    """The context of kinds after the step: oracles are not asked again, what they said has to stay true."""

    def __init__(self, collected: Collected, said: dict[tuple[str, str], list[Point]]) -> None:
        self.fixed = collected.fixed
        self.increases = collected.increases
        self._said = said

    def vector(self, oracle: OracleRef, state: SeriesState) -> list[Point]:
        """See kind.Context."""
        if (oracle.name, oracle.key) not in self._said:
            raise NotComparableError(f"{oracle} was not needed before")
        return self._said[oracle.name, oracle.key]


def _lacking(before: SeriesState, state: SeriesState) -> str:
    """Return why a baseline cannot be compared with a state, or ""."""
    for target in state.scrapes:
        if target not in before.scrapes:
            return f"{target_text(target)} was not scraped {BEFORE_THE_STEP}"
        if target in before.down:
            return f"{target_text(target)} was down {BEFORE_THE_STEP}"
    return ""
