"""How long a run takes by the order in which its scenarios are started: simulated, by what they took.

    python -m benchmarks.order_of_scenarios REPORT

Prints, for some numbers of scenarios in parallel, the wall time of each order as a part of the sum of the
scenarios, the ratio of the order in use against the one by the number of conflicts, and that of two clusters,
of which the second comes up meanwhile, against one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.base import bundled
from harness.chaosmesh.catalogue.own import catalogue_of
from harness.runner.conflicts import Conflicts, conflicts_of
from harness.runner.order import start_order
from harness.runner.placement import place_for
from harness.scenario.discover import discover
from harness.scenario.load import load

PARALLEL = (2, 3, 4, 6)
UP_SECONDS = 60.0
"""After which a further cluster is up."""


def wall_time(
    order: Sequence[str],
    seconds: Mapping[str, float],
    conflicts: Mapping[str, Conflicts],
    number: int,
    clusters: int = 1,
) -> float:
    """Return when the last one has ended (seconds): each is started as soon as it can be, in this order."""
    queue, running, now = [*order], dict[str, tuple[float, str]](), 0.0
    while queue or running:
        places = [str(place) for place in range(clusters) if place * UP_SECONDS <= now]
        for name in [*queue]:
            there = [(place, conflicts[each]) for each, (_, place) in running.items()]
            place = place_for(conflicts[name], places, there) if len(running) < number else None
            if place is not None:
                queue.remove(name)
                running[name] = (now + seconds[name], place)
        first = min(running, key=lambda name: running[name][0])
        now, _ = running.pop(first)
    return now


def main(report: Path) -> None:
    """Simulate each order."""
    results = json.loads((report / "results.json").read_text())["scenarios"]
    took = {each["name"]: each["seconds"] for each in results if each["verdict"] not in ("skipped", "error")}
    files = {file.name: file for path in discover([bundled.scenarios()]) for file in load(path)}
    conflicts = {
        name: conflicts_of(files[name], catalogue_of(files[name].path)) for name in took if name in files
    }
    seconds = {name: took[name] for name in conflicts}
    whole = sum(seconds.values())
    print(f"{len(seconds)} scenarios, {whole:.0f} s in all")
    orders = {
        "conflicts": start_order(conflicts, {}),
        "longest": sorted(seconds, key=lambda name: -seconds[name]),
        "in use": start_order(conflicts, seconds),
    }
    for number in PARALLEL:
        found = {name: wall_time(order, seconds, conflicts, number) for name, order in orders.items()}
        parts = ", ".join(f"{name} {time:.0f} s ({time / whole:.2f})" for name, time in found.items())
        print(f"{number} in parallel: {parts}; ratio {found['in use'] / found['conflicts']:.2f}")
        two = wall_time(orders["in use"], seconds, conflicts, number, clusters=2)
        print(f"  on two clusters: {two:.0f} s ({two / whole:.2f}); ratio {two / found['in use']:.2f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
