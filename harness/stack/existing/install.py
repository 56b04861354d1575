"""Installs Chaos Mesh by its chart in a cluster that is not ours, and removes it again."""

from __future__ import annotations

import contextlib

from harness.base import process
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.kubernetes.client import Cluster, ConflictError
from harness.kubernetes.namespaces import INSTALLED
from harness.stack import chaosmesh
from harness.stack.helm_values import HelmValues
from harness.stack.imageset import ImageSet
from harness.stack.kubectl import Kubectl
from harness.stack.state import StateFolder

_CONTAINERD = "containerd://"
_GROUP = ".chaos-mesh.org"
_UNINSTALL_SECONDS = 120.0
_GONE_SECONDS = 60.0
_CRD_SECONDS = 30.0
# Their nodes pull the images.
_ROLLOUT_SECONDS = 600.0


def install(
    cluster: Cluster,
    state: StateFolder,
    images: ImageSet,
    identity: str,
    progress: Progress,
    *,
    more: HelmValues = chaosmesh.NO_VALUES,
) -> None:
    """Install Chaos Mesh where nothing of it is, and wait until it works.

    Its namespace gets the label by which `remove` knows that it may remove it.

    Raises:
        UsageError: the namespace is there already, or a node has another container runtime than containerd.
        CommandError: Helm failed, or a component does not become ready.
    """
    _check_runtimes(cluster)
    metadata = {"name": chaosmesh.NAMESPACE, "labels": {INSTALLED: identity}}
    try:
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    except ConflictError as error:
        if not installed(cluster, identity):
            raise UsageError(
                f"the namespace {chaosmesh.NAMESPACE} is there already, without Chaos Mesh",
                next_step="install Chaos Mesh yourself, or remove the namespace",
            ) from error
    state.save_programs(images)
    kubectl = Kubectl(images.kubectl, state.kubeconfig, state.logs / "install.log")
    with progress.step("installing Chaos Mesh", "5-10 s"):
        images = chaosmesh.fetch_chart(images, folder=state.folder, log=state.logs / "chaos-mesh.log")
        if images.crds:
            chaosmesh.apply_crds(kubectl, images.crds)
        chaosmesh.install(kubectl, images, folder=state.folder, log=state.logs / "chaos-mesh.log", more=more)
    with progress.step("waiting for Chaos Mesh", "5-15 s"):
        chaosmesh.wait_ready(kubectl, cluster, images, seconds=_ROLLOUT_SECONDS)


def installed(cluster: Cluster, identity: str) -> bool:
    """Return whether the harness has installed Chaos Mesh in the cluster."""
    found = cluster.get("Namespace", chaosmesh.NAMESPACE)
    return found is not None and (found["metadata"].get("labels") or {}).get(INSTALLED) == identity


def remove(cluster: Cluster, state: StateFolder, identity: str, progress: Progress) -> list[str]:
    """Remove the Chaos Mesh that the harness has installed, CRDs and all; return what that was.

    Raises:
        UsageError: Helm is not there any more.
        CommandError: Helm failed.
    """
    if not installed(cluster, identity):
        return []
    helm = state.program("helm")
    if helm is None:
        raise UsageError(
            "Helm, which installed Chaos Mesh, is not on PATH any more",
            next_step=f"install it, or remove the release {chaosmesh.RELEASE} by hand",
        )
    with progress.step("removing Chaos Mesh"):
        process.run(
            "uninstall Chaos Mesh",
            [
                helm,
                "uninstall",
                chaosmesh.RELEASE,
                f"--namespace={chaosmesh.NAMESPACE}",
                f"--kubeconfig={state.kubeconfig}",
                "--ignore-not-found",
                "--wait",
                f"--timeout={_UNINSTALL_SECONDS:.0f}s",
            ],
            timeout=_UNINSTALL_SECONDS + 10,
            log=state.logs / "chaos-mesh.log",
        )
        for found in cluster.list("CustomResourceDefinition", timeout=_CRD_SECONDS):
            if (name := str(found["metadata"]["name"])).endswith(_GROUP):
                cluster.delete("CustomResourceDefinition", name, uid=str(found["metadata"]["uid"]))
        cluster.delete("Namespace", chaosmesh.NAMESPACE)
        with contextlib.suppress(ConflictError):
            cluster.wait_gone("Namespace", chaosmesh.NAMESPACE, None, _GONE_SECONDS)
    return [f"release {chaosmesh.RELEASE}", f"Namespace {chaosmesh.NAMESPACE}"]


def _check_runtimes(cluster: Cluster) -> None:
    others = [
        f"node {node['metadata']['name']}: {runtime}"
        for node in cluster.list("Node")
        if not (runtime := str(node["status"]["nodeInfo"]["containerRuntimeVersion"])).startswith(_CONTAINERD)
    ]
    if others:
        raise UsageError(
            "the harness installs Chaos Mesh for containerd, and nodes have another container runtime",
            next_step="install it yourself, with chaosDaemon.runtime and chaosDaemon.socketPath",
            details=others,
        )
