"""Compares the CRDs of a cluster with the API types of the controller-manager that runs there.

A chart brings its own CRDs, and images may be of another version. A field that only the CRD has is accepted
and does nothing; one that only the manager has is dropped by the API server, and the webhook then refuses
updates of unchanged objects, as it sees the field's default on one side only.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.chaosmesh.known_fields import (
    FieldPath,
    NoAnswerError,
    Webhook,
    knows,
    lacking,
    leaves,
    serves,
    text_of,
    webhooks,
)
from harness.chaosmesh.specs import Shape, shape_of, shape_of_definition
from harness.kubernetes.client import Cluster, Object
from harness.kubernetes.kinds import CHAOS_MESH_API, MAKERS, kind_by_plural

_LIST_SECONDS = 30.0
_AT_ONCE = 4
_SHOWN = 20


class CrdMismatchError(InfrastructureError):
    """The CRDs and the controller-manager are of different versions."""


@dataclass(frozen=True)
class Mismatch:
    """A field, or a kind, that only one of both has.

    Attributes:
        kind: such as NetworkChaos.
        path: of the field in the spec; empty for the whole kind.
        in_crd: the CRD has it and the manager does not; otherwise it is the other way round.
    """

    kind: str
    path: FieldPath
    in_crd: bool

    def __str__(self) -> str:
        """Return it in one line: what it is, and who lacks it."""
        what = f"{self.kind}: {text_of(self.path) if self.path else 'the whole kind'}"
        return f"{what} is in the CRD only" if self.in_crd else f"{what} is missing in the CRD"


def look(cluster: Cluster, chaos_mesh_namespace: str, progress: Progress) -> None:
    """Compare the CRDs with the manager where they may be of different versions; say so when that cannot be.

    Raises:
        CrdMismatchError: they do not fit; names kinds and fields.
        ApiError: the API server did not answer.
    """
    try:
        with progress.step("comparing the CRDs with the controller-manager", "1-10 s"):
            check(cluster, chaos_mesh_namespace)
    except NoAnswerError as error:
        progress.say(f"the CRDs are not compared with the manager: {error.problem}: {error.details[0]}")


def check(cluster: Cluster, chaos_mesh_namespace: str) -> None:
    """Make sure that the CRDs fit the controller-manager that runs.

    Raises:
        CrdMismatchError: names kinds and fields.
        NoAnswerError: the manager does not say what its types have.
        ApiError: the API server did not answer.
    """
    found = mismatches(cluster, chaos_mesh_namespace)
    if not found:
        return
    more = [f"and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    raise CrdMismatchError(
        f"the CRDs do not fit the controller-manager: {found[0]}",
        next_step="name a chart and images of one version with --chaos-mesh-chart and --chaos-mesh-images, "
        "and put them into a new cluster: chaos-harness up --fresh",
        details=[*(str(each) for each in found[:_SHOWN]), *more],
    )


def mismatches(cluster: Cluster, chaos_mesh_namespace: str) -> list[Mismatch]:
    """Return what only the CRDs or only the manager have.

    Schedules and Workflows are compared in what they have themselves: what they hold are experiments.

    Raises:
        NoAnswerError: the manager does not say what its types have.
        ApiError: the API server did not answer.
    """
    group = CHAOS_MESH_API.partition("/")[0]
    definitions = {
        str(each["spec"]["names"]["plural"]): each
        for each in cluster.list("CustomResourceDefinition", timeout=_LIST_SECONDS)
        if each["spec"].get("group") == group
    }
    hooks = webhooks(cluster, chaos_mesh_namespace)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        compared = pool.map(
            lambda hook: [*_of_kind(cluster, hook, definitions.get(hook.plural))], hooks.values()
        )
        return [each for several in compared for each in several]


def _of_kind(cluster: Cluster, hook: Webhook, definition: Object | None) -> Iterator[Mismatch]:
    kind = _kind(hook.plural, definition)
    if kind is None:
        return
    with cluster.session() as session:
        if not serves(cluster, session, hook, kind):
            if definition is not None:
                yield Mismatch(kind, (), in_crd=True)
            return
        if definition is None:
            yield Mismatch(kind, (), in_crd=False)
            return
        there = _own(kind, shape_of_definition(definition) or Shape("object", {}))
        known = shape_of(kind)
        for path, shape in lacking(_own(kind, known) if known else there, there):
            if knows(cluster, session, hook, kind, path, shape):
                yield Mismatch(kind, path, in_crd=False)
        for path, shape in leaves(there):
            if not knows(cluster, session, hook, kind, path, shape):
                yield Mismatch(kind, path, in_crd=True)


def _own(kind: str, shape: Shape) -> Shape:
    """Return the shape without what is another kind's, or of Kubernetes itself as in a task of a Workflow."""
    if kind not in MAKERS:
        return shape
    return Shape("object", {name: Shape(each.type) for name, each in (shape.fields or {}).items()})


def _kind(plural: str, definition: Object | None) -> str | None:
    if definition is not None:
        return str(definition["spec"]["names"]["kind"])
    known = kind_by_plural(CHAOS_MESH_API.partition("/")[0], plural)
    return known.name if known else None
