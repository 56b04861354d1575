"""The shapes of a finding's values and evidence that reports show, checked before a file is shown.

What a judge of this version writes has them (judge/evidence.py, judge/explain.py); a file may hold anything.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from harness.judge.finding import Finding

Labels = dict[str, str]


class _Value(BaseModel):
    labels: Labels
    value: float


class _Actual(_Value):
    increase: float = 0.0
    baseline: float = 0.0


class _Row(BaseModel):
    labels: Labels
    expected: float | str | None
    actual: float | None


class _Samples(BaseModel):
    labels: Labels
    samples: list[tuple[float, float]]


class _Scrape(BaseModel):
    target: str
    time: float
    duration: float | None = None
    up: Any


class _Differs(BaseModel):
    found: str
    wanted: str | dict[str, Any]


class _Nearest(_Value):
    last_seen: float
    differs: dict[str, _Differs]


class _Reset(BaseModel):
    labels: Labels
    time: float
    before: float
    after: float


class _Look(BaseModel):
    target: str
    began: float
    metric_type: str | None
    error: str | None
    exposed: list[_Value]
    left_out: int


class _Reading(BaseModel):
    oracle: str
    key: str
    began: float
    ended: float
    vector: list[_Value]


class _Truth(BaseModel):
    oracle: str
    points: list[_Value]
    left_out: int


class _Visibility(BaseModel):
    seconds: float = 0.0


class _Evidence(BaseModel):
    table: list[_Row] = []
    samples: list[_Samples] = []
    scrapes: list[_Scrape] = []
    nearest: list[_Nearest] = []
    resets: list[_Reset] = []
    looks: list[_Look] = []
    readings: list[_Reading] = []
    truth: _Truth | None = None
    visibility: _Visibility | None = None


class _Shown(BaseModel):
    actual: list[_Actual]
    evidence: _Evidence


def check(finding: Finding) -> None:
    """Make sure that a finding can be shown.

    Raises:
        pydantic.ValidationError: it holds what no judge writes.
    """
    _Shown.model_validate({"actual": finding.actual, "evidence": finding.evidence})
