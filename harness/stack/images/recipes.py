"""What is built from source, out of what: the artefacts and their build functions."""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness.base import process
from harness.stack.images import archive, chaosmesh, debian
from harness.stack.images.archive import Image, Layer, digest_of_layer, write_archive, write_layer
from harness.stack.images.artefact import Artefact, Build, Entry, Use, digest_of_file
from harness.stack.images.debian import Inside
from harness.stack.images.golang import BUILD_FLAGS, Go
from harness.stack.images.pins import CHAOS_MESH, CHAOS_MESH_API, PROMETHEUS, Pins, version_of

REGISTRY = "chaos-harness.local"
NODE_REPOSITORY = "localhost/chaos-harness/node"
# kubeadm looks for no other names: the control plane's images have the Kubernetes version as tag.
KUBERNETES_IMAGES = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler")
NODE_PROGRAMS = ("kubeadm", "kubectl", "kubelet")
PROMETHEUS_TAGS = "remove_all_sd,enable_kubernetes_sd"
COREDNS = "github.com/coredns/coredns"
ETCD = "go.etcd.io/etcd/server/v3"
KUBERNETES = "k8s.io/kubernetes"
PAUSE_TAG = "v1"

_GROUPS: Mapping[str, tuple[str, ...]] = {
    "kubernetes": tuple(f"{KUBERNETES}/cmd/{name}" for name in (*KUBERNETES_IMAGES, *NODE_PROGRAMS)),
    "etcd": (ETCD,),
    "coredns": ("./coredns",),
    "tools": (
        "sigs.k8s.io/kind",
        "helm.sh/helm/v3/cmd/helm",
        "sigs.k8s.io/controller-tools/cmd/controller-gen",
    ),
    "chaos-mesh": tuple(f"{CHAOS_MESH}/cmd/{name}" for name in chaosmesh.COMMANDS if name not in chaosmesh.WITH_CGO),
    "chaos-mesh-api": (f"{CHAOS_MESH_API}/v1alpha1",),
}
_STATIC = ("-O2", "-Wall", "-Wextra", "-static", "-pthread", "-s")
_IPTABLES = ("iptables", "iptables-restore", "iptables-save", "ip6tables", "ip6tables-restore", "ip6tables-save")
_COMPILE_SECONDS = 300.0


@dataclass(frozen=True)
class Recipes:
    """The artefacts of one set of images.

    Attributes:
        modules: resolves the Go modules; the first thing that is done.
        tools: kind, helm and controller-gen.
        kubernetes: the control plane's programs and kubectl.
        prometheus: prometheus and promtool.
        crds: the CRD manifests, in the folder `crds`.
        chart: the Helm chart, in the folder `chart`.
        node: the node image, as `node.tar`.
        node_packages: the node's Debian packages, with `packages.txt`.
        workloads: the archive that is imported into every node, as `images.tar`.
    """

    modules: Artefact
    tools: Artefact
    kubernetes: Artefact
    prometheus: Artefact
    crds: Artefact
    chart: Artefact
    node: Artefact
    node_packages: Artefact
    workloads: Artefact

    def wanted(self) -> list[Artefact]:
        """Return what has to be there in the end, what takes longest first."""
        return [
            self.kubernetes, self.workloads, self.node, self.tools, self.prometheus, self.crds, self.chart,
        ]  # fmt: skip


@dataclass(frozen=True)
class Names:
    """The names of the images that go into a cluster, by role."""

    chaos_mesh_tag: str
    prometheus_tag: str
    suite: str

    def of(self, role: str) -> tuple[str, str]:
        """Return repository and tag of a role's image."""
        return {
            "controller-manager": ("chaos-mesh/chaos-mesh", self.chaos_mesh_tag),
            "daemon": ("chaos-mesh/chaos-daemon", self.chaos_mesh_tag),
            "dashboard": ("chaos-mesh/chaos-dashboard", self.chaos_mesh_tag),
            "prometheus": ("prometheus", self.prometheus_tag),
            "workload": ("workload", self.suite),
            "pause": ("pause", PAUSE_TAG),
        }[role]

    def full(self, role: str) -> str:
        """Return a role's image as `registry/repository:tag`."""
        repository, tag = self.of(role)
        return f"{REGISTRY}/{repository}:{tag}"


def make(
    *,
    fixtures: Path,
    pins: Pins,
    names: Names,
    go: Go,
    checkout: chaosmesh.Checkout | None = None,
) -> Recipes:
    """Return the artefacts for the pins, and for a checkout of Chaos Mesh when there is one."""
    maker = _Maker(fixtures / "images", pins, names, go, checkout)
    return maker.recipes()


class _Maker:
    def __init__(
        self, images: Path, pins: Pins, names: Names, go: Go, checkout: chaosmesh.Checkout | None
    ) -> None:
        self.stack = images / "stack"
        self.prometheus_module = images / "prometheus"
        self.node_files = images / "node"
        self.helper_files = images / "helpers"
        self.pins = pins
        self.names = names
        self.go = go
        self.cancel = go.cancel
        self.checkout = checkout
        self.debian = debian.Debian(pins.debian.suite, go.cancel)
        self.kubernetes_version = version_of(KUBERNETES, self.stack)

    def recipes(self) -> Recipes:
        modules = self.modules()
        kubernetes = self.programs(
            modules, "kubernetes", "compiling Kubernetes", "6 min; seconds when Go's build cache has it",
            stamps=_kubernetes_stamps(self.kubernetes_version),
        )  # fmt: skip
        etcd = self.programs(modules, "etcd", "compiling etcd", "10 s")
        coredns = self.programs(modules, "coredns", "compiling CoreDNS", "10 s")
        tools = self.programs(modules, "tools", "compiling kind, Helm and controller-gen", "1 min")
        prometheus = self.prometheus()
        commands = self.chaos_mesh(modules)
        helpers = self.helpers()
        base = self.base()
        pause = self.pause(modules)
        node_packages = self.installed(base, "node", _configure_node)
        control_plane = self.control_plane(kubernetes, etcd, coredns, pause, node_packages)
        return Recipes(
            modules=modules,
            tools=tools,
            kubernetes=kubernetes,
            prometheus=prometheus,
            crds=self.crds(modules, tools),
            chart=self.chart(modules),
            node=self.node(base, node_packages, kubernetes, control_plane),
            node_packages=node_packages,
            workloads=self.workloads(base, commands, helpers, prometheus, pause),
        )

    def modules(self) -> Artefact:
        def build(work: Build) -> None:
            for group, packages in _GROUPS.items():
                used = self.go.modules_of(packages, self.stack, log=work.log)
                (work.out / f"{group}.txt").write_text("\n".join(used) + "\n")

        inputs = {
            "go": self.go.version(self.stack),
            "go.mod": digest_of_file(self.stack / "go.mod"),
            "go.sum": digest_of_file(self.stack / "go.sum"),
            "coredns": digest_of_file(self.stack / "coredns" / "main.go"),
            "groups": json.dumps(_GROUPS),
        }
        return Artefact("modules", "resolving Go modules", build, inputs, lane="compile",
                        estimate="10 s; minutes when they have to be downloaded")  # fmt: skip

    def programs(
        self, modules: Artefact, group: str, title: str, estimate: str, stamps: Mapping[str, str] | None = None
    ) -> Artefact:
        def build(work: Build) -> None:
            self.go.build(_GROUPS[group], self.stack, work.out, stamps=stamps, log=work.log)
            # The command of etcd's server module is named after its last path element without version.
            if (work.out / "server").exists():
                (work.out / "server").rename(work.out / "etcd")

        inputs = {
            "go": self.go.version(self.stack),
            "packages": json.dumps(_GROUPS[group]),
            "flags": " ".join(BUILD_FLAGS),
            "stamps": json.dumps(stamps or {}),
            "main": digest_of_file(self.stack / "coredns" / "main.go") if group == "coredns" else "",
        }
        uses = (Use(modules, (f"{group}.txt",)),)
        return Artefact(f"go-{group}", title, build, inputs, uses, "compile", estimate)

    def prometheus(self) -> Artefact:
        folder = self.prometheus_module

        def build(work: Build) -> None:
            packages = [f"{PROMETHEUS}/cmd/{name}" for name in ("prometheus", "promtool")]
            self.go.build(packages, folder, work.out, tags=PROMETHEUS_TAGS, log=work.log)

        inputs = {
            "go": self.go.version(folder),
            "go.mod": digest_of_file(folder / "go.mod"),
            "go.sum": digest_of_file(folder / "go.sum"),
            "flags": " ".join([*BUILD_FLAGS, PROMETHEUS_TAGS]),
        }
        return Artefact("go-prometheus", "compiling Prometheus", build, inputs, lane="compile", estimate="2-4 min")

    def chaos_mesh(self, modules: Artefact) -> Artefact:
        stamps = {f"{CHAOS_MESH}/pkg/version.gitVersion": self.names.chaos_mesh_tag}

        def build_pinned(work: Build) -> None:
            # Objects cannot be added to the module cache, and an overlay of it is refused.
            source = work.out / "source"
            chaosmesh.copy_source(self.go.module_folder(CHAOS_MESH, self.stack), source)
            modfile = work.out / "replaced" / "go.mod"
            modfile.parent.mkdir()
            for name in ("go.mod", "go.sum"):
                shutil.copy(self.stack / name, modfile.parent)
            self.go.edit(modfile, f"-replace={CHAOS_MESH}={source}")
            chaosmesh.compile_commands(source, work.out, go=self.go, folder=self.stack, modfile=modfile,
                                       stamps=stamps, log=work.log)  # fmt: skip
            self.finish_chaos_mesh(work, source)
            shutil.rmtree(modfile.parent)

        def build_checkout(checkout: chaosmesh.Checkout, work: Build) -> None:
            source = work.out / "source"
            chaosmesh.copy_source(checkout.folder, source)
            if not checkout.has_api:
                chaosmesh.pin_api(source, go=self.go, stack=self.stack)
            chaosmesh.compile_commands(source, work.out, go=self.go, folder=source, modfile=None,
                                       stamps=stamps, log=work.log)  # fmt: skip
            self.finish_chaos_mesh(work, source)

        inputs = {
            "go": self.go.version(self.stack),
            "flags": " ".join(BUILD_FLAGS),
            "version": self.names.chaos_mesh_tag,
            "suite": self.pins.debian.suite,
            "recipe": _recipe(chaosmesh),
        }
        title, estimate = "compiling Chaos Mesh", "3 min; 30 s when Go's build cache has its dependencies"
        if self.checkout:
            checkout = self.checkout
            inputs["checkout"] = checkout.digest()
            inputs["api"] = "own" if checkout.has_api else self.go.pinned(CHAOS_MESH_API, self.stack)
            return Artefact("go-chaos-mesh", title, lambda work: build_checkout(checkout, work), inputs,
                            lane="compile", estimate=estimate)  # fmt: skip
        uses = (Use(modules, ("chaos-mesh.txt",)),)
        return Artefact("go-chaos-mesh", title, build_pinned, inputs, uses, "compile", estimate)

    def finish_chaos_mesh(self, work: Build, source: Path) -> None:
        """Compile the program that starts stopped, name the helper as the daemon does, drop the source."""
        self.compile_c(source / "hack" / "pause.c", work.out / "pause", work.log)
        (work.out / "chaos-daemon-helper").rename(work.out / "cdh")
        shutil.rmtree(source)

    def compile_c(self, source: Path, program: Path, log: Path) -> None:
        process.run(
            f"compile {source.name}",
            ["gcc", *_STATIC, "-o", program, source],
            timeout=_COMPILE_SECONDS,
            log=log,
            cancel=self.cancel,
        )

    def helpers(self) -> Artefact:
        def build(work: Build) -> None:
            for source, program in (("nsexec.c", "nsexec"), ("memstress.c", "memStress")):
                self.compile_c(self.helper_files / source, work.out / program, work.log)

        inputs = {path.name: digest_of_file(path) for path in sorted(self.helper_files.glob("*.c"))}
        return Artefact("helpers", "compiling nsexec and memStress", build, {**inputs, "flags": " ".join(_STATIC)})

    def pause(self, modules: Artefact) -> Artefact:
        """Build the program that holds a pod's namespaces, from the source in the Kubernetes module."""

        def build(work: Build) -> None:
            source = self.go.module_folder(KUBERNETES, self.stack) / "build" / "pause" / "linux" / "pause.c"
            stamp = f'-DVERSION="{PAUSE_TAG}"'
            process.run("compile pause.c", ["gcc", *_STATIC, stamp, "-o", work.out / "pause", source],
                        timeout=_COMPILE_SECONDS, log=work.log, cancel=self.cancel)  # fmt: skip
            write_layer(work.out / "layer.tar", {"pause": work.out / "pause"})

        inputs = {"version": self.kubernetes_version, "flags": " ".join(_STATIC)}
        # The module itself is not in kubernetes.txt's hash but is downloaded by then.
        return Artefact("pause", "compiling pause", build, inputs, (Use(modules, ("kubernetes.txt",)),))

    def base(self) -> Artefact:
        inputs = {"suite": self.pins.debian.suite, "recipe": _recipe(debian)}
        return Artefact("debian-base", f"bootstrapping Debian {self.pins.debian.suite}",
                        lambda work: self.debian.base(work.out, work.log), inputs, estimate="20-60 s")  # fmt: skip

    def installed(
        self,
        base: Artefact,
        role: str,
        configure: debian.Configure | None,
    ) -> Artefact:
        packages = self.pins.debian.packages[role]

        def build(work: Build) -> None:
            layer = work.used[base.name].path(debian.LAYER)
            self.debian.packages(work.out, layer, packages, work.log, configure)

        inputs = {
            "packages": " ".join(sorted(packages)),
            "recipe": _recipe(debian),
            "configure": _sources_of(configure),
        }
        return Artefact(f"debian-{role}", f"installing the {role}'s Debian packages", build, inputs,
                        (Use(base, (debian.LAYER,)),), estimate="20-40 s")  # fmt: skip

    def control_plane(
        self, kubernetes: Artefact, etcd: Artefact, coredns: Artefact, pause: Artefact, node_packages: Artefact
    ) -> Artefact:
        version = self.kubernetes_version
        etcd_version, coredns_version = version_of(ETCD, self.stack), version_of(COREDNS, self.stack)

        def build(work: Build) -> None:
            def image(program: Path, place: str, tag: str, below: Sequence[Layer] = ()) -> Image:
                path = work.out / f"{program.name}.layer"
                write_layer(path, {place: program})
                name = f"{REGISTRY}/{program.name}:{tag}"
                return Image(name, [*below, digest_of_layer(path)], entrypoint=[f"/{place}"], env=_PATH)

            used = work.used
            proxied = [_layer(used[node_packages.name], "iptables.tar")]
            images = [
                image(used[kubernetes.name].path(name), f"usr/local/bin/{name}", version,
                      proxied if name == "kube-proxy" else ())
                for name in KUBERNETES_IMAGES
            ]  # fmt: skip
            images.append(image(used[etcd.name].path("etcd"), "usr/local/bin/etcd", etcd_version))
            images.append(image(used[coredns.name].path("coredns"), "coredns", coredns_version))
            images.append(self.pause_image(used[pause.name]))
            write_archive(work.out / "control-plane.tar", images)
            for path in work.out.glob("*.layer"):
                path.unlink()

        inputs = {"version": version, "etcd": etcd_version, "coredns": coredns_version, "recipe": _recipe(archive)}
        uses = (
            Use(kubernetes, KUBERNETES_IMAGES), Use(etcd), Use(coredns), Use(pause),
            Use(node_packages, ("iptables.tar",)),
        )  # fmt: skip
        return Artefact("control-plane", "writing the control plane's images", build, inputs, uses, estimate="5 s")

    def pause_image(self, pause: Entry) -> Image:
        return Image(self.names.full("pause"), [_layer(pause, "layer.tar")], entrypoint=["/pause"])

    def node(
        self, base: Artefact, installed: Artefact, kubernetes: Artefact, control_plane: Artefact
    ) -> Artefact:
        files = self.node_files

        def build(work: Build) -> None:
            used = work.used
            texts: dict[str, Path | bytes] = {
                "kind/version": f"{self.kubernetes_version}\n".encode(),
                "kind/images/control-plane.tar": used[control_plane.name].path("control-plane.tar"),
                "etc/containerd/config.toml": (files / "containerd.toml")
                .read_text()
                .replace("@PAUSE@", self.names.full("pause"))
                .encode(),
                "usr/local/bin/entrypoint": files / "entrypoint",
            }
            for name in NODE_PROGRAMS:
                texts[f"usr/bin/{name}"] = used[kubernetes.name].path(name)
            for script in ("drop-empty-controllers", "import-images", "kubelet-cgroups"):
                texts[f"kind/bin/{script}"] = files / script
            links: dict[str, str] = {}
            for unit in sorted((files / "units").iterdir()):
                texts[f"etc/systemd/system/{unit.name}"] = unit
                for target in _wanted_by(unit.read_text()):
                    links[f"etc/systemd/system/{target}.wants/{unit.name}"] = f"../{unit.name}"
            for drop_in in sorted((files / "kubelet.service.d").iterdir()):
                texts[f"etc/systemd/system/kubelet.service.d/{drop_in.name}"] = drop_in
            top = work.out / "files.layer"
            write_layer(top, texts, links)
            layers = [
                _layer(used[base.name], debian.LAYER), _layer(used[installed.name], debian.LAYER), digest_of_layer(top),
            ]  # fmt: skip
            name = f"{NODE_REPOSITORY}:{digest_of_name([layer.digest for layer in layers])}"
            node = Image(
                name,
                layers,
                entrypoint=["/usr/local/bin/entrypoint", "/sbin/init"],
                env={**_PATH, "container": "docker"},
                stop_signal="SIGRTMIN+3",
            )
            write_archive(work.out / "node.tar", [node])
            (work.out / "name.txt").write_text(name + "\n")
            top.unlink()

        inputs = {
            "version": self.kubernetes_version,
            "files": digest_of_name(
                [f"{p.relative_to(files)} {digest_of_file(p)}" for p in sorted(files.rglob("*")) if p.is_file()]
            ),
            "recipe": _recipe(archive) + inspect.getsource(_Maker.node),
        }
        uses = (
            Use(base, (debian.LAYER,)), Use(installed, (debian.LAYER,)), Use(kubernetes, NODE_PROGRAMS),
            Use(control_plane, ("control-plane.tar",)),
        )  # fmt: skip
        return Artefact("node", "writing the node image", build, inputs, uses, estimate="15 s")

    def workloads(
        self, base: Artefact, commands: Artefact, helpers: Artefact, prometheus: Artefact, pause: Artefact
    ) -> Artefact:
        daemon = self.installed(base, "daemon", _configure_daemon)
        workload = self.installed(base, "workload", None)
        in_daemon = ("chaos-daemon", "cdh", "pause")

        def build(work: Build) -> None:
            used = work.used
            below = _layer(used[base.name], debian.LAYER)

            def image(role: str, programs: Mapping[str, Path], *between: Layer, entrypoint: str = "") -> Image:
                path = work.out / f"{role}.layer"
                write_layer(path, {f"usr/local/bin/{name}": program for name, program in programs.items()})
                run = [f"/usr/local/bin/{entrypoint}"] if entrypoint else []
                return Image(self.names.full(role), [below, *between, digest_of_layer(path)], entrypoint=run, env=_PATH)

            own = {name: used[commands.name].path(name) for name in in_daemon}
            own |= {name: used[helpers.name].path(name) for name in ("nsexec", "memStress")}
            manager, dashboard = "chaos-controller-manager", "chaos-dashboard"
            images = [
                image("controller-manager", {manager: used[commands.name].path(manager)}),
                image("dashboard", {dashboard: used[commands.name].path(dashboard)}),
                image("daemon", own, _layer(used[daemon.name], debian.LAYER)),
                image("prometheus", {"prometheus": used[prometheus.name].path("prometheus")}, entrypoint="prometheus"),
                Image(self.names.full("workload"), [below, _layer(used[workload.name], debian.LAYER)], env=_PATH),
                self.pause_image(used[pause.name]),
            ]  # fmt: skip
            write_archive(work.out / "images.tar", images)
            for path in work.out.glob("*.layer"):
                path.unlink()

        inputs = {
            "names": digest_of_name([self.names.full(role) for role in ("daemon", "prometheus", "workload", "pause")]),
            "recipe": _recipe(archive) + inspect.getsource(_Maker.workloads),
        }
        uses = (
            Use(base, (debian.LAYER,)), Use(daemon, (debian.LAYER,)), Use(workload, (debian.LAYER,)), Use(commands),
            Use(helpers), Use(prometheus, ("prometheus",)), Use(pause),
        )  # fmt: skip
        return Artefact("workloads", "writing the images of Chaos Mesh, Prometheus and workloads", build, inputs,
                        uses, estimate="5 s")  # fmt: skip

    def crds(self, modules: Artefact, tools: Artefact) -> Artefact:
        def build(work: Build) -> None:
            folder, paths = self.stack, f"{CHAOS_MESH_API}/v1alpha1"
            if self.checkout and self.checkout.has_api:
                folder, paths = self.checkout.folder / "api", "./v1alpha1"
            process.run(
                "generate the CRDs",
                [work.used[tools.name].path("controller-gen"), "crd:maxDescLen=0", f"paths={paths}",
                 f"output:crd:dir={work.out / 'crds'}"],
                timeout=300, cwd=folder, log=work.log, cancel=self.cancel,
                env={"GOFLAGS": "-mod=readonly", "GOWORK": "off"},
            )  # fmt: skip

        uses = [Use(tools, ("controller-gen",))]
        inputs = {}
        if self.checkout and self.checkout.has_api:
            inputs["checkout"] = self.checkout.digest()
        else:
            uses.append(Use(modules, ("chaos-mesh-api.txt",)))
        return Artefact("crds", "generating CRDs from the API types", build, inputs, tuple(uses), "compile", "5 s")

    def chart(self, modules: Artefact) -> Artefact:
        def build(work: Build) -> None:
            source = self.checkout.folder if self.checkout else self.go.module_folder(CHAOS_MESH, self.stack)
            chaosmesh.copy_source(source / chaosmesh.CHART, work.out / "chart")

        if self.checkout:
            return Artefact("chart", "copying the chart", build, {"checkout": self.checkout.digest()})
        inputs = {"module": self.go.pinned(CHAOS_MESH, self.stack)}
        return Artefact("chart", "copying the chart", build, inputs, (Use(modules, ("chaos-mesh.txt",)),))


_PATH = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}


def digest_of_name(parts: Sequence[str]) -> str:
    """Return a short hash of some strings, usable as an image tag."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _layer(entry: Entry, name: str) -> Layer:
    return Layer(entry.path(name), entry.digests[name])


def _recipe(module: object) -> str:
    """Return the source of a module that makes an artefact: another recipe is another artefact."""
    return hashlib.sha256(inspect.getsource(module).encode()).hexdigest()  # type: ignore[arg-type]


def _sources_of(configure: debian.Configure | None) -> str:
    """Return the source of a function and of the functions of this module that it calls."""
    if not configure:
        return ""
    own = inspect.getsource(configure)
    called = (_collect_iptables, _use_legacy_iptables)
    return own + "".join(inspect.getsource(function) for function in called if f"{function.__name__}(" in own)


def _kubernetes_stamps(version: str) -> dict[str, str]:
    # Without these kubeadm refuses: the version of an unstamped build is v0.0.0.
    major, minor, _ = version.removeprefix("v").split(".", 2)
    package = "k8s.io/component-base/version"
    return {f"{package}.gitVersion": version, f"{package}.gitMajor": major, f"{package}.gitMinor": minor}


def _wanted_by(unit: str) -> list[str]:
    return [line.partition("=")[2].strip() for line in unit.splitlines() if line.startswith("WantedBy=")]


def _use_legacy_iptables(inside: Inside) -> None:
    # Chaos Mesh's daemon works with the legacy tables; two kinds of tables on one node would hide rules.
    for family in ("iptables", "ip6tables"):
        inside(f"choose legacy {family}", ["update-alternatives", "--set", family, f"/usr/sbin/{family}-legacy"])


def _configure_daemon(root: Path, inside: Inside, out: Path) -> None:
    _use_legacy_iptables(inside)
    inside("choose legacy ebtables", ["update-alternatives", "--set", "ebtables", "/usr/sbin/ebtables-legacy"])


def _configure_node(root: Path, inside: Inside, out: Path) -> None:
    _use_legacy_iptables(inside)
    spec = json.loads(inside("ask containerd for a runtime spec", ["ctr", "oci", "spec"]).stdout)
    del spec["process"]["rlimits"]
    (root / "etc/containerd").mkdir(parents=True, exist_ok=True)
    (root / "etc/containerd/base-spec.json").write_text(json.dumps(spec))
    (root / "opt/cni/bin").mkdir(parents=True)
    for plugin in ("bridge", "host-local", "loopback", "portmap"):
        (root / "opt/cni/bin" / plugin).symlink_to(f"/usr/lib/cni/{plugin}")
    # A node runs what its own units say; whatever else the packages start only costs time.
    for folder in ("etc/systemd/system", "lib/systemd/system"):
        for wants in (root / folder).glob("*.wants"):
            for unit in wants.iterdir():
                if unit.name not in {"dbus.socket", "systemd-journald.socket", "systemd-journald.service"}:
                    unit.unlink()
    _collect_iptables(root, inside, out / "iptables.tar")
    (root / "etc/systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")


def _collect_iptables(root: Path, inside: Inside, out: Path) -> None:
    """Write a layer with legacy iptables, its extensions and libraries: what kube-proxy's image needs."""
    program = "usr/sbin/xtables-legacy-multi"
    extensions = [path.relative_to(root).as_posix() for path in root.glob("usr/lib/*/xtables/*.so")]
    # The extensions have libraries of their own: without libm a service with two endpoints breaks all rules.
    listed = inside("list iptables' libraries", ["ldd", *(f"/{name}" for name in [program, *extensions])])
    libraries = {word.lstrip("/") for word in listed.stdout.split() if word.startswith("/") and word[-1] != ":"}
    files: dict[str, Path | bytes] = {}
    for name in [program, *extensions]:
        files[name] = root / name
    for name in libraries:
        # ldd names them by /lib, which is /usr/lib in a merged system but a folder in this small image.
        files[name] = root / Path(name).parent / Path(name).name
    links = {f"usr/sbin/{name}": "xtables-legacy-multi" for name in _IPTABLES}
    write_layer(out, files, links)
