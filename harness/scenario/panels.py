"""Puts the query of a dashboard's panel in the place of an expectation's `panel`.

What is judged is then what a person sees in Grafana: the PromQL is taken from the JSON that Grafana gets,
with its variables filled in, and nothing of it stands in the scenario.
"""

from __future__ import annotations

import contextlib
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
from harness.scenario.problem import Problem, ScenarioError, Wrong
from harness.scenario.reach import beside

RATE_SCRAPES = 4
"""Grafana's `$__rate_interval` is at least this many scrape intervals."""

_KEY = "panel"
FOLDER = "dashboards"
"""Beside a scenario, or in a folder above it in the same checkout: dashboards as Grafana exports them."""
_RATE_INTERVAL, _INTERVAL = "__rate_interval", "__interval"
_FILE_NAME = re.compile(r"[\w. -]{1,100}")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class PanelReference(BaseModel):
    """What an expectation says in place of `promql`.

    Attributes:
        dashboard: the stem of a file of fixtures/dashboards, or of `dashboards` beside the scenario.
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


def dashboards_of(scenario: Path, case: Case) -> dict[str, dict[str, Any]]:
    """Return the dashboards that a case can name: ours, and those beside it that it does name.

    Args:
        scenario: its file.
        case: the document.

    Raises:
        ScenarioError: a file is no dashboard, or has the name of one of ours.
    """
    found = dict(dashboards())
    for _, expectation in _with_panel(case.data):
        panel = expectation[_KEY]
        name = panel.get("dashboard") if isinstance(panel, dict) else None
        if not isinstance(name, str) or not _FILE_NAME.fullmatch(name):
            continue
        path = beside(scenario, FOLDER, f"{name}.json")
        if path is None:
            continue
        if name in dashboards():
            message = f"`{name}` is a dashboard of the harness, too; give it another name"
            raise ScenarioError([Problem(path, 0, 0, message)])
        try:
            found[name] = _read(path)
        except UsageError as error:
            message = "; ".join(["is no dashboard as Grafana exports it", *error.details[:1]])
            raise ScenarioError([Problem(path, 0, 0, message)]) from error
    return found


def dashboards_beside(scenario: Path) -> dict[str, dict[str, Any]]:
    """Return the dashboards in the folder `dashboards` beside a scenario; what is none is left out."""
    found = {}
    folder = beside(scenario, FOLDER)
    for path in sorted(folder.glob("*.json")) if folder is not None else ():
        if beside(scenario, FOLDER, path.name) == path and path.stem not in dashboards():
            with contextlib.suppress(UsageError):
                found[path.stem] = _read(path)
    return found


class _Variable(BaseModel):
    """A variable of a dashboard; what is left out has no value that stands for all."""

    name: str
    allValue: str | None = None  # noqa: N815  (Grafana's name)


class _Templating(BaseModel):
    listed: list[_Variable] = Field(default=[], alias="list")


class _Target(BaseModel):
    """A query; one of another source than Prometheus has no `expr`."""

    refId: str = "A"  # noqa: N815  (Grafana's name)
    expr: str | None = None


class _Panel(BaseModel):
    """A panel, or a row; one that is collapsed has its panels in itself."""

    title: str = ""
    targets: list[_Target] = []
    panels: list[_Panel] = []


class _Dashboard(BaseModel):
    """What is read of a dashboard; there is much more."""

    panels: list[_Panel]
    templating: _Templating = _Templating()


def load(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the dashboards of a folder by the stems of their files.

    Raises:
        UsageError: a file is no JSON, or no dashboard.
    """
    return {path.stem: _read(path) for path in sorted(folder.glob("*.json"))}


def _read(path: Path) -> dict[str, Any]:
    """Return a dashboard.

    Raises:
        UsageError: the file is no JSON, or no dashboard.
    """
    try:
        found: dict[str, Any] = read_json(path)
        _Dashboard.model_validate(found)
    except (FileError, ValidationError) as error:
        details = str(error).splitlines()
        raise UsageError(f"{path}: no dashboard", next_step="make it again", details=details) from error
    return found


def queries(dashboard: dict[str, Any]) -> dict[tuple[str, str], str]:
    """Return the PromQL of each panel's queries, by the panel's title and the query's letter."""
    found: dict[tuple[str, str], str] = {}

    def add(panels: list[_Panel]) -> None:
        for panel in panels:
            found.update({(panel.title, each.refId): each.expr for each in panel.targets if each.expr})
            add(panel.panels)

    add(_Dashboard.model_validate(dashboard).panels)
    return found


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


def _query(  # noqa: PLR0911  (one for each way to be wrong)
    written: Any, known: dict[str, dict[str, Any]], interval: float
) -> tuple[str | None, list[Wrong]]:
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
    own = _Dashboard.model_validate(dashboard).templating.listed
    variables = {each.name: each.allValue for each in own if each.allValue is not None} | {
        _RATE_INTERVAL: f"{round(RATE_SCRAPES * interval * 1000)}ms",
        _INTERVAL: f"{round(interval * 1000)}ms",
    }
    names = [*variables, *(each.name for each in own if each.name not in variables)]
    if unknown := sorted(set(panel.variables) - set(names)):
        listed = ", ".join(name for name in names if name != _INTERVAL) or "none"
        message = f"the dashboard `{panel.dashboard}` has no variable `{unknown[0]}`; it has: {listed}"
        return None, [(("variables", unknown[0]), message, meant(unknown[0], names))]
    values, query = {**variables, **panel.variables}, there[panel.title, panel.query]
    used = {found[1] or found[2] for found in _VARIABLE.finditer(query)}
    if without := sorted(used.intersection(names) - set(values)):
        message = (
            f"the variable `{without[0]}` of the dashboard `{panel.dashboard}` has no value that stands for "
            f"all; write `variables: {{{without[0]}: VALUE}}`"
        )
        return None, [((), message, None)]
    return _filled(query, values), []


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
