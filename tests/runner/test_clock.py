"""Prometheus' time is the harness' own, corrected."""

from types import SimpleNamespace
from typing import Any

from harness.runner import clock


def test_the_offset_is_added(monkeypatch):
    monkeypatch.setattr(clock, "time", SimpleNamespace(time=lambda: 1000.0))
    assert clock.Clock(offset=-2.5, uncertainty=0.01).now() == 997.5


def test_it_really_waits(monkeypatch):
    waited: list[Any] = []
    monkeypatch.setattr(clock, "time", SimpleNamespace(sleep=waited.append))
    clock.Clock(offset=5.0, uncertainty=0.01).sleep(0.75)
    assert waited == [0.75]
