"""Layer late: it became as expected, after the deadline."""

from __future__ import annotations

import math

from harness.judge.argument import time_text
from harness.judge.fault_domains.scene import Diagnosis
from harness.judge.finding import Finding
from harness.recording.model import Recording


def late(recording: Recording, finding: Finding) -> Diagnosis:
    """Say by how much, and which deadline would have been enough."""
    evidence = finding.evidence
    time = max((each["time"] for each in evidence.get("scrapes", [])), default=0.0)
    deadline = evidence.get("deadline", time)
    told = [
        f"It is late, not wrong: it became as expected at {time_text(time)}, {time - deadline:.1f} s after"
        f" the deadline at {time_text(deadline)}."
    ]
    settled = recording.mark(finding.step, "settled")
    if settled is not None:
        needed = math.ceil((time - settled.time) / recording.manifest.interval)
        told.append(
            f"That is {needed} scrapes after the step settled at {time_text(settled.time)}; if it may take"
            f" that long, write `deadline: {needed}`."
        )
    return Diagnosis("late", told)
