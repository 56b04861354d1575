"""The names of the images that are built from source."""

from __future__ import annotations

from dataclasses import dataclass

from harness.stack.imageset import ImageRef

# Resolves nowhere: an image that was not imported fails at once, it is not looked for.
REGISTRY = "chaos-harness.local"
DOCKER_HUB = "docker.io"
NODE_REPOSITORY = "localhost/chaos-harness/node"
PAUSE_TAG = "v1"
ROLES = ("controller-manager", "daemon", "dashboard", "dns-server", "prometheus", "workload", "pause")
"""Those of every set; the image `jvm` is built where byteman can be had."""


@dataclass(frozen=True)
class ImageNames:
    """The names of the images that go into a cluster, by role.

    Attributes:
        chaos_mesh_tag: the tag of Chaos Mesh's three images.
        prometheus_tag: the tag of Prometheus' image.
        suite: the Debian suite, which is the workload image's tag.
        dns_server_tag: the tag of the DNS server's image.
    """

    chaos_mesh_tag: str
    prometheus_tag: str
    suite: str
    dns_server_tag: str = ""

    def of(self, role: str) -> ImageRef:
        """Return a role's image.

        Raises:
            KeyError: there is no such role.
        """
        repository, tag = {
            "controller-manager": ("chaos-mesh/chaos-mesh", self.chaos_mesh_tag),
            "daemon": ("chaos-mesh/chaos-daemon", self.chaos_mesh_tag),
            "dashboard": ("chaos-mesh/chaos-dashboard", self.chaos_mesh_tag),
            "dns-server": ("chaos-mesh/chaos-coredns", self.dns_server_tag),
            "prometheus": ("prometheus", self.prometheus_tag),
            "workload": ("workload", self.suite),
            "jvm": ("jvm-workload", self.suite),
            "pause": ("pause", PAUSE_TAG),
        }[role]
        return ImageRef(registry=REGISTRY, repository=repository, tag=tag)


def parse(name: str) -> ImageRef:
    """Return the parts of an image's name; without a registry in it, it is on Docker Hub.

    Raises:
        ValueError: the name has no tag.
    """
    path, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        raise ValueError(f"the image {name} has no tag")
    first, slash, rest = path.partition("/")
    if slash and ("." in first or ":" in first or first == "localhost"):
        return ImageRef(registry=first, repository=rest, tag=tag)
    return ImageRef(registry=DOCKER_HUB, repository=path if slash else f"library/{path}", tag=tag)
