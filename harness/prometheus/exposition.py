"""Parses the body of a /metrics answer by its content type.

The classic parser takes what Go programs write; the OpenMetrics one is strict and refuses classic text, so
the content type has to decide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from harness.base.errors import HarnessError

TEXT_FORMAT = "text/plain; version=0.0.4"
"""The content type of the classic format, which has no charset and no escaping scheme."""

_COUNTER = re.compile(r"^# TYPE (\S+?(?<!_total)) counter$", re.MULTILINE)


class ExpositionError(HarnessError):
    """A body is not in the format that its content type promises."""


@dataclass(frozen=True)
class ExposedSample:
    """One line: the sample's full name (`_total`, `_bucket`, ... included), labels and value."""

    name: str
    labels: dict[str, str]
    value: float
    timestamp: float | None = None


@dataclass(frozen=True)
class Family:
    """The samples under one HELP and TYPE.

    Attributes:
        name: as the format has it: a counter's lacks `_total`.
        type: counter, gauge, histogram, summary, unknown, ...
        help: the HELP text.
        samples: its lines, in order.
    """

    name: str
    type: str
    help: str
    samples: list[ExposedSample]


def parse(body: str, content_type: str) -> list[Family]:
    """Parse a whole body.

    Args:
        body: the text.
        content_type: the answer's header; OpenMetrics only if it says so.

    Raises:
        ExpositionError: it does not parse.
    """
    from prometheus_client import parser as classic
    from prometheus_client.openmetrics import parser as openmetrics

    media = content_type.split(";", maxsplit=1)[0].strip().lower()
    read = openmetrics if media == "application/openmetrics-text" else classic
    # The classic parser adds `_total` to the samples of a counter that is exposed without it.
    bare = set() if read is openmetrics else {*_COUNTER.findall(body)}
    try:
        return [
            Family(
                family.name,
                family.type,
                family.documentation,
                [
                    ExposedSample(
                        family.name if family.name in bare else sample.name,
                        dict(sample.labels),
                        float(sample.value),
                        None if sample.timestamp is None else float(sample.timestamp),
                    )
                    for sample in family.samples
                ],
            )
            for family in read.text_string_to_metric_families(body)
        ]
    except (ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        raise ExpositionError(
            f"the body is not in the format {media or 'without a content type'}", details=[str(error)]
        ) from error


def samples(families: list[Family], name: str) -> list[ExposedSample]:
    """Return all samples of that full name."""
    return [sample for family in families for sample in family.samples if sample.name == name]
