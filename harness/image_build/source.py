"""Images compiled from pinned Go modules and made from Debian packages; no registry is asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from harness.base import bundled, places
from harness.base.progress import Progress
from harness.base.stand_in import StandIn
from harness.chaosmesh.release import RELEASE
from harness.image_build import byteman, chaosmesh, debian, java, recipes, release, requirements, uml
from harness.image_build.artefact import CacheEntry, digest_of
from harness.image_build.daemon_programs import DaemonPrograms
from harness.image_build.golang import Go
from harness.image_build.graph import build_all
from harness.image_build.names import REGISTRY, ROLES, ImageNames
from harness.image_build.pins import (
    CHAOS_MESH,
    CHAOS_MESH_API,
    COREDNS,
    DNS_SERVER,
    ETCD,
    HELM,
    KIND,
    KUBERNETES,
    PROMETHEUS,
    Pins,
    version_of,
)
from harness.image_build.programs import Programs
from harness.image_build.store import Store
from harness.stack.engine import Engine
from harness.stack.imageset import ImageSet

_LOAD_SECONDS = 300.0
_ASK_SECONDS = 30.0

STAND_INS = [
    StandIn(
        name="nsexec",
        replaces="github.com/chaos-mesh/nsexec",
        limits="with -l only a static command keeps the caller's libraries in another mount namespace",
    ),
    StandIn(
        name="memStress",
        replaces="github.com/chaos-mesh/memStress",
        limits="takes --workers, --size (shared by the workers) and --time (linear growth), no other option",
    ),
    StandIn(
        name="dns-server",
        replaces="ghcr.io/chaos-mesh/chaos-coredns v0.2.8",
        limits="the real plugin at v0.2.0 in CoreDNS v1.7.0; an answer that v0.2.0 lacks is added",
    ),
]


def prepare(
    *,
    engine: Engine,
    progress: Progress,
    logs: Path,
    chaos_mesh_source: Path | None = None,
    daemon_programs: Path | None = None,
    uml_worker: bool = False,
) -> ImageSet:
    """Build what is not in the cache, load the node image into the engine, and return the set.

    Args:
        engine: takes the node image.
        progress: where the steps are announced.
        logs: the folder for the steps' logs.
        chaos_mesh_source: a checkout of Chaos Mesh to be built in place of the pinned module.
        daemon_programs: a folder with programs for the image of chaos-daemon.
        uml_worker: build what a worker in user-mode Linux needs, too.

    Raises:
        UsageError: Go is missing, or the checkout or a given program is none.
        InfrastructureError: not root, a tool is missing, or a build failed.
    """
    fixtures = bundled.fixtures()
    pins = Pins.load(fixtures)
    checkout = chaosmesh.Checkout.at(chaos_mesh_source) if chaos_mesh_source else None
    given = DaemonPrograms.within(daemon_programs) if daemon_programs else DaemonPrograms()
    cancel = threading.Event()
    go = Go.on_path(cancel)
    stack, prometheus_module = fixtures / "images" / "stack", fixtures / "images" / "prometheus"
    chaos_mesh = checkout.version(checkout.digest()) if checkout else version_of(CHAOS_MESH, stack)
    prometheus = release_of_prometheus(version_of(PROMETHEUS, prometheus_module))
    dns_server = version_of(DNS_SERVER, fixtures / "images" / "dns-server")
    names = ImageNames(chaos_mesh, prometheus, pins.debian.suite, dns_server)
    store = Store(places.cache_dir() / "images")
    jvm = byteman.obtain(pins.byteman, store=store, progress=progress, logs=logs)
    made = recipes.make(
        fixtures=fixtures, pins=pins, names=names, go=go, byteman=jvm, checkout=checkout, given=given
    )
    wanted, needed = made.wanted(), dict(requirements.NEEDED)
    if uml_worker:
        of = uml.WorkerSource(fixtures / "images", pins, names, stack)
        wanted += uml.artefacts(debian.Debian(pins.debian.suite, cancel), made, of)
        needed |= uml.NEEDED

    def before_build() -> None:
        requirements.ensure(needed, progress=progress, logs=logs)
        requirements.settle_mirror(pins.debian.suite, progress)

    entries = build_all(
        wanted,
        store=store,
        progress=progress,
        logs=logs,
        cancel=cancel,
        before_build=before_build,
    )
    store.prune(entries.values())
    of_uml = {name: entries.pop(name) for name in uml.ARTEFACTS if name in entries}
    node = entries[made.node.name]
    node_image = node.path(recipes.NODE_NAME).read_text().strip()
    load(engine, node_image, node.path(recipes.NODE_ARCHIVE), progress=progress, logs=logs)
    tools = entries[made.tools.name]
    kubernetes = version_of(KUBERNETES, stack)
    api_pinned = version_of(CHAOS_MESH_API, stack)
    return ImageSet(
        mode="source",
        key=key_of(entries),
        node_image=node_image,
        archives=[entries[made.workloads.name].path(recipes.WORKLOADS_ARCHIVE)],
        kind=tools.path("kind"),
        helm=tools.path("helm"),
        kubectl=entries[made.kubernetes.name].path("kubectl"),
        promtool=entries[made.prometheus.name].path("promtool"),
        kubernetes=kubernetes,
        images={role: names.of(role) for role in [*ROLES, *([java.ROLE] if jvm.jars else [])]},
        chart=str(entries[made.chart.name].path("chart")),
        crds=entries[made.crds.name].path("crds"),
        image_repository=REGISTRY,
        etcd_tag=version_of(ETCD, stack),
        coredns_tag=version_of(COREDNS, stack),
        needs_own_cni=True,
        uml=uml.files(of_uml) if uml_worker else None,
        stand_ins=[*STAND_INS, *(java.STAND_INS if jvm.jars else [])],
        versions={
            "kubernetes": kubernetes,
            "etcd": version_of(ETCD, stack),
            "coredns": version_of(COREDNS, stack),
            "kind": version_of(KIND, stack),
            "helm": version_of(HELM, stack),
            "chaos-mesh": chaos_mesh,
            RELEASE: str(release.of_chart(entries[made.chart.name].path("chart"), chaos_mesh)),
            "chaos-mesh-api": chaos_mesh if checkout and checkout.has_api else api_pinned,
            "prometheus": prometheus,
            **given.versions,
            "go": go.version(stack),
            "debian": pins.debian.suite,
            **debian_versions(entries[made.node_packages.name], ("containerd", "runc")),
        },
    )


def build_prometheus(*, progress: Progress, logs: Path) -> Path:
    """Build Prometheus alone, for tests that need no cluster; return the program.

    Raises:
        UsageError: Go is missing.
        InfrastructureError: the build failed.
    """
    cancel = threading.Event()
    fixtures = bundled.fixtures()
    artefact = Programs(fixtures / "images", Go.on_path(cancel), chaos_mesh_version="").prometheus()
    entries = build_all(
        [artefact], store=Store(places.cache_dir() / "images"), progress=progress, logs=logs, cancel=cancel
    )
    return entries[artefact.name].path("prometheus")


def key_of(entries: Mapping[str, CacheEntry]) -> str:
    """Return the hash over all entries that a stack was made from."""
    return digest_of({name: entry.key for name, entry in entries.items()})


def release_of_prometheus(module: str) -> str:
    """Return the release of a module version: v0.316.0 is v3.16.0, and v0.55.0 was v2.55.0.

    Prometheus' RELEASE.md gives both numberings.
    """
    _, minor, patch = module.split(".", 2)
    major, release = divmod(int(minor), 100)
    return f"v{major or 2}.{release}.{patch}"


def debian_versions(installed: CacheEntry, packages: tuple[str, ...]) -> dict[str, str]:
    """Return package to version, of the packages that were installed into a root file system."""
    listed = dict(
        line.split(" ", 1) for line in installed.path("packages.txt").read_text().splitlines() if line
    )
    return {package: listed[package] for package in packages}


def load(engine: Engine, image: str, archive: Path, *, progress: Progress, logs: Path) -> None:
    """Load an image into the engine unless it has it: its storage may have been wiped since the last run.

    Raises:
        CommandError: the engine cannot load it.
    """
    known = engine.run(
        "look for the node image",
        ["image", "inspect", "--format", "{{.Id}}", image],
        timeout=_ASK_SECONDS,
        check=False,
    )
    if known.returncode == 0:
        return
    with progress.step(f"loading the node image into {engine.name}", "10-20 s"):
        engine.run(
            "load the node image",
            ["load", "--input", str(archive)],
            timeout=_LOAD_SECONDS,
            log=logs / "images-load.log",
        )
    _remove_older(engine, image)


def _remove_older(engine: Engine, image: str) -> None:
    """Remove node images of other keys; one that a container uses stays."""
    repository = image.rsplit(":", 1)[0]
    listed = engine.run(
        "list node images",
        ["images", "--format", "{{.Repository}}:{{.Tag}}", repository],
        timeout=_ASK_SECONDS,
        check=False,
    )
    for name in listed.stdout.split():
        if name != image and name.startswith(f"{repository}:"):
            engine.run("remove an older node image", ["rmi", name], timeout=_LOAD_SECONDS, check=False)
