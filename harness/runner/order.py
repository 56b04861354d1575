"""In which order scenarios are started, when several run at the same time.

The one that keeps the most waiting comes first: its own time, and that of all that cannot run beside it, by
what each took the last time. Those that replace Chaos Mesh's pods exclude nearly all others and each other,
and are the critical path. Of those that disturb nobody the longest comes first.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Mapping

from harness.runner.conflicts import Conflicts


def start_order(conflicts: Mapping[str, Conflicts], seconds: Mapping[str, float]) -> list[str]:
    """Return the names in the order in which they are to be started; of equals, as they came.

    Args:
        conflicts: of each, in the order of their files.
        seconds: what each took the last time, as far as it is known; in place of the others the median.
    """
    usual = statistics.median(seconds.values()) if seconds else 1.0
    took = {name: seconds.get(name, usual) for name in conflicts}
    met: dict[str, list[float]] = {name: [] for name in conflicts}
    for (name, one), (other, another) in itertools.combinations(conflicts.items(), 2):
        if one.meets(another):
            met[name].append(took[other])
            met[other].append(took[name])
    kept_waiting = {name: took[name] + sum(met[name]) for name in conflicts}
    return sorted(conflicts, key=lambda name: -kept_waiting[name])
