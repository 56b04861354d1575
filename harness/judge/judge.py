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

from collections.abc import Iterable

from harness.judge.collected import Collected, JudgedState, SaidBefore
from harness.judge.decision import Decision, at
from harness.judge.finding import Finding, Pending, Verdict
from harness.judge.given import Given, UnjudgeableError
from harness.judge.kind import NotComparableError
from harness.judge.state import SeriesState
from harness.judge.sweep import AwaitingState
from harness.judge.terms import SLACK_SCRAPES, WATCHED
from harness.recording.model import Expected, Recording

WATCH_LAYER = "collector"
"""Where it lies when a scrape that Prometheus made shows something else than those around it."""
_SHOWN_TIMES = 5


class ExpectationCase:
    """One expectation of a recording, judged as the recording grows.

    A pass, or a known issue, is said as soon as it is known, and stands only as long as no later state of
    the step says otherwise. All other findings are final.

    States that were judged are not looked at again; what is said is the same as when all is judged
    at once.

    Attributes:
        given: what is judged.
        collected: what was recorded about it, so far.
        decision: what came of that, so far.
        finding: what is final.
    """

    def __init__(self, given: Given) -> None:
        self.given = given
        self.collected = Collected(given)
        self.decision = Decision(self.collected)
        self.finding: Finding | None = None

    def advance(self, now: float, *, final: bool = False) -> Pending | Finding:
        """Judge what was recorded since the last call.

        Args:
            now: the time, seconds on Prometheus' clock.
            final: nothing will be recorded any more; what is undecided becomes an error.
        """
        if self.finding is None:
            self.collected.asks = set()
            try:
                said = self._advance(now, final)
            except UnjudgeableError as error:
                said = self.decision.error(str(error), layer=error.layer)
            if isinstance(said, Pending) or said is self.decision.stands:
                return said
            self.finding = said
        return self.finding

    def watch(self, until: float) -> Finding | None:
        """Look at the scrapes after the step, in which it has to stay as it was; oracles are not asked again.

        What ends, or goes on, by itself ends the watch.

        Args:
            until: seconds; a scrape that was not complete by then, as far as the clocks tell, does not count.

        Returns:
            The finding if it did not stay so, or None. Nothing that did not pass can do worse.
        """
        collected, decision = self.collected, self.decision
        if decision.stands is None or decision.stands.verdict is not Verdict.PASS:
            return None
        assert collected.sweep is not None
        self.given.selection.refresh()
        right, _ = self.given.sides
        context = SaidBefore(collected, decision.said)
        endings = self.given.endings()
        wrong: list[JudgedState] = []
        scrapes, last = len(decision.streak), decision.streak[-1]
        while not isinstance(state := collected.sweep.next(patient=False), AwaitingState):
            if self._complete_at(state) > until or endings.between(collected.fresh_from(), state.time):
                break
            collected.sweep.accept(state)
            if not state.complete:
                continue
            try:
                outcome = right.kind.check(right.argument, state, collected.baseline, context)
            except NotComparableError:
                continue
            scrapes, last = scrapes + 1, state.time
            if not outcome.holds:
                wrong.append(JudgedState(state, outcome, outcome.reason))
        if not wrong:
            return None
        times = ", ".join(at(each.state.time) for each in wrong[:_SHOWN_TIMES])
        times += f" and {len(wrong) - _SHOWN_TIMES} more" if len(wrong) > _SHOWN_TIMES else ""
        first = wrong[0]
        reason = f"flickered: right in {scrapes - len(wrong)} of {scrapes} scrapes, wrong at {times}"
        if last == wrong[-1].state.time and len(wrong) > 1:
            reason = (
                f"did not last: right in {scrapes - len(wrong)} of {scrapes} scrapes and wrong from"
                f" {at(first.state.time)} on, though nothing was done that changes it"
            )
        finding = decision.finding(Verdict.FAIL, f"{reason}: {first.reason}", first, layer=WATCH_LAYER)
        return finding.model_copy(update={"evidence": {**finding.evidence, WATCHED: scrapes}})

    def _complete_at(self, state: SeriesState) -> float:
        """Return when all scrapes of a state were surely complete."""
        return self.given.recording.manifest.clock_uncertainty + max(
            scrape.time + (self.given.interval if scrape.duration is None else scrape.duration)
            for scrape in state.scrapes.values()
        )

    def _advance(  # noqa: PLR0911, PLR0912  (one for each thing that may be missing)
        self, now: float, final: bool
    ) -> Pending | Finding:
        given, collected, decision = self.given, self.collected, self.decision
        _ = given.sides
        if waiting := collected.begin():
            if final:
                return decision.error(f"the step ended before a decision: {waiting}")
            return Pending(waiting_for=waiting)
        assert collected.sweep is not None
        given.selection.refresh()
        while True:
            expired = now > decision.limit() + SLACK_SCRAPES * given.interval
            hurried = final or (expired and decision.stands is None)
            state = collected.sweep.next(patient=not hurried)
            if isinstance(state, AwaitingState):
                if decision.stands is not None:
                    return decision.stands
                if expired:
                    return decision.conclude(state)
                if final:
                    return decision.error(f"the step ended before a decision: waiting for {state.reason}")
                return Pending(waiting_for=decision.what_for(state.reason))
            if decision.stands is None and state.time > decision.limit():
                return decision.conclude(None)
            judged = collected.compare(
                state, held=bool(decision.held_at), standing=decision.stands is not None
            )
            if isinstance(judged, NotComparableError):
                if not state.complete and decision.held_at:
                    decision.interrupted = min(decision.interrupted, state.time)
                # An answer is there as soon as it was asked for, however late it is.
                if (judged.waiting and not hurried) or (collected.asks and not final):
                    return decision.stands or Pending(waiting_for=decision.what_for(judged.reason))
                judged = JudgedState(state, None, judged.reason, judged.layer)
            collected.sweep.accept(state)
            decided = decision.weigh(judged)
            if decided is not None and decided.verdict.as_expected:
                decision.stands = decided
            elif decided is not None:
                return decided


def judge(recording: Recording, expected: Expected, now: float, *, final: bool = False) -> Pending | Finding:
    """Say what a recording so far proves about an expectation.

    Args:
        recording: what was observed.
        expected: the expectation, templates resolved.
        now: the time, seconds on Prometheus' clock; decides only how long a scrape is waited for.
        final: nothing will be recorded any more; what is undecided becomes an error.
    """
    return ExpectationCase(Given.of(recording, expected)).advance(now, final=final)


class Judge:
    """The expectations of a growing recording; each call of `judge` looks only at what is new."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._cases: dict[str, ExpectationCase] = {}

    def case(self, expected: Expected) -> ExpectationCase:
        """Return what is known of an expectation."""
        if expected.id not in self._cases:
            self._cases[expected.id] = ExpectationCase(Given.of(self._recording, expected))
        return self._cases[expected.id]

    def judge(self, expected: Expected, now: float, *, final: bool = False) -> Pending | Finding:
        """Say the same as the function `judge`."""
        return self.case(expected).advance(now, final=final)

    def forget(self, expected: Expected) -> None:
        """Judge an expectation from its first state on the next time."""
        if expected.id in self._cases:
            self._cases[expected.id] = ExpectationCase(self._cases[expected.id].given)

    def asks(self, expected: Iterable[Expected]) -> set[tuple[str, float]]:
        """Return (expression, evaluation time) of the answers that the last calls for these found missing.

        What an earlier step still asked for when it ended is nobody's to wait for.
        """
        cases = (case for each in expected if (case := self._cases.get(each.id)) and case.finding is None)
        return {ask for case in cases for ask in case.collected.asks}
