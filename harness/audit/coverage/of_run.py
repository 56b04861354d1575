"""What a run proves: whether what was judged could have failed, and which transitions it covers."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

from harness.audit.beside import AuditsBeside
from harness.audit.coverage.score import coverage_from
from harness.audit.coverage.text import missing_lines
from harness.audit.coverage.text import sum_line as coverage_line
from harness.audit.mutation.mutate import score_of
from harness.audit.mutation.text import sum_line, weak_lines
from harness.audit.mutation.waiver import load
from harness.base.errors import HarnessError
from harness.base.waiver import holding
from harness.chaosmesh.catalogue import catalogue
from harness.results.coverage import Coverage
from harness.results.mutation import MutationScore
from harness.scenario.load import ScenarioFile


class RunScores:
    """The scores of one run.

    Attributes:
        uncounted: why nobody knows which transitions are proven.
        gated: all scenarios ran and none is bad, so that what is not covered fails the run.
    """

    def __init__(self) -> None:
        self.uncounted: HarnessError | None = None
        self.gated = False
        self._unmutated: str | None = None
        self._audits = AuditsBeside()

    def recorded(self, folder: Path) -> None:
        """Take up a recording of which the scenario has ended."""
        self._audits.add(folder)

    def close(self) -> None:
        """End what is still at work."""
        self._audits.close()

    def count(
        self, judged: list[Path], files: Collection[ScenarioFile] | None, *, gated: bool
    ) -> tuple[MutationScore | None, Coverage | None]:
        """Count what recordings prove; of these the first has no say in how the run came out.

        Args:
            judged: their folders.
            files: the scenarios of the run; None: what they cover is not counted.
            gated: see RunScores.
        """
        mutation, coverage = None, None
        today = datetime.now(UTC).date()
        self.gated = gated
        try:
            audits = self._audits.of(judged)
        except HarnessError as error:
            self._unmutated = str(error)
            self.uncounted = error if files is not None else None
            return None, None
        try:
            mutation = score_of([each.mutation for each in audits], holding(load(), today))
        except HarnessError as error:
            self._unmutated = str(error)
        if files is None:
            return mutation, None
        try:
            coverage = coverage_from((each.proofs for each in audits), catalogue(), today, files)
            coverage.whole = gated
        except HarnessError as error:
            self.uncounted = error
        return mutation, coverage

    def lines(self, mutation: MutationScore | None, coverage: Coverage | None) -> list[str]:
        """Return what the last lines of the run say of both."""
        found: list[str] = []
        if self._unmutated:
            found.append(f"mutation: not done: {self._unmutated}")
        elif mutation is not None:
            found += [f"mutation: {sum_line(mutation)}", *(f"  {line}" for line in weak_lines(mutation))]
        if self.uncounted is not None:
            found.append(f"coverage: not counted: {self.uncounted}")
        elif coverage is not None:
            found.append(f"coverage: {coverage_line(coverage)}")
            if coverage.gap:
                found += [f"  {line}" for line in missing_lines(coverage, catalogue())]
                found.append("  a whole run has to prove each of them, or waive it: docs/coverage.md")
        return found
