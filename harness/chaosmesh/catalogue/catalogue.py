"""Loads the catalogue and answers questions about metrics by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from harness.base.bounded import FileError, read_yaml
from harness.base.errors import UsageError
from harness.base.words import nearest
from harness.chaosmesh.catalogue.metric import LabelValue, Metric, Produced
from harness.chaosmesh.release import Release

_FOLDER = Path(__file__).resolve().parent


class ComponentFile(BaseModel):
    """One file of the catalogue.

    Attributes:
        components: default of the metrics' `components`.
        source: default of the metrics' `source`.
        values: label name to closed set of values, for each metric of the file with that label.
        produced, touched_by, needs, exposed: defaults of the metrics' own.
        metrics: raw; see Metric.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    components: tuple[str, ...]
    source: str | None = None
    values: dict[str, tuple[str | LabelValue, ...]] = {}
    produced: Produced | None = None
    touched_by: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    exposed: bool = True
    metrics: tuple[dict[str, Any], ...]

    def read(self) -> Iterator[Metric]:
        """Yield the metrics with the file's defaults applied."""
        for raw in self.metrics:
            own = {label: values for label, values in self.values.items() if label in raw.get("labels", ())}
            merged = {
                "components": self.components,
                "touched_by": self.touched_by,
                "needs": self.needs,
                "exposed": self.exposed,
                "produced": self.produced,
                **({"source": self.source} if self.source else {}),
                **raw,
            }
            yield Metric.model_validate({**merged, "values": {**own, **raw.get("values", {})}})


class Catalogue:
    """All known metrics."""

    def __init__(self, metrics: Iterable[Metric]) -> None:
        self.metrics: tuple[Metric, ...] = tuple(metrics)
        self._by_name: dict[str, Metric] = {}
        exact = [metric for metric in self.metrics if not metric.prefix]
        for metric in exact:
            for name in (*metric.series_names, metric.name):
                if self._by_name.setdefault(name, metric) is not metric:
                    raise ValueError(f"the catalogue has {name!r} twice")
        self._prefixes = [metric for metric in self.metrics if metric.prefix]

    def in_release(self, release: Release) -> Catalogue:
        """Return the metrics with the shapes that they have in a release; `status_in`: which are there."""
        return Catalogue(metric.in_release(release) for metric in self.metrics)

    def find(self, series_name: str) -> Metric | None:
        """Return the metric that a series belongs to, by the name of the series or of the metric."""
        if metric := self._by_name.get(series_name):
            return metric
        return next((metric for metric in self._prefixes if series_name.startswith(metric.name)), None)

    def name_of(self, series: str) -> str:
        """Return the metric's name for the name of a series; the same one when it is not known."""
        metric = self.find(series)
        return series if metric is None or metric.prefix else metric.name

    def suggest(self, name: str) -> list[str]:
        """Return up to three series' names that `name` may have been meant to be, the likeliest first."""
        return nearest(name, (series for metric in self._by_name.values() for series in metric.series_names))

    def jobs(self, name: str) -> list[str]:
        """Return the `job` labels of the targets that have a series; none for an unknown name."""
        metric = self.find(name)
        return sorted(metric.components) if metric else []

    def components(self) -> list[str]:
        """Return all values that the `job` label can take."""
        return sorted({component for metric in self.metrics for component in metric.components})


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that ships with the harness: every YAML file of this folder."""
    return load(_FOLDER)


def load(folder: Path) -> Catalogue:
    """Return the catalogue of a folder.

    Raises:
        UsageError: a file is none of a catalogue, or names what another one has.
    """
    metrics: list[Metric] = []
    path = folder
    try:
        for path in sorted(folder.glob("*.yaml")):
            metrics += ComponentFile.model_validate(read_yaml(path)).read()
        path = folder
        return Catalogue(metrics)
    except (FileError, ValidationError, ValueError) as error:
        raise UsageError(f"{path}: not of the catalogue", details=str(error).splitlines()) from error
