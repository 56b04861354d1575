"""What scenarios do and expect, in words, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.judge.kind import kinds
from harness.judge.proof import split_proof
from harness.prometheus.promql import selector
from harness.scenario.model import Chaos, Expectation, Proof, Scenario, Step


def chaos_text(name: str, chaos: Chaos) -> str:
    """Return what a chaos is: its kind, and the action or type that its spec names."""
    details = [str(chaos.spec[key]) for key in ("action", "type") if isinstance(chaos.spec.get(key), str)]
    return f"`{name}`: {chaos.kind}" + (f" ({', '.join(details)})" if details else "")


def step_text(step: Step) -> str:
    """Return what a step does, waits for, and proves."""
    parts = [f"**{step.title()}**"]
    if step.until is not None and not step.act.needs_until:
        parts.append(f"until {step.until}")
    told = ", ".join(parts)
    proofs = "; ".join(map(proof_text, step.proof))
    return f"{told}. Proof: {proofs}" if proofs else told


def proof_text(proof: Proof) -> str:
    """Return what proves the effect of a chaos."""
    kind, raw, parameters = split_proof(dict(proof.model_extra or {}))
    inside = ", ".join(f"{name}: {value}" for name, value in parameters.items())
    asked = f"{proof.oracle} ({inside})" if inside else proof.oracle
    return f"{asked} is {_argument(kind, raw)}" + _because(proof.because)


def expectation_text(expectation: Expectation) -> str:
    """Return what an expectation is about, what it asks for, and why."""
    subject = expectation.promql or selector(expectation.metric, expectation.where)
    words = _argument(expectation.kind, expectation.argument)
    held = f", held for {expectation.hold} more scrapes" if expectation.hold else ""
    level = " (should)" if expectation.level == "should" else ""
    return f"`{subject}`: {words}{held}{level}{_because(expectation.because)}"


def issue_text(expectation: Expectation, link: str) -> str | None:
    """Return what an expectation shows instead as long as its known issue is there.

    Args:
        expectation: the expectation.
        link: the Markdown link to the issue.
    """
    if expectation.known_issue is None:
        return None
    ((kind, raw),) = expectation.known_issue.shows.items()
    return f"known issue {link}, seen instead: {_argument(kind, raw)}"


def issues_of(scenario: Scenario) -> Iterator[str]:
    """Yield the ids of the known issues that a scenario shows, each once."""
    found = (each.known_issue.id for step in scenario.steps for each in step.expect if each.known_issue)
    yield from dict.fromkeys(found)


def _argument(kind: str, raw: Any) -> str:
    words = kinds()[kind]
    return words.describe(words.parse(raw, templates=True))


def _because(text: str | None) -> str:
    return f", because {text}" if text else ""
