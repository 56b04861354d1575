"""What the HTML report of 3,000 scenarios takes: processor time and memory, with results.json of 600 MB.

    python -m benchmarks.report_of_3000_scenarios [SCENARIOS]

The recordings of real runs (tests/recordings) are taken in turn, with as much evidence as the largest
scenarios have. The report is made by a process of its own, as the command makes it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness.judge.finding import Finding

SCENARIOS = 3000
MOST_SECONDS = 60.0
MOST_BYTES = 300 * 1024 * 1024
_PADDING = [{"labels": {"instance": "chaos-daemon"}, "value": float(number)} for number in range(180)]


def main(scenarios: int) -> int:
    """Make the report, print what it cost, and return 1 when that is over the budget."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # Elsewhere: the memory of a child includes that of the process which it is forked from.
        maker = multiprocessing.get_context("spawn").Process(target=_make, args=(folder, scenarios))
        maker.start()
        maker.join()
        size = (folder / "results.json").stat().st_size
        began = time.monotonic()
        command = [sys.executable, "-m", "harness.cli", "report", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        _, status, spent = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        if status:
            sys.exit(f"the report could not be made: status {status}")
        page = (folder / "index.html").stat().st_size
    processor, memory = spent.ru_utime + spent.ru_stime, spent.ru_maxrss * 1024
    mib = 1024 * 1024
    print(f"{scenarios} scenarios, results.json of {size / mib:.0f} MiB, index.html of {page / mib:.1f} MiB")
    print(f"processor {processor:.1f} s (budget {MOST_SECONDS:g} s), wall {wall:.1f} s")
    print(f"memory {memory / mib:.0f} MiB (budget {MOST_BYTES / mib:g} MiB)")
    return int(processor > MOST_SECONDS or memory > MOST_BYTES)


def _make(folder: Path, scenarios: int) -> None:
    made = importlib.import_module("tests.fakes.run")
    results = made.make_run(folder, scenarios)
    for scenario in results.scenarios:
        for step in scenario.steps:
            step.findings = [_padded(finding) for finding in step.findings]
    results.write(folder)


def _padded(finding: Finding) -> Finding:
    return finding.model_copy(update={"evidence": {**finding.evidence, "padding": _PADDING}})


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SCENARIOS))
