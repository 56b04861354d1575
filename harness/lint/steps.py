"""Checks that the steps of a scenario can be performed in their order, and prove what they do."""

from __future__ import annotations

from collections.abc import Iterator

from harness.actions.before import Before
from harness.actions.names import WORKLOAD
from harness.base.words import meant
from harness.kubernetes.kinds import FURTHER_KINDS
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Chaos, Step
from harness.scenario.phases import WITHOUT_EFFECT, lasting_phases
from harness.scenario.problem import Problem

_Wrong = tuple[str, str, str | None]


def check_order(file: ScenarioFile, since: int = 0) -> list[Problem]:
    """Return which steps cannot follow on those before them, and which phases never come.

    Args:
        file: the scenario.
        since: the first step whose phase is checked; those before it were.
    """
    problems = _order(file)
    for index, step in enumerate(file.scenario.steps[since:], since):
        for key, message, suggestion in _phase(step, file.scenario.chaos):
            problems.append(file.problem(("steps", index, key), message, suggestion))
    return problems


def check_proofs(file: ScenarioFile) -> list[Problem]:
    """Return what the steps of a scenario, all of them, leave unproven.

    Chaos that had no effect makes every later expectation meaningless, so each applied chaos needs
    an effect proof before it is deleted; except where it is meant not to be injected.
    """
    problems = []
    for index, name in _unproven(file.scenario.steps):
        if file.scenario.chaos[name].kind in FURTHER_KINDS:
            # It is no chaos: there is nothing that it has to do.
            continue
        message = (
            f"nothing proves that `{name}` has an effect: give this step a `proof`, or a later one before "
            "the chaos is deleted (not needed with `until: injecting`)"
        )
        problems.append(file.problem(("steps", index, file.scenario.steps[index].action), message))
    applied = {step.chaos for step in file.scenario.steps if step.act.creates}
    problems += [
        file.problem(("chaos", name), f"`{name}` is never applied by a step")
        for name in file.scenario.chaos
        if name not in applied and not file.is_included(name)
    ]
    if not any(step.expect for step in file.scenario.steps):
        message = "no step has an `expect`: this scenario says nothing about a metric"
        problems.append(file.problem(("steps",), message))
    elif not any(expectation.level == "must" for step in file.scenario.steps for expectation in step.expect):
        message = "every expectation is `level: should`: no metric can make this scenario fail"
        problems.append(file.problem(("steps",), message))
    return problems


def _order(file: ScenarioFile) -> list[Problem]:
    problems = []
    before = Before()
    for index, step in enumerate(file.scenario.steps):
        act, at = step.act, ("steps", index, step.action)
        if wrong := act.out_of_order(before):
            problems.append(file.problem(at, wrong))
        if WORKLOAD in act.concerns and file.scenario.workload is None:
            message = f"`{act.title()}` needs a workload; add `workload: mini-node-exporter`"
            problems.append(file.problem(at, message))
        if not act.refused:
            act.record(before)
    return problems


def _phase(step: Step, chaos: dict[str, Chaos]) -> Iterator[_Wrong]:
    act, phase = step.act, step.phase
    if act.chaos is None:
        if step.until is not None:
            yield "until", f"`until` is about a chaos, which `{act.name}` is not", None
        return
    kind = chaos[act.chaos].kind
    if phase is None or (kind == "Schedule" and act.phase_of_experiments and step.until is None):
        return
    known = lasting_phases(kind)
    key = "until" if step.until is not None else act.name
    if phase not in known:
        article = "an" if kind[:1] in "AEIOU" else "a"
        yield key, f"{article} {kind} has no phase `{phase}`; it has: {', '.join(known)}", meant(phase, known)
    elif phase not in (fitting := act.reaches(known)):
        yield key, f"`{act.name}` never leads to the phase `{phase}`, but to: {', '.join(fitting)}", None


def _unproven(steps: list[Step]) -> Iterator[tuple[int, str]]:
    for index, step in enumerate(steps):
        act = step.act
        if not act.creates or act.chaos is None or step.until in WITHOUT_EFFECT or act.refused:
            continue
        for later in steps[index:]:
            if later.act.deletes and later.chaos == act.chaos:
                yield index, act.chaos
                break
            if later.chaos in (None, act.chaos) and (later.proof or later.act.proves_effect):
                break
        else:
            yield index, act.chaos
