"""What a scenario may reach: its own namespaces, and nothing else. Pure: an object in, what is wrong out.

Chaos Mesh's controllers may select any pod of the cluster, so what an object selects is all that keeps a
scenario from other people's pods. What is looked for, in any depth of a spec (Chaos Mesh, api/v1alpha1):

- `selector.namespaces`, and the keys of `selector.pods` and `selector.physicalMachines`, which select by
  themselves (pkg/selector/pod/selector.go: SelectPods). A selector without `namespaces` selects in the
  object's own namespace only where the admission webhook says so (common_webhook.go: PodSelector.Default),
  and in all of them without it (ClusterScoped): `with_namespaces` writes it down.
- whatever else is called a namespace: the one of the Secret that HTTPChaos reads.
- `remoteCluster`, which sends an experiment to another cluster.
- addresses that a component sends requests to: `url` of a status check, `address` of a physical machine,
  `endpoint` of a cloud. `externalTargets` of NetworkChaos are none: only the own pods' packets are affected.
- Tasks of a Workflow that leave their container: volumes of the node, privileges.

AWSChaos, AzureChaos and GCPChaos select no pods. What they reach is what the Secret that they name may
reach, and that is one of the object's namespace.
"""

from __future__ import annotations

import argparse
import copy
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from harness.base.words import meant
from harness.kubernetes.kinds import EXPERIMENT_KINDS, FURTHER_KINDS, MAKERS
from harness.kubernetes.proxy import DNS_LABEL

Path = tuple[str | int, ...]

_TEMPLATE = "${"
_SELECTOR_KEYS = (
    "namespaces",
    "fieldSelectors",
    "labelSelectors",
    "expressionSelectors",
    "annotationSelectors",
    "nodes",
    "pods",
    "nodeSelectors",
    "podPhaseSelectors",
    "physicalMachines",
)
_FREE = frozenset(
    {
        "labelSelectors",
        "fieldSelectors",
        "annotationSelectors",
        "nodeSelectors",
        "labels",
        "annotations",
        "headers",
        "request_headers",
        "response_headers",
        "queries",
        "body",
    }
)
"""Mappings whose keys are anybody's: a label named `namespace` is none."""

_EMBEDDED = {
    kind: (
        "physicalmachineChaos"
        if kind == "PhysicalMachineChaos"
        else kind.removesuffix("Chaos").lower() + "Chaos"
    )
    for kind in EXPERIMENT_KINDS
}
"""The key that an experiment's spec has in a Schedule or a template (zz_generated.workflow.chaosmesh.go)."""

_CONTROL_TEMPLATES = ("Task", "Serial", "Parallel", "Suspend", "Schedule", "StatusCheck")
_KINDS = (*EXPERIMENT_KINDS, *MAKERS, *FURTHER_KINDS)
_VOLUMES = frozenset({"name", "emptyDir", "configMap", "secret", "downwardAPI", "projected"})
"""What a Task may mount: what is its pod's own, or of its namespace."""
_LOCAL = ("localhost", "127.0.0.1", "::1")
_CLUSTER_SUFFIXES = (".svc.cluster.local", ".pod.cluster.local", ".svc")


def namespace(text: str) -> str:
    """Return the name of a namespace, as a type of argparse.

    Raises:
        ArgumentTypeError: it is none.
    """
    if not DNS_LABEL.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text[:80]!r} is no name of a namespace")
    return text


class Outside(NamedTuple):
    """A part of an object that reaches what is not the scenario's own.

    Attributes:
        at: the way to it, from what was looked at.
        message: what is wrong, in one sentence without a full stop.
    """

    at: Path
    message: str


@dataclass(frozen=True)
class Reach:
    """What one scenario may reach.

    Attributes:
        namespaces: its own; the first is where its objects are, unless they say another.
        allowed: other namespaces, by `--allow-namespace`.
        hosts: addresses of its own pods.
        open: templates are not resolved yet, so a value with one may be anything; false at run time.
    """

    namespaces: tuple[str, ...]
    allowed: frozenset[str] = frozenset()
    hosts: frozenset[str] = frozenset()
    open: bool = False

    def holds(self, namespace: str) -> bool:
        """Say whether something in this namespace may be reached."""
        return namespace in self.namespaces or namespace in self.allowed or self.unknown(namespace)

    def unknown(self, value: Any) -> bool:
        """Say whether a value is a template that is not resolved yet."""
        return self.open and isinstance(value, str) and _TEMPLATE in value


def outside(kind: str, spec: Any, bounds: Reach) -> list[Outside]:
    """Return where an object of Chaos Mesh reaches out of a scenario's bounds.

    Args:
        kind: of the object.
        spec: its spec, templates resolved as far as they are known.
        bounds: of the scenario.
    """
    if kind not in _KINDS:
        known = ", ".join(_KINDS)
        return [Outside((), f"nobody knows what a {kind} selects; a scenario may apply: {known}")]
    return list(_walk(spec, (), bounds))


def outside_object(body: Any, bounds: Reach, kind: str = "") -> list[Outside]:
    """Like `outside`, for a whole object with its `kind`, `metadata` and `spec`.

    Args:
        body: the object.
        bounds: of the scenario.
        kind: what it is when it does not say so itself.
    """
    if not isinstance(body, dict):
        return []
    found = [*_spelled(body, ()), *_walk(body.get("metadata"), ("metadata",), bounds)]
    if "spec" in body or "metadata" in body:
        found += [
            Outside(("spec", *wrong.at), wrong.message)
            for wrong in outside(str(body.get("kind") or kind), body.get("spec"), bounds)
        ]
        metadata = body.get("metadata")
        if not isinstance(metadata, dict) or not metadata.get("namespace"):
            found.append(Outside(("metadata",), "the object has no `namespace`: write the scenario's own"))
    return found


def outside_request(
    method: str, path: str, body: Any, bounds: Reach, is_own: Callable[[str], bool]
) -> list[Outside]:
    """Return where a request to the dashboard reaches out of a scenario's bounds.

    The dashboard creates, pauses and deletes objects of all namespaces with rights of its own
    (Chaos Mesh, pkg/dashboard/apiserver). What only reads is no matter.

    Args:
        method: of the request.
        path: of the request, with its query.
        body: what is sent as JSON.
        bounds: of the scenario.
        is_own: says whether a uid is of an object of the scenario.
    """
    plain, _, query = path.partition("?")
    words = [unquote(word) for word in plain.split("/") if word]
    if method in ("GET", "HEAD") or not words or words[0].lower() != "api":
        return []
    kind = {"schedules": "Schedule", "workflows": "Workflow"}.get(words[-1], "")
    found = [Outside(("body", *each.at), each.message) for each in _sent(body, bounds, kind)]
    wanted = parse_qsl(query, keep_blank_values=True)
    namespaces = [value for key, value in wanted if key.lower() == "namespace"]
    found += [Outside(("path",), _foreign(value, bounds)) for value in namespaces if not bounds.holds(value)]
    if method == "POST":
        return found
    uids = [uid for key, value in wanted if key.lower() == "uids" for uid in value.split(",")]
    last = words[-1]
    by_uid = last not in ("experiments", "schedules", "workflows", "archives", "statuscheck", "statuschecks")
    uids += [last] if by_uid else []
    found += [
        Outside(("path",), f"{uid[:80]!r} is the uid of no object of this scenario")
        for uid in uids
        if not is_own(uid)
    ]
    if not uids and not namespaces:
        found.append(Outside(("path",), "the request names no object of this scenario by its uid"))
    return found


def with_namespaces(spec: Any, namespace: str) -> tuple[Any, list[Path]]:
    """Return a spec in which every selector says its namespaces, and where they were missing.

    Args:
        spec: of an object of Chaos Mesh; it is not changed.
        namespace: what is written where a selector says none.
    """
    whole = copy.deepcopy(spec)
    filled: list[Path] = []
    for at, selector in _selectors(whole, ()):
        if not selector.get("namespaces"):
            selector["namespaces"] = [namespace]
            filled.append((*at, "namespaces"))
    return whole, filled


def merged(value: Any, patch: Any) -> Any:
    """Return a value with a JSON merge patch (RFC 7386) applied to it."""
    if not isinstance(patch, dict):
        return patch
    whole = dict(value) if isinstance(value, dict) else {}
    for key, inner in patch.items():
        if inner is None:
            whole.pop(key, None)
        else:
            whole[key] = merged(whole.get(key), inner)
    return whole


def unrestricted(spec: Any) -> list[Outside]:
    """Return the selectors of a spec that say no namespace."""
    message = "the selector has no `namespaces` any more, and selects in all of them"
    return [Outside(at, message) for at, selector in _selectors(spec, ()) if not selector.get("namespaces")]


def _selectors(value: Any, at: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Yield each selector of a spec, in any depth."""
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _selectors(inner, (*at, index))
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "selector" and isinstance(inner, dict) and set(inner) <= set(_SELECTOR_KEYS):
                yield (*at, key), inner
            # The container and the volumes of a task are Kubernetes' own, and have other selectors.
            elif key not in _FREE and key != "task":
                yield from _selectors(inner, (*at, key))


def _sent(body: Any, bounds: Reach, kind: str) -> list[Outside]:
    if isinstance(body, dict) and {str(key).lower() for key in body} & {"metadata", "spec"}:
        return outside_object(body, bounds, kind)
    return list(_walk(body, (), bounds))


def _walk(value: Any, at: Path, bounds: Reach) -> Iterator[Outside]:
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _walk(inner, (*at, index), bounds)
    if not isinstance(value, dict):
        return
    yield from _spelled(value, at)
    yield from _nested_kinds(value, at, bounds)
    for key, inner in value.items():
        here = (*at, key)
        if inner is None or key in _FREE:
            continue
        if key in _CHECKS:
            yield from _CHECKS[key](inner, here, bounds)
        elif str(key).lower().endswith("namespace"):
            # Such as the `secretNamespace` of HTTPChaos.
            yield from _namespace(inner, here, bounds)
        if key == "task":
            yield from _task(inner, here)
        else:
            yield from _walk(inner, here, bounds)


def _spelled(value: dict[Any, Any], at: Path) -> Iterator[Outside]:
    """Yield the keys that mean something in another case: Go's JSON decoder reads them in any."""
    for key in value:
        exact = _EXACT.get(str(key).lower())
        if exact is not None and exact != key:
            yield Outside((*at, key), f"`{key}` has to be written `{exact}`")


def _nested_kinds(value: dict[Any, Any], at: Path, bounds: Reach) -> Iterator[Outside]:
    """Yield what a Schedule or a Workflow holds of kinds that nobody knows."""
    for key in value:
        if str(key).lower().endswith("chaos") and key not in _EMBEDDED.values():
            yield Outside((*at, key), f"nobody knows what `{key}` selects")
    for key, kinds in (
        ("templateType", (*_CONTROL_TEMPLATES, *EXPERIMENT_KINDS)),
        ("type", (*EXPERIMENT_KINDS, "Workflow") if isinstance(value.get("schedule"), str) else ()),
    ):
        kind = value.get(key)
        if kinds and isinstance(kind, str) and kind not in kinds and not bounds.unknown(kind):
            better = f" (did you mean `{close}`?)" if (close := meant(kind, kinds)) else ""
            yield Outside(
                (*at, key), f"nobody knows what a {kind} selects; there is: {', '.join(kinds)}{better}"
            )


def _namespaces(value: Any, at: Path, bounds: Reach) -> Iterator[Outside]:
    if bounds.unknown(value):
        return
    if not isinstance(value, list):
        yield Outside(at, "`namespaces` is a list of names")
        return
    for index, name in enumerate(value):
        yield from _namespace(name, (*at, index), bounds)


def _namespace(value: Any, at: Path, bounds: Reach) -> Iterator[Outside]:
    if not isinstance(value, str) or not bounds.holds(value):
        yield Outside(at, _foreign(value, bounds))


def _by_namespace(value: Any, at: Path, bounds: Reach) -> Iterator[Outside]:
    if isinstance(value, dict):
        for name in value:
            yield from _namespace(name, (*at, name), bounds)


def _remote(value: Any, at: Path, bounds: Reach) -> Iterator[Outside]:
    if value:
        yield Outside(
            at, "`remoteCluster` sends it to another cluster, in which nothing is the scenario's own"
        )


def _addresses(value: Any, at: Path, bounds: Reach) -> Iterator[Outside]:
    for index, address in enumerate(value if isinstance(value, list) else [value]):
        if (why := _foreign_host(address, bounds)) is not None:
            yield Outside((*at, index) if isinstance(value, list) else at, why)


def _foreign_host(address: Any, bounds: Reach) -> str | None:
    """Return why a component may send no request to an address; None when it may."""
    text = str(address)
    if bounds.unknown(text.rpartition("://")[2].partition("/")[0]):
        return None
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return f"{text[:80]!r} is no address"
    odd = "\\" in text or any(ord(letter) <= ord(" ") for letter in text)
    if odd or "@" in parts.netloc or parts.scheme not in ("http", "https"):
        return f"{text[:80]!r} is no plain address of http"
    if host in _LOCAL or host in bounds.hosts:
        return None
    suffix = next((each for each in _CLUSTER_SUFFIXES if host.endswith(each)), "")
    labels = host.removesuffix(suffix).split(".")
    if len(labels) > 1 and bounds.holds(labels[-1]):
        return None
    return (
        f"{host[:80]!r} is none of the scenario's own pods and Services: write NAME.${{namespace}}, "
        "as the name of the Service and its namespace"
    )


def _task(value: Any, at: Path) -> Iterator[Outside]:
    """Yield how a Task leaves its container; its pod is in the Workflow's namespace."""
    task = value if isinstance(value, dict) else {}
    volumes = task.get("volumes")
    for index, volume in enumerate(volumes if isinstance(volumes, list) else []):
        for key in volume if isinstance(volume, dict) else ():
            if key not in _VOLUMES:
                what = "a part of the node" if key == "hostPath" else "what may be of others"
                yield Outside((*at, "volumes", index, key), f"a task may not mount `{key}`, {what}")
    container = task.get("container")
    context = container.get("securityContext") if isinstance(container, dict) else None
    if isinstance(context, dict):
        here = (*at, "container", "securityContext")
        capabilities = context.get("capabilities")
        if context.get("privileged"):
            yield Outside((*here, "privileged"), "a task may not be privileged: that is to own the node")
        if isinstance(capabilities, dict) and capabilities.get("add"):
            yield Outside((*here, "capabilities", "add"), "a task may not have further capabilities")


def _foreign(name: Any, bounds: Reach) -> str:
    return (
        f"the namespace {str(name)[:80]!r} is not the scenario's own: write "
        '"${namespace}" or one of `namespaces`, or run with --allow-namespace '
        f"{str(name)[:63] or 'NAME'}"
    )


_Check = Callable[[Any, Path, Reach], Iterable[Outside]]

_CHECKS: dict[str, _Check] = {
    "namespaces": _namespaces,
    "namespace": _namespace,
    "pods": _by_namespace,
    "physicalMachines": _by_namespace,
    "remoteCluster": _remote,
    "address": _addresses,
    "url": _addresses,
    "endpoint": _addresses,
}

_EXACT = {
    key.lower(): key
    for key in (
        *_CHECKS,
        *_SELECTOR_KEYS,
        *_EMBEDDED.values(),
        *("kind", "metadata", "spec", "selector", "target", "task", "templates", "templateType"),
        *("schedule", "type", "workflow", "statusCheck", "container", "volumes"),
    )
}
