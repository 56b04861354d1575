"""Makes one document of each case of a scenario file: `${parameters.NAME}` gives way to the case's value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from harness.base.words import meant
from harness.scenario.model import LONGEST_NAME, Name
from harness.scenario.positions import DocumentPath, Place, Positions
from harness.scenario.problem import Problem, Wrong, told_once
from harness.scenario.template import TEMPLATE, TemplateError, checked, look_up, parts, templates
from harness.scenario.translate import describe

ADDED = ("needs", "tags")
"""Keys of a case that are no parameters: their entries are added to the scenario's own."""

_KEY = "parameters"
_REFERS = re.compile(rf"\s*{_KEY}(?![\w-])")
_NAME: TypeAdapter[str] = TypeAdapter(Name)

MOST_CASES = 200
_MOST_VALUES = 200_000
"""Of all cases together."""
_LONGEST_TEXT = 1024 * 1024
"""Characters of a text with its templates filled in."""


@dataclass(frozen=True)
class Case:
    """A document that is ready to be validated.

    Attributes:
        name: of the case; None for a file without parameters.
        data: the document, without `parameters` and without templates that refer to them.
        positions: the places of its values; of what a parameter stands for, that of the template.
    """

    name: str | None
    data: dict[str, Any]
    positions: Positions


def cases_of(path: Path, data: dict[str, Any], positions: Positions) -> tuple[list[Case], list[Problem]]:
    """Return the cases of a document, or one without a name, and what is wrong with its parameters.

    The scenario's name in a case's data is `SCENARIO-CASE`, as it names folders and Kubernetes objects.

    Args:
        path: the file, for the problems.
        data: the document.
        positions: the places of its values.
    """

    def problems(wrong: Iterable[Wrong]) -> list[Problem]:
        return [Problem.at(path, positions.at(at), message, better) for at, message, better in wrong]

    document = {key: value for key, value in data.items() if key != _KEY}
    if _KEY not in data:
        return [Case(None, data, positions)], problems(_without_parameters(document))
    if found := problems(_wrong_cases(document.get("scenario"), data[_KEY])):
        return [], found
    if _size(document) * len(data[_KEY]) > _MOST_VALUES:
        message = f"all cases together have more than {_MOST_VALUES} values; make several files of this one"
        return [], problems([((_KEY,), message, None)])
    found = problems(_wrong_use(document, data[_KEY]))
    made, wrong = [], []
    for name, values in data[_KEY].items():
        putting = _Putting(name, values, positions)
        made.append(putting.case(document))
        wrong.append((name, problems(putting.wrong)))
    return made, found + told_once(wrong)


def _size(value: Any) -> int:
    """Return how many values there are in a document."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_size, inner))


def _without_parameters(document: Mapping[str, Any]) -> Iterator[Wrong]:
    uses = list(_uses(document))
    misspelt = meant(_KEY, document)
    if uses and misspelt:
        yield (misspelt,), f"unknown key `{misspelt}` at the top level", _KEY
        return
    for at, reference in uses:
        yield at, f"${{{reference}}}: this scenario has no `{_KEY}`", None


def _wrong_cases(scenario: Any, cases: Any) -> Iterator[Wrong]:
    if not isinstance(cases, dict) or not cases:
        shown = "an empty mapping" if cases == {} else describe(cases)
        yield (_KEY,), f"`{_KEY}` must be a mapping of cases to their values, not {shown}", None
        return
    if len(cases) > MOST_CASES:
        yield (_KEY,), f"`{_KEY}` has {len(cases)} cases; a file has at most {MOST_CASES}", None
        return
    first: str | None = None
    for name, values in cases.items():
        at = (_KEY, name)
        yield from _wrong_name(scenario, name, at)
        if not isinstance(values, dict):
            wanted = "a mapping of parameters to values"
            yield at, f"the case `{name}` must be {wanted}, not {describe(values)}", None
            continue
        yield from _wrong_values(values, at)
        if first is None:
            first = name
            if not _names(values):
                yield at, f"the case `{name}` has no parameter", None
        else:
            yield from _differing(name, _names(values), first, _names(cases[first]))


def _wrong_name(scenario: Any, name: str, at: DocumentPath) -> Iterator[Wrong]:
    if not _is_name(name):
        message = f"`{name}` is no valid name of a case: small letters, digits and dashes, a letter or digit"
        better = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.lower()).strip("-")
        yield at, f"{message} at both ends", better if _is_name(better) else None
    elif isinstance(scenario, str) and len(f"{scenario}-{name}") > LONGEST_NAME:
        message = f"`{scenario}-{name}` names this case in the cluster and must have"
        yield at, f"{message} at most {LONGEST_NAME} characters", None


def _wrong_values(values: dict[str, Any], at: DocumentPath) -> Iterator[Wrong]:
    for key, value in values.items():
        if not _is_word(key):
            yield (*at, key), f"`{key}` cannot name a parameter: letters, digits, dashes and `_`", None
        if key in ADDED and not (isinstance(value, list) and all(isinstance(each, str) for each in value)):
            yield (*at, key), f"`{key}` of a case must be a list of names", None
    for place, reference in _uses(values, at):
        yield place, f"${{{reference}}}: a parameter cannot refer to another one", None


def _differing(name: str, keys: list[str], first: str, wanted: list[str]) -> Iterator[Wrong]:
    missing = [key for key in wanted if key not in keys]
    for key in keys:
        if key not in wanted:
            word = meant(key, missing)
            missing = [each for each in missing if each != word]
            message = f"the case `{name}` has `{key}`, which the case `{first}` does not have"
            yield (_KEY, name, key), message, word
    for key in missing:
        yield (_KEY, name), f"the case `{name}` does not have `{key}`, which the case `{first}` has", None


def _wrong_use(document: Mapping[str, Any], cases: Mapping[str, dict[str, Any]]) -> Iterator[Wrong]:
    first, values = next(iter(cases.items()))
    known = _names(values)
    listed = f"there is: {', '.join(known)}"
    used = set()
    for at, written in _uses(document):
        shown = f"${{{written}}}"
        try:
            _, *rest = parts(checked(written))
        except TemplateError as error:
            yield at, str(error), None
            continue
        name = rest[0] if rest else None
        if at == ("scenario",):
            yield at, f"{shown}: the name cannot be a parameter; each case adds its own name to it", None
        elif not isinstance(name, str):
            yield at, f"{shown}: name a parameter; {listed}", None
        elif name in known:
            used.add(name)
        elif name in ADDED:
            yield at, f"{shown}: `{name}` of a case is no parameter, but added to that of the scenario", None
        else:
            word = meant(name, known)
            used |= {word} if word else set()
            better = f"${{{written.replace(name, word, 1)}}}" if word else None
            yield at, f"{shown}: there is no parameter `{name}`; {listed}", better
    for name in known:
        if name not in used:
            yield (
                (_KEY, first, name),
                f"nothing refers to the parameter `{name}` with ${{{_KEY}.{name}}}",
                None,
            )


class _Putting:
    """Puts the values of one case into a document.

    Attributes:
        wrong: what the values of this case do not have or cannot be.
    """

    def __init__(self, name: str, values: dict[str, Any], positions: Positions) -> None:
        self._name = name
        self._values = values
        self._positions = positions
        self._places: dict[DocumentPath, Place] = {}
        self.wrong: list[Wrong] = []

    def case(self, document: Mapping[str, Any]) -> Case:
        data = {key: self._put(value, (key,)) for key, value in document.items()}
        if _is_name(data.get("scenario")):
            data["scenario"] = f"{data['scenario']}-{self._name}"
        for key in ADDED:
            self._add(key, data)
        return Case(self._name, data, self._positions.extended(self._places))

    def _add(self, key: str, data: dict[str, Any]) -> None:
        own = data.get(key, [])
        if key not in self._values or not isinstance(own, list):
            return
        data[key] = list(own)
        for index, each in enumerate(self._values[key]):
            if each not in data[key]:
                self._places[(key, len(data[key]))] = self._positions.at((_KEY, self._name, key, index))
                data[key].append(each)

    def _put(self, value: Any, at: DocumentPath) -> Any:
        match value:
            case str():
                return self._text(value, at)
            case list():
                return [self._put(item, (*at, index)) for index, item in enumerate(value)]
            case dict():
                return {key: self._put(item, (*at, key)) for key, item in value.items()}
        return value

    def _text(self, text: str, at: DocumentPath) -> Any:
        whole = TEMPLATE.fullmatch(text)
        if whole and self._is_ours(whole.group(1)):
            self._places[at] = replace(self._positions.at(at), source=self._source(whole.group(1)))
            return self._value(whole.group(1), at)
        length = len(text)

        def instead(match: re.Match[str]) -> str:
            if not self._is_ours(match.group(1)):
                return match.group()
            nonlocal length
            value = self._value(match.group(1), at)
            length += len(value) if isinstance(value, str) else 0
            if length > _LONGEST_TEXT:
                return ""
            if isinstance(value, bool):
                return str(value).lower()
            if not isinstance(value, str | int | float):
                message = f"{match.group()} is {describe(value)}, which cannot stand inside of text"
                self.wrong.append((at, message, None))
            return str(value)

        filled = TEMPLATE.sub(instead, text)
        if length > _LONGEST_TEXT:
            self.wrong.append((at, f"is longer than {_LONGEST_TEXT} characters with its parameters", None))
        return filled

    def _is_ours(self, inside: str | None) -> bool:
        """Say whether a template names a parameter that there is; others are told of once, for all cases."""
        if inside is None or not _REFERS.match(inside):
            return False
        try:
            _, *rest = parts(checked(inside))
        except TemplateError:
            return False
        return bool(rest) and rest[0] in _names(self._values)

    def _value(self, reference: str, at: DocumentPath) -> Any:
        try:
            return look_up(reference, {_KEY: self._values})
        except TemplateError as error:
            self.wrong.append((at, str(error), None))
            return ""

    def _source(self, reference: str) -> str | None:
        at = (_KEY, self._name, *parts(reference)[1:])
        return self._positions.at(at).source if at in self._positions else None


def _uses(value: Any, at: DocumentPath = ()) -> Iterator[tuple[DocumentPath, str]]:
    """Yield the place and the inside of each template that refers to parameters."""
    for place, inside in templates(value, at):
        if inside is not None and _REFERS.match(inside):
            yield place, inside


def _names(values: Mapping[str, Any]) -> list[str]:
    return [key for key in values if key not in ADDED]


def _is_name(text: Any) -> bool:
    try:
        _NAME.validate_python(text)
    except ValidationError:
        return False
    return True


def _is_word(key: str) -> bool:
    try:
        return parts(checked(f"{_KEY}.{key}")) == [_KEY, key]
    except TemplateError:
        return False
