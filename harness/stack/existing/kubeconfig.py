"""One context of the user's kubeconfig, copied for the time of a command.

The user's file is only read. The copy lies in the state folder with what it names, so that no key is written
beside the user's file, and later changes of its current context change nothing.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import yaml

from harness.base.errors import UsageError
from harness.base.files import write_whole

_PATHS = {"cluster": ("certificate-authority",), "user": ("client-certificate", "client-key", "tokenFile")}
_SECTIONS = {"cluster": "clusters", "user": "users", "context": "contexts"}


class KubeconfigError(UsageError):
    """The kubeconfig cannot be used; nothing was asked of any cluster."""


def files(given: Path | None) -> list[Path]:
    """Return the kubeconfigs that count: the one that was named, else those that kubectl would read."""
    if given is not None:
        return [given]
    named = [Path(each) for each in os.environ.get("KUBECONFIG", "").split(os.pathsep) if each]
    return named or [Path.home() / ".kube" / "config"]


def copy(given: Path | None, context: str, to: Path) -> Path:
    """Write a kubeconfig that holds one context of the user's; return its path.

    Args:
        given: the file that was named; None for those that kubectl would read.
        context: its name.
        to: the file to write.

    Raises:
        KubeconfigError: no file can be read, or the context is not in it.
        OSError: the copy cannot be written.
    """
    return write_whole(to, yaml.safe_dump(extract(files(given), context), sort_keys=False))


def extract(paths: list[Path], context: str) -> dict[str, Any]:
    """Return a kubeconfig with one context, its cluster and its user; paths in it are absolute.

    As with kubectl, of entries with the same name the first one counts, and of several files those that are
    not there are passed over.

    Raises:
        KubeconfigError: no file can be read, or the context is not in it.
    """
    entries: dict[str, dict[str, Any]] = {section: {} for section in _SECTIONS}
    for path in paths:
        if len(paths) > 1 and not path.exists():
            continue
        parsed = _read(path)
        for holder, section in _SECTIONS.items():
            for entry in parsed.get(section) or []:
                found = entry.get(holder) or {}
                entries[holder].setdefault(str(entry["name"]), _absolute(found, holder, path.parent))
    shown = ", ".join(map(str, paths))
    wanted = entries["context"].get(context)
    if wanted is None:
        there = ", ".join(sorted(entries["context"])) or "none"
        raise KubeconfigError(
            f"there is no context {context!r} in {shown}",
            next_step="name one that is there with --context, or another file with --kubeconfig",
            details=[f"its contexts: {there}"],
        )
    for holder in ("cluster", "user"):
        if str(wanted.get(holder)) not in entries[holder]:
            raise KubeconfigError(
                f"the context {context!r} in {shown} names the {holder} {wanted.get(holder)!r}, which is not "
                "there",
                next_step="correct the file, or name another context",
            )
        _check_files(entries[holder][str(wanted[holder])], holder, f"the context {context!r} in {shown}")
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": wanted}],
        **{
            _SECTIONS[holder]: [{"name": str(wanted[holder]), holder: entries[holder][str(wanted[holder])]}]
            for holder in ("cluster", "user")
        },
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        parsed = yaml.safe_load(path.read_text())
    except OSError as error:
        raise KubeconfigError(
            f"cannot read the kubeconfig {path}: {error.strerror or error}",
            next_step="name an existing file with --kubeconfig",
        ) from error
    except (yaml.YAMLError, ValueError) as error:
        raise KubeconfigError(
            f"{path} is no kubeconfig: it is no YAML",
            next_step="name another file with --kubeconfig",
            details=str(error).splitlines()[:3],
        ) from error
    good = isinstance(parsed, dict) and all(_is_named(parsed.get(each)) for each in _SECTIONS.values())
    if not good:
        raise KubeconfigError(
            f"{path} is no kubeconfig: it has no lists of clusters, users and contexts",
            next_step="name another file with --kubeconfig",
        )
    assert isinstance(parsed, dict)
    return parsed


def _check_files(entry: dict[str, Any], holder: str, context: str) -> None:
    """Raise KubeconfigError when a file or program that a cluster or a user names is not there."""
    named = [(field, str(entry[field])) for field in _PATHS[holder] if entry.get(field)]
    missing = [f"{field}: {path}" for field, path in named if not os.access(path, os.R_OK)]
    plugin = entry.get("exec") if holder == "user" else None
    if isinstance(plugin, dict) and shutil.which(str(plugin.get("command", ""))) is None:
        missing.append(f"exec: {plugin.get('command')}")
    if missing:
        raise KubeconfigError(
            f"{context} names for its {holder} what is not there, or cannot be read: {', '.join(missing)}",
            next_step="correct the file, install the program, or name another context",
        )


def _is_named(found: object) -> bool:
    if found is None:
        return True
    return isinstance(found, list) and all(isinstance(each, dict) and "name" in each for each in found)


def _absolute(found: dict[str, Any], holder: str, beside: Path) -> dict[str, Any]:
    result = dict(found)
    for field in _PATHS.get(holder, ()):
        if named := result.get(field):
            result[field] = str((beside / str(named)).absolute())
    plugin = result.get("exec") if holder == "user" else None
    if isinstance(plugin, dict) and "/" in (command := str(plugin.get("command", ""))):
        result["exec"] = {**plugin, "command": str((beside / command).absolute())}
    return result
