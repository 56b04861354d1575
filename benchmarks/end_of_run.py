"""How long the proofs of a run take: its recordings audited one after the other, and by all processors.

    python -m benchmarks.end_of_run REPORT

Prints processor time of reading and of auditing, what a mutant costs, and the wall time that is left for the
end of the run when all but the last recordings were audited while scenarios ran. Machines differ: see ratios.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from harness.audit.recording_audit import audit
from harness.audit.side_by_side import of_each
from harness.recording.reader import read
from harness.results.mutation import sum_up

LAST = 3
"""So many scenarios end at about the time at which the run does: as many as run in parallel."""


def main(report: Path) -> None:
    """Measure, and print a line for each figure."""
    folders = sorted((report / "recordings").iterdir())
    began = time.process_time()
    for folder in folders:
        read(folder)
    reading = time.process_time() - began
    audits, took = [], []
    for folder in folders:
        began = time.process_time()
        audits.append(audit(folder))
        took.append(time.process_time() - began)
    mutants = sum_up([each.mutation for each in audits], {}).mutants
    print(f"{len(folders)} recordings read in {reading:.1f} s of processor time")
    print(f"audited in {sum(took):.1f} s ({sum(took) / reading:.1f} times as long as reading them)")
    print(
        f"{mutants} mutants, {1000 * sum(took) / max(mutants, 1):.2f} ms each; the longest {max(took):.1f} s"
    )
    for what, some in (("all", folders), (f"the last {LAST}", folders[-LAST:])):
        wall = time.monotonic()
        of_each(audit, some)
        print(f"wall time of {what} by all processors: {time.monotonic() - wall:.1f} s")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
