"""Images by version from a registry: what most users have."""

from __future__ import annotations

import os
import re
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import requests

from harness.base import bundled, places, process
from harness.base.errors import UsageError
from harness.base.progress import Progress
from harness.chaosmesh.release import RELEASE, Release
from harness.image_build import recipes
from harness.image_build.artefact import digest_of
from harness.image_build.golang import Go
from harness.image_build.graph import build_all
from harness.image_build.names import DOCKER_HUB, ImageNames, parse
from harness.image_build.pins import KIND, Pins, version_of
from harness.image_build.store import Store
from harness.stack.imageset import ImageRef, ImageSet

REGISTRY_VARIABLE = "CHAOS_HARNESS_REGISTRY"

_PROBE_SECONDS = 5.0
_VERSION_SECONDS = 30.0
# The name in image references is not the host that serves the images.
_SERVED_BY = {DOCKER_HUB: "registry-1.docker.io"}
# A registry that wants a token answers 401: https://distribution.github.io/distribution/spec/api/#api-version-check
_ANSWERS = frozenset({200, 401})


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
        UsageError: `kubernetes_version` is none, or a program is missing (or too different) and there is no
            Go to build it.
    """
    fixtures = bundled.fixtures()
    pins = Pins.load(fixtures)
    stack = fixtures / "images" / "stack"
    kubernetes = _kubernetes(kubernetes_version) if kubernetes_version else pins.registry.kubernetes
    programs = find_or_build(
        programs_for(stack, kubernetes),
        pins=pins,
        fixtures=fixtures,
        progress=progress,
        logs=logs,
    )
    chaos_mesh = (chaos_mesh_version or pins.registry.chaos_mesh).removeprefix("v")
    prefix = os.environ.get(REGISTRY_VARIABLE, "").rstrip("/")
    images = images_for(pins, chaos_mesh, prefix)
    # Empty: kind's own default, which is pinned by digest.
    chosen = bool(prefix or kubernetes_version)
    node_image = f"{prefix or DOCKER_HUB}/kindest/node:{kubernetes}" if chosen else ""
    versions = {
        "kubernetes": kubernetes,
        "kind": version_of(KIND, stack),
        "chaos-mesh": f"v{chaos_mesh}",
        "prometheus": pins.registry.prometheus,
        "grafana": pins.registry.grafana,
    }
    return ImageSet(
        mode="registry",
        key=digest_of([versions, node_image, {role: str(image) for role, image in images.items()}]),
        node_image=node_image,
        kind=programs["kind"],
        helm=programs["helm"],
        kubectl=programs["kubectl"],
        kubernetes=kubernetes,
        images=images,
        chart="chaos-mesh",
        chart_repository=pins.registry.chart_repository,
        chart_version=chaos_mesh,
        versions={**versions, RELEASE: str(Release.of(chaos_mesh))},
    )


def _kubernetes(version: str) -> str:
    """Return a version as tags of node images have it."""
    found = "v" + version.removeprefix("v")
    if not re.fullmatch(r"v1\.\d+\.\d+", found):
        raise UsageError(
            f"{version!r} is no version of Kubernetes",
            next_step="name one that kind has a node image of, such as 1.34.0",
        )
    return found


def images_for(pins: Pins, chaos_mesh: str, prefix: str) -> dict[str, ImageRef]:
    """Return the images by role; `prefix` (host:port of a mirror) takes the place of every registry."""
    own = prefix or pins.registry.chaos_mesh_registry
    images = {
        role: ImageRef(registry=own, repository=f"chaos-mesh/{name}", tag=f"v{chaos_mesh}")
        for role, name in (
            ("controller-manager", "chaos-mesh"),
            ("daemon", "chaos-daemon"),
            ("dashboard", "chaos-dashboard"),
        )
    }
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
            fixtures=fixtures, pins=pins, names=ImageNames("", "", pins.debian.suite), go=Go.on_path(cancel)
        )
        artefacts = {made.kubectl if program.name == "kubectl" else made.tools for program in missing}
        store = Store(places.cache_dir() / "images")
        entries = build_all(artefacts, store=store, progress=progress, logs=logs, cancel=cancel)
        for program in missing:
            artefact = made.kubectl if program.name == "kubectl" else made.tools
            found[program.name] = entries[artefact.name].path(program.name)
    return {name: path for name, path in found.items() if path}


@dataclass(frozen=True)
class RegistryProbe:
    """Whether registries can be used, and why not."""

    reachable: bool
    reason: str


def probe() -> RegistryProbe:
    """Return whether every registry that serves an image answers, asking all at once for 5 s at most."""
    pins = Pins.load(bundled.fixtures())
    prefix = os.environ.get(REGISTRY_VARIABLE, "").rstrip("/")
    if prefix:
        hosts = [prefix.split("/", 1)[0]]
    else:
        images = images_for(pins, pins.registry.chaos_mesh, prefix)
        hosts = sorted({image.registry for image in images.values()} | {DOCKER_HUB})
    return probe_hosts(hosts)


def probe_hosts(hosts: list[str], seconds: float = _PROBE_SECONDS) -> RegistryProbe:
    """Ask each registry's `/v2/`; one that does not answer in time does not answer.

    Args:
        hosts: registries as image names have them, with their port.
        seconds: the bound for all of them together, name resolution included.
    """
    silent: dict[str, str] = dict.fromkeys(hosts, f"no answer within {seconds:.0f} s")
    lock = threading.Lock()

    def ask(host: str) -> None:
        outcome = _ask(_SERVED_BY.get(host, host), seconds)
        with lock:
            if outcome:
                silent[host] = outcome
            else:
                silent.pop(host, None)

    # Daemon threads: a resolver that hangs is bounded by nothing, and must not keep the process from ending.
    threads = [threading.Thread(target=ask, args=(host,), daemon=True) for host in hosts]
    deadline = time.monotonic() + seconds
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    with lock:
        if silent:
            return RegistryProbe(False, "; ".join(f"{host}: {why}" for host, why in sorted(silent.items())))
    return RegistryProbe(True, f"answered: {', '.join(hosts)}")


def _ask(host: str, seconds: float) -> str:
    """Return why a registry cannot be used, or nothing."""
    why = ""
    for scheme in ("https", "http"):
        try:
            answer = requests.get(f"{scheme}://{host}/v2/", timeout=seconds / 2, allow_redirects=False)
        except requests.RequestException as error:
            why = why or type(error).__name__
            continue
        if answer.status_code in _ANSWERS:
            return ""
        why = f"HTTP {answer.status_code} from {scheme}://{host}/v2/"
    return why
