"""Layer collector, of a value that did not stay as it was though nothing was done that changes it."""

from __future__ import annotations

from harness.judge.argument import time_text
from harness.judge.fault_domains.scene import Diagnosis
from harness.judge.finding import Finding


def flicker(finding: Finding) -> Diagnosis:
    """Say why it is neither the chaos nor a scrape that failed."""
    times = [each["time"] for each in finding.evidence.get("scrapes", [])]
    when = f" at {time_text(max(times))}" if times else ""
    return Diagnosis(
        finding.layer,
        [
            f"The scrape{when} succeeded, and shows something else than the scrapes around it, although no"
            " step in between, and nothing that was on its way before, changes the metric.",
            "So the component exposed something else for a moment: look at its log at that time for an error"
            " while it collected, and at whether two scrapers asked it at once.",
        ],
    )
