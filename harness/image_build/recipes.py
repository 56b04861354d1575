"""What is built from source, out of what: the artefacts of one set of images."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from harness.image_build import archive, chaosmesh, debian, java, systems
from harness.image_build.archive import Image, ImageLayer, digest_of_layer, write_archive, write_layer
from harness.image_build.artefact import Artefact, Build, CacheEntry, Use, digest_of
from harness.image_build.byteman import Byteman
from harness.image_build.daemon_programs import DaemonPrograms
from harness.image_build.golang import Go
from harness.image_build.names import NODE_REPOSITORY, REGISTRY, ImageNames
from harness.image_build.pins import COREDNS, ETCD, KUBERNETES, Pins, version_of
from harness.image_build.programs import (
    CONTROL_PLANE,
    NODE_PROGRAMS,
    Programs,
    digest_of_files,
    digest_of_source,
)

CONTROL_PLANE_ARCHIVE = "control-plane.tar"
NODE_ARCHIVE = "node.tar"
NODE_NAME = "name.txt"
WORKLOADS_ARCHIVE = "images.tar"

_PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
_BYTEMAN = {"PATH": f"{_PATH['PATH']}:/{java.HOME}/bin", "BYTEMAN_HOME": f"/{java.HOME}"}
_SCRIPTS = ("drop-empty-controllers", "import-images", "kubelet-cgroups")


@dataclass(frozen=True)
class Recipes:
    """The artefacts of one set of images.

    Attributes:
        tools: kind, helm and controller-gen.
        kubernetes: the node's and the control plane's programs, kubectl among them.
        kubectl: kubectl alone, for those who need nothing else of Kubernetes.
        prometheus: prometheus and promtool.
        crds: the CRD manifests, in the folder `crds`.
        chart: the Helm chart, in the folder `chart`.
        node: the node image as `node.tar`, its name in `name.txt`.
        node_packages: the node's Debian packages, with `packages.txt`.
        workloads: the archive that is imported into every node, as `images.tar`.
    """

    tools: Artefact
    kubernetes: Artefact
    kubectl: Artefact
    prometheus: Artefact
    crds: Artefact
    chart: Artefact
    node: Artefact
    node_packages: Artefact
    workloads: Artefact

    def wanted(self) -> list[Artefact]:
        """Return what has to be there in the end; what takes longest, and what much waits for, first."""
        return [
            self.kubernetes,
            self.node,
            self.workloads,
            self.tools,
            self.prometheus,
            self.crds,
            self.chart,
        ]


def make(
    *,
    fixtures: Path,
    pins: Pins,
    names: ImageNames,
    go: Go,
    byteman: Byteman,
    checkout: chaosmesh.Checkout | None = None,
    given: DaemonPrograms | None = None,
) -> Recipes:
    """Return the artefacts for the pins, a checkout of Chaos Mesh and given programs if there are any."""
    images = fixtures / "images"
    made = Programs(images, go, names.chaos_mesh_tag, checkout)
    systems_of = _Systems(debian.Debian(pins.debian.suite, go.cancel), pins)
    modules = made.modules()
    minutes = "seconds to 6 min, by what Go's build cache has"
    kubernetes = made.group("kubernetes", modules, "compiling Kubernetes", minutes)
    tools = made.group("tools", modules, "compiling kind, Helm and controller-gen", "3 s to 1 min")
    prometheus = made.prometheus()
    pause = made.pause(modules)
    base = systems_of.base()
    jvm = _jvm(fixtures, systems_of, base, byteman.jars) if byteman.jars else byteman.missing
    node_packages = systems_of.installed(base, "node", systems.configure_node)
    control_plane = _control_plane(
        _ControlPlane(
            kubernetes=kubernetes,
            etcd=made.group("etcd", modules, "compiling etcd", "1-10 s"),
            coredns=made.group("coredns", modules, "compiling CoreDNS", "2-10 s"),
            pause=pause,
            iptables=node_packages,
        ),
        names,
        made.stack,
    )
    return Recipes(
        tools=tools,
        kubernetes=kubernetes,
        kubectl=made.group("kubectl", modules, "compiling kubectl", "3 s to 1 min"),
        prometheus=prometheus,
        crds=made.crds(modules, tools),
        chart=made.chart(modules),
        node=_node(images / "node", base, node_packages, kubernetes, control_plane, names),
        node_packages=node_packages,
        workloads=_workloads(
            _Workloads(
                base=base,
                daemon=systems_of.installed(base, "daemon", systems.configure_daemon),
                workload=systems_of.installed(base, "workload", None),
                commands=made.chaos_mesh(modules),
                dns_server=made.dns_server(),
                helpers=made.helpers(),
                jvm=jvm,
                prometheus=prometheus,
                pause=pause,
                given=given or DaemonPrograms(),
            ),
            names,
        ),
    )


@dataclass(frozen=True)
class _Systems:
    made: debian.Debian
    pins: Pins

    def base(self) -> Artefact:
        def build(work: Build) -> None:
            self.made.base(work.out, work.log)

        inputs = {"suite": self.pins.debian.suite, "recipe": digest_of_source(debian)}
        title = f"bootstrapping Debian {self.pins.debian.suite}"
        return Artefact("debian-base", title, build, inputs, estimate="20-60 s")

    def installed(self, base: Artefact, role: str, configure: debian.Configure | None) -> Artefact:
        packages = self.pins.debian.packages[role]

        def build(work: Build) -> None:
            layer = work.used[base.name].path(debian.LAYER)
            self.made.packages(work.out, layer, packages, work.log, configure)

        recipe = digest_of_source(debian, systems) if configure else digest_of_source(debian)
        inputs = {"packages": " ".join(sorted(packages)), "recipe": recipe}
        uses = (Use(base, (debian.LAYER,)),)
        title = f"installing the {role}'s Debian packages"
        return Artefact(f"debian-{role}", title, build, inputs, uses, estimate="5-20 s")


@dataclass(frozen=True)
class _Jvm:
    jre: Artefact
    layers: Artefact


def _jvm(fixtures: Path, systems_of: _Systems, base: Artefact, byteman: Artefact) -> _Jvm:
    jre = java.jre(systems_of.made, systems_of.pins.debian.packages[java.ROLE], base)
    program = fixtures / "workloads" / "jvm" / "Answering.java"
    files = fixtures / "images" / "byteman"
    return _Jvm(jre, java.layers(files, program, systems_of.made, base, jre, byteman))


@dataclass(frozen=True)
class _ControlPlane:
    kubernetes: Artefact
    etcd: Artefact
    coredns: Artefact
    pause: Artefact
    iptables: Artefact


def _control_plane(of: _ControlPlane, names: ImageNames, stack: Path) -> Artefact:
    """The images that kubeadm starts, under the names that it gives them; a node brings them along."""
    tags = {name: version_of(KUBERNETES, stack) for name in CONTROL_PLANE}
    tags |= {"etcd": version_of(ETCD, stack), "coredns": version_of(COREDNS, stack)}

    def build(work: Build) -> None:
        used = work.used
        folders = dict.fromkeys(CONTROL_PLANE, used[of.kubernetes.name])
        folders |= {"etcd": used[of.etcd.name], "coredns": used[of.coredns.name]}
        images = []
        for name, tag in tags.items():
            # kubeadm's manifests call the others by name; CoreDNS is only given arguments.
            place = "coredns" if name == "coredns" else f"usr/local/bin/{name}"
            top = _program_layer(work.out / f"{name}.layer", {place: folders[name].path(name)})
            below = [layer_of(used[of.iptables.name], systems.IPTABLES)] if name == "kube-proxy" else []
            image = Image(f"{REGISTRY}/{name}:{tag}", [*below, top], entrypoint=[f"/{place}"], env=_PATH)
            images.append(image)
        images.append(_pause_image(used[of.pause.name], names))
        _finish(work.out / CONTROL_PLANE_ARCHIVE, images)

    inputs = {"tags": digest_of(tags), "recipe": _recipe()}
    uses = (
        Use(of.kubernetes, CONTROL_PLANE),
        Use(of.etcd),
        Use(of.coredns),
        Use(of.pause),
        Use(of.iptables, (systems.IPTABLES,)),
    )
    title = "writing the control plane's images"
    return Artefact("control-plane", title, build, inputs, uses, estimate="2-5 s")


def _node(
    files: Path,
    base: Artefact,
    packages: Artefact,
    kubernetes: Artefact,
    control_plane: Artefact,
    names: ImageNames,
) -> Artefact:
    """The image that kind makes nodes of."""

    def build(work: Build) -> None:
        used = work.used
        content, links = _node_files(files, names)
        content["kind/version"] = f"{version}\n".encode()
        content[f"kind/images/{CONTROL_PLANE_ARCHIVE}"] = used[control_plane.name].path(CONTROL_PLANE_ARCHIVE)
        content |= {f"usr/bin/{name}": used[kubernetes.name].path(name) for name in NODE_PROGRAMS}
        top = work.out / "files.layer"
        write_layer(top, content, links)
        layers = [
            layer_of(used[base.name], debian.LAYER),
            layer_of(used[packages.name], debian.LAYER),
            digest_of_layer(top),
        ]
        name = f"{NODE_REPOSITORY}:{digest_of([layer.digest for layer in layers])[:16]}"
        node = Image(
            name,
            layers,
            entrypoint=["/usr/local/bin/entrypoint", "/sbin/init"],
            env={**_PATH, "container": "docker"},
            stop_signal="SIGRTMIN+3",
        )
        (work.out / NODE_NAME).write_text(name + "\n")
        _finish(work.out / NODE_ARCHIVE, [node])

    version = version_of(KUBERNETES, files.parent / "stack")
    inputs = {"version": version, "files": digest_of_files(files), "recipe": _recipe()}
    uses = (
        Use(base, (debian.LAYER,)),
        Use(packages, (debian.LAYER,)),
        Use(kubernetes, NODE_PROGRAMS),
        Use(control_plane, (CONTROL_PLANE_ARCHIVE,)),
    )
    return Artefact("node", "writing the node image", build, inputs, uses, estimate="3-15 s")


def _node_files(files: Path, names: ImageNames) -> tuple[dict[str, Path | bytes], dict[str, str]]:
    """Return our own files of a node by their place in it, and the links that enable its units."""
    config = (files / "containerd.toml").read_text().replace("@PAUSE@", str(names.of("pause")))
    content: dict[str, Path | bytes] = {
        "etc/containerd/config.toml": config.encode(),
        "usr/local/bin/entrypoint": files / "entrypoint",
    }
    content |= {f"kind/bin/{name}": files / name for name in _SCRIPTS}
    links = {}
    for unit in sorted((files / "units").iterdir()):
        content[f"etc/systemd/system/{unit.name}"] = unit
        for line in unit.read_text().splitlines():
            if line.startswith("WantedBy="):
                links[f"etc/systemd/system/{line.partition('=')[2]}.wants/{unit.name}"] = f"../{unit.name}"
    for drop_in in sorted((files / "kubelet.service.d").iterdir()):
        content[f"etc/systemd/system/kubelet.service.d/{drop_in.name}"] = drop_in
    return content, links


@dataclass(frozen=True)
class _Workloads:
    base: Artefact
    daemon: Artefact
    workload: Artefact
    commands: Artefact
    dns_server: Artefact
    helpers: Artefact
    jvm: _Jvm | str
    """What JVMChaos needs, or why it cannot be had."""
    prometheus: Artefact
    pause: Artefact
    given: DaemonPrograms


def _workloads(of: _Workloads, names: ImageNames) -> Artefact:
    """The images of Chaos Mesh, Prometheus and the workloads, all on the same base."""

    def build(work: Build) -> None:
        used = work.used
        base = layer_of(used[of.base.name], debian.LAYER)
        commands, helpers = used[of.commands.name], used[of.helpers.name]
        manager, dashboard = "chaos-controller-manager", "chaos-dashboard"
        programs_of = {
            "controller-manager": {manager: commands.path(manager)},
            "dashboard": {dashboard: commands.path(dashboard)},
            "daemon": {name: commands.path(name) for name in ("chaos-daemon", "cdh", "pause")}
            | {name: helpers.path(name) for name in ("nsexec", "memStress")}
            | dict(of.given.files),
            "prometheus": {"prometheus": used[of.prometheus.name].path("prometheus")},
        }
        between = {"daemon": [layer_of(used[of.daemon.name], debian.LAYER)]}
        entrypoints = {"prometheus": ["/usr/local/bin/prometheus"]}
        variables = {"daemon": _PATH if isinstance(of.jvm, str) else _BYTEMAN}
        images = []
        if isinstance(of.jvm, str):
            why = {java.MISSING: f"{of.jvm}\n".encode()}
            between["daemon"].append(_program_layer(work.out / "missing.layer", why))
        else:
            jre, jvm = layer_of(used[of.jvm.jre.name], debian.LAYER), used[of.jvm.layers.name]
            # The list of Debian's packages in the image is that of the layer above.
            between["daemon"] = [jre, *between["daemon"], layer_of(jvm, java.HOME_LAYER)]
            layers = [base, jre, layer_of(jvm, java.PROGRAM_LAYER)]
            images.append(Image(str(names.of(java.ROLE)), layers, env=_PATH))
        for role, files in programs_of.items():
            placed = {f"usr/local/bin/{name}": path for name, path in files.items()}
            layers = [base, *between.get(role, []), _program_layer(work.out / f"{role}.layer", placed)]
            entrypoint = entrypoints.get(role, [])
            images.append(Image(str(names.of(role)), layers, entrypoint, variables.get(role, _PATH)))
        dns_server = {"dns-server": used[of.dns_server.name].path("dns-server")}
        alone = _program_layer(work.out / "dns-server.layer", dns_server)
        # It has two files dns.proto in it, of CoreDNS and of the plugin; the released image is told the same.
        clash = {"GOLANG_PROTOBUF_REGISTRATION_CONFLICT": "warn"}
        images.append(Image(str(names.of("dns-server")), [alone], ["/dns-server"], clash))
        workload = layer_of(used[of.workload.name], debian.LAYER)
        images.append(Image(str(names.of("workload")), [base, workload], env=_PATH))
        images.append(_pause_image(used[of.pause.name], names))
        _finish(work.out / WORKLOADS_ARCHIVE, images)

    inputs = {
        "names": digest_of(
            [str(names.of(role)) for role in ("daemon", "dns-server", "prometheus", "workload", "pause")]
        ),
        "byteman": of.jvm if isinstance(of.jvm, str) else "",
        "recipe": _recipe(),
    }
    if of.given.digests:
        inputs["given"] = digest_of(dict(of.given.digests))
    jvm = () if isinstance(of.jvm, str) else (Use(of.jvm.jre, (debian.LAYER,)), Use(of.jvm.layers))
    uses = (
        Use(of.base, (debian.LAYER,)),
        Use(of.daemon, (debian.LAYER,)),
        *jvm,
        Use(of.workload, (debian.LAYER,)),
        Use(of.commands),
        Use(of.dns_server),
        Use(of.helpers),
        Use(of.prometheus, ("prometheus",)),
        Use(of.pause),
    )
    title = "writing the images of Chaos Mesh, Prometheus and workloads"
    return Artefact("workloads", title, build, inputs, uses, estimate="2-5 s")


def _pause_image(pause: CacheEntry, names: ImageNames) -> Image:
    return Image(str(names.of("pause")), [layer_of(pause, "layer.tar")], entrypoint=["/pause"])


def _program_layer(path: Path, files: Mapping[str, Path | bytes]) -> ImageLayer:
    write_layer(path, files)
    return digest_of_layer(path)


def _finish(out: Path, images: list[Image]) -> None:
    write_archive(out, images)
    for layer in out.parent.glob("*.layer"):
        layer.unlink()


def layer_of(entry: CacheEntry, name: str) -> ImageLayer:
    """Return the layer in a file of an entry."""
    return ImageLayer(entry.path(name), entry.digests[name])


def _recipe() -> str:
    return digest_of_source(archive, sys.modules[__name__])
