"""The certificates and keys of a kubeconfig, in files that end with the cluster.

The `kubernetes` package, requests and websocket-client take them as files only. The package would write its
own to the host's temporary folder, where the administrator's key stays for ever when the process is killed.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
from pathlib import Path
from typing import Any

import yaml

from harness.base import redaction
from harness.base.files import remove_parts, write_whole

_DATA = "-data"
_FILES = {
    "clusters": ("cluster", ("certificate-authority",)),
    "users": ("user", ("client-certificate", "client-key", "tokenFile")),
}
_NAME = 32
_SECRETS = ("token", "password", "auth-provider")
"""What a user of a kubeconfig has of secrets besides a key, which is hidden wherever it stands."""


class NoKubeconfigError(ValueError):
    """A file that should be a kubeconfig is none."""


def read(kubeconfig: Path) -> dict[str, Any]:
    """Return a kubeconfig in which certificates and keys are named by files beside it.

    Its tokens and passwords are hidden in all output from now on.

    Raises:
        OSError: it cannot be read, or the files not be written.
        NoKubeconfigError: it is something else.
    """
    try:
        parsed = yaml.safe_load(kubeconfig.read_text())
    except (yaml.YAMLError, ValueError) as error:
        raise NoKubeconfigError(f"it is no YAML: {error}") from error
    if not isinstance(parsed, dict) or not all(_is_list(parsed.get(each)) for each in (*_FILES, "contexts")):
        raise NoKubeconfigError("it lacks clusters, users or contexts")
    folder = _folder(kubeconfig)
    if folder.exists():
        remove_parts(folder)
    for entries, (holder, fields) in _FILES.items():
        for entry in parsed[entries]:
            if isinstance(entry.get(holder), dict):
                _name_files(entry[holder], fields, kubeconfig.parent, folder)
                secret = {name: entry[holder].get(name) for name in _SECRETS}
                redaction.remember(redaction.secrets_in(secret))
    return parsed


def forget(kubeconfig: Path) -> None:
    """Remove a kubeconfig and the files beside it."""
    kubeconfig.unlink(missing_ok=True)
    shutil.rmtree(_folder(kubeconfig), ignore_errors=True)


def _is_list(found: object) -> bool:
    """Return whether something is a list of named objects."""
    return isinstance(found, list) and all(isinstance(each, dict) and "name" in each for each in found)


def _folder(kubeconfig: Path) -> Path:
    return kubeconfig.with_name(f"{kubeconfig.name}.keys")


def _name_files(holder: dict[str, Any], fields: tuple[str, ...], beside: Path, folder: Path) -> None:
    for field in fields:
        if data := holder.pop(f"{field}{_DATA}", None):
            holder[field] = str(_keep(base64.b64decode(str(data)), folder))
        elif named := holder.get(field):
            holder[field] = str(beside / str(named))


def _keep(content: bytes, folder: Path) -> Path:
    """Return the file of some content: always the same one, so that no call leaves another."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / hashlib.sha256(content).hexdigest()[:_NAME]
    if not path.exists() or path.stat().st_mode & 0o077 or path.read_bytes() != content:
        write_whole(path, content)
    return path.absolute()
