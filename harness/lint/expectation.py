"""Checks what a scenario expects before anything runs: kinds, arguments, oracles, matchers, proofs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from pydantic import ValidationError

from harness.base.words import meant
from harness.judge.argument import ArgumentError, Arithmetic, OracleRef, is_template, oracles_in, quantity
from harness.judge.kind import kinds
from harness.judge.matching import regex_problem
from harness.judge.proof import COMPARISONS, split_proof
from harness.oracles.base import UNKNOWN_NAME, oracles
from harness.prometheus.matcher import Matcher
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Expectation
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem, Wrong


def check_expectations(file: ScenarioFile) -> list[Problem]:
    """Return what is wrong with the expectations and proofs of a scenario.

    Templates are not resolved yet and may stand for any number or parameter.
    """
    found: list[Wrong] = []
    for index, step in enumerate(file.scenario.steps):
        at: DocumentPath = ("steps", index)
        for position, expectation in enumerate(step.expect):
            found += _expectation(expectation, (*at, "expect", position))
        short = isinstance(file.data["steps"][index].get("proof"), dict)
        for position, proof in enumerate(step.proof):
            place = (*at, "proof") if short else (*at, "proof", position)
            found += _proof(proof.oracle, dict(proof.model_extra or {}), place)
    return [file.problem(*wrong) for wrong in found]


def _expectation(expectation: Expectation, at: DocumentPath) -> Iterator[Wrong]:
    for label, wanted in expectation.where.items():
        pattern = (wanted.matches or wanted.not_matches) if isinstance(wanted, Matcher) else None
        if pattern and not is_template(pattern) and (problem := regex_problem(pattern)):
            yield (*at, "where", label), problem, None
    yield from _argument(expectation.kind, expectation.argument, (*at, expectation.kind))
    for twin, raw in expectation.unlike.items():
        yield from _unlike(expectation, raw, (*at, "unlike", twin))
    issue = expectation.known_issue
    if issue is not None:
        ((kind, raw),) = issue.shows.items()
        place = (*at, "known_issue", "shows", kind)
        yield from _argument(kind, raw, place)
        if (kind, raw) == (expectation.kind, expectation.argument):
            yield place, "the known issue shows what is right, so it can never be told from it", None


def _unlike(expectation: Expectation, raw: Any, at: DocumentPath) -> Iterator[Wrong]:
    try:
        value = quantity(raw, templates=True)
    except ArgumentError as error:
        yield at, f"`unlike`: {error}", None
        return
    if isinstance(value, Arithmetic):
        yield at, "`unlike` takes a number or one oracle", None
    for oracle in oracles_in(value):
        yield from wrong_parameters(oracle, at)
    if value == expectation.argument:
        yield at, f"the twin has the same value, {raw}: this tells nothing apart", None


def _argument(name: str, raw: Any, at: DocumentPath) -> Iterator[Wrong]:
    kind = kinds().get(name)
    if kind is None:
        known = ", ".join(sorted(kinds()))
        yield at, f"unknown kind of expectation `{name}`; there is: {known}", meant(name, kinds())
        return
    try:
        argument = kind.parse(raw, templates=True)
    except ArgumentError as error:
        yield at, f"`{name}`: {error}", None
        return
    for oracle in kind.oracles(argument):
        yield from wrong_parameters(oracle, at)
    if why := kind.vacuous(argument):
        yield at, f"`{name}`: {why}", None


def wrong_parameters(oracle: OracleRef, at: DocumentPath) -> Iterator[Wrong]:
    """Yield what is wrong with an oracle's name and its parameters; a template may stand for any value."""
    known = oracles().get(oracle.name)
    if known is None:
        listed = ", ".join(sorted(oracles())) or "none"
        yield at, f"there is no oracle `{oracle.name}`; there is: {listed}", meant(oracle.name, oracles())
        return
    try:
        known.parameters.model_validate(oracle.parameters)
    except ValidationError as error:
        fields = known.parameters.model_fields
        names = [field.alias or name for name, field in fields.items()]
        for problem in error.errors(include_url=False):
            name, *inside = [str(each) for each in problem["loc"]] or [""]
            where = f"the oracle `{oracle.name}`"
            if problem["type"] == UNKNOWN_NAME:
                given = problem["ctx"]
                if not _holds_template(given["value"]):
                    better = meant(given["value"], given["known"])
                    yield at, f"{where}, parameter `{name}`: {problem['msg']}", better
            elif problem["type"] == "extra_forbidden" and not inside:
                listed = ", ".join(names) or "none"
                yield at, f"{where} has no parameter `{name}`; it has: {listed}", meant(name, names)
            elif problem["type"] == "missing" and not inside:
                yield at, f"{where} needs the parameter `{name}`", None
            elif not _holds_template(oracle.parameters.get(name)):
                message = problem["msg"].removeprefix("Value error, ")
                place = ".".join([name, *inside])
                yield at, f"{where}, parameter `{place}`: {message[:1].lower()}{message[1:]}", None


def _proof(oracle: str, extra: dict[str, Any], at: DocumentPath) -> Iterator[Wrong]:
    try:
        kind, raw, parameters = split_proof(extra)
    except ArgumentError as error:
        yield at, str(error), next(_misspelt(extra), None)
        return
    yield from wrong_parameters(OracleRef(oracle, parameters), (*at, "oracle"))
    if isinstance(raw, dict) and "oracle" in raw:
        yield (*at, kind), "a proof compares one oracle with a number", None
        return
    yield from _argument(kind, raw, (*at, kind))
    # The processes of a proof are counted: a bound that no process at all keeps proves nothing.
    if kind == "at_least" and isinstance(raw, int | float) and raw <= 0:
        yield (*at, kind), f"`at_least: {raw:g}` holds without any effect", None


def _misspelt(keys: Iterable[str]) -> Iterator[str]:
    for key in keys:
        if word := meant(key, COMPARISONS):
            yield word


def _holds_template(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_holds_template(each) for each in value.values())
    if isinstance(value, list):
        return any(_holds_template(each) for each in value)
    return is_template(value)
