"""Scenarios that run in parallel are started longest first; reports have the order of the files."""

import json

import pytest

from harness.judge.finding import Verdict
from harness.pytest_plugin.session import RunSession
from harness.results import last_durations
from tests.pytest_plugin.test_plugin import add, made_up, run_pytest  # noqa: F401  (a fixture)

pytest_plugins = ["pytester"]
NAMES = ["a-short", "b-long", "c-middle"]
LONGEST_FIRST = ["b-long", "c-middle", "a-short"]


@pytest.fixture
def durations(pytester, made_up):  # noqa: F811
    """Three scenarios that have run before."""
    for name, seconds in zip(NAMES, (1.0, 9.0, 5.0), strict=True):
        add(pytester, made_up, name, Verdict.PASS)
        made_up[name].seconds = seconds
    last_durations.keep(made_up.values())


def collected(pytester, *words):
    done = run_pytest(pytester, "--collect-only", "-q", *words)
    return [line.rpartition("::")[2] for line in done.outlines if "::" in line]


@pytest.mark.usefixtures("durations")
def test_collect_only_shows_the_order_in_which_they_are_started(pytester):
    assert collected(pytester, "--parallel", "2") == LONGEST_FIRST
    assert collected(pytester, "--parallel", "2", "-k", "not middle") == ["b-long", "a-short"]


@pytest.mark.usefixtures("durations")
@pytest.mark.parametrize("words", [("--parallel", "1"), ("--parallel", "2", "--order", "files")])
def test_one_after_the_other_or_when_asked_they_keep_the_order_of_the_files(pytester, words):
    assert collected(pytester, *words) == NAMES


@pytest.mark.usefixtures("durations")
def test_nothing_known_of_any_keeps_the_order_of_the_files(pytester):
    last_durations.path().unlink()
    assert collected(pytester, "--parallel", "2") == NAMES


@pytest.mark.usefixtures("durations")
def test_an_order_that_a_conftest_makes_is_the_one_that_counts(pytester):
    pytester.makeconftest("def pytest_collection_modifyitems(items): items.sort(key=lambda item: item.name)")
    assert collected(pytester, "--parallel", "2") == NAMES


@pytest.mark.usefixtures("durations")
def test_other_tests_stay_where_they_are(pytester):
    pytester.makepyfile(test_before="def test_it(): pass")
    assert collected(pytester, "--parallel", "2", "test_before.py", "scenarios") == [
        "test_it",
        *LONGEST_FIRST,
    ]


@pytest.mark.usefixtures("durations")
def test_a_report_has_the_order_of_the_files(pytester, monkeypatch):
    plans = []
    monkeypatch.setattr(RunSession, "begin", lambda self, plan: plans.append(plan))
    run_pytest(pytester, "--parallel", "2", "--shard", "1/1")
    results = json.loads((pytester.path / "report/results.json").read_text())
    assert list(results["run"]["shard"]["scenarios"]) == NAMES
    (plan,) = plans
    assert [file.name for _, file in plan.to_run] == NAMES
    assert [node.rpartition("::")[2] for node in plan.starts] == LONGEST_FIRST
