"""Makes Grafana dashboards of their short descriptions: `python -m harness.stack.dashboards`.

A description is a YAML file of fixtures/dashboards with the rows, panels and queries; what comes of it
stands beside it as JSON, in the form that Grafana imports and provisions. Every query goes to the data source
that the dashboard's variable `datasource` names.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from harness.base import bundled
from harness.base.bounded import FileError, read_yaml
from harness.base.errors import HarnessError, UsageError
from harness.base.files import PUBLIC, cannot_write, write_whole

# The version of the model that Grafana 10.4 writes; later ones migrate it when they load it.
_SCHEMA_VERSION = 39
_COLUMNS = 24
_ROW_HEIGHT = 1
_PANEL_HEIGHT = 8
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_LETTERS = "ABCDEFGH"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Query(_Part):
    """A query of a panel: its PromQL, and how its series are called."""

    expr: str
    legend: str = ""


class DashboardPanel(_Part):
    """A panel.

    Attributes:
        title: unique in its dashboard: scenarios name panels by it.
        about: what one has to know to read it.
        type: how it is drawn.
        width: of the 24 columns of a dashboard.
        unit: Grafana's name of it.
        queries: at least one; a plain text is the PromQL.
    """

    title: str
    about: str = ""
    type: Literal["timeseries", "stat", "table"] = "timeseries"
    width: int = Field(default=12, ge=4, le=_COLUMNS)
    unit: str = "short"
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
        variables: name to the query that gives its values; each can be several values or all.
        rows: see Row.
    """

    title: str
    about: str
    variables: dict[str, str] = {}
    rows: list[DashboardRow] = Field(min_length=1)

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
        *(_variable(each, query) for each, query in dashboard.variables.items()),
    ]
    body = {
        "uid": f"chaos-harness-{name}",
        "title": dashboard.title,
        "description": dashboard.about,
        "tags": ["chaos-mesh"],
        "schemaVersion": _SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "refresh": "10s",
        "time": {"from": "now-30m", "to": "now"},
        "templating": {"list": variables},
        "panels": [
            {"id": number, **panel} for number, panel in enumerate(_laid_out(dashboard.rows), start=1)
        ],
    }
    return json.dumps(body, indent=2) + "\n"


def _variable(name: str, query: str) -> Mapping[str, Any]:
    return {
        "name": name,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
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
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "instant": instant,
                "range": not instant,
                **({"format": "table"} if instant else {}),
            }
            for letter, query in zip(_LETTERS, panel.queries, strict=False)
        ],
        "fieldConfig": {
            "defaults": {"unit": panel.unit, "noValue": "0", "min": _least(panel)},
            "overrides": [],
        },
        "options": {},
    }


def _least(panel: DashboardPanel) -> int | None:
    """Return where the axis begins: differences of clocks may be negative."""
    return None if " - " in panel.queries[0].expr else 0


def main() -> int:
    """Write the JSON of each description beside it."""
    try:
        for path in sorted((bundled.fixtures() / "dashboards").glob("*.yaml")):
            write_whole(path.with_suffix(".json"), rendered(read(path), path.stem), mode=PUBLIC)
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
