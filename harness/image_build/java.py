"""Our own Java: what byteman needs in chaos-daemon's image, and the program of the JVM workload."""

from __future__ import annotations

import shutil
import sys
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.base import process
from harness.base.stand_in import StandIn
from harness.image_build import archive, debian
from harness.image_build.archive import write_layer
from harness.image_build.artefact import Artefact, Build, Use, digest_of_file
from harness.image_build.programs import digest_of_files, digest_of_source

ROLE = "jvm"
"""Of the JRE's packages in pins.toml, and of the workload's image."""

HOME = "usr/local/byteman"
"""Byteman's, as in Chaos Mesh's own image (images/chaos-daemon/Dockerfile)."""

MISSING = f"{HOME}/missing.txt"
"""In an image without byteman: why. The probe of the capability prints it."""

HOME_LAYER, PROGRAM_LAYER = "home.tar", "program.tar"

STAND_INS = [
    StandIn(
        name="bminstall.sh and bmsubmit.sh",
        replaces="those of byteman-chaos-mesh-download v4.0.24-0.12",
        limits="the real byteman 4.0.24 behind them; to install it into what is no JVM fails after 10 s",
    ),
    StandIn(
        name="byteman-helper.jar",
        replaces="that of byteman-chaos-mesh-download v4.0.24-0.12",
        limits="collects garbage, keeps CPUs busy, holds 16 MiB of heap (for memType stack, too); no mysql",
    ),
    StandIn(
        name="chaos-agent.jar",
        replaces="that of byteman-chaos-mesh-download v4.0.24-0.12",
        limits="calls the method that rules of gc and stress are for twice a second",
    ),
]

# What is loaded into other JVMs may meet an old one; what attaches to them runs in the image's own JRE.
_ANY_JVM = ("--release", "8")
_OWN: Mapping[str, tuple[str, ...]] = {"attach": (), "byteman-helper": _ANY_JVM, "chaos-agent": _ANY_JVM}
"""Folder of the sources, which names the jar, to the compiler's options."""

_PROGRAM_HOME = "usr/local/lib/answering"
_SCRATCH = "scratch"
"""A folder of the root file system that is in no layer."""
_UNPACK_PACKAGES = """
cd "$1"
shift
apt-get -q download "$@"
for each in *.deb; do dpkg-deb -x "$each" /; done
"""
_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The time of every file in a jar: the same sources are the same jar."""
_UNPACK_SECONDS = 300.0
_COMPILE_SECONDS = 300.0


def jre(made: debian.Debian, packages: Sequence[str], base: Artefact) -> Artefact:
    """Return the artefact of a JRE alone, as a layer over the base.

    Packages are unpacked and not installed: the libraries for sound, fonts and printers that they depend on
    are no use without a screen, and come to three times the files.
    """

    def put(root: Path, inside: debian.Inside, _out: Path) -> None:
        (root / _SCRATCH).mkdir()
        # apt verifies what it downloads by the lists, whose signature was verified.
        words = ["sh", "-ec", _UNPACK_PACKAGES, "sh", f"/{_SCRATCH}", *packages]
        inside("unpack the JRE", words, _UNPACK_SECONDS)
        shutil.rmtree(root / _SCRATCH)
        (found,) = (path for path in root.glob("usr/lib/jvm/*/bin/java") if not path.parents[1].is_symlink())
        (root / "usr/bin/java").symlink_to(f"/{found.relative_to(root)}")
        # They halve the time that a JVM takes to start; Debian's package makes them when it is installed.
        inside("write the shared classes", ["java", "-Xshare:dump"], _UNPACK_SECONDS)

    def build(work: Build) -> None:
        made.packages(work.out, work.used[base.name].path(debian.LAYER), (), work.log, put)

    inputs = {
        "packages": " ".join(sorted(packages)),
        "recipe": digest_of_source(debian, sys.modules[__name__]),
    }
    uses = (Use(base, (debian.LAYER,)),)
    return Artefact(f"debian-{ROLE}", "unpacking Debian's JRE", build, inputs, uses, estimate="10-30 s")


def layers(
    files: Path, program: Path, made: debian.Debian, base: Artefact, runtime: Artefact, byteman: Artefact
) -> Artefact:
    """Return the artefact of two layers: byteman's home for the daemon, and the workload's program.

    Args:
        files: a folder of sources for each jar of ours, and the folder `bin` of scripts.
        program: the source of the workload's program.
        made: what ends a running command.
        base: the root file system.
        runtime: what `jre` adds to it; Debian's has the compiler in it.
        byteman: its jars.
    """

    def build(work: Build) -> None:
        root = work.out / debian.ROOT
        root.mkdir()
        for each in (base, runtime):
            _unpack(work, work.used[each.name].path(debian.LAYER), root, made)
        jars = {name: work.used[byteman.name].path(name) for name in sorted(work.used[byteman.name].digests)}
        compiler = _Compiler(root, jars, work, made)
        for name, options in _OWN.items():
            classes = compiler.compile(files / name, options)
            jars[f"{name}.jar"] = _jar(work.out / f"{name}.jar", files / name, classes)
        home: dict[str, Path | bytes] = {f"{HOME}/lib/{name}": path for name, path in jars.items()}
        home |= {f"{HOME}/bin/{path.name}": path for path in (files / "bin").iterdir()}
        write_layer(work.out / HOME_LAYER, home)
        classes = compiler.compile(program, ())
        content: dict[str, Path | bytes] = {
            f"{_PROGRAM_HOME}/{path.name}": path for path in classes.iterdir()
        }
        write_layer(work.out / PROGRAM_LAYER, content)
        for name in _OWN:
            (work.out / f"{name}.jar").unlink()
        shutil.rmtree(root)

    inputs = {
        "files": digest_of_files(files),
        "program": digest_of_file(program),
        "recipe": digest_of_source(archive, sys.modules[__name__]),
    }
    uses = (Use(base, (debian.LAYER,)), Use(runtime, (debian.LAYER,)), Use(byteman))
    title = "compiling what goes with byteman, and the JVM workload"
    return Artefact("byteman-home", title, build, inputs, uses, estimate="5-20 s")


@dataclass(frozen=True)
class _Compiler:
    """Compiles inside a root file system with a JRE: its version is Debian's, whatever this machine has."""

    root: Path
    jars: Mapping[str, Path]
    work: Build
    made: debian.Debian

    def compile(self, sources: Path, options: tuple[str, ...]) -> Path:
        """Compile a file, or all below a folder, against the jars; return the folder of classes."""
        place = self.root / _SCRATCH / sources.stem
        place.mkdir(parents=True)
        found = sorted(sources.rglob("*.java")) if sources.is_dir() else [sources]
        for path in [*found, *self.jars.values()]:
            shutil.copy(path, place)
        inside = f"/{place.relative_to(self.root)}"
        known = ":".join(f"{inside}/{name}" for name in self.jars)
        process.run(
            f"compile {sources.name}",
            [
                *("unshare", "--mount", "--pid", "--fork", f"--mount-proc={self.root}/proc"),
                *("chroot", self.root, "java", "-m", "jdk.compiler/com.sun.tools.javac.Main"),
                *(*options, "-Xlint:-options", "-cp", known, "-d", f"{inside}/classes"),
                *(f"{inside}/{path.name}" for path in found),
            ],
            timeout=_COMPILE_SECONDS,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C"},
            log=self.work.log,
            cancel=self.made.cancel,
        )
        return place / "classes"


def _jar(out: Path, sources: Path, classes: Path) -> Path:
    """Write a jar of classes, with the manifest beside their sources if there is one; return it."""
    manifest = Path("META-INF/MANIFEST.MF")
    content = {path.relative_to(classes): path for path in sorted(classes.rglob("*.class"))}
    if (sources / manifest).is_file():
        content = {manifest: sources / manifest, **content}
    with zipfile.ZipFile(out, "w") as jar:
        for name, path in content.items():
            jar.writestr(zipfile.ZipInfo(name.as_posix(), _EARLIEST), path.read_bytes())
    return out


def _unpack(work: Build, layer: Path, to: Path, made: debian.Debian) -> None:
    argv: list[str | Path] = ["tar", "--extract", "--numeric-owner", f"--file={layer}", "-C", to]
    process.run("unpack a layer", argv, timeout=_UNPACK_SECONDS, log=work.log, cancel=made.cancel)
