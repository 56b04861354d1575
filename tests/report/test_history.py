"""Made-up runs of several releases: what each scenario and metric came to, the pages, and the command."""

import pytest

from harness import cli
from harness.base.errors import UsageError
from harness.judge.finding import Finding, Verdict
from harness.report.history import Steadiness, history
from harness.report.html import sparkline
from harness.report.html.of_several import history_page
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult, StepResult
from tests.report.html.test_report import NASTY, Page


def scenario(name, verdict=Verdict.PASS, seconds=None, metric="m_total", level="must"):
    finding = Finding(
        id="0.0",
        step=0,
        metric=metric,
        kind="equals",
        promql=metric,
        expected="1",
        actual=[],
        verdict=verdict,
        reason="it is 2",
        level=level,
        evidence={} if seconds is None else {"visibility": {"seconds": seconds}},
    )
    steps = [StepResult(title="apply", findings=[finding])]
    return ScenarioResult(name=name, file="s.yaml", verdict=verdict, steps=steps)


@pytest.fixture
def write(tmp_path):
    """Write the report folder of a run, and return it; `day` is when it began."""

    def make(name, day, *scenarios, release="v2.8.4"):
        run = Run(
            id=f"id-of-{name}"[:60],
            harness="1",
            started=f"2026-11-{day:02d}T00:00:00+00:00",
            stack={"versions": {"chaos-mesh": release}},
        )
        results = Results(run=run)
        for each in scenarios:
            results.add(each)
        results.write(tmp_path / name)
        return tmp_path / name

    return make


def trend(found, name):
    return next(each for each in found.trends if each.name == name)


def test_runs_are_in_the_order_in_which_they_began_and_each_is_there_once(write):
    late, early = write("late", 2, scenario("a")), write("early", 1, scenario("a"), release="v2.8.2")
    found = history([late, early, late])
    assert [run.folder for run in found.runs] == [early, late]
    assert found.releases == ["v2.8.2", "v2.8.4"]


def test_what_no_run_says_leaves_a_gap_and_the_worst_of_a_metric_counts(write):
    one = write("one", 1, scenario("a", seconds=1.0), scenario("b", Verdict.FAIL, seconds=3.0))
    two = write("two", 2, scenario("a"))
    found = history([one, two])
    assert trend(found, "b").points == [(Verdict.FAIL, 3.0), (None, None)]
    assert (trend(found, "b").latest, trend(found, "b").verdict) == (0, Verdict.FAIL)
    assert trend(found, "m_total").points == [(Verdict.FAIL, 2.0), (Verdict.PASS, None)]
    assert trend(found, "m_total").about == "metric"


def test_what_only_should_hold_is_no_verdict_on_its_metric(write):
    found = history([write("one", 1, scenario("a", Verdict.FAIL, metric="should_total", level="should"))])
    assert [each.name for each in found.trends] == ["a"]


@pytest.mark.parametrize(
    ("verdicts", "releases", "steadiness"),
    [
        ([Verdict.PASS, Verdict.PASS], ["v2.8.2", "v2.8.4"], Steadiness.SAME),
        ([Verdict.PASS, Verdict.SKIPPED], ["v2.8.4", "v2.8.4"], Steadiness.SAME),
        ([Verdict.PASS, Verdict.FAIL], ["v2.8.2", "v2.8.4"], Steadiness.BETWEEN),
        ([Verdict.PASS, Verdict.FAIL], ["v2.8.4", "v2.8.4"], Steadiness.WITHIN),
        ([Verdict.SKIPPED], ["v2.8.4"], Steadiness.SAME),
    ],
)
def test_a_change_is_of_a_release_or_within_one(write, verdicts, releases, steadiness):
    folders = [
        write(f"run-{day}", day, scenario("a", verdict), release=release)
        for day, (verdict, release) in enumerate(zip(verdicts, releases, strict=True), 1)
    ]
    assert trend(history(folders), "a").steadiness is steadiness


def test_a_sparkline_says_in_words_what_it_shows(write):
    one, two = write("one", 1, scenario("a", seconds=0.5)), write("two", 2, scenario("a", Verdict.FAIL))
    found = history([one, two])
    shown = trend(found, "a")
    assert sparkline.verdicts(shown, found.runs).label == "Verdicts of a in 2 runs: 1 passed, 1 failed"
    drawn = sparkline.visibility(shown, found.runs)
    assert drawn is not None
    assert drawn.label == "Time to visibility of a: 0.50 to 0.50 s in 1 run"
    assert [tip for tip, _ in drawn.parts() if tip] == ["run id-of-one, v2.8.4: 0.50 s"]


@pytest.mark.parametrize(
    ("evidence", "why"),
    [({"seconds": "soon"}, "visibility.seconds"), ({"seconds": None}, "visibility.seconds")],
)
def test_a_time_that_is_none_is_a_usage_error(write, evidence, why):
    folder = write("one", 1, scenario("a"))
    path = folder / "results.json"
    text = path.read_text().replace('"evidence": {}', f'"evidence": {{"visibility": {evidence}}}')
    path.write_text(text.replace("'", '"').replace("None", "null"))
    with pytest.raises(UsageError, match=why):
        history([folder])


def test_nothing_that_was_planted_is_more_than_text(write, tmp_path):
    folder = write("javascript:alert(1)", 1, scenario(NASTY, metric=NASTY), release=NASTY)
    (folder / "index.html").write_text("")
    at = tmp_path / "history.html"
    at.write_text(history_page(history([folder]), at))
    shown = Page(at)
    assert NASTY in shown.text
    assert "planted" not in {name for _, attributes in shown.elements for name in attributes}
    assert [tag for tag, _ in shown.elements].count("script") == 1
    addresses = {each["href"] for each in shown.tagged("a")}
    assert all(each.startswith(("#", "javascript%3Aalert")) for each in addresses)


def test_the_command_writes_a_page_that_leads_to_the_runs(write, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    folders = [write("one", 1, scenario("a b")), write("two", 2, scenario("a b"))]
    (folders[1] / "index.html").write_text("")
    assert cli.main(["report", "--history", "one", "two"]) == 0
    assert capsys.readouterr().out == "history.html\n"
    shown = Page(tmp_path / "history.html")
    assert "2 runs; the newest: 1 passed" in shown.text
    assert {each["href"] for each in shown.tagged("a")} >= {"two/index.html", "two/index.html#s-a-b"}
    assert cli.main(["report", "--html", "history.html", "--history", "one"]) == 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["report", "one", "--history", "one"], "one and --history do not go together"),
        (["report", "one", "--html", "x.html"], "--html goes with --history"),
        (["report", "--history", "nowhere"], "results.json"),
        (["report", "--history", "one", "--html", "mine.html"], "is there and is no page of chaos-harness"),
        (["report", "--history", "one", "--html", "no/x.html"], "no is no folder"),
        (["report", "--history", "one", "--html", "one"], "is there and is no page of chaos-harness"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(write, tmp_path, monkeypatch, capsys, words, problem):
    monkeypatch.chdir(tmp_path)
    write("one", 1, scenario("a"))
    (tmp_path / "mine.html").write_text("<title>My holidays</title>")
    assert cli.main(words) == 4
    assert problem in capsys.readouterr().err
    assert (tmp_path / "mine.html").read_text() == "<title>My holidays</title>"


def test_flaky_writes_a_page(write, tmp_path, capsys):
    folders = [write("one", 1, scenario("a")), write("two", 2, scenario("a", Verdict.FAIL))]
    at = tmp_path / "flaky.html"
    assert cli.main(["flaky", *map(str, folders), "--html", str(at)]) == 1
    assert "2 not the same in all runs" in capsys.readouterr().out
    shown = Page(at)
    assert "1 scenario, 1 expectation: 2 not the same in all 2 runs." in shown.text
    assert "step 1, expectation 1 (equals)" in shown.text
