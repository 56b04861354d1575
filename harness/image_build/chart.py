"""A chart of Chaos Mesh that the user names: a folder, a package, or a version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from harness.base.bounded import MIB, DamagedFileError, FileError, read_bytes
from harness.base.errors import UsageError
from harness.image_build.artefact import digest_of, digest_of_file, digests_in
from harness.image_build.given import members, plain_tar

RELEASE = re.compile(r"v?\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?")
"""A release of Chaos Mesh or of its chart."""

_NAME = "chaos-mesh"
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
    """

    reference: str
    version: str | None
    release: str | None
    digest: str


def find(given: str) -> Chart:
    """Return the chart that an option names.

    Raises:
        UsageError: it is neither a path nor a version.
        FileError: it is no chart of Chaos Mesh.
    """
    path = Path(given).expanduser()
    if path.is_dir():
        path = path.resolve()
        file = path / "Chart.yaml"
        if not file.is_file():
            raise FileError(path, "is no chart: it has no Chart.yaml", _NEXT_STEP)
        release = _release(path, read_bytes(file, most=_MOST_BYTES))
        return Chart(str(path), None, release, digest_of(digests_in(path)))
    if path.exists():
        path = path.resolve()
        return Chart(str(path), None, _release(path, _packed(path)), digest_of_file(path))
    if RELEASE.fullmatch(given):
        version = given.removeprefix("v")
        return Chart(_NAME, version, version, digest_of(version))
    raise UsageError(f"there is no chart {given}, and it is no version", next_step=_NEXT_STEP)


def _packed(path: Path) -> bytes:
    """Return Chart.yaml of a package; nothing is unpacked."""
    found = None
    with plain_tar(path) as tar:
        for name, entry, content in members(path, tar):
            if name.count("/") == 1 and name.endswith("/Chart.yaml") and content is not None:
                if entry.size > _MOST_BYTES:
                    raise FileError(path, "is no chart: its Chart.yaml is larger than 1 MiB")
                found = content.read()
    if found is not None:
        return found
    raise FileError(path, "is no chart: there is no Chart.yaml in it", _NEXT_STEP)


def _release(path: Path, text: bytes) -> str | None:
    try:
        read = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DamagedFileError(path, "has a Chart.yaml that is no YAML") from error
    name = read.get("name") if isinstance(read, dict) else None
    if name != _NAME:
        raise FileError(path, f"is the chart {name!r}, not {_NAME!r}", _NEXT_STEP)
    release = str(read.get("appVersion") or "")
    return release.removeprefix("v") if RELEASE.fullmatch(release) and release != _UNRELEASED else None
