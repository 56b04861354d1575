"""The metrics that our own dashboards and alerts use (fixtures/dashboards, fixtures/alerts)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.base.bounded import FileError, read_json, read_yaml
from harness.base.errors import UsageError
from harness.prometheus.expression import selectors
from harness.prometheus.promql import PromQLError

FOLDERS = ("dashboards", "alerts")
"""Below fixtures/."""

_OF_VALUES = re.compile(r"label_values\(\s*([a-zA-Z_:][\w:]*)")
_RANGE = re.compile(r"\[\$\{?\w+\}?(:\$?\w*)?\]")
_OFFSET = re.compile(r"offset \$\{?\w+\}?")
_VARIABLE = re.compile(r"\$\{?\w+(:\w+)?\}?")


def used(fixtures: Path) -> set[str]:
    """Return the names of all series that dashboards and alerts select; empty when there are none.

    Of a dashboard and its description, which has shorthands, the dashboard is read.

    Raises:
        UsageError: a file cannot be read, or an expression is none.
    """
    found: set[str] = set()
    for folder in FOLDERS:
        for path in sorted((fixtures / folder).glob("*")):
            described = path.suffix != ".json" and path.with_suffix(".json").is_file()
            skipped = described or path.stem.endswith(".test")
            if path.suffix in {".json", ".yaml", ".yml"} and not skipped:
                found |= _of_file(path)
    return found


def _of_file(path: Path) -> set[str]:
    try:
        content = read_json(path) if path.suffix == ".json" else read_yaml(path)
    except FileError as error:
        raise UsageError(f"cannot read {path}", details=[str(error)]) from error
    names: set[str] = set()
    recorded = {value for key, value in _texts(content) if key == "record"}
    for key, text in _texts(content):
        names |= set(_OF_VALUES.findall(text))
        if key == "expr":
            try:
                names |= {name for name, _ in selectors(_plain(text)) if name}
            except PromQLError as error:
                raise UsageError(
                    f"{path}: an expression does not parse", details=[text, *error.details]
                ) from error
    return names - recorded


def _plain(expression: str) -> str:
    """Return an expression of Grafana's as PromQL: its variables stand for something."""
    return _VARIABLE.sub("1", _OFFSET.sub("offset 5m", _RANGE.sub("[5m]", expression)))


def _texts(content: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text with the key that it stands under."""
    match content:
        case str():
            yield key, content
        case dict():
            for name, value in content.items():
                yield from _texts(value, str(name))
        case list():
            for value in content:
                yield from _texts(value, key)
