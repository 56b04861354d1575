"""Chaos Mesh, installed by its own chart with our values, and CRDs that fit its controller."""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.base.files import write_whole
from harness.chaosmesh import components
from harness.chaosmesh.webhook import await_webhook
from harness.kubernetes.client import Cluster
from harness.kubernetes.errors import ApiError
from harness.kubernetes.set_apart import TOLERATION
from harness.stack.helm_values import HelmValues
from harness.stack.imageset import ImageRef, ImageSet
from harness.stack.kubectl import Kubectl

NO_VALUES = HelmValues()
NAMESPACE = components.NAMESPACE
RELEASE = "chaos-mesh"
# Kind and name of each workload of the chart, by the job that Prometheus scrapes it as.
WORKLOADS = {
    **{job: (each.kind.lower(), each.name) for job, each in components.COMPONENTS.items()},
    components.DNS_SERVER: ("deployment", components.DNS_SERVER),
}

_CHART_SECONDS = 120.0
_HELM_SECONDS = 180.0
_CRD_SECONDS = 90.0
_READ_CRDS_SECONDS = 30.0
_ROLLOUT_SECONDS = 180.0
_WEBHOOK_SECONDS = 60.0


class PrunedFieldError(InfrastructureError):
    """The controller's API types know a field that the installed CRD drops."""


@dataclass(frozen=True)
class Pruned:
    """A field of a kind that the API server would drop from every object."""

    kind: str
    field: str


def jobs(images: ImageSet) -> list[str]:
    """Return the components that are installed, by the names of their scrape jobs."""
    return [job for job in WORKLOADS if job != components.DNS_SERVER or "dns-server" in images.images]


def values(images: ImageSet) -> dict[str, Any]:
    """Return the Helm values: one replica of each, containerd, the dashboard open to the cluster."""
    few = {"requests": {"cpu": "10m", "memory": "64Mi"}}
    result: dict[str, Any] = {
        "controllerManager": {
            # Every replica's gauges count all experiments, so sums over three replicas are threefold.
            "replicaCount": 1,
            "image": _image(images.images["controller-manager"]),
            "imagePullPolicy": "IfNotPresent",
            "resources": few,
            "podChaos": {"podFailure": {"pauseImage": str(images.images["pause"])}},
        },
        "chaosDaemon": {
            "image": _image(images.images["daemon"]),
            "imagePullPolicy": "IfNotPresent",
            "runtime": "containerd",
            "socketPath": "/run/containerd/containerd.sock",
        },
        "dashboard": {
            "create": True,
            "securityMode": False,
            "image": _image(images.images["dashboard"]),
            "imagePullPolicy": "IfNotPresent",
            "resources": few,
            "service": {"type": "ClusterIP"},
        },
        "dnsServer": {"create": False},
    }
    if images.uml:
        result["chaosDaemon"]["tolerations"] = [TOLERATION]
    if dns := images.images.get("dns-server"):
        result["dnsServer"] = {
            "create": True,
            "image": _image(dns),
            "imagePullPolicy": "IfNotPresent",
            "resources": few,
        }
    return result


def apply_crds(kubectl: Kubectl, crds: Path) -> None:
    """Install the CRDs in the folder, over whatever is there.

    Raises:
        CommandError: the API server refused one.
    """
    # Server-side: the larger ones do not fit into the annotation of a client-side apply.
    kubectl.run(
        "install the CRDs",
        "apply",
        "--server-side",
        "--force-conflicts",
        f"--filename={crds}",
        timeout=_CRD_SECONDS,
    )


def fetch_chart(
    images: ImageSet, *, folder: Path, log: Path, cancel: threading.Event | None = None
) -> ImageSet:
    """Return the set with its chart as a file: pulled from its repository unless it is one already.

    Args:
        images: names the chart.
        folder: takes the chart, and Helm's own state.
        log: takes Helm's output.
        cancel: ends Helm once it is set.

    Raises:
        CommandError: Helm does not get it.
    """
    if not images.chart_repository:
        return images
    where = folder / "chart"
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    repository, mirror = images.chart_repository.rstrip("/"), images.mirror
    # Helm refuses --repo with a registry: the chart is a part of the address there.
    oci = repository.startswith("oci://")
    named = [f"{repository}/{images.chart}"] if oci else [images.chart, "--repo", repository]
    if images.chart_version:
        named += ["--version", images.chart_version]
    own = helm_environment(folder)
    if mirror and _host_of(repository) == mirror.host:
        if oci and mirror.plain_http:
            named.append("--plain-http")
        elif mirror.ca:
            named.append(f"--ca-file={mirror.ca}")
    if images.credentials:
        kept = write_whole(folder / "helm" / "registries.json", images.credentials.get_secret_value())
        own["HELM_REGISTRY_CONFIG"] = str(kept)
    process.run(
        f"get the chart {images.chart} from {repository}",
        [images.helm, "pull", *named, f"--destination={where}"],
        timeout=_CHART_SECONDS,
        env=own,
        log=log,
        cancel=cancel,
        next_step="check that it has this version, or name a chart with --chaos-mesh-chart",
    )
    file = next(where.glob("*.tgz"))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    return images.model_copy(
        update={
            "chart": str(file),
            "chart_repository": None,
            "chart_version": None,
            "image_digests": {**images.image_digests, "chart": f"sha256:{digest}"},
        }
    )


def helm_environment(folder: Path) -> dict[str, str]:
    """Return variables that keep Helm's caches and its user's repositories out of it."""
    names = ("HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME")
    return {name: str(folder / "helm") for name in names}


def _host_of(repository: str) -> str:
    return repository.partition("://")[2].partition("/")[0]


def install(
    kubectl: Kubectl, images: ImageSet, *, folder: Path, log: Path, more: HelmValues = NO_VALUES
) -> None:
    """Install or upgrade Chaos Mesh, without waiting for its pods.

    Args:
        kubectl: the cluster.
        images: chart and images; the chart is a file or a folder (`fetch_chart`).
        folder: takes the values file and Helm's own state.
        log: takes Helm's output.
        more: the user's own values, over ours.

    Raises:
        CommandError: Helm failed.
    """
    file = write_whole(folder / "chaos-mesh-values.json", json.dumps(values(images), indent=2))
    where: list[str | Path] = [images.chart]
    if images.crds:
        where.append("--skip-crds")
    process.run(
        "install Chaos Mesh",
        [
            images.helm,
            "upgrade",
            "--install",
            RELEASE,
            *where,
            f"--namespace={NAMESPACE}",
            "--create-namespace",
            f"--values={file}",
            *more.arguments(),
            f"--kubeconfig={kubectl.kubeconfig}",
            f"--timeout={_HELM_SECONDS:.0f}s",
        ],
        timeout=_HELM_SECONDS + 10,
        env=helm_environment(folder),
        log=log,
        cancel=kubectl.cancel,
    )


def wait_ready(
    kubectl: Kubectl, cluster: Cluster, images: ImageSet, *, seconds: float = _ROLLOUT_SECONDS
) -> None:
    """Wait until every component runs and the webhook takes an experiment.

    Args:
        kubectl: the cluster.
        cluster: the same one.
        images: what of Chaos Mesh is installed.
        seconds: the bound of each rollout.

    Raises:
        CommandError: a rollout did not end in time.
        InfrastructureError: the webhook takes none, with the API server's last answer.
    """
    for job in jobs(images):
        kind, name = WORKLOADS[job]
        kubectl.rollout(kind, NAMESPACE, name, timeout=seconds)
    try:
        await_webhook(cluster, _WEBHOOK_SECONDS, sleep=kubectl.pause)
    except ApiError as error:
        raise InfrastructureError(
            f"the webhook of {components.MANAGER} takes no experiment after {_WEBHOOK_SECONDS:.0f} s",
            next_step="look at its pod, then run `chaos-harness up` again",
            details=error.details or [error.problem],
        ) from error


def check_crds(cluster: Cluster, wanted: list[dict[str, Any]]) -> None:
    """Compare the installed CRDs with `wanted`: those generated from the controller's API types.

    A field that the types know and the CRD prunes makes the webhook refuse updates of unchanged objects:
    it sees the field's default on one side only.

    Raises:
        PrunedFieldError: names kinds and fields.
    """
    installed = cluster.list("CustomResourceDefinition", timeout=_READ_CRDS_SECONDS)
    pruned = [
        lost
        for definition in wanted
        for lost in pruned_fields(definition, _named(installed, definition["metadata"]["name"]))
    ]
    if pruned:
        shown = [f"{lost.kind}: {lost.field}" for lost in pruned[:20]]
        raise PrunedFieldError(
            f"the installed CRD of {pruned[0].kind} drops {pruned[0].field}, which the API type has",
            next_step="install the CRDs of the same version as the controller (chaos-harness up --fresh)",
            details=shown + ([f"and {len(pruned) - 20} more"] if len(pruned) > 20 else []),
        )


def pruned_fields(wanted: dict[str, Any], installed: dict[str, Any] | None) -> list[Pruned]:
    """Return the fields of one CRD that the installed one lacks; the whole kind when it is missing."""
    kind = wanted["spec"]["names"]["kind"]
    if installed is None:
        return [Pruned(kind, "(the whole kind)")]
    there = _schemas(installed)
    lost: list[Pruned] = []
    for version, schema in _schemas(wanted).items():
        if version not in there:
            lost.append(Pruned(kind, f"(the version {version})"))
            continue
        lost += [Pruned(kind, field) for field in _missing(schema, there[version], "")]
    return lost


def read_crds(folder: Path) -> list[dict[str, Any]]:
    """Return the definitions in the folder's YAML files; some 3 MB, which take seconds to parse."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return [
        document
        for path in sorted(folder.glob("*.yaml"))
        for document in yaml.load_all(path.read_text(), loader)
        if document and document.get("kind") == "CustomResourceDefinition"
    ]


def _missing(wanted: dict[str, Any], installed: dict[str, Any], path: str) -> Iterator[str]:
    if installed.get("x-kubernetes-preserve-unknown-fields"):
        return
    there = installed.get("properties", {})
    for name, schema in wanted.get("properties", {}).items():
        field = f"{path}.{name}" if path else name
        if name in there:
            yield from _missing(schema, there[name], field)
        elif not isinstance(installed.get("additionalProperties"), dict):
            yield field
    for key, mark in (("items", "[]"), ("additionalProperties", "{}")):
        if isinstance(wanted.get(key), dict) and isinstance(installed.get(key), dict):
            yield from _missing(wanted[key], installed[key], path + mark)


def _schemas(definition: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        version["name"]: version.get("schema", {}).get("openAPIV3Schema", {})
        for version in definition["spec"]["versions"]
    }


def _named(items: list[dict[str, Any]], name: str) -> dict[str, Any] | None:
    return next((item for item in items if item["metadata"]["name"] == name), None)


def _image(ref: ImageRef) -> dict[str, str]:
    return {"registry": ref.registry, "repository": ref.repository, "tag": ref.tag}
