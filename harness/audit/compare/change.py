"""One difference between two runs."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class ChangeKind(StrEnum):
    """What differs."""

    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    TYPE = "type"
    HELP = "help"
    LABEL_ADDED = "label-added"
    LABEL_REMOVED = "label-removed"
    BUCKETS = "buckets"
    VERDICT = "verdict"
    VALUE = "value"
    LATENCY = "latency"


class Change(BaseModel):
    """One difference.

    Attributes:
        kind: see ChangeKind.
        metric: its name before, or its only one; "" where it is about no metric.
        subject: what it is about when that is no metric: a scenario, a duration.
        before, after: as each run has it.
        breaking: what was built on the metric gives another result, or none.
        likeness: of a rename, 0 to 1: it is a suggestion.
        why: one sentence: what makes it breaking, or how it was told from noise.
    """

    model_config = ConfigDict(frozen=True)

    kind: ChangeKind
    metric: str = ""
    subject: str = ""
    before: str = ""
    after: str = ""
    breaking: bool = False
    likeness: float | None = None
    why: str = ""

    def line(self) -> str:
        """Return it as one line of text."""
        mark = "BREAKING " if self.breaking else ""
        what = " ".join(part for part in (self.metric, self.subject) if part)
        told = f"{mark}{self.kind} {what}"
        if self.before or self.after:
            told += f": {self.before or 'nothing'} -> {self.after or 'nothing'}"
        if self.likeness is not None:
            told += f" (likeness {self.likeness:.2f})"
        return f"{told}; {self.why}" if self.why else told
