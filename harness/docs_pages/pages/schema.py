"""The JSON Schema of scenario files, for editors."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.docs_pages.page import Page, Sources
from harness.judge.kind import kinds
from harness.judge.proof import COMPARISONS
from harness.oracles.base import oracles
from harness.scenario.schema import json_schema

NAME = "scenario.schema.json"


def pages(_: Sources) -> Iterator[Page]:
    """Yield the schema."""
    yield Page(Path(NAME), text())


def text() -> str:
    """Return the schema as a file holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def schema() -> dict[str, Any]:
    """Return the schema with all kinds of expectations and all oracles that there are."""
    expectations = {name: TypeAdapter(kind.argument).json_schema() for name, kind in kinds().items()}
    return json_schema(expectations, oracles(), COMPARISONS)
