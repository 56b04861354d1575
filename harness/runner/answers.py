"""Prometheus' answers as a recording keeps them."""

from __future__ import annotations

from harness.prometheus.prometheus import QueryResult as Said
from harness.recording.model import Answer, Point


def answer_of(expression: str, time: float, asked: float, said: Said) -> Answer:
    """Return an answer in the form of a recording.

    Args:
        expression: what was asked.
        time: the evaluation time, seconds on Prometheus' clock.
        asked: when it was asked.
        said: what Prometheus answered.
    """
    vector = None
    histograms = 0
    if said.error is None and said.result_type == "vector":
        histograms = sum("histogram" in each for each in said.result)
        vector = [
            Point(labels=each["metric"], value=float(each["value"][1]))
            for each in said.result
            if "value" in each
        ]
    return Answer(
        expression=expression,
        time=time,
        asked=asked,
        result_type=said.result_type,
        vector=vector,
        histograms=histograms,
        warnings=said.warnings,
        infos=said.infos,
        error_type=said.error_type or "",
        error=said.error,
    )
