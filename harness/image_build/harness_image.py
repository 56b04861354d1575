"""The image of the harness itself, for runs in a cluster: the pinned packages, the harness, its scenarios.

Its key depends on requirements.lock and on the files of the harness, and no other image's key on these: it is
put together of Debian's layers that the workload's image has, too.
"""

from __future__ import annotations

import platform
import shutil
import sys
import threading
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.base import bundled, places, process
from harness.base.errors import InfrastructureError, UsageError
from harness.base.progress import Progress
from harness.image_build import archive, debian, locked, recipes, requirements
from harness.image_build.archive import Image, digest_of_layer, write_archive, write_layer
from harness.image_build.artefact import Artefact, Build, Use, digest_of, digest_of_file
from harness.image_build.byteman import Byteman
from harness.image_build.golang import Go
from harness.image_build.graph import build_all, in_order
from harness.image_build.names import REGISTRY, ImageNames
from harness.image_build.pins import Pins
from harness.image_build.programs import digest_of_source
from harness.image_build.store import Store
from harness.stack import engine, kind, loading

ARCHIVE = "harness.tar"
NAME = "name.txt"
HOME = "opt/chaos-harness"
"""Where the harness is in its image, without the leading slash."""

_LAYER = "packages.layer"
_PYTHON = "3.11"
"""Of Debian bookworm, whose package python3 the workload's image has."""
_FOLDERS = ("harness", "fixtures", "scenarios")
_FILES = ("pyproject.toml",)
_LOCK, _PROJECT = "requirements.lock", "pyproject.toml"
_GLIBC = ("2_28", "2_27", "2_26", "2_24", "2_17", "2_12", "2_5")
"""Of wheels that run on Debian bookworm (2.36), in the order of preference."""
_INSTALL_SECONDS = 600.0
_OTHER = "name an image with --harness-image"
_VARIABLES = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "PYTHONPATH": f"/{HOME}:/{HOME}/packages",
    "PYTHONUNBUFFERED": "1",
}
_ENTRYPOINT = ("/usr/bin/python3", "-m", "harness.stack.in_cluster.pod")


@dataclass(frozen=True)
class HarnessImage:
    """The image, in an archive that nodes load.

    Attributes:
        name: with a tag that its content decides.
        archive: the file.
    """

    name: str
    archive: Path


def build(*, progress: Progress, logs: Path) -> HarnessImage:
    """Build the image, unless it is in the cache.

    Raises:
        UsageError: this is no checkout, or Go is missing.
        InfrastructureError: not root, a tool is missing, or a build failed.
    """
    cancel = threading.Event()
    fixtures = bundled.fixtures()
    pins = Pins.load(fixtures)
    made = recipes.make(
        fixtures=fixtures,
        pins=pins,
        # Debian's layers depend on none of these.
        names=ImageNames("", "", pins.debian.suite),
        go=Go.on_path(cancel),
        byteman=Byteman(None, "not for this image"),
    )
    of_debian = {each.name: each for each in in_order([made.workloads])}
    image = artefact(bundled.root(), of_debian["debian-base"], of_debian["debian-workload"], cancel)

    def before_build() -> None:
        requirements.ensure(requirements.NEEDED, progress=progress, logs=logs)
        requirements.settle_mirror(pins.debian.suite, progress)

    entries = build_all(
        [image],
        store=Store(places.cache_dir() / "images"),
        progress=progress,
        logs=logs,
        cancel=cancel,
        before_build=before_build,
    )
    entry = entries[image.name]
    return HarnessImage(entry.path(NAME).read_text().strip(), entry.path(ARCHIVE))


def on_nodes(cluster: str, *, progress: Progress, logs: Path) -> str:
    """Build the image, have all nodes of a kind cluster hold it, and return its name.

    Raises:
        UsageError: this is no checkout, or Go or a container engine is missing.
        InfrastructureError: a build or the loading failed.
    """
    image = build(progress=progress, logs=logs)
    where = engine.find(progress)
    nodes = [each.name for each in kind.containers(cluster, where)]
    if without := loading.without(image.name, nodes, where):
        with progress.step("loading the image of the harness into the nodes", "10-40 s"):
            loading.load(image.archive, without, where, logs=logs)
    return image.name


def artefact(root: Path, base: Artefact, python: Artefact, cancel: threading.Event) -> Artefact:
    """Return the artefact: `harness.tar`, and the image's name in `name.txt`.

    Args:
        root: of the checkout.
        base: Debian.
        python: the layer with its Python.
        cancel: ends a running command.

    Raises:
        UsageError: it is no checkout: an installed wheel has no requirements.lock.
    """
    packages = _packages(root, cancel)
    files = files_of(root)

    def build_image(work: Build) -> None:
        own = work.out / "harness.layer"
        write_layer(own, {f"{HOME}/{name}": path for name, path in files.items()})
        layers = [
            *(recipes.layer_of(work.used[each.name], debian.LAYER) for each in (base, python)),
            recipes.layer_of(work.used[packages.name], _LAYER),
            digest_of_layer(own),
        ]
        name = f"{REGISTRY}/harness:{digest_of([layer.digest for layer in layers])[:16]}"
        write_archive(work.out / ARCHIVE, [Image(name, layers, entrypoint=_ENTRYPOINT, env=_VARIABLES)])
        (work.out / NAME).write_text(name + "\n")
        own.unlink()

    inputs = {
        "files": digest_of({name: digest_of_file(path) for name, path in files.items()}),
        "recipe": digest_of_source(archive, sys.modules[__name__]),
    }
    uses = (
        Use(base, (debian.LAYER,)),
        Use(python, (debian.LAYER,)),
        Use(packages, (_LAYER,)),
    )
    return Artefact(
        "harness", "writing the image of the harness", build_image, inputs, uses, estimate="2-5 s"
    )


def files_of(root: Path) -> Mapping[str, Path]:
    """Return what of a checkout goes into the image, by the path in it."""
    found = {name: root / name for name in _FILES}
    for folder in _FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                found[path.relative_to(root).as_posix()] = path
    return found


def _packages(root: Path, cancel: threading.Event) -> Artefact:
    try:
        lock = (root / _LOCK).read_text()
        project = tomllib.loads((root / _PROJECT).read_text())["project"]
    except FileNotFoundError as error:
        raise UsageError(
            f"the image of the harness is built in a checkout: there is no {error.filename}", next_step=_OTHER
        ) from error
    wanted = locked.closure(lock, project["dependencies"])

    def build_packages(work: Build) -> None:
        listed = work.out / "requirements.txt"
        listed.write_text(wanted)
        site = work.out / "site"
        platforms = [f"--platform=manylinux_{each}_{platform.machine()}" for each in _GLIBC]
        process.run(
            "install the pinned Python packages",
            [
                *(sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"),
                *("--no-deps", "--require-hashes", "--only-binary=:all:", "--no-compile"),
                *(f"--python-version={_PYTHON}", "--implementation=cp", *platforms),
                f"--target={site}",
                f"--requirement={listed}",
            ],
            timeout=_INSTALL_SECONDS,
            log=work.log,
            cancel=cancel,
            next_step="check that pip reaches its package index",
        )
        _place(site, work.out / _LAYER)

    inputs = {
        "packages": wanted,
        "python": f"{_PYTHON} {platform.machine()}",
        "recipe": digest_of_source(archive, sys.modules[__name__]),
    }
    title = "fetching the Python packages of the harness"
    return Artefact("harness-packages", title, build_packages, inputs, estimate="10-60 s")


def _place(site: Path, layer: Path) -> None:
    """Write the layer of what pip has installed, and remove that."""
    files: dict[str, Path | bytes] = {
        f"{HOME}/packages/{path.relative_to(site).as_posix()}": path
        for path in sorted(site.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    if not any(name.endswith("/pytest/__init__.py") for name in files):
        raise InfrastructureError("pip has installed no pytest", next_step="see the log of the step")
    write_layer(layer, files)
    shutil.rmtree(site)
