"""The navigation of the documentation, and the ways in that CONTRIBUTING names: all of it is there."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from harness.docs_pages.pages.index import navigation

ROOT = Path(__file__).resolve().parent.parent.parent
DOCS = ROOT / "docs"
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()

TARGETS = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)
SAMPLE = "sample-report/index.html"
"""Rendered when the site is built."""


def outside(docs: Path, named: list[str]) -> list[str]:
    """Return the pages that a navigation does not hold; a name that ends with a slash holds its folder."""
    pages = sorted(path.relative_to(docs).as_posix() for path in docs.rglob("*.md"))
    folders = tuple(name for name in named if name.endswith("/"))
    return [page for page in pages if page not in named and not page.startswith(folders or "\0")]


def named() -> list[str]:
    return ["README.md", *(name for names in navigation().values() for name in names)]


def steps() -> set[str]:
    """Return the steps that `ci/test` has."""
    return set(re.findall(r"^run_(\w+)\(\)", (ROOT / "ci" / "test").read_text(), re.MULTILINE))


def test_the_navigation_holds_every_page_once() -> None:
    assert outside(DOCS, named()) == []
    assert len(named()) == len(set(named()))
    assert [name for name in named() if name != SAMPLE and not (DOCS / name).exists()] == []


def test_a_page_outside_of_the_navigation_is_noticed(tmp_path: Path) -> None:
    for name in ("a.md", "b.md", "c/d.md", "e/f.md"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    assert outside(tmp_path, ["a.md", "c/"]) == ["b.md", "e/f.md"]
    assert outside(tmp_path, ["a.md"]) == ["b.md", "c/d.md", "e/f.md"]


def test_the_index_of_decisions_has_each_record() -> None:
    index = (DOCS / "decisions" / "README.md").read_text()

    for record in (DOCS / "decisions").glob("0*.md"):
        assert f"]({record.name})" in index


def test_every_target_that_contributing_names_is_one() -> None:
    wanted = set(re.findall(r"(?:`|^ {4})make ([a-z]+)", CONTRIBUTING, re.MULTILINE))

    assert {"dev", "unit", "lint", "types", "fast", "test"} <= wanted
    assert wanted <= set(TARGETS)


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not on PATH")
@pytest.mark.parametrize("target", TARGETS)
def test_every_target_can_be_made(target: str) -> None:
    ran = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True
    )
    scripts = [line.split()[0] for line in ran.stdout.splitlines() if line.startswith("ci/")]
    assert all((ROOT / script).stat().st_mode & 0o111 for script in scripts)


def test_the_targets_have_the_steps_of_ci() -> None:
    called = [line.split()[1:] for line in MAKEFILE.splitlines() if line.startswith("\tci/test ")]
    single = {step for words in called for step in words} - {"--fast"}
    (fast,) = re.findall(r"^fast_steps=\((.*)\)", (ROOT / "ci" / "test").read_text(), re.MULTILINE)

    assert single == set(fast.split())
    assert single <= steps()


def test_an_unknown_step_is_a_usage_error() -> None:
    for words in (["nonsense"], ["ruff", "nonsense"], ["--fast", "ruff"], ["--slow"]):
        ran = subprocess.run(
            [ROOT / "ci" / "test", *words], capture_output=True, text=True, timeout=60, check=False
        )
        assert ran.returncode == 4
        assert "next step: ci/test" in ran.stderr


def test_every_file_that_contributing_names_is_there() -> None:
    wanted = re.findall(r"`((?:harness|tests|ci|fixtures|docs|scenarios)/[\w/.-]+|\.[\w/.-]+)", CONTRIBUTING)
    # What a contributor adds has a name in capitals; what is made is in no checkout.
    there = [name for name in wanted if not re.search("[A-Z]{2}", name) and name != ".venv"]

    assert len(there) > 20
    assert [name for name in there if not (ROOT / name).exists()] == []


def test_editors_check_each_file_by_its_schema() -> None:
    settings = json.loads((ROOT / ".vscode" / "settings.json").read_text())
    (scenario, patterns), (include, theirs) = settings["yaml.schemas"].items()
    assert Path(scenario).name == "scenario.schema.json" and (ROOT / scenario).is_file()
    assert Path(include).name == "include.schema.json" and (ROOT / include).is_file()
    files = {*(ROOT / "scenarios").rglob("*.yaml")}
    assert {path for path in files if matches(path, patterns)} == {*filter(is_scenario, files)}
    assert {path for path in files if matches(path, theirs)} == {*files} - {*filter(is_scenario, files)}


def matches(path: Path, patterns: list[str]) -> bool:
    # Of a pattern `**/` may stand for nothing, which fnmatch does not know.
    name = path.relative_to(ROOT).as_posix()
    hits = [fnmatch.fnmatch(name, each.removeprefix("!").replace("**/", "*")) for each in patterns]
    negated = [each.startswith("!") for each in patterns]
    told = [*zip(hits, negated, strict=True)]
    return any(hit for hit, no in told if not no) and not any(hit for hit, no in told if no)


def is_scenario(path: Path) -> bool:
    return "scenario" in (yaml.safe_load(path.read_text()) or {})


def test_the_workflows_name_actions_by_commit() -> None:
    files = [*(ROOT / ".github" / "workflows").glob("*.yaml"), *(ROOT / "ci" / "templates").glob("*.yaml")]
    used = [line for path in files for line in re.findall(r"uses: (.*)", path.read_text())]
    assert used
    assert [line for line in used if not re.fullmatch(r"\./\S+|[\w./-]+@[0-9a-f]{40} # v[\d.]+", line)] == []
