"""The user's own values for the chart of Chaos Mesh, put over ours."""

from __future__ import annotations

import contextlib
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.base import redaction
from harness.base.errors import UsageError

_COMMA = re.compile(r"(?<!\\),")
_KEY = re.compile(r"[A-Za-z0-9_][^\s=]*")
# What the harness counts on: what it expects to be scraped would not be there, or be there several times.
_FIXED = {
    "dashboard.create": "true",
    "controllerManager.replicaCount": "1",
    "chaosDaemon.runtime": "containerd",
}


@dataclass(frozen=True)
class HelmValues:
    """Values for the chart: files, and single ones, which win.

    Attributes:
        files: YAML maps, the last one wins.
        single: `key=value`, as `helm --set` takes it.
    """

    files: tuple[Path, ...] = ()
    single: tuple[str, ...] = ()

    def check(self) -> None:
        """Raise what is wrong before anything is started.

        Raises:
            UsageError: a value is not `key=value`, or changes what the harness counts on.
            FileError: a file cannot be read, or is no YAML map.
        """
        for value in self.single:
            key, equals, to = value.partition("=")
            if not equals or not _KEY.fullmatch(key):
                raise UsageError(f"--set {value} is not key=value", next_step="such as --set key.below=value")
            _check_fixed(f"--set {value}", key, to)
        if not self.files:
            return
        # YAML takes time to load.
        from harness.base.bounded import DamagedFileError, read_yaml  # noqa: PLC0415

        for file in self.files:
            read = read_yaml(file)
            if not isinstance(read, dict) or not all(isinstance(key, str) for key in read):
                kind = "nothing" if read is None else type(read).__name__
                raise DamagedFileError(file, f"is no YAML map of values for the chart, but {kind}")
            for key, fixed in _FIXED.items():
                part, _, name = key.partition(".")
                inner = read.get(part)
                if isinstance(inner, dict) and name in inner:
                    _check_fixed(str(file), key, str(inner[name]).lower(), fixed)

    def secrets(self) -> list[str]:
        """Return what goes by the name of a secret in them; nothing of a file that cannot be read."""
        pairs = dict(pair.split("=", 1) for one in self.single for pair in _COMMA.split(one) if "=" in pair)
        found: list[Any] = [{key.rpartition(".")[2]: value} for key, value in pairs.items()]
        # A variable of a list: env[0].name=API_TOKEN,env[0].value=...
        found += [
            {"name": name, "value": pairs.get(f"{key.removesuffix('.name')}.value")}
            for key, name in pairs.items()
            if key.endswith(".name")
        ]
        if self.files:
            # YAML takes time to load.
            from harness.base.bounded import FileError, read_yaml  # noqa: PLC0415

            for file in self.files:
                with contextlib.suppress(FileError):
                    found.append(read_yaml(file))
        return list(redaction.secrets_in(found))

    def arguments(self) -> list[str]:
        """Return what Helm is given."""
        return [*(f"--values={file}" for file in self.files), *(f"--set={value}" for value in self.single)]

    def text(self) -> str:
        """Return all that they say, to tell whether they have changed."""
        digests = [hashlib.sha256(file.read_bytes()).hexdigest() for file in self.files]
        return "\n".join([*digests, *self.single])


def _check_fixed(where: str, key: str, value: str, fixed: str | None = None) -> None:
    expected = fixed or _FIXED.get(key)
    if expected is not None and value != expected:
        raise UsageError(
            f"{where} sets {key} to {value}, and the harness needs {expected}",
            next_step=f"leave {key} out",
        )
