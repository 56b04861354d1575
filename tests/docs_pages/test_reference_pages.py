"""The reference of the language and the index: nothing of the code is left out, nothing is invented."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, Field

from harness.actions.registry import actions
from harness.base.model import Model
from harness.docs_pages.page import Page
from harness.docs_pages.pages import index, language
from harness.judge.kind import kinds
from harness.oracles.base import oracles
from harness.scenario.model import Expectation, ScenarioDocument, Step


def test_the_reference_has_every_action_kind_and_oracle() -> None:
    text = language.text()

    for name in [*actions(), *kinds(), *oracles(), *Expectation.model_fields, *ScenarioDocument.model_fields]:
        assert f"- `{name}" in text, name
    for name, _ in language._arguments():
        assert f"\n### {name}\n" in text
    assert max(len(line) for line in text.splitlines()) <= 115


@pytest.mark.parametrize(
    "model", [Step, Expectation, ScenarioDocument, *(each for _, each in language._arguments())]
)
def test_every_field_is_told_by_its_docstring(model: type[BaseModel]) -> None:
    assert set(language.attributes(model)) >= {name.rstrip("_") for name in model.model_fields}


class Base(Model):
    """What a thing does.

    Attributes:
        first, second: are told together,
            over two lines.
        in_: has the name of a keyword.
    """

    first: str
    second: list[int] = []
    in_: str | dict[str, str] = Field(alias="in")


class Derived(Base):
    """Does more.

    Attributes:
        third: is its own; see Http.

    What follows is no attribute.
    """

    third: float = Field(default=0.5, gt=0, le=10)
    fourth: bool | None = None


def test_docstrings_bounds_and_defaults_become_entries() -> None:
    assert list(language._model(Derived)) == [
        "Does more.",
        "",
        "- `first` (text, required): are told together, over two lines.",
        "- `second` (list of number, optional): are told together, over two lines.",
        "- `in` (text or mapping, required): has the name of a keyword.",
        "- `third` (number, more than 0 and at most 10, default 0.5): is its own; see [http](#http).",
        "- `fourth` (true or false, optional)",
    ]


def test_the_index_has_every_page_and_what_it_begins_with(tmp_path: Path) -> None:
    pages = {
        "quick-start.md": "# Quick start\n\nFrom a clone to a [verdict](verdicts.md), and on. More of it.\n",
        "scenarios.md": "# Scenarios\n\n| a | table |\n",
        "zoo.md": "# Animals\n\n    run a zoo\n\nAll of them:\n\n- the cat\n",
        "README.md": "# Old\n",
    }
    for name, text in pages.items():
        (tmp_path / name).write_text(text)

    made = [Page(Path("reference.md"), "# Reference\n\nAll keys. And more.\n"), Page(Path("x/y.md"), "# Y\n")]

    text = index.text(tmp_path, made)

    assert "- [reference.md](reference.md): Reference. All keys.\n" in text
    assert "- [quick-start.md](quick-start.md): Quick start. From a clone to a verdict, and on.\n" in text
    assert "- [scenarios.md](scenarios.md): Scenarios.\n" in text
    assert text.index("## Write") < text.index("](reference.md)") < text.index("## More")
    assert text.endswith(
        "## More\n\n- [zoo.md](zoo.md): Animals. All of them.\n\n"
        "For editors: [scenario.schema.json](scenario.schema.json), the JSON Schema of scenario files, and\n"
        "[include.schema.json](include.schema.json), of the files that they include.\n"
    )
    assert "README.md" not in text
    assert "## Understand a failure" not in text, "it has no page here"
