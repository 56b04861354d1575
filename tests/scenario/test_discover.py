# ruff: noqa: E501  (messages are asserted whole)
from pathlib import Path

import pytest

from harness.scenario.discover import discover, is_scenario_file
from harness.scenario.problem import ScenarioError


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    files = {
        "b.yaml": "scenario: b\n",
        "a.yml": "about: x\nscenario: a\n",
        "values.yaml": "image:\n  scenario: nested\n",
        "pipeline.yml": "steps:\n- script: x\n",
        "misspelt.yaml": "scenaro: x\nchaos: {}\nsteps: []\n",
        "broken.yaml": "'scenario': x\n  bad: [\n",
        "flow.yaml": "{scenario: x}\n",
        "_draft.yaml": "scenario: c\n",
        ".hidden.yaml": "scenario: c\n",
        "_parts/p.yaml": "scenario: c\n",
        ".git/g.yaml": "scenario: c\n",
        "sub/c.yaml": "scenario: c\n",
        "notes.txt": "scenario: c\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_folders_are_searched_for_scenario_files(tree: Path) -> None:
    found = [str(path.relative_to(tree)) for path in discover([tree])]

    assert found == ["a.yml", "b.yaml", "broken.yaml", "flow.yaml", "misspelt.yaml", "sub/c.yaml"]


def test_what_is_named_directly_is_taken_and_only_once(tree: Path) -> None:
    assert discover([tree / "_draft.yaml", tree / "sub", tree / "sub/c.yaml", tree / "notes.txt"]) == [
        tree / "_draft.yaml",
        tree / "sub/c.yaml",
        tree / "notes.txt",
    ]


def test_what_is_named_directly_has_to_be_a_scenario(tree: Path) -> None:
    with pytest.raises(ScenarioError) as caught:
        discover([tree / "values.yaml", tree / "none.yaml", tree / "b.yaml"])

    assert [str(problem).removeprefix(f"{tree}/") for problem in caught.value.problems] == [
        "values.yaml:1:1: is no scenario file: it has no key `scenario` at the top level; write `scenario: NAME`",
        "none.yaml: there is no such file",
    ]


def test_a_file_that_is_not_there_is_no_scenario(tree: Path) -> None:
    assert is_scenario_file(tree / "b.yaml")
    assert not is_scenario_file(tree / "none.yaml")
    assert not is_scenario_file(tree / "notes.txt")


def test_what_is_hidden_or_was_installed_is_never_looked_at(tmp_path: Path) -> None:
    for folder in (".hidden", "_drafts", "__pycache__", "node_modules/x", "venv/lib", "own/.git"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "s.yaml").write_text("scenario: s\n")
    (tmp_path / "venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    (tmp_path / "own/s.yaml").write_text("scenario: s\n")

    assert discover([tmp_path]) == [tmp_path / "own/s.yaml"]


def test_a_link_that_leads_out_of_the_folder_is_told_and_not_read(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("scenario: secret\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.yaml").write_text("scenario: a\n")
    (folder / "b.yaml").symlink_to("a.yaml")
    assert discover([folder]) == [folder / "a.yaml", folder / "b.yaml"]

    (folder / "c.yaml").symlink_to("../outside.yaml")
    with pytest.raises(ScenarioError) as caught:
        discover([folder])
    assert [str(problem) for problem in caught.value.problems] == [
        f"{folder}/c.yaml: is a link that leads out of {folder}"
    ]
