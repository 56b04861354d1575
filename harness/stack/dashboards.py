"""Makes Grafana dashboards of their short descriptions: `python -m harness.stack.dashboards`.

A description is a YAML file of fixtures/dashboards with the rows, panels and queries; what comes of it
stands beside it as JSON, in the form that Grafana imports and provisions. Every query goes to the data source
that the dashboard's variable `datasource` names.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from harness.base import bundled
from harness.base.bounded import FileError, read_yaml
from harness.base.errors import HarnessError, UsageError
from harness.base.files import PUBLIC, cannot_write, write_whole
from harness.stack import kube_prometheus

# The version of the model that Grafana 10.4 writes; later ones migrate it when they load it.
_SCHEMA_VERSION = 39
_COLUMNS = 24
_ROW_HEIGHT = 1
_PANEL_HEIGHT = 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_LETTERS = "ABCDEFGH"
_GROWN = re.compile(r"grown\((\w+(?:\{[^}]*\})?)\)")
_TAG = "chaos-mesh"
_CHAOS = """\
sum by (namespace, kind) (max by (namespace, kind, phase)
 (chaos_controller_manager_chaos_experiments{{phase="running", namespace=~"{namespace}"}})) > 0"""

Colour = Literal["green", "yellow", "orange", "red", "blue", "text"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(_Part):
    """A query of a panel: its PromQL, and how its series are called.

    Attributes:
        expr: PromQL, in which `grown(SELECTOR)` is how much a counter grew within `$__rate_interval`; a
            series that began within it counts from 0, which `increase()` alone would not see.
        legend: of each series; labels in double braces.
    """

    expr: str
    legend: str = ""

    @property
    def promql(self) -> str:
        """The expression as Grafana gets it."""
        return _GROWN.sub(lambda found: _grown(found[1]), self.expr)


def _grown(selector: str) -> str:
    window = "$__rate_interval"
    return f"(({selector} unless {selector} offset {window}) or increase({selector}[{window}]))"


class Variable(_Part):
    """A variable of a dashboard; a plain text is its query.

    Attributes:
        query: gives its values.
        all: the regular expression that `All` stands for.
    """

    query: str
    all: str = ".*"


class DashboardPanel(_Part):
    """A panel.

    Attributes:
        title: unique in its dashboard: scenarios name panels by it.
        about: what one has to know to read it.
        type: how it is drawn.
        width: of the 24 columns of a dashboard.
        unit: Grafana's name of it; `short` is a number of things.
        base: the colour of what is below all thresholds.
        thresholds: from which value on another colour holds.
        mappings: values and the words for them.
        queries: at least one; a plain text is the PromQL.
    """

    title: str
    about: str = Field(min_length=1)
    type: Literal["timeseries", "stat", "table"] = "timeseries"
    width: int = Field(default=12, ge=4, le=_COLUMNS)
    unit: str
    base: Colour = "green"
    thresholds: dict[float, Colour] = {}
    mappings: dict[str, str] = {}
    queries: list[Query] = Field(min_length=1, max_length=len(_LETTERS))

    @field_validator("queries", mode="before")
    @classmethod
    def _by_text(cls, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return [{"expr": query} if isinstance(query, str) else query for query in value]


class DashboardRow(_Part):
    """Panels below a title."""

    title: str
    panels: list[DashboardPanel] = Field(min_length=1)


class Dashboard(_Part):
    """A dashboard.

    Attributes:
        title: what Grafana lists it as.
        about: one sentence.
        variables: by name; each can be several values or all.
        rows: see Row.
    """

    title: str
    about: str
    variables: dict[str, Variable] = {}
    rows: list[DashboardRow] = Field(min_length=1)

    @field_validator("variables", mode="before")
    @classmethod
    def _variable_by_text(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {"query": each} if isinstance(each, str) else each for name, each in value.items()}

    @field_validator("rows")
    @classmethod
    def _titles_differ(cls, value: list[DashboardRow]) -> list[DashboardRow]:
        titles = [panel.title for row in value for panel in row.panels]
        if twice := sorted({title for title in titles if titles.count(title) > 1}):
            raise ValueError(f"several panels have the title {', '.join(twice)}")
        return value


def read(path: Path) -> Dashboard:
    """Return a description.

    Raises:
        UsageError: the file holds none.
    """
    try:
        return Dashboard.model_validate(read_yaml(path))
    except (FileError, ValidationError) as error:
        raise UsageError(f"{path}: not a dashboard", details=str(error).splitlines()) from error


def rendered(dashboard: Dashboard, name: str) -> str:
    """Return the JSON of a dashboard; its uid is made of its name, so that links to it last."""
    variables = [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        *(_variable(name, each) for name, each in dashboard.variables.items()),
    ]
    body = {
        "uid": f"chaos-harness-{name}",
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": [_TAG],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {"list": variables},
        "annotations": {"list": [_chaos_windows("namespace" in dashboard.variables)]},
        "links": [_LINKS],
        "panels": [
            {"id": number, **panel} for number, panel in enumerate(_laid_out(dashboard.rows), start=1)
        ],
    }
    return json.dumps(body, indent=2) + "\n"


_LINKS = {
    "title": "Chaos Mesh",
    "type": "dashboards",
    "tags": [_TAG],
    "asDropdown": True,
    "includeVars": True,
    "keepTime": True,
    "targetBlank": False,
}
"""To all dashboards of Chaos Mesh, for the same time and the same values of variables."""


def _chaos_windows(by_namespace: bool) -> Mapping[str, Any]:
    """Return when chaos was on, as the gauge of experiments has it: a region a namespace and kind."""
    expr = " ".join(_CHAOS.format(namespace="$namespace" if by_namespace else ".*").split())
    return {
        "name": "Chaos",
        "datasource": _SOURCE,
        "enable": True,
        "hide": False,
        "iconColor": "orange",
        "expr": expr,
        "step": "",
        "titleFormat": "{{kind}}",
        "textFormat": "{{namespace}}",
        "tagKeys": "namespace,kind",
        "useValueForTime": False,
    }


def _variable(name: str, variable: Variable) -> Mapping[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": variable.query, "refId": name},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": variable.all,
        "current": {"text": ["All"], "value": ["$__all"]},
    }


def _laid_out(rows: list[DashboardRow]) -> Iterator[dict[str, Any]]:
    """Yield rows and panels with their places, from left to right and from top to bottom."""
    y = 0
    for row in rows:
        yield {
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": y, "w": _COLUMNS, "h": _ROW_HEIGHT},
        }
        y += _ROW_HEIGHT
        x = 0
        for panel in row.panels:
            if x + panel.width > _COLUMNS:
                x, y = 0, y + _PANEL_HEIGHT
            yield _panel(panel, {"x": x, "y": y, "w": panel.width, "h": _PANEL_HEIGHT})
            x += panel.width
        y += _PANEL_HEIGHT


def _panel(panel: DashboardPanel, place: dict[str, int]) -> dict[str, Any]:
    instant = panel.type == "table"
    return {
        "type": panel.type,
        "title": panel.title,
        "description": panel.about,
        "datasource": _SOURCE,
        "gridPos": place,
        "targets": [
            {
                "refId": letter,
                "datasource": _SOURCE,
                "expr": query.promql,
                "legendFormat": query.legend or "__auto",
                "instant": instant,
                "range": not instant,
                **({"format": "table"} if instant else {}),
            }
            for letter, query in zip(_LETTERS, panel.queries, strict=False)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _OPTIONS[panel.type],
    }


_OPTIONS: Mapping[str, dict[str, Any]] = {
    "timeseries": {"legend": {"showLegend": True}, "tooltip": {"mode": "multi", "sort": "desc"}},
    "stat": {
        "colorMode": "background",
        "graphMode": "area",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    },
    "table": {"showHeader": True},
}


def _defaults(panel: DashboardPanel) -> dict[str, Any]:
    """Return how values are shown: unit, colours, words; lines have those of their series."""
    steps = [{"color": panel.base, "value": None}] + [
        {"color": colour, "value": value} for value, colour in sorted(panel.thresholds.items())
    ]
    words = {
        value: {"index": index, "text": text} for index, (value, text) in enumerate(panel.mappings.items())
    }
    drawn = panel.type == "timeseries"
    custom = {"custom": {"thresholdsStyle": {"mode": "dashed" if panel.thresholds else "off"}}}
    return {
        "unit": panel.unit,
        "noValue": "0" if panel.unit == "short" else "no data",
        "min": _least(panel),
        "color": {"mode": "palette-classic" if drawn else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": [{"type": "value", "options": words}] if words else [],
        **(custom if drawn else {}),
    }


def _least(panel: DashboardPanel) -> int | None:
    """Return where the axis begins: differences of clocks may be negative."""
    return None if " - " in panel.queries[0].expr else 0


def main() -> int:
    """Write the JSON of each description beside it, and all for clusters with the Prometheus operator."""
    try:
        for path in sorted((bundled.fixtures() / "dashboards").glob("*.yaml")):
            write_whole(path.with_suffix(".json"), rendered(read(path), path.stem), mode=PUBLIC)
        for name, text in kube_prometheus.made().items():
            write_whole(bundled.fixtures() / kube_prometheus.FOLDER / name, text, mode=PUBLIC)
    except HarnessError as error:
        sys.stderr.write(error.render() + "\n")
        return error.exit_code
    except OSError as error:
        wrong = cannot_write(error, "make it writable")
        sys.stderr.write(wrong.render() + "\n")
        return wrong.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
