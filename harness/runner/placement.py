"""Says on which cluster of a run a scenario can start, beside those that run already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from harness.runner.conflicts import Conflicts


def place_for(
    conflicts: Conflicts, places: Sequence[str], running: Sequence[tuple[str, Conflicts]]
) -> str | None:
    """Return the cluster: of those where nothing is in the way the one on which the fewest run.

    Args:
        conflicts: of the scenario.
        places: the clusters, all on one machine; of equals the first one is taken.
        running: the cluster and the conflicts of each scenario that runs.

    Returns:
        None when it has to wait.
    """
    if any(conflicts.meets_elsewhere(other) for _, other in running):
        return None
    free = [
        place
        for place in places
        if not any(where == place and conflicts.meets(other) for where, other in running)
    ]
    number = Counter(where for where, _ in running)
    return min(free, key=lambda place: number[place], default=None)
