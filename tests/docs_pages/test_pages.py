"""The generated pages: they are current, complete, and wrong ones are noticed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from harness import cli
from harness.base import bundled
from harness.base.errors import ExitCode, UsageError
from harness.chaosmesh.known_issues import RegisteredIssue, known_issues
from harness.docs_pages.page import COMMAND, Page, Sources, all_pages, outdated, write
from harness.docs_pages.pages import known_issues as issue_pages
from harness.docs_pages.pages import schema
from harness.prometheus.promql import check
from harness.scenario.load import load

DOCS = Path(__file__).resolve().parent.parent.parent / "docs"

SCENARIO = """\
scenario: {name}
about: Two cases.
workload: mini-node-exporter
parameters:
  one: {{mode: one, killed: 1}}
  all: {{mode: all, killed: 1}}
chaos:
  kill:
    kind: PodChaos
    spec: {{action: pod-kill, mode: "${{parameters.mode}}", selector: "${{workload.selector}}"}}
steps:
  - apply: kill
    until: finished
    proof: {{oracle: pod-uids, since: "${{workload.uids}}", equals: "${{parameters.killed}}", because: gone}}
    expect:
      - metric: chaos_controller_manager_emitted_event_total
        where: {{namespace: "${{namespace}}", reason: FinalizerInited, type: Normal}}
        increases_by: 3
        because: three are three
        level: should
        known_issue: {{id: finalizer-removal-counted-as-init, shows: {{increases_by: 1}}}}
  - delete: kill
    expect:
      - promql: sum(chaos_controller_manager_chaos_experiments{{namespace="${{namespace}}"}})
        absent: true
        hold: 2
"""
ISSUE = RegisteredIssue(
    id="some-issue",
    component="daemon",
    summary="Something is wrong.",
    metrics=["m"],
    since="v2.2.0",
    seen=["v2.8.4"],
    evidence="It was seen to be wrong.",
    correct="It would be right.",
    place="somewhere.go",
    promql=["m > 1"],
    reproduce="kubectl get pods\n",
)


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """A folder of scenarios with one file of two cases, and an empty folder of documentation."""
    scenarios = tmp_path / "scenarios"
    (scenarios / "pods").mkdir(parents=True)
    (scenarios / "pods" / "kills.yaml").write_text(SCENARIO.format(name="kills"))
    (tmp_path / "docs").mkdir()
    return Sources(tmp_path / "docs", (scenarios,))


def page(sources: Sources, name: str) -> str:
    (found,) = [each.text for each in all_pages(sources) if each.path == Path(name)]
    return found


def test_all_pages_are_current() -> None:
    wrong = outdated(DOCS, all_pages(Sources(DOCS)))

    assert wrong == [], f"renew the generated pages: {COMMAND}"


def test_each_scenario_that_ships_has_its_place() -> None:
    text = (DOCS / "scenario-catalogue.md").read_text()
    names = {load(path)[0].name.partition("[")[0] for path in bundled.scenarios().glob("[!s]*/[!_]*.yaml")}

    assert len(names) > 10
    assert [name for name in sorted(names) if f"\n### {name}\n" not in text] == []


def test_a_scenario_is_told_in_words_once_for_all_its_cases(sources: Sources) -> None:
    text = page(sources, "scenario-catalogue.md")

    metric = 'chaos_controller_manager_emitted_event_total{namespace="${namespace}", reason="FinalizerInited"'
    assert " ".join(text.partition("### kills")[2].split()) == (
        "Two cases. "
        "- file: `pods/kills.yaml` - cases: `one`, `all` "
        "- known issues: [finalizer-removal-counted-as-init]"
        "(known-issues/finalizer-removal-counted-as-init.md) "
        "- chaos `kill`: PodChaos (pod-kill) - workload mini-node-exporter, 1 pod "
        "1. **apply kill**, until finished. "
        "Proof: pod-uids (since: ${workload.uids}) is equal to 1, because gone "
        f'- `{metric}, type="Normal"}}`: '
        "an increase of 3 since before the step (should), because three are three "
        "- known issue [finalizer-removal-counted-as-init]"
        "(known-issues/finalizer-removal-counted-as-init.md), seen instead: "
        "an increase of 1 since before the step "
        "2. **delete kill** "
        '- `sum(chaos_controller_manager_chaos_experiments{namespace="${namespace}"})`: no series, '
        "held for 2 more scrapes"
    )


def test_what_differs_between_cases_is_told_for_each(sources: Sources) -> None:
    path = sources.scenarios[0] / "pods" / "kills.yaml"
    path.write_text(path.read_text().replace("all: {mode: all, killed: 1}", "all: {mode: all, killed: 2}"))

    assert (
        "1. (`one`) **apply kill**, until finished. "
        "Proof: pod-uids (since: ${workload.uids}) is equal to 1, because gone / "
        "(`all`) **apply kill**, until finished. "
        "Proof: pod-uids (since: ${workload.uids}) is equal to 2, because gone"
    ) in " ".join(page(sources, "scenario-catalogue.md").split())


def test_cases_with_other_steps_are_told_one_after_the_other(sources: Sources) -> None:
    path = sources.scenarios[0] / "pods" / "kills.yaml"
    expect = [{"metric": "up", "where": {"job": "chaos-daemon"}, "equals": 1}]
    document = yaml.safe_load(path.read_text())
    document["parameters"] = {
        "short": {"more": expect},
        "long": {"more": [*expect, {"metric": "up", "where": {"job": "chaos-dashboard"}, "equals": 1}]},
    }
    document["chaos"]["kill"]["spec"]["mode"] = "one"
    document["steps"][0]["proof"]["equals"] = 1
    document["steps"][1]["expect"] = "${parameters.more}"
    path.write_text(yaml.safe_dump(document, sort_keys=False))

    text = page(sources, "scenario-catalogue.md")

    assert text.index("Case `short`:") < text.index("Case `long`:") < text.index('job="chaos-dashboard"')
    assert text.count('job="chaos-daemon"') == 2


def test_a_known_issue_names_the_scenarios_that_show_it(sources: Sources) -> None:
    entry = page(sources, "known-issues.md").partition("\n## finalizer-removal-counted-as-init\n")[2]

    assert "- shown by: [kills](scenario-catalogue.md#kills)\n" in entry.partition("\n## ")[0]
    assert "- shown by: no scenario\n" in entry.partition("\n## ")[2]


def test_a_report_has_all_that_a_maintainer_needs() -> None:
    assert issue_pages.report(ISSUE, ["kills"]) == (
        "# Something is wrong\n\n- component: daemon\n- metrics: `m`\n"
        "- releases: since v2.2.0, not fixed; seen in v2.8.4\n\n"
        "## What was seen\n\nIt was seen to be wrong.\n\n"
        "## What is right\n\nIt would be right.\n\n"
        "## How to see it\n\n```sh\nkubectl get pods\n```\n\n"
        "Then ask Prometheus:\n\n```promql\nm > 1\n```\n\n"
        "## Where it comes from\n\nsomewhere.go\n\n---\n\n"
        "Shown by `kills` of the chaos observability harness, id `some-issue`.\n"
    )


def test_what_has_fences_of_its_own_keeps_them() -> None:
    text = "Apply:\n\n```yaml\nkind: Pod\n```\n"
    report = issue_pages.report(ISSUE.model_copy(update={"reproduce": text}), [])

    assert f"## How to see it\n\n{text}\nThen ask" in report
    assert "Shown by no scenario of" in report


@pytest.mark.parametrize("identity", sorted(known_issues()))
def test_what_a_report_tells_to_paste_parses(identity: str) -> None:
    issue = known_issues()[identity]
    manifests = re.findall(r"<<'?EOF'?\n(.*?)\n\s*EOF$", issue.reproduce, re.DOTALL | re.MULTILINE)
    manifests += re.findall(r"```yaml\n(.*?)```", issue.reproduce, re.DOTALL)

    for expression in issue.promql:
        check(expression)
    for manifest in manifests:
        for document in yaml.safe_load_all(manifest):
            assert {"apiVersion", "kind", "metadata"} <= set(document)


def test_the_schema_knows_every_kind_and_oracle() -> None:
    definitions = schema.schema()["$defs"]

    assert {"equals", "series", "within"} <= set(definitions["Expectation"]["properties"])
    assert "processes" in json.dumps(definitions["Proof"]["properties"]["oracle"])


def test_a_page_with_markers_is_renewed_in_parts(sources: Sources) -> None:
    (sources.folder / "page.md").write_text("before\n<!-- generated: kinds -->\nold\n<!-- end -->\nafter\n")
    (sources.folder / "other.md").write_text("nothing generated\n")

    assert page(sources, "page.md").startswith("before\n<!-- generated: kinds -->\n\n- `absent: true`")
    assert Path("other.md") not in {each.path for each in all_pages(sources)}


def test_an_unknown_marker_is_refused(sources: Sources) -> None:
    (sources.folder / "page.md").write_text("<!-- generated: colours -->\n<!-- end -->\n")

    with pytest.raises(UsageError, match="`colours`"):
        all_pages(sources)


def test_missing_changed_and_superfluous_pages_are_told_and_put_right(tmp_path: Path) -> None:
    pages = [Page(Path("a.md"), "a\n"), Page(Path("b.md"), "b\n"), Page(Path("c/d.md"), "d\n")]
    (tmp_path / "b.md").write_text("old\n")
    (tmp_path / "mine.md").write_text("kept\n")
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "gone.md").write_text("x\n")

    assert outdated(tmp_path, pages) == [
        f"{tmp_path}/a.md: is missing",
        f"{tmp_path}/b.md: is not current",
        f"{tmp_path}/c/d.md: is missing",
        f"{tmp_path}/c/gone.md: is not generated any more",
    ]
    assert write(tmp_path, pages) == [
        f"{tmp_path}/a.md: written",
        f"{tmp_path}/b.md: written",
        f"{tmp_path}/c/d.md: written",
        f"{tmp_path}/c/gone.md: removed",
        f"3 pages in {tmp_path}",
    ]
    assert outdated(tmp_path, pages) == []
    assert write(tmp_path, pages) == [f"3 pages in {tmp_path}"]
    assert (tmp_path / "mine.md").read_text() == "kept\n"


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="cannot write") as caught:
        write(tmp_path / "file", [Page(Path("a.md"), "a\n")])
    assert "--to" in caught.value.next_step


def test_the_command_writes_checks_and_tells(
    sources: Sources, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["docs", str(sources.scenarios[0]), "--to", str(tmp_path / "out")]

    assert cli.main([*words, "--check"]) == ExitCode.FAILED
    assert f"{tmp_path}/out/scenario-catalogue.md: is missing" in capsys.readouterr().out
    assert cli.main(words) == ExitCode.OK
    assert cli.main([*words, "--check"]) == ExitCode.OK
    assert capsys.readouterr().out.splitlines()[-1].endswith(" pages, 0 not current")


def test_the_command_names_a_wrong_scenario(
    sources: Sources, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (sources.scenarios[0] / "pods" / "kills.yaml").write_text("scenario: kills\nabout: Nothing.\nsteps: []\n")

    assert cli.main(["docs", str(sources.scenarios[0]), "--to", str(tmp_path / "out")]) == ExitCode.USAGE
    assert "kills.yaml:3:1" in capsys.readouterr().err


def test_an_installed_harness_has_to_be_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bundled, "root", lambda: tmp_path)

    assert cli.main(["docs"]) == ExitCode.USAGE
    assert "chaos-harness docs --to DIR" in capsys.readouterr().err


def test_the_command_prints_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema"]) == ExitCode.OK
    assert json.loads(capsys.readouterr().out) == schema.schema()
