"""The mirror that takes the place of every image registry, as it is reached from here and from nodes."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import ssl
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from harness.base.errors import InfrastructureError, UsageError
from harness.stack.engine import Engine

REGISTRY_VARIABLE = "CHAOS_HARNESS_REGISTRY"
CA_VARIABLE = "CHAOS_HARNESS_REGISTRY_CA"

NODE_FOLDER = "/etc/containerd/certs.d"
"""Where containerd of a node looks for hosts.toml of each registry: https://github.com/containerd/containerd/blob/main/docs/hosts.md"""

_ASK_SECONDS = 20.0
_WRITE_SECONDS = 30.0
_HOST = re.compile(
    r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9a-fA-F:]+\])(?::(?P<port>\d{1,5}))?"
)
_PATH = re.compile(r"[a-z0-9]+(?:[._/-]+[a-z0-9]+)*")
_EXAMPLE = "such as mirror.example:5000, http://127.0.0.1:5000 or mirror.example/team"
# https://docs.docker.com/engine/security/certificates/, containers-certs.d(5)
_CERTS = ("/etc/containers/certs.d", "/etc/docker/certs.d")


class Mirror(BaseModel):
    """A registry that has all images below one path, and the chart.

    Attributes:
        host: name or address, and the port when it has one.
        path: what comes before the images' own paths; may be empty.
        plain_http: it is asked without TLS.
        ca: the certificates that its own is verified by; None for those that each program has.
        own_ca: `ca` was named by the user: no program here knows of it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str
    path: str = ""
    plain_http: bool = False
    ca: Path | None = None
    own_ca: bool = False

    @property
    def prefix(self) -> str:
        """What stands in image names in place of a registry."""
        return f"{self.host}/{self.path}" if self.path else self.host

    @property
    def url(self) -> str:
        """The address of the host."""
        return f"{'http' if self.plain_http else 'https'}://{self.host}"

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine only, where nodes do not reach it by its name."""
        return _is_loopback(self.host)


def from_environment() -> Mirror | None:
    """Return the mirror that the environment names; None when every image comes from its own registry.

    A registry on this machine's loopback is asked without TLS, as engines do, unless `https://` stands before
    its name or its certificates are known; any other one with TLS, unless `http://` stands there.

    Raises:
        UsageError: a variable says something else than a registry, or there is no such file.
    """
    text = os.environ.get(REGISTRY_VARIABLE, "").strip().rstrip("/")
    if not text:
        return None
    scheme, separator, rest = text.rpartition("://")
    host, _, path = rest.partition("/")
    found = _HOST.fullmatch(host)
    if (
        (separator and scheme not in ("http", "https"))
        or not found
        or int(found["port"] or 1) not in range(1, 65536)
        or (path and not _PATH.fullmatch(path))
    ):
        raise UsageError(
            f"{REGISTRY_VARIABLE}={text} names no registry",
            next_step=f"write host:port, with a path if its images are below one, {_EXAMPLE}",
        )
    if not separator and "." not in host and ":" not in host and host != "localhost":
        # https://pkg.go.dev/github.com/distribution/reference: it would be a part of a path on Docker Hub.
        raise UsageError(
            f"{REGISTRY_VARIABLE}={text}: image names that begin with {host}/ are on Docker Hub",
            next_step=f"write the registry with its port or domain, {_EXAMPLE}",
        )
    own = os.environ.get(CA_VARIABLE, "")
    if own and not Path(own).expanduser().is_file():
        raise UsageError(f"there is no file {own}", next_step=f"name the certificates in {CA_VARIABLE}")
    known = Path(own).expanduser().resolve() if own else _of_engines(host)
    plain = scheme == "http" or (not separator and known is None and _is_loopback(host))
    if plain and own:
        raise UsageError(
            f"{REGISTRY_VARIABLE} is asked without TLS, and {CA_VARIABLE} names certificates",
            next_step=f"write https:// in {REGISTRY_VARIABLE}, or leave {CA_VARIABLE} out",
        )
    return Mirror(
        host=host,
        path=path,
        plain_http=plain,
        ca=None if plain else known or system_certificates(),
        own_ca=bool(own),
    )


def system_certificates() -> Path | None:
    """Return the certificates that this machine trusts, a company's own among them; None when not known."""
    places = ssl.get_default_verify_paths()
    for place in (places.cafile, places.openssl_cafile, "/etc/ssl/certs/ca-certificates.crt"):
        if place and Path(place).is_file():
            return Path(place).resolve()
    return None


def hosts_toml(mirror: Mirror, address: str, ca: str | None) -> str:
    """Return what containerd of a node is told about the mirror.

    Args:
        mirror: the mirror.
        address: its host as nodes reach it.
        ca: the path in the node of the certificates.
    """
    url = f"{'http' if mirror.plain_http else 'https'}://{address}"
    lines = [f"server = {json.dumps(url)}", "", f"[host.{json.dumps(url)}]"]
    lines.append('  capabilities = ["pull", "resolve"]')
    if ca:
        lines.append(f"  ca = {json.dumps(ca)}")
    return "\n".join(lines) + "\n"


def tell_nodes(mirror: Mirror, nodes: list[str], engine: Engine, *, logs: Path) -> None:
    """Tell containerd of each node how the mirror is reached; it looks there at each pull.

    Raises:
        CommandError: a node does not take it.
        InfrastructureError: the mirror is on this machine's loopback, and the nodes' network has no gateway.
    """
    address = mirror.host
    if mirror.is_loopback:
        # A node's own loopback is another one; what listens on this machine's is reached by the gateway.
        port = mirror.host.rpartition(":")[2] if ":" in mirror.host.rpartition("]")[2] else ""
        address = f"{gateway(engine)}{':' if port else ''}{port}"
    folder = f"{NODE_FOLDER}/{mirror.host}"
    in_node = f"{folder}/ca.crt" if mirror.ca else None
    files = {f"{folder}/hosts.toml": hosts_toml(mirror, address, in_node)}
    if mirror.ca and in_node:
        files[in_node] = mirror.ca.read_text()
    for node in nodes:
        for path, text in files.items():
            engine.run(
                f"tell {node} of the mirror {mirror.host}",
                ["exec", "--interactive", node, "sh", "-ec", _WRITE, "sh", path],
                timeout=_WRITE_SECONDS,
                input_text=text,
                log=logs / "mirror.log",
            )


_WRITE = 'mkdir -p "$(dirname "$1")"; cat > "$1"'


def gateway(engine: Engine, network: str = "kind") -> str:
    """Return the IPv4 address by which containers of a network reach this machine.

    Raises:
        InfrastructureError: the engine knows of none.
    """
    told = engine.run(
        f"look at the network {network}", ["network", "inspect", network], timeout=_ASK_SECONDS
    ).stdout
    for address in _gateways(json.loads(told)):
        if ":" not in address:
            return address
    raise InfrastructureError(
        f"the network {network} of {engine.name} has no gateway, by which nodes would reach the mirror",
        next_step=f"name the mirror in {REGISTRY_VARIABLE} by an address that is not this machine's loopback",
    )


def _gateways(told: Any) -> list[str]:
    found: list[str] = []
    for network in told if isinstance(told, list) else []:
        # Podman tells subnets, docker IPAM.Config.
        subnets = network.get("subnets") or (network.get("IPAM") or {}).get("Config") or []
        found += [str(each.get("gateway") or each.get("Gateway") or "") for each in subnets]
    return [each for each in found if each]


def _of_engines(host: str) -> Path | None:
    """Return the certificates that an engine here has for a registry."""
    folders = [Path.home() / ".config/containers/certs.d", *(Path(each) for each in _CERTS)]
    for folder in folders:
        if found := sorted((folder / host).glob("*.crt")):
            return found[0]
    return None


def _is_loopback(host: str) -> bool:
    name = host if host.endswith("]") else re.sub(r":\d+$", "", host)
    if name == "localhost":
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False
