"""What others did with Chaos Mesh in the time of a step makes a shared series inconclusive, not wrong."""

from __future__ import annotations

from harness.judge.finding import Finding, Verdict
from harness.recording.foreign import uses_of
from harness.recording.model import Expected, Recording

_SHOWN = 5


def unless_foreign(recording: Recording, expected: Expected, finding: Finding) -> Finding:
    """Return a finding as it is, or as an error when others may have brought it about.

    Args:
        recording: what was observed.
        expected: the expectation.
        finding: what the judge says of it.
    """
    if finding.verdict is not Verdict.FAIL:
        return finding
    uses = {str(use): None for note in recording.notes for use in uses_of(note, expected.id)}
    if not uses:
        return finding
    named = ", ".join(list(uses)[:_SHOWN])
    more = f" and {len(uses) - _SHOWN} more" if len(uses) > _SHOWN else ""
    reason = f"inconclusive: others used Chaos Mesh meanwhile: {named}{more}: {finding.reason}"
    return finding.model_copy(
        update={"verdict": Verdict.ERROR, "reason": reason, "layer": "infrastructure", "known_issue": None}
    )
