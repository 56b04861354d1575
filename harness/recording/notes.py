"""The keys of notes' details that the judge reads; all other notes are for people."""

from __future__ import annotations

from typing import Any

from harness.recording.declared import Declared

NATIVE_HISTOGRAMS = "native_histograms"
"""Lists samples that are no numbers: `labels` and `times` (seconds) each."""

FETCH_FAILED = "fetch_failed"
"""Why samples could not be fetched."""

TARGETS = "targets"
"""Lists what Prometheus says of targets: `job`, `instance`, `health` and `last_error` each."""

OVERLOAD = "overload"
"""A time in which the harness or the cluster could not act: a `Stretch` as a mapping."""

ENDED = "ended_by_itself"
"""An object of the scenario that came to its end by its own duration: `what`, and `time` (seconds)."""

FOREIGN = "foreign"
"""What others did with Chaos Mesh (`ForeignUse` as a mapping each), and `expectations` that it may touch."""

LOOK = "look"
"""The name of a series that was looked at at its targets; see `looked_at`."""

SELECTOR = "selector"
"""The selector of the series that were looked for, as PromQL. Of several looks at a metric in a step each is
for its own."""

DECLARED = "declared"
"""What the catalogue declares of the series that was looked at. Without it, as in the recordings of harnesses
that did not write it, a failure is explained by less: some have no layer."""


def looked_at(
    metric: str,
    metric_type: str,
    oracle: str | None,
    key: str,
    unasked: str,
    declared: Declared | None = None,
    selector: str = "",
) -> dict[str, Any]:
    """Return the detail of the note that goes with a look at what targets themselves expose.

    Args:
        metric: the name of the series.
        metric_type: that the targets declare.
        oracle: the catalogue's oracle of the metric, if it was read around the look.
        key: its parameters as readings carry them.
        unasked: why no oracle was read, or "".
        declared: what the catalogue says of the metric.
        selector: of the series that were looked for.
    """
    detail = {LOOK: metric, "type": metric_type, "oracle": oracle, "key": key, "unasked": unasked}
    if declared is None:
        return detail
    return detail | {DECLARED: declared.model_dump(), SELECTOR: selector}
