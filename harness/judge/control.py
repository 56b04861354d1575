"""Which claims of a scenario hold although no chaos was applied, and which rule excuses that. Pure.

A control run performs a scenario's steps without the chaos. What is claimed about an effect must then not
hold; what holds all the same is *vacuous*: it would pass whatever the chaos does. Some claims are no claims
about an effect, and are excused, each by a rule:

- `before`: no chaos was applied, and nothing restarted, scaled or denied, up to and including the step.
- `stays`: it claims that nothing changes: `unchanged`, `increases_by: 0`, all requests answered.
- `oracle`: it compares with an oracle, and agreement with the world is no effect; but something else in the
  step has to show that there was an effect to agree about.
- `returns`: an earlier claim about the very same excludes it, or an earlier one about some of the same series
  asks for more of them than it allows in all; and that one needed the chaos.
- `comes`: as `returns`, but it is a later claim that excludes it: what is said is that it has not come yet.
- `spared`: it claims what an earlier step, before any chaos, claimed of the very same: the chaos leaves it
  alone; but something else in the step has to show that there was an effect.
- `stimulus`: it counts what the step itself did (traffic, http, exec) while no chaos was in force, nothing
  scaled, broken or denied.
- `uninjected`: it is the proof of a step that waits for `injecting`: a chaos that is meant to hit nothing.
- `waived`: it is the wrong value that a known issue shows. It may well be that nothing moves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from harness.actions.action import ControlRole
from harness.actions.before import Forces
from harness.base.words import nth_step
from harness.judge.demand import Demand, SeriesDemand
from harness.judge.kind import kinds
from harness.judge.proof import split_proof
from harness.scenario.model import Expectation, Proof, Step
from harness.scenario.phases import WITHOUT_EFFECT

DEADLINE_SCRAPES = 3
MOST_HOLD = 2
"""Nothing is waited for to come true, and what does not hold in three scrapes does not."""


class ControlOutcome(StrEnum):
    """What a control run says about a claim."""

    NEEDS_CHAOS = "needs_chaos"
    EXCUSED = "excused"
    VACUOUS = "vacuous"
    UNDECIDED = "undecided"


class Controlled(BaseModel):
    """A claim as a control run judged it.

    Attributes:
        id: "1.0" (step 1, expectation 0), "1.0.shows" (what its known issue shows), "1.proof.0",
            "1.answered".
        step: index of the step.
        claim: the claim in words.
        promql: of an expectation, to paste into Prometheus.
        holds: whether it held without the chaos; None when that could not be told.
        outcome: see Outcome.
        excused_by: the rule that excuses it, see the module.
        not_excused: of what is vacuous or undecided: why each rule that might have does not excuse it.
        next_step: what to do about it.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    step: int
    claim: str
    holds: bool | None
    outcome: ControlOutcome
    promql: str | None = None
    excused_by: str | None = None
    not_excused: list[str] = []
    next_step: str | None = None


@dataclass(frozen=True)
class Claim:
    """One thing that a step claims.

    Attributes:
        id, step: see Controlled.
        what: what kind of a claim.
        about: what it is about: equal for two claims about the very same. Templates are not resolved: two
            of them that mean different things may stand for the same without chaos.
        demand: see Demand.
        words: the claim in words.
        oracle: it compares a metric with an oracle.
        waiver: it is an expectation with a known issue.
    """

    id: str
    step: int
    what: Literal["expectation", "shows", "proof", "answered"]
    about: Any
    demand: Demand
    words: str
    oracle: bool = False
    waiver: bool = False


def without_chaos(expectation: Expectation) -> Iterator[tuple[str, Expectation]]:
    """Yield what a control run judges of an expectation, each with what is added to its id.

    What is right comes first, then, as an expectation of its own, what a known issue shows.
    """
    keep = {"known_issue": None, "deadline": DEADLINE_SCRAPES, "hold": min(expectation.hold, MOST_HOLD)}
    yield "", expectation.model_copy(update=keep)
    if expectation.known_issue is not None:
        fields = expectation.model_dump(by_alias=True, exclude_defaults=True) | keep
        del fields[expectation.kind]
        yield ".shows", Expectation.model_validate(fields | expectation.known_issue.shows)


def control(
    steps: Sequence[Step], holds: Mapping[str, bool | None], promql: Mapping[str, str] | None = None
) -> list[Controlled]:
    """Say of each claim that was judged whether it needs the chaos.

    Args:
        steps: the scenario's.
        holds: a claim's id to whether it held without the chaos; None when that could not be told.
        promql: a claim's id to the expression that was judged.
    """
    claims = [claim for index, step in enumerate(steps) for claim in claims_of(index, step)]
    # What could not be told may have held or not; only what is the same either way is said.
    worst = _Rules(steps, claims, {name: held is not False for name, held in holds.items()})
    best = _Rules(steps, claims, {name: held is True for name, held in holds.items()})
    found = []
    for claim in claims:
        if claim.id in holds:
            outcome, more = _say(claim, holds[claim.id], worst, best)
            found.append(
                Controlled(
                    id=claim.id,
                    step=claim.step,
                    claim=claim.words,
                    promql=(promql or {}).get(claim.id),
                    holds=holds[claim.id],
                    outcome=outcome,
                    **more,
                )
            )
    return found


def _say(
    claim: Claim, held: bool | None, worst: _Rules, best: _Rules
) -> tuple[ControlOutcome, dict[str, Any]]:
    if held is False:
        return ControlOutcome.NEEDS_CHAOS, {}
    rule, _ = worst.excuse(claim)
    if rule is not None:
        return ControlOutcome.EXCUSED, {"excused_by": rule}
    rule, reasons = best.excuse(claim)
    if held is None or rule is not None:
        again = "run it again: a scrape or a reading was missing"
        return ControlOutcome.UNDECIDED, {"not_excused": reasons, "next_step": again}
    return ControlOutcome.VACUOUS, {"not_excused": reasons, "next_step": _next_step(claim)}


def claims_of(index: int, step: Step) -> Iterator[Claim]:
    """Yield what a step claims: how its requests fare, its proofs, its expectations."""
    if (claim := step.act.claim) is not None:
        everything = claim.answered == claim.sent
        yield Claim(
            id=f"{index}.answered",
            step=index,
            what="answered",
            about=claim.about,
            demand=Demand(1, 1, (SeriesDemand(low=claim.answered, high=claim.answered),), everything),
            words=f"{claim.answered} of {claim.sent} requests are answered",
        )
    for position, proof in enumerate(step.proof):
        yield _of_proof(index, position, proof)
    for position, expectation in enumerate(step.expect):
        for suffix, judged in without_chaos(expectation):
            yield _of_expectation(index, f"{index}.{position}{suffix}", judged, expectation)


def _of_proof(index: int, position: int, proof: Proof) -> Claim:
    kind, argument, parameters = split_proof(dict(proof.model_extra or {}))
    demand, _ = _parsed(kind, argument)
    inside = "".join(f" {name}={value}" for name, value in parameters.items())
    return Claim(
        id=f"{index}.proof.{position}",
        step=index,
        what="proof",
        about=("proof", proof.oracle, parameters),
        demand=demand,
        words=f"the proof {proof.oracle}{inside} {kind}: {argument}",
    )


def _of_expectation(index: int, identity: str, judged: Expectation, written: Expectation) -> Claim:
    kind, argument = judged.kind, judged.argument
    shows = identity.endswith(".shows")
    demand, oracle = _parsed(kind, argument)
    return Claim(
        id=identity,
        step=index,
        what="shows" if shows else "expectation",
        about=(judged.metric, judged.promql, judged.where),
        demand=demand,
        words=f"{judged.subject} {kind}: {argument}",
        oracle=oracle,
        waiver=written.known_issue is not None,
    )


def _parsed(name: str, raw: Any) -> tuple[Demand, bool]:
    """Return what an argument demands, and whether it asks an oracle."""
    kind = kinds()[name]
    argument = kind.parse(raw, templates=True)
    return kind.demand(argument), bool(kind.oracles(argument))


class _Rules:
    """The rules, for one account of what held without the chaos."""

    def __init__(self, steps: Sequence[Step], claims: list[Claim], held: dict[str, bool]) -> None:
        self._steps = steps
        self._claims = claims
        self._held = held

    def excuse(self, claim: Claim) -> tuple[str | None, list[str]]:
        """Return the rule that excuses a claim that held, or why none does."""
        reasons = []
        for name, why_not in (
            ("waived", self._waived),
            ("before", self._before),
            ("stays", self._stays),
            ("uninjected", self._uninjected),
            ("returns", self._returns),
            ("comes", self._comes),
            ("oracle", self._oracle),
            ("spared", self._spared),
            ("stimulus", self._stimulus),
        ):
            reason = why_not(claim)
            if reason is None:
                return name, []
            if reason:
                reasons.append(f"{name}: {reason}")
        return None, reasons

    # Each returns None when it excuses the claim, else why not; "" when that goes without saying.

    def _waived(self, claim: Claim) -> str | None:
        return None if claim.what == "shows" else ""

    def _before(self, claim: Claim) -> str | None:
        steps = enumerate(self._steps[: claim.step + 1])
        first = next((index for index, step in steps if step.act.role is ControlRole.LEFT_OUT), None)
        return None if first is None else f"{nth_step(first)} ({self._steps[first].title()}) comes first"

    def _stays(self, claim: Claim) -> str | None:
        return None if claim.demand.stays else "it does not claim that nothing changes"

    def _uninjected(self, claim: Claim) -> str | None:
        if claim.what != "proof":
            return ""
        until = self._steps[claim.step].until
        return None if until in WITHOUT_EFFECT else "its chaos is meant to have an effect"

    def _returns(self, claim: Claim) -> str | None:
        earlier = [each for each in self._demanded() if each.step < claim.step and _excludes(each, claim)]
        if not earlier:
            return "no earlier step claims otherwise about the very same, or a part of it"
        if all(self._held.get(each.id, True) for each in earlier):
            return f"what claims otherwise ({', '.join(each.id for each in earlier)}) held without the chaos"
        return None

    def _comes(self, claim: Claim) -> str | None:
        later = [each for each in self._demanded() if each.step > claim.step and _excludes(each, claim)]
        if any(not self._held.get(each.id, True) for each in later):
            return None
        return "no later step claims otherwise and needs the chaos for it"

    def _oracle(self, claim: Claim) -> str | None:
        if not claim.oracle:
            return ""
        if self._effect_beside(claim):
            return None
        return "nothing else in this step shows that there was an effect for the oracle to see"

    def _spared(self, claim: Claim) -> str | None:
        same = (
            each
            for each in self._claims
            if each.step < claim.step and (each.about, each.demand) == (claim.about, claim.demand)
        )
        if not any(self._before(each) is None for each in same):
            return "no step before the chaos claims the same of the very same"
        if self._effect_beside(claim):
            return None
        return "nothing else in this step shows that there was an effect"

    def _effect_beside(self, claim: Claim) -> bool:
        """Say whether another claim of the same step needed the chaos, or says that its effect is over."""
        return any(
            not self._held.get(other.id, True) or self._returns(other) is None
            for other in self._demanded()
            if other.step == claim.step and other.id != claim.id
        )

    def _stimulus(self, claim: Claim) -> str | None:
        step = self._steps[claim.step]
        if step.act.role is not ControlRole.STIMULUS:
            return ""
        if forces := _in_force(self._steps[: claim.step + 1]):
            return f"in force is {', '.join(forces)}"
        counts = claim.what == "answered" or _counts(claim, step)
        return None if counts else "it does not count what the step does"

    def _demanded(self) -> Iterator[Claim]:
        """Yield what a normal run demands: of an expectation with a known issue what that shows."""
        yield from (claim for claim in self._claims if claim.what != "expectation" or not claim.waiver)


def _excludes(earlier: Claim, claim: Claim) -> bool:
    """Tell whether what was so when an earlier claim held cannot be what is claimed now."""
    if earlier.about == claim.about:
        return earlier.demand.excludes(claim.demand)
    if earlier.what == "proof" or claim.what == "proof" or "answered" in (earlier.what, claim.what):
        return False
    metric, promql, where = claim.about
    same = earlier.about[:2] == (metric, promql) and promql is None
    part = same and where.items() <= earlier.about[2].items()
    return part and earlier.demand.least > claim.demand.most


def _counts(claim: Claim, step: Step) -> bool:
    position = claim.id.split(".")[1]
    return claim.what == "expectation" and step.expect[int(position)].kind == "increases_by"


def _in_force(steps: Sequence[Step]) -> list[str]:
    """Return what is in force after these steps; see Forces."""
    forces = Forces()
    for step in steps:
        step.act.change_forces(forces)
    return forces.names()


def _next_step(claim: Claim) -> str:
    if claim.what == "proof":
        return (
            "prove what only the chaos brings about; for what comes back, prove its opposite with the same "
            "oracle and parameters in an earlier step"
        )
    if claim.what == "answered":
        return "send the requests on a way that the chaos affects"
    if claim.oracle:
        return "add to this step an expectation or a proof that fails without the chaos"
    return (
        "make it stronger, so that it fails without the chaos: a value that only the chaos brings about, or "
        "increases_by; for what comes back, expect the value that it had meanwhile, of the same metric with "
        "the same `where`, in an earlier step"
    )
