"""Where in the scenario file each step and expectation of a result stands."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from harness.base import bundled
from harness.scenario.load import ScenarioFile
from harness.scenario.positions import DocumentPath


class SourceLine(BaseModel):
    """A line of a file.

    Attributes:
        file: the scenario file, or the one it includes the entry from; as seen from the folder of the run.
        line: counted from 1.
    """

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


def document_path(identity: str) -> DocumentPath:
    """Return the way to what an id names: "1.0" an expectation, "1" a step, "" the scenario itself."""
    step, _, position = identity.partition(".")
    if not step.isdecimal():
        return ("scenario",)
    return ("steps", int(step), "expect", int(position)) if position.isdecimal() else ("steps", int(step))


def source_lines(file: ScenarioFile) -> dict[str, SourceLine]:
    """Return by id (see `document_path`) where the scenario, its steps and their expectations stand."""
    ids = [""]
    for number, step in enumerate(file.scenario.steps):
        ids += [str(number), *(f"{number}.{position}" for position in range(len(step.expect)))]
    return {identity: _line(file, identity) for identity in ids}


def _line(file: ScenarioFile, identity: str) -> SourceLine:
    place = file.positions.at(document_path(identity))
    path, here = place.file or file.path, Path.cwd()
    name = bundled.shown(path)
    if Path(name).is_absolute() and path.is_relative_to(here):
        name = str(path.relative_to(here))
    return SourceLine(file=name, line=place.line)
