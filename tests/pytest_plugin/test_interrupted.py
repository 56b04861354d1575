"""A run that is interrupted, killed, or loses its cluster: what ended is in its report. Real processes."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from xml.etree import ElementTree

import pytest

from harness import cli
from harness.base.errors import ExitCode
from harness.results.reading import read
from tests.fakes.interrupted_run import write_scenarios

ROOT = Path(__file__).parents[2]
SECONDS = 120
"""Longer than any of these takes; only reached when one fails."""


def heed():
    """Take signals as a shell in front does: one in the background ignores SIGINT, and nohup SIGHUP."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


class Run:
    """A run on its way."""

    def __init__(self, tmp_path, *names, parallel=3, report=None, words=()):
        write_scenarios(tmp_path / "scenarios", *names)
        self.report = report or tmp_path / "report"
        self.xml = tmp_path / "out.xml"
        heard, said = os.pipe()
        given = [
            "scenarios",
            "--parallel",
            parallel,
            "--report",
            self.report,
            f"--junitxml={self.xml}",
            *words,
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fakes.interrupted_run", str(said), *map(str, given)],
            cwd=tmp_path,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "CHAOS_HARNESS_STATE": str(tmp_path / "state"),
                "CHAOS_HARNESS_CACHE": str(tmp_path / "cache"),
            },
            pass_fds=[said],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=heed,  # noqa: PLW1509
        )
        os.close(said)
        self.heard = os.fdopen(heard)
        self.watchdog = threading.Timer(SECONDS, self.process.kill)
        self.watchdog.start()

    def hears(self, *lines):
        """Wait until all of these were told."""
        missing = set(lines)
        while missing:
            line = self.heard.readline()
            assert line, f"it ended without {missing}: {self.process.communicate()[0]}"
            missing.discard(line.strip())

    def send(self, number):
        self.process.send_signal(number)

    def ends(self):
        """Wait for its end; return the exit code and what it wrote."""
        out = self.process.communicate(timeout=SECONDS)[0]
        return self.process.returncode, out

    def close(self):
        self.watchdog.cancel()
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()
        self.heard.close()

    def results(self):
        return json.loads((self.report / "results.json").read_text())


@pytest.fixture
def start(tmp_path):
    started = []

    def run(*names, **options):
        started.append(Run(tmp_path, *names, **options))
        return started[-1]

    yield run
    for each in started:
        each.close()


def names(entries):
    return [each["name"] for each in entries]


def cases(path):
    found = {}
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        tags = {child.tag for child in case} & {"failure", "error", "skipped"}
        found[case.get("name")] = tags.pop() if tags else "passed"
    return found


def test_a_run_that_is_killed_leaves_the_results_of_all_that_ended(start, capsys):
    run = start("slow-a", "slow-d", "done-b", "done-c", "alone-e")
    run.hears("runs slow-a", "runs slow-d", "written 2")
    run.send(signal.SIGKILL)
    code, _ = run.ends()
    assert code == -signal.SIGKILL
    found = run.results()
    assert names(found["scenarios"]) == ["done-b", "done-c"]
    assert (found["run"]["ended"], found["run"]["complete"], found["run"]["planned"]) == (None, False, 5)
    assert [(each["name"], each["began"]) for each in found["not_run"]] == [
        ("slow-a", True),
        ("slow-d", True),
        ("alone-e", False),
    ]
    assert cli.main(["report", str(run.report)]) == 0
    assert "The run was cut short; 2 of 5 scenarios finished." in (run.report / "index.html").read_text()


def test_a_run_that_is_killed_while_its_results_are_in_the_journal_loses_none(start, capsys, monkeypatch):
    monkeypatch.setenv("SMALL_RESULTS", "0")
    run = start("slow-a", "slow-d", "done-b", "done-c", "alone-e")
    run.hears("runs slow-a", "runs slow-d", "written 2")
    run.send(signal.SIGKILL)
    run.ends()
    assert len(names(run.results()["scenarios"])) < 2
    found = read(run.report / "results.json", next_step="")
    assert [each.name for each in found.scenarios] == ["done-b", "done-c"]
    assert [each.name for each in found.not_run if each.began] == ["slow-a", "slow-d"]
    assert cli.main(["report", str(run.report)]) == 0
    assert "The run was cut short; 2 of 5 scenarios finished." in (run.report / "index.html").read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_interrupted_reports_all_that_ended(start, number):
    run = start("slow-a", "done-b", "done-c", "slow-d", "alone-e")
    run.hears("runs slow-a", "runs slow-d", "written 2")
    run.send(number)
    code, out = run.ends()
    assert code == ExitCode.INTERRUPTED, out
    found = run.results()
    assert names(found["scenarios"]) == ["done-b", "done-c"]
    assert found["run"]["interrupted"] == number.name
    assert found["run"]["ended"] is not None
    assert not found["run"]["complete"]
    reason = f"the run was interrupted ({number.name})"
    assert {each["name"]: (each["reason"], each["began"]) for each in found["not_run"]} == {
        "slow-a": (reason, True),
        "slow-d": (reason, True),
        "alone-e": (reason, False),
    }
    assert cases(run.xml) == {
        "slow-a": "error",
        "done-b": "passed",
        "done-c": "passed",
        "slow-d": "error",
        "alone-e": "error",
    }
    assert f"not run: 3: {reason}" in out
    assert "slow-a, slow-d, alone-e" in out
    assert "2 passed" in out
    assert "2 of 5 scenarios finished" in (run.report / "index.html").read_text()
    assert reason in (run.report / "summary.md").read_text()
    assert "Traceback" not in out


@pytest.mark.parametrize("parallel", [1, 3])
def test_an_interruption_that_python_ignores_ends_the_run_all_the_same(start, parallel):
    run = start("doomed-a", "slow-b", parallel=parallel)
    code, out = run.ends()
    assert code == ExitCode.INTERRUPTED, out
    found = run.results()
    assert names(found["scenarios"]) == ["doomed-a"]
    assert found["run"]["interrupted"] == "SIGTERM"
    assert names(found["not_run"]) == ["slow-b"]


@pytest.mark.parametrize("parallel", [1, 3])
def test_a_second_interruption_ends_waiting_and_not_the_record(start, parallel):
    first = ["done-b"] if parallel == 1 else []
    run = start(*first, "stuck-a", *({"done-b"} - {*first}), "alone-c", parallel=parallel)
    run.hears("runs stuck-a", "written 1")
    run.send(signal.SIGINT)
    run.hears("cleans stuck-a")
    run.send(signal.SIGINT)
    code, out = run.ends()
    assert code == ExitCode.INTERRUPTED, out
    found = run.results()
    assert names(found["scenarios"]) == ["done-b"]
    assert sorted(names(found["not_run"])) == ["alone-c", "stuck-a"]
    assert out.rstrip().splitlines()[-2:] == [
        "may be left behind: namespace stuck-a-123456",
        "  remove it now: chaos-harness sweep; or the next run does",
    ]
    assert cases(run.xml) == {"done-b": "passed", "stuck-a": "error", "alone-c": "error"}
    assert "Traceback" not in out


@pytest.mark.parametrize("parallel", [1, 2])
def test_a_lost_cluster_is_told_once_and_not_by_each_scenario(start, parallel):
    rest = [f"done-{number:02}" for number in range(20)]
    run = start("broken-a", *(f"alone-{name}" for name in rest), parallel=parallel)
    code, out = run.ends()
    assert code == ExitCode.INFRASTRUCTURE, out
    found = run.results()
    assert names(found["scenarios"]) == ["broken-a"]
    assert found["summary"]["not_run"] == 20
    (reason,) = {each["reason"] for each in found["not_run"]}
    assert reason.startswith("the API server is gone since ")
    assert reason.endswith(" UTC (connection refused)")
    assert out.count(f"not run: 20: {reason}") == 1
    assert len(out.splitlines()) < 60
    assert [*cases(run.xml).values()].count("error") == 21
    assert found["summary"]["cleanup_not_verified"] == 1
    assert "20 scenarios were not run" in (run.report / "index.html").read_text()
