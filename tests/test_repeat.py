"""`ci/repeat`, with a run that is a script: what it hands on, when it goes on, how it ends."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENT = f"""\
checkout=$(cd "$(dirname "${{BASH_SOURCE[0]}}")/.." && pwd)
python={sys.executable}
export PYTHONPATH={ROOT}
source "$checkout/ci/messages.sh"
"""
VERIFY = f"""\
#!{sys.executable}
import sys
from pathlib import Path

from harness.judge.finding import Verdict
from harness.results.results import Results, Run
from harness.results.scenario import ScenarioResult

here = Path(__file__).resolve().parent
words = sys.argv[1:]
with (here / "calls").open("a") as calls:
    calls.write(" ".join(words) + "\\n")
report = Path(words[words.index("--report") + 1])
verdict, code = (here / "outcomes" / report.name).read_text().split()
results = Results(run=Run(id="x", harness="1", started="now", stack={{"image_key": "k"}}))
results.add(ScenarioResult(name="s", file="s.yaml", verdict=Verdict(verdict)))
results.write(report)
sys.exit(int(code))
"""


@pytest.fixture
def repeat(tmp_path):
    """Call the script with what each run is to come to; return its process, the calls, and the folder."""
    folder = tmp_path / "checkout" / "ci"
    (folder / "outcomes").mkdir(parents=True)
    shutil.copy(ROOT / "ci" / "repeat", folder)
    shutil.copy(ROOT / "ci" / "messages.sh", folder)
    (folder / "environment.sh").write_text(ENVIRONMENT)
    (folder / "verify").write_text(VERIFY)
    (folder / "verify").chmod(0o755)

    def call(*words, outcomes=()):
        for number, outcome in enumerate(outcomes, start=1):
            (folder / "outcomes" / f"{number:02}").write_text(outcome)
        done = subprocess.run(
            [folder / "repeat", *words],
            cwd=tmp_path,
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
        calls = folder / "calls"
        return done, calls.read_text().splitlines() if calls.exists() else []

    return call


def test_each_run_has_its_report_and_only_the_first_a_new_cluster(repeat, tmp_path):
    done, calls = repeat("2", "--fresh", "-k", "stress or kill", outcomes=["passed 0"] * 2)

    assert done.returncode == 0, done.stderr
    assert calls == [
        f"--fresh --report {tmp_path}/report-repeat/01 -k stress or kill",
        f"--report {tmp_path}/report-repeat/02 -k stress or kill",
    ]
    assert "2 runs, 1 scenario, 0 expectations: 0 not the same in all runs" in done.stdout


def test_a_verdict_that_changed_fails_and_all_runs_are_made(repeat):
    done, calls = repeat("3", "--report", "r", outcomes=["passed 0", "failed 1", "passed 0"])

    assert (done.returncode, len(calls)) == (1, 3)
    assert "s: passed in 2 runs, failed in r/02" in done.stdout


def test_what_fails_in_all_runs_is_not_flaky_and_still_no_success(repeat):
    done, _ = repeat("2", outcomes=["failed 1"] * 2)

    assert done.returncode == 1
    assert ": 0 not the same in all runs" in done.stdout


def test_a_run_that_could_not_run_ends_it(repeat):
    done, calls = repeat("3", outcomes=["passed 0", "passed 2", "passed 0"])

    assert (done.returncode, len(calls)) == (2, 2)
    assert "run 2 of 3 ended with 2" in done.stderr


@pytest.mark.parametrize("words", [[], ["1"], ["0"], ["ten"], ["2", "--down"], ["2", "--report"]])
def test_wrong_words_run_nothing(repeat, words):
    done, calls = repeat(*words)

    assert done.returncode == 4
    assert "next step: ci/repeat TIMES" in done.stderr
    assert calls == []


def test_an_earlier_repetition_is_not_written_over(repeat, tmp_path):
    (tmp_path / "report-repeat").mkdir()
    done, calls = repeat("2")

    assert (done.returncode, calls) == (4, [])
    assert "is there" in done.stderr
