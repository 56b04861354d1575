"""Which artefacts a changed pin rebuilds: the real recipes, a pretended toolchain, nothing built."""

import hashlib
import re
import shutil
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.base import bundled
from harness.image_build import recipes, uml
from harness.image_build.artefact import Artefact, Build, CacheEntry
from harness.image_build.byteman import Byteman, fetched
from harness.image_build.debian import Debian
from harness.image_build.golang import Go
from harness.image_build.graph import in_order
from harness.image_build.names import ImageNames
from harness.image_build.pins import Pins

# Which modules go into a group, as far as these tests change them.
USED_BY = {
    "k8s.io/kubernetes/": ("k8s.io/kubernetes", "k8s.io/api"),
    "go.etcd.io/": ("go.etcd.io/etcd/server/v3",),
    "./coredns": ("github.com/coredns/coredns", "k8s.io/api"),
    "sigs.k8s.io/kind": ("sigs.k8s.io/kind", "helm.sh/helm/v3"),
    "github.com/chaos-mesh/chaos-mesh/cmd": ("github.com/chaos-mesh/chaos-mesh", "k8s.io/api"),
    "github.com/chaos-mesh/chaos-mesh/api": ("github.com/chaos-mesh/chaos-mesh/api", "k8s.io/api"),
}


class PretendedGo(Go):
    """Knows which modules a group uses; compiles nothing."""

    def version(self, folder: Path) -> str:
        return "go1.26.8"

    def modules_of(self, packages: Sequence[str], folder: Path, *, tags: str = "", log: Path) -> list[str]:
        (modules,) = [used for prefix, used in USED_BY.items() if packages[0].startswith(prefix)]
        return [self.pinned(module, folder) for module in modules]


@pytest.fixture
def fixtures(tmp_path: Path) -> Path:
    root = tmp_path / "fixtures"
    for part in ("images", "workloads"):
        shutil.copytree(bundled.fixtures() / part, root / part)
    shutil.copy(bundled.fixtures() / "pins.toml", root / "pins.toml")
    return root


def keys(
    fixtures: Path, tmp_path: Path, *, uml_worker: bool = False, without_byteman: str = ""
) -> dict[str, str]:
    """Return the key of every artefact, each entry standing for a build whose output follows its key."""
    pins = Pins.load(fixtures)
    go = PretendedGo(Path("/nowhere/go"), threading.Event())
    names = ImageNames("v1", "v2", pins.debian.suite)
    byteman = Byteman(None if without_byteman else fetched(pins.byteman, go.cancel), without_byteman)
    made = recipes.make(fixtures=fixtures, pins=pins, names=names, go=go, byteman=byteman)
    wanted = made.wanted()
    if uml_worker:
        of = uml.WorkerSource(fixtures / "images", pins, names, fixtures / "images" / "stack")
        wanted += uml.artefacts(Debian(pins.debian.suite, go.cancel), made, of)
    order = in_order(wanted)
    parts = {part for artefact in order for use in artefact.uses for part in use.parts}
    entries: dict[str, CacheEntry] = {}
    for artefact in order:
        key = artefact.key(entries)
        entries[artefact.name] = CacheEntry(key, tmp_path, outputs(artefact, key, parts, tmp_path))
    return {name: entry.key for name, entry in entries.items()}


def outputs(artefact: Artefact, key: str, parts: set[str], tmp_path: Path) -> dict[str, str]:
    if artefact.name != "modules":
        return dict.fromkeys({*parts, "everything else"}, key)
    folder = tmp_path / "modules"
    folder.mkdir(exist_ok=True)
    artefact.build(Build(folder, tmp_path / "log", {}))
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def edit(path: Path, pattern: str, text: str) -> None:
    before = path.read_text()
    after = re.sub(pattern, text, before, count=1, flags=re.MULTILINE)
    assert after != before
    path.write_text(after)


def pin(module: str) -> Callable[[Path], None]:
    """Return what raises a module's version in go.mod."""

    def change(fixtures: Path) -> None:
        edit(fixtures / "images/stack/go.mod", rf"^(\s*(?:require )?{re.escape(module)} v\S+)", r"\g<1>1")

    return change


def file(name: str) -> Callable[[Path], None]:
    def change(fixtures: Path) -> None:
        with (fixtures / name).open("a") as text:
            text.write("\n")

    return change


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        (file("images/uml/init"), {"uml-programs"}),
        (file("images/uml/xstate.c"), {"uml-programs"}),
        (
            lambda fixtures: edit(fixtures / "pins.toml", '"user-mode-linux"', '"user-mode-linux", "curl"'),
            {"debian-uml", "uml-root", "uml-programs"},
        ),
        (file("images/node/entrypoint"), {"node"}),
        (
            lambda fixtures: edit(fixtures / "images/node/containerd.toml", "discard", "keep"),
            {"node", "uml-root"},
        ),
    ],
)
def test_the_worker_in_user_mode_linux_is_rebuilt_alone(
    fixtures: Path, tmp_path: Path, change: Callable[[Path], None], rebuilt: set[str]
) -> None:
    before = keys(fixtures, tmp_path, uml_worker=True)
    assert set(before) - set(keys(fixtures, tmp_path)) == set(uml.ARTEFACTS)
    change(fixtures)
    after = keys(fixtures, tmp_path, uml_worker=True)
    assert {name for name in after if after[name] != before[name]} == rebuilt


ALL_OF_KUBERNETES = {"go-kubernetes", "pause", "control-plane", "node", "workloads"}


@pytest.mark.parametrize(
    ("change", "rebuilt"),
    [
        (pin("go.etcd.io/etcd/server/v3"), {"go-etcd", "control-plane", "node"}),
        (pin("github.com/coredns/coredns"), {"go-coredns", "control-plane", "node"}),
        (pin("sigs.k8s.io/kind"), {"go-tools", "crds"}),
        (pin("github.com/chaos-mesh/chaos-mesh"), {"go-chaos-mesh", "chart", "workloads"}),
        (pin("k8s.io/kubernetes"), ALL_OF_KUBERNETES),
        (file("images/prometheus/go.sum"), {"go-prometheus", "workloads"}),
        (file("images/dns-server/go.sum"), {"go-dns-server", "workloads"}),
        (file("images/dns-server/main.go"), {"go-dns-server", "workloads"}),
        (file("images/stack/coredns/main.go"), {"go-coredns", "control-plane", "node"}),
        (file("images/helpers/nsexec.c"), {"helpers", "workloads"}),
        (file("images/byteman/attach/Attach.java"), {"byteman-home", "workloads"}),
        (file("images/byteman/bin/bminstall.sh"), {"byteman-home", "workloads"}),
        (file("workloads/jvm/Answering.java"), {"byteman-home", "workloads"}),
        (
            lambda fixtures: edit(fixtures / "pins.toml", "4.0.24", "4.0.25"),
            {"byteman", "byteman-home", "workloads"},
        ),
        (
            lambda fixtures: edit(fixtures / "pins.toml", "openjdk-17", "openjdk-21"),
            {"debian-jvm", "byteman-home", "workloads"},
        ),
        (file("images/node/entrypoint"), {"node"}),
        (
            lambda fixtures: edit(fixtures / "pins.toml", '"python3"', '"python3", "curl"'),
            {"debian-workload", "workloads"},
        ),
        (
            lambda fixtures: edit(fixtures / "pins.toml", '"stress-ng"', '"stress-ng", "curl"'),
            {"debian-daemon", "workloads"},
        ),
        (
            lambda fixtures: edit(fixtures / "pins.toml", '"systemd-sysv"', '"systemd-sysv", "curl"'),
            {"debian-node", "control-plane", "node"},
        ),
        (
            lambda fixtures: edit(fixtures / "pins.toml", '"bookworm"', '"trixie"'),
            {
                "debian-base",
                "debian-node",
                "debian-daemon",
                "debian-workload",
                "debian-jvm",
                "byteman-home",
                "control-plane",
                "node",
                "workloads",
            },
        ),
        (lambda fixtures: edit(fixtures / "pins.toml", "2.8.4", "2.8.3"), set()),
    ],
)
def test_a_changed_pin_rebuilds_what_depends_on_it_and_nothing_else(
    fixtures: Path, tmp_path: Path, change: Callable[[Path], None], rebuilt: set[str]
) -> None:
    before = keys(fixtures, tmp_path)
    change(fixtures)
    after = keys(fixtures, tmp_path)
    assert set(before) == set(after)
    # Which modules are used is resolved again whenever go.mod, go.sum or our main change: seconds.
    assert {name for name in before if before[name] != after[name]} - {"modules"} == rebuilt


def test_a_changed_executable_bit_is_another_node(fixtures: Path, tmp_path: Path) -> None:
    before = keys(fixtures, tmp_path)
    (fixtures / "images/node/entrypoint").chmod(0o644)
    assert keys(fixtures, tmp_path)["node"] != before["node"]


def test_without_byteman_nothing_of_it_is_built_and_the_daemon_says_why(
    fixtures: Path, tmp_path: Path
) -> None:
    whole, without = keys(fixtures, tmp_path), keys(fixtures, tmp_path, without_byteman="no Maven")
    assert set(whole) - set(without) == {"byteman", "byteman-home", "debian-jvm"}
    assert {name for name in without if without[name] != whole[name]} == {"workloads"}
    assert keys(fixtures, tmp_path, without_byteman="another reason")["workloads"] != without["workloads"]
