"""Takes single permissions out of rules of RBAC, which cannot deny: all else stays allowed. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Rule = dict[str, Any]
"""A rule of a Role or a ClusterRole, as the API gives it."""

_ALL = "*"


@dataclass(frozen=True)
class Served:
    """What the API server serves, as far as wildcards have to be spelled out.

    Attributes:
        groups: all API groups; the core group is "".
        group: one of them.
        resources: of that group: name (`statuschecks`, `statuschecks/status`) to verbs.
    """

    groups: frozenset[str]
    group: str
    resources: Mapping[str, frozenset[str]]

    @property
    def verbs(self) -> frozenset[str]:
        """All verbs that a resource of the group knows."""
        return frozenset().union(*self.resources.values())


def allows(rules: Sequence[Rule], group: str, resource: str, verb: str, name: str = "") -> bool:
    """Say whether rules allow a request, as the API server decides it.

    Args:
        rules: of all roles that count.
        group: the API group.
        resource: with the subresource, if there is one: `statuschecks/status`.
        verb: get, list, ...
        name: of the object; "" for all of them.
    """
    return any(
        _has(rule, "verbs", verb)
        and _has(rule, "apiGroups", group)
        and any(_covers(pattern, resource) for pattern in _list(rule, "resources"))
        and (not _list(rule, "resourceNames") or name in _list(rule, "resourceNames"))
        for rule in rules
    )


def without(
    rules: Sequence[Rule], resources: Collection[str], verbs: Collection[str], served: Served
) -> list[Rule]:
    """Return rules that allow what these do, except for certain verbs on certain resources.

    A rule that allows none of it stays as it is; wildcards are spelled out only where they have to be.

    Args:
        rules: of a role.
        resources: of the group of `served`.
        verbs: on each of the resources.
        served: what wildcards stand for.
    """
    return [part for rule in rules for part in _parts(rule, resources, verbs, served)]


def _parts(rule: Rule, resources: Collection[str], verbs: Collection[str], served: Served) -> Iterator[Rule]:
    patterns = _list(rule, "resources")
    hit = sorted({name for name in resources if any(_covers(pattern, name) for pattern in patterns)})
    if not hit or not _has(rule, "apiGroups", served.group) or not any(_has(rule, "verbs", v) for v in verbs):
        yield rule
        return
    groups = _list(rule, "apiGroups")
    if others := [each for each in _spelled(groups, served.groups) if each != served.group]:
        yield rule | {"apiGroups": others}
    here = rule | {"apiGroups": [served.group]}
    if spared := [each for pattern in patterns for each in _spared(pattern, hit, served)]:
        yield here | {"resources": list(dict.fromkeys(spared))}
    if kept := [each for each in _spelled(_list(rule, "verbs"), served.verbs) if each not in verbs]:
        yield here | {"resources": hit, "verbs": kept}


def _spared(pattern: str, hit: Collection[str], served: Served) -> list[str]:
    """Return what a pattern of resources stands for beside those that are hit."""
    if not any(_covers(pattern, name) for name in hit):
        return [pattern]
    return [name for name in sorted(served.resources) if _covers(pattern, name) and name not in hit]


def _spelled(values: Sequence[str], all_: Collection[str]) -> list[str]:
    return sorted(all_) if _ALL in values else list(values)


def _covers(pattern: str, resource: str) -> bool:
    """Say whether a rule's resource covers one: `*` all, `*/status` that subresource of all."""
    if pattern in (_ALL, resource):
        return True
    _, slash, subresource = resource.partition("/")
    return bool(slash) and pattern == f"{_ALL}/{subresource}"


def _has(rule: Rule, key: str, value: str) -> bool:
    values = _list(rule, key)
    return _ALL in values or value in values


def _list(rule: Rule, key: str) -> list[str]:
    return list(rule.get(key) or [])
