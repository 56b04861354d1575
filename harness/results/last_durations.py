"""How long scenarios took when they last ran on this machine: kept in the cache, to balance shards."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from pathlib import Path

from harness.base import places
from harness.base.bounded import MIB, FileError, read_json
from harness.base.files import write_whole
from harness.judge.finding import Verdict
from harness.results.scenario import ScenarioResult

_MOST_BYTES = 4 * MIB
_NOT_KEPT = (Verdict.SKIPPED, Verdict.ERROR)


def path() -> Path:
    """Return the file: a JSON object of scenario to seconds."""
    return places.cache_dir() / "last-durations.json"


def read() -> dict[str, float]:
    """Return the seconds by scenario; none of a file that is not there or cannot be read."""
    try:
        found = read_json(path(), most=_MOST_BYTES)
    except FileError:
        return {}
    if not isinstance(found, dict):
        return {}
    return {
        name: float(seconds)
        for name, seconds in found.items()
        if isinstance(seconds, int | float)
        and not isinstance(seconds, bool)
        and math.isfinite(seconds)
        and seconds > 0
    }


def keep(scenarios: Iterable[ScenarioResult]) -> None:
    """Keep what scenarios took, beside what is known of others.

    Raises:
        OSError: the file cannot be written; what was there is as it was.
    """
    took = {each.name: round(each.seconds, 1) for each in scenarios if each.verdict not in _NOT_KEPT}
    if took:
        write_whole(path(), json.dumps({**read(), **took}, indent=1, sort_keys=True) + "\n")
