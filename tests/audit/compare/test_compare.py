"""Two made-up runs: each change is found, and what chance makes of a run is none."""

import json
import re

import pytest
import yaml

from harness.audit.compare.bridge import relabel_configs
from harness.audit.compare.change import Change, ChangeKind
from harness.audit.compare.comparison import compare
from harness.audit.compare.latencies import LEAST_PAIRS
from harness.base.errors import ExitCode, UsageError
from harness.chaosmesh.catalogue import Catalogue, Metric
from harness.cli import main
from harness.judge.finding import Finding, Verdict
from harness.recording.model import Manifest, SeriesDefinition
from harness.recording.writer import RecordingWriter
from harness.results.contract import Contract, TargetLook
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult, StepResult

TEXT = """\
# HELP chaos_daemon_rules Total number of rules
# TYPE chaos_daemon_rules gauge
chaos_daemon_rules{namespace="a",pod="p"} 1
# HELP chaos_daemon_calls_total Calls made.
# TYPE chaos_daemon_calls_total counter
chaos_daemon_calls_total{method="x"} 3
# HELP chaos_daemon_took_seconds Time taken.
# TYPE chaos_daemon_took_seconds histogram
chaos_daemon_took_seconds_bucket{le="0.1"} 1
chaos_daemon_took_seconds_bucket{le="1"} 2
chaos_daemon_took_seconds_bucket{le="+Inf"} 2
chaos_daemon_took_seconds_sum 0.5
chaos_daemon_took_seconds_count 2
# HELP go_threads Threads.
# TYPE go_threads gauge
go_threads 7
"""


def entry(name, **fields):
    return Metric.model_validate(
        {"name": name, "unit": "x", "components": ["chaos-daemon"], "source": "s", **fields}
    )


KNOWN = Catalogue(
    [
        entry("chaos_daemon_rules", type="gauge", labels=["namespace", "pod"], appears="always"),
        entry("chaos_daemon_calls_total", type="counter", labels=["method"]),
        entry("chaos_daemon_took_seconds", type="histogram", appears="always"),
        entry("up", type="gauge", exposed=False),
        entry("go_", type="unknown", prefix=True),
    ]
)


def finding(verdict=Verdict.PASS, *, metric="chaos_daemon_calls_total", value=1.0, seconds=1.0, **fields):
    return Finding(
        **{
            "id": "0.0",
            "step": 0,
            "metric": metric,
            "kind": "equals",
            "promql": metric,
            "expected": "1",
            "actual": [{"labels": {}, "value": value}] if value is not None else [],
            "verdict": verdict,
            "reason": f"the value is {value}",
            "seconds": seconds,
            **fields,
        }
    )


def scenario(name, *findings, verdict=Verdict.PASS, settled=0.1, **fields):
    step = StepResult(
        title="apply", started=0.0, acknowledged=0.1, settled=0.1 + settled, ended=2.0, findings=[*findings]
    )
    return ScenarioResult(name=name, file=f"{name}.yaml", verdict=verdict, steps=[step], **fields)


@pytest.fixture
def write(tmp_path):
    """Write a report folder of a run, and return it."""

    def make(name, text=TEXT, scenarios=(), scrapes=(100, 0.02, 0.03), stack=None, **contract):
        folder = tmp_path / name
        (folder / "expositions").mkdir(parents=True)
        (folder / "expositions/d.txt").write_text(text)
        count, middle, high = scrapes
        look = TargetLook(
            job="chaos-daemon",
            instance="d",
            node="n",
            file="expositions/d.txt",
            bytes=1,
            families=1,
            samples=1,
            scrapes=count,
            scrape_seconds={"0.5": middle, "0.95": high},
        )
        run = Run(id=name, harness="1", started="now", stack={"scrape_interval": 1.0, **(stack or {})})
        results = Results(run=run, scenarios=[*scenarios])
        results.contract = Contract(**{"release": name, "whole": False, "targets": [look], **contract})
        results.write(folder)
        return folder

    return make


def changed(write, text, **fields):
    done = compare(write("a", scenarios=[scenario("s", finding())]), write("b", text, **fields), KNOWN)
    return {
        (change.kind, change.metric, change.before, change.after, change.breaking) for change in done.changes
    }


def test_two_equal_runs_have_no_change(write):
    scenarios = [scenario(f"s{number}", finding()) for number in range(9)]
    done = compare(write("a", scenarios=scenarios), write("b", scenarios=scenarios), KNOWN)

    assert (done.changes, done.not_comparable, done.caveats) == ([], [], [])
    assert done.exit_code() is ExitCode.OK
    assert done.release_note == "The metrics of Chaos Mesh are the same in b as in a."
    assert done.metric_relabel_configs == ""


@pytest.mark.parametrize(
    ("old", "new", "change"),
    [
        (
            "Calls made.",
            "Calls.",
            (ChangeKind.HELP, "chaos_daemon_calls_total", "Calls made.", "Calls.", False),
        ),
        (
            "TYPE chaos_daemon_rules gauge",
            "TYPE chaos_daemon_rules counter",
            (ChangeKind.TYPE, "chaos_daemon_rules", "gauge", "counter", True),
        ),
        (',pod="p"', "", (ChangeKind.LABEL_REMOVED, "chaos_daemon_rules", "pod", "", True)),
        (
            ',pod="p"',
            ',pod="p",node="n"',
            (ChangeKind.LABEL_ADDED, "chaos_daemon_rules", "", "node", True),
        ),
        (
            'le="0.1"',
            'le="0.25"',
            (ChangeKind.BUCKETS, "chaos_daemon_took_seconds", "0.1, 1", "0.25, 1", True),
        ),
        (
            'chaos_daemon_took_seconds_bucket{le="1"}',
            'chaos_daemon_took_seconds_bucket{le="0.5"} 2\nchaos_daemon_took_seconds_bucket{le="1"}',
            (ChangeKind.BUCKETS, "chaos_daemon_took_seconds", "0.1, 1", "0.1, 0.5, 1", False),
        ),
        (
            "chaos_daemon_rules",
            "chaos_daemon_qdiscs",
            (ChangeKind.RENAMED, "chaos_daemon_rules", "chaos_daemon_rules", "chaos_daemon_qdiscs", True),
        ),
        (
            "# HELP go_threads",
            "# HELP chaos_new New.\n# TYPE chaos_new gauge\nchaos_new 1\n# HELP go_threads",
            (ChangeKind.ADDED, "chaos_new", "", "gauge", False),
        ),
        (
            "# HELP go_threads Threads.\n# TYPE go_threads gauge\ngo_threads 7\n",
            "",
            (ChangeKind.REMOVED, "go_threads", "gauge", "", False),
        ),
    ],
)
def test_each_change_of_a_metric_is_found_alone(write, old, new, change):
    assert old in TEXT

    assert changed(write, TEXT.replace(old, new)) == {change}


def test_a_metric_that_is_gone_and_like_no_other_was_removed(write):
    start, end = TEXT.index("# HELP chaos_daemon_rules"), TEXT.index("# HELP chaos_daemon_calls")
    done = compare(write("a"), write("b", TEXT[:start] + TEXT[end:]), KNOWN)

    assert [(change.kind, change.metric, change.breaking) for change in done.changes] == [
        (ChangeKind.REMOVED, "chaos_daemon_rules", True)
    ]
    assert done.exit_code() is ExitCode.FAILED
    assert "Removed: `chaos_daemon_rules`." in done.release_note
    assert "`chaos_daemon_rules` have to be adapted" in done.release_note


@pytest.mark.parametrize("sort", ["left over", "not run", "shown"])
def test_a_metric_that_has_to_be_touched_is_missed_only_where_both_runs_touched_it(write, sort):
    start, end = TEXT.index("# HELP chaos_daemon_calls"), TEXT.index("# HELP chaos_daemon_took")
    touching, other = scenario("s", finding()), scenario("s", finding(metric="chaos_daemon_rules"))
    before = write("a", scenarios=[other if sort == "left over" else touching])
    after = write("b", TEXT[:start] + TEXT[end:], scenarios=[] if sort == "not run" else [other])
    done = compare(before, after, KNOWN)

    if sort == "shown":
        assert [(change.kind, change.metric) for change in done.changes] == [
            (ChangeKind.REMOVED, "chaos_daemon_calls_total")
        ]
    else:
        assert done.changes == []
        assert done.not_comparable[0].startswith("chaos_daemon_calls_total: seen before only")


def test_a_rename_keeps_what_else_changed_and_the_bridge_gives_the_old_name_back(write):
    text = TEXT.replace("chaos_daemon_took_seconds", "chaos_daemon_duration_seconds").replace(
        "taken.", "used."
    )
    done = compare(write("a"), write("b", text), KNOWN)

    assert [change.kind for change in done.changes] == [ChangeKind.RENAMED, ChangeKind.HELP]
    assert done.changes[0].likeness == pytest.approx(0.9, abs=0.1)
    (rule,) = yaml.safe_load(done.metric_relabel_configs)["metric_relabel_configs"]
    assert rule["source_labels"] == ["__name__"]
    assert rule["target_label"] == "__name__"
    for suffix in ("_bucket", "_sum", "_count"):
        match = re.fullmatch(rule["regex"], f"chaos_daemon_duration_seconds{suffix}")
        assert match is not None
        assert rule["replacement"].replace("${1}", match[1]) == f"chaos_daemon_took_seconds{suffix}"
    assert not re.fullmatch(rule["regex"], "chaos_daemon_duration_seconds_more")
    assert "`chaos_daemon_took_seconds` is now `chaos_daemon_duration_seconds`" in done.release_note


def test_a_bridge_of_a_gauge_takes_its_whole_name():
    change = Change(kind=ChangeKind.RENAMED, metric="a", before="a", after="b", breaking=True)

    assert yaml.safe_load(relabel_configs([change], {"b": "gauge"})) == {
        "metric_relabel_configs": [
            {"source_labels": ["__name__"], "regex": "b", "target_label": "__name__", "replacement": "a"}
        ]
    }


def test_labels_of_series_that_are_gone_come_from_the_recordings(write, tmp_path):
    folders = []
    for name, labels in (("a", {"kind": "k", "phase": "p"}), ("b", {"kind": "k"})):
        made = scenario("s", recording=tmp_path / name / "recordings/s")
        folders.append(write(name, scenarios=[made]))
        manifest = Manifest(
            scenario="s",
            file="s",
            namespace="n",
            interval=1.0,
            clock_offset=0.0,
            clock_uncertainty=0.0,
            steps=[],
        )
        writer = RecordingWriter(tmp_path / name / "recordings/s", manifest)
        target = {"job": "controller-manager", "instance": "c", "node": "n"}
        for number, series in enumerate(("chaos_gone", "up")):
            writer.write(SeriesDefinition(number=number, labels={"__name__": series, **target, **labels}))
        writer.close()

    (change,) = compare(folders[0], folders[1], KNOWN).changes
    assert (change.kind, change.metric, change.before) == (ChangeKind.LABEL_REMOVED, "chaos_gone", "phase")


def test_a_scenario_that_fails_only_after_is_a_regression(write):
    good = scenario("s", finding())
    bad = scenario("s", finding(Verdict.FAIL, value=2.0), verdict=Verdict.FAIL)
    done = compare(write("a", scenarios=[good]), write("b", scenarios=[bad]), KNOWN)

    assert [(change.kind, change.subject, change.before) for change in done.changes] == [
        (ChangeKind.VERDICT, "scenario s", "passed"),
        (ChangeKind.VERDICT, "in s, step 1, expectation 1 (equals)", "passed"),
    ]
    assert done.changes[1].after == "failed (the value is 2.0)"
    assert done.exit_code() is ExitCode.FAILED


def test_a_scenario_that_is_right_now_is_a_change_and_no_regression(write):
    bad = scenario("s", finding(Verdict.KNOWN_ISSUE, value=0.0), verdict=Verdict.KNOWN_ISSUE)
    done = compare(write("a", scenarios=[bad]), write("b", scenarios=[scenario("s", finding())]), KNOWN)

    assert [change.after for change in done.changes] == ["passed", "passed"]
    assert done.exit_code() is ExitCode.OK


def test_the_headline_names_known_issues_that_are_fixed_and_new_failures(write):
    def wrong(issue):
        return finding(Verdict.KNOWN_ISSUE, value=0.0, known_issue=issue)

    def known_issue(name, issue):
        return scenario(name, wrong(issue), verdict=Verdict.KNOWN_ISSUE)

    failed = scenario("broken", finding(Verdict.FAIL), verdict=Verdict.FAIL)
    before = [known_issue("one", "fixed"), known_issue("two", "stays"), known_issue("three", "not-run")]
    after = [
        scenario("one", finding()),
        known_issue("two", "stays"),
        known_issue("four", "elsewhere"),
        failed,
    ]
    done = compare(
        write("a", scenarios=[*before, scenario("broken", finding())]), write("b", scenarios=after), KNOWN
    )

    assert done.headline.issues_fixed == ["fixed"]
    assert done.headline.issues_new == []
    assert done.headline.new_failures == ["broken"]
    assert done.release_note.endswith("Fixed: 1 known issue (fixed).")


def test_values_count_where_both_runs_are_wrong_in_another_way(write):
    runs = [
        write(name, scenarios=[scenario("s", finding(Verdict.FAIL, value=value), verdict=Verdict.FAIL)])
        for name, value in (("a", 2.0), ("b", 3.0), ("c", 3.0))
    ]

    (change,) = compare(runs[0], runs[1], KNOWN).changes
    assert (change.kind, change.before, change.after) == (ChangeKind.VALUE, "2.0", "3.0")
    assert compare(runs[1], runs[2], KNOWN).changes == []


def test_values_that_hold_may_differ_as_counters_do(write):
    runs = [
        write(name, scenarios=[scenario("s", finding(value=value))])
        for name, value in (("a", 2.0), ("b", 9.0))
    ]

    assert compare(runs[0], runs[1], KNOWN).changes == []


@pytest.mark.parametrize("verdict", [Verdict.SKIPPED, Verdict.ERROR])
def test_a_scenario_that_did_not_come_to_a_verdict_says_nothing(write, verdict):
    done = compare(
        write("a", scenarios=[scenario("s", finding())]),
        write("b", scenarios=[scenario("s", verdict=verdict)]),
        KNOWN,
    )

    assert done.changes == []
    assert done.not_comparable == ["scenario s: ran before only"]


def durations(write, name, seconds, settled=0.1):
    return write(
        name,
        scenarios=[
            scenario(f"s{i}", finding(seconds=each), settled=settled) for i, each in enumerate(seconds)
        ],
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([1.0] * 6, [3.0] * 6, True),
        ([3.0] * 6, [1.0] * 6, True),
        ([1.0] * 6, [1.9] * 6, False),
        ([1.0] * (LEAST_PAIRS - 1), [9.0] * (LEAST_PAIRS - 1), False),
        ([1.0] * 6, [3.0, 3.0, 3.0, 3.0, 0.5, 0.5], False),
        ([10.0] * 6, [12.0] * 6, False),
    ],
    ids=["slower", "faster", "within an interval", "too few", "not all", "a small ratio"],
)
def test_a_latency_is_told_only_when_it_is_no_noise(write, before, after, told):
    done = compare(durations(write, "a", before), durations(write, "b", after), KNOWN)

    found = [change for change in done.changes if change.kind is ChangeKind.LATENCY]
    assert [change.subject for change in found] == (
        ["from acknowledged to visible in Prometheus"] if told else []
    )
    assert done.exit_code() is ExitCode.OK, "a latency breaks nothing"
    assert [each.what for each in done.latencies][:2] == [
        "from acknowledged to visible in Prometheus",
        "from acknowledged to injected and proven",
    ]


def test_durations_that_did_not_change_are_counted_and_listed_when_asked_for(write):
    done = compare(durations(write, "a", [1.0] * 6), durations(write, "b", [1.0] * 6, settled=0.9), KNOWN)
    whole, changed = len(done.latencies), sum(each.changed for each in done.latencies)
    lines = done.lines()
    at = lines.index("durations, medians:")
    assert [": changed (" in line for line in lines[at + 1 : at + 1 + changed]] == [True] * changed
    assert lines[at + 1 + changed] == f"  no change: {whole - changed} of {whole} (all of them: --durations)"
    listed = "\n".join(done.lines(durations=True))
    assert all(each.what in listed for each in done.latencies)
    assert "--durations" not in listed


def test_the_time_to_inject_is_a_latency_of_its_own(write):
    done = compare(durations(write, "a", [1.0] * 6), durations(write, "b", [1.0] * 6, settled=0.9), KNOWN)

    (change,) = done.changes
    assert (change.subject, change.before, change.after) == (
        "from acknowledged to injected and proven",
        "0.100 s",
        "0.900 s",
    )


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ([0.5] * 6, [2.2] * 6, True),
        ([0.0] * 6, [1.8] * 6, True),
        ([0.2] * 6, [1.0] * 6, False),
        ([0.5] * 3, [4.5] * 3, False),
        ([0.5] * 6, [0.6, 0.4, 2.2, 0.5, 0.6, 2.2], False),
        ([2.2] * 6, [0.5] * 6, True),
    ],
    ids=["slower", "from nothing", "within a scrape", "too few", "not most of them", "quicker"],
)
def test_the_time_until_a_scrape_shows_a_metric_is_a_latency_of_its_own(write, before, after, told):
    def run(name, seconds):
        shown = [{"visibility": {"produced": "at_scrape", "seconds": each}} for each in seconds]
        return write(
            name,
            scenarios=[scenario(f"s{i}", finding(evidence=each)) for i, each in enumerate(shown)],
        )

    done = compare(run("a", before), run("b", after), KNOWN)

    what = "until a scrape shows chaos_daemon_calls_total"
    assert [change.subject for change in done.changes] == ([what] if told else [])
    assert what in [each.what for each in done.latencies]


@pytest.mark.parametrize(
    ("scrapes", "told"),
    [
        ((100, 0.05, 0.06), True),
        ((100, 0.05, 0.02), True),
        ((20, 0.05, 0.06), False),
        ((100, 0.028, 0.9), False),
    ],
)
def test_scrapes_are_slower_when_the_distributions_lie_apart(write, scrapes, told):
    done = compare(write("a"), write("b", scrapes=scrapes), KNOWN)

    assert [change.subject for change in done.changes] == (["a scrape of chaos-daemon"] if told else [])


def test_scrapes_with_another_time_out_are_no_change(write):
    done = compare(write("a"), write("b", scrapes=(100, 0.05, 0.06), stack={"scrape_interval": 3.0}), KNOWN)

    assert done.changes == []
    assert done.latencies[-1].why == "the runs have different scrape intervals, and so time-outs"


@pytest.mark.parametrize(("others", "told"), [(1.0, 2), (3.0, 0)])
def test_a_slower_machine_is_no_slower_chaos_mesh(write, others, told):
    def run(name, daemon, other, seconds):
        folder = write(
            name,
            scenarios=[scenario(f"s{i}", finding(seconds=1.0), settled=seconds) for i in range(6)],
            scrapes=(100, daemon, daemon),
        )
        results = json.loads((folder / "results.json").read_text())
        (target,) = results["contract"]["targets"]
        for job in ("chaos-dashboard", "controller-manager"):
            scrapes = {"0.5": other, "0.95": other}
            results["contract"]["targets"].append({**target, "job": job, "scrape_seconds": scrapes})
        (folder / "results.json").write_text(json.dumps(results))
        return folder

    done = compare(run("a", 0.1, 0.02, 0.2), run("b", 0.3, 0.02 * others, 0.6), KNOWN)

    assert len(done.changes) == told
    assert all(change.kind is ChangeKind.LATENCY for change in done.changes)


def test_what_else_differs_between_the_runs_is_said(write):
    stack = {
        "provider": "docker",
        "capabilities": {"netem": None, "prio": "no"},
        "nodes": [{"kernel": "6.1"}],
    }
    done = compare(write("a"), write("b", stack=stack), KNOWN)

    assert done.caveats == [
        "provider: None before, docker after",
        "kernel:  before, 6.1 after",
        "capabilities of one run only: netem",
    ]


def test_a_folder_that_holds_no_run_is_a_usage_error(write, tmp_path):
    good = write("a")
    with pytest.raises(UsageError, match=r"cannot read .*/nothing/results.json: it does not exist") as caught:
        compare(good, tmp_path / "nothing", KNOWN)
    assert caught.value.next_step == "name the report folders of two runs (ci/verify --report DIR)"
    (tmp_path / "b").mkdir()
    (tmp_path / "b/results.json").write_text("{")
    with pytest.raises(UsageError, match="is no JSON"):
        compare(good, tmp_path / "b", KNOWN)
    (tmp_path / "b/results.json").write_text(json.dumps({"schema_version": 99}))
    with pytest.raises(UsageError, match="has the schema version 99"):
        compare(good, tmp_path / "b", KNOWN)


def test_a_run_that_could_not_read_all_components_is_not_compared(write):
    with pytest.raises(UsageError, match="could not read all components"):
        compare(write("a"), write("b", not_captured=["chaos-daemon d: down"]), KNOWN)


def test_an_exposition_that_is_lost_is_a_usage_error(write):
    lost = write("b")
    (lost / "expositions/d.txt").unlink()
    with pytest.raises(UsageError, match=r"expositions/d\.txt: it does not exist"):
        compare(write("a"), lost, KNOWN)


def test_the_command_prints_text_and_json_and_its_exit_code_tells(write, capsys):
    before, after = write("v1"), write("v2", TEXT.replace("chaos_daemon_rules", "chaos_daemon_qdiscs"))

    assert main(["compare", str(before), str(after)]) == ExitCode.FAILED
    text = capsys.readouterr().out
    assert text.splitlines()[:5] == [
        "Chaos Mesh v1 -> v2",
        "  metrics: 0 added, 0 removed, 1 renamed, 0 changed",
        "    renamed: chaos_daemon_rules",
        "  known issues: fixed none; new none",
        "  new failures: none",
    ]
    assert "1 change, 1 breaking:" in text
    assert "  BREAKING renamed chaos_daemon_rules: chaos_daemon_rules -> chaos_daemon_qdiscs" in text
    assert main(["compare", "--json", str(before), str(after)]) == ExitCode.FAILED
    assert json.loads(capsys.readouterr().out)["changes"][0]["kind"] == "renamed"
    assert main(["compare", str(before), str(before)]) == ExitCode.OK
    capsys.readouterr()
    assert main(["compare", str(before), "nowhere"]) == ExitCode.USAGE
