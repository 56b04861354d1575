"""Says what a recording so far proves about one expectation. Pure: the same entries, the same answer.

The rules, over the fresh states of a step in time order (sweep.py says what a state is, kind.py what
a kind says about one):

- Fresh is what was scraped after the step settled, by more than the uncertainty of the clocks; in a step
  that only waits, after it started.
- The first state in which it holds must come in time: within so many intervals, and the longest scrape, as
  the way allows in which the metric is produced (recording/model.py, Promptness), after an oracle said so,
  or after the step settled where none tells; `deadline` counts from then in any case, and so does a recording
  without promptness, by 10 intervals. A scrape of a target that was down puts it off by one. Until 10
  intervals after the step settled, or the expectation's own deadline, and 5 more, states are looked at to
  tell "late" from "never"; of a control run, in which nothing is expected to come true, without the 5.
- It must then hold in `hold` further states, and in all that come before the step ends; one comparable
  state in which it does not is a failure.
  What held before the step, or cannot be known to have been different, must hold in 3 states at
  least, so that a late effect is not missed.
- A state with a target that did not answer, or that an oracle gives nothing to compare with, says
  nothing. When nothing could be compared near the deadline the verdict is an error, not a failure.
- An expression's state has for its series what Prometheus answered at the state's time; a refusal, a
  warning, a scalar or a native histogram says nothing about the product, and is an error in the end.
- What stood when the chaos ended by its own duration, or a workflow or schedule went on by itself, stands
  whatever comes after that; what had not been decided by then is an error, unless its time was over.
- With a known issue, the wrong value that it shows must be seen in 3 comparable states in a row, and in
  all that come before the step ends; the right one, seen as often, is a failure: the waiver has to go.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from harness.judge.argument import ArgumentError, OracleRef, labels_text
from harness.judge.endings import Ending, Endings
from harness.judge.evidence import Evidence, rows
from harness.judge.expression import QUERY, BadAnswer, BadExpression, changes, with_answer
from harness.judge.expression import evidence as answers_until
from harness.judge.finding import Finding, Pending, Verdict
from harness.judge.increase import Increases
from harness.judge.kind import MOST_ROWS, Increase, Kind, NotComparable, Outcome, kinds
from harness.judge.lateness import Lateness, Seen
from harness.judge.matching import Matchers, fixed_labels
from harness.judge.reading import bracket
from harness.judge.state import State, target_text
from harness.judge.sweep import Selection, Sweep, Waiting, baseline
from harness.metrics.promql import selector
from harness.recording.model import Expected, Mark, Point, Reading, Recording, labels_of
from harness.recording.series import TargetKey
from harness.scenario.model import Expectation

DEADLINE_SCRAPES = 10
GRACE_SCRAPES = 5
SLACK_SCRAPES = 2
"""Intervals after which a scrape that was due has arrived or will not be waited for."""
STEADY_STATES = 3
STANDING = (Verdict.PASS, Verdict.KNOWN_ISSUE)
"""These verdicts stand as long as no later state of the step says otherwise."""
FIXED = "fixed upstream?"
"""How the reason begins when the wrong value of a known issue is not seen any more."""
WAS_RIGHT = "was right"
"""How the reason begins when it held, and then did not."""
_NEAR_DEADLINE_SCRAPES = 3
_MOST_LOST_SCRAPES = 10
_SHOWN_TIMES = 5
WATCHED = "watched_scrapes"
"""In the evidence of what did not stay as it was after its step: how many scrapes were looked at."""
WATCH_LAYER = "collector"
"""Where it lies when a scrape that Prometheus made shows something else than those around it."""


@dataclass(frozen=True)
class _Side:
    """A kind with its argument: what is right, or what a known issue shows."""

    kind: Kind
    argument: Any

    def expected(self) -> str:
        return self.kind.describe(self.argument)


@dataclass
class _Judged:
    """What one state said; `outcome` is None when it could not be compared."""

    state: State
    outcome: Outcome | None
    reason: str = ""
    layer: str = "infrastructure"
    shows: Outcome | None = None
    readings: list[Reading] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether it is as expected, or as the known issue shows it."""
        return any(side is not None and side.holds for side in (self.outcome, self.shows))


class _Unjudgeable(Exception):  # noqa: N818
    """The expectation itself cannot be judged: it becomes a finding."""

    def __init__(self, reason: str, layer: str = "infrastructure") -> None:
        super().__init__(reason)
        self.layer = layer


class Case:
    """One expectation of a recording, judged as the recording grows.

    A pass, or a known issue, is said as soon as it is known, and stands only as long as no later state of
    the step says otherwise. All other findings are final.

    States that were judged are not looked at again; what is said is the same as when all is judged
    at once.
    """

    def __init__(self, recording: Recording, expected: Expected) -> None:
        self.recording = recording
        self.expected = expected
        self.spec = Expectation.model_validate(expected.spec)
        self.finding: Finding | None = None
        self._readings: list[Reading] = []
        self.fixed = fixed_labels(self.spec.where)
        self._selection: Selection | None = None
        self._sweep: Sweep | None = None
        self._increases: Increases | None = None
        self._baseline: State | None = None
        self._no_baseline = ""
        self._settled: Mark | None = None
        self._acknowledged: Mark | None = None
        self._steady = 1
        self._deadline = 0.0
        self._streak: list[float] = []
        self._shows_streak: list[float] = []
        self._streak_began: float | None = None
        self._rests_on: set[TargetKey] = set()
        self._interrupted = math.inf
        self._said: dict[tuple[str, str], list[Point]] = {}
        self._ended = False
        self._last: _Judged | None = None
        self._last_compared: _Judged | None = None
        self._compared: list[_Judged] = []
        self._first_state = True
        self._stands: Finding | None = None
        self._timeless = False
        self._lost = 0
        self._lateness: Lateness | None = None
        self._seen: Seen | None = None
        self._grace = 0 if recording.manifest.control else GRACE_SCRAPES
        self.asks: set[tuple[str, float]] = set()
        """(expression, evaluation time) of the answers that are missing to go on."""

    def advance(self, now: float, *, final: bool = False) -> Pending | Finding:
        """Judge what was recorded since the last call.

        Args:
            now: the time, seconds on Prometheus' clock.
            final: nothing will be recorded any more; what is undecided becomes an error.
        """
        if self.finding is None:
            self.asks = set()
            try:
                said = self._advance(now, final)
            except _Unjudgeable as error:
                said = self.error(str(error), layer=error.layer)
            if isinstance(said, Pending) or said is self._stands:
                return said
            self.finding = said
        return self.finding

    @property
    def held_at(self) -> list[float]:
        """The times of the states in a row, up to the newest, in which it held or its known issue showed."""
        return [*(self._streak or self._shows_streak)]

    @property
    def rests_on(self) -> set[TargetKey]:
        """The targets of those states that were needed to say so."""
        return set(self._rests_on)

    @property
    def interrupted(self) -> float:
        """The time of the first state since then of which a target was down; infinity without any."""
        return self._interrupted

    @property
    def judged(self) -> set[TargetKey]:
        """The targets of all states until now."""
        return self._sweep.took_part() if self._sweep else set()

    @property
    def timeless(self) -> bool:
        """Whether what it fails by is wrong whenever it is looked at, not only by then.

        It can never become right, or an oracle said otherwise just before and just after the scrape.
        """
        return self._timeless

    @property
    def deadline(self) -> float:
        """The time until which a scrape has to show it, seconds; 0 before the step has settled."""
        if self._lateness is None or self.spec.deadline is not None:
            return self._deadline
        return self._seen.due if self._seen is not None else self._lateness.due(self._lost)

    @property
    def last_chance(self) -> float:
        """The latest time at which a scrape may show it, by all that was recorded, seconds."""
        if self._lateness is None or self._seen is None:
            return self.deadline
        return self._lateness.last_chance(self._seen, self._lost)

    @property
    def patience(self) -> float:
        """The time until which it may come true, seconds; what is seen soon after that is told as late."""
        return self._deadline

    def fresh_from(self) -> float:
        """Return the time from which scrapes count: a step that only waits has no effect to wait for."""
        assert self._settled is not None
        started = self.recording.mark(self.expected.step, "started")
        if started is not None and started.detail.get("action") == "wait":
            return started.time
        return self._settled.time

    def watch(self, until: float) -> Finding | None:
        """Look at the scrapes after the step, in which it has to stay as it was; oracles are not asked again.

        What ends, or goes on, by itself ends the watch.

        Args:
            until: seconds; a scrape that was not complete by then, as far as the clocks tell, does not count.

        Returns:
            The finding if it did not stay so, or None. Nothing that did not pass can do worse.
        """
        if self._stands is None or self._stands.verdict is not Verdict.PASS:
            return None
        assert self._selection is not None
        assert self._sweep is not None
        right, _ = self._sides()
        self._ended = True
        self._selection.refresh()
        self._endings = Endings(self.recording)
        wrong: list[_Judged] = []
        scrapes, last = len(self._streak), self._streak[-1]
        while not isinstance(state := self._sweep.next(patient=False), Waiting):
            if self._complete_at(state) > until or self._endings.between(self.fresh_from(), state.time):
                break
            self._sweep.accept(state)
            if not state.complete:
                continue
            try:
                outcome = right.kind.check(right.argument, state, self._baseline, self)
            except NotComparable:
                continue
            scrapes, last = scrapes + 1, state.time
            if not outcome.holds:
                wrong.append(_Judged(state, outcome, outcome.reason))
        if not wrong:
            return None
        times = ", ".join(_at(each.state.time) for each in wrong[:_SHOWN_TIMES])
        times += f" and {len(wrong) - _SHOWN_TIMES} more" if len(wrong) > _SHOWN_TIMES else ""
        first = wrong[0]
        reason = f"flickered: right in {scrapes - len(wrong)} of {scrapes} scrapes, wrong at {times}"
        if last == wrong[-1].state.time and len(wrong) > 1:
            reason = (
                f"did not last: right in {scrapes - len(wrong)} of {scrapes} scrapes and wrong from"
                f" {_at(first.state.time)} on, though nothing was done that changes it"
            )
        finding = self._make(Verdict.FAIL, f"{reason}: {first.reason}", first, layer=WATCH_LAYER)
        return finding.model_copy(update={"evidence": {**finding.evidence, WATCHED: scrapes}})

    def _complete_at(self, state: State) -> float:
        """Return when all scrapes of a state were surely complete."""
        manifest = self.recording.manifest
        return manifest.clock_uncertainty + max(
            scrape.time + (manifest.interval if scrape.duration is None else scrape.duration)
            for scrape in state.scrapes.values()
        )

    # What the kinds may ask for (kind.Context).

    def vector(self, oracle: OracleRef, state: State) -> list[Point]:
        """See kind.Context."""
        if self._ended:
            if (oracle.name, oracle.key) not in self._said:
                raise NotComparable(f"{oracle} was not needed before")
            return self._said[oracle.name, oracle.key]
        if self._settled is None:
            raise NotComparable("the step has not settled")
        recorded = self.recording.readings.get((oracle.name, oracle.key), [])
        manifest = self.recording.manifest
        readings = bracket(oracle, recorded, state, self.fresh_from(), manifest)
        self._readings += readings
        return readings[0].vector or []

    def increases(self, state: State) -> list[Increase]:
        """See kind.Context."""
        if self._increases is None or self._baseline is None:
            return []
        if self.spec.promql is not None:
            return changes(self._baseline, state)
        return self._increases.since(self._baseline, state)

    def _advance(  # noqa: PLR0911, PLR0912  (one for each thing that may be missing)
        self, now: float, final: bool
    ) -> Pending | Finding:
        right, shows = self._sides()
        if waiting := self._begin(right):
            if final:
                return self.error(f"the step ended before a decision: {waiting}")
            return Pending(waiting_for=waiting)
        assert self._selection is not None
        assert self._sweep is not None
        self._selection.refresh()
        while True:
            expired = now > self._limit() + SLACK_SCRAPES * self.recording.manifest.interval
            hurried = final or (expired and self._stands is None)
            state = self._sweep.next(patient=not hurried)
            if isinstance(state, Waiting):
                if self._stands is not None:
                    return self._stands
                if expired:
                    return self._conclude(right, shows, state)
                if final:
                    return self.error(f"the step ended before a decision: waiting for {state.reason}")
                return Pending(waiting_for=self._what_for(state.reason))
            if self._stands is None and state.time > self._limit():
                return self._conclude(right, shows, None)
            judged = self._compare(state, right, shows)
            if isinstance(judged, NotComparable):
                # An answer is there as soon as it was asked for, however late it is.
                if (judged.waiting and not hurried) or (self.asks and not final):
                    if self._stands is not None:
                        return self._stands
                    return Pending(waiting_for=self._what_for(judged.reason))
                judged = _Judged(state, None, judged.reason, judged.layer)
            self._sweep.accept(state)
            decided = self._unless_ended(self._weigh(judged), judged)
            if decided is not None and decided.verdict in STANDING:
                self._stands = decided
            elif decided is not None:
                return decided

    def _sides(self) -> tuple[_Side, _Side | None]:
        right = _side(self.spec.kind, self.spec.argument)
        issue = self.spec.known_issue
        return right, _side(*next(iter(issue.shows.items()))) if issue else None

    def _begin(self, right: _Side) -> str | None:
        """Take up the marks once they are made; return what is missing."""
        if self._sweep is not None:
            return None
        step = self.expected.step
        if self.recording.mark(step, "started") is None:
            return "the step to start"
        self._settled = self.recording.mark(step, "settled")
        if self._settled is None:
            return "the step to settle"
        self._acknowledged = self.recording.mark(step, "acknowledged")
        manifest = self.recording.manifest
        matchers = Matchers(self.spec.where)
        self._selection = Selection(self.recording, self.spec.metric, matchers, self.expected.jobs)
        self._increases = Increases(self._selection)
        known = self.recording.seen_at(step, "settled")
        self._sweep = Sweep(self._selection, self.fresh_from() + manifest.clock_uncertainty, known)
        scrapes = self.spec.deadline or DEADLINE_SCRAPES
        longest = self._selection.longest_scrape(self.recording.seen_at(step, "settled"))
        self._deadline = self._settled.time + scrapes * manifest.interval + longest
        if self.expected.promptness is not None:
            self._lateness = Lateness(
                self.recording,
                self.expected.promptness,
                self.spec.where,
                settled=self._settled.time,
                fresh_from=self.fresh_from(),
                longest_scrape=longest,
                explicit=self.spec.deadline is not None,
            )
        return None

    def _first(self, state: State, right: _Side) -> None:
        """Take up the baseline when the first state shows which targets matter.

        Raises:
            NotComparable: of an expression, the answer at that time is not there yet.
            BadExpression: it gives nothing to judge, then or later.
        """
        assert self._selection is not None
        seen = self.recording.seen_at(self.expected.step, "started")
        # An expression is evaluated at one time, at which the series of a target that is down are stale.
        before = baseline(self._selection, seen, answered=self.spec.promql is None)
        self._baseline = before
        if before is not None and before.complete and self.spec.promql is not None:
            try:
                self._baseline = self._answered(before)
            except BadAnswer as error:
                self._baseline, self._no_baseline = None, str(error)
        self._steady = 1 + self.spec.hold
        waits = self._settled is not None and self.fresh_from() < self._settled.time
        if self.spec.known_issue or (not waits and self._was_right(state, right)):
            self._steady = max(self._steady, STEADY_STATES)

    def _was_right(self, state: State, right: _Side) -> bool:
        """Tell whether the expectation held before the step, as far as can be known."""
        before = self._baseline
        if before is None or _lacking(before, state):
            return True
        try:
            return right.kind.check(right.argument, before, before, self).holds
        except NotComparable:
            # An oracle is read after the step settled; what it says is never known from before.
            return False

    def _answered(self, state: State) -> State:
        """Return a state with what the expression gave at its time; asks for the answer when it is missing.

        Raises:
            NotComparable: there is no answer yet.
            BadAnswer, BadExpression: see with_answer.
        """
        assert self.spec.promql is not None
        answer = self.recording.answers.get(self.spec.promql, {}).get(state.time)
        if answer is None:
            self.asks.add((self.spec.promql, state.time))
            raise NotComparable("Prometheus' answer", waiting=True)
        return with_answer(state, answer)

    def _compare(self, state: State, right: _Side, shows: _Side | None) -> _Judged | NotComparable:
        try:
            if self._first_state:
                self._first(state, right)
                self._first_state = False
            if self.spec.promql is not None and state.complete:
                state = self._answered(state)
        except NotComparable as missing:
            return missing
        except BadAnswer as error:
            return NotComparable(str(error), layer=QUERY)
        except BadExpression as error:
            raise _Unjudgeable(str(error), QUERY) from error
        self._readings = []
        if not state.complete:
            self._lose_scrape()
            if self.held_at:
                self._interrupted = min(self._interrupted, state.time)
            down = ", ".join(target_text(target) for target in state.down)
            return NotComparable(f"target down: {down}")
        self._refuse_histograms(state)
        for side in (right, shows):
            if side is not None and side.kind.needs_baseline:
                self._need_baseline(state)
        try:
            outcome = right.kind.check(right.argument, state, self._baseline, self)
            other = shows.kind.check(shows.argument, state, self._baseline, self) if shows else None
            judged = _Judged(state, outcome, outcome.reason, shows=other, readings=self._readings)
            if self._lateness is not None and judged.holds and not self.held_at:
                self._lateness.needs(state.time, judged.readings, self._lost)
        except NotComparable as error:
            return error
        return judged

    def _has_changed(self, state: State) -> bool:
        """Tell whether the selected series are others than before the step, as far as that is known."""
        before = self._baseline
        if before is None or _lacking(before, state):
            return False
        was, now = (
            {labels_of(sample.labels): sample.value for sample in each.samples} for each in (before, state)
        )
        return was != now

    def _see(self, judged: _Judged) -> None:
        """Take up the first state in a row in which it holds, or its known issue shows."""
        if self._lateness is not None:
            changed = self._has_changed(judged.state)
            self._seen = self._lateness.seen(judged.state.time, judged.readings, self._lost, changed=changed)

    def _late(self, time: float, words: str) -> str:
        """Return by how much the first state in a row is late, or "".

        Args:
            time: of that state, seconds.
            words: what to say of a recording without promptness before by how much.
        """
        if self._lateness is None or self._seen is None:
            over = time - self._deadline
            return f"{words} {over:.1f} s after the deadline" if over > 0 else ""
        return self._lateness.text(self._seen) if self._seen.is_late else ""

    def _refuse_histograms(self, state: State) -> None:
        """Make sure that no selected sample is a native histogram: it would be taken for no series."""
        assert self._selection is not None
        if found := self._selection.histogram(state):
            raise _Unjudgeable(f"native histograms are no numbers: {labels_text(found)}", layer="query")

    def _lose_scrape(self) -> None:
        """Put the deadline off: it counts scrapes, and this one of a target that was down told nothing."""
        if self._stands is None and self._lost < _MOST_LOST_SCRAPES:
            self._lost += 1
            self._deadline += self.recording.manifest.interval

    def _need_baseline(self, state: State) -> None:
        if self._baseline is None and self._no_baseline:
            raise _Unjudgeable(f"before the step: {self._no_baseline}", QUERY)
        if self._baseline is None:
            raise _Unjudgeable("nothing was scraped before the step")
        if lacking := _lacking(self._baseline, state):
            raise _Unjudgeable(lacking)

    def _weigh(self, judged: _Judged) -> Finding | None:
        """Take one more state into account; return the finding if it decides."""
        self._last = judged
        if judged.outcome is None:
            return None
        self._last_compared = judged
        self._compared.append(judged)
        if judged.shows is not None and self._stands is not None:
            return self._weigh_shown(judged, judged.outcome, judged.shows)
        if judged.shows is not None:
            return self._weigh_waiver(judged, judged.outcome, judged.shows)
        return self._weigh_right(judged, judged.outcome)

    def _ended_by(self, judged: _Judged) -> Ending | None:
        """Return what had ended by itself, since scrapes count, when a state was scraped."""
        return Endings(self.recording).between(self.fresh_from(), judged.state.time)

    def _unless_ended(self, decided: Finding | None, judged: _Judged) -> Finding | None:
        """Return a decision, or what it is when a failure only came with the end of the chaos."""
        if decided is None or decided.verdict is not Verdict.FAIL:
            return decided
        ending = self._ended_by(judged)
        if ending is None:
            return decided
        if self._stands is not None:
            return self._stands
        began = self._seen.time if self._seen is not None else math.inf
        fixed = decided.reason.startswith(FIXED) and began < ending.time
        if fixed or decided.layer == "late" or "late by" in decided.reason:
            return decided
        return self._inconclusive(ending, decided.reason, judged)

    def _inconclusive(self, ending: Ending, reason: str, judged: _Judged | None) -> Finding:
        """Return the error of what could not be told before the chaos ended."""
        so = f"inconclusive: {ending.what} at {_at(ending.time)}, before this was decided"
        return self.error(f"{so}: {reason}", judged=judged)

    def _weigh_right(self, judged: _Judged, outcome: Outcome) -> Finding | None:
        time = judged.state.time
        if outcome.holds:
            if not self._streak:
                self._see(judged)
                if late := self._late(time, "true"):
                    return self._make(Verdict.FAIL, late, judged, layer="late")
            self._streak.append(time)
            self._said |= {(each.oracle, each.key): each.vector or [] for each in judged.readings}
            self._streak_began = self._streak[0]
            if self._stands is None:
                self._rests_on |= judged.state.scrapes.keys()
            if self._stands is None and len(self._streak) >= self._steady:
                return self._make(Verdict.PASS, self._held(), judged)
            return None
        if self._streak:
            reason = f"was right at {_at(self._streak[-1])} and wrong again at {_at(time)}: {outcome.reason}"
            return self._make(Verdict.FAIL, reason, judged)
        if outcome.final:
            return self._make(Verdict.FAIL, outcome.reason, judged)
        return None

    def _weigh_waiver(self, judged: _Judged, outcome: Outcome, other: Outcome) -> Finding | None:
        issue = self.spec.known_issue
        assert issue is not None
        time = judged.state.time
        # Where both hold the state says nothing: what is unchanged is so until the first wrong increase.
        if outcome.holds != other.holds:
            running = self._streak if outcome.holds else self._shows_streak
            self._streak = [*self._streak, time] if outcome.holds else []
            self._shows_streak = [*self._shows_streak, time] if other.holds else []
            if not running:
                self._streak_began, self._rests_on, self._interrupted = time, set(), math.inf
                self._see(judged)
            self._rests_on |= judged.state.scrapes.keys()
        else:
            self._streak, self._shows_streak, self._streak_began = [], [], None
        if len(self._streak) >= self._steady:
            reason = f"{FIXED} the right value is seen: remove the waiver {issue.id}"
            return self._make(Verdict.FAIL, reason, judged)
        if len(self._shows_streak) >= self._steady:
            if late := self._late(self._shows_streak[0], "seen not before"):
                return self._make(Verdict.FAIL, f"known issue {issue.id}: {late}", judged)
            reason = f"known issue {issue.id}: {other.expected}"
            return self._make(Verdict.KNOWN_ISSUE, reason, judged, known_issue=issue.id)
        if outcome.final and other.final:
            reason = f"neither what is right nor what {issue.id} shows: {outcome.reason}"
            return self._make(Verdict.FAIL, reason, judged)
        return None

    def _weigh_shown(self, judged: _Judged, outcome: Outcome, other: Outcome) -> Finding | None:
        """Take a state into account that comes after the known issue was seen."""
        issue, time = self.spec.known_issue, judged.state.time
        assert issue is not None
        if other.holds and not outcome.holds:
            self._shows_streak.append(time)
            return None
        seen = (
            f"known issue {issue.id}: seen at {_at(self._shows_streak[-1])} and not any more at {_at(time)}"
        )
        return self._make(Verdict.FAIL, f"{seen}: {outcome.reason or 'the right value is seen'}", judged)

    def _conclude(self, right: _Side, shows: _Side | None, waiting: Waiting | None) -> Finding:
        """Decide when nothing that comes later counts any more."""
        last, compared = self._last, self._last_compared
        interval = self.recording.manifest.interval
        if last is not None and last.outcome is None and not last.state.complete:
            return self.error(f"{last.reason} at the deadline", judged=last)
        if last is None or (waiting is not None and last.state.time < self._deadline):
            since = "the step settled" if last is None else _at(last.state.time)
            if waiting is None:
                return self.error(f"not scraped since {since}", judged=last)
            return self.error(f"not scraped since {since}: {_missing(waiting)}", judged=last)
        near = self._deadline - _NEAR_DEADLINE_SCRAPES * interval
        if compared is None or compared.state.time < near:
            reason = f"nothing could be compared near the deadline: {last.reason}"
            return self.error(reason, judged=last, layer=last.layer)
        assert compared.outcome is not None
        if self._streak and shows is None:
            reason = last.reason or "too few scrapes"
            followed = f"true at {_at(self._streak[0])}, then not followed: {reason}"
            return self.error(followed, judged=last, layer=last.layer)
        return self._never(right, shows, compared)

    def _never(self, right: _Side, shows: _Side | None, compared: _Judged) -> Finding:
        """Return the finding of what had not come when its time was over; `compared` is the last state."""
        ending = self._ended_by(compared)
        if ending is not None:
            # What is shown is the last that the chaos had a part in.
            endings = Endings(self.recording)
            before = (each for each in reversed(self._compared) if endings.after(each.state.time, ending))
            compared = next(before, compared)
        assert compared.outcome is not None
        scrapes = self.spec.deadline or DEADLINE_SCRAPES
        within = f"within {scrapes} scrape{'s' if scrapes > 1 else ''}"
        within += f" and {self._grace} more" if self._grace else ""
        reason = f"never {within}; at the last: {compared.outcome.reason}"
        if shows is not None and self.spec.known_issue is not None:
            issue = self.spec.known_issue.id
            reason = (
                f"neither what is right ({right.expected()}) nor what {issue} shows"
                f" ({shows.expected()}) {within}; at the last: {compared.outcome.reason}"
            )
            if compared.outcome.holds and compared.shows is not None and compared.shows.holds:
                reason = f"the waiver {issue} does not differ from what is right: both hold {within}"
        if ending is not None and ending.time < self.deadline:
            return self._inconclusive(ending, reason, compared)
        if ending is not None:
            reason += f"; {ending.what} at {_at(ending.time)}"
        return self._make(Verdict.FAIL, reason, compared)

    def _took_part(self) -> set[TargetKey]:
        before = set(self._baseline.scrapes) if self._baseline else set()
        return before | self.judged

    def _counts(self) -> bool:
        shown = self.spec.known_issue.shows if self.spec.known_issue else {}
        return self._baseline is not None and "increases_by" in (self.spec.kind, *shown)

    def _limit(self) -> float:
        """Return the time until which states count (seconds)."""
        interval = self.recording.manifest.interval
        limit = self._deadline + self._grace * interval
        if self._streak_began is not None and self._streak_began <= limit:
            limit = max(limit, self._streak_began + (self._steady + self._grace) * interval)
        return limit

    def _held(self) -> str:
        count = len(self._streak)
        return f"true at {_at(self._streak[0])}" + (f" and in all {count} scrapes since" if count > 1 else "")

    def _what_for(self, missing: str) -> str:
        if self._streak:
            return f"{self._steady - len(self._streak)} more scrapes to confirm it: {missing}"
        if self._last is not None and self._last.reason:
            return f"{missing}; so far: {self._last.reason}"
        return missing

    def error(self, reason: str, judged: _Judged | None = None, layer: str = "infrastructure") -> Finding:
        """Return a finding that says why there is no verdict on the product."""
        return self._make(Verdict.ERROR, reason, judged, layer=layer)

    def _make(
        self,
        verdict: Verdict,
        reason: str,
        judged: _Judged | None,
        *,
        layer: str | None = None,
        known_issue: str | None = None,
    ) -> Finding:
        spec = self.spec
        outcome = judged.outcome if judged is not None else None
        self._timeless = (
            judged is not None
            and outcome is not None
            and not outcome.holds
            and layer != "late"
            and (outcome.final or bool(judged.readings))
        )
        expected, actual, seconds = "", [], None
        try:
            expected = self._sides()[0].expected()
        except _Unjudgeable:
            expected = f"{spec.kind}: {spec.argument}"
        if judged is not None:
            expected = outcome.expected if outcome else expected
            shown = outcome.actual if outcome else None
            actual = rows(judged.state.samples[:MOST_ROWS]) if shown is None else shown
            began = self._acknowledged or self._settled
            seconds = round(judged.state.time - began.time, 3) if began else None
        if spec.kind == "increases_by":
            expected += " (the sum over the selected series)"
        evidence: dict[str, Any] = {}
        if self._selection is not None:
            evidence = Evidence(
                recording=self.recording,
                selection=self._selection,
                where=spec.where,
                state=judged.state if judged else None,
                baseline=self._baseline,
                took_part=self._took_part(),
                readings=judged.readings if judged else [],
            ).collect(self.increases(judged.state) if judged and self._counts() else [])
            evidence["deadline"] = self.deadline
            if self._lateness is not None and self._seen is not None and self._seen.changed:
                evidence["visibility"] = self._lateness.visibility(self._seen)
            if spec.promql is not None and judged is not None:
                evidence |= answers_until(self.recording, spec.promql, judged.state.time)
            if judged is not None:
                evidence["series_selected"] = len(judged.state.samples)
        return Finding(
            id=self.expected.id,
            step=self.expected.step,
            metric=spec.metric,
            kind=spec.kind,
            promql=spec.promql if spec.promql is not None else selector(spec.metric, spec.where),
            expected=expected,
            actual=actual,
            verdict=verdict,
            reason=reason,
            because=spec.because,
            level=spec.level,
            known_issue=known_issue,
            layer=layer,
            seconds=seconds,
            evidence=evidence,
        )


def judge(recording: Recording, expected: Expected, now: float, *, final: bool = False) -> Pending | Finding:
    """Say what a recording so far proves about an expectation.

    Args:
        recording: what was observed.
        expected: the expectation, templates resolved.
        now: the time, seconds on Prometheus' clock; decides only how long a scrape is waited for.
        final: nothing will be recorded any more; what is undecided becomes an error.
    """
    return Case(recording, expected).advance(now, final=final)


def abandon(recording: Recording, expected: Expected, reason: str) -> Finding:
    """Return the finding of an expectation that will never be decided, an error."""
    return Case(recording, expected).error(reason)


class Judge:
    """The expectations of a growing recording; each call of `judge` looks only at what is new."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self._cases: dict[str, Case] = {}

    def judge(self, expected: Expected, now: float, *, final: bool = False) -> Pending | Finding:
        """Say the same as the function `judge`."""
        if expected.id not in self._cases:
            self._cases[expected.id] = Case(self.recording, expected)
        return self._cases[expected.id].advance(now, final=final)

    def forget(self, expected: Expected) -> None:
        """Judge an expectation from its first state on the next time."""
        self._cases.pop(expected.id, None)

    def timeless(self, expected: Expected) -> bool:
        """Say whether what an expectation fails by is wrong whenever it is looked at; see Case."""
        return self._cases[expected.id].timeless

    def watch(self, expected: Expected, until: float) -> Finding | None:
        """Look at the scrapes after the step of an expectation that was judged at its end; see Case."""
        return self._cases[expected.id].watch(until)

    def asks(self) -> set[tuple[str, float]]:
        """Return (expression, evaluation time) of the answers that the last calls found missing."""
        return {ask for case in self._cases.values() if case.finding is None for ask in case.asks}


def _side(name: str, raw: Any) -> _Side:
    kind = kinds().get(name)
    if kind is None:
        raise _Unjudgeable(f"unknown kind of expectation: {name}")
    try:
        return _Side(kind, kind.parse(raw))
    except ArgumentError as error:
        raise _Unjudgeable(f"{name}: {error}") from error


def _lacking(before: State, state: State) -> str:
    """Return why a baseline cannot be compared with a state, or ""."""
    for target in state.scrapes:
        if target not in before.scrapes:
            return f"{target_text(target)} was not scraped before the step"
        if target in before.down:
            return f"{target_text(target)} was down before the step"
    return ""


def _missing(waiting: Waiting) -> str:
    return ", ".join(target_text(target) for target in waiting.targets) or waiting.reason


def _at(time: float) -> str:
    return f"{time:.3f}"
