"""Workloads of users: folders with manifests beside their scenarios, and what may stand in them.

A workload's pods are hit, scaled and replaced, and their names are known before: so they come from one
StatefulSet, or are written as they are. They are in the scenario's namespace, which goes with all that is in
it; what reaches out of it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from harness.base.bounded import FileError, leads_out, read_text
from harness.kubernetes.client import Object
from harness.scenario.document import parse_all
from harness.scenario.positions import DocumentPath
from harness.scenario.problem import Problem, ScenarioError, Wrong
from harness.scenario.reach import beside
from harness.scenario.text import read_text as read_document

FOLDER = "workloads"
"""Beside a scenario, or in a folder above it in the same checkout: a folder for each workload."""
HOLES = ("namespace", "image", "replicas")
"""What `${...}` is filled in for, beside `${file:NAME}`."""

HOLE = re.compile(r"\$\{([^}]+)\}")
_SUFFIXES = (".yaml", ".yml")
_VERSIONS = {"Pod": "v1", "ConfigMap": "v1", "Service": "v1", "StatefulSet": "apps/v1"}
_BEGINS = "a manifest has `apiVersion`, `kind` and `metadata`"
_VOLUMES = frozenset({"name", "emptyDir", "configMap", "downwardAPI", "projected"})
_OF_NODE = ("hostNetwork", "hostPID", "hostIPC")
_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_OWN = "${namespace}"


class OwnWorkload:
    """A folder with manifests.

    Attributes:
        folder: where they are.
        objects: as they are written.
        problems: all that is wrong with them.
    """

    def __init__(self, folder: Path) -> None:
        """Read it; nothing is raised."""
        self.folder = folder
        self.objects: list[Object] = []
        self.problems: list[Problem] = []
        files = sorted(path for path in folder.iterdir() if path.suffix in _SUFFIXES)
        for path in files:
            self._read(path)
        if not self.problems:
            self.problems += self._of_all()

    def text_of(self, name: str) -> str:
        """Return what `${file:NAME}` stands for.

        Raises:
            FileError: it cannot be read, or is not in the folder.
        """
        return read_text(self.folder / name, inside=self.folder)

    def _read(self, path: Path) -> None:
        if leads_out(path, self.folder):
            self.problems.append(Problem(path, 0, 0, "leads out of the workload's folder"))
            return
        try:
            documents, found = parse_all(path, read_document(path), begins=_BEGINS)
        except ScenarioError as error:
            self.problems += error.problems
            return
        self.problems += found
        for data, positions in documents:
            self.problems += [
                Problem.at(path, positions.at(at), message, better)
                for at, message, better in [*_wrong_object(data), *self._wrong_files(data)]
            ]
            self.objects.append(data)

    def _wrong_files(self, data: Any) -> Iterator[Wrong]:
        for at, hole in _holes(data, ()):
            if not hole.startswith("file:"):
                if hole not in HOLES:
                    yield at, f"${{{hole}}} is not known; there is: {', '.join(HOLES)}, file:NAME", None
                continue
            try:
                self.text_of(hole.removeprefix("file:"))
            except FileError as error:
                yield at, f"${{{hole}}}: {error.reason}", None

    def _of_all(self) -> Iterator[Problem]:
        def problem(message: str) -> Problem:
            return Problem(self.folder, 0, 0, message)

        sets = [each for each in self.objects if each["kind"] == "StatefulSet"]
        pods = [each for each in self.objects if each["kind"] == "Pod"]
        if len(sets) + bool(pods) != 1:
            yield problem("a workload has one StatefulSet, or Pods")
        for each in pods:
            labels = each["metadata"].get("labels") or {}
            if labels.get("app") != self.folder.name:
                name = each["metadata"]["name"]
                yield problem(f"the Pod {name} needs the label `app: {self.folder.name}`, to be selected by")


def find(name: str, scenario: Path) -> Path | None:
    """Return the folder of a workload of that name beside a scenario; None when there is none."""
    found = beside(scenario, FOLDER, name)
    return found if found is not None and found.is_dir() else None


def names(scenario: Path) -> list[str]:
    """Return the names of the workloads beside a scenario."""
    folder = beside(scenario, FOLDER)
    return sorted(each.name for each in folder.iterdir() if each.is_dir()) if folder else []


def adapted(body: Object, namespace: str, label: str) -> Object:
    """Return an object in the scenario's namespace, its pods with the label that Prometheus finds."""
    found = {**body, "metadata": {**body["metadata"], "namespace": namespace}}
    if body["kind"] == "Pod":
        found["metadata"]["labels"] = {**(body["metadata"].get("labels") or {}), label: "true"}
    if body["kind"] == "StatefulSet":
        template = body["spec"]["template"]
        metadata = template.get("metadata") or {}
        labels = {**(metadata.get("labels") or {}), label: "true"}
        found["spec"] = {
            **body["spec"],
            "template": {**template, "metadata": {**metadata, "labels": labels}},
        }
    return found


def _wrong_object(data: Any) -> Iterator[Wrong]:
    if not isinstance(data, dict) or not isinstance(data.get("metadata"), dict):
        yield (), _BEGINS, None
        return
    kind, metadata = data.get("kind"), data["metadata"]
    if kind not in _VERSIONS:
        message = f"a workload is made of {', '.join(_VERSIONS)}; what a {kind} makes is not known before"
        yield ("kind",), message, None
        return
    if data.get("apiVersion") != _VERSIONS[kind]:
        yield ("apiVersion",), f"a {kind} is of {_VERSIONS[kind]}", _VERSIONS[kind]
    if not isinstance(metadata.get("name"), str):
        yield ("metadata",), "the object has no `metadata.name`", None
    if metadata.get("namespace", _OWN) != _OWN:
        message = (
            f"the namespace {str(metadata['namespace'])[:80]!r} is not the scenario's own: leave it out, and "
            "the scenario's is put in"
        )
        yield ("metadata", "namespace"), message, None
    for key in ("finalizers", "ownerReferences"):
        if key in metadata:
            yield ("metadata", key), f"a workload has no `{key}`: it goes with the scenario's namespace", None
    if kind == "ConfigMap":
        return
    spec = data.get("spec")
    if not isinstance(spec, dict):
        yield (), f"a {kind} has a `spec`", None
    elif kind == "Pod":
        yield from _wrong_pod(spec, ("spec",))
    elif kind == "StatefulSet":
        yield from _wrong_set(spec)
    else:
        yield from _wrong_service(spec)


def _wrong_service(spec: dict[str, Any]) -> Iterator[Wrong]:
    for key in ("externalIPs", "externalName", "loadBalancerIP"):
        if key in spec:
            yield ("spec", key), f"`{key}` reaches out of the scenario's namespace", None
    if spec.get("type", "ClusterIP") != "ClusterIP":
        yield ("spec", "type"), "a Service of a workload is of the type ClusterIP", "ClusterIP"


def _wrong_set(spec: dict[str, Any]) -> Iterator[Wrong]:
    selector, template = spec.get("selector"), spec.get("template")
    labels = selector.get("matchLabels") if isinstance(selector, dict) else None
    if not isinstance(labels, dict) or not labels:
        yield ("spec",), "a StatefulSet has `selector.matchLabels`, by which chaos selects its pods", None
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        yield ("spec",), "a StatefulSet has a `template` with a `spec`", None
        return
    if "volumeClaimTemplates" in spec:
        yield ("spec", "volumeClaimTemplates"), "a workload has no volumes that outlive its pods", None
    yield from _wrong_pod(template["spec"], ("spec", "template", "spec"))


def _wrong_pod(spec: dict[str, Any], at: DocumentPath) -> Iterator[Wrong]:
    for key in _OF_NODE:
        if spec.get(key):
            yield (*at, key), f"`{key}` reaches out of the scenario's namespace, into the node", None
    if "priorityClassName" in spec:
        yield (*at, "priorityClassName"), "`priorityClassName` may end pods of others", None
    volumes = spec.get("volumes")
    for index, volume in enumerate(volumes if isinstance(volumes, list) else []):
        for key in volume if isinstance(volume, dict) else ():
            if key not in _VOLUMES:
                message = f"a workload may not mount `{key}`, which is not its namespace's own"
                yield (*at, "volumes", index, key), message, None
    for key in _CONTAINERS:
        containers = spec.get(key)
        for index, container in enumerate(containers if isinstance(containers, list) else []):
            if isinstance(container, dict):
                yield from _wrong_container(container, (*at, key, index))


def _wrong_container(container: dict[str, Any], at: DocumentPath) -> Iterator[Wrong]:
    context = container.get("securityContext")
    if isinstance(context, dict):
        capabilities = context.get("capabilities")
        if context.get("privileged"):
            yield (*at, "securityContext", "privileged"), "a privileged container owns the node", None
        if isinstance(capabilities, dict) and capabilities.get("add"):
            place = (*at, "securityContext", "capabilities", "add")
            yield place, "a workload may not have further capabilities", None
    ports = container.get("ports")
    for index, port in enumerate(ports if isinstance(ports, list) else []):
        if isinstance(port, dict) and "hostPort" in port:
            yield (*at, "ports", index, "hostPort"), "`hostPort` takes a port of the node", None


def _holes(value: Any, at: DocumentPath) -> Iterator[tuple[DocumentPath, str]]:
    """Yield what is filled in, with its place."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _holes(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _holes(inner, (*at, index))
    elif isinstance(value, str):
        yield from ((at, found[1]) for found in HOLE.finditer(value))
