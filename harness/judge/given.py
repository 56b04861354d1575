"""What is given to judge one expectation: the recording, and what is expected, typed once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import ValidationError

from harness.base.words import cut
from harness.judge.argument import ArgumentError
from harness.judge.kind import Kind, kinds
from harness.judge.matching import Matchers, fixed_labels
from harness.judge.sweep import Selection
from harness.recording.model import Expected, InconsistentRecordingError, Recording
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
