"""Judges one expectation again and again with other samples: what they do not change is worked out once.

The mutants of an expectation have the scrapes, the readings and the events of the recording in common, and
mostly the targets, too. So they share which scrapes make a state, which readings are around it, and what
ended by itself; only samples are compared again. A finding carries no evidence: only its verdict counts.
"""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from harness.judge.argument import OracleRef
from harness.judge.endings import Endings
from harness.judge.given import Given, Wanted
from harness.judge.kind import NotComparableError
from harness.judge.matching import Matchers
from harness.judge.state import Scrape, SeriesState
from harness.judge.sweep import AwaitingState, Selection, Sweep
from harness.recording.model import Reading, Recording
from harness.recording.series import TargetKey


class Common:
    """What mutants with the same targets, scrapes and readings have in common.

    Attributes:
        given: the expectation.
        states: the scrapes of each state so far, in order.
    """

    def __init__(self, given: Given) -> None:
        self.given = given
        self.states: list[dict[TargetKey, Scrape]] = []
        self._around: dict[tuple[str, str, float], list[Reading] | NotComparableError] = {}

    @cached_property
    def endings(self) -> Endings:
        """See Given."""
        return Endings(self.given.recording)

    def readings_around(self, oracle: OracleRef, state: SeriesState, fresh_from: float) -> list[Reading]:
        """Return the readings around a state; see Given."""
        # The states follow each other in time: there is one at a time.
        key = (oracle.name, oracle.key, state.time)
        if key not in self._around:
            try:
                self._around[key] = self.given.readings_around(oracle, state, fresh_from)
            except NotComparableError as error:
                self._around[key] = error
        found = self._around[key]
        if isinstance(found, NotComparableError):
            raise found.with_traceback(None)
        return found


class GivenAgain(Given):
    """The expectation with samples of a mutant."""

    explained = False

    def __init__(self, common: Common, recording: Recording) -> None:
        super().__init__(recording, common.given.expected, common.given.spec)
        # A frozen dataclass sets its own fields in the same way.
        object.__setattr__(self, "_common", common)

    _common: Common

    @cached_property
    def sides(self) -> tuple[Wanted, Wanted | None]:
        """See Given."""
        return self._common.given.sides

    @cached_property
    def fixed(self) -> dict[str, str]:
        """See Given."""
        return self._common.given.fixed

    @cached_property
    def matchers(self) -> Matchers:
        """See Given."""
        return self._common.given.matchers

    def sweep(self, fresh_after: float, known: Collection[TargetKey]) -> Sweep:
        """See Given."""
        return _SweepAgain(self.selection, fresh_after, known, self._common.states)

    def readings_around(self, oracle: OracleRef, state: SeriesState, fresh_from: float) -> list[Reading]:
        """See Given."""
        return self._common.readings_around(oracle, state, fresh_from)

    def endings(self) -> Endings:
        """See Given."""
        return self._common.endings


class _SweepAgain(Sweep):
    """The states that others with the same targets have had, with other samples; then those after them."""

    def __init__(
        self,
        selection: Selection,
        fresh_after: float,
        known: Collection[TargetKey],
        states: list[dict[TargetKey, Scrape]],
    ) -> None:
        super().__init__(selection, fresh_after, known)
        self._states = states
        self._next = 0

    def next(self, *, patient: bool) -> SeriesState | AwaitingState:
        """Return the next state; nothing is recorded any more, so nothing is waited for."""
        if self._next < len(self._states):
            return self.selection.state_of(self._states[self._next])
        state = super().next(patient=False)
        if isinstance(state, SeriesState):
            self._states.append(state.scrapes)
        return state

    def accept(self, state: SeriesState) -> None:
        """Go on behind this state."""
        super().accept(state)
        self._next += 1
