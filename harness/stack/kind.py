"""Makes and removes the kind cluster: the provider forced, the kubeconfig our own, every call bounded."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.kubernetes import credentials
from harness.stack import cluster_name
from harness.stack.engine import Engine
from harness.stack.imageset import ImageSet
from harness.stack.mirror import NODE_FOLDER

POD_SUBNET = "10.244.0.0/16"

_LIST_SECONDS = 30.0
_CREATE_SECONDS = 300.0
_DELETE_SECONDS = 90.0
# fixtures/images/node: the folder of archives to import, and the unit that does it.
_ARCHIVES = "/kind/more-images"
_IMPORT_UNIT = "chaos-harness-more-images.service"
_LABEL = "io.x-k8s.kind.cluster"
_ROLE_LABEL = "io.x-k8s.kind.role"
# https://kind.sigs.k8s.io/docs/user/private-registries/
_KUBELET_CREDENTIALS = "/var/lib/kubelet/config.json"
# kind sets none in its node images (images/base/files/etc/containerd/config.toml of v0.33.0), whose
# configuration is of version 2.
_CONTAINERD = f'''[plugins."io.containerd.grpc.v1.cri".registry]
  config_path = "{NODE_FOLDER}"
'''


@dataclass(frozen=True)
class Container:
    """A node's container, as the engine tells it: after a crash it may call a dead one running."""

    name: str
    running: bool
    id: str = ""


def config(
    images: ImageSet,
    *,
    workers: int,
    cgroup_v1: bool,
    mark: str | None = None,
    credentials: Path | None = None,
) -> str:
    """Return the configuration for `kind create cluster`, as YAML.

    Args:
        images: what the nodes are made of; only our own node image needs the kubeadm image names.
        workers: nodes besides the control plane.
        cgroup_v1: the host has cgroup v1, which kubelet 1.35 refuses unless told otherwise.
        mark: of `harness.stack.ownership`, put into every node.
        credentials: of registries, for the kubelet; a file in docker's format.
    """
    patches: list[dict[str, Any]] = []
    if workers:
        # Pods may run on the control plane too, so that N workers make N + 1 usable nodes. Of a single
        # node kind itself removes the taint, and fails when there is none.
        patches.append({"kind": "InitConfiguration", "nodeRegistration": {"taints": []}})
    if images.image_repository:
        cluster: dict[str, Any] = {
            "kind": "ClusterConfiguration",
            "imageRepository": images.image_repository,
        }
        if images.etcd_tag:
            cluster["etcd"] = {"local": {"imageTag": images.etcd_tag}}
        if images.coredns_tag:
            cluster["dns"] = {"imageTag": images.coredns_tag}
        patches.append(cluster)
    if cgroup_v1:
        patches.append({"kind": "KubeletConfiguration", "failCgroupV1": False})
    networking: dict[str, Any] = {"podSubnet": POD_SUBNET}
    if images.needs_own_cni:
        networking["disableDefaultCNI"] = True
    mounts: list[dict[str, Any]] = []
    if mark:
        mounts.append({"hostPath": "/dev/null", "containerPath": mark, "readOnly": True})
    if credentials:
        mounts.append({"hostPath": str(credentials), "containerPath": _KUBELET_CREDENTIALS, "readOnly": True})
    mounts += [
        {"hostPath": str(archive), "containerPath": f"{_ARCHIVES}/{number}-{archive.name}", "readOnly": True}
        for number, archive in enumerate(images.archives)
    ]
    roles = ["control-plane", *["worker"] * workers]
    # The hosts.toml files come later: the gateway of the nodes' network is known once there are nodes.
    containerd = {"containerdConfigPatches": [_CONTAINERD]} if images.mirror else {}
    return yaml.safe_dump(
        {
            "kind": "Cluster",
            "apiVersion": "kind.x-k8s.io/v1alpha4",
            "networking": networking,
            **containerd,
            "kubeadmConfigPatches": [yaml.safe_dump(patch, sort_keys=False) for patch in patches],
            "nodes": [{"role": role, "extraMounts": mounts} if mounts else {"role": role} for role in roles],
        },
        sort_keys=False,
    )


def labels(cluster: str, role: str) -> list[str]:
    """Return the labels of a node's container, by which kind and `containers` find it."""
    return [f"{_LABEL}={cluster}", f"{_ROLE_LABEL}={role}"]


def create(
    cluster: str,
    images: ImageSet,
    engine: Engine,
    *,
    text: str,
    kubeconfig: Path,
    logs: Path,
    cancel: threading.Event | None = None,
) -> None:
    """Create the cluster; `text` is `config`'s.

    Raises:
        CommandError: it failed; the nodes' own logs are then under `logs`.
    """
    kubeconfig.parent.mkdir(parents=True, exist_ok=True)
    try:
        process.run(
            "create the kind cluster",
            [
                images.kind,
                "create",
                "cluster",
                f"--name={cluster}",
                f"--image={images.node_image}",
                f"--kubeconfig={kubeconfig}",
                "--config=-",
                "--retain",
            ],
            timeout=_CREATE_SECONDS,
            env=engine.env,
            input_text=text,
            log=logs / "kind.log",
            cancel=cancel,
            next_step=f"see the nodes' logs in {logs / 'nodes'}",
        )
    except process.CommandError:
        if cancel is None or not cancel.is_set():
            _collect_logs(cluster, images, engine, logs)
        raise


def containers(cluster: str, engine: Engine) -> list[Container]:
    """Return the cluster's containers; asks the engine, as kind would, but needs no kind.

    Raises:
        UsageError: `cluster` is no name: an empty one selects the clusters of everybody.
    """
    cluster_name.check(cluster)
    result = engine.run(
        f"list the containers of {cluster}",
        [
            "ps",
            "--all",
            "--no-trunc",
            f"--filter=label={_LABEL}={cluster}",
            "--format={{.Names}}\t{{.State}}\t{{.ID}}",
        ],
        timeout=_LIST_SECONDS,
        next_step=f"restart {engine.name}",
    )
    found = []
    for line in result.stdout.splitlines():
        name, state, identity = (*line.split("\t"), "", "")[:3]
        if name:
            # Docker and newer podman say "running", podman 4.3 "Up 3 minutes ago".
            running = state.strip().lower().startswith(("running", "up"))
            found.append(Container(name, running, identity.strip()))
    return sorted(found, key=lambda container: container.name)


def delete(
    cluster: str, containers_: Sequence[Container], engine: Engine, *, kubeconfig: Path, logs: Path
) -> None:
    """Remove containers of a cluster and their volumes, whatever state they are in.

    Not by `kind delete cluster`, which removes whatever has the cluster's name by then.

    Args:
        cluster: its name.
        containers_: those that are proven to be ours (`harness.stack.ownership`); no other one is touched.
        engine: which has them.
        kubeconfig: removed with them.
        logs: the folder for the output.

    Raises:
        UsageError: `cluster` is no name.
        InfrastructureError: some container is still there afterwards.
    """
    ids = [container.id or container.name for container in containers_]
    if ids:
        # A node takes 10 s and more to stop by itself, of which nothing is kept.
        engine.run(f"end the containers of {cluster}", ["kill", *ids], timeout=_DELETE_SECONDS, check=False)
        engine.run(
            f"remove the containers of {cluster}",
            ["rm", "--force", "--volumes", *ids],
            timeout=_DELETE_SECONDS,
            log=logs / "kind.log",
            check=False,
        )
    for container in containers_:
        _remove_volumes(container.name, engine, logs)
    there = {container.id or container.name: container.name for container in containers(cluster, engine)}
    if left := [there[identity] for identity in ids if identity in there]:
        raise InfrastructureError(
            f"{engine.name} does not remove {', '.join(left)}",
            next_step=f"remove them by hand ({engine.name} rm --force), or restart {engine.name}",
            log=logs / "kind.log",
        )
    credentials.forget(kubeconfig)


def export_kubeconfig(cluster: str, engine: Engine, *, kind: Path, kubeconfig: Path, logs: Path) -> None:
    """Write the kubeconfig of a running cluster again."""
    process.run(
        "export the kubeconfig",
        [kind, "export", "kubeconfig", f"--name={cluster}", f"--kubeconfig={kubeconfig}"],
        timeout=_LIST_SECONDS,
        env=engine.env,
        log=logs / "kind.log",
    )


def wait_for_archives(engine: Engine, nodes: list[str], *, logs: Path, cancel: threading.Event) -> None:
    """Wait until each node has imported the archives that `config` mounted into it.

    A unit of our node image does it while kubeadm works; starting the unit waits for its end.

    Raises:
        CommandError: an archive could not be imported.
    """
    for node in nodes:
        engine.run(
            f"import the images into {node}",
            ["exec", node, "systemctl", "start", _IMPORT_UNIT],
            timeout=_CREATE_SECONDS,
            log=logs / "images.log",
            cancel=cancel,
        )


def _collect_logs(cluster: str, images: ImageSet, engine: Engine, logs: Path) -> None:
    with contextlib.suppress(process.CommandError):
        process.run(
            "collect the nodes' logs",
            [images.kind, "export", "logs", f"--name={cluster}", logs / "nodes"],
            timeout=_LIST_SECONDS,
            env=engine.env,
            log=logs / "kind.log",
        )


def _remove_volumes(container: str, engine: Engine, logs: Path) -> None:
    """Remove the volumes that kind labels with the container's name (podman only)."""
    if engine.name != "podman":
        return
    listed = engine.run(
        "list volumes",
        ["volume", "ls", f"--filter=label={container}", "--quiet"],
        timeout=_LIST_SECONDS,
        check=False,
    )
    if names := listed.stdout.split():
        engine.run(
            f"remove the volumes of {container}",
            ["volume", "rm", "--force", *names],
            timeout=_LIST_SECONDS,
            log=logs / "kind.log",
            check=False,
        )
