"""What is decided of one expectation, one state after the other."""

from __future__ import annotations

import math
from typing import Any

from harness.judge.collected import Collected, JudgedState
from harness.judge.endings import Ending
from harness.judge.evidence import Evidence, rows
from harness.judge.expression import evidence as answers_until
from harness.judge.finding import Finding, Verdict
from harness.judge.given import UnjudgeableError
from harness.judge.kind import MOST_ROWS, StateOutcome
from harness.judge.lateness import Seen
from harness.judge.state import target_text
from harness.judge.sweep import AwaitingState
from harness.judge.terms import DEADLINE_SCRAPES, FIXED, GRACE_SCRAPES, WAS_RIGHT
from harness.prometheus.promql import selector
from harness.recording.model import Point
from harness.recording.series import TargetKey

_NEAR_DEADLINE_SCRAPES = 3


class Decision:
    """Of one expectation, as states are weighed.

    Attributes:
        stands: a pass or a known issue, unless a later state says otherwise.
        streak: the times of the states in a row, up to the newest, in which it held.
        shows_streak: the same of those in which its known issue showed.
        rests_on: the targets of those states that were needed to say so.
        interrupted: the time of the first state since then of which a target was down; infinity without any.
        timeless: what it fails by is wrong whenever it is looked at, not only by then: it can never become
            right, or an oracle said otherwise just before and just after the scrape.
        said: what the oracles said of states in which it held.
    """

    def __init__(self, collected: Collected) -> None:
        self._collected = collected
        self._given = collected.given
        self._spec = collected.given.spec
        self.stands: Finding | None = None
        self.streak: list[float] = []
        self.shows_streak: list[float] = []
        self.rests_on: set[TargetKey] = set()
        self.interrupted = math.inf
        self.timeless = False
        self.said: dict[tuple[str, str], list[Point]] = {}
        self._streak_began: float | None = None
        self._last: JudgedState | None = None
        self._compared: list[JudgedState] = []
        self._seen: Seen | None = None
        self._grace = 0 if self._given.recording.manifest.control else GRACE_SCRAPES

    @property
    def held_at(self) -> list[float]:
        """The times of the states in a row, up to the newest, in which it held or its known issue showed."""
        return [*(self.streak or self.shows_streak)]

    @property
    def deadline(self) -> float:
        """The time until which a scrape has to show it, seconds; 0 before the step has settled."""
        collected = self._collected
        if collected.lateness is None or self._spec.deadline is not None:
            return collected.deadline
        return self._seen.due if self._seen is not None else collected.lateness.due(collected.lost)

    @property
    def last_chance(self) -> float:
        """The latest time at which a scrape may show it, by all that was recorded, seconds."""
        lateness = self._collected.lateness
        if lateness is None or self._seen is None:
            return self.deadline
        return lateness.last_chance(self._seen, self._collected.lost)

    def limit(self) -> float:
        """Return the time until which states count (seconds)."""
        limit = self._collected.deadline + self._grace * self._given.interval
        if self._streak_began is not None and self._streak_began <= limit:
            steady = self._collected.steady + self._grace
            limit = max(limit, self._streak_began + steady * self._given.interval)
        return limit

    def what_for(self, missing: str) -> str:
        """Return what is waited for when something is missing."""
        if self.streak:
            more = self._collected.steady - len(self.streak)
            return f"{more} more scrapes to confirm it: {missing}"
        if self._last is not None and self._last.reason:
            return f"{missing}; so far: {self._last.reason}"
        return missing

    def weigh(self, judged: JudgedState) -> Finding | None:
        """Take one more state into account; return the finding if it decides."""
        self._last = judged
        if judged.outcome is None:
            return None
        self._compared.append(judged)
        if judged.shows is None:
            decided = self._weigh_right(judged, judged.outcome)
        elif self.stands is not None:
            decided = self._weigh_shown(judged, judged.outcome, judged.shows)
        else:
            decided = self._weigh_waiver(judged, judged.outcome, judged.shows)
        return self._unless_ended(decided, judged)

    def conclude(self, waiting: AwaitingState | None) -> Finding:
        """Decide when nothing that comes later counts any more."""
        last, compared = self._last, self._compared[-1] if self._compared else None
        if last is not None and last.outcome is None and not last.state.complete:
            return self.error(f"{last.reason} at the deadline", judged=last)
        if last is None or (waiting is not None and last.state.time < self._collected.deadline):
            since = "the step settled" if last is None else at(last.state.time)
            missing = "" if waiting is None else f": {_missing(waiting)}"
            return self.error(f"not scraped since {since}{missing}", judged=last)
        near = self._collected.deadline - _NEAR_DEADLINE_SCRAPES * self._given.interval
        if compared is None or compared.state.time < near:
            reason = f"nothing could be compared near the deadline: {last.reason}"
            return self.error(reason, judged=last, layer=last.layer)
        if self.streak and self._given.sides[1] is None:
            reason = last.reason or "too few scrapes"
            followed = f"true at {at(self.streak[0])}, then not followed: {reason}"
            return self.error(followed, judged=last, layer=last.layer)
        return self._never(compared)

    def error(self, reason: str, judged: JudgedState | None = None, layer: str = "infrastructure") -> Finding:
        """Return a finding that says why there is no verdict on the product."""
        return self.finding(Verdict.ERROR, reason, judged, layer=layer)

    def finding(
        self,
        verdict: Verdict,
        reason: str,
        judged: JudgedState | None,
        *,
        layer: str | None = None,
        known_issue: str | None = None,
    ) -> Finding:
        """Return a finding with its evidence; `judged` is the state that decided."""
        spec, collected = self._spec, self._collected
        outcome = judged.outcome if judged is not None else None
        self.timeless = (
            judged is not None
            and outcome is not None
            and not outcome.holds
            and layer != "late"
            and (outcome.final or bool(judged.readings))
        )
        try:
            expected = self._given.sides[0].expected()
        except UnjudgeableError:
            expected = f"{spec.kind}: {spec.argument}"
        actual: list[dict[str, Any]] = []
        seconds = None
        if judged is not None:
            expected = outcome.expected if outcome else expected
            shown = outcome.actual if outcome else None
            actual = rows(judged.state.samples[:MOST_ROWS]) if shown is None else shown
            began = collected.acknowledged or collected.settled
            seconds = round(judged.state.time - began.time, 3) if began else None
        if spec.kind == "increases_by":
            expected += " (the sum over the selected series)"
        return Finding(
            id=self._given.expected.id,
            step=self._given.expected.step,
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
            evidence=self._evidence(judged) if collected.sweep is not None and self._given.explained else {},
        )

    def _evidence(self, judged: JudgedState | None) -> dict[str, Any]:
        spec, collected = self._spec, self._collected
        before = collected.baseline
        shown = spec.known_issue.shows if spec.known_issue else {}
        counts = judged is not None and before is not None and "increases_by" in (spec.kind, *shown)
        evidence = Evidence(
            recording=self._given.recording,
            selection=self._given.selection,
            where=spec.where,
            state=judged.state if judged else None,
            baseline=before,
            took_part=(set(before.scrapes) if before else set()) | collected.took_part,
            readings=judged.readings if judged else [],
        ).collect(collected.increases(judged.state) if judged and counts else [])
        evidence["deadline"] = self.deadline
        if collected.lateness is not None and self._seen is not None and self._seen.changed:
            evidence["visibility"] = collected.lateness.visibility(self._seen)
        if judged is not None:
            if spec.promql is not None:
                evidence |= answers_until(self._given.recording, spec.promql, judged.state.time)
            evidence["series_selected"] = len(judged.state.samples)
        return evidence

    def _weigh_right(self, judged: JudgedState, outcome: StateOutcome) -> Finding | None:
        time = judged.state.time
        if outcome.holds:
            if not self.streak:
                self._see(judged)
                if late := self._late(time, "true"):
                    return self.finding(Verdict.FAIL, late, judged, layer="late")
            self.streak.append(time)
            self.said |= {(each.oracle, each.key): each.vector or [] for each in judged.readings}
            self._streak_began = self.streak[0]
            if self.stands is None:
                self.rests_on |= judged.state.scrapes.keys()
                if len(self.streak) >= self._collected.steady:
                    count = len(self.streak)
                    held = f"true at {at(self.streak[0])}"
                    held += f" and in all {count} scrapes since" if count > 1 else ""
                    return self.finding(Verdict.PASS, held, judged)
            return None
        if self.streak:
            reason = f"{WAS_RIGHT} at {at(self.streak[-1])} and wrong again at {at(time)}: {outcome.reason}"
            return self.finding(Verdict.FAIL, reason, judged)
        return self.finding(Verdict.FAIL, outcome.reason, judged) if outcome.final else None

    def _weigh_waiver(
        self, judged: JudgedState, outcome: StateOutcome, other: StateOutcome
    ) -> Finding | None:
        issue, steady = self._spec.known_issue, self._collected.steady
        assert issue is not None
        time = judged.state.time
        # Where both hold the state says nothing: what is unchanged is so until the first wrong increase.
        if outcome.holds != other.holds:
            running = self.streak if outcome.holds else self.shows_streak
            self.streak = [*self.streak, time] if outcome.holds else []
            self.shows_streak = [*self.shows_streak, time] if other.holds else []
            if not running:
                self._streak_began, self.rests_on, self.interrupted = time, set(), math.inf
                self._see(judged)
            self.rests_on |= judged.state.scrapes.keys()
        else:
            self.streak, self.shows_streak, self._streak_began = [], [], None
        if len(self.streak) >= steady:
            reason = f"{FIXED} the right value is seen: remove the waiver {issue.id}"
            return self.finding(Verdict.FAIL, reason, judged)
        if len(self.shows_streak) >= steady:
            if late := self._late(self.shows_streak[0], "seen not before"):
                return self.finding(Verdict.FAIL, f"known issue {issue.id}: {late}", judged)
            reason = f"known issue {issue.id}: {other.expected}"
            return self.finding(Verdict.KNOWN_ISSUE, reason, judged, known_issue=issue.id)
        if outcome.final and other.final:
            reason = f"neither what is right nor what {issue.id} shows: {outcome.reason}"
            return self.finding(Verdict.FAIL, reason, judged)
        return None

    def _weigh_shown(self, judged: JudgedState, outcome: StateOutcome, other: StateOutcome) -> Finding | None:
        """Take a state into account that comes after the known issue was seen."""
        issue, time = self._spec.known_issue, judged.state.time
        assert issue is not None
        if other.holds and not outcome.holds:
            self.shows_streak.append(time)
            return None
        seen = f"known issue {issue.id}: seen at {at(self.shows_streak[-1])} and not any more at {at(time)}"
        return self.finding(Verdict.FAIL, f"{seen}: {outcome.reason or 'the right value is seen'}", judged)

    def _see(self, judged: JudgedState) -> None:
        """Take up the first state in a row in which it holds, or its known issue shows."""
        collected = self._collected
        if collected.lateness is not None:
            changed = collected.has_changed(judged.state)
            self._seen = collected.lateness.seen(
                judged.state.time, judged.readings, collected.lost, changed=changed
            )

    def _late(self, time: float, words: str) -> str:
        """Return by how much the first state in a row is late, or "".

        Args:
            time: of that state, seconds.
            words: what to say of a recording without promptness before by how much.
        """
        lateness = self._collected.lateness
        if lateness is None or self._seen is None:
            over = time - self._collected.deadline
            return f"{words} {over:.1f} s after the deadline" if over > 0 else ""
        return lateness.text(self._seen) if self._seen.is_late else ""

    def _ended_by(self, judged: JudgedState) -> Ending | None:
        """Return what had ended by itself, since scrapes count, when a state was scraped."""
        return self._given.endings().between(self._collected.fresh_from(), judged.state.time)

    def _unless_ended(self, decided: Finding | None, judged: JudgedState) -> Finding | None:
        """Return a decision, or what it is when a failure only came with the end of the chaos."""
        if decided is None or decided.verdict is not Verdict.FAIL:
            return decided
        ending = self._ended_by(judged)
        if ending is None:
            return decided
        if self.stands is not None:
            return self.stands
        began = self._seen.time if self._seen is not None else math.inf
        fixed = decided.reason.startswith(FIXED) and began < ending.time
        if fixed or decided.layer == "late" or "late by" in decided.reason:
            return decided
        return self._inconclusive(ending, decided.reason, judged)

    def _inconclusive(self, ending: Ending, reason: str, judged: JudgedState | None) -> Finding:
        """Return the error of what could not be told before the chaos ended."""
        so = f"inconclusive: {ending.what} at {at(ending.time)}, before this was decided"
        return self.error(f"{so}: {reason}", judged=judged)

    def _never(self, compared: JudgedState) -> Finding:
        """Return the finding of what had not come when its time was over; `compared` is the last state."""
        ending = self._ended_by(compared)
        if ending is not None:
            # What is shown is the last that the chaos had a part in.
            endings = self._given.endings()
            before = (each for each in reversed(self._compared) if endings.after(each.state.time, ending))
            compared = next(before, compared)
        assert compared.outcome is not None
        scrapes = self._spec.deadline or DEADLINE_SCRAPES
        within = f"within {scrapes} scrape{'s' if scrapes > 1 else ''}"
        within += f" and {self._grace} more" if self._grace else ""
        reason = f"never {within}; at the last: {compared.outcome.reason}"
        (right, shows), issue = self._given.sides, self._spec.known_issue
        if shows is not None and issue is not None:
            reason = (
                f"neither what is right ({right.expected()}) nor what {issue.id} shows"
                f" ({shows.expected()}) {within}; at the last: {compared.outcome.reason}"
            )
            if compared.outcome.holds and compared.shows is not None and compared.shows.holds:
                reason = f"the waiver {issue.id} does not differ from what is right: both hold {within}"
        if ending is not None and ending.time < self.deadline:
            return self._inconclusive(ending, reason, compared)
        if ending is not None:
            reason += f"; {ending.what} at {at(ending.time)}"
        return self.finding(Verdict.FAIL, reason, compared)


def at(time: float) -> str:
    """Return a time (seconds) as findings have it."""
    return f"{time:.3f}"


def _missing(waiting: AwaitingState) -> str:
    return ", ".join(target_text(target) for target in waiting.targets) or waiting.reason
