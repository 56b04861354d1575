"""One run of the real plugin without a cluster: its results are those of recordings of real runs.

    python -m tests.golden.run FOLDER

What is wrong beyond the recordings was put in, so that every kind of outcome is there. The run's files are
in FOLDER afterwards, with `junit.xml` and `terminal.txt`; what differs from run to run (ids, times, folders)
is replaced.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness import cli
from harness.base.errors import ExitCode
from harness.judge.finding import Verdict
from harness.pytest_plugin.session import RunSession
from harness.recording.reader import read
from harness.results.contract import Contract
from harness.results.contract_problem import ContractProblem, ProblemKind
from harness.results.coverage import Coverage, SeriesChange, Standing, TransitionScore
from harness.results.mutation import ExpectationScore, RecordingScore, Survivor, sum_up
from harness.results.places import source_lines
from harness.results.scenario import Leftover, ScenarioResult, StepProblem
from harness.runner.outage import Outage
from tests.fakes.run import change, recorded, scenario, skipped

RECORDED = (
    "clouds-without-secret",
    "concurrent-scrapes",
    "container-kill",
    "identifier-leak",
    "partition-resumed",
    "pod-kill",
    "schedule-fires",
    "stress-cpu",
)
NAMES = (*RECORDED, "network-delay", "without-prometheus", "without-turn")
"""In the order in which they run; the cluster is lost at the one before the last."""
FILE = """\
scenario: {name}
about: What {name} does to the metrics is what it should.
tags: [golden]
workload: mini-node-exporter
steps:
"""
STEP = "  - {wait: 1, expect: [{metric: up, where: {job: workload}, equals: 1}]}\n"
STARTED, ENDED = "2026-11-27T01:02:03+00:00", "2026-11-27T01:04:05+00:00"


def made(folder, name):
    """Return what a scenario came to; its recording is copied into the folder of the report."""
    if name in RECORDED:
        result = scenario(folder, name)
    elif name == "network-delay":
        result = skipped()
    else:
        result = ScenarioResult(name=name, file=f"scenarios/daemon/{name}.yaml", verdict=Verdict.ERROR)
        result.reason, result.details = "Prometheus does not answer", ["connection refused"]
    _put_in(result)
    return result


def _put_in(result):
    match result.name:
        case "container-kill":
            done = "its finalizer was removed"
            result.leftovers = [Leftover(kind="PodChaos", name="kill-x2n", what_was_done=done)]
        case "pod-kill":
            result.steps[1].findings = []
            result.steps[1].problem = StepProblem(
                kind="until",
                reason="PodChaos kill did not become injected within 30 s",
                details=["condition AllInjected=False", "event Failed: container not found"],
            )
            result.verdict = result.decide()
        case "schedule-fires":
            last = result.findings()[-1].id
            change(result, last, verdict=Verdict.FAIL, level="should", reason="the value is 2")
        case "stress-cpu":
            result.diagnostics = result.recording.parent.parent / "diagnostics" / result.name
            result.diagnostics.mkdir(parents=True)
            (result.diagnostics / "index.txt").write_text("pods.txt\n")
            change(result, "1.1", **_WRONG_VALUE)
            change(result, "1.0", **_WRONG_SERIES)


_WRONG_VALUE = {
    "verdict": Verdict.FAIL,
    "expected": "an increase of 2 since before the step (the sum over the selected series)",
    "reason": "an increase of 1 at 1795402188.591; wanted: 2",
    "layer": "collector",
    "because": "a cpu and a memory stressor are two processes",
    "explanation": ["chaos-daemon itself exposed 41 between the scrapes, as Prometheus has it."],
}
_WRONG_SERIES = {
    "verdict": Verdict.FAIL,
    "reason": "1 series differs: phase injecting is there, phase running is not",
    "layer": "late",
    "evidence": {
        "table": [
            {"labels": {"kind": "StressChaos", "phase": "running"}, "expected": "1", "actual": None},
            {"labels": {"kind": "StressChaos", "phase": "injecting"}, "expected": None, "actual": 1.0},
        ]
    },
}


def _about_the_run(results):
    """Put in what a run comes to beside its scenarios."""
    results.run.id, results.run.started, results.run.harness = "f00dcafe", STARTED, "0.1.0"
    results.run.options = {"cluster": "chaos-harness", "images": "source"}
    results.run.stack = read(recorded("stress-cpu"))[0].manifest.stack
    results.run.warnings = ["the namespace old-123456 of an earlier run does not go"]
    results.contract = Contract(
        release="v2.8.3",
        whole=False,
        seen={"chaos_daemon_grpc_server_handled_total": ["daemon"]},
        problems=[
            ContractProblem(
                kind=ProblemKind.NOT_CATALOGUED, metric="chaos_new", job="chaos-daemon", found="a gauge"
            ),
            ContractProblem(
                kind=ProblemKind.NOT_CATALOGUED, metric="lib_new", job="chaos-daemon", fails=False
            ),
        ],
    )
    results.mutation = sum_up(
        [
            RecordingScore(
                scenario="stress-cpu",
                expectations=[
                    ExpectationScore(
                        id="1.0",
                        subject="chaos_daemon_bpm_controlled_processes",
                        kind="equals",
                        verdict="passed",
                        killed={"zero": 1},
                        survived=[
                            Survivor(operator="scale", detail="twice as much"),
                            Survivor(operator="delay", detail="by 1 s", waived="why not", until="2099-01-01"),
                        ],
                    )
                ],
            )
        ],
        {},
    )
    results.coverage = Coverage(
        defined=2,
        possible_here=2,
        covered=1,
        missing=1,
        whole=True,
        transitions=[
            TransitionScore(
                metric="chaos_daemon_bpm_controlled_processes",
                label="",
                value="",
                change=change_,
                standing=standing,
                by=by,
            )
            for change_, standing, by in (
                (SeriesChange.CHANGES, Standing.COVERED, ["stress-cpu 1.0"]),
                (SeriesChange.GOES, Standing.MISSING, []),
            )
        ],
    )


def main(folder):
    """Run pytest with the plugin; afterwards replace what differs from run to run."""
    report = folder.resolve()
    scenarios = report.parent / "scenarios"
    scenarios.mkdir(parents=True)
    for number, name in enumerate(NAMES):
        text = FILE.format(name=name) + 4 * STEP
        (scenarios / f"{number:02}-{name}.yaml").write_text(text)

    def opened(run):
        run._record.folder.take("f00dcafe")
        _about_the_run(run.results)

    def ran(run, file, node):
        run._runs.results[node] = result = made(report, file.name)
        result.places, result.source = source_lines(file), file.text
        run.results.add(result)
        if result.verdict is Verdict.ERROR and result.reason:
            run._runs.outage = Outage("Prometheus", 1795402188.0, "connection refused")
        return result

    patch = pytest.MonkeyPatch()
    patch.setattr(RunSession, "open", opened)
    patch.setattr(RunSession, "run", ran)
    patch.setattr("harness.pytest_plugin.session.results.now", lambda: ENDED)
    plugins = ["harness.pytest_plugin.short_names", "harness.pytest_plugin.plugin", "no:cacheprovider"]
    words = [*(f"-p{plugin}" for plugin in plugins), "-rN", "--no-header", "-q"]
    junit = f"--junitxml={report.parent / 'junit.xml'}"
    root = [f"--rootdir={report.parent}", "-c", "/dev/null"]
    return pytest.main([*words, *root, junit, f"--report={report}", "--parallel=1", str(scenarios)])


def files(folder):
    """Make the run in a process of its own, and return the text of what it wrote, by name.

    The page is rendered by `chaos-harness report`, and is returned without pictures, styles and script.
    """
    report = folder / "report"
    environment = {
        "PATH": "/usr/bin:/bin",
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(folder),
        "COLUMNS": "110",
        "CHAOS_HARNESS_STATE": str(folder / "state"),
        "CHAOS_HARNESS_CACHE": str(folder / "cache"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "tests.golden.run", str(report)],
        cwd=Path(__file__).parents[2],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    path = report / "results.json"
    assert path.exists(), done.stdout + done.stderr
    # Of the run, which comes first: what its scenarios took is made up.
    path.write_text(re.sub(r'"seconds": [\d.]+', '"seconds": 122.0', path.read_text(), count=1))
    assert cli.main(["report", str(report)]) == ExitCode.OK
    found = {name: (report / name).read_text() for name in ("results.json", "summary.md", "index.html")}
    found["index.html"] = _CUT.sub(r"<\1>", found["index.html"])
    found["junit.xml"] = (folder / "junit.xml").read_text().replace("><", ">\n<")
    found["terminal.txt"] = f"{done.stdout}exit code: {done.returncode}\n"
    return {name: _same_each_time(text, folder) for name, text in found.items()}


_CUT = re.compile(r"<(svg|style|script)\b.*?</\1>", re.DOTALL)
_DIFFERS = (
    (re.compile(r"(?<=>)[^\s<>]+\.py:\d+"), "PLACE"),
    (re.compile(r"'sha256-[^']+'"), "HASH"),
    (re.compile(r'(?<= )(time|timestamp|hostname)="[^"]*"'), r'\1="-"'),
    (re.compile(r"\b(in|finished in) \d+\.\d+s"), r"\1 TIME"),
)


def _same_each_time(text, folder):
    checkout = Path(__file__).parents[2]
    text = text.replace(os.path.relpath(folder, checkout), "FOLDER").replace(str(folder), "FOLDER")
    for pattern, instead in _DIFFERS:
        text = pattern.sub(instead, text)
    return text


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
