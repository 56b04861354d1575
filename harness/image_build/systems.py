"""What is changed in a Debian root file system once its packages are installed."""

from __future__ import annotations

import json
from pathlib import Path

from harness.image_build.archive import write_layer
from harness.image_build.debian import Inside

IPTABLES = "iptables.tar"

_KEPT_UNITS = {"dbus.socket", "systemd-journald.socket", "systemd-journald.service"}
_CNI_PLUGINS = ("bridge", "host-local", "loopback", "portmap")
_IPTABLES_COMMANDS = tuple(
    f"{family}{action}" for family in ("iptables", "ip6tables") for action in ("", "-restore", "-save")
)


def configure_node(root: Path, inside: Inside, out: Path) -> None:
    """Make a root file system a node's; writes iptables for kube-proxy's image to `iptables.tar`."""
    _use_legacy_tables(inside, "iptables", "ip6tables")
    spec = json.loads(inside("ask containerd for a runtime spec", ["ctr", "oci", "spec"]).stdout)
    # A limit of open files above the node's own could not be set by a container in it.
    del spec["process"]["rlimits"]
    (root / "etc/containerd").mkdir(parents=True, exist_ok=True)
    (root / "etc/containerd/base-spec.json").write_text(json.dumps(spec))
    (root / "opt/cni/bin").mkdir(parents=True)
    for plugin in _CNI_PLUGINS:
        (root / "opt/cni/bin" / plugin).symlink_to(f"/usr/lib/cni/{plugin}")
    # A node runs what its own units say; whatever else the packages start only costs time.
    for folder in ("etc/systemd/system", "lib/systemd/system"):
        for wants in (root / folder).glob("*.wants"):
            for unit in wants.iterdir():
                if unit.name not in _KEPT_UNITS:
                    unit.unlink()
    (root / "etc/systemd/system/default.target").symlink_to("/lib/systemd/system/multi-user.target")
    _collect_iptables(root, inside, out / IPTABLES)


def configure_daemon(root: Path, inside: Inside, out: Path) -> None:
    """Make a root file system chaos-daemon's."""
    _use_legacy_tables(inside, "iptables", "ip6tables", "ebtables")


def _use_legacy_tables(inside: Inside, *programs: str) -> None:
    # Chaos Mesh's daemon works with the legacy tables; two kinds of tables on one node would hide rules.
    for program in programs:
        choose = ["update-alternatives", "--set", program, f"/usr/sbin/{program}-legacy"]
        inside(f"choose legacy {program}", choose)


def _collect_iptables(root: Path, inside: Inside, out: Path) -> None:
    """Write a layer with legacy iptables, its extensions and libraries."""
    program = "usr/sbin/xtables-legacy-multi"
    extensions = [path.relative_to(root).as_posix() for path in root.glob("usr/lib/*/xtables/*.so")]
    # The extensions have libraries of their own: without libm a service with two endpoints breaks all rules.
    listed = inside("list iptables' libraries", ["ldd", *(f"/{name}" for name in [program, *extensions])])
    words = [word for word in listed.stdout.split() if word.startswith("/") and not word.endswith(":")]
    files: dict[str, Path | bytes] = {name: root / name for name in [program, *extensions]}
    files.update({word.lstrip("/"): root / word.lstrip("/") for word in words})
    write_layer(out, files, {f"usr/sbin/{name}": Path(program).name for name in _IPTABLES_COMMANDS})
