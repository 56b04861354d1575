"""The alert rules that ship with the harness, as our Prometheus gets them: the same rules, sooner.

They are written for people who scrape every 15 to 60 seconds and do not want to be woken for nothing. How
long something must last is therefore shortened for a stack in which a scenario takes seconds; nothing else
is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from harness.base import bundled
from harness.base.bounded import FileError, read_yaml
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


def sooner(interval: float, own: Sequence[Path] = ()) -> str:
    """Return all rules as one file of rules for Prometheus: ours, and those of the user.

    Args:
        interval: between two scrapes, seconds; what has to last at all lasts one of them.
        own: files of the user, alert and recording rules alike.

    Raises:
        UsageError: a file cannot be read or holds no rules, or a group has the name of another one.
    """
    groups = [group for path in files() for group in yaml.safe_load(path.read_text())["groups"]]
    for path in own:
        groups += _own_groups(path, {str(each["name"]) for each in groups})
    return yaml.safe_dump(
        {
            "groups": [
                {**group, "rules": [_sooner(rule, interval) for rule in group["rules"]]} for group in groups
            ]
        },
        sort_keys=False,
        width=1000,
    )


def _own_groups(path: Path, taken: set[str]) -> list[dict[str, Any]]:
    """Return the groups of a file of the user, if each has a name of its own and rules."""

    def wrong(what: str) -> UsageError:
        return UsageError(
            f"{path} is no file of rules for Prometheus: {what}",
            next_step="check it with `promtool check rules`",
        )

    try:
        found = read_yaml(path)
    except FileError as error:
        raise UsageError(str(error), next_step="name a file of rules with --alert-rules") from error
    groups = found.get("groups") if isinstance(found, dict) else None
    if not isinstance(groups, list) or not groups:
        raise wrong("it has no `groups`")
    for group in groups:
        name, rules = (group.get("name"), group.get("rules")) if isinstance(group, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(rules, list):
            raise wrong("a group has a `name` and `rules`")
        if name in taken:
            raise wrong(f"another file has a group `{name}`, too")
        taken.add(name)
        for rule in rules:
            if not isinstance(rule, dict) or not isinstance(rule.get("expr"), str):
                raise wrong(f"a rule of the group `{name}` has no `expr`")
            if len({"alert", "record"} & rule.keys()) != 1:
                raise wrong(f"a rule of the group `{name}` has neither `alert` nor `record`, or both")
            if "for" in rule:
                seconds(str(rule["for"]))
        # Its rules are evaluated as often as ours.
        group.pop("interval", None)
    return groups


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
