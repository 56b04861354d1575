"""Fills the registry of ci/registry-demo with what a mirror has: images by their public names, and the chart.

The images are those that are built from source, as they are: they stand for the published ones. kindest/node
cannot be had without a registry; the node image that is built stands for it, with a layer that has what kind
expects of its own: Kubernetes' images under their published names, and a pod network of one node.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import requests

from harness.base import places, process
from harness.base.progress import Progress
from harness.image_build import published, recipes, source
from harness.image_build.archive import digest_of_layer, write_layer
from harness.image_build.names import REGISTRY
from harness.stack import engine
from harness.stack.cni import CONFLIST, conflist
from harness.stack.imageset import ImageSet
from harness.stack.mirror import from_environment
from harness.stack.pulling import NODE

_SECONDS = 120.0
_ONE_NODE = "10.244.0.0/24"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_OF_IMAGES = ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar")
# https://helm.sh/docs/topics/registries/#helm-chart-manifest
_OF_CHARTS = (
    "application/vnd.cncf.helm.config.v1+json",
    "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
)
# kind applies it in place of its own pod network, which needs an image that only its own nodes have.
_NO_CNI = (
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: pod-network-of-one-node, namespace: kube-system}\n"
)


class Pushing:
    """Writes to a registry by its HTTP API: https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push."""

    def __init__(self, url: str, login: tuple[str, str] | None, ca: str | None) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.auth = login
        self.session.verify = ca or True
        # A .netrc or a proxy of the user's is not meant for a registry on this machine.
        self.session.trust_env = False

    def blob(self, repository: str, digest: str, size: int, content: IO[bytes] | bytes) -> None:
        there = self.session.head(f"{self.url}/v2/{repository}/blobs/{digest}", timeout=_SECONDS)
        if there.status_code == 200:
            return
        begun = self.session.post(f"{self.url}/v2/{repository}/blobs/uploads/", timeout=_SECONDS)
        begun.raise_for_status()
        place = begun.headers["Location"]
        place = place if "://" in place else self.url + place
        self.session.put(
            place,
            params={"digest": digest},
            data=content,
            headers={"Content-Type": "application/octet-stream", "Content-Length": str(size)},
            timeout=_SECONDS,
        ).raise_for_status()

    def manifest(
        self,
        repository: str,
        tag: str,
        config: bytes,
        layers: list[tuple[str, int]],
        types: tuple[str, str] = _OF_IMAGES,
    ) -> None:
        self.blob(repository, _digest(config), len(config), config)
        of_config, of_layers = types
        manifest = {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": {"mediaType": of_config, "digest": _digest(config), "size": len(config)},
            "layers": [{"mediaType": of_layers, "digest": digest, "size": size} for digest, size in layers],
        }
        self.session.put(
            f"{self.url}/v2/{repository}/manifests/{tag}",
            data=json.dumps(manifest).encode(),
            headers={"Content-Type": _MANIFEST},
            timeout=_SECONDS,
        ).raise_for_status()

    def archive(self, path: Path, names: dict[str, tuple[str, str]], more: Path | None = None) -> None:
        """Push images of an archive.

        Args:
            path: the archive, as `harness.image_build.archive` writes it: layers are named by their digests.
            names: name in the archive to repository and tag in the registry.
            more: one more layer on top of each.
        """
        with tarfile.open(path) as tar:
            for described in json.loads(_read(tar, "manifest.json")):
                for name in described["RepoTags"]:
                    if name not in names:
                        continue
                    repository, tag = names[name]
                    config, layers = _read(tar, described["Config"]), []
                    for layer in described["Layers"]:
                        digest, size = f"sha256:{layer.removesuffix('.tar')}", tar.getmember(layer).size
                        self.blob(repository, digest, size, _content(tar, layer))
                        layers.append((digest, size))
                    if more:
                        top = digest_of_layer(more)
                        with more.open("rb") as content:
                            self.blob(repository, f"sha256:{top.digest}", more.stat().st_size, content)
                        layers.append((f"sha256:{top.digest}", more.stat().st_size))
                        config = _with_layer(config, top.digest)
                    self.manifest(repository, tag, config, layers)


def _place(name: str, host: str) -> tuple[str, str]:
    repository, _, tag = name.removeprefix(f"{host}/").rpartition(":")
    return repository, tag


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _content(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    found = tar.extractfile(name)
    assert found is not None
    return found


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    return _content(tar, name).read()


def _with_layer(config: bytes, digest: str) -> bytes:
    settings: dict[str, Any] = json.loads(config)
    settings["rootfs"]["diff_ids"].append(f"sha256:{digest}")
    settings["history"].append({"created_by": "ci/registry"})
    return json.dumps(settings, sort_keys=True).encode()


def _aliases(kubeadm: Path, images: ImageSet) -> Iterator[tuple[str, str]]:
    """Yield Kubernetes' images as the node has them, and as kubeadm asks for them by default."""
    tags = {"etcd": images.etcd_tag, "coredns": images.coredns_tag}
    listed = process.run(
        "list Kubernetes' images",
        [kubeadm, "config", "images", "list", f"--kubernetes-version={images.kubernetes}"],
        timeout=_SECONDS,
    )
    for name in listed.stdout.split():
        short = name.rpartition("/")[2].partition(":")[0]
        if short != "pause":
            yield f"{REGISTRY}/{short}:{tags.get(short, images.kubernetes)}", name


def _node_layer(out: Path, images: ImageSet) -> None:
    kubeadm = images.kubectl.with_name("kubeadm")
    tagging = "".join(
        f"ExecStartPost=/usr/bin/ctr --namespace=k8s.io images tag --force {own} {public}\n"
        for own, public in _aliases(kubeadm, images)
    )
    write_layer(
        out,
        {
            CONFLIST.lstrip("/"): conflist(_ONE_NODE).encode(),
            "kind/manifests/default-cni.yaml": _NO_CNI.encode(),
            "etc/systemd/system/chaos-harness-images.service.d/names.conf": f"[Service]\n{tagging}".encode(),
        },
    )


def _chart(images: ImageSet, version: str, out: Path) -> Path:
    """Write the chart as a release has it: with its version, and CRDs that fit the manager."""
    with tempfile.TemporaryDirectory() as scratch:
        chart = Path(scratch) / "chaos-mesh"
        shutil.copytree(images.chart, chart)
        if images.crds:
            shutil.rmtree(chart / "crds")
            shutil.copytree(images.crds, chart / "crds")
        process.run(
            "package the chart",
            [
                images.helm,
                "package",
                chart,
                f"--version={version}",
                f"--app-version={version}",
                f"--destination={out}",
            ],
            timeout=_SECONDS,
        )
    return out / f"chaos-mesh-{version}.tgz"


def main(charts: Path, login: str, kubernetes: str) -> None:
    """Fill the mirror of the environment; the chart repository is the folder `charts`."""
    progress, logs = Progress(), places.state_dir() / "logs"
    mirror = from_environment()
    assert mirror is not None
    images = source.prepare(engine=engine.find(progress, install=True), progress=progress, logs=logs)
    assert images.kubernetes == kubernetes, f"built is {images.kubernetes}: give that one"
    listed = {each.role: each.used for each in published.published(None, images.kubernetes)}
    names = {role: _place(name, mirror.host) for role, name in listed.items()}
    user, _, password = login.partition(":")
    to = Pushing(mirror.url, (user, password) if login else None, str(mirror.ca) if mirror.ca else None)
    with progress.step("filling the registry", "10-30 s"), tempfile.TemporaryDirectory() as scratch:
        to.archive(images.archives[0], {str(image): names[role] for role, image in images.images.items()})
        layer = Path(scratch) / "node.layer"
        _node_layer(layer, images)
        to.archive(_node_archive(images), {images.node_image: names[NODE]}, layer)
        # Not among what is loaded into nodes: whether they can pull by themselves is seen by it.
        to.archive(images.archives[0], {str(images.images["pause"]): ("demo/pulled-by-a-node", "v1")})
        version = published.chart_name()[1]
        data = _chart(images, version, charts).read_bytes()
        process.run(
            "write the chart repository",
            [images.helm, "repo", "index", charts, f"--url={mirror.url}/charts"],
            timeout=_SECONDS,
        )
        config = json.dumps({"name": "chaos-mesh", "version": version}).encode()
        to.blob("charts/chaos-mesh", _digest(data), len(data), data)
        to.manifest("charts/chaos-mesh", version, config, [(_digest(data), len(data))], _OF_CHARTS)


def _node_archive(images: ImageSet) -> Path:
    """Return the archive of the node image, which was loaded into the engine from it."""
    folder = places.cache_dir() / "images" / "node"
    for name in folder.glob(f"*/{recipes.NODE_NAME}"):
        if name.read_text().strip() == images.node_image:
            return name.with_name(recipes.NODE_ARCHIVE)
    raise SystemExit(f"the archive of {images.node_image} is not in {folder}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
