"""Programs, images and chart for the stack: from a registry by version, or built from source."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.image_build import registry, source
from harness.image_build.chosen import choose
from harness.stack.engine import Engine
from harness.stack.imageset import ImageSet


def prepare(
    mode: Literal["registry", "source", "auto"],
    *,
    engine: Engine,
    progress: Progress,
    logs: Path,
    chaos_mesh_source: Path | None = None,
    chaos_mesh_version: str | None = None,
    chaos_mesh_images: Sequence[str] = (),
    chaos_mesh_chart: str | None = None,
    daemon_programs: Path | None = None,
    kubernetes_version: str | None = None,
    uml_worker: bool = False,
) -> ImageSet:
    """Return everything that a stack is made of; what has to be built or loaded is, when this returns.

    Args:
        mode: `registry` names images by version, for the engine and the nodes to pull; `source`
            compiles pinned Go modules and packs Debian packages; `auto` asks the registries once
            and takes `source` when one of them does not answer.
        engine: takes the node image (source).
        progress: where steps are announced.
        logs: the folder for the steps' logs, which errors name.
        chaos_mesh_source: a checkout of Chaos Mesh, built in place of the pinned module; for `source`
            (`auto` takes that then).
        chaos_mesh_version: a release of Chaos Mesh, such as 2.8.4; for `registry` (likewise).
        chaos_mesh_images: archives, folders of them or tags in the engine, in place of Chaos Mesh's images.
        chaos_mesh_chart: a folder, a package or a version (for `registry`), in place of the chart.
        daemon_programs: a folder with programs for the image of chaos-daemon; for `source`
            (`auto` takes that then).
        kubernetes_version: of the node image, such as 1.34.0; for `registry`.
        uml_worker: with what a worker in user-mode Linux needs; for `source`, whose node it is made from.

    Raises:
        UsageError: the options contradict each other, the checkout is none, or a program is missing.
        InfrastructureError: a tool cannot be installed, or a build failed.
    """
    other = "--chaos-mesh-source" if chaos_mesh_source else "--chaos-mesh-version"
    _refuse(
        (
            chaos_mesh_source and chaos_mesh_version,
            "a checkout of Chaos Mesh and a release of it are both named",
            "give --chaos-mesh-source or --chaos-mesh-version, not both",
        ),
        (
            chaos_mesh_images and (chaos_mesh_source or chaos_mesh_version),
            f"--chaos-mesh-images and {other} both say which Chaos Mesh is installed",
            "give one of them; a chart is named by --chaos-mesh-chart",
        ),
        (
            chaos_mesh_source and chaos_mesh_chart,
            "a checkout of Chaos Mesh has its own chart, and another one is named",
            "leave --chaos-mesh-chart out, or change the chart in the checkout",
        ),
        (
            mode == "registry" and chaos_mesh_source,
            "a checkout of Chaos Mesh is built from source, and --images registry builds nothing",
            "use --images source with --chaos-mesh-source",
        ),
        (
            mode == "source" and chaos_mesh_version,
            "a release of Chaos Mesh is pulled by its version, and --images source pulls nothing",
            "use --images registry with --chaos-mesh-version, or name a checkout",
        ),
        (
            uml_worker and chaos_mesh_images,
            "--uml-worker has its images from the build, and --chaos-mesh-images brings others",
            "leave one of them out",
        ),
        (
            daemon_programs and chaos_mesh_images,
            "--daemon-programs are for an image that is built, and --chaos-mesh-images brings another",
            "leave one of them out",
        ),
    )
    # Read first: a build or a pull would be in vain.
    chosen = choose(chaos_mesh_images, chaos_mesh_chart, engine=engine, progress=progress, logs=logs)
    if mode == "auto":
        mode = _choose(progress, chaos_mesh_source, daemon_programs, chaos_mesh_version)
    _refuse(
        (
            mode == "source" and kubernetes_version,
            f"Kubernetes {kubernetes_version} is a node image that is pulled, and images come from source",
            "use --images registry with --kubernetes-version, or leave it out",
        ),
        (
            mode == "registry" and uml_worker,
            "--uml-worker is made from the node that --images source builds, and images come from a registry",
            "use --images source with --uml-worker, or leave it out",
        ),
        (
            mode == "registry" and daemon_programs,
            "--daemon-programs are for the image that --images source builds; those of a registry have them",
            "leave --daemon-programs out, or use --images source",
        ),
    )
    if mode == "registry":
        got = registry.prepare(
            progress=progress,
            logs=logs,
            chaos_mesh_version=chaos_mesh_version,
            kubernetes_version=kubernetes_version,
        )
    elif chosen and chosen.chart and chosen.chart.version:
        raise UsageError(
            f"the chart {chosen.chart.version} is pulled, and images come from source, without a registry",
            next_step="name a folder or a package with --chaos-mesh-chart, or use --images registry",
        )
    else:
        got = source.prepare(
            engine=engine,
            progress=progress,
            logs=logs,
            chaos_mesh_source=chaos_mesh_source,
            daemon_programs=daemon_programs,
            uml_worker=uml_worker,
        )
    return chosen.put_into(got) if chosen else got


def _refuse(*combinations: tuple[object, str, str]) -> None:
    """Raise UsageError for the first that is given: whether it is, what it is, and what to do instead."""
    for given, what, next_step in combinations:
        if given:
            raise UsageError(what, next_step=next_step)


def _choose(
    progress: Progress,
    chaos_mesh_source: Path | None,
    daemon_programs: Path | None,
    chaos_mesh_version: str | None,
) -> Literal["registry", "source"]:
    if chaos_mesh_source:
        progress.say("images: source, because a checkout of Chaos Mesh is built")
        return "source"
    if daemon_programs and not chaos_mesh_version:
        progress.say("images: source, because programs for the image of chaos-daemon are given")
        return "source"
    answer = registry.probe()
    if not answer.reachable and chaos_mesh_version:
        raise UsageError(
            f"release {chaos_mesh_version} of Chaos Mesh cannot be pulled: {answer.reason}",
            next_step="make the registry reachable, or leave --chaos-mesh-version out to build from source",
        )
    chosen: Literal["registry", "source"] = "registry" if answer.reachable else "source"
    progress.say(f"images: {chosen} ({answer.reason})")
    return chosen
