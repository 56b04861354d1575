"""Takes over the objects of Chaos Mesh in manifests, as kubectl applies them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.base.bounded import leads_out
from harness.base.words import meant
from harness.kubernetes.kinds import CHAOS_MESH_API
from harness.scenario.document import parse_all
from harness.scenario.positions import DocumentPath, Place, Positions
from harness.scenario.problem import Problem, ScenarioError
from harness.scenario.reach import OUT_OF_REACH, reach
from harness.scenario.template import TEMPLATE
from harness.scenario.text import read_text
from harness.scenario.translate import describe

_KEY = "manifest"
_SUFFIXES = (".yaml", ".yml", ".json")
_KEYS = ("apiVersion", "kind", "metadata", "spec", "status")
_BEGINS = "a manifest has `apiVersion`, `kind`, `metadata` and `spec`"
_DEFAULT = "default"
_OWN = "${namespace}"
_FREE = frozenset({"labelSelectors", "annotationSelectors", "fieldSelectors", "nodeSelectors", "labels"})
"""Mappings whose keys are anybody's."""

_Wrong = tuple[str, str | None]


def with_manifests(
    path: Path, data: dict[str, Any], positions: Positions
) -> tuple[dict[str, Any], Positions, list[Problem]]:
    """Return a document without its `manifest` and with the objects of the files that it names as chaos.

    An object is called by its `metadata.name`. Its namespace is replaced by the scenario's own, also where
    its spec names it; of its metadata only the annotations stay, and a `status` is left out.

    Args:
        path: the scenario file; manifests are relative to it.
        data: the document, includes put in.
        positions: the places of its values.

    Returns:
        The document, the places of its values, and what is wrong with the manifests.
    """
    if _KEY not in data:
        return data, positions, []
    rest = {key: value for key, value in data.items() if key != _KEY}
    own = rest.get("chaos", {})
    taking = _Taking(path, positions, dict(own) if isinstance(own, dict) else {})
    written = data[_KEY]
    entries = enumerate(written) if isinstance(written, list) else [(None, written)]
    for index, entry in entries:
        at: DocumentPath = (_KEY,) if index is None else (_KEY, index)
        if (wrong := taking.take(entry)) is not None:
            taking.problems.append(Problem.at(path, positions.at(at), *wrong))
    if isinstance(own, dict):
        rest["chaos"] = taking.chaos
    return rest, positions.extended(taking.places), taking.problems


class _Taking:
    def __init__(self, path: Path, positions: Positions, own: dict[str, Any]) -> None:
        self._path = path
        self._positions = positions
        self._seen: set[str] = set()
        self.chaos = own
        self.places: dict[DocumentPath, Place] = {}
        self.problems: list[Problem] = []

    def take(self, written: Any) -> _Wrong | None:  # noqa: PLR0911  (one for each way to be wrong)
        """Take over a file; return what is wrong with it where that is to be told at its name."""
        if not isinstance(written, str) or "\0" in written:
            return f"`{_KEY}` takes the path of a file or a list of them, not {describe(written)}", None
        if TEMPLATE.search(written) or Path(written).is_absolute():
            return "the path of a manifest is relative to the scenario's folder, without templates", None
        if Path(written).suffix not in _SUFFIXES:
            return f"the name of a manifest ends in {', '.join(_SUFFIXES)}", None
        file = Path(os.path.normpath(self._path.parent / written))
        if leads_out(file, reach(self._path)):
            return f"`{written}` {OUT_OF_REACH}", None
        if (real := os.path.realpath(file)) in self._seen:
            return f"`{written}` is named twice", None
        self._seen.add(real)
        try:
            documents, found = parse_all(file, read_text(file), begins=_BEGINS)
        except ScenarioError as error:
            if all(problem.line for problem in error.problems):
                self.problems += error.problems
                return None
            return f"`{written}`: {error.problems[0].message}", None
        self.problems += found
        for data, positions in documents:
            self._object(file, data, positions)
        return None

    def _object(self, file: Path, data: Any, positions: Positions) -> None:
        def problem(at: DocumentPath, message: str, suggestion: str | None = None) -> None:
            place = replace(positions.at(at), file=file)
            self.problems.append(Problem.at(self._path, place, message, suggestion))

        wrong = list(_wrong_object(data))
        for each in wrong:
            problem(*each)
        if wrong:
            return
        metadata, name = data["metadata"], data["metadata"]["name"]
        if name in self.chaos:
            problem(
                ("metadata", "name"), f"`{name}` is defined twice; the scenario calls an object by its name"
            )
            return
        taken = {"kind": data["kind"], "spec": _in_own_namespace(data["spec"], metadata.get("namespace"))}
        self.chaos[name] = taken | (
            {"annotations": metadata["annotations"]} if "annotations" in metadata else {}
        )
        self.places["chaos", name] = replace(positions.at(()), file=file)
        for key, at in (
            ("kind", ("kind",)),
            ("spec", ("spec",)),
            ("annotations", ("metadata", "annotations")),
        ):
            for inner, place in positions.below(at).items():
                self.places["chaos", name, key, *inner[len(at) :]] = replace(place, file=file)


def _wrong_object(data: Any) -> Iterator[tuple[DocumentPath, str, str | None]]:
    if not isinstance(data, dict):
        yield (), f"{_BEGINS}; this is {describe(data)}", None
        return
    for key in data:
        if key not in _KEYS:
            yield (key,), f"an object has no `{key}` beside {', '.join(_KEYS)}", meant(str(key), _KEYS)
    version = data.get("apiVersion")
    if version != CHAOS_MESH_API:
        yield (
            ("apiVersion",),
            f"a manifest of a scenario holds objects of {CHAOS_MESH_API}, not of {version}; pods that chaos "
            "hits are a workload (docs/extending.md)",
            None,
        )
    if not isinstance(data.get("kind"), str):
        yield ("kind",), f"{_BEGINS}; `kind` is missing", None
    if not isinstance(data.get("spec"), dict):
        yield ("spec",), f"{_BEGINS}; `spec` is missing", None
    metadata = data.get("metadata")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("name"), str):
        yield ("metadata",), "the object has no `metadata.name`, by which the steps call it", None


def _in_own_namespace(value: Any, written: Any) -> Any:
    """Return a spec in which the object's namespace is the scenario's own; what names another stays."""
    namespace = written if isinstance(written, str) else _DEFAULT
    if isinstance(value, list):
        return [_in_own_namespace(each, written) for each in value]
    if not isinstance(value, dict):
        return value
    changed: dict[Any, Any] = {}
    for key, inner in value.items():
        if key == "namespaces" and isinstance(inner, list):
            changed[key] = [_OWN if each == namespace else each for each in inner]
        elif str(key).lower().endswith("namespace") and inner == namespace:
            changed[key] = _OWN
        else:
            changed[key] = inner if key in _FREE else _in_own_namespace(inner, written)
    return changed
