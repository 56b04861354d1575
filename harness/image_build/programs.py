"""The artefacts that are compiled or taken from Go modules: programs, CRDs, the chart."""

from __future__ import annotations

import ast
import inspect
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from harness.base import process
from harness.image_build import chaosmesh, golang
from harness.image_build.archive import write_layer
from harness.image_build.artefact import Artefact, Build, Use, digest_of, digest_of_file
from harness.image_build.golang import BUILD_FLAGS, Go
from harness.image_build.names import PAUSE_TAG
from harness.image_build.pins import CHAOS_MESH, CHAOS_MESH_API, KUBERNETES, PROMETHEUS, version_of

# The names that kubeadm gives the control plane's images, too.
CONTROL_PLANE = ("kube-apiserver", "kube-controller-manager", "kube-proxy", "kube-scheduler")
NODE_PROGRAMS = ("kubeadm", "kubectl", "kubelet")
GROUPS: Mapping[str, tuple[str, ...]] = {
    "kubernetes": tuple(f"{KUBERNETES}/cmd/{name}" for name in (*CONTROL_PLANE, *NODE_PROGRAMS)),
    "kubectl": (f"{KUBERNETES}/cmd/kubectl",),
    "etcd": ("go.etcd.io/etcd/server/v3",),
    "coredns": ("./coredns",),
    "tools": (
        "sigs.k8s.io/kind",
        "helm.sh/helm/v3/cmd/helm",
        "sigs.k8s.io/controller-tools/cmd/controller-gen",
    ),
    # Without the two that embed what the module does not hold; they use the same modules.
    "chaos-mesh": tuple(
        f"{CHAOS_MESH}/cmd/{name}" for name in chaosmesh.COMMANDS if name not in chaosmesh.WITH_CGO
    ),
    "chaos-mesh-api": (f"{CHAOS_MESH_API}/v1alpha1",),
}

_PROMETHEUS_TAGS = "remove_all_sd,enable_kubernetes_sd"
_STATIC = ("-O2", "-Wall", "-Wextra", "-static", "-pthread", "-s")
_GCC_SECONDS = 300.0
_CRD_SECONDS = 300.0


@dataclass(frozen=True)
class Programs:
    """Makes the artefacts of programs.

    Attributes:
        images: the folder fixtures/images.
        go: the toolchain.
        chaos_mesh_version: stamped into Chaos Mesh's commands.
        checkout: built in place of the pinned Chaos Mesh.
    """

    images: Path
    go: Go
    chaos_mesh_version: str
    checkout: chaosmesh.Checkout | None = None

    @property
    def stack(self) -> Path:
        """The module of everything but Prometheus."""
        return self.images / "stack"

    def modules(self) -> Artefact:
        """Resolve which modules go into each group of programs: a file `<group>.txt` each."""

        def build(work: Build) -> None:
            for group, packages in GROUPS.items():
                used = self.go.modules_of(packages, self.stack, log=work.log)
                (work.out / f"{group}.txt").write_text("\n".join(used) + "\n")

        inputs = {
            **self._pinned(self.stack),
            "coredns": digest_of_file(self.stack / "coredns" / "main.go"),
            "groups": json.dumps(GROUPS),
        }
        return Artefact(
            "modules",
            "resolving Go modules",
            build,
            inputs,
            lane="compile",
            estimate="5 s; minutes when they have to be downloaded",
        )

    def group(self, name: str, modules: Artefact, title: str, estimate: str) -> Artefact:
        """Compile a group of programs; rebuilt when a module that goes into it changes."""
        stamps = _kubernetes_stamps(version_of(KUBERNETES, self.stack)) if "kube" in name else {}

        def build(work: Build) -> None:
            self.go.build(GROUPS[name], self.stack, work.out, stamps=stamps, log=work.log)
            if name == "etcd":
                # Go names a command after its path, and this one is .../etcd/server/v3.
                (work.out / "server").rename(work.out / "etcd")

        inputs = {
            "go": self.go.version(self.stack),
            "packages": json.dumps(GROUPS[name]),
            "flags": " ".join(BUILD_FLAGS),
            "stamps": json.dumps(stamps),
            "main": digest_of_file(self.stack / "coredns" / "main.go") if name == "coredns" else "",
        }
        uses = (Use(modules, (f"{name}.txt",)),)
        return Artefact(f"go-{name}", title, build, inputs, uses, "compile", estimate)

    def prometheus(self) -> Artefact:
        """Compile prometheus and promtool."""
        folder = self.images / "prometheus"

        def build(work: Build) -> None:
            packages = [f"{PROMETHEUS}/cmd/{name}" for name in ("prometheus", "promtool")]
            self.go.build(packages, folder, work.out, tags=_PROMETHEUS_TAGS, log=work.log)

        inputs = {**self._pinned(folder), "flags": " ".join([*BUILD_FLAGS, _PROMETHEUS_TAGS])}
        return Artefact(
            "go-prometheus", "compiling Prometheus", build, inputs, lane="compile", estimate="10 s to 4 min"
        )

    def dns_server(self) -> Artefact:
        """Compile the DNS server that DNSChaos needs, from its own old module of CoreDNS."""
        folder = self.images / "dns-server"

        def build(work: Build) -> None:
            self.go.build(["."], folder, work.out, log=work.log)

        inputs = {
            **self._pinned(folder),
            "main": digest_of_file(folder / "main.go"),
            "flags": " ".join(BUILD_FLAGS),
        }
        title = "compiling the DNS server for DNSChaos"
        return Artefact("go-dns-server", title, build, inputs, lane="compile", estimate="5 s to 2 min")

    def chaos_mesh(self, modules: Artefact) -> Artefact:
        """Compile Chaos Mesh's commands, `cdh` and `pause` from a copy of its source.

        A copy, because objects that chaos-daemon embeds have to be put beside its source, and the
        module cache takes none (Go refuses an overlay of it, too).
        """
        stamps = {f"{CHAOS_MESH}/pkg/version.gitVersion": self.chaos_mesh_version}

        def build(work: Build) -> None:
            source = work.out / "source"
            folder, modfile = source, None
            if self.checkout:
                chaosmesh.copy_source(self.checkout.folder, source)
                if not self.checkout.has_api:
                    chaosmesh.pin_api(source, go=self.go, stack=self.stack)
            else:
                chaosmesh.copy_source(self.go.module_folder(CHAOS_MESH, self.stack), source)
                folder, modfile = self.stack, work.out / "go.mod"
                for name in ("go.mod", "go.sum"):
                    shutil.copy(self.stack / name, work.out)
                self.go.edit(modfile, f"-replace={CHAOS_MESH}={source}")
            chaosmesh.compile_commands(
                source, work.out, go=self.go, folder=folder, modfile=modfile, stamps=stamps, log=work.log
            )
            self._compile_c(source / "hack" / "pause.c", work.out / "pause", work.log)
            (work.out / "chaos-daemon-helper").rename(work.out / "cdh")
            shutil.rmtree(source)
            for name in ("go.mod", "go.sum"):
                (work.out / name).unlink(missing_ok=True)

        inputs = {
            "go": self.go.version(self.stack),
            "flags": " ".join(BUILD_FLAGS),
            "version": self.chaos_mesh_version,
            "recipe": digest_of_source(chaosmesh, golang),
        }
        uses: tuple[Use, ...] = ()
        if self.checkout:
            inputs["checkout"] = self.checkout.digest()
            if not self.checkout.has_api:
                inputs["api"] = self.go.pinned(CHAOS_MESH_API, self.stack)
        else:
            uses = (Use(modules, ("chaos-mesh.txt",)),)
        estimate = "20 s to 4 min"
        return Artefact("go-chaos-mesh", "compiling Chaos Mesh", build, inputs, uses, "compile", estimate)

    def helpers(self) -> Artefact:
        """Compile our substitutes for helpers of chaos-daemon."""
        sources = {"nsexec": "nsexec.c", "memStress": "memstress.c"}
        folder = self.images / "helpers"

        def build(work: Build) -> None:
            for program, source in sources.items():
                self._compile_c(folder / source, work.out / program, work.log)

        inputs = {program: digest_of_file(folder / source) for program, source in sources.items()}
        inputs["flags"] = " ".join(_STATIC)
        return Artefact("helpers", "compiling nsexec and memStress", build, inputs, estimate="1 s")

    def pause(self, modules: Artefact) -> Artefact:
        """Compile the program that holds a pod's namespaces, from the Kubernetes module; `layer.tar`."""

        def build(work: Build) -> None:
            source = self.go.module_folder(KUBERNETES, self.stack) / "build/pause/linux/pause.c"
            self._compile_c(source, work.out / "pause", work.log, f"-DVERSION={PAUSE_TAG}")
            write_layer(work.out / "layer.tar", {"pause": work.out / "pause"})

        inputs = {"version": version_of(KUBERNETES, self.stack), "flags": " ".join([*_STATIC, PAUSE_TAG])}
        uses = (Use(modules, ("kubectl.txt",)),)
        return Artefact("pause", "compiling pause", build, inputs, uses, estimate="1 s")

    def crds(self, modules: Artefact, tools: Artefact) -> Artefact:
        """Generate the CRDs from the API types that the controller is built with, in `crds/`.

        The chart's own can be older than the API module; then they prune fields that the webhook
        knows, and it refuses updates ("Cannot update chaos spec").
        """
        own_api = self.checkout if self.checkout and self.checkout.has_api else None

        def build(work: Build) -> None:
            folder, paths = self.stack, f"{CHAOS_MESH_API}/v1alpha1"
            if own_api:
                folder, paths = own_api.folder / "api", "./v1alpha1"
            generator = work.used[tools.name].path("controller-gen")
            process.run(
                "generate the CRDs",
                [generator, "crd:maxDescLen=0", f"paths={paths}", f"output:crd:dir={work.out / 'crds'}"],
                timeout=_CRD_SECONDS,
                cwd=folder,
                env={"GOFLAGS": "-mod=readonly", "GOWORK": "off"},
                log=work.log,
                cancel=self.go.cancel,
            )

        uses = [Use(tools, ("controller-gen",))]
        if not own_api:
            uses.append(Use(modules, ("chaos-mesh-api.txt",)))
        inputs = {"checkout": own_api.digest()} if own_api else {}
        title = "generating CRDs from the API types"
        return Artefact("crds", title, build, inputs, tuple(uses), "compile", "5 s")

    def chart(self, modules: Artefact) -> Artefact:
        """Take the Helm chart from the source, in `chart/`."""

        def build(work: Build) -> None:
            module = self.checkout or self.go.module_folder(CHAOS_MESH, self.stack)
            source = module.folder if isinstance(module, chaosmesh.Checkout) else module
            chaosmesh.copy_source(source / chaosmesh.CHART, work.out / "chart")

        if self.checkout:
            return Artefact("chart", "copying the chart", build, {"checkout": self.checkout.digest()})
        inputs = {"module": self.go.pinned(CHAOS_MESH, self.stack)}
        return Artefact("chart", "copying the chart", build, inputs, (Use(modules, ("chaos-mesh.txt",)),))

    def _pinned(self, folder: Path) -> dict[str, str]:
        return {
            "go": self.go.version(folder),
            "go.mod": digest_of_file(folder / "go.mod"),
            "go.sum": digest_of_file(folder / "go.sum"),
        }

    def _compile_c(self, source: Path, program: Path, log: Path, *flags: str) -> None:
        process.run(
            f"compile {source.name}",
            ["gcc", *_STATIC, *flags, "-o", program, source],
            timeout=_GCC_SECONDS,
            log=log,
            cancel=self.go.cancel,
        )


def digest_of_source(*modules: ModuleType) -> str:
    """Return a hash of what modules do; what they import and say in comments builds nothing else."""
    return digest_of([_statements(inspect.getsource(module)) for module in modules])


def _statements(source: str) -> str:
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _builds_nothing(each)]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _builds_nothing(statement: ast.stmt) -> bool:
    text = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    return text or isinstance(statement, ast.Import | ast.ImportFrom)


def digest_of_files(folder: Path, names: Sequence[str] = ("*",)) -> str:
    """Return a hash of names, contents and executable bits of the files below a folder."""
    files = sorted({path for name in names for path in folder.rglob(name) if path.is_file()})
    return digest_of(
        [[str(path.relative_to(folder)), digest_of_file(path), path.stat().st_mode & 0o100] for path in files]
    )


def _kubernetes_stamps(version: str) -> dict[str, str]:
    # Without these kubeadm refuses: the version of an unstamped build is v0.0.0.
    major, minor, _ = version.removeprefix("v").split(".", 2)
    package = "k8s.io/component-base/version"
    return {f"{package}.gitVersion": version, f"{package}.gitMajor": major, f"{package}.gitMinor": minor}
