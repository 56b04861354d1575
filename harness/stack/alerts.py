"""The alert rules that ship with the harness, as our Prometheus gets them: the same rules, sooner.

They are written for people who scrape every 15 to 60 seconds and do not want to be woken for nothing. How
long something must last is therefore shortened for a stack in which a scenario takes seconds; nothing else
is changed.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from harness.base import bundled
from harness.base.durations import RULE, seconds_of
from harness.base.errors import UsageError

SOONER = 100
"""What `for` is divided by."""

_TESTS = ".test"


def files() -> list[Path]:
    """Return the files with rules; their unit tests for promtool lie beside them as `NAME.test.yaml`."""
    found = sorted((bundled.fixtures() / "alerts").glob("*.yaml"))
    return [path for path in found if not path.stem.endswith(_TESTS)]


def tests() -> list[Path]:
    """Return the files with the rules' unit tests for promtool."""
    return sorted((bundled.fixtures() / "alerts").glob(f"*{_TESTS}.yaml"))


def sooner(interval: float) -> str:
    """Return all rules as one file of rules for Prometheus.

    Args:
        interval: between two scrapes, seconds; what has to last at all lasts one of them.
    """
    groups = [group for path in files() for group in yaml.safe_load(path.read_text())["groups"]]
    return yaml.safe_dump(
        {
            "groups": [
                {**group, "rules": [_sooner(rule, interval) for rule in group["rules"]]} for group in groups
            ]
        },
        sort_keys=False,
        width=1000,
    )


def _sooner(rule: dict[str, Any], interval: float) -> dict[str, Any]:
    if "for" not in rule:
        return rule
    return {**rule, "for": f"{round(max(seconds(rule['for']) / SOONER, interval) * 1000)}ms"}


def seconds(written: str) -> float:
    """Return a duration of Prometheus, such as 1h30m, in seconds.

    Raises:
        UsageError: it is none, or has a unit that no rule of ours needs.
    """
    try:
        return seconds_of(written, RULE)
    except ValueError as error:
        raise UsageError(str(error)) from error
