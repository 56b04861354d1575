"""Helm values, and the check of installed CRDs against the controller's API."""

from __future__ import annotations

import copy
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from pydantic import SecretStr

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.chaosmesh.webhook import await_webhook
from harness.kubernetes.client import Cluster
from harness.kubernetes.set_apart import TOLERATION
from harness.stack import chaosmesh
from harness.stack.imageset import ImageRef, ImageSet, UmlFiles
from harness.stack.kubectl import Kubectl
from harness.stack.mirror import Mirror

ROLES = ("controller-manager", "daemon", "dashboard", "prometheus", "workload", "pause")


def images(*roles: str) -> ImageSet:
    return ImageSet(
        mode="source",
        key="k",
        node_image="node",
        kind=Path("kind"),
        helm=Path("helm"),
        kubectl=Path("kubectl"),
        kubernetes="v1.35.3",
        images={role: ImageRef(registry="example.org", repository=f"x/{role}", tag="v1") for role in roles},
        chart="chart",
    )


def test_values() -> None:
    values = chaosmesh.values(images(*ROLES))
    manager = values["controllerManager"]
    assert manager["replicaCount"] == 1
    assert manager["image"] == {"registry": "example.org", "repository": "x/controller-manager", "tag": "v1"}
    assert manager["podChaos"]["podFailure"]["pauseImage"] == "example.org/x/pause:v1"
    assert values["chaosDaemon"]["runtime"] == "containerd"
    assert values["chaosDaemon"]["socketPath"] == "/run/containerd/containerd.sock"
    assert values["chaosDaemon"]["image"]["repository"] == "x/daemon"
    assert values["dashboard"]["securityMode"] is False
    for component in ("controllerManager", "chaosDaemon", "dashboard"):
        assert values[component]["imagePullPolicy"] == "IfNotPresent"


def test_the_daemon_tolerates_a_worker_in_user_mode_linux_only_where_there_is_one() -> None:
    assert "tolerations" not in chaosmesh.values(images(*ROLES))["chaosDaemon"]
    files = UmlFiles(root=Path("root.ext4"), programs=Path("programs"), key="k")
    with_it = images(*ROLES).model_copy(update={"uml": files})
    assert chaosmesh.values(with_it)["chaosDaemon"]["tolerations"] == [TOLERATION]


def test_the_dns_server_comes_with_its_image_only() -> None:
    assert chaosmesh.values(images(*ROLES))["dnsServer"] == {"create": False}
    assert "chaos-dns-server" not in chaosmesh.jobs(images(*ROLES))
    with_dns = images(*ROLES, "dns-server")
    assert chaosmesh.values(with_dns)["dnsServer"]["create"] is True
    assert "chaos-dns-server" in chaosmesh.jobs(with_dns)


def definition(
    schema: dict[str, Any], *, version: str = "v1alpha1", kind: str = "NetworkChaos"
) -> dict[str, Any]:
    return {
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.lower()}.chaos-mesh.org"},
        "spec": {
            "names": {"kind": kind},
            "versions": [{"name": version, "schema": {"openAPIV3Schema": schema}}],
        },
    }


SCHEMA: dict[str, Any] = {
    "properties": {
        "spec": {
            "properties": {
                "partitionBehavior": {"type": "string"},
                "targets": {"items": {"properties": {"name": {"type": "string"}}}},
                "labels": {"additionalProperties": {"properties": {"deep": {"type": "string"}}}},
            }
        }
    }
}


def without(*path: str) -> dict[str, Any]:
    schema = copy.deepcopy(SCHEMA)
    there = schema
    for step in path[:-1]:
        there = there[step]
    del there[path[-1]]
    return definition(schema)


SPEC = ("properties", "spec", "properties")


def test_equal_schemas_lose_nothing() -> None:
    assert chaosmesh.pruned_fields(definition(SCHEMA), definition(SCHEMA)) == []


@pytest.mark.parametrize(
    ("installed", "field"),
    [
        (without(*SPEC, "partitionBehavior"), "spec.partitionBehavior"),
        (without(*SPEC, "targets", "items", "properties", "name"), "spec.targets[].name"),
        (without(*SPEC, "labels", "additionalProperties", "properties", "deep"), "spec.labels{}.deep"),
        (without("properties", "spec"), "spec"),
    ],
)
def test_a_missing_field_is_named(installed: dict[str, Any], field: str) -> None:
    assert chaosmesh.pruned_fields(definition(SCHEMA), installed) == [chaosmesh.Pruned("NetworkChaos", field)]


def test_more_fields_than_the_api_has_are_fine() -> None:
    assert chaosmesh.pruned_fields(without(*SPEC, "partitionBehavior"), definition(SCHEMA)) == []


def test_what_preserves_unknown_fields_prunes_none() -> None:
    open_schema = {"properties": {"spec": {"x-kubernetes-preserve-unknown-fields": True}}}
    assert chaosmesh.pruned_fields(definition(SCHEMA), definition(open_schema)) == []


def test_a_missing_kind_and_a_missing_version_are_named() -> None:
    assert chaosmesh.pruned_fields(definition(SCHEMA), None)[0].field == "(the whole kind)"
    lost = chaosmesh.pruned_fields(definition(SCHEMA), definition(SCHEMA, version="v1"))
    assert lost[0].field == "(the version v1alpha1)"


def test_the_check_names_kind_and_field(api: Any, kubeconfig: Path) -> None:
    installed = {"items": [without(*SPEC, "partitionBehavior")], "metadata": {"resourceVersion": "1"}}
    api.route = lambda request: request.answer(200, installed)
    with pytest.raises(
        chaosmesh.PrunedFieldError, match=r"CRD of NetworkChaos drops spec\.partitionBehavior"
    ):
        chaosmesh.check_crds(Cluster.connect(kubeconfig), [definition(SCHEMA)])


def test_definitions_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("---\n" + yaml.safe_dump(definition(SCHEMA)) + "---\nkind: Other\n")
    assert chaosmesh.read_crds(tmp_path) == [definition(SCHEMA)]


@pytest.fixture
def webhook(api: Any, kubeconfig: Path) -> Callable[[int], tuple[Cluster, list[Any]]]:
    """A webhook that answers after so many tries; also the experiments that it was asked about."""

    def begin(refusals: int) -> tuple[Cluster, list[Any]]:
        tried: list[Any] = []

        def route(request: Any) -> None:
            assert ("dryRun", "All") in request.query, "it is kept"
            tried.append(request.body)
            if len(tried) > refusals:
                request.answer(201, request.body)
            else:
                message = "failed calling webhook: connection refused"
                request.answer(500, {"kind": "Status", "apiVersion": "v1", "message": message})

        api.route = route
        return Cluster.connect(kubeconfig), tried

    return begin


class Rolled:
    """A kubectl whose rollouts have come about; notes them, and how often one paused."""

    def __init__(self) -> None:
        self.rolled: list[str] = []
        self.pauses = 0

    def rollout(self, kind: str, namespace: str, name: str, *, timeout: float) -> None:
        self.rolled.append(f"{kind} {namespace}/{name}")

    def pause(self, seconds: float) -> None:
        self.pauses += 1


def test_the_webhook_is_waited_for(webhook: Any) -> None:
    cluster, tried = webhook(3)
    kubectl = Rolled()
    chaosmesh.wait_ready(cast(Kubectl, kubectl), cluster, images(*ROLES))
    assert kubectl.rolled == [
        "deployment chaos-mesh/chaos-controller-manager",
        "daemonset chaos-mesh/chaos-daemon",
        "deployment chaos-mesh/chaos-dashboard",
    ]
    assert (kubectl.pauses, len(tried)) == (3, 4)
    assert {each["kind"] for each in tried} == {"PodChaos"}


def test_a_webhook_that_never_answers_is_an_error_with_its_answer(
    webhook: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaosmesh, "_WEBHOOK_SECONDS", 0.0)
    with pytest.raises(InfrastructureError, match="takes no experiment after 0 s") as caught:
        chaosmesh.wait_ready(cast(Kubectl, Rolled()), webhook(10**6)[0], images(*ROLES))
    assert caught.value.details == ["failed calling webhook: connection refused"]


def test_a_wait_for_the_webhook_ends_when_another_step_has_failed(webhook: Any) -> None:
    cancel = threading.Event()
    cancel.set()
    kubectl = Kubectl(Path("kubectl"), Path("kubeconfig"), cancel=cancel)
    with pytest.raises(process.CommandError, match="cancelled"):
        await_webhook(webhook(10**6)[0], 60.0, sleep=kubectl.pause)


CHART = """#!/bin/sh
echo "$HELM_REGISTRY_CONFIG $*" > "$0.asked"
for last; do :; done
printf chart > "${last#*=}/c.tgz"
"""


@pytest.mark.parametrize(
    ("repository", "mirror", "asked"),
    [
        ("https://charts.example", None, "pull chaos-mesh --repo https://charts.example --version 2.8.4"),
        ("oci://charts.example/x/", None, "pull oci://charts.example/x/chaos-mesh --version 2.8.4"),
        (
            "oci://m:5000/charts",
            Mirror(host="m:5000", plain_http=True),
            "pull oci://m:5000/charts/chaos-mesh --version 2.8.4 --plain-http",
        ),
        (
            "oci://m:5000/charts",
            Mirror(host="m:5000", ca=Path("/ca")),
            "pull oci://m:5000/charts/chaos-mesh --version 2.8.4 --ca-file=/ca",
        ),
        (
            "http://m:5000/charts",
            Mirror(host="m:5000", plain_http=True),
            "pull chaos-mesh --repo http://m:5000/charts --version 2.8.4",
        ),
        (
            "https://charts.example",
            Mirror(host="m:5000", ca=Path("/ca")),
            "pull chaos-mesh --repo https://charts.example --version 2.8.4",
        ),
    ],
)
def test_the_chart_is_pulled_from_where_it_is(
    tmp_path: Path, repository: str, mirror: Mirror | None, asked: str
) -> None:
    helm = tmp_path / "helm-program"
    helm.write_text(CHART)
    helm.chmod(0o755)
    images = image_set(tmp_path, helm, repository, mirror)
    got = chaosmesh.fetch_chart(images, folder=tmp_path / "state", log=tmp_path / "log")
    # Twice: what an earlier one left is not taken.
    got = chaosmesh.fetch_chart(images, folder=tmp_path / "state", log=tmp_path / "log")
    said = Path(f"{helm}.asked").read_text()
    assert said.strip().rpartition(" --destination=")[0].strip() == asked
    assert Path(got.chart).read_text() == "chart"
    assert (got.chart_repository, got.chart_version) == (None, None)
    assert got.image_digests == {"chart": f"sha256:{hashlib.sha256(b'chart').hexdigest()}"}
    # A chart that is here is not pulled.
    assert chaosmesh.fetch_chart(got, folder=tmp_path, log=tmp_path / "log") is got


def test_helm_is_given_credentials_in_a_file(tmp_path: Path) -> None:
    helm = tmp_path / "helm-program"
    helm.write_text(CHART)
    helm.chmod(0o755)
    images = image_set(tmp_path, helm, "oci://m:5000/charts", None)
    images = images.model_copy(update={"credentials": SecretStr('{"auths": {}}')})
    chaosmesh.fetch_chart(images, folder=tmp_path / "state", log=tmp_path / "log")
    file = Path(Path(f"{helm}.asked").read_text().split()[0])
    assert file.read_text() == '{"auths": {}}'
    assert file.stat().st_mode & 0o777 == 0o600


def image_set(tmp_path: Path, helm: Path, repository: str, mirror: Mirror | None) -> ImageSet:
    return ImageSet(
        mode="registry",
        key="k",
        node_image="n",
        kind=tmp_path,
        helm=helm,
        kubectl=tmp_path,
        kubernetes="v1.37.0",
        images={},
        chart="chaos-mesh",
        chart_repository=repository,
        chart_version="2.8.4",
        mirror=mirror,
    )
