"""Looks at what targets themselves expose, when a failure is about to be reported.

What a target exposes, next to what Prometheus stored at the scrapes around it and to what the oracle of the
metric says, tells in which layer the failure lies (harness/judge/layers/). A look decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from harness.base.errors import HarnessError
from harness.chaos.catalogue import Catalogue
from harness.chaos.exposed import NotExposed, fetch
from harness.cluster.client import Cluster
from harness.judge.finding import Finding, Verdict
from harness.judge.judge import FIXED
from harness.judge.kind import wanted_readings
from harness.judge.matching import Matchers
from harness.judge.sweep import Selection
from harness.metrics.exposition import Family
from harness.oracle.base import oracles
from harness.recording.model import Expected, Exposition, Note, Point, Reading, reading_key
from harness.recording.notes import looked_at
from harness.recording.series import TargetKey
from harness.runner.clock import Clock
from harness.runner.recorder import Recorder
from harness.runner.sampler import Sampler
from harness.scenario.model import Expectation

MOST_LOOKS = 8
"""At so many targets in one step; each costs up to a scrape interval."""

MOST_SAMPLES = 200
"""Of one metric at one target; a node has thousands of iptables rules."""

_TRIES = 3
_LEAST_SECONDS = 0.15
_MARGIN_SECONDS = 0.02
_SCRAPES = 4

Ask = Callable[[str, dict[str, Any]], Reading]
"""Reads an oracle with its parameters, and records the reading."""


@dataclass(frozen=True)
class _Wanted:
    """One failed expectation that is to be looked at."""

    metric: str
    selection: Selection
    matchers: Matchers
    oracle: str | None
    parameters: dict[str, Any]
    unasked: str

    def targets(self) -> list[TargetKey]:
        return sorted(
            target for target, up in self.selection.targets.items() if up.newest and up.at(up.newest) == 1
        )


class Looker:
    """Looks at the targets of failed expectations, between two scrapes of each."""

    def __init__(
        self,
        cluster: Cluster,
        chaos_mesh_namespace: str,
        recorder: Recorder,
        sampler: Sampler,
        clock: Clock,
        interval: float,
        catalogue: Catalogue,
    ) -> None:
        self._cluster = cluster
        self._chaos_mesh_namespace = chaos_mesh_namespace
        self._recorder = recorder
        self._sampler = sampler
        self._clock = clock
        self._interval = interval
        self._catalogue = catalogue

    def look(
        self, judged: Iterable[tuple[Expected, Finding]], containers: list[dict[str, str]], ask: Ask
    ) -> None:
        """Record what the targets of the failed expectations expose, and what the metrics' oracles say.

        What goes wrong is noted: it must not take the place of the failure.

        Args:
            judged: the expectations of a step with what was found.
            containers: of the scenario's workload, for oracles that are about containers.
            ask: reads an oracle.
        """
        wanted: dict[str, _Wanted] = {}
        for expected, finding in judged:
            if _is_to_be_looked_at(finding):
                # One look at a metric serves all expectations that are about the same series.
                wanted.setdefault(finding.promql, self._wanted(expected, containers))
        try:
            left = MOST_LOOKS
            for each in wanted.values():
                targets = each.targets()[:left]
                left -= len(targets)
                if targets:
                    self._look(each, targets, ask)
        except HarnessError as error:
            text = f"the look at a failure was cut short: {error}"
            self._recorder.add(Note(time=self._clock.now(), text=text))

    def _wanted(self, expected: Expected, containers: list[dict[str, str]]) -> _Wanted:
        spec = Expectation.model_validate(expected.spec)
        matchers = Matchers(spec.where)
        selection = Selection(self._recorder.recording, spec.metric, matchers, expected.jobs)
        metric = self._catalogue.find(spec.metric)
        name = metric.oracle if metric is not None else None
        if name is None:
            return _Wanted(spec.metric, selection, matchers, None, {}, f"no oracle tells {spec.metric}")
        own = next((ref.parameters for ref in wanted_readings(spec) if ref.name == name), None)
        parameters, missing = (own, "") if own is not None else _parameters(name, spec, containers)
        oracle = None if missing else name
        return _Wanted(spec.metric, selection, matchers, oracle, parameters, missing)

    def _look(self, wanted: _Wanted, targets: list[TargetKey], ask: Ask) -> None:
        """Read the oracle, see a scrape, look, read it again, and see the scrape that comes next."""
        if wanted.oracle is not None:
            ask(wanted.oracle, wanted.parameters)
        began = self._clock.now()
        kind = ""
        for target in targets:
            kind = self._look_at(wanted, target, began) or kind
        if wanted.oracle is not None:
            ask(wanted.oracle, wanted.parameters)
        ended = self._clock.now()
        for target in targets:
            self._await_scrape(target, ended)
        detail = looked_at(wanted.metric, kind, wanted.oracle, reading_key(wanted.parameters), wanted.unasked)
        self._recorder.add(Note(time=self._clock.now(), text=f"looked at {wanted.metric}", detail=detail))

    def _look_at(self, wanted: _Wanted, target: TargetKey, since: float) -> str:
        """Look at one target between two scrapes; return the type that it declares."""
        job, instance = target
        kind = ""
        for _ in range(_TRIES):
            self._await_gap(target, since)
            began = self._clock.now()
            families: list[Family] | None = None
            error = None
            try:
                families = fetch(self._cluster, job, instance, self._chaos_mesh_namespace)
            except NotExposed as problem:
                error = str(problem)
            ended = self._clock.now()
            samples, kind = None, ""
            if families is not None:
                samples, kind = _selected(families, wanted, target)
            self._recorder.add(
                Exposition(
                    began=began,
                    ended=ended,
                    job=job,
                    instance=instance,
                    metric=wanted.metric,
                    metric_type=kind,
                    samples=None if samples is None else samples[:MOST_SAMPLES],
                    left_out=max(0, len(samples or []) - MOST_SAMPLES),
                    error=error,
                )
            )
            self._await_scrape(target, ended)
            newest = self._newest(target)
            if error is not None or newest is None or newest >= ended:
                # What a scrape overlapped gives both a part; the look is taken again.
                return kind
        return kind

    def _await_gap(self, target: TargetKey, since: float) -> None:
        """Wait until a scrape that began after `since` is complete, and the next is not due soon."""
        for _ in range(_SCRAPES):
            self._await_scrape(target, since)
            last = self._newest(target)
            if last is None:
                return
            spent = self._sampler.recording.scrape_duration(target, last)
            left = last + self._interval - self._clock.now()
            if left >= max(spent, _LEAST_SECONDS) + _MARGIN_SECONDS:
                return
            since = last + self._interval / 2

    def _await_scrape(self, target: TargetKey, since: float) -> None:
        """Wait for a scrape of a target that began after `since`, a few intervals at most."""
        deadline = self._clock.now() + _SCRAPES * self._interval
        while True:
            self._sampler.fetch()
            newest = self._newest(target)
            if (newest is not None and newest > since) or self._clock.now() > deadline:
                return
            self._sampler.pause()

    def _newest(self, target: TargetKey) -> float | None:
        return next((up.newest for key, up in self._sampler.recording.targets() if key == target), None)


def _is_to_be_looked_at(finding: Finding) -> bool:
    """Say whether a look can tell more: of an expression there is no one metric to look at."""
    if finding.verdict is not Verdict.FAIL or not finding.metric or finding.layer == "late":
        return False
    return not finding.reason.startswith(FIXED)


def _parameters(name: str, spec: Expectation, containers: list[dict[str, str]]) -> tuple[dict[str, Any], str]:
    """Return the parameters to ask a metric's oracle with, or why it cannot be asked."""
    found: dict[str, Any] = {}
    for field, info in oracles()[name].parameters.model_fields.items():
        key = info.alias or field
        if key == "in" and containers:
            found[key] = containers
        elif key == "node" and isinstance(spec.where.get("node"), str):
            found[key] = spec.where["node"]
        elif info.is_required():
            what = "the scenario has no workload" if key == "in" else f"`{key}` is not known"
            return {}, f"the oracle {name} was not read: {what}"
    return found, ""


def _selected(families: list[Family], wanted: _Wanted, target: TargetKey) -> tuple[list[Point], str]:
    """Return the exposed samples that the expectation selects, and the type of their family."""
    series = wanted.selection.targets[target]
    own = {name: value for name, value in series.labels.items() if name != "__name__"}
    kind = ""
    found = []
    for family in families:
        for sample in family.samples:
            if sample.name == wanted.metric:
                kind = family.type
                if wanted.matchers.match(own | sample.labels):
                    found.append(Point(labels=sample.labels, value=sample.value))
    return found, kind
