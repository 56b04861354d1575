"""Finds the series of a metric by the values of their labels, as there may be thousands."""

from __future__ import annotations

from harness.recording.series import Series


class LabelIndex:
    """Which series of one metric have which value of a label; made for a label when it is first asked for.

    Attributes:
        series: of the metric, in the order of their definition; may grow.
    """

    def __init__(self, series: list[Series]) -> None:
        self.series = series
        self._by_label: dict[str, dict[str, list[int]]] = {}
        self._read: dict[str, int] = {}

    def positions(self, label: str) -> dict[str, list[int]]:
        """Return the positions in `series`, ascending, by the label's value ("" where it is missing)."""
        found = self._by_label.setdefault(label, {})
        for position in range(self._read.get(label, 0), len(self.series)):
            found.setdefault(self.series[position].labels.get(label, ""), []).append(position)
        self._read[label] = len(self.series)
        return found
