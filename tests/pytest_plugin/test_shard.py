"""`--shard I/N`: jobs of a CI system have all scenarios once, and results say which part they are of."""

import json

import pytest

from harness.base.errors import ExitCode
from harness.judge.finding import Verdict
from harness.results import last_durations
from tests.pytest_plugin.test_plugin import add, made_up, run_pytest  # noqa: F401  (a fixture)

pytest_plugins = ["pytester"]
NAMES = [f"made-up-{number}" for number in range(5)]


@pytest.fixture
def scenarios(pytester, made_up):  # noqa: F811
    for name in NAMES:
        add(pytester, made_up, name, Verdict.PASS)
        made_up[name].seconds = 3.0


def ran(pytester, *words):
    done = run_pytest(pytester, *words)
    results = json.loads((pytester.path / "report/results.json").read_text())
    assert results["run"]["exit_code"] == done.ret
    return results, [each["name"] for each in results["scenarios"]]


@pytest.mark.usefixtures("scenarios")
def test_each_scenario_is_in_one_part_and_all_parts_know_all_of_them(pytester):
    seen = []
    for number in (1, 2, 3):
        results, names = ran(pytester, "--shard", f"{number}/3")
        shard = results["run"]["shard"]
        assert (shard["number"], shard["of"], shard["whole"]) == (number, 3, False)
        assert list(shard["scenarios"]) == NAMES
        assert results["run"]["options"]["shard"] == f"{number}/3"
        assert results["run"]["planned"] == len(names)
        seen += names
    assert sorted(seen) == NAMES


@pytest.mark.usefixtures("scenarios")
def test_the_parts_are_of_what_is_selected(pytester):
    results, names = ran(pytester, "--shard", "1/2", "-k", "made-up-1 or made-up-2")
    assert list(results["run"]["shard"]["scenarios"]) == ["made-up-1", "made-up-2"]
    assert len(names) == 1


@pytest.mark.usefixtures("scenarios")
def test_the_parts_are_balanced_by_what_scenarios_took_and_stay_so(pytester, made_up):  # noqa: F811
    made_up["made-up-2"].seconds = 60.0
    ran(pytester)
    took = last_durations.read()
    assert took == {name: 60.0 if name == "made-up-2" else 3.0 for name in NAMES}
    made_up["made-up-2"].seconds = 1.0
    _, one = ran(pytester, "--shard", "1/2")
    _, other = ran(pytester, "--shard", "2/2")
    assert (one, other) == (["made-up-2"], [name for name in NAMES if name != "made-up-2"])
    # What one part took must not divide the others otherwise.
    assert last_durations.read() == took


@pytest.mark.usefixtures("scenarios")
def test_more_parts_than_scenarios_are_a_usage_error(pytester):
    done = run_pytest(pytester, "--shard", "6/6")
    assert done.ret == ExitCode.USAGE
    done.stderr.fnmatch_lines(
        ["*--shard 6/6: nothing is left for this part of 5 scenarios; use 5 shards at most"]
    )
    assert not (pytester.path / "report").exists()


def test_a_part_that_means_nothing_is_a_usage_error(pytester):
    done = run_pytest(pytester, "--shard", "4/3")
    assert done.ret == ExitCode.USAGE
    done.stderr.fnmatch_lines(["*--shard*write it as I/N with 1 <= I <= N, such as 2/3, not 4/3*"])


@pytest.mark.usefixtures("scenarios")
def test_a_run_that_is_no_part_says_so(pytester):
    results, names = ran(pytester)
    assert results["run"]["shard"] is None
    assert names == NAMES
