"""How long the HTML report of 100 scenarios takes, on one core, and how large it is.

    python -m benchmarks.report_of_100_scenarios [SCENARIOS]

The recordings of real runs (tests/recordings) are taken in turn. Processor time is what counts: other
work on the machine makes the wall time longer. Loading the templates and the catalogue is in it, as a run
pays for them too.
"""

from __future__ import annotations

import gzip
import importlib
import sys
import tempfile
import time
from pathlib import Path

SCENARIOS = 100
MOST_SECONDS = 5.0
MOST_BYTES = 5 * 1024 * 1024


def main(scenarios: int) -> int:
    """Make the report, print what it cost, and return 1 when that is over the budget."""
    made = importlib.import_module("tests.fakes.run")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made.make_run(folder, scenarios).write(folder)
        wall, processor = time.monotonic(), time.process_time()
        from harness.report.html.report import render_again  # noqa: PLC0415  (measured, too)

        page = render_again(folder)
        wall, processor = time.monotonic() - wall, time.process_time() - processor
        size, small = page.stat().st_size, len(gzip.compress(page.read_bytes()))
        read = sum(path.stat().st_size for path in (folder / "recordings").rglob("*.gz"))
    mib = 1024 * 1024
    print(f"{scenarios} scenarios, {read / mib:.2f} MiB of recordings")
    print(f"processor {processor:.1f} s (budget {MOST_SECONDS:g} s), wall {wall:.1f} s")
    print(
        f"index.html {size / mib:.2f} MiB (budget {MOST_BYTES / mib:g} MiB), {small / mib:.2f} MiB compressed"
    )
    return int(processor > MOST_SECONDS or size > MOST_BYTES)


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else SCENARIOS))
