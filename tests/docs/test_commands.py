"""Every scenario and every command that a page shows is checked, and what needs no cluster is run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from harness import cli
from harness.base.errors import ExitCode, UsageError
from harness.docs_pages import examples
from harness.docs_pages.examples import Example
from harness.lint import python
from harness.lint.check import load_checked
from harness.pytest_plugin import options
from tests.docs.test_site import steps

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]

SCENARIOS = list(examples.scenarios(PAGES))
COMMANDS = list(examples.commands(PAGES))

WITHOUT_CLUSTER = ("lint", "docs", "schema", "new")
"""Those that are run here; the others need a cluster, make one, or need the recordings of a run."""


def ids(found: list[Example]) -> list[str]:
    return [f"{example.place} {example.text[:60]}" for example in found]


def test_there_are_scenarios_and_commands_to_check() -> None:
    assert {example.page.name for _, example in SCENARIOS} >= {
        "README.md",
        "quick-start.md",
        "scenarios.md",
        "python-scenarios.md",
    }
    assert {suffix for suffix, _ in SCENARIOS} == {".yaml", ".py"}
    assert len(COMMANDS) > 20
    assert {example.page.name for example in COMMANDS} >= {"README.md", "quick-start.md", "air-gapped.md"}


@pytest.mark.parametrize(("suffix", "example"), SCENARIOS, ids=ids([each for _, each in SCENARIOS]))
def test_each_scenario_of_the_pages_is_right(suffix: str, example: Example, tmp_path: Path) -> None:
    path = tmp_path / f"example{suffix}"
    path.write_text(example.text)

    if suffix == ".py":
        assert [each.rehearse().scenario.steps for each in python.load(path)] != [[]]
    else:
        assert load_checked(path)[0].scenario.steps


def test_the_scenarios_of_the_pages_can_all_be_run_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["docs", "--examples", str(tmp_path / "examples")]) == ExitCode.OK
    written = list((tmp_path / "examples").iterdir())
    assert len(written) == len(SCENARIOS)
    assert cli.main(["lint", str(tmp_path / "examples")]) == ExitCode.OK
    assert "0 problems" in capsys.readouterr().out


def long_name(word: str) -> str:
    """Return a word of a command line, an option by the name that it has in plain pytest."""
    name, *value = word.split("=", 1)
    for option in options.ALL:
        if name in (option.name, *option.former):
            return "=".join([f"--{options._long(option)}", *value])
    return word


@pytest.mark.parametrize("example", COMMANDS, ids=ids(COMMANDS))
def test_each_command_of_the_pages_is_one(example: Example, pytestconfig: pytest.Config) -> None:
    program, *words = shlex.split(example.text)

    if program == "ci/test":
        assert words in ([], ["--fast"]) or set(words) <= steps()
    elif program == "ci/verify" and words[:1] == ["--down"]:
        cli.parser().parse_args(["down", *words[1:]])
    elif program == "ci/verify" or words[:1] == ["run"]:
        # pytest's own parser, with the options of the plugin: it has their long names.
        arguments = words if program == "ci/verify" else words[1:]
        known = pytestconfig._parser.parse_known_and_unknown_args([*map(long_name, arguments)], None)
        assert known[1] == []
    else:
        try:
            assert cli.parser().parse_args(words).command
        except UsageError as error:
            # In a sentence a subcommand is called by its name alone.
            assert len(words) == 1, error
            assert "required" in str(error), error


@pytest.mark.parametrize(
    "example",
    [each for each in COMMANDS if each.text.split()[1:2] and each.text.split()[1] in WITHOUT_CLUSTER],
    ids=lambda each: f"{each.place} {each.text[:60]}",
)
def test_what_needs_no_cluster_runs(
    example: Example, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    words = shlex.split(example.text)[1:]
    if words[0] == "lint" and len(words) > 1:
        assert cli.main(["new", f"{words[1]}/", "--chaos", "stress-cpu"]) == ExitCode.OK
    if words[0] == "docs" and "--check" not in words:
        words += ["--to", str(tmp_path / "docs")] if "--to" not in words else []

    if words == ["new"]:
        # Without a terminal it has to be told.
        assert cli.main(words) == ExitCode.USAGE
    else:
        assert cli.main(words) == ExitCode.OK


def test_a_wrong_command_of_a_page_is_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "Text with `chaos-harness lint --nonsense` in it, and `chaos-harness up NAME`.\n\n"
        "    chaos-harness status        what is up\n"
        "    pip install .\n\n"
        "- item:\n\n       ci/verify -k 'a b' x.yaml\n\n"
        "```text\nchaos-harness in a block\n```\n"
    )

    found = [(each.place, each.text) for each in examples.commands([page])]

    assert found == [
        ("page.md:3", "chaos-harness status"),
        ("page.md:8", "ci/verify -k 'a b' x.yaml"),
        ("page.md:1", "chaos-harness lint --nonsense"),
    ]
