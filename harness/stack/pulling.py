"""Pulls images with the container engine, and packs them for the nodes.

With the engine, not by the nodes: it has the user's credentials and certificates, what it has pulled outlives
a cluster, a slow registry takes from no bound of an installation, and its answer is known before anything is
made.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from harness.base import places, process
from harness.base.bounded import read_bytes
from harness.base.errors import InfrastructureError
from harness.base.files import write_whole
from harness.base.progress import Progress
from harness.stack import grafana
from harness.stack.engine import Engine
from harness.stack.imageset import ImageSet
from harness.stack.mirror import CA_VARIABLE, REGISTRY_VARIABLE, Mirror

OPTIONAL = frozenset({grafana.ROLE, "dns-server"})
"""Roles without which a stack works: scenarios that need them are skipped, and say so."""
NODE = "node"
"""The role of the image that nodes are made of, beside those of `ImageSet.images`."""

# One image over a slow link; what came so far is kept by the engine.
_PULL_SECONDS = 1800.0
_ASK_SECONDS = 30.0
_SAVE_SECONDS = 600.0
_AT_ONCE = 3


@dataclass(frozen=True)
class PulledImage:
    """An image of the engine.

    Attributes:
        name: as it was asked for.
        id: of its configuration, as the engine has it.
        digest: of what the registry served; empty when the engine does not know.
    """

    name: str
    id: str
    digest: str = ""


def pull(
    images: ImageSet, engine: Engine, *, progress: Progress, logs: Path, cancel: threading.Event
) -> ImageSet:
    """Pull what a set names and nothing has brought yet; return it with ids and digests.

    Optional images that cannot be had are not in it any more. A needed image that cannot be pulled and that
    the engine has already is used, and that is said.

    Raises:
        InfrastructureError: an image cannot be had; names each, and what the registry says.
    """
    wanted = {role: str(image) for role, image in images.images.items() if role not in images.image_ids}
    if images.node_image:
        wanted[NODE] = images.node_image
    found: dict[str, PulledImage] = {}
    failed: dict[str, process.CommandError] = {}
    with _flags(images.mirror, engine) as flags:

        def one(role: str) -> None:
            try:
                found[role] = _pull(wanted[role], engine, flags, progress=progress, logs=logs, cancel=cancel)
            except process.CommandError as error:
                failed[role] = error

        with progress.step(f"pulling images with {engine.name}", "seconds, or minutes the first time"):
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                list(pool.map(one, wanted))
            needed = {role: error for role, error in failed.items() if role not in OPTIONAL}
            if needed:
                raise _refused(needed, wanted, images.mirror, engine, logs)
    for role, error in failed.items():
        progress.say(f"going on without {role}: {wanted[role]}: {_reason(error)}")
    ids = {role: image.id for role, image in found.items()}
    digests = {role: image.digest for role, image in found.items() if image.digest}
    return images.model_copy(
        update={
            "images": {role: image for role, image in images.images.items() if role not in failed},
            "image_ids": {**images.image_ids, **ids},
            "image_digests": {**images.image_digests, **digests},
        }
    )


@contextmanager
def packed(
    names: list[str], engine: Engine, *, logs: Path, cancel: threading.Event | None = None
) -> Iterator[Path]:
    """Yield an archive of images of the engine; it is removed afterwards.

    Raises:
        CommandError: the engine cannot write it.
    """
    places.make_private(places.cache_dir())
    with tempfile.TemporaryDirectory(prefix="images-", dir=places.cache_dir()) as folder:
        out = Path(folder) / "images.tar"
        save(sorted(set(names)), out, engine, logs=logs, cancel=cancel)
        yield out


def save(
    names: list[str], out: Path, engine: Engine, *, logs: Path, cancel: threading.Event | None = None
) -> None:
    """Write images of the engine to one archive.

    Raises:
        CommandError: the engine cannot write it.
    """
    several = ["--multi-image-archive"] if engine.name == "podman" else []
    engine.run(
        "save images",
        ["save", *several, "--output", str(out), *names],
        timeout=_SAVE_SECONDS,
        log=logs / "images-save.log",
        cancel=cancel,
        next_step=f"free some disk space in {out.parent}",
    )


def inspect(name: str, engine: Engine) -> PulledImage | None:
    """Return an image that the engine has; None when it has none of that name."""
    told = engine.run(
        f"look for the image {name}",
        ["image", "inspect", _as_asked(name, engine)],
        timeout=_ASK_SECONDS,
        check=False,
    )
    try:
        image = json.loads(told.stdout)[0] if told.returncode == 0 else None
    except (ValueError, IndexError, KeyError):
        image = None
    if not image:
        return None
    identity = str(image["Id"])
    return PulledImage(
        name,
        identity if identity.startswith("sha256:") else f"sha256:{identity}",
        _digest(name, image.get("RepoDigests") or []),
    )


def _as_asked(name: str, engine: Engine) -> str:
    """Return a name as the engine takes it: podman takes no tag beside a digest."""
    named, at, digest = name.partition("@")
    if at and engine.name == "podman":
        return f"{named.rpartition(':')[0]}@{digest}"
    return name


def _pull(
    name: str, engine: Engine, flags: list[str], *, progress: Progress, logs: Path, cancel: threading.Event
) -> PulledImage:
    try:
        engine.run(
            f"pull {name}",
            ["pull", "--quiet", *flags, _as_asked(name, engine)],
            timeout=_PULL_SECONDS,
            log=logs / "images-pull.log",
            cancel=cancel,
        )
    except process.CommandError as error:
        found = None if cancel.is_set() else inspect(name, engine)
        if found is None:
            raise
        progress.say(
            f"{name} cannot be pulled ({_reason(error)}); {engine.name} has it, and that one is used"
        )
        return found
    found = inspect(name, engine)
    if found is None:
        raise process.CommandError(f"cannot pull {name}: {engine.name} does not have it afterwards")
    return found


def _digest(name: str, known: list[str]) -> str:
    """Return the digest of what the registry of this name served, as `docker image inspect` lists digests."""
    repository = name.partition("@")[0].rpartition(":")[0] or name
    short = repository.removeprefix("docker.io/").removeprefix("library/")
    for each in known:
        of, _, digest = each.partition("@")
        if of in (repository, short, f"docker.io/{short}", f"docker.io/library/{short}"):
            return digest
    return ""


@contextmanager
def _flags(mirror: Mirror | None, engine: Engine) -> Iterator[list[str]]:
    """Yield what `pull` needs for the mirror. Docker's daemon takes no such flags: its own settings count."""
    if mirror is None or engine.name != "podman":
        yield []
    elif mirror.plain_http:
        yield ["--tls-verify=false"]
    elif mirror.own_ca and mirror.ca:
        places.make_private(places.cache_dir())
        with tempfile.TemporaryDirectory(prefix="ca-", dir=places.cache_dir()) as folder:
            write_whole(Path(folder) / "ca.crt", read_bytes(mirror.ca))
            yield [f"--cert-dir={folder}"]
    else:
        yield []


def _refused(
    failed: dict[str, process.CommandError],
    wanted: dict[str, str],
    mirror: Mirror | None,
    engine: Engine,
    logs: Path,
) -> InfrastructureError:
    reasons = {role: _reason(error) for role, error in failed.items()}
    names = sorted(wanted[role] for role in failed)
    return InfrastructureError(
        f"cannot pull {len(failed)} of {len(wanted)} images: {', '.join(names)}",
        next_step=_next_step(" ".join(reasons.values()).lower(), mirror, engine),
        details=[f"{wanted[role]}: {reason}" for role, reason in sorted(reasons.items())],
        log=logs / "images-pull.log",
    )


def _next_step(said: str, mirror: Mirror | None, engine: Engine) -> str:
    """Return what to do about what an engine said, in small letters."""
    host = mirror.host if mirror else "the registry"

    def says(*words: str) -> bool:
        return any(word in said for word in words)

    if says("unauthorized", "authentication required", "denied", "401", "403"):
        step = f"log in: {engine.name} login {mirror.host if mirror else 'REGISTRY'}"
    elif says("http response to https"):
        step = f"if it has no TLS, write {REGISTRY_VARIABLE}=http://{mirror.prefix if mirror else host}"
        if engine.name == "docker":
            step = f'add {host} to "insecure-registries" in /etc/docker/daemon.json, and restart docker'
    elif says("x509", "certificate"):
        step = f"put the certificates of {host} into /etc/docker/certs.d/{host}/ca.crt"
        if mirror and engine.name == "podman":
            step = f"name the certificates of {host} in {CA_VARIABLE}"
    elif says("not found", "manifest unknown", "name unknown"):
        step = "put the images into it: `chaos-harness images` lists all of them"
    else:
        step = f"check that {host} is reachable, or use --images source"
    return step


def _reason(error: process.CommandError) -> str:
    """Return the last line of what the engine said; the first ones are of the same error, less precise."""
    lines = [line for line in error.details if not line.startswith("command: ")]
    return lines[-1] if lines else error.problem
