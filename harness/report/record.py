"""What one run writes into the report's folder while it goes on."""

from __future__ import annotations

from pathlib import Path

from harness.base.errors import InfrastructureError
from harness.results.folder import ReportFolder
from harness.results.journal import ResultsWriter
from harness.results.results import Results
from harness.results.scenario import ScenarioResult


class RunRecord:
    """The results of one run on disk.

    Attributes:
        own: the folder is this run's; nothing is written there while it is not.
        written: the results' file, once it was written.
        unwritten: why they could not be written the last time.
    """

    def __init__(self, folder: ReportFolder) -> None:
        self.folder = folder
        self.own = True
        self.written: Path | None = None
        self.unwritten: InfrastructureError | None = None
        self._writer = ResultsWriter(folder.path)

    def begin(self) -> None:
        """Remove what another run reported; from now on the folder is this run's."""
        self.folder.empty()
        self.own = True

    def forget(self) -> None:
        """Write all anew the next time: what is known of scenarios has changed."""
        self._writer.forget()

    def write(self, results: Results, ended: ScenarioResult | None = None) -> None:
        """Write the results; that it failed is kept, and does not end the run.

        Args:
            results: of the run.
            ended: what was added to them since they were last written, when nothing else has changed.
        """
        try:
            self.written = self._writer.write(results, ended)
            self.unwritten = None
        except OSError as error:
            self.unwritten = InfrastructureError(
                f"cannot write the results {error.filename or self.folder.path}: {error.strerror or error}",
                next_step="free some disk space or choose another folder with --report",
            )
