"""What the judge compares: the selected series at one point of the scrapes' time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from harness.recording.series import TargetKey


class Sample(NamedTuple):
    """A series of a state, with the value at its target's scrape.

    Attributes:
        labels: without `__name__`.
    """

    labels: dict[str, str]
    value: float
    target: TargetKey


class Scrape(NamedTuple):
    """One scrape of a target.

    Attributes:
        time: when it began, seconds; its samples carry exactly this time.
        duration: seconds; None when it was not recorded.
        up: whether it succeeded.
    """

    time: float
    duration: float | None
    up: bool


@dataclass(frozen=True)
class State:
    """The selected series at `time`: those that each target's newest scrape until then had.

    A series that its target's newest scrape did not have is not in it. That is what "absent" means
    here: staleness, look-back and scrapes that failed play no part.

    Attributes:
        time: of the newest scrape in it, seconds.
        scrapes: the scrape that counts, for each target.
        samples: the selected series.
        down: targets whose scrape failed; the state says nothing then (always empty for `up` and
            `scrape_*`, which Prometheus itself writes).
    """

    time: float
    scrapes: dict[TargetKey, Scrape]
    samples: list[Sample]
    down: list[TargetKey] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """Whether every target answered."""
        return not self.down


def target_text(target: TargetKey) -> str:
    """Return a target as job/instance."""
    return f"{target[0]}/{target[1]}"
