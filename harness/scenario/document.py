"""Reads one YAML document with the place of each of its values.

PyYAML's own loaders forget the places, let the last of two equal keys win, and follow YAML 1.1, in which
`on` is a boolean, `1:30` is 90 and `010` is 8. So the document is composed to nodes only, and built here:
what another reader of YAML would take for something else is a problem, never a guess.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from harness.scenario.positions import DocumentPath, Place, Positions
from harness.scenario.problem import Problem, ScenarioError

MOST_DOCUMENTS = 50
"""Of one file."""
_MOST_VALUES = 20_000
_MOST_LEVELS = 50
_MOST_DIGITS = 300
_LARGEST = 2**64
"""Kubernetes and Prometheus have no larger whole numbers."""

_TAG = "tag:yaml.org,2002:"
_WORDS = {"yes", "no", "on", "off"}
_DIFFERS = re.compile(r"\t|\?\s")
"""Where libyaml and PyYAML do not agree: some tabs, and some keys that begin with a question mark."""
_EXPONENT = re.compile(r"[-+]?\d+(\.\d*)?[eE][-+]?\d+")
_TOO_MANY = f"has more than {_MOST_VALUES} values, aliases expanded"
_BEGINS = "a scenario begins with `scenario: NAME`"
_NAMES = {"bool": "boolean", "int": "number", "float": "number", "null": "null", "timestamp": "date"}


class UnreadableError(Exception):
    """The document cannot be built any further."""

    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node


class _Loader(yaml.SafeLoader):
    """Composes nodes, and gives up early: PyYAML needs half a minute for a MiB of brackets and commas."""

    _composed = 0

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:
        self._composed += 1
        if self._composed > _MOST_VALUES:
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=_TOO_MANY, problem_mark=event.start_mark)
        return super().compose_node(parent, index)


def parse(path: Path, text: str, *, begins: str = _BEGINS) -> tuple[Any, Positions, list[Problem]]:
    """Return the document in `text`, the places of its values, and what is wrong with its YAML.

    Args:
        path: the file's name, for the problems.
        text: the whole file.
        begins: what is said of an empty file.

    Raises:
        ScenarioError: there is no document to go on with: no YAML, empty, several documents.
    """
    root = _compose(path, text, begins)
    builder = _Builder(path)
    try:
        data = builder.build(root, ())
    except UnreadableError as error:
        raise ScenarioError([*builder.problems, builder.problem(error.node, str(error))]) from error
    return data, Positions(builder.places), builder.problems


def parse_all(path: Path, text: str, *, begins: str) -> tuple[list[tuple[Any, Positions]], list[Problem]]:
    """Return each document in `text` with the places of its values, and what is wrong with its YAML.

    Args:
        path: the file's name, for the problems.
        text: the whole file; empty documents are left out.
        begins: what is said of an empty file.

    Raises:
        ScenarioError: there is nothing to go on with: no YAML, empty, too many documents.
    """
    found, problems = [], []
    nodes = _nodes(path, text, MOST_DOCUMENTS + 1)
    if len(nodes) > MOST_DOCUMENTS:
        place = _place(nodes[-1])
        message = f"a file has at most {MOST_DOCUMENTS} documents"
        raise ScenarioError([Problem(path, place.line, place.column, message)])
    for root in nodes:
        if _is_null(root):
            continue
        builder = _Builder(path)
        try:
            data = builder.build(root, ())
        except UnreadableError as error:
            raise ScenarioError([*builder.problems, builder.problem(error.node, str(error))]) from error
        found.append((data, Positions(builder.places)))
        problems += builder.problems
    if not found:
        raise ScenarioError([Problem(path, 1, 1, f"the file is empty; {begins}")])
    return found, problems


def _compose(path: Path, text: str, begins: str) -> Node:
    nodes = _nodes(path, text, 2)
    if not nodes or _is_null(nodes[0]):
        raise ScenarioError([Problem(path, 1, 1, f"the file is empty; {begins}")])
    if len(nodes) > 1:
        place = _place(nodes[1])
        message = "a second document begins here; a file holds one scenario"
        raise ScenarioError([Problem(path, place.line, place.column, message)])
    return nodes[0]


def _nodes(path: Path, text: str, most: int) -> list[Node]:
    """Return the documents of a text, at most so many.

    Raises:
        ScenarioError: it is no YAML.
    """
    try:
        return _quickly(text) or list(itertools.islice(yaml.compose_all(text, Loader=_Loader), most))
    except yaml.MarkedYAMLError as error:
        raise ScenarioError([_syntax_problem(path, text, error)]) from error
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        line, column = before.count("\n") + 1, error.position - (before.rfind("\n") + 1) + 1
        message = f"the character U+{ord(text[error.position]):04X} is not allowed in YAML"
        raise ScenarioError([Problem(path, line, column, message)]) from error
    except RecursionError as error:
        raise ScenarioError([Problem(path, 1, 1, f"is nested deeper than {_MOST_LEVELS} levels")]) from error


def _quickly(text: str) -> list[Node] | None:
    """Compose with libyaml, ten times as quick; None for what has to be looked at more closely.

    What is wrong is told in PyYAML's own words. Events come first: libyaml's composer calls itself for each
    level, without a bound.
    """
    loader = getattr(yaml, "CSafeLoader", None)
    if loader is None or _DIFFERS.search(text):
        return None
    levels = values = 0
    try:
        for event in yaml.parse(text, Loader=loader):
            values += isinstance(event, yaml.NodeEvent)
            levels += isinstance(event, yaml.CollectionStartEvent)
            levels -= isinstance(event, yaml.CollectionEndEvent)
            if levels > _MOST_LEVELS or values > _MOST_VALUES:
                return None
        nodes = list(itertools.islice(yaml.compose_all(text, Loader=loader), 2))
    except yaml.YAMLError:
        return None
    return nodes if len(nodes) == 1 else None


def _is_null(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == _TAG + "null" and not node.value


def _syntax_problem(path: Path, text: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    if error.problem == _TOO_MANY:
        return Problem(path, line, column, _TOO_MANY)
    lines = text.splitlines()
    source = lines[line - 1] if line <= len(lines) else ""
    if re.match(r" *\t", source):
        return Problem(path, line, source.index("\t") + 1, "a tab in the indentation; YAML wants spaces")
    unquoted = re.search(r"(?<![\w\"'$./-])\$\{[^{}]*\}", source)
    if unquoted and "{" in source[: unquoted.start()]:
        message = f"not valid YAML: inside braces `{unquoted.group()}` has to be in quotes"
        return Problem(path, line, unquoted.start() + 1, message, f'"{unquoted.group()}"')
    context = f" {error.context}" if error.context else ""
    return Problem(path, line, column, f"not valid YAML{context}: {error.problem or 'unknown error'}")


def _place(node: Node, source: str | None = None) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1, source)


class _Builder:
    def __init__(self, path: Path) -> None:
        self._path = path
        self._constructor = SafeConstructor()
        self._values = 0
        self._around: list[int] = []
        self.problems: list[Problem] = []
        self.places: dict[DocumentPath, Place] = {}

    def problem(self, node: Node, message: str, suggestion: str | None = None) -> Problem:
        place = _place(node)
        return Problem(self._path, place.line, place.column, message, suggestion)

    def build(self, node: Node, at: DocumentPath) -> Any:
        self._values += 1
        if self._values > _MOST_VALUES:
            raise UnreadableError(node, _TOO_MANY)
        if at not in self.places:
            self.places[at] = _place(node, _source(node))
        if id(node) in self._around:
            raise UnreadableError(node, "an alias refers to what it is part of")
        if len(self._around) > _MOST_LEVELS:
            raise UnreadableError(node, f"is nested deeper than {_MOST_LEVELS} levels")
        if isinstance(node, ScalarNode):
            return self._scalar(node)
        self._around.append(id(node))
        try:
            match node:
                case MappingNode() if node.tag == _TAG + "map":
                    return self._mapping(node, at)
                case SequenceNode() if node.tag == _TAG + "seq":
                    return [self.build(item, (*at, index)) for index, item in enumerate(node.value)]
        finally:
            self._around.pop()
        self._unsupported(node)
        return None

    def _mapping(self, node: MappingNode, at: DocumentPath) -> dict[str, Any]:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key is None:
                continue
            if key in built:
                message = f"the key `{key}` is there twice, first in line {self.places[(*at, key)].line}"
                self.problems.append(self.problem(key_node, message))
                continue
            self.places[(*at, key)] = _place(key_node, _source(value_node))
            built[key] = self.build(value_node, (*at, key))
        return built

    def _key(self, node: Node) -> str | None:
        if not isinstance(node, ScalarNode):
            self.problems.append(self.problem(node, "a key has to be text, not a list or a mapping"))
            return None
        kind = node.tag.removeprefix(_TAG)
        if kind == "merge":
            message = "merge keys (`<<`) are not supported; write the keys out"
            self.problems.append(self.problem(node, message))
            return None
        if kind in _NAMES:
            message = f"the key `{node.value}` is read as a {_NAMES[kind]}, not as text; put it in quotes"
            self.problems.append(self.problem(node, message, f'"{node.value}"'))
        # Going on with what is written keeps this one problem from looking like two.
        return str(node.value)

    def _scalar(self, node: ScalarNode) -> Any:
        kind, written = node.tag.removeprefix(_TAG), str(node.value)
        if kind == "timestamp":
            self._trap(node, "is read as a date; put it in quotes", f'"{written}"')
            return written
        if kind in ("str", "value", "merge"):
            if not node.style and _EXPONENT.fullmatch(written):
                self._trap(node, "is read as text, not as a number", _plain_number(float(written)))
            return written
        build: dict[str, Callable[[ScalarNode], Any]] = {
            "bool": self._constructor.construct_yaml_bool,
            "int": self._constructor.construct_yaml_int,
            "float": self._constructor.construct_yaml_float,
            "null": self._constructor.construct_yaml_null,
        }
        if kind not in build:
            self._unsupported(node)
            return None
        if kind == "int" and len(written) > _MOST_DIGITS:
            raise UnreadableError(node, f"is a number of more than {_MOST_DIGITS} digits")
        try:
            value = build[kind](node)
        except (ValueError, LookupError):
            self._trap(node, f"is not a {_NAMES[kind]} that can be read; put it in quotes", f'"{written}"')
            return written
        self._check_plain(node, kind, written, value)
        return value

    def _check_plain(self, node: ScalarNode, kind: str, written: str, value: Any) -> None:
        if kind == "int" and abs(value) > _LARGEST:
            self._trap(node, "is larger than any whole number of 64 bits", _plain_number(float(value)))
            return
        if kind == "bool" and written.lower() in _WORDS:
            truth = str(value).lower()
            self._trap(
                node, f"is read as the boolean {truth}; write {truth}, or the word in quotes", f'"{written}"'
            )
        elif kind in ("int", "float") and ":" in written:
            self._trap(node, f"is read as the number {value} (base 60); put it in quotes", f'"{written}"')
        elif kind in ("int", "float") and "_" in written:
            self._trap(node, f"is a number only in YAML 1.1; write {value}", str(value))
        elif kind == "int" and re.fullmatch(r"[-+]?0\d+", written):
            self._trap(node, f"is read as the number {value} (base 8); put it in quotes", f'"{written}"')

    def _trap(self, node: Node, message: str, suggestion: str) -> None:
        self.problems.append(self.problem(node, f"`{node.value}` {message}", suggestion))

    def _unsupported(self, node: Node) -> None:
        tag = node.tag.replace(_TAG, "!!")
        self.problems.append(self.problem(node, f"the tag `{tag}` is not supported here"))


def _source(node: Node) -> str | None:
    return str(node.value) if isinstance(node, ScalarNode) else None


def _plain_number(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
