"""Credentials of registries, as the container engine's own configuration has them."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.base import process
from harness.base.bounded import MissingFileError, read_json

_HELPER_SECONDS = 10.0
_DOCKER_HUB = "docker.io"
# What `docker login` calls Docker Hub.
_HUB_KEYS = ("https://index.docker.io/v1/", "index.docker.io", _DOCKER_HUB)
# A helper that has only a token says this in place of a name, which no registry takes with a password.
_NO_USER = "<token>"


@dataclass(frozen=True)
class Login:
    """A user of a registry."""

    user: str
    password: str = field(repr=False)


def of(host: str) -> Login | None:
    """Return the credentials for a registry that `docker login` or `podman login` has kept; None without.

    Args:
        host: as image names have it, with its port.

    Raises:
        FileError: a file of them is damaged.
        CommandError: a credential helper does not end.
    """
    keys = (
        _HUB_KEYS
        if host == _DOCKER_HUB
        else (host, f"https://{host}", f"http://{host}", f"https://{host}/v2/")
    )
    for path in _files():
        try:
            settings = read_json(path)
        except MissingFileError:
            continue
        if isinstance(settings, dict) and (found := _in(settings, keys)):
            return found
    return None


def settings_for(hosts: Iterable[str]) -> str | None:
    """Return a file of credentials as docker, the kubelet and Helm read it; None when there are none."""
    logins = {host: login for host in sorted(set(hosts)) if (login := of(host))}
    if not logins:
        return None
    auths = {
        key: {"auth": base64.b64encode(f"{login.user}:{login.password}".encode()).decode()}
        for host, login in logins.items()
        for key in ([_HUB_KEYS[0]] if host == _DOCKER_HUB else [host])
    }
    return json.dumps({"auths": auths})


def _files() -> Iterator[Path]:
    """Where podman and docker keep them: containers-auth.json(5), `docker help login`."""
    if named := os.environ.get("REGISTRY_AUTH_FILE"):
        yield Path(named)
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        yield Path(runtime) / "containers/auth.json"
    run = Path(f"/run/containers/{os.geteuid()}")
    # Root's podman makes the folder above for root alone: others have nothing in it then.
    if os.access(run, os.X_OK):
        yield run / "auth.json"
    home = Path.home()
    yield Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "containers/auth.json"
    yield Path(os.environ.get("DOCKER_CONFIG") or home / ".docker") / "config.json"


def _in(settings: dict[str, Any], keys: tuple[str, ...]) -> Login | None:
    helpers, auths = settings.get("credHelpers") or {}, settings.get("auths") or {}
    for key in keys:
        helper = helpers.get(key) or (settings.get("credsStore") if key in auths else None)
        if helper and (found := _from_helper(str(helper), key)):
            return found
        entry = auths.get(key) or {}
        try:
            user, _, password = (
                base64.b64decode(entry.get("auth") or "", validate=True).decode().partition(":")
            )
        except (binascii.Error, UnicodeDecodeError):
            continue
        if user and password:
            return Login(user, password)
    return None


def _from_helper(helper: str, key: str) -> Login | None:
    """Ask a program of docker's: https://github.com/docker/docker-credential-helpers."""
    told = process.run(
        f"ask docker-credential-{helper} for {key}",
        [f"docker-credential-{helper}", "get"],
        timeout=_HELPER_SECONDS,
        input_text=key,
        check=False,
    )
    try:
        answer = json.loads(told.stdout) if told.returncode == 0 else {}
    except ValueError:
        return None
    user, password = answer.get("Username"), answer.get("Secret")
    return Login(user, password) if user and password and user != _NO_USER else None
