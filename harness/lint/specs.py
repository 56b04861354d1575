"""Checks the specs and patches of a scenario by the API types of Chaos Mesh."""

from __future__ import annotations

from harness.chaosmesh.specs import check, ignored
from harness.scenario.load import ScenarioFile
from harness.scenario.phases import WITHOUT_EFFECT
from harness.scenario.problem import Problem


def check_specs(file: ScenarioFile) -> list[Problem]:
    """Return where a spec or a patch is not as declared and, as warnings, fields that do nothing."""
    problems = []
    # What Chaos Mesh has to refuse may have a form that it refuses.
    refused = {step.act.chaos for step in file.scenario.steps if step.refused is not None}
    # So may what is meant to stay without effect, of what is refused only when it is injected.
    idle = {
        step.act.chaos for step in file.scenario.steps if step.act.creates and step.until in WITHOUT_EFFECT
    }
    for name, chaos in file.scenario.chaos.items():
        at = ("chaos", name, "spec")
        for path, message, suggestion in check(
            chaos.kind, chaos.spec, formats=name not in refused, injected=name not in idle
        ):
            problems.append(file.problem((*at, *path), message, suggestion))
        for path, message, suggestion in ignored(chaos.kind, chaos.spec):
            problems.append(file.problem((*at, *path), message, suggestion, warning=True))
    for index, step in enumerate(file.scenario.steps):
        act = step.act
        if act.changed_spec and (changed := file.scenario.chaos.get(act.chaos or "")) is not None:
            for path, message, suggestion in check(
                changed.kind,
                act.changed_spec,
                partial=True,
                formats=step.refused is None,
                injected=act.chaos not in idle,
            ):
                problems.append(file.problem(("steps", index, act.name, "spec", *path), message, suggestion))
    return problems
