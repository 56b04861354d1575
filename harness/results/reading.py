"""Reads results.json piece by piece: that of thousands of scenarios has hundreds of megabytes."""

from __future__ import annotations

import codecs
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from harness.base.bounded import KIB, MIB, FileError, opened, size_text
from harness.base.errors import UsageError
from harness.results.journal import since
from harness.results.results import SCHEMA, Results
from harness.results.scenario import ScenarioResult

MOST_BYTES = 2 * KIB * MIB
"""The largest results.json that is read, bytes."""
MOST_SCENARIOS = 20_000
_MOST_VALUE = 64 * MIB
"""Characters of one scenario, or of another field of the results."""
_READ = MIB
_DECODER = json.JSONDecoder()
_SPACE = " \t\n\r"
SCENARIOS = "scenarios"


def parts(path: Path, *, next_step: str, most: int = MOST_BYTES) -> Iterator[tuple[str, Any]]:
    """Yield the fields of a results.json in their order; of `scenarios` each one by itself.

    With those of the journal beside it, of a run that goes on or was killed; its other fields may be older.

    Args:
        path: the file.
        next_step: what a reader is told who has none.
        most: how large it may be, bytes.

    Raises:
        UsageError: it cannot be read, is too large, or is none that this version reads.
    """
    try:
        with opened(path, most=most) as file:
            yield from _with_journal(path, _fields(_Text(file)))
    except FileError as error:
        raise UsageError(str(error), next_step=next_step) from error
    except RecursionError as error:
        raise UsageError(f"{path} is no JSON: it is nested too deeply", next_step=next_step) from error
    except ValueError as error:
        raise UsageError(f"{path} is no JSON: {error}", next_step=next_step) from error


def fields_of(path: Path, *, next_step: str, most: int = MOST_BYTES) -> dict[str, Any]:
    """Return the fields of a results.json, as they are written, without its scenarios; see `parts`."""
    found = {name: value for name, value in parts(path, next_step=next_step, most=most) if name != SCENARIOS}
    _check_schema(path, found, next_step)
    return found


def read(
    path: Path, *, next_step: str, keep: Callable[[ScenarioResult], ScenarioResult] | None = None
) -> Results:
    """Return the results of a run.

    Args:
        path: the file.
        next_step: what a reader is told who has none.
        keep: what is kept of a scenario, where that is not all of it.

    Raises:
        UsageError: see `parts`; also for values that no run writes.
    """
    found: dict[str, Any] = {}
    scenarios: list[ScenarioResult] = []
    number = 0
    try:
        for name, value in parts(path, next_step=next_step):
            if name != SCENARIOS:
                found[name] = value
                continue
            if len(scenarios) == MOST_SCENARIOS:
                raise UsageError(f"{path} has more than {MOST_SCENARIOS} scenarios", next_step=next_step)
            number = len(scenarios)
            scenario = ScenarioResult.model_validate(value)
            scenarios.append(keep(scenario) if keep else scenario)
        _check_schema(path, found, next_step)
        results = Results.model_validate(found)
        results.scenarios = scenarios
        _take_ended(path, results)
    except FileError as error:
        raise UsageError(str(error), next_step=next_step) from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        inner = [str(part) for part in first["loc"]]
        if error.title != Results.__name__:
            inner = [SCENARIOS, str(number), *inner]
        where = ".".join(inner)
        raise UsageError(
            f"{path} is no results of a run: {where}: {first['msg']}".replace(": : ", ": "),
            next_step=next_step,
        ) from error
    return results


def _with_journal(path: Path, fields: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """Put the scenarios of the journal after those of the file that they are missing from."""
    run, names, put = "", set(), False

    def missing() -> Iterator[tuple[str, Any]]:
        for each in since(path, run):
            if str(each.scenario.get("name")) not in names:
                yield SCENARIOS, each.scenario

    for name, value in fields:
        if name == SCENARIOS:
            names.add(str(value.get("name")) if isinstance(value, dict) else "")
        elif names and not put:
            put = True
            yield from missing()
        if name == "run" and isinstance(value, dict):
            run = str(value.get("id"))
        yield name, value
    if not put:
        yield from missing()


def _take_ended(path: Path, results: Results) -> None:
    """Count anew when scenarios have ended since the other fields were written."""
    ended = {each.name for each in results.scenarios}
    left = [each for each in results.not_run if each.name not in ended]
    if len(left) == len(results.not_run):
        return
    began = {name for each in since(path, results.run.id) for name in each.began}
    for entry in left:
        entry.began = entry.began or entry.name in began
    results.not_run = left
    results.count()


def _check_schema(path: Path, found: dict[str, Any], next_step: str) -> None:
    version = found.get("schema_version")
    if version != SCHEMA:
        raise UsageError(
            f"{path} has the schema version {version!r}; this version of the harness reads {SCHEMA}",
            next_step=next_step,
            details=["the version of the harness that wrote it reads it"],
        )


def _fields(text: _Text) -> Iterator[tuple[str, Any]]:
    text.expect("{")
    if text.take("}"):
        return
    while True:
        text.peek()
        name = text.value()
        if not isinstance(name, str):
            raise ValueError("a name of a field is missing")  # noqa: TRY004  (as any other JSON that is none)
        text.expect(":")
        if name == SCENARIOS:
            yield from ((SCENARIOS, value) for value in _entries(text))
        else:
            yield name, text.value()
        if not text.take(","):
            text.expect("}")
            break
    if text.peek():
        raise ValueError("there is more after its end")


def _entries(text: _Text) -> Iterator[Any]:
    text.expect("[")
    if text.take("]"):
        return
    while True:
        yield text.value()
        if not text.take(","):
            text.expect("]")
            return


class _Text:
    """A text that is read as far as it is needed."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._text = ""
        self._at = 0
        self._whole = False

    def peek(self) -> str:
        """Return the next character that is no white space; "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more(_READ):
                return ""

    def take(self, wanted: str) -> bool:
        """Go past a character, if it is the next one."""
        if self.peek() != wanted:
            return False
        self._at += 1
        return True

    def expect(self, wanted: str) -> None:
        """Go past a character.

        Raises:
            ValueError: another one is there.
        """
        if not self.take(wanted):
            found = self.peek()
            raise ValueError(f"`{wanted}` is missing" + (f" before `{found}`" if found else " at its end"))

    def value(self) -> Any:
        """Return the value that is next.

        Raises:
            ValueError: there is none.
        """
        self.peek()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                far = error.pos < len(self._text) - 64 and not error.msg.startswith("Unterminated")
                if far or self._whole:
                    raise
                end = len(self._text)
            if end < len(self._text) or self._whole:
                self._at = end
                return value
            if end - self._at > _MOST_VALUE:
                raise ValueError(f"a value of it is longer than {size_text(_MOST_VALUE)}")
            # Twice as much each time, so that a long value is not begun anew too often.
            self._more(max(_READ, end - self._at))

    def _more(self, size: int) -> bool:
        """Read on; say whether there was more."""
        if self._whole:
            return False
        chunk = self._file.read(size)
        self._whole = not chunk
        self._text = self._text[self._at :] + self._decoder.decode(chunk, final=not chunk)
        self._at = 0
        return not self._whole
