"""Takes over the chaos of the files that a scenario includes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.base.bounded import leads_out
from harness.base.words import meant
from harness.scenario.document import parse
from harness.scenario.positions import DocumentPath, Place, Positions
from harness.scenario.problem import Problem, ScenarioError
from harness.scenario.reach import OUT_OF_REACH, reach
from harness.scenario.template import TEMPLATE
from harness.scenario.text import read_text
from harness.scenario.translate import describe

_KEY = "include"
_BEGINS = "an included file begins with `chaos:`"

MOST_FILES = 50
_MOST_VALUES = 20_000
"""Of all included files together."""
_LONGEST_PATH = 1000

_Wrong = tuple[str, str | None]


def with_includes(
    path: Path, data: dict[str, Any], positions: Positions
) -> tuple[dict[str, Any], Positions, list[Problem]]:
    """Return a document without its `include` and with the chaos of the files that it names.

    Included chaos have their places in the included file. Their templates are left as they are: they
    mean what they mean in the scenario that includes them.

    Args:
        path: the scenario file; the included ones are relative to it.
        data: the document.
        positions: the places of its values.

    Returns:
        The document, the places of its values, and what is wrong with the includes.
    """
    if _KEY not in data:
        return data, positions, []
    rest = {key: value for key, value in data.items() if key != _KEY}
    own = rest.get("chaos", {})
    merging = _Merging(path, positions, dict(own) if isinstance(own, dict) else {})
    entries = list(_entries(data[_KEY]))
    if len(entries) > MOST_FILES:
        message = f"`{_KEY}` names {len(entries)} files; a scenario includes at most {MOST_FILES}"
        return rest, positions, [Problem.at(path, positions.at((_KEY,)), message)]
    for at, written in entries:
        merging.include(at, written)
    if isinstance(own, dict):
        rest["chaos"] = merging.chaos
    return rest, positions.extended(merging.places), merging.problems


def _entries(written: Any) -> Iterator[tuple[DocumentPath, Any]]:
    if isinstance(written, list):
        yield from (((_KEY, index), item) for index, item in enumerate(written))
    else:
        yield (_KEY,), written


class _Merging:
    def __init__(self, path: Path, positions: Positions, own: dict[str, Any]) -> None:
        self._path = path
        self._positions = positions
        self._defined_by: dict[str, str] = dict.fromkeys(own, "this scenario")
        self._seen: set[str] = set()
        self._values = 0
        self.chaos = own
        self.places: dict[DocumentPath, Place] = {}
        self.problems: list[Problem] = []

    def include(self, at: DocumentPath, written: Any) -> None:
        wrong = self._wrong_name(written) or self._take_over(written)
        if wrong is not None:
            self.problems.append(Problem.at(self._path, self._positions.at(at), *wrong))

    def _wrong_name(self, written: Any) -> _Wrong | None:
        if not isinstance(written, str) or "\0" in written:
            return f"`include` takes the path of a file or a list of them, not {describe(written)}", None
        if TEMPLATE.search(written):
            return "files are included before templates are filled in; write the path itself", None
        if os.path.realpath(self._path.parent / written) == os.path.realpath(self._path):
            return "a file cannot include itself", None
        if len(written) > _LONGEST_PATH or Path(written).is_absolute():
            wanted = f"relative to the scenario's folder, of at most {_LONGEST_PATH} characters"
            return f"the path of an included file is {wanted}", None
        name = Path(written).name
        if not name.startswith("_"):
            message = "the name of an included file has to begin with `_`"
            better = str(Path(written).with_name(f"_{name}")) if name else None
            return f"{message}, so that it is never taken for a scenario", better
        return None

    def _take_over(self, written: str) -> _Wrong | None:
        """Merge a file; return what is wrong with it where that is to be told at the include."""
        file = Path(os.path.normpath(self._path.parent / written))
        real = os.path.realpath(file)
        if why := self._out_of_reach(file, Path(real)):
            return f"`{written}` {why}", None
        if real in self._seen:
            return f"`{written}` is included twice", None
        self._seen.add(real)
        try:
            data, positions, found = parse(file, read_text(file), begins=_BEGINS)
        except ScenarioError as error:
            if all(problem.line for problem in error.problems):
                self.problems += error.problems
                return None
            siblings = [] if os.path.lexists(file) else [each.name for each in file.parent.glob("_*")]
            better = meant(file.name, siblings)
            message = f"`{written}`: {error.problems[0].message}"
            return message, better and str(Path(written).with_name(better))
        self._values += len(positions)
        if self._values > _MOST_VALUES:
            return f"the files that are included have more than {_MOST_VALUES} values", None
        self.problems += found
        self._merge(file, written, data, positions)
        return None

    def _out_of_reach(self, file: Path, real: Path) -> str | None:
        """Say why a file is not read: a scenario of a stranger must not show what it has no business with."""
        if leads_out(real, reach(self._path)):
            return OUT_OF_REACH
        if file.is_symlink() and not real.name.startswith("_"):
            return "is a link to a file whose name does not begin with `_`"
        return None

    def _merge(self, file: Path, written: str, data: Any, positions: Positions) -> None:
        def problem(at: DocumentPath, message: str, suggestion: str | None = None) -> Problem:
            return Problem.at(self._path, replace(positions.at(at), file=file), message, suggestion)

        self.problems += [problem(*wrong) for wrong in _wrong_content(data)]
        chaos = data.get("chaos") if isinstance(data, dict) else None
        for name, value in chaos.items() if isinstance(chaos, dict) else ():
            if name in self._defined_by:
                message = f"`{name}` is defined by {self._defined_by[name]} too"
                self.problems.append(problem(("chaos", name), message))
                continue
            self._defined_by[name] = f"`{written}`"
            self.chaos[name] = value
            self.places |= {
                at: replace(place, file=file) for at, place in positions.below(("chaos", name)).items()
            }


def _wrong_content(data: Any) -> Iterator[tuple[DocumentPath, str, str | None]]:
    if not isinstance(data, dict):
        yield (), f"an included file holds a mapping with only `chaos`, not {describe(data)}", None
        return
    for key in data:
        if key == _KEY:
            yield (key,), "an included file cannot include another; name both in the scenario", None
        elif key != "chaos":
            yield (key,), f"an included file holds only `chaos`, not `{key}`", meant(key, ["chaos"])
    chaos = data.get("chaos")
    if "chaos" in data and not (isinstance(chaos, dict) and chaos):
        shown = "an empty mapping" if chaos == {} else describe(chaos)
        yield (
            ("chaos",),
            f"`chaos` of an included file must be a mapping of names to chaos, not {shown}",
            None,
        )
    elif data.keys() <= {_KEY}:
        yield (), "an included file has to have `chaos`", None
