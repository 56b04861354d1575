"""What a dashboard and a file of alert rules must have so that somebody who is woken can read them.

`python -m harness.stack.dashboard_lint FILE...` checks dashboards (JSON, as Grafana has them) and rules
(YAML, as Prometheus has them), by default those that ship with the harness.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from harness.base import bundled
from harness.base.bounded import read_json, read_yaml
from harness.base.errors import ExitCode, HarnessError, UsageError

_STATES = re.compile(
    r"\bup\{|leader_election_master_status|_panics_total|_errors_total|workqueue_depth|scrape_duration_seconds"
    r"|phase=~\"injecting\|deleting\"|grpc_code!=\"OK\"|type=\"Warning\""
)
"""Queries whose value says by itself whether something is wrong."""
_COUNTER = re.compile(r"\b\w+(?:_total|_count|_sum|_bucket)\b")
_GROWTH = re.compile(
    r"\b(?:rate|irate|increase)\(\w+(?:\{[^}]*\})?\[[^\]]*\]\)"
    r"|(?P<new>\w+(?:\{[^}]*\})?) unless (?P=new) offset [$\w]+"
)
"""A counter's growth; the latter is what of it is new."""
_ANNOTATIONS = ("summary", "description", "runbook_url")
_SEVERITIES = ("info", "warning", "critical")


def dashboard_problems(dashboard: Any) -> Iterator[str]:
    """Yield what a dashboard lacks, each with its panel.

    Args:
        dashboard: as its JSON has it.
    """
    if not dashboard.get("description"):
        yield "the dashboard has no description"
    annotations = (dashboard.get("annotations") or {}).get("list", [])
    if not any("chaos_experiments" in str(each.get("expr")) for each in annotations):
        yield "no annotation shows when chaos was on"
    if not dashboard.get("links"):
        yield "no link leads to the other dashboards"
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    if not variables & {"job", "namespace"}:
        yield "there is neither a variable `job` nor `namespace`"
    for panel in dashboard["panels"]:
        if panel["type"] != "row":
            yield from (f"panel {panel['title']!r}: {problem}" for problem in _panel_problems(panel))


def _panel_problems(panel: Any) -> Iterator[str]:
    defaults = panel["fieldConfig"]["defaults"]
    queries = [target["expr"] for target in panel["targets"]]
    if not panel.get("description"):
        yield "it has no description"
    if not defaults.get("unit"):
        yield "it has no unit"
    state = panel["type"] in ("stat", "gauge", "table") or any(map(_STATES.search, queries))
    if state and len((defaults.get("thresholds") or {}).get("steps", [])) < 2:
        yield "it shows a state, and has no thresholds"
    for query in queries:
        if raw := _COUNTER.search(_GROWTH.sub("", query)):
            yield f"it draws the counter {raw.group()} as it is: take rate(), increase() or grown()"


def rule_problems(groups: Any) -> Iterator[str]:
    """Yield what a file of alert rules lacks, each with its rule.

    Args:
        groups: as the file has them under `groups`.
    """
    for rule in (each for group in groups for each in group["rules"] if "alert" in each):
        name, annotations = rule["alert"], rule.get("annotations") or {}
        for wanted in _ANNOTATIONS:
            if not annotations.get(wanted):
                yield f"alert {name}: it has no {wanted}"
        if (rule.get("labels") or {}).get("severity") not in _SEVERITIES:
            yield f"alert {name}: its severity is none of {', '.join(_SEVERITIES)}"


def problems(path: Path) -> list[str]:
    """Return what a file lacks: a dashboard if it is JSON, else rules.

    Raises:
        UsageError: it is neither.
    """
    try:
        found = (
            dashboard_problems(read_json(path))
            if path.suffix == ".json"
            else rule_problems(read_yaml(path)["groups"])
        )
        return [f"{path}: {problem}" for problem in found]
    except HarnessError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"{path}: neither a dashboard nor alert rules", details=[repr(error)]) from error


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong with files; 1 when anything is."""
    given = [Path(each) for each in (sys.argv[1:] if arguments is None else arguments)]
    folder = bundled.fixtures()
    shipped = [*sorted((folder / "dashboards").glob("*.json")), folder / "alerts/chaos-mesh.yaml"]
    try:
        found = [problem for path in given or shipped for problem in problems(path)]
    except HarnessError as error:
        sys.stderr.write(error.render() + "\n")
        return error.exit_code
    sys.stdout.write("".join(f"{line}\n" for line in found))
    return ExitCode.FAILED if found else ExitCode.OK


if __name__ == "__main__":
    sys.exit(main())
