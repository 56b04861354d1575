"""What a worker in user-mode Linux is made of: a kernel that is a program, and a node's root file system."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from harness.base import process
from harness.image_build import debian
from harness.image_build.artefact import Artefact, Build, CacheEntry, Use, digest_of
from harness.image_build.names import REGISTRY, ImageNames
from harness.image_build.pins import ETCD, KUBERNETES, Pins, version_of
from harness.image_build.programs import digest_of_files, digest_of_source
from harness.image_build.recipes import CONTROL_PLANE_ARCHIVE, WORKLOADS_ARCHIVE, Recipes
from harness.stack.imageset import UmlFiles

NEEDED: Mapping[str, str] = {"mkfs.ext4": "e2fsprogs"}
"""The programs that it takes besides `harness.image_build.requirements.NEEDED`, and their Debian packages."""

ROLE = "uml"
"""Of its packages in pins.toml, and of the artefacts."""

ROOT = "root.ext4"
ARTEFACTS = (f"debian-{ROLE}", f"{ROLE}-root", f"{ROLE}-programs")
"""Their names: a cluster without the worker is the same as one with it, and its key does not count them."""

_KERNEL = "usr/bin/linux.uml"
_MODULES = "usr/lib/uml/modules"
_ROOT_BYTES = 4 << 30
"""Of the file system; the file is sparse, and what a worker writes goes elsewhere."""

_Argv: TypeAlias = list[str | Path]

_TAR_SECONDS = 300.0
_IMPORT_SECONDS = 600.0
_MAKE_SECONDS = 600.0


@dataclass(frozen=True)
class WorkerSource:
    """Where it comes from: our own files, the pins, and the folder of the Go module that they pin."""

    files: Path
    pins: Pins
    names: ImageNames
    stack: Path


def artefacts(made: debian.Debian, recipes: Recipes, source: WorkerSource) -> list[Artefact]:
    """Return what has to be there in the end."""
    kernel = _kernel(made, source.pins, recipes.node_packages.uses[0].artefact)
    return [_root(made, recipes, source, kernel), _programs(made, source, kernel)]


def files(entries: Mapping[str, CacheEntry]) -> UmlFiles:
    """Return what was built, by the entries of `artefacts`."""
    _, root, programs = (entries[name] for name in ARTEFACTS)
    return UmlFiles(root=root.path(ROOT), programs=programs.folder, key=digest_of([root.key, programs.key]))


def _kernel(made: debian.Debian, pins: Pins, base: Artefact) -> Artefact:
    """Return the artefact of the kernel's package, as a layer over the base."""
    wanted = pins.debian.packages[ROLE]

    def build(work: Build) -> None:
        made.packages(work.out, work.used[base.name].path(debian.LAYER), wanted, work.log)

    inputs = {"packages": " ".join(sorted(wanted)), "recipe": digest_of_source(debian)}
    title = "installing user-mode Linux"
    uses = (Use(base, (debian.LAYER,)),)
    return Artefact(ARTEFACTS[0], title, build, inputs, uses, estimate="10-20 s")


def _root(made: debian.Debian, recipes: Recipes, source: WorkerSource, kernel: Artefact) -> Artefact:
    """Return the artefact of the root file system, `root.ext4`: a node's, with the kernel's modules.

    The images are in it, unpacked: to unpack them in user-mode Linux takes minutes.
    """
    node = recipes.node_packages
    base = node.uses[0].artefact
    control_plane = next(use.artefact for use in recipes.node.uses if use.artefact.name == "control-plane")

    def build(work: Build) -> None:
        used, folder, image = work.used, work.out / "root", work.out / ROOT
        folder.mkdir()
        for layer in (base, node, kernel):
            _unpack(made, work, used[layer.name].path(debian.LAYER), folder)
        (folder / _KERNEL).unlink()
        modules = folder / "usr/lib/modules"
        modules.mkdir(exist_ok=True)
        for release in (folder / _MODULES).iterdir():
            shutil.move(release, modules / release.name)
        shutil.copy2(used[recipes.kubernetes.name].path("kubelet"), folder / "usr/bin/kubelet")
        for mounted in ("uml", "worker"):
            (folder / mounted).mkdir()
        init = folder / "usr/local/bin/init"
        init.write_text("#!/bin/sh\nmount -t hostfs -o /uml hostfs /uml\nexec /uml/init\n")
        init.chmod(0o755)
        (folder / "etc/containerd/config.toml").write_text(_containerd(source))
        archives = [
            used[recipes.workloads.name].path(WORKLOADS_ARCHIVE),
            used[control_plane.name].path(CONTROL_PLANE_ARCHIVE),
        ]
        _import(made, work, folder, archives, _unneeded(source))
        with image.open("wb") as file:
            file.truncate(_ROOT_BYTES)
        make: _Argv = ["mkfs.ext4", "-q", "-F", "-O", "^has_journal", "-d", folder, image]
        _run(made, "write the root file system", work, make, _MAKE_SECONDS)
        shutil.rmtree(folder)

    inputs = {
        "containerd": _containerd(source),
        "unneeded": " ".join(_unneeded(source)),
        "recipe": digest_of_source(sys.modules[__name__]),
    }
    uses = (
        Use(base, (debian.LAYER,)),
        Use(node, (debian.LAYER,)),
        Use(kernel, (debian.LAYER,)),
        Use(recipes.kubernetes, ("kubelet",)),
        Use(recipes.workloads, (WORKLOADS_ARCHIVE,)),
        Use(control_plane, (CONTROL_PLANE_ARCHIVE,)),
    )
    title = "writing the root file system of the user-mode Linux worker"
    return Artefact(f"{ROLE}-root", title, build, inputs, uses, estimate="1-4 min")


def _programs(made: debian.Debian, source: WorkerSource, kernel: Artefact) -> Artefact:
    """Return the artefact of what the container runs: `linux.uml`, `xstate.so`, `start` and `init`."""
    files = source.files / ROLE

    def build(work: Build) -> None:
        unpacked = work.out / "kernel"
        unpacked.mkdir()
        _unpack(made, work, work.used[kernel.name].path(debian.LAYER), unpacked, _KERNEL)
        shutil.move(unpacked / _KERNEL, work.out / "linux.uml")
        shutil.rmtree(unpacked)
        for name in ("start", "init"):
            shutil.copy2(files / name, work.out / name)
        compiled = work.out / "xstate.so"
        compile_: _Argv = [
            "gcc",
            "-shared",
            "-fPIC",
            "-O2",
            "-Wall",
            "-Wextra",
            "-o",
            compiled,
            files / "xstate.c",
        ]
        _run(made, "compile xstate.c", work, compile_, _TAR_SECONDS)

    inputs = {"files": digest_of_files(files), "recipe": digest_of_source(sys.modules[__name__])}
    uses = (Use(kernel, (debian.LAYER,)),)
    return Artefact(f"{ROLE}-programs", "compiling xstate.c", build, inputs, uses, estimate="1 s")


def _unpack(made: debian.Debian, work: Build, layer: Path, to: Path, *only: str) -> None:
    options = ["--numeric-owner", "--xattrs", "--xattrs-include=*"]
    tar: _Argv = ["tar", "--extract", *options, f"--file={layer}", "-C", to]
    _run(made, f"unpack {layer.parent.parent.name}", work, [*tar, *only], _TAR_SECONDS)


def _containerd(source: WorkerSource) -> str:
    """Return the node's configuration of containerd without systemd and AppArmor, which are not there."""
    text = (source.files / "node" / "containerd.toml").read_text()
    return (
        text.replace("@PAUSE@", str(source.names.of("pause")))
        .replace("SystemdCgroup = true", "SystemdCgroup = false")
        .replace("  restrict_oom_score_adj", "  disable_apparmor = true\n  restrict_oom_score_adj")
    )


def _unneeded(source: WorkerSource) -> list[str]:
    """Return the images of the control plane that no worker runs."""
    kubernetes = version_of(KUBERNETES, source.stack)
    names = ("kube-apiserver", "kube-controller-manager", "kube-scheduler")
    return [
        *(f"{REGISTRY}/{name}:{kubernetes}" for name in names),
        f"{REGISTRY}/etcd:{version_of(ETCD, source.stack)}",
    ]


def _import(made: debian.Debian, work: Build, root: Path, archives: list[Path], unneeded: list[str]) -> None:
    """Unpack images into the containerd of a root file system.

    In namespaces of its own: the mounts and containerd end with the command, however it ends.
    """
    script = "\n".join(
        [
            "set -e",
            f"cd {shlex.quote(str(root))}",
            "for kind in proc sysfs; do mount -t $kind $kind ./${kind%fs}; done",
            "mount -t tmpfs tmpfs ./run",
            "mount -t tmpfs tmpfs ./tmp",
            "mount --rbind /dev ./dev",
            "for archive; do",
            "    at=./tmp/${archive##*/}",
            "    touch $at",
            '    mount --bind "$archive" $at',
            "done",
            "exec chroot . sh -ec '",
            "containerd >&2 &",
            "tries=0",
            "until ctr version >/dev/null 2>&1; do",
            "    tries=$((tries + 1))",
            "    test $tries -lt 300",
            "    sleep 0.1",
            "done",
            "for archive in /tmp/*.tar; do ctr --namespace=k8s.io images import $archive; done",
            f"ctr --namespace=k8s.io images rm --sync {' '.join(unneeded)}",
            "kill $!",
            "wait $! || true'",
        ]
    )
    apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
    argv: _Argv = [*apart, "sh", "-c", script, "import", *archives]
    _run(made, "import the images of the worker", work, argv, _IMPORT_SECONDS)


def _run(made: debian.Debian, name: str, work: Build, argv: _Argv, timeout: float) -> None:
    process.run(name, argv, timeout=timeout, log=work.log, cancel=made.cancel)
