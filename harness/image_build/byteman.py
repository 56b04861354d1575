"""Byteman, which JVMChaos works with: its jars by Maven, or why there are none."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.base import process
from harness.base.errors import InfrastructureError
from harness.base.progress import Progress
from harness.image_build import requirements
from harness.image_build.artefact import Artefact, Build
from harness.image_build.graph import build_all
from harness.image_build.pins import BytemanPins
from harness.image_build.store import Store

NEEDED: Mapping[str, str] = {"mvn": "maven"}
"""The program that brings the jars, and its Debian package."""

_GROUP = "org.jboss.byteman"
_FETCH_SECONDS = 180.0


class WrongJarError(InfrastructureError):
    """A jar is not the pinned one."""


@dataclass(frozen=True)
class Byteman:
    """Byteman's jars, or why there are none.

    Attributes:
        jars: what brings them, a file `NAME.jar` for each name in the pins; None without.
        missing: why there are none.
    """

    jars: Artefact | None
    missing: str = ""


def obtain(pins: BytemanPins, *, store: Store, progress: Progress, logs: Path) -> Byteman:
    """Return byteman's jars, from the cache or by Maven; without them the build goes on, and says so.

    Raises:
        WrongJarError: a jar is not the pinned one.
    """
    cancel = threading.Event()
    artefact = fetched(pins, cancel)
    try:
        build_all(
            [artefact],
            store=store,
            progress=progress,
            logs=logs,
            cancel=cancel,
            before_build=lambda: requirements.ensure(NEEDED, progress=progress, logs=logs),
        )
    except WrongJarError:
        raise
    except InfrastructureError as error:
        log = f" (log: {error.log})" if error.log else ""
        progress.say(f"going on without JVMChaos: {error}{log}")
        return Byteman(None, f"Maven did not bring byteman {pins.version} when this image was built")
    return Byteman(artefact)


def fetched(pins: BytemanPins, cancel: threading.Event) -> Artefact:
    """Return the artefact of the jars, which Maven brings from wherever its own settings say."""

    def build(work: Build) -> None:
        project, repository = work.out / "pom.xml", work.out / "repository"
        project.write_text(_project(pins))
        settings = [f"-Dmaven.repo.local={repository}", f"--file={project}"]
        process.run(
            "fetch byteman with Maven",
            ["mvn", "--batch-mode", "--no-transfer-progress", *settings, "validate"],
            timeout=_FETCH_SECONDS,
            log=work.log,
            cancel=cancel,
        )
        group = repository / _GROUP.replace(".", "/")
        for name, digest in pins.sha256.items():
            jar = group / name / pins.version / f"{name}-{pins.version}.jar"
            _verify(jar, digest, work.log)
            shutil.move(jar, work.out / f"{name}.jar")
        project.unlink()
        shutil.rmtree(repository)

    inputs = {"version": pins.version, **pins.sha256}
    return Artefact("byteman", "fetching byteman with Maven", build, inputs, estimate="5-30 s")


def _project(pins: BytemanPins) -> str:
    """Return a project that builds nothing.

    The jars are its extensions: Maven resolves those itself, where dependencies take a plugin with some
    hundred files of its own.
    """
    extensions = "".join(
        f"<extension><groupId>{_GROUP}</groupId><artifactId>{name}</artifactId>"
        f"<version>{pins.version}</version></extension>"
        for name in pins.sha256
    )
    return (
        '<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>'
        "<groupId>chaos-harness</groupId><artifactId>byteman</artifactId><version>1</version>"
        f"<packaging>pom</packaging><build><extensions>{extensions}</extensions></build></project>\n"
    )


def _verify(jar: Path, digest: str, log: Path) -> None:
    found = hashlib.sha256(jar.read_bytes()).hexdigest()
    if found != digest:
        raise WrongJarError(
            f"{jar.name} is not the pinned one",
            next_step="check which registry Maven's settings name, then start again",
            details=[f"SHA-256 expected {digest}", f"SHA-256 found    {found}"],
            log=log,
        )
