"""What was exposed, in the form that is compared with the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from harness.prometheus.exposition import Family
from harness.recording.labels import without_target


@dataclass(frozen=True)
class Exposed:
    """The whole /metrics of one target."""

    job: str
    instance: str
    families: list[Family]


@dataclass
class Recorded:
    """What recordings, or Prometheus, hold of series that may be gone by the end of a run.

    Attributes:
        series: (name, job) to the label sets, without those of the target. Prometheus keeps no empty
            labels, so a label that is missing here says nothing.
    """

    series: dict[tuple[str, str], set[frozenset[tuple[str, str]]]] = field(default_factory=dict)

    def add(self, labels: Mapping[str, str]) -> None:
        """Add one series as Prometheus stores it, with `__name__` and `job`."""
        own = frozenset(each for each in without_target(labels).items() if each[0] != "__name__")
        self.series.setdefault((labels.get("__name__", ""), labels.get("job", "")), set()).add(own)
