"""Images by version from a registry: what most users have."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from harness.base import bundled, places, process
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.chaosmesh.release import RELEASE, Release
from harness.image_build import recipes
from harness.image_build.artefact import digest_of
from harness.image_build.byteman import Byteman
from harness.image_build.chart import RELEASE as RELEASE_NAME
from harness.image_build.golang import Go
from harness.image_build.graph import build_all
from harness.image_build.names import DOCKER_HUB, ImageNames, parse
from harness.image_build.pins import KIND, Pins, version_of
from harness.image_build.probe import RegistryProbe, probe_images
from harness.image_build.store import Store
from harness.stack import login
from harness.stack.imageset import ImageRef, ImageSet
from harness.stack.mirror import Mirror, from_environment

CHARTS_VARIABLE = "CHAOS_HARNESS_CHART_REPOSITORY"
CHART = "chaos-mesh"
_NODE = "kindest/node"

_VERSION_SECONDS = 30.0


@dataclass(frozen=True)
class Program:
    """A program that is used from PATH when its version fits.

    Attributes:
        name: the program.
        version: the arguments that make it say its version.
        fits: whether what it says will do.
        wanted: the version in words, for messages.
    """

    name: str
    version: tuple[str, ...]
    fits: Callable[[str], bool]
    wanted: str

    def on_path(self) -> Path | None:
        """Return where the program is on PATH in a version that fits."""
        found = shutil.which(self.name)
        if not found:
            return None
        told = process.run(
            f"ask {self.name} for its version", [found, *self.version], timeout=_VERSION_SECONDS, check=False
        )
        return Path(found) if told.returncode == 0 and self.fits(told.stdout) else None


def prepare(
    *,
    progress: Progress,
    logs: Path,
    chaos_mesh_version: str | None = None,
    kubernetes_version: str | None = None,
) -> ImageSet:
    """Return images by version; kind, Helm and kubectl from PATH, or built from their Go modules.

    Args:
        progress: where builds are announced.
        logs: the folder for builds' logs.
        chaos_mesh_version: a release of Chaos Mesh, such as 2.8.4 (default: the pinned one).
        kubernetes_version: of kind's node image, such as 1.34.0 (default: that of the pinned kind).

    Raises:
        UsageError: a version is none, the environment names no registry, or a program is missing (or too
            different) and there is no Go to build it.
    """
    fixtures = bundled.fixtures()
    pins = Pins.load(fixtures)
    chaos_mesh = release_of(chaos_mesh_version or pins.registry.chaos_mesh)
    mirror = from_environment()
    repository = chart_repository(pins, mirror)
    stack = fixtures / "images" / "stack"
    kubernetes = kubernetes_of(kubernetes_version) if kubernetes_version else pins.registry.kubernetes
    programs = find_or_build(
        programs_for(stack, kubernetes),
        pins=pins,
        fixtures=fixtures,
        progress=progress,
        logs=logs,
    )
    images = images_for(pins, chaos_mesh, mirror)
    node = str(node_image(pins, kubernetes, mirror))
    hosts = {mirror.host if mirror else DOCKER_HUB}
    hosts |= {image.registry.split("/", 1)[0] for image in images.values()}
    if repository.startswith("oci://"):
        hosts.add(repository.removeprefix("oci://").split("/", 1)[0])
    versions = {
        "kubernetes": kubernetes,
        "kind": version_of(KIND, stack),
        "chaos-mesh": f"v{chaos_mesh}",
        "prometheus": pins.registry.prometheus,
        "grafana": pins.registry.grafana,
    }
    return ImageSet(
        mode="registry",
        key=digest_of(
            [
                versions,
                node,
                {role: str(image) for role, image in images.items()},
                *([mirror.url] if mirror else []),
            ]
        ),
        node_image=node,
        kind=programs["kind"],
        helm=programs["helm"],
        kubectl=programs["kubectl"],
        kubernetes=kubernetes,
        images=images,
        chart=CHART,
        chart_repository=repository,
        chart_version=chaos_mesh,
        versions={**versions, RELEASE: str(Release.of(chaos_mesh))},
        mirror=mirror,
        credentials=SecretStr(known) if (known := login.settings_for(hosts)) else None,
    )


def release_of(version: str) -> str:
    """Return a release of Chaos Mesh as its chart is versioned: no v before it.

    Raises:
        UsageError: it is none: images and chart of `latest` or of a branch are not published under one name.
    """
    if not RELEASE_NAME.fullmatch(version):
        raise UsageError(
            f"{version!r} is no release of Chaos Mesh",
            next_step="name one such as 2.8.4; what is in no release is built (--chaos-mesh-source DIR) "
            "or given (--chaos-mesh-images with --chaos-mesh-chart)",
        )
    return version.removeprefix("v")


def chart_repository(pins: Pins, mirror: Mirror | None) -> str:
    """Return where the chart comes from: what the environment names, else the mirror, else the pinned one.

    Raises:
        UsageError: the environment names no repository.
    """
    named = os.environ.get(CHARTS_VARIABLE, "").strip().rstrip("/")
    if named and not re.fullmatch(r"(oci|https?)://[^\s/@]+(/\S*)?", named):
        raise UsageError(
            f"{CHARTS_VARIABLE}={named} names no chart repository",
            next_step="write oci://host:port/path for a registry, or https://host/path for a repository "
            "with an index.yaml",
        )
    return named or (f"oci://{mirror.prefix}/charts" if mirror else pins.registry.chart_repository)


def node_image(pins: Pins, kubernetes: str, mirror: Mirror | None) -> ImageRef:
    """Return kind's image of nodes; where it is published, that of kind's default by its digest."""
    if mirror:
        return ImageRef(registry=mirror.prefix, repository=_NODE, tag=kubernetes)
    pinned = f"@{pins.registry.node_digest}" if kubernetes == pins.registry.kubernetes else ""
    return ImageRef(registry=DOCKER_HUB, repository=_NODE, tag=kubernetes + pinned)


def kubernetes_of(version: str) -> str:
    """Return a version as tags of node images have it."""
    found = "v" + version.removeprefix("v")
    if not re.fullmatch(r"v1\.\d+\.\d+", found):
        raise UsageError(
            f"{version!r} is no version of Kubernetes",
            next_step="name one that kind has a node image of, such as 1.34.0",
        )
    return found


def images_for(pins: Pins, chaos_mesh: str, mirror: Mirror | None) -> dict[str, ImageRef]:
    """Return the images by role; a mirror takes the place of every registry."""
    prefix = mirror.prefix if mirror else ""
    own = prefix or pins.registry.chaos_mesh_registry
    images = {
        role: ImageRef(registry=own, repository=f"chaos-mesh/{name}", tag=f"v{chaos_mesh}")
        for role, name in (
            ("controller-manager", "chaos-mesh"),
            ("daemon", "chaos-daemon"),
            ("dashboard", "chaos-dashboard"),
        )
    }
    # It has versions of its own; the charts since v2.8.0 name this one.
    images["dns-server"] = ImageRef(
        registry=own, repository="chaos-mesh/chaos-coredns", tag=pins.registry.dns_server
    )
    others = {
        "prometheus": f"prom/prometheus:{pins.registry.prometheus}",
        "grafana": f"grafana/grafana:{pins.registry.grafana}",
        "workload": pins.registry.workload,
        "pause": pins.registry.pause,
    }
    for role, name in others.items():
        image = parse(name)
        images[role] = image.model_copy(update={"registry": prefix}) if prefix else image
    return images


def programs_for(stack: Path, kubernetes: str) -> tuple[Program, ...]:
    """Return the programs and what versions of them fit."""
    kind = version_of(KIND, stack)
    minor = int(kubernetes.split(".")[1])

    def kubectl_fits(told: str) -> bool:
        # https://kubernetes.io/releases/version-skew-policy/#kubectl
        found = re.search(r"v1\.(\d+)\.", told)
        return found is not None and abs(int(found[1]) - minor) <= 1

    return (
        Program("kind", ("version",), lambda told: f"{kind} " in told, kind),
        Program("helm", ("version", "--short"), lambda told: told.startswith("v3."), "v3"),
        Program("kubectl", ("version", "--client"), kubectl_fits, f"v1.{minor - 1} to v1.{minor + 1}"),
    )


def find_or_build(
    programs: tuple[Program, ...], *, pins: Pins, fixtures: Path, progress: Progress, logs: Path
) -> dict[str, Path]:
    """Return each program: the one on PATH if its version fits, else built from its pinned Go module.

    Raises:
        UsageError: one does not fit, and there is no Go.
    """
    found = {program.name: program.on_path() for program in programs}
    missing = [program for program in programs if not found[program.name]]
    if missing:
        if not shutil.which("go"):
            wanted = ", ".join(f"{program.name} {program.wanted}" for program in missing)
            raise UsageError(
                f"not on PATH: {wanted}; and there is no Go to build them with",
                next_step=f"install {wanted}, or Go",
            )
        cancel = threading.Event()
        made = recipes.make(
            fixtures=fixtures,
            pins=pins,
            names=ImageNames("", "", pins.debian.suite),
            go=Go.on_path(cancel),
            byteman=Byteman(None),
        )
        artefacts = {made.kubectl if program.name == "kubectl" else made.tools for program in missing}
        store = Store(places.cache_dir() / "images")
        entries = build_all(artefacts, store=store, progress=progress, logs=logs, cancel=cancel)
        for program in missing:
            artefact = made.kubectl if program.name == "kubectl" else made.tools
            found[program.name] = entries[artefact.name].path(program.name)
    return {name: path for name, path in found.items() if path}


def probe() -> RegistryProbe:
    """Return whether each registry that serves an image has it, asking all at once for 5 s at most.

    Raises:
        UsageError: the environment names no registry.
    """
    pins = Pins.load(bundled.fixtures())
    mirror = from_environment()
    images = list(images_for(pins, pins.registry.chaos_mesh, mirror).values())
    return probe_images([node_image(pins, pins.registry.kubernetes, mirror), *images], mirror)
