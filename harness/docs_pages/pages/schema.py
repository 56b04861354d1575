"""The JSON Schemas of scenario files and of the files that they include, for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.docs_pages.names_in_schema import add_names
from harness.docs_pages.page import Page, Sources
from harness.judge.kind import kinds
from harness.judge.proof import COMPARISONS
from harness.oracles.base import oracles
from harness.scenario.schema import include_schema, json_schema

NAME = "scenario.schema.json"
INCLUDE_NAME = "include.schema.json"
MODELINE = "# yaml-language-server: $schema="
"""The comment by which yaml-language-server finds the schema of a file; its place follows."""


def pages(_: Sources) -> Iterator[Page]:
    """Yield the schemas."""
    yield Page(Path(NAME), text(schema()))
    yield Page(Path(INCLUDE_NAME), text(include_schema(schema())))


def text(of: dict[str, Any]) -> str:
    """Return a schema as a file holds it."""
    return json.dumps(of, indent=1, ensure_ascii=False) + "\n"


def schema(folder: Path | None = None) -> dict[str, Any]:
    """Return the schema of scenario files, with all names that are known.

    Args:
        folder: of scenarios of a user, for the names of what lies beside them.

    Raises:
        ScenarioError: a file of metrics there is wrong.
    """
    expectations = {
        name: {**TypeAdapter(kind.argument).json_schema(), "description": kind.summary}
        for name, kind in kinds().items()
    }
    made = json_schema(expectations, oracles(), COMPARISONS)
    add_names(made, folder)
    return made
