"""A stretch of time in which the harness or the cluster could not act, as a recording's notes keep it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from harness.recording.model import Note
from harness.recording.notes import OVERLOAD

What = Literal["frozen", "cpu", "busy", "cluster", "prometheus"]


@dataclass(frozen=True)
class Stretch:
    """Seconds on Prometheus' clock in which not everything could be done.

    Attributes:
        what: `frozen`: this process did not run, or the clock jumped; `cpu`: work on the CPU took many times
            as long as it needs; `busy`: it took some times as long, which matters where scrapes timed out
            as well; `cluster`: the API server or a kubelet did not answer, or took seconds;
            `prometheus`: it took seconds to answer.
        began, ended: seconds.
        worst: seconds of the longest tick or answer; of `cpu` and `busy` how many times as long work took.
    """

    what: What
    began: float
    ended: float
    worst: float

    def note(self) -> Note:
        """Return the entry of a recording."""
        text = {
            "frozen": f"the harness did not run for {self.worst:.1f} s",
            "cpu": f"the CPU was {self.worst:.0f} times as slow as it is",
            "busy": f"the CPU was {self.worst:.0f} times as slow as it is",
            "cluster": f"the cluster took {self.worst:.1f} s to answer, or did not",
            "prometheus": f"Prometheus took {self.worst:.1f} s to answer",
        }
        return Note(time=self.ended, text=text[self.what], detail={OVERLOAD: asdict(self)})


def stretch_of(note: Note) -> Stretch | None:
    """Return the stretch that a note is about; None of any other note, or of one that does not make sense."""
    found: Any = note.detail.get(OVERLOAD)
    try:
        return Stretch(found["what"], *(float(found[key]) for key in ("began", "ended", "worst")))
    except (KeyError, TypeError, ValueError):
        return None
