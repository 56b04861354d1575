"""The release of Chaos Mesh that a source tree belongs to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from harness.base.bounded import FileError, read_yaml
from harness.base.errors import UsageError
from harness.chaosmesh.release import Release


def of_chart(chart: Path, version: str) -> Release:
    """Return the release that a source tree belongs to by its chart.

    The versions in Chart.yaml are set when a chart is published, and 0.0.0 in each source tree. The tag of
    the images in values.yaml is changed with each release: helm/chaos-mesh/values.yaml has v2.7.3 at that
    tag, v2.8.3 at that one, and latest on the main branch.

    Args:
        chart: the folder of the chart.
        version: of the build, as `chaosmesh.Checkout.version` or Go names it.

    Raises:
        UsageError: the chart has no values that can be read.
    """
    path = chart / "values.yaml"
    try:
        values: Any = read_yaml(path)
    except FileError as error:
        raise UsageError(str(error), next_step="give a checkout of Chaos Mesh with its chart") from error
    images = values.get("images") if isinstance(values, dict) else None
    stated = images.get("tag") if isinstance(images, dict) else None
    return Release.of_source(str(stated or ""), version)
