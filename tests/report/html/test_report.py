"""The page of a run: complete, whole or not there, and nothing in it is anything but text."""

import errno
import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from harness import cli
from harness.base.errors import ExitCode, InfrastructureError, UsageError
from harness.chaosmesh.known_issues import known_issues
from harness.judge.control import Controlled, ControlOutcome
from harness.judge.finding import Verdict
from harness.report.html import view
from harness.report.html.report import render_again, write
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult, StepResult
from tests.fakes.run import NAMES, change, make_run, scenario
from tests.report.html.test_timeline import finding


class Page(HTMLParser):
    """The elements of a page; `text` is all that one reads."""

    def __init__(self, path):
        super().__init__()
        self.elements, self.text, self._silent = [], "", 0
        self.source = path.read_text(encoding="utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._silent += tag in ("style", "script")

    def handle_endtag(self, tag):
        self._silent -= tag in ("style", "script")
        self.text += "\n" if tag in ("td", "th", "dt", "dd", "li", "p") else ""

    def handle_data(self, data):
        if not self._silent:
            self.text += data

    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]

    def tagged(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    results = make_run(folder)
    results.write(folder)
    return results, Page(write(results, folder))


def empty(**changes):
    return Results(run=Run(id="abc", harness="0.1.0", started="2026-01-01T00:00:00+00:00", **changes))


def page(results, folder):
    return Page(write(results, folder))


def test_every_scenario_is_there_and_the_bad_ones_come_first(run):
    _, shown = run
    listed = [each["id"] for each in shown.tagged("details") if "scenario" in each.get("class", "")]
    assert sorted(listed) == sorted(f"s-{name}" for name in [*NAMES, "network-delay"])
    assert listed[:3] == ["s-pod-kill", "s-stress-cpu", "s-time-skew"]


def test_what_is_wrong_is_told_with_its_layer_and_why(run):
    _, shown = run
    assert (
        "Of 17 scenarios that ran, 2 failed, 1 could not be decided, 1 left something behind." in shown.text
    )
    for told in (
        "an increase of 1 at 02:49:48.591; wanted: 2",
        "Layer: collector",
        "The oracle managed-processes said 2 meanwhile.",
        "PodChaos kill did not become injected within 30 s",
        "condition AllInjected=False",
        "The last error of the target was: connection refused.",
        "the capability netem is missing",
        "StressChaos burn-x2n: its finalizer was removed",
        "chaos-daemon/chaos-daemon-vzrw2 at 02:49:48.700 (counter): {} 41",
    ):
        assert told in " ".join(shown.text.split()), told


def test_known_issues_that_were_seen_are_told_with_their_evidence(run):
    results, shown = run
    seen = {each.known_issue for result in results.scenarios for each in result.findings()} - {None}
    assert seen
    for identity in seen:
        assert f"issue-{identity}" in shown.ids()
        assert " ".join(known_issues()[identity].evidence.split()) in " ".join(shown.text.split())


def test_every_link_leads_somewhere_in_the_page_and_ids_are_unique(run):
    _, shown = run
    ids = shown.ids()
    links = [each["href"] for each in shown.tagged("a")]
    assert len(ids) == len(set(ids))
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)
    assert all(link.startswith("#") for link in links)


def test_nothing_is_loaded_from_anywhere(run):
    _, shown = run
    loading = [
        value
        for _, attributes in shown.elements
        for name, value in attributes.items()
        if name in ("src", "srcset", "data-src", "poster", "action") or name.startswith("on")
    ]
    assert loading == []
    assert not shown.tagged("link", "img", "iframe", "object", "embed")
    assert "url(" not in shown.source.replace("url(#", "")


def test_there_is_a_timeline_of_everything_that_was_recorded(run):
    _, shown = run
    labels = [each["aria-label"] for each in shown.tagged("svg")]
    assert sorted(label for label in labels if label.startswith("Timeline")) == [
        f"Timeline of {name}" for name in NAMES
    ]


def test_tables_and_sections_are_named_for_screen_readers(run):
    _, shown = run
    assert all("scope" in each for each in shown.tagged("th"))
    named = set(shown.ids())
    assert all(each.get("aria-labelledby") in named for each in shown.tagged("section"))
    regions = [each for _, each in shown.elements if each.get("role") == "region"]
    assert regions
    assert all(each.get("aria-label") or each.get("aria-labelledby") in named for each in regions)
    assert [tag for tag, _ in shown.elements].count("h1") == 1


NASTY = "<script>window.planted=1</script><img src=x onerror=window.planted=1>\"'`${{7*7}}"


def test_nothing_that_was_planted_is_more_than_text(tmp_path):
    results = make_run(tmp_path, 2)
    bad = results.scenarios[0]
    bad.name, bad.about, bad.file, bad.tags, bad.reason = NASTY, NASTY, NASTY, [NASTY], NASTY
    bad.details, bad.namespace = [NASTY], NASTY
    labels = {"labels": {NASTY: NASTY}, "value": 1.0}
    change(
        bad,
        bad.findings()[0].id,
        metric=NASTY,
        promql=NASTY,
        expected=NASTY,
        actual=[labels],
        reason=NASTY,
        because=NASTY,
        layer=NASTY,
        explanation=[NASTY],
        verdict=Verdict.FAIL,
        evidence={
            "table": [{**labels, "expected": NASTY, "actual": 1.0}],
            "samples": [{**labels, "samples": []}],
        },
    )
    change(bad, bad.findings()[1].id, verdict=Verdict.KNOWN_ISSUE, known_issue=NASTY)
    bad.steps[0].title = NASTY
    results.run.options = {NASTY: NASTY}
    assert results.run.stack is not None
    results.run.stack["capabilities"] = {NASTY: NASTY}
    results.run.stack["versions"][NASTY] = NASTY
    shown = page(results, tmp_path)
    assert len(shown.tagged("script")) == 1
    assert not shown.tagged("img")
    assert not [name for _, each in shown.elements for name in each if name.startswith("on")]
    assert shown.text.count(NASTY) > 10


def test_a_run_whose_stack_did_not_come_up(tmp_path):
    shown = page(empty(stack_error="no engine\n  next step: install podman"), tmp_path)
    assert "No scenario ran: the stack did not come up." in shown.text
    assert "next step: install podman" in shown.text


def test_a_run_in_which_all_is_well_says_so(tmp_path):
    shown = page(make_run(tmp_path, 1, wrong=False), tmp_path)
    assert "All scenarios that ran came out as expected." in shown.text
    assert "Nothing failed, and nothing was left undecided." in shown.text


def test_a_run_that_judged_nothing_is_no_success(tmp_path):
    results = empty()
    results.add(ScenarioResult(name="s", file="s.yaml", verdict=Verdict.SKIPPED, reason="no netem"))
    assert "Nothing was proven: no scenario ran, 1 skipped." in page(results, tmp_path).text


def test_a_recording_that_cannot_be_read_is_told_in_its_place(tmp_path):
    results = empty()
    results.add(scenario(tmp_path, "pod-kill"))
    (tmp_path / "recordings/pod-kill/entries.jsonl.gz").write_bytes(b"no gzip")
    shown = page(results, tmp_path)
    assert "No timeline: the recording cannot be read:" in shown.text
    assert "s-pod-kill" in shown.ids()


def test_a_scenario_without_a_recording_has_its_findings(tmp_path):
    results = empty()
    step = StepResult(title="apply it", findings=[finding(verdict=Verdict.FAIL, reason="it is 7")])
    results.add(ScenarioResult(name="s", file="s.yaml", verdict=Verdict.FAIL, steps=[step]))
    shown = page(results, tmp_path)
    assert "it is 7" in shown.text
    assert "No timeline: nothing was recorded." in shown.text


def with_fields(folder, **fields):
    """Return the page of a run in whose results other packages have put something."""
    path = make_run(folder, 1, wrong=False).write(folder)
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))
    return Page(render_again(folder))


CONTRACT = {
    "release": "v2.8.3",
    "whole": False,
    "problems": [
        {"metric": "m_total", "job": "chaos-daemon", "kind": "another type", "expected": "counter"}
        | {"found": "gauge", "fails": True, "next_step": "undo it"},
        {"metric": "go_x", "job": "chaos-daemon", "kind": "not seen", "fails": False},
    ],
    "impossible": {"chaos_dns": "no DNS server"},
    "not_captured": ["chaos-daemon one: no answer"],
    "promtool": {"findings": [{"job": "j", "metric": "m", "text": "no help text", "reason": None}]},
}
MUTATION = {
    "expectations": 2,
    "mutants": 9,
    "killed": 7,
    "survived": 1,
    "score": 0.875,
    "equivalent": {"same": 1},
}
MUTATION |= {"rules": {"same": "nothing changed"}}
SURVIVED = {"operator": "drop", "detail": "the last sample", "waived": None, "until": None}
WEAK = {"id": "1.0", "subject": "m_total", "kind": "at_least", "verdict": "passed", "survived": [SURVIVED]}


def test_what_makes_the_run_fail_beside_the_scenarios_is_told_at_the_top(tmp_path):
    shown = " ".join(with_fields(tmp_path, contract=CONTRACT).text.split())
    assert "came out as expected. Metrics are not as the catalogue says (1): m_total." in shown
    assert "m_total (chaos-daemon): another type; expected: counter; found: gauge" in shown
    assert "Nothing failed" not in shown
    for told in ("chaos-daemon one: no answer", "no DNS server", "j: no help text", "go_x"):
        assert told in shown


def test_mutants_that_survived_are_listed(tmp_path):
    mutation = MUTATION | {"recordings": [{"scenario": "s", "expectations": [WEAK]}]}
    shown = " ".join(with_fields(tmp_path, mutation=mutation).text.split())
    assert "87.5 % of the mutants that count were noticed" in shown
    assert "step 2, expectation 1 m_total at_least drop: the last sample" in shown
    assert "same: 1 nothing changed" in shown


def test_a_waiver_that_is_needed_no_more_is_told(tmp_path):
    shown = with_fields(tmp_path, coverage={"covered": 3, "waived_and_covered": [NASTY]})
    assert shown.text.count(NASTY) == 1
    assert "Waivers that are no longer needed" in shown.text


COVERAGE = {
    "defined": 5,
    "possible_here": 4,
    "covered": 1,
    "waived": 1,
    "missing": 2,
    "transitions": [
        {"metric": "m", "label": "kind", "value": NASTY, "change": "goes", "standing": "missing"},
        {
            "metric": "m",
            "label": "",
            "value": "",
            "change": "appears",
            "standing": "covered",
            "by": ["s 1.0"],
        },
        {"metric": "n", "label": "", "value": "", "change": "changes", "standing": "waived"}
        | {"reason": "nobody knows how", "until": "2027-01-01"},
    ],
}


def test_coverage_says_what_is_proven_and_what_is_missing(tmp_path):
    text = " ".join(with_fields(tmp_path, coverage=COVERAGE).text.split())
    assert "1 of 4 that are possible here are proven" in text
    assert (
        "other environments can show 1 more. "
        "Not all scenarios ran, so missing transitions do not fail the run." in text
    )
    assert "nobody knows how (until 2027-01-01)" in text
    assert text.count(NASTY) == 1
    assert "neither proven nor waived" not in text


def test_a_whole_run_with_gaps_says_so_first(tmp_path):
    text = " ".join(with_fields(tmp_path, coverage=COVERAGE | {"whole": True}).text.split())
    assert "Transitions that are possible here, neither proven nor waived: 2." in text
    assert "Nothing failed" not in text


def test_that_a_component_was_not_compared_is_not_passed_over(tmp_path):
    contract = CONTRACT | {"problems": []}
    text = " ".join(with_fields(tmp_path, contract=contract).text.split())
    assert "Not all components were compared with the catalogue." in text
    assert "nothing was left undecided" not in text


def test_a_control_run_tells_which_claims_are_vacuous(tmp_path):
    results = empty()
    vacuous = Controlled(
        id="0.0",
        step=0,
        claim="m is at least 0",
        holds=True,
        outcome=ControlOutcome.VACUOUS,
        not_excused=["before: chaos was applied"],
        next_step="expect more",
    )
    fine = Controlled(id="0.1", step=0, claim="n is 1", holds=False, outcome=ControlOutcome.NEEDS_CHAOS)
    made = ScenarioResult(
        name="s", file="s.yaml", steps=[StepResult(title="apply burn")], control=[vacuous, fine]
    )
    made.verdict = made.decide()
    results.add(made)
    shown = " ".join(page(results, tmp_path).text.split())
    assert "Of 1 scenario that ran without their chaos, 1 failed." in shown
    assert "step 1 (apply burn): vacuous: m is at least 0: it holds although no chaos was applied" in shown
    assert "before: chaos was applied" in shown
    assert "n is 1 no needs chaos" in shown


def test_links_lead_to_places_in_the_page_and_to_files_that_are_there(tmp_path):
    results = make_run(tmp_path, 3)
    for name in ("kept", "gone"):
        results.add(ScenarioResult(name=name, file="s.yaml", diagnostics=tmp_path / "diagnostics" / name))
    (tmp_path / "diagnostics/kept").mkdir(parents=True)
    (tmp_path / "diagnostics/kept/index.txt").write_text("pods.txt")
    shown = page(results, tmp_path)
    links = {each["href"] for each in shown.tagged("a")}
    assert "diagnostics/kept/index.txt" in links
    inside = {link for link in links if link.startswith("#")}
    assert {link[1:] for link in inside} <= set(shown.ids())
    outside = {link for link in links - inside if "://" not in link}
    assert [link for link in outside if not (tmp_path / link).is_file()] == []


def test_what_was_kept_of_a_failure_is_linked(tmp_path):
    results = empty()
    results.add(ScenarioResult(name="s", file="s.yaml", diagnostics=tmp_path / "diagnostics" / "s"))
    (tmp_path / "diagnostics/s").mkdir(parents=True)
    (tmp_path / "diagnostics/s/index.txt").write_text("pods.txt")
    (link,) = [each["href"] for each in page(results, tmp_path).tagged("a") if "diag" in each["href"]]
    assert link == "diagnostics/s/index.txt"


def test_two_names_that_look_the_same_have_two_anchors(tmp_path):
    results = empty()
    for name in ("kill[one]", "kill-one"):
        results.add(ScenarioResult(name=name, file="s.yaml"))
    assert {"s-kill-one", "s-kill-one-2"} <= set(page(results, tmp_path).ids())


def test_the_command_renders_what_the_run_rendered(tmp_path, capsys):
    results = make_run(tmp_path, 3)
    results.write(tmp_path)
    first = write(results, tmp_path).read_bytes()
    (tmp_path / "index.html").unlink()
    assert cli.main(["report", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'index.html'}\n"
    assert (tmp_path / "index.html").read_bytes() == first


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "{folder} holds no report: results.json is missing"),
        ("{}", "{path} has the schema version None; this version of the harness reads 1"),
        ('{"schema_version": 1}', "{path} is no results of a run: run: Field required"),
        ("[", "{path} is no JSON: `{{` is missing before `[`"),
    ],
)
def test_what_is_no_report_is_told(tmp_path, content, problem):
    path = tmp_path / "results.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError) as wrong:
        render_again(tmp_path)
    assert wrong.value.problem == problem.format(folder=tmp_path, path=path)
    assert wrong.value.next_step


def test_results_of_another_schema_are_told(tmp_path):
    path = empty().write(tmp_path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema_version": 99}))
    with pytest.raises(UsageError, match="has the schema version 99; this version of the harness reads 1"):
        render_again(tmp_path)


def test_a_page_that_cannot_be_written_is_told_and_the_old_one_stays(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    (tmp_path / "index.html").write_text("old")
    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(InfrastructureError, match=r"cannot write .*index\.html: No space left on device"):
        write(empty(), tmp_path)
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("index.html", "old")]


def test_a_page_of_somebody_else_is_not_overwritten(tmp_path):
    empty().write(tmp_path)
    page = tmp_path / "index.html"
    page.write_text("<title>My holidays</title>")
    with pytest.raises(UsageError, match=r"index\.html is no page of a run, and no run has marked"):
        render_again(tmp_path)
    assert page.read_text() == "<title>My holidays</title>"
    page.unlink()
    render_again(tmp_path)
    render_again(tmp_path)


def test_a_page_draws_and_shows_in_full_only_so_many_the_worst_first(tmp_path, monkeypatch):
    monkeypatch.setattr(view, "MOST_IN_FULL", 3)
    monkeypatch.setattr(view, "MOST_TIMELINES", 2)
    results = make_run(tmp_path, 5)
    results.scenarios[-2].verdict = Verdict.ERROR
    results.write(tmp_path)
    text = render_again(tmp_path).read_text()
    assert text.count("<figure>") == 2
    assert text.count("No timeline: a page draws 2 scenarios, the worst first") == 1
    assert text.count('<details class="scenario ') == 3
    assert text.count('<li class="scenario ') == len(results.scenarios) - 3
    assert text.index('<details class="scenario error"') < text.index('<li class="scenario passed"')


def test_a_page_shows_only_so_many_expectations_of_a_scenario(tmp_path, monkeypatch):
    monkeypatch.setattr(view, "MOST_EXPECTATIONS", 4)
    found = [finding(id=f"0.{n}", verdict=Verdict.FAIL, reason=f"reason {n}") for n in range(9)]
    steps = [StepResult(title="wait"), StepResult(title="look", findings=found), StepResult(title="again")]
    results = empty()
    results.add(ScenarioResult(name="s", file="s.yaml", verdict=Verdict.FAIL, steps=steps))
    shown = page(results, tmp_path)
    assert "reason 3" in shown.text
    assert "reason 4" not in shown.text
    table = shown.source[shown.source.index("all expectations</summary>") :]
    assert table[: table.index("</table>")].count("<tr><td>") == 4
    assert "and 7 more: results.json has everything." in shown.text


def test_a_recording_that_is_too_long_is_not_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(view, "MOST_RECORDING_BYTES", 1000)
    make_run(tmp_path, 1, wrong=False).write(tmp_path)
    text = render_again(tmp_path).read_text()
    assert "entries.jsonl.gz: it is larger than 1000 bytes" in text
    assert "<figure>" not in text


def test_a_recording_outside_of_the_report_is_not_read(tmp_path):
    results = make_run(tmp_path / "report", 1, wrong=False)
    outside = (tmp_path / "report/recordings").rename(tmp_path / "outside")
    (tmp_path / "report/recordings").symlink_to(outside)
    results.write(tmp_path / "report")
    assert f"it leads out of {tmp_path / 'report'}" in render_again(tmp_path / "report").read_text()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("evidence", {"table": 3}),
        ("evidence", {"table": [1]}),
        ("evidence", {"readings": [3]}),
        ("evidence", {"samples": "x"}),
        ("actual", [{}]),
    ],
)
def test_values_that_no_run_writes_are_told(tmp_path, field, value):
    results = make_run(tmp_path, 1, wrong=False)
    change(results.scenarios[0], results.scenarios[0].findings()[0].id, verdict=Verdict.FAIL)
    path = results.write(tmp_path)
    whole = json.loads(path.read_text())
    step = next(each for each in whole["scenarios"][0]["steps"] if each["findings"])
    step["findings"][0][field] = value
    path.write_text(json.dumps(whole))
    with pytest.raises(UsageError, match=rf"is no results of a run: scenarios\.0\.{field}\."):
        render_again(tmp_path)


@pytest.mark.parametrize("error", [TypeError("unhashable"), UndefinedError("no such name"), KeyError("step")])
def test_a_page_that_cannot_be_rendered_is_a_defect_and_nobodys_fault(tmp_path, monkeypatch, capsys, error):
    def fail(*_):
        raise error

    make_run(tmp_path, 1).write(tmp_path)
    monkeypatch.setenv("CHAOS_HARNESS_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("harness.report.html.page.matrix", fail)
    assert cli.main(["report", str(tmp_path)]) == ExitCode.INTERNAL
    told = capsys.readouterr().err
    assert f"a defect of the harness: cannot finish `chaos-harness report`: {type(error).__name__}" in told
