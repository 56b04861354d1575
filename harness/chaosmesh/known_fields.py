"""Which fields the API types of the running controller-manager have, as the manager itself shows.

No endpoint of it says so, and a webhook passes on a field that its type lacks without a word. But a field
that the type has refuses a value of another JSON type: the webhook decodes the object before anything else,
and answers with the first error of the document (admission.Decoder of controller-runtime, encoding/json). The
name of each object that is sent is wrong, too, and comes last, so the answer is always an error, which names
one of the two, and nothing of Chaos Mesh's own code ever sees the object.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from harness.base.errors import InfrastructureError
from harness.chaosmesh.specs import Shape
from harness.kubernetes.client import Cluster
from harness.kubernetes.kinds import CHAOS_MESH_API

if TYPE_CHECKING:
    import requests

FieldPath = tuple[str, ...]
"""The way to a field of a spec, by names; ITEM and VALUE stand for what a list and a mapping hold."""

ITEM, VALUE = "[]", "{}"
UNHEARD_OF: FieldPath = ("chaosHarnessProbe",)
"""A field that no type has."""

_REQUEST_SECONDS = 10.0
_HEADERS = {"Content-Type": "application/json"}
_NOT_DECODED = 400
_NOT_SERVED = 404
_SENTINEL = "metadata.name"


class NoAnswerError(InfrastructureError):
    """The manager's webhook does not say what its types have."""


@dataclass(frozen=True)
class Webhook:
    """A webhook of the manager that decodes objects of a kind.

    Attributes:
        plural: the resource it is for.
        namespace: of its Service.
        service: the Service.
        port: of the Service.
        path: where it answers.
    """

    plural: str
    namespace: str
    service: str
    port: int
    path: str


def webhooks(cluster: Cluster, chaos_mesh_namespace: str) -> dict[str, Webhook]:
    """Return the webhooks that the chart has registered for resources of Chaos Mesh, by the plural.

    Raises:
        ApiError: the API server did not answer.
    """
    group, _, version = CHAOS_MESH_API.partition("/")
    found: dict[str, Webhook] = {}
    for configuration in cluster.list("MutatingWebhookConfiguration"):
        for each in configuration.get("webhooks") or []:
            service = each["clientConfig"].get("service") or {}
            if service.get("namespace") != chaos_mesh_namespace:
                continue
            for rule in each.get("rules") or []:
                if group in rule.get("apiGroups", ()) and version in rule.get("apiVersions", ()):
                    for plural in rule.get("resources", ()):
                        found[plural] = Webhook(
                            plural,
                            chaos_mesh_namespace,
                            service["name"],
                            int(service.get("port") or 443),
                            service.get("path") or "/",
                        )
    return found


def serves(cluster: Cluster, session: requests.Session, webhook: Webhook, kind: str) -> bool:
    """Return whether the manager has the kind; what it answers to a field that no type has is checked, too.

    Raises:
        NoAnswerError: it did not answer, or in a way that says nothing.
        ApiError: the API server did not answer.
    """
    status, message = _ask(cluster, session, webhook, kind, UNHEARD_OF, Shape("string"))
    if status == _NOT_SERVED:
        return False
    if status != _NOT_DECODED or _SENTINEL not in message:
        raise _unclear(webhook, status, message)
    return True


def knows(
    cluster: Cluster, session: requests.Session, webhook: Webhook, kind: str, path: FieldPath, shape: Shape
) -> bool:
    """Return whether the manager's type of a kind has a field in its spec.

    Args:
        cluster: the cluster.
        session: of `Cluster.session`; of this thread.
        webhook: that of the kind.
        kind: such as NetworkChaos.
        path: of the field.
        shape: of the field.

    Raises:
        NoAnswerError: it did not answer, or in a way that says nothing.
        ApiError: the API server did not answer.
    """
    status, message = _ask(cluster, session, webhook, kind, path, shape)
    if status != _NOT_DECODED:
        raise _unclear(webhook, status, message)
    return _SENTINEL not in message


def leaves(shape: Shape, at: FieldPath = ()) -> Iterator[tuple[FieldPath, Shape]]:
    """Yield the fields of a shape that have none in them, and their shapes; not those that take anything."""
    for name, each in (shape.fields or {}).items():
        if each.fields:
            yield from leaves(each, (*at, name))
        elif each.of is not None and _below(each.of):
            yield from leaves(each.of, (*at, name, ITEM if each.type == "array" else VALUE))
        elif each.type != "any":
            yield (*at, name), each


def lacking(wanted: Shape, there: Shape | None, at: FieldPath = ()) -> Iterator[tuple[FieldPath, Shape]]:
    """Yield the outermost fields of a shape that another one lacks."""
    if there is None or there.type == "any":
        return
    for name, each in (wanted.fields or {}).items():
        if name not in (there.fields or {}):
            if there.of is None and each.type != "any":
                yield (*at, name), each
        else:
            yield from lacking(each, (there.fields or {})[name], (*at, name))
    if wanted.of is not None:
        yield from lacking(wanted.of, there.of, (*at, ITEM if wanted.type == "array" else VALUE))


def text_of(path: FieldPath) -> str:
    """Return a path as people write it: spec.target.selector, spec.values[].name."""
    return "".join(step if step in (ITEM, VALUE) else f".{step}" for step in ("spec", *path)).lstrip(".")


def _below(shape: Shape) -> bool:
    return bool(shape.fields) or (shape.of is not None and _below(shape.of))


def _ask(
    cluster: Cluster, session: requests.Session, webhook: Webhook, kind: str, path: FieldPath, shape: Shape
) -> tuple[int, str]:
    """Return status and message of the webhook's answer to an object with a wrong value in a field."""
    value: Any = "wrong" if shape.type == "object" else {}
    for step in reversed(path):
        value = [value] if step == ITEM else {("key" if step == VALUE else step): value}
    group, _, version = CHAOS_MESH_API.partition("/")
    # The order counts: the name has to come last.
    document = {
        "apiVersion": CHAOS_MESH_API,
        "kind": kind,
        "spec": value,
        "metadata": {"namespace": "default", "name": {}},
    }
    review = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "chaos-harness-probe",
            "kind": {"group": group, "version": version, "kind": kind},
            "resource": {"group": group, "version": version, "resource": webhook.plural},
            "namespace": "default",
            "operation": "CREATE",
            "userInfo": {},
            "object": document,
        },
    }
    answer = cluster.proxy_send(
        session,
        "services",
        webhook.namespace,
        webhook.service,
        webhook.port,
        webhook.path,
        method="POST",
        body=json.dumps(review).encode(),
        headers=_HEADERS,
        tls=True,
        timeout=_REQUEST_SECONDS,
    )
    if (why := answer.undelivered()) is not None:
        raise _unclear(webhook, answer.status, why)
    if answer.status != 200:
        return answer.status, answer.body[:200].decode(errors="replace")
    try:
        result = json.loads(answer.body)["response"].get("status") or {}
        return int(result.get("code") or 200), str(result.get("message", ""))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _unclear(webhook, answer.status, answer.body[:200].decode(errors="replace")) from error


def _unclear(webhook: Webhook, status: int, message: str) -> NoAnswerError:
    return NoAnswerError(
        f"the webhook {webhook.path} of the controller-manager does not say what its types have",
        details=[f"{status}: {message}"],
    )
