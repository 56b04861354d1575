"""Which scenarios have been seen to hold on a cluster, and with which releases of Chaos Mesh.

What is expected of the others is read from source only, and their pages say so.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import RootModel, ValidationError

from harness.base import bundled
from harness.base.bounded import read_text
from harness.base.errors import UsageError
from harness.base.files import PUBLIC, write_whole
from harness.chaosmesh.release import release_of
from harness.judge.finding import Verdict
from harness.recording.stack import Stack
from harness.results.results import RESULTS, Results

FILE = "seen.json"


class _File(RootModel[dict[str, list[str]]]):
    """The name of a scenario, with its case, to the releases with which it was seen."""


@dataclass
class SeenScenarios:
    """What was seen.

    Attributes:
        releases: the name of a scenario, with its case in brackets, to releases of Chaos Mesh.
    """

    releases: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> SeenScenarios:
        """Read the file; nothing was seen where there is none.

        Raises:
            UsageError: it is no such file.
            FileError: it cannot be read.
        """
        if not path.exists():
            return cls()
        try:
            return cls(dict(_File.model_validate_json(read_text(path)).root))
        except ValidationError as error:
            raise UsageError(f"{path} does not say which scenarios were seen") from error

    def add(self, results: Results, known: Collection[str]) -> list[str]:
        """Take what a run has seen; return the scenarios that were never seen before.

        Args:
            results: of the run.
            known: the names of all scenarios; what else a run had is not taken.

        Raises:
            UsageError: the run left the chaos out, or it is not known which Chaos Mesh it had.
        """
        if any(each.control is not None for each in results.scenarios):
            raise UsageError(
                "the run was without chaos, so nothing was seen in it",
                next_step="give a run without --control",
            )
        if results.run.stack is None:
            raise UsageError("the run had no cluster, so nothing was seen in it")
        release = str(release_of(Stack.model_validate(results.run.stack).versions))
        new = []
        for each in results.scenarios:
            if each.verdict not in (Verdict.PASS, Verdict.KNOWN_ISSUE) or each.name not in known:
                continue
            if each.name not in self.releases:
                new.append(each.name)
            had = self.releases.setdefault(each.name, [])
            if release not in had:
                had.append(release)
                had.sort()
        return new

    def write(self, path: Path) -> None:
        """Write the file.

        Raises:
            FileError: it cannot be written.
        """
        lines = (f" {json.dumps(name)}: {json.dumps(self.releases[name])}" for name in sorted(self.releases))
        write_whole(path, "{\n" + ",\n".join(lines) + "\n}\n", mode=PUBLIC)


def unseen(names: Iterable[str], seen: Mapping[str, list[str]] | None) -> list[str]:
    """Return the scenarios that were never seen on a cluster; none where nobody notes it."""
    return [] if seen is None else [name for name in names if name not in seen]


def file_of(scenarios: Iterable[Path]) -> Path:
    """Return where it stands for the scenarios of some folders: in the first of them, or beside ours."""
    return next((path / FILE for path in scenarios if path.is_dir()), bundled.scenarios() / FILE)


def results_of(run: Path) -> Path:
    """Return the results of a run that is named by its report folder or by the file itself."""
    return run / RESULTS if run.is_dir() else run
