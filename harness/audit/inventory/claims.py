"""Who promised or named which metric (claims.yaml)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harness.base.bounded import read_yaml

_FILE = Path(__file__).with_name("claims.yaml")


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DocumentedMetric(_Model):
    """A source names a metric.

    Attributes:
        name: as the source has it.
        labels: as the source has them; None when it says nothing about labels.
        note: what else it says.
    """

    name: str
    labels: tuple[str, ...] | None = None
    note: str | None = None


class Source(_Model):
    """One place that names metrics.

    Attributes:
        id: short, for the columns of a table.
        title: what it is.
        about: what one has to know of it.
        metrics: what it names.
    """

    id: str
    title: str
    about: str
    metrics: tuple[DocumentedMetric, ...]


class Annotation(_Model):
    """A Service whose annotations ask Prometheus to scrape a port; `job` is what we call that target."""

    service: str
    job: str
    port: int
    note: str | None = None


class DocumentedMetrics(_Model):
    """All of it; `without` are places that name no metric."""

    sources: tuple[Source, ...]
    annotations: tuple[Annotation, ...]
    without: tuple[str, ...]


@cache
def claims() -> DocumentedMetrics:
    """Return the claims that ship with the harness."""
    return DocumentedMetrics.model_validate(read_yaml(_FILE))
