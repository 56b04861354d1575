"""Which scenarios were seen on a cluster: taken from the results of runs, and told on their pages."""

from pathlib import Path

import pytest

from harness import cli
from harness.base import bundled
from harness.base.errors import UsageError
from harness.docs_pages.page import Sources
from harness.docs_pages.pages.scenario_catalogue import text
from harness.docs_pages.seen import SeenScenarios, unseen
from harness.judge.control import Controlled, ControlOutcome
from harness.judge.finding import Verdict
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult

SCENARIO = """\
scenario: {name}
about: It is about {name}.
parameters: {{one: {{x: 1}}, two: {{x: 2}}}}
steps:
  - wait: "${{parameters.x}}"
    expect: [{{metric: up, where: {{job: chaos-daemon}}, equals: 1}}]
"""


def result(name, verdict=Verdict.PASS, **more):
    return ScenarioResult(name=name, file="s.yaml", verdict=verdict, **more)


def run(*scenarios, release="v2.8.4"):
    stack = {"versions": {"chaos-mesh": release}}
    made = Results(run=Run(id="f00d", harness="0", started="2026-11-27T01:02:03+00:00", stack=stack))
    made.scenarios = list(scenarios)
    return made


@pytest.fixture
def folder(tmp_path):
    for name in ("alpha", "beta"):
        place = tmp_path / "scenarios" / "daemon" / f"{name}.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(SCENARIO.format(name=name))
    return tmp_path / "scenarios"


def test_what_held_was_seen_and_what_did_not_was_not():
    seen = SeenScenarios()
    names = ["a", "b", "c", "d", "e"]
    ran = run(
        result("a"),
        result("b", Verdict.KNOWN_ISSUE),
        result("c", Verdict.SKIPPED),
        result("d", Verdict.FAIL),
        result("e", Verdict.ERROR),
        result("somebody else's"),
    )
    assert seen.add(ran, names) == ["a", "b"]
    assert unseen(names, seen.releases) == ["c", "d", "e"]
    assert seen.add(run(result("a"), result("c"), release="v2.7.3"), names) == ["c"]
    assert seen.releases["a"] == ["v2.7.3", "v2.8.4"]


def test_a_run_without_chaos_has_seen_nothing():
    control = [Controlled(id="0.0", step=0, claim="x", holds=False, outcome=ControlOutcome.EXCUSED)]
    with pytest.raises(UsageError, match="without chaos"):
        SeenScenarios().add(run(result("a", control=control)), ["a"])


def test_a_run_without_a_cluster_has_seen_nothing():
    ran = run(result("a"))
    ran.run.stack = None
    with pytest.raises(UsageError, match="no cluster"):
        SeenScenarios().add(ran, ["a"])


def test_the_mark_goes_when_a_run_is_handed_in(folder, tmp_path, capsys):
    (folder / "seen.json").write_text('{"alpha[one]": ["v2.8.4"], "alpha[two]": ["v2.8.4"]}')
    marked = text(Sources(tmp_path, (folder,)))
    assert marked.partition("### beta")[0].count("Not yet seen") == 0
    assert "**Not yet seen on a cluster.**" in marked.partition("### beta")[2]

    run(result("beta[two]")).write(tmp_path / "report")
    assert cli.main(["seen", str(tmp_path / "report"), "--scenarios", str(folder)]) == 0
    assert "not yet seen on a cluster: 1 of 4 scenarios\n  beta[one]\n" in capsys.readouterr().out
    assert "**Not yet seen on a cluster: `one`.**" in text(Sources(tmp_path, (folder,)))


def test_where_nobody_notes_it_no_page_is_marked(folder, tmp_path):
    assert "Not yet seen" not in text(Sources(tmp_path, (folder,)))


@pytest.mark.parametrize("content", ["[]", "{", '{"a": "v1"}', '{"a": [1]}'])
def test_a_file_that_says_something_else_is_refused(tmp_path, content):
    (tmp_path / "seen.json").write_text(content)
    with pytest.raises(UsageError, match=r"seen\.json does not say"):
        SeenScenarios.load(tmp_path / "seen.json")


def test_only_scenarios_that_ship_were_seen_and_the_file_is_as_it_is_written(tmp_path):
    names = {case.name for cases in Sources(Path()).files for case in cases}
    path = bundled.scenarios() / "seen.json"
    seen = SeenScenarios.load(path)
    assert set(seen.releases) <= names
    seen.write(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == path.read_text()
