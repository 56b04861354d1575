"""What is given to judge one expectation: the recording, and what is expected, typed once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from pydantic import ValidationError

from harness.base.words import cut
from harness.judge.argument import ArgumentError, OracleRef
from harness.judge.endings import Endings
from harness.judge.kind import Kind, kinds
from harness.judge.matching import Matchers, fixed_labels
from harness.judge.reading import bracket
from harness.judge.state import SeriesState
from harness.judge.sweep import Selection, Sweep
from harness.recording.model import Expected, InconsistentRecordingError, Reading, Recording
from harness.recording.series import TargetKey
from harness.scenario.model import Expectation


class UnjudgeableError(Exception):
    """The expectation itself cannot be judged: it becomes a finding."""

    def __init__(self, reason: str, layer: str = "infrastructure") -> None:
        super().__init__(reason)
        self.layer = layer


@dataclass(frozen=True)
class Wanted:
    """A kind with its argument: what is right, or what a known issue shows."""

    kind: Kind
    argument: Any

    @classmethod
    def of(cls, name: str, raw: Any) -> Wanted:
        """Return it with the argument parsed.

        Raises:
            UnjudgeableError: there is no such kind, or it takes something else.
        """
        kind = kinds().get(name)
        if kind is None:
            raise UnjudgeableError(f"unknown kind of expectation: {name}")
        try:
            return cls(kind, kind.parse(raw))
        except ArgumentError as error:
            raise UnjudgeableError(f"{name}: {error}") from error

    def expected(self) -> str:
        """Return what is wanted, in words."""
        return self.kind.describe(self.argument)


@dataclass(frozen=True)
class Given:
    """One expectation of a recording. The recording grows, and the selection with it."""

    recording: Recording
    expected: Expected
    spec: Expectation

    @classmethod
    def of(cls, recording: Recording, expected: Expected) -> Given:
        """Type an expectation as it was recorded, templates resolved.

        Raises:
            InconsistentRecordingError: it is none.
        """
        try:
            return cls(recording, expected, Expectation.model_validate(expected.spec))
        except ValidationError as error:
            problem = error.errors()[0]["msg"]
            raise InconsistentRecordingError(f"{cut(expected.id)} is no expectation: {problem}") from error

    explained: ClassVar[bool] = True
    """Whether a finding carries its evidence."""

    @property
    def interval(self) -> float:
        """Between two scrapes, seconds."""
        return self.recording.manifest.interval

    @cached_property
    def sides(self) -> tuple[Wanted, Wanted | None]:
        """What is right, and what the known issue shows; see `Wanted.of`."""
        issue = self.spec.known_issue
        shows = next(iter(issue.shows.items())) if issue else None
        return Wanted.of(self.spec.kind, self.spec.argument), Wanted.of(*shows) if shows else None

    @cached_property
    def fixed(self) -> dict[str, str]:
        """Labels that `where` fixes by equality."""
        return fixed_labels(self.spec.where)

    @cached_property
    def matchers(self) -> Matchers:
        """Those of `where`."""
        return Matchers(self.spec.where)

    @cached_property
    def selection(self) -> Selection:
        """The series that are selected, and the targets that decide it; `refresh` it before it is asked."""
        return Selection(self.recording, self.spec.metric, self.matchers, self.expected.jobs)

    def sweep(self, fresh_after: float, known: Collection[TargetKey]) -> Sweep:
        """Return the states after a time; see Sweep."""
        return Sweep(self.selection, fresh_after, known)

    def readings_around(self, oracle: OracleRef, state: SeriesState, fresh_from: float) -> list[Reading]:
        """Return the readings of an oracle around a state; see `bracket`."""
        recorded = self.recording.readings.get((oracle.name, oracle.key), [])
        return bracket(oracle, recorded, state, fresh_from, self.recording.manifest)

    def endings(self) -> Endings:
        """Return what ended, or went on, by itself until now."""
        return Endings(self.recording)
