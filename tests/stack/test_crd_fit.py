"""CRDs against the API types of the manager: its webhook decodes as Go does, and says the first error."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from harness.base.progress import Progress
from harness.kubernetes.client import Cluster
from harness.kubernetes.kinds import kind_of
from harness.stack import crd_fit
from harness.stack.crd_fit import Mismatch

NAMESPACE = "chaos-mesh"
STRING: dict[str, Any] = {"type": "string"}
POD_CHAOS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "action": STRING,
        "mode": STRING,
        "containerNames": {"type": "array", "items": STRING},
        "selector": {
            "type": "object",
            "properties": {"pods": {"type": "object", "additionalProperties": {"type": "array"}}},
        },
        "rules": {"type": "array", "items": {"type": "object", "properties": {"port": {"type": "integer"}}}},
        "anything": {"x-kubernetes-preserve-unknown-fields": True},
    },
}
SCHEDULE: dict[str, Any] = {"type": "object", "properties": {"schedule": STRING, "podChaos": POD_CHAOS}}


def without(schema: dict[str, Any], *path: str) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(schema))
    inner = changed
    for name in path[:-1]:
        inner = inner["properties"][name]
        inner = inner.get("items", inner)
    del inner["properties"][path[-1]]
    return changed


class Manager:
    """What the API server and the manager behind it answer.

    Attributes:
        crds: schema of the spec by kind.
        types: the same of the manager's own types.
        registered: kinds that the chart has webhooks for.
        answer: of the webhook in place of its own, by status and body.
    """

    def __init__(self, api: Any) -> None:
        self.crds = {"PodChaos": POD_CHAOS, "Schedule": SCHEDULE}
        self.types = dict(self.crds)
        self.registered = ["PodChaos", "Schedule"]
        self.answer: tuple[int, Any] | None = None
        self.asked: list[dict[str, Any]] = []
        api.route = self.route

    def route(self, request: Any) -> None:
        if request.path.endswith("/customresourcedefinitions"):
            request.answer(
                200,
                {
                    "items": [self.definition(kind) for kind in self.crds],
                    "metadata": {"resourceVersion": "1"},
                },
            )
        elif request.path.endswith("/mutatingwebhookconfigurations"):
            hooks = [self.hook(kind) for kind in self.registered]
            request.answer(
                200, {"items": [{"metadata": {}, "webhooks": hooks}], "metadata": {"resourceVersion": "1"}}
            )
        elif self.answer is not None:
            request.answer(*self.answer)
        else:
            self.review(request)

    def definition(self, kind: str) -> dict[str, Any]:
        schema = {"openAPIV3Schema": {"properties": {"spec": self.crds[kind]}}}
        return {
            "metadata": {"name": kind},
            "spec": {
                "group": "chaos-mesh.org",
                "names": {"kind": kind, "plural": kind_of(kind).plural},
                "versions": [{"name": "v1alpha1", "schema": schema}],
            },
        }

    @staticmethod
    def hook(kind: str) -> dict[str, Any]:
        path = f"/mutate-chaos-mesh-org-v1alpha1-{kind.lower()}"
        rule = {
            "apiGroups": ["chaos-mesh.org"],
            "apiVersions": ["v1alpha1"],
            "resources": [kind_of(kind).plural],
        }
        service = {"name": "manager", "namespace": NAMESPACE, "path": path}
        return {"name": kind, "clientConfig": {"service": service}, "rules": [rule]}

    def review(self, request: Any) -> None:
        prefix = (
            f"/api/v1/namespaces/{NAMESPACE}/services/https:manager:443/proxy/mutate-chaos-mesh-org-v1alpha1-"
        )
        assert request.method == "POST"
        assert request.path.startswith(prefix)
        kind = next((kind for kind in self.types if kind.lower() == request.path.removeprefix(prefix)), None)
        if kind is None:
            request.answer(404, b"404 page not found\n", "text/plain")
            return
        document = request.body["request"]["object"]
        assert document["kind"] == kind
        self.asked.append(document)
        types = {"properties": {"spec": self.types[kind], "metadata": {"properties": {"name": STRING}}}}
        error = next(errors(types, document, ""), None)
        status = {"message": f"json: cannot unmarshal X into Go struct field {error} of type Y", "code": 400}
        response = {"allowed": False, "status": status} if error else {"allowed": True}
        request.answer(200, {"response": response})


def errors(schema: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
    """Yield the fields whose values Go could not decode, in the order of the document."""
    for name, each in value.items():
        inner = schema.get("properties", {}).get(name)
        if inner is None or not ({"type", "properties"} & inner.keys()):
            continue  # Go passes over what it does not know.
        path = f"{at}.{name}".lstrip(".")
        if "properties" in inner and isinstance(each, dict):
            yield from errors(inner, each, path)
        elif inner.get("type") == "array" and isinstance(each, list):
            for item in each:
                if "properties" in inner["items"] and isinstance(item, dict):
                    yield from errors(inner["items"], item, path)
                elif isinstance(item, dict):
                    yield path
        elif {dict: "object", list: "array", str: "string", int: "integer"}[type(each)] != inner.get("type"):
            yield path
        elif "additionalProperties" in inner:
            yield from (path for item in each.values() if not isinstance(item, list))


@pytest.fixture
def manager(api: Any) -> Manager:
    return Manager(api)


def found(kubeconfig: Path) -> set[Mismatch]:
    return set(crd_fit.mismatches(Cluster.connect(kubeconfig), NAMESPACE))


def test_a_chart_that_fits(manager: Manager, kubeconfig: Path) -> None:
    assert found(kubeconfig) == set()
    assert any("selector" in document["spec"] for document in manager.asked)


def test_nothing_of_the_manager_ever_sees_an_object(manager: Manager, kubeconfig: Path) -> None:
    found(kubeconfig)
    assert all(list(document)[-1] == "metadata" for document in manager.asked)
    assert all(document["metadata"]["name"] == {} for document in manager.asked)


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (("mode",), ("mode",)),
        (("containerNames",), ("containerNames",)),
        (("rules", "port"), ("rules", "[]", "port")),
        (("rules",), ("rules", "[]", "port")),
        (("selector", "pods"), ("selector", "pods")),
    ],
)
def test_a_field_of_the_crd_that_the_manager_does_not_have(
    manager: Manager, kubeconfig: Path, path: tuple[str, ...], named: tuple[str, ...]
) -> None:
    manager.types["PodChaos"] = without(POD_CHAOS, *path)
    assert found(kubeconfig) == {Mismatch("PodChaos", named, in_crd=True)}


def test_a_field_of_the_manager_that_the_crd_does_not_have(manager: Manager, kubeconfig: Path) -> None:
    manager.crds["PodChaos"] = without(POD_CHAOS, "containerNames")
    assert found(kubeconfig) == {Mismatch("PodChaos", ("containerNames",), in_crd=False)}


def test_a_field_that_neither_has_is_one_of_another_version(manager: Manager, kubeconfig: Path) -> None:
    """The shape of PodChaos has gracePeriod."""
    assert "gracePeriod" not in POD_CHAOS["properties"]
    assert found(kubeconfig) == set()


def test_what_a_schedule_holds_is_compared_as_its_own_kind(manager: Manager, kubeconfig: Path) -> None:
    manager.types["Schedule"] = without(SCHEDULE, "podChaos", "mode")
    assert found(kubeconfig) == set()
    manager.types["Schedule"] = without(SCHEDULE, "schedule")
    assert found(kubeconfig) == {Mismatch("Schedule", ("schedule",), in_crd=True)}


def test_a_kind_that_only_one_has(manager: Manager, kubeconfig: Path) -> None:
    del manager.crds["Schedule"], manager.types["PodChaos"]
    assert found(kubeconfig) == {
        Mismatch("Schedule", (), in_crd=False),
        Mismatch("PodChaos", (), in_crd=True),
    }


def test_a_kind_without_a_webhook_is_not_asked_about(manager: Manager, kubeconfig: Path) -> None:
    manager.crds["PodNetworkChaos"] = POD_CHAOS
    assert found(kubeconfig) == set()


def test_the_error_names_fields_and_who_lacks_them(manager: Manager, kubeconfig: Path) -> None:
    manager.crds["PodChaos"] = without(POD_CHAOS, "containerNames")
    with pytest.raises(crd_fit.CrdMismatchError) as caught:
        crd_fit.check(Cluster.connect(kubeconfig), NAMESPACE)
    assert "PodChaos: spec.containerNames is missing in the CRD" in caught.value.problem
    assert "--chaos-mesh-chart" in caught.value.next_step


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"response": {"allowed": True}}),
        (200, {"response": {"allowed": False, "status": {"code": 500, "message": "panic"}}}),
        (200, {"response": {"allowed": False, "status": {"code": 400, "message": "no kind is registered"}}}),
        (200, ["no review"]),
        (503, {"kind": "Status", "apiVersion": "v1", "message": "no endpoints available"}),
        (404, {"kind": "Status", "apiVersion": "v1", "message": 'services "manager" not found'}),
    ],
)
def test_what_says_nothing_is_no_mismatch(
    manager: Manager, kubeconfig: Path, answer: tuple[int, Any]
) -> None:
    manager.answer = answer
    said = io.StringIO()
    crd_fit.look(Cluster.connect(kubeconfig), NAMESPACE, Progress(said))
    assert "the CRDs are not compared with the manager" in said.getvalue()
