"""A new scenario file from three answers: which chaos, which component or metric, which name.

Each file of `harness/docs_pages/templates` is a whole scenario; of it the new file keeps the expectations
that are about what was asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from harness.base import bundled
from harness.base.errors import UsageError
from harness.base.files import PUBLIC, cannot_write, write_whole
from harness.base.words import meant
from harness.chaosmesh.catalogue import catalogue
from harness.docs_pages.pages import schema
from harness.docs_pages.templates import FOLDER, names
from harness.lint.check import load_checked
from harness.scenario.load import ScenarioFile
from harness.scenario.model import LONGEST_NAME, Name

ALL = "all"
"""Asks for every metric that a chaos touches."""

_STEP, _EXPECT, _EXPECTATION = "  - ", "    expect:", "      - metric: "
_NAME: TypeAdapter[str] = TypeAdapter(Name)
_Known = TypeVar("_Known")


@dataclass(frozen=True)
class ScenarioTemplate:
    """A chaos that a scenario can be written for.

    Attributes:
        name: what people choose it by; the stem of its file.
        file: the template as a scenario.
    """

    name: str
    file: ScenarioFile

    @property
    def about(self) -> str:
        """One sentence."""
        return self.file.scenario.about

    def metrics(self) -> list[str]:
        """Return the metrics that the chaos touches, in the order in which they are looked at."""
        return list(dict.fromkeys(each.metric for step in self.file.scenario.steps for each in step.expect))

    def subjects(self) -> dict[str, set[str]]:
        """Return the metrics that each possible answer stands for: all, a component, one metric."""
        metrics = self.metrics()
        found = {ALL: set(metrics)}
        for metric in metrics:
            for job in catalogue().jobs(metric):
                found.setdefault(job, set()).add(metric)
        return found | {metric: {metric} for metric in metrics}


@cache
def templates() -> dict[str, ScenarioTemplate]:
    """Return all templates by name."""
    return {name: ScenarioTemplate(name, load_checked(FOLDER / f"{name}.yaml")[0]) for name in names()}


def template(name: str) -> ScenarioTemplate:
    """Return one template.

    Raises:
        UsageError: there is none of that name.
    """
    return _one_of(name, templates(), "kind of chaos")


def metrics_of(chosen: ScenarioTemplate, about: str) -> set[str]:
    """Return the metrics that a component or a metric stands for, with this chaos.

    Raises:
        UsageError: the chaos touches no such thing.
    """
    return _one_of(about, chosen.subjects(), f"component or metric touched by {chosen.name}")


def checked_name(name: str) -> str:
    """Return a scenario's name.

    Raises:
        UsageError: it cannot be one.
    """
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise UsageError(
            f"{name!r} cannot be the name of a scenario",
            next_step=f"use small letters, digits and dashes, at most {LONGEST_NAME}: my-first-scenario",
        ) from None


def scenario_text(chosen: ScenarioTemplate, metrics: set[str], name: str) -> str:
    """Return a scenario file.

    Args:
        chosen: the chaos.
        metrics: those of `chosen` that it shall be about.
        name: the scenario's.
    """
    text = re.sub(r"\A(scenario: ).*", rf"\g<1>{name}", chosen.file.text)
    head, steps = text.split("\nsteps:\n")
    return f"{head}\nsteps:\n{''.join(_kept(steps, metrics))}"


def with_modeline(path: Path, text: str) -> str:
    """Return a new file's text with a first line by which editors find its schema, which is then there.

    In a checkout it is that of docs/, elsewhere one beside the file, which is written unless there is one.

    Raises:
        UsageError: the schema cannot be written.
        InfrastructureError: the disk is full.
    """
    ours = bundled.root() / "docs" / schema.NAME
    if ours.is_file() and path.resolve().is_relative_to(bundled.root()):
        place = os.path.relpath(ours, path.resolve().parent)
    else:
        place = f"./{schema.NAME}"
        beside = path.with_name(schema.NAME)
        if not os.path.lexists(beside):
            write(beside, schema.text(schema.schema()))
    return f"{schema.MODELINE}{place}\n{text}"


def write(path: Path, text: str) -> None:
    """Write a new file, folders included.

    Raises:
        UsageError: it is there already, or cannot be written.
        InfrastructureError: the disk is full.
    """
    if os.path.lexists(path):
        raise UsageError(
            f"{path} is there already, and nothing is overwritten",
            next_step="choose another name or another path",
        )
    try:
        write_whole(path, text, mode=PUBLIC)
    except OSError as error:
        raise cannot_write(error, "choose a path that can be written to") from error


def _kept(steps: str, metrics: set[str]) -> Iterator[str]:
    """Yield the text of the steps without expectations about other metrics."""
    for step in re.split(rf"^(?={_STEP})", steps, flags=re.MULTILINE)[1:]:
        action, _, expected = step.partition(f"{_EXPECT}\n")
        blocks = re.split(rf"^(?={_EXPECTATION})", expected, flags=re.MULTILINE)
        kept = [block for block in blocks if block.removeprefix(_EXPECTATION).split("\n")[0] in metrics]
        if kept:
            yield "".join([action, f"{_EXPECT}\n", *kept])
        elif not action.startswith(f"{_STEP}wait: "):
            yield action


def _one_of(name: str, known: dict[str, _Known], what: str) -> _Known:
    if name in known:
        return known[name]
    word = meant(name, known)
    raise UsageError(
        f"there is no {what} named {name!r}" + (f" (did you mean {word!r}?)" if word else ""),
        details=[f"there is: {', '.join(known)}"],
    )
