"""A chart of Chaos Mesh that the user names: a folder, a package, or a version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from harness.base.bounded import MIB, DamagedFileError, FileError, read_bytes
from harness.base.errors import UsageError
from harness.image_build.artefact import digest_of, digest_of_file, digests_in
from harness.image_build.given import members, plain_tar

RELEASE = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
"""A release of Chaos Mesh or of its chart."""

_NAME = "chaos-mesh"
_CHART, _VALUES = "Chart.yaml", "values.yaml"
_MOST_BYTES = MIB
# What the chart of a checkout says: it is given a version when a release is made of it.
_UNRELEASED = "0.0.0"
_NEXT_STEP = "name a checkout's helm/chaos-mesh, a package (chaos-mesh-2.8.4.tgz), or a version such as 2.8.4"


@dataclass(frozen=True)
class Chart:
    """A chart.

    Attributes:
        reference: what Helm is given: a path, or the chart's name with `version`.
        version: of the chart, to be asked of the repository; None for a path.
        release: the release of Chaos Mesh that it installs; None when it names none.
        digest: of its content.
        tag: of the images that it names by itself, which tells the release of a source tree's chart, too; see
            `harness.image_build.release`.
    """

    reference: str
    version: str | None
    release: str | None
    digest: str
    tag: str | None = None


def find(given: str) -> Chart:
    """Return the chart that an option names.

    Raises:
        UsageError: it is neither a path nor a version.
        FileError: it is no chart of Chaos Mesh.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        path = path.resolve()
        file = path / _CHART
        if not file.is_file():
            raise FileError(path, "is no chart: it has no Chart.yaml", _NEXT_STEP)
        release = _release(path, read_bytes(file, most=_MOST_BYTES))
        values = path / _VALUES
        tag = _tag(path, read_bytes(values, most=_MOST_BYTES)) if values.is_file() else None
        return Chart(str(path), None, release, digest_of(digests_in(path)), tag)
    if path.exists():
        path = path.resolve()
        packed = _packed(path)
        release = _release(path, packed[_CHART])
        tag = _tag(path, packed[_VALUES]) if _VALUES in packed else None
        return Chart(str(path), None, release, digest_of_file(path), tag)
    if RELEASE.fullmatch(given):
        version = given.removeprefix("v")
        return Chart(_NAME, version, version, digest_of(version), f"v{version}")
    raise UsageError(f"there is no chart {given}, and it is no version", next_step=_NEXT_STEP)


def _packed(path: Path) -> dict[str, bytes]:
    """Return Chart.yaml and values.yaml of a package; nothing is unpacked."""
    found: dict[str, bytes] = {}
    with plain_tar(path) as tar:
        for name, entry, content in members(path, tar):
            folder, _, file = name.partition("/")
            if folder and file in (_CHART, _VALUES) and content is not None:
                if entry.size > _MOST_BYTES:
                    raise FileError(path, f"is no chart: its {file} is larger than 1 MiB")
                found[file] = content.read()
    if _CHART in found:
        return found
    raise FileError(path, "is no chart: there is no Chart.yaml in it", _NEXT_STEP)


def _yaml(path: Path, name: str, text: bytes) -> dict[str, Any]:
    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DamagedFileError(path, f"has a {name} that is no YAML") from error
    return read if isinstance(read, dict) else {}


def _tag(path: Path, values: bytes) -> str | None:
    images = _yaml(path, _VALUES, values).get("images")
    return str(images.get("tag") or "") or None if isinstance(images, dict) else None


def _release(path: Path, text: bytes) -> str | None:
    read = _yaml(path, _CHART, text)
    name = read.get("name")
    if name != _NAME:
        raise FileError(path, f"is the chart {name!r}, not {_NAME!r}", _NEXT_STEP)
    release = str(read.get("appVersion") or "")
    return release.removeprefix("v") if RELEASE.fullmatch(release) and release != _UNRELEASED else None
