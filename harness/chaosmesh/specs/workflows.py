"""What the steps of a Workflow ask of one another (api/v1alpha1/workflow_webhook.go)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from harness.base.words import meant
from harness.chaosmesh.specs.said import Said, is_missing, lacks
from harness.chaosmesh.specs.within import field_of_kind, is_open, kind_of_field
from harness.kubernetes.kinds import EXPERIMENT_KINDS
from harness.scenario.positions import DocumentPath

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LONGEST_NAME = 253
_NEEDS = {"Suspend": "deadline", "Task": "task", "Schedule": "schedule", "StatusCheck": "statusCheck"}
_FOREIGN: Mapping[str, tuple[str, ...]] = {
    "Suspend": ("task", "children", "conditionalBranches", "schedule", "chaos"),
    "Serial": ("task", "conditionalBranches", "schedule", "chaos"),
    "Parallel": ("task", "conditionalBranches", "schedule", "chaos"),
    "Schedule": ("task", "children", "conditionalBranches", "chaos"),
    "Task": ("children", "schedule", "chaos"),
    "StatusCheck": ("task", "children", "conditionalBranches", "schedule", "chaos"),
    **dict.fromkeys(EXPERIMENT_KINDS, ("task", "children", "conditionalBranches", "schedule")),
}
"""By type: what a step may not have; `chaos` is each of its fields that hold one."""


def workflow_demands(spec: Mapping[str, Any]) -> Iterator[Said]:
    """Yield names that no step has, and those that two have."""
    templates = spec.get("templates")
    if not isinstance(templates, list):
        return
    if not templates:
        yield ("templates",), "is empty; a Workflow has a step at least", None
        return
    names = [each.get("name") for each in templates if isinstance(each, dict)]
    known = [name for name in names if isinstance(name, str)]
    if any(is_open(name) for name in known):
        return
    for index, each in enumerate(templates):
        if not isinstance(each, dict):
            continue
        name = each.get("name")
        if isinstance(name, str) and name in names[:index]:
            yield ("templates", index, "name"), f"is the name of an earlier step: `{name}`", None
        targets: list[tuple[DocumentPath, Any]] = [
            (("children", at), child) for at, child in _listed(each, "children")
        ]
        targets += [
            (("conditionalBranches", at, "target"), branch.get("target"))
            for at, branch in _listed(each, "conditionalBranches")
            if isinstance(branch, dict)
        ]
        for at, target in targets:
            yield from _known(("templates", index, *at), target, known)
    yield from _known(("entry",), spec.get("entry"), known)


def template_demands(spec: Mapping[str, Any]) -> Iterator[Said]:
    """Yield what a step lacks for its type, and what it may not have."""
    name, kind = spec.get("name"), spec.get("templateType")
    if (
        isinstance(name, str)
        and not is_open(name)
        and not (_NAME.fullmatch(name) and len(name) <= _LONGEST_NAME)
    ):
        yield ("name",), f"is small letters, digits, `-` and `.`; not `{name}`", _better_name(name)
    if not isinstance(kind, str) or kind not in _FOREIGN:
        return
    own = field_of_kind(kind) if kind in EXPERIMENT_KINDS else _NEEDS.get(kind)
    if own is not None and is_missing(spec, own):
        yield lacks(own, f"which `templateType: {kind}` needs")
    for field in spec:
        chaos = (kind_of_field(field) or "") in EXPERIMENT_KINDS
        if (field in _FOREIGN[kind] or (chaos and "chaos" in _FOREIGN[kind])) and spec[field] not in (
            None,
            [],
        ):
            yield (field,), f"cannot be there with `templateType: {kind}`", None
    chaos_of_it = spec.get(own) if own and kind in EXPERIMENT_KINDS else None
    if isinstance(chaos_of_it, dict) and chaos_of_it.get("duration") is not None:
        message = "cannot be there: the `deadline` of the step says how long it takes"
        yield (str(own), "duration"), message, "deadline"


def _known(at: DocumentPath, name: Any, known: list[str]) -> Iterator[Said]:
    if isinstance(name, str) and not is_open(name) and name not in known:
        yield at, f"is one of the steps {', '.join(known)}; not `{name}`", meant(name, known)


def _listed(spec: Mapping[str, Any], field: str) -> list[tuple[int, Any]]:
    value = spec.get(field)
    return list(enumerate(value)) if isinstance(value, list) else []


def _better_name(name: str) -> str | None:
    better = re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-.")
    return better if _NAME.fullmatch(better) else None
