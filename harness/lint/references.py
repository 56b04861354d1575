"""Checks that the templates of a scenario refer to something that will be there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from harness.base.words import meant
from harness.chaosmesh.phases import is_one_shot
from harness.kubernetes.kinds import FURTHER_KINDS, MAKERS
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Scenario
from harness.scenario.phases import WITHOUT_EFFECT
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem
from harness.scenario.template import TEMPLATE, TemplateError, checked, parts, templates

_PLAIN = frozenset({"namespace", "run", "chaos_mesh_namespace", "nodes"})
_FIELDS = frozenset({"workload", "namespaces"})
_WORKLOAD = frozenset({"name", "namespace", "selector", "pods", "targets", "containers", "uids", "image"})
_CHAOS = frozenset({"name", "targets", "node", "kind", "namespace", "uid"})
_LOOKED_UP = frozenset({"targets", "node"})
_KNOWN_ONCE_APPLIED = frozenset({*_LOOKED_UP, "uid"})


def check_references(file: ScenarioFile, since: int = 0) -> list[Problem]:
    """Return the templates of a scenario that cannot be resolved when their turn comes.

    `targets`, `node` and `uid` of a chaos are known from the step on that applies it, and so are not
    known to its own spec. The first two are looked up at the end of the `until` of such a step, or of one
    that resumes it (harness/runner/waits.py): what a chaos hits is not decided before.

    Args:
        file: the scenario.
        since: the first step to check; those before it were checked, with the chaos that they are about.
    """
    scenario = file.scenario
    problems = [
        file.problem(("chaos", name), f"`{name}` cannot name a chaos: templates use it for something else")
        for name in scenario.chaos
        if name in {*_PLAIN, *_FIELDS, "parameters"}
    ]
    applied: dict[str, int] = {}
    looked_up: dict[str, int] = {}
    for index, step in enumerate(scenario.steps):
        if step.chaos is None:
            continue
        if step.act.creates:
            applied.setdefault(step.chaos, index)
        if step.act.brings_effect and step.phase not in (None, *WITHOUT_EFFECT):
            looked_up.setdefault(step.chaos, index)
    about = {step.chaos for step in scenario.steps[since:]}
    for name in scenario.chaos:
        if (since and name not in about) or (name not in applied and file.is_included(name)):
            continue
        when = applied.get(name, 0)
        known = _Known(
            {other for other, first in applied.items() if first < when},
            {other for other, first in looked_up.items() if first < when},
            "before this one is applied",
        )
        problems += _check_part(file, ("chaos", name), known)
    for index in range(since, len(scenario.steps)):
        known = _Known(
            {name for name, first in applied.items() if first <= index},
            {name for name, first in looked_up.items() if first <= index},
            "in an earlier step or this one",
        )
        problems += _check_part(file, ("steps", index), known)
    return problems


class _Known(NamedTuple):
    """What is known of chaos at a place of the file.

    Attributes:
        applied: the names of those that are applied.
        looked_up: the names of those whose targets were looked up.
        when: by when that is, for a message.
    """

    applied: set[str]
    looked_up: set[str]
    when: str


def _check_part(file: ScenarioFile, at: DocumentPath, known: _Known) -> list[Problem]:
    value: Any = file.data
    for part in at:
        value = value[part]
    problems = [
        file.problem(key_at, f"the key `{key_at[-1]}` holds a template; only values can")
        for key_at in _keys(value, at)
        if TEMPLATE.search(str(key_at[-1]))
    ]
    for place, inside in templates(value, at):
        try:
            reference = checked(inside)
            wrong = _wrong(reference, file.scenario, known)
        except TemplateError as error:
            wrong = str(error), None
        if wrong:
            problems.append(file.problem(place, *wrong))
    return problems


def _keys(value: Any, at: DocumentPath) -> Iterator[DocumentPath]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _keys(item, (*at, index))
    elif isinstance(value, dict):
        for key, item in value.items():
            yield (*at, key)
            yield from _keys(item, (*at, key))


def _wrong(  # noqa: PLR0911  (one for each way to be wrong)
    reference: str, scenario: Scenario, known: _Known
) -> tuple[str, str | None] | None:
    """Return what is wrong with a reference, and what it should probably be."""
    shown = f"${{{reference}}}"
    root, *rest = parts(reference)
    roots = {*_PLAIN, "workload", *scenario.chaos, *(["namespaces"] if scenario.namespaces else [])}
    if root not in roots:
        word = meant(str(root), roots)
        better = f"${{{reference.replace(str(root), word, 1)}}}" if word else None
        return f"{shown}: there is no `{root}`; there is: {', '.join(sorted(roots))}", better
    if root == "workload" and scenario.workload is None:
        return f"{shown}: this scenario has no workload; add `workload: mini-node-exporter`", None
    if root in _PLAIN:
        indexed = root == "nodes" and len(rest) == 1 and isinstance(rest[0], int)
        return None if not rest or indexed else (f"{shown}: `{root}` has no fields", f"${{{root}}}")
    fields = {"workload": _WORKLOAD, "namespaces": frozenset(scenario.namespaces)}.get(str(root), _CHAOS)
    listed = ", ".join(sorted(fields))
    if not rest or not isinstance(rest[0], str):
        return f"{shown}: name a field of `{root}`: {listed}", None
    if rest[0] not in fields:
        word = meant(rest[0], fields)
        better = f"${{{reference.replace(rest[0], word, 1)}}}" if word else None
        return f"{shown}: `{root}` has no `{rest[0]}`; it has: {listed}", better
    if root in scenario.chaos and rest[0] in _KNOWN_ONCE_APPLIED:
        return _unknown_yet(shown, str(root), rest[0], scenario, known)
    return None


def _unknown_yet(
    shown: str, name: str, field: str, scenario: Scenario, known: _Known
) -> tuple[str, str | None] | None:
    kind = scenario.chaos[name].kind
    if field in _LOOKED_UP and kind in (*MAKERS, *FURTHER_KINDS):
        article = "an" if kind[:1] in "AEIOU" else "a"
        instead = "; the workload's containers are `${workload.targets}`" if scenario.workload else ""
        return f"{shown}: {article} {kind} selects nothing itself{instead}", None
    if name not in known.applied:
        return f"{shown}: only known once `{name}` is applied, which is not done {known.when}", None
    if field in _LOOKED_UP and name not in known.looked_up:
        phase = "finished" if is_one_shot(kind, str(scenario.chaos[name].spec.get("action"))) else "running"
        message = f"only known once `{name}` has hit something: write `until: {phase}` where it is applied"
        return f"{shown}: {message}", None
    return None
