"""`chaos-harness run` is pytest with the plugin, at home in the checkout when there is one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from harness.base import bundled
from harness.pytest_plugin import run
from harness.scenario.discover import discover

pytest_plugins = ["pytester"]

ALWAYS = (
    *("-p", "harness.pytest_plugin.short_names", "-p", "harness.pytest_plugin.plugin", "--without-path-all"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pytest is called with."""
    words: list[list[str]] = []

    def main(arguments: list[str]) -> pytest.ExitCode:
        words.append(arguments)
        return pytest.ExitCode.TESTS_FAILED

    monkeypatch.setattr(run, "pytest", SimpleNamespace(main=main))
    return words


def test_in_a_checkout_its_own_settings_are_used_from_everywhere(given):
    assert run.run(["scenarios/a.yaml", "-k", "x"]) == 1
    root = bundled.root()
    assert (root / "pyproject.toml").is_file()
    assert given == [
        [
            *ALWAYS,
            *("-c", str(root / "pyproject.toml"), f"--rootdir={root}"),
            f"--confcutdir={root / 'scenarios'}",
            *("-o", f"testpaths={root / 'scenarios'}"),
            *("scenarios/a.yaml", "-k", "x"),
        ]
    ]


def test_installed_there_are_no_settings_to_be_found(given, tmp_path, monkeypatch):
    monkeypatch.setattr(bundled, "root", lambda: tmp_path)
    run.run(("-q",))
    assert given == [[*ALWAYS, "-q"]]


def test_the_exit_code_is_a_plain_number(given):
    assert type(run.run([])) is int


@pytest.fixture
def collected(pytester: pytest.Pytester, given: list[list[str]]) -> Callable[..., list[str]]:
    """The files of the scenarios that would run."""

    def collecting(*words: str) -> list[str]:
        run.run([*words, "--collect-only", "-q", "-p", "no:cacheprovider"])
        done = pytester.runpytest_inprocess(*given[-1])
        assert done.ret == 0
        return [Path(line.split("::")[0]).name for line in done.outlines if "::" in line]

    return collecting


def test_without_a_path_all_scenarios_that_ship_are_taken_from_everywhere(collected):
    assert not Path.cwd().is_relative_to(bundled.root())
    scripts = {path.name for path in bundled.scenarios().rglob("*.py")}
    assert set(collected()) == {path.name for path in discover([bundled.scenarios()])} | scripts


def test_a_path_is_taken_alone(collected):
    path = min(discover([bundled.scenarios()]))
    assert collected(str(path)) == [path.name]


def test_the_value_of_an_option_is_no_path(collected):
    assert collected("-k", "no-target") == ["no-target.yaml"]
