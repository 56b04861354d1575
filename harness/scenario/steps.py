"""Checks that the steps of a scenario can be performed in their order, and prove what they do."""

from __future__ import annotations

from collections.abc import Iterator

from harness.base.words import meant
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Chaos, Step
from harness.scenario.phases import GONE, WITHOUT_EFFECT, lasting_phases
from harness.scenario.problem import Problem

_AFTER_DELETION = ("deleting", GONE)
_DELETED = ("deleting", "deleted")

_Wrong = tuple[str, str, str | None]


def check_steps(file: ScenarioFile) -> list[Problem]:
    """Return what is wrong with the order of a scenario's steps, their phases and their proofs."""
    return [*check_order(file), *check_proofs(file)]


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
        message = (
            f"nothing proves that `{name}` has an effect: give this step a `proof`, or a later one before "
            "the chaos is deleted (not needed with `until: injecting`)"
        )
        problems.append(file.problem(("steps", index, "apply"), message))
    applied = {step.apply for step in file.scenario.steps}
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
    # Of each chaos: applied, paused, deleting or deleted; missing before the first apply.
    state: dict[str, str | None] = {}
    denied: set[str] = set()
    for index, step in enumerate(file.scenario.steps):
        if step.deny is not None:
            denied.add(step.deny.component)
        if step.allow is not None:
            if step.allow not in denied:
                message = f"nothing is denied to `{step.allow}` before; `deny` comes first"
                problems.append(file.problem(("steps", index, "allow"), message))
            denied.discard(step.allow)
        name = step.chaos
        if name is None:
            if _about_workload(step) and file.scenario.workload is None:
                message = f"`{step.title()}` needs a workload; add `workload: mini-node-exporter`"
                problems.append(file.problem(("steps", index, step.action), message))
            continue
        before = state.get(name)
        if wrong := _out_of_order(step, before):
            problems.append(file.problem(("steps", index, step.action), wrong))
        if step.refused is None:
            state[name] = _state_after(step, before)
    return problems


def _out_of_order(step: Step, before: str | None) -> str | None:  # noqa: PLR0911  (one for each)
    """Return why an action cannot follow on what was done with its chaos before."""
    name = step.chaos
    match step.action:
        case "apply" if before in ("applied", "paused"):
            return f"`{name}` is applied already; delete it first"
        case "apply" if before == "deleting":
            return f"`{name}` may still be there; wait for it to be gone first"
        case "delete" | "pause" | "resume" | "unstick" | "wait_for" | "patch" if before is None:
            return f"`{name}` is not applied yet"
        case "patch" if before == "deleted":
            return f"`{name}` is deleted already"
        case "delete" | "pause" | "resume" if before in _DELETED:
            return f"`{name}` is deleted already"
        case "unstick" if before != "deleting":
            return f"`{name}` is not stuck: delete it first, with `until: deleting`"
        case "pause" if before == "paused":
            return f"`{name}` is paused already"
        case "resume" if before == "applied":
            return f"`{name}` is not paused"
        case "wait_for" if step.until in _AFTER_DELETION and before not in _DELETED:
            return f"`{name}` is not deleted before, so it is never {step.until}"
        case "wait_for" if step.until not in _AFTER_DELETION and before in _DELETED:
            return f"`{name}` is deleted already"
        case "wait_for" if step.until == "paused" and before == "applied":
            return f"`{name}` is not paused before, and no phase `paused` comes by itself"
        case "wait_for" if step.until not in (*_AFTER_DELETION, "paused") and before == "paused":
            return f"`{name}` is paused, and stays so until it is resumed"

    return None


def _state_after(step: Step, before: str | None) -> str | None:
    match step.action:
        case "delete":
            return "deleting" if step.until == "deleting" else "deleted"
        case "unstick":
            return "deleted"
        case "wait_for":
            return "deleted" if before == "deleting" and step.until == "gone" else before
        case "pause":
            return "paused"
        case "patch":
            return before
    return "applied"


def _about_workload(step: Step) -> bool:
    called = [request.to for request in step.http or []]
    broken = step.node.breaks if step.node else []
    return step.traffic is not None or "workload" in (step.component, *called, *broken)


def _phase(step: Step, chaos: dict[str, Chaos]) -> Iterator[_Wrong]:
    if step.chaos is None:
        if step.until is not None:
            yield "until", f"`until` is about a chaos, which `{step.action}` is not", None
        return
    phase = step.phase
    if phase is None:
        return
    kind = chaos[step.chaos].kind
    if kind == "Schedule" and step.resume is not None and step.until is None:
        return
    known = lasting_phases(kind)
    key = "until" if step.until is not None else step.action
    if phase not in known:
        article = "an" if kind[:1] in "AEIOU" else "a"
        yield key, f"{article} {kind} has no phase `{phase}`; it has: {', '.join(known)}", meant(phase, known)
    elif phase not in (fitting := _reached_by(step.action, known)):
        yield key, f"`{step.action}` never leads to the phase `{phase}`, but to: {', '.join(fitting)}", None


def _reached_by(action: str, known: tuple[str, ...]) -> list[str]:
    """Return the phases to which an action can lead, of those that a kind has."""
    if action in ("pause", "unstick"):
        return ["paused" if action == "pause" else "gone"]
    if action in ("wait_for", "patch"):
        return list(known)
    left_out = ("paused",) if action == "resume" else ()
    after = action == "delete"
    return [word for word in known if (word in _AFTER_DELETION) == after and word not in left_out]


def _unproven(steps: list[Step]) -> Iterator[tuple[int, str]]:
    for index, step in enumerate(steps):
        if step.apply is None or step.until in WITHOUT_EFFECT or step.refused is not None:
            continue
        for later in steps[index:]:
            if later.delete == step.apply:
                yield index, step.apply
                break
            if later.chaos in (None, step.apply) and _proves(later):
                break
        else:
            yield index, step.apply


def _proves(step: Step) -> bool:
    """Say whether a step fails when the chaos has no effect: by a proof, or by requests that get lost."""
    traffic = step.traffic
    return bool(step.proof) or (
        traffic is not None and traffic.answered is not None and traffic.answered < traffic.requests
    )
