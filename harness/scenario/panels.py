"""Puts the query of a dashboard's panel in the place of an expectation's `panel`.

What is judged is then what a person sees in Grafana: the PromQL is taken from the JSON that Grafana gets,
with its variables filled in, and nothing of it stands in the scenario.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from harness.base import bundled
from harness.base.bounded import FileError, read_json
from harness.base.errors import UsageError
from harness.base.words import meant
from harness.scenario.parameters import Case
from harness.scenario.positions import DocumentPath, Place
from harness.scenario.problem import Problem, Wrong

RATE_SCRAPES = 4
"""Grafana's `$__rate_interval` is at least this many scrape intervals."""

_KEY = "panel"
_RATE_INTERVAL = "__rate_interval"
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class PanelReference(BaseModel):
    """What an expectation says in place of `promql`.

    Attributes:
        dashboard: the stem of a file of fixtures/dashboards.
        title: of the panel.
        query: the letter of its query, of several.
        variables: name to value; what is left out is what `All` stands for, and `__rate_interval` its least.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    dashboard: str
    title: str
    query: str = "A"
    variables: dict[str, str] = {}


@cache
def dashboards() -> dict[str, dict[str, Any]]:
    """Return the dashboards that ship with the harness, as Grafana gets them, by their names."""
    return load(bundled.fixtures() / "dashboards")


class _Variable(BaseModel):
    """A variable of a dashboard; what is left out has no value that stands for all."""

    name: str
    allValue: str | None = None  # noqa: N815  (Grafana's name)


class _Templating(BaseModel):
    listed: list[_Variable] = Field(default=[], alias="list")


class _Target(BaseModel):
    refId: str  # noqa: N815  (Grafana's name)
    expr: str


class _Panel(BaseModel):
    title: str = ""
    targets: list[_Target] = []


class _Dashboard(BaseModel):
    """What is read of a dashboard; there is much more."""

    panels: list[_Panel]
    templating: _Templating = _Templating()


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the dashboards of a folder by the stems of their files.

    Raises:
        UsageError: a file is no JSON, or no dashboard.
    """
    found = {}
    for path in sorted(folder.glob("*.json")):
        try:
            found[path.stem] = read_json(path)
            _Dashboard.model_validate(found[path.stem])
        except (FileError, ValidationError) as error:
            details = str(error).splitlines()
            raise UsageError(f"{path}: no dashboard", next_step="make it again", details=details) from error
    return found


def queries(dashboard: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return the PromQL of each panel's queries, by the panel's title and the query's letter."""
    return {
        (panel["title"], target["refId"]): target["expr"]
        for panel in dashboard["panels"]
        for target in panel.get("targets", [])
    }


def with_panels(
    path: Path, case: Case, interval: float, known: dict[str, dict[str, Any]]
) -> tuple[Case, list[Problem]]:
    """Return a case with PromQL in place of panels, and what is wrong with these.

    Args:
        path: the file, for the problems.
        case: the document; each query gets the place of its `panel`.
        interval: between two scrapes, seconds.
        known: the dashboards.
    """
    problems: list[Problem] = []
    places: dict[DocumentPath, Place] = {}
    data = {**case.data}
    for at, expectation in _with_panel(case.data):
        found, wrong = _query(expectation[_KEY], known, interval)
        problems += [
            Problem.at(path, case.positions.at((*at, _KEY, *where)), message, better)
            for where, message, better in wrong
        ]
        if "promql" in expectation or "metric" in expectation:
            message = "an expectation takes exactly one of `metric`, `promql` and `panel`"
            problems.append(Problem.at(path, case.positions.at((*at, _KEY)), message))
        if found is None:
            continue
        places[*at, "promql"] = case.positions.at((*at, _KEY))
        rest = {key: value for key, value in expectation.items() if key != _KEY}
        data = _replaced(data, at, {"promql": found, **rest})
    return Case(case.name, data, case.positions.extended(places)), problems


def _with_panel(data: dict[str, Any]) -> Iterator[tuple[DocumentPath, dict[str, Any]]]:
    steps = data.get("steps")
    for index, step in enumerate(steps if isinstance(steps, list) else []):
        expect = step.get("expect") if isinstance(step, dict) else None
        for position, expectation in enumerate(expect if isinstance(expect, list) else []):
            if isinstance(expectation, dict) and _KEY in expectation:
                yield ("steps", index, "expect", position), expectation


def _query(written: Any, known: dict[str, dict[str, Any]], interval: float) -> tuple[str | None, list[Wrong]]:
    try:
        panel = PanelReference.model_validate(written)
    except ValidationError as error:
        return None, [
            (tuple(each["loc"]), f"`{_KEY}`: {each['msg'][:1].lower()}{each['msg'][1:]}", None)
            for each in error.errors(include_url=False)
        ]
    dashboard = known.get(panel.dashboard)
    if dashboard is None:
        message = f"there is no dashboard `{panel.dashboard}`; there is: {', '.join(sorted(known))}"
        return None, [(("dashboard",), message, meant(panel.dashboard, known))]
    there = queries(dashboard)
    titles = list(dict.fromkeys(title for title, _ in there))
    if panel.title not in titles:
        message = (
            f"the dashboard `{panel.dashboard}` has no panel `{panel.title}`; it has: {', '.join(titles)}"
        )
        return None, [(("title",), message, meant(panel.title, titles))]
    if (panel.title, panel.query) not in there:
        letters = ", ".join(letter for title, letter in there if title == panel.title)
        message = f"the panel `{panel.title}` has no query `{panel.query}`; it has: {letters}"
        return None, [(("query",), message, None)]
    variables = {
        each["name"]: each["allValue"] for each in dashboard["templating"]["list"] if "allValue" in each
    } | {_RATE_INTERVAL: f"{round(RATE_SCRAPES * interval * 1000)}ms"}
    if unknown := sorted(set(panel.variables) - set(variables)):
        listed = ", ".join(variables) or "none"
        message = f"the dashboard `{panel.dashboard}` has no variable `{unknown[0]}`; it has: {listed}"
        return None, [(("variables", unknown[0]), message, meant(unknown[0], variables))]
    return _filled(there[panel.title, panel.query], {**variables, **panel.variables}), []


def _filled(query: str, values: dict[str, str]) -> str:
    """Return a query with its variables filled in; one that Grafana does not know stays as it is."""
    return _VARIABLE.sub(lambda found: values.get(found[1] or found[2], found[0]), query)


def _replaced(value: Any, at: DocumentPath, new: Any) -> Any:
    """Return a value with another one at a path; nothing else is copied."""
    if not at:
        return new
    first, *rest = at
    inner = _replaced(value[first], tuple(rest), new)
    if isinstance(value, dict):
        return {**value, first: inner}
    return [inner if index == first else each for index, each in enumerate(value)]
