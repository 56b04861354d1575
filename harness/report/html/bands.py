"""When chaos was applied, injected and recovered, from what a recording saw of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from harness.kubernetes.kinds import EXPERIMENT_KINDS, MAKERS
from harness.recording.model import KubernetesEvent, Recording

_KINDS = frozenset({*EXPERIMENT_KINDS, *MAKERS})
_INJECTED, _RECOVERED, _DELETED = "Applied", "Recovered", "Deleted"
"""Reasons of Chaos Mesh's events (controllers/utils/recorder at v2.8.3)."""


@dataclass(frozen=True)
class Moment:
    """An event about a chaos object: when (seconds since the epoch) and its reason."""

    time: float
    reason: str


@dataclass(frozen=True)
class Band:
    """One chaos object.

    Attributes:
        began: its first event.
        ended: its last event once it was deleted, else the end of the recording.
        injected: spans (from, to) in which at least one of its targets was hit, as its events say.
        moments: its events, in time order.
    """

    kind: str
    name: str
    began: float
    ended: float
    injected: tuple[tuple[float, float], ...]
    moments: tuple[Moment, ...]


def bands(recording: Recording, end: float) -> list[Band]:
    """Return the chaos objects of a recording in the order in which they came.

    Args:
        recording: a whole one.
        end: of the recording, seconds since the epoch.
    """
    by_object: dict[tuple[str, str], list[KubernetesEvent]] = {}
    for event in recording.events:
        if event.kind in _KINDS:
            by_object.setdefault((event.kind, event.object), []).append(event)
    found = [_band(kind, name, events, end) for (kind, name), events in by_object.items()]
    return sorted(found, key=lambda band: band.began)


def chaos_kinds(recording: Recording) -> list[str]:
    """Return the kinds of the chaos objects that a recording has events of, each once."""
    return sorted({event.kind for event in recording.events if event.kind in _KINDS})


def _band(kind: str, name: str, events: list[KubernetesEvent], end: float) -> Band:
    seen = (Moment(event.time, event.reason) for event in events)
    moments = tuple(sorted(seen, key=lambda each: each.time))
    gone = any(moment.reason == _DELETED for moment in moments)
    ended = moments[-1].time if gone else max(end, moments[-1].time)
    return Band(kind, name, moments[0].time, ended, tuple(_injected(moments, ended)), moments)


def _injected(moments: tuple[Moment, ...], ended: float) -> Iterator[tuple[float, float]]:
    """Yield the spans from the first target that is hit to the last one that recovers."""
    since: float | None = None
    last: float | None = None
    for moment in moments:
        if moment.reason == _INJECTED:
            if last is not None and since is not None:
                yield since, last
                since = last = None
            since = moment.time if since is None else since
        elif moment.reason == _RECOVERED and since is not None:
            last = moment.time
    if since is not None:
        yield since, ended if last is None else last
