"""The names of scenarios, each of which there is once: results, recordings and Kubernetes go by them."""

from __future__ import annotations

from harness.scenario.load import ScenarioFile
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem


class TakenNames:
    """The names that the files of one run, or of one check, have taken."""

    def __init__(self) -> None:
        self._taken: dict[str, ScenarioFile] = {}

    def take(self, file: ScenarioFile) -> Problem | None:
        """Take the name of a scenario; return what is wrong when a scenario of another file has it."""
        safe = file.scenario.scenario
        other = self._taken.setdefault(safe, file)
        if other.path == file.path:
            return None
        at: DocumentPath = ("scenario",) if file.case is None else ("parameters", file.case)
        same = f"`{safe}` is the name of {other.path} too"
        if {file.case, other.case} != {None}:
            same = f"`{file.name}` and `{other.name}` of {other.path} are both `{safe}` in the cluster"
        return file.problem(at, f"{same}; results and recordings go by it")
