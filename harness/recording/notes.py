"""The keys of notes' details that the judge reads; all other notes are for people."""

from __future__ import annotations

from typing import Any

NATIVE_HISTOGRAMS = "native_histograms"
"""Lists samples that are no numbers: `labels` and `times` (seconds) each."""

FETCH_FAILED = "fetch_failed"
"""Why samples could not be fetched."""

TARGETS = "targets"
"""Lists what Prometheus says of targets: `job`, `instance`, `health` and `last_error` each."""

LOOK = "look"
"""The name of a series that was looked at at its targets; see `looked_at`."""


def looked_at(metric: str, metric_type: str, oracle: str | None, key: str, unasked: str) -> dict[str, Any]:
    """Return the detail of the note that goes with a look at what targets themselves expose.

    Args:
        metric: the name of the series.
        metric_type: of the catalogue; "" when it does not know it.
        oracle: the catalogue's oracle of the metric, if it was read around the look.
        key: its parameters as readings carry them.
        unasked: why no oracle was read, or "".
    """
    return {LOOK: metric, "type": metric_type, "oracle": oracle, "key": key, "unasked": unasked}
