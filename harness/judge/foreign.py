"""What others did with Chaos Mesh in the time of a step makes a shared series inconclusive, not wrong."""

from __future__ import annotations

from harness.judge.finding import Finding, Verdict
from harness.recording.foreign import named, uses_of
from harness.recording.model import Expected, Recording


def unless_foreign(recording: Recording, expected: Expected, finding: Finding) -> Finding:
    """Return a finding as it is, or as an error when others may have brought it about.

    Args:
        recording: what was observed.
        expected: the expectation.
        finding: what the judge says of it.
    """
    if finding.verdict is Verdict.ERROR:
        return finding
    # Where others use it, what was to be seen may be of their making, too; on a cluster of the harness' own
    # a stranger is an accident, which explains what failed.
    failed = finding.verdict is Verdict.FAIL
    uses = [use for note in recording.notes for use in uses_of(note, expected.id, theirs=not failed)]
    if not uses:
        return finding
    what = finding.reason if failed else "what was to be seen was seen, and may be of their making"
    reason = f"inconclusive: others used Chaos Mesh meanwhile: {named(uses)}: {what}"
    return finding.model_copy(
        update={"verdict": Verdict.ERROR, "reason": reason, "layer": "infrastructure", "known_issue": None}
    )
