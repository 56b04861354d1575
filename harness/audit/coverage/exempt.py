"""What needs no proof: limits of environments, and waivers until a day. Both select transitions alike."""

from __future__ import annotations

from pathlib import Path

from harness.audit.coverage.transition import Transition
from harness.audit.coverage.twins import TwinOf
from harness.base.waiver import WaivedPart, Waiver, read
from harness.results.coverage import SeriesChange

_HERE = Path(__file__).parent
LIMITS, WAIVERS = _HERE / "limits", _HERE / "waivers"
_PAGE = "docs/coverage.md, Limits and waivers"


class ProofSelector(WaivedPart):
    """Transitions, or twins, that need no proof.

    Attributes:
        metrics: their names in the catalogue; all, when none is given.
        label: only transitions of this label; "" for metrics as a whole; all, when it is not given.
        values: of the label; all, when none is given.
        changes: all, when none is given.
        twins: it is about these twins of the metrics, and about no transition.
    """

    metrics: tuple[str, ...] = ()
    label: str | None = None
    values: tuple[str, ...] = ()
    changes: tuple[SeriesChange, ...] = ()
    twins: tuple[str, ...] = ()

    def selects(self, what: Transition | TwinOf) -> bool:
        """Say whether it is about a transition or a twin."""
        if self.metrics and what.metric not in self.metrics:
            return False
        if isinstance(what, TwinOf):
            return what.twin in self.twins
        return (
            not self.twins
            and (self.label is None or what.label == self.label)
            and (not self.values or what.value in self.values)
            and (not self.changes or what.change in self.changes)
        )


ProofWaiver = Waiver[ProofSelector]


def limits(folder: Path = LIMITS) -> list[ProofWaiver]:
    """Return what no environment that the harness can make allows, of all files of a folder.

    Raises:
        UsageError: a file cannot be read.
    """
    return read(folder.glob("*.yaml"), ProofSelector, expire=False, see=_PAGE)


def waivers(folder: Path = WAIVERS) -> list[ProofWaiver]:
    """Return what needs no proof for a while, of all files of a folder.

    Raises:
        UsageError: a file cannot be read.
    """
    return read(folder.glob("*.yaml"), ProofSelector, expire=True, see=_PAGE)
