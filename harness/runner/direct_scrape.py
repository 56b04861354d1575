"""Looks at what targets themselves expose, when a failure is about to be reported.

What a target exposes, next to what Prometheus stored at the scrapes around it and to what the oracle of the
metric says, tells in which layer the failure lies (harness/judge/fault_domains/). A look decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from harness.base.errors import HarnessError
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.exposed import NotExposedError, fetch
from harness.judge.fault_domains.exposed import all_looks
from harness.judge.finding import Finding, Verdict
from harness.judge.given import Given
from harness.judge.kind import wanted_readings
from harness.judge.matching import Matchers, Where
from harness.judge.sweep import Selection
from harness.judge.terms import FIXED
from harness.kubernetes.client import Cluster
from harness.oracles.base import oracles
from harness.prometheus.between_scrapes import ScrapeGap, await_newest_gap
from harness.prometheus.exposition import Family
from harness.prometheus.expression import selectors
from harness.prometheus.promql import PromQLError, selector
from harness.recording.declared import Declared
from harness.recording.model import Expected, Exposition, Note, Reading, reading_key
from harness.recording.notes import looked_at
from harness.recording.series import TargetKey
from harness.runner.clock import Clock
from harness.runner.recorder import Recorder
from harness.runner.sampler import Sampler
from harness.runner.shown import Shown, declared_of, shown
from harness.scenario.model import Expectation

MOST_LOOKS = 8
"""At so many targets in one step; each costs some scrape intervals."""

MOST_SAMPLES = 200
"""Of one metric at one target; a node has thousands of iptables rules."""

_TRIES = 4
_SCRAPES = 4

Ask = Callable[[str, dict[str, Any]], Reading]
"""Reads an oracle with its parameters, and records the reading."""


@dataclass(frozen=True)
class _Wanted:
    """One metric that is to be looked at, for a failed expectation."""

    metric: str
    selection: Selection
    matchers: Matchers
    where: Where
    declared: Declared
    oracle: str | None
    parameters: dict[str, Any]
    unasked: str

    @property
    def selector(self) -> str:
        return selector(self.metric, self.where)

    def targets(self) -> list[TargetKey]:
        if not self.declared.exposed:
            return []
        return sorted(
            target for target, up in self.selection.targets.items() if up.newest and up.at(up.newest) == 1
        )


class DirectScraper:
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
        self, judged: Iterable[tuple[Given, Finding]], containers: list[dict[str, str]], ask: Ask
    ) -> None:
        """Record what the targets of the failed expectations expose, and what the metrics' oracles say.

        What goes wrong is noted: it must not take the place of the failure.

        Args:
            judged: the expectations of a step with what was found.
            containers: of the scenario's workload, for oracles that are about containers.
            ask: reads an oracle.
        """
        wanted: dict[str, _Wanted] = {}
        for given, finding in judged:
            if _is_to_be_looked_at(finding):
                # One look at a metric serves all expectations that are about the same series.
                for promql, each in self._wanted(given, finding, containers):
                    wanted.setdefault(promql, each)
        try:
            self._look(list(wanted.values()), ask)
        except HarnessError as error:
            text = f"the look at a failure was cut short: {error}"
            self._recorder.add(Note(time=self._clock.now(), text=text))
        for each in wanted.values():
            self._note(each)

    def _wanted(
        self, given: Given, finding: Finding, containers: list[dict[str, str]]
    ) -> list[tuple[str, _Wanted]]:
        """Return what to look at, by selector: of an expectation, or all of its expression's."""
        expected, spec = given.expected, given.spec
        if spec.promql is None:
            return [(finding.promql, self._one(spec.metric, spec.where, expected.jobs, spec, containers))]
        try:
            parts = selectors(spec.promql)
        except PromQLError:
            return []
        return [
            (
                selector(metric, where),
                self._one(metric, where, self._jobs(metric, expected), spec, containers),
            )
            for metric, where in parts
            if metric
        ]

    def _jobs(self, metric: str, expected: Expected) -> list[str]:
        return [job for job in expected.jobs if job in self._catalogue.jobs(metric)] or expected.jobs

    def _one(
        self,
        name: str,
        where: Where,
        jobs: list[str],
        spec: Expectation,
        containers: list[dict[str, str]],
    ) -> _Wanted:
        matchers = Matchers(where)
        selection = Selection(self._recorder.recording, name, matchers, jobs)
        metric = self._catalogue.find(name)
        declared = declared_of(metric, name)
        oracle = metric.oracle if metric is not None else None
        if oracle is None:
            unasked = f"no oracle tells {name}"
            return _Wanted(name, selection, matchers, where, declared, None, {}, unasked)
        own = next((ref.parameters for ref in wanted_readings(spec) if ref.name == oracle), None)
        parameters, missing = (own, "") if own is not None else _parameters(oracle, where, containers)
        asked = None if missing else oracle
        return _Wanted(name, selection, matchers, where, declared, asked, parameters, missing)

    def _look(self, wanted: list[_Wanted], ask: Ask) -> None:
        """Read the oracles, see a scrape, look, read them again, and see the scrape that comes next.

        What is exposed is asked for once a target, whatever is wanted of it.
        """
        asked = {(each.oracle, reading_key(each.parameters)): each for each in wanted if each.oracle}
        at: dict[TargetKey, list[_Wanted]] = {}
        for each in wanted:
            for target in each.targets():
                at.setdefault(target, []).append(each)
        targets = [target for target in sorted(at) if self._is_scraped(target)][:MOST_LOOKS]
        if not targets:
            return
        for each in asked.values():
            ask(str(each.oracle), each.parameters)
        began = self._clock.now()
        for target in targets:
            self._look_at(target, at[target], began)
        for each in asked.values():
            ask(str(each.oracle), each.parameters)
        ended = self._clock.now()
        for target in targets:
            self._await_scrape(target, ended)

    def _note(self, wanted: _Wanted) -> None:
        """Record what goes with the looks: what there is to compare with."""
        kinds = (
            look.metric_type
            for look in reversed(self._recorder.recording.expositions)
            if look.selector == wanted.selector and look.metric_type
        )
        detail = looked_at(
            wanted.metric,
            next(kinds, ""),
            wanted.oracle,
            reading_key(wanted.parameters),
            wanted.unasked,
            wanted.declared,
            wanted.selector,
        )
        self._recorder.add(Note(time=self._clock.now(), text=f"looked at {wanted.metric}", detail=detail))

    def _look_at(self, target: TargetKey, wanted: list[_Wanted], since: float) -> None:
        """Look at one target between two scrapes, for all that is wanted of it."""
        job, instance = target
        again = True
        for _ in range(_TRIES):
            self._await_scrape(target, since)
            families: list[Family] | None = None
            error = self._not_to_be_read(target)
            began = self._clock.now()
            if error is None:
                try:
                    families = fetch(self._cluster, job, instance, self._chaos_mesh_namespace)
                except NotExposedError as problem:
                    error = str(problem)
            ended = self._clock.now()
            for each in wanted:
                self._record(each, target, families, (began, ended), error)
            self._await_scrape(target, ended)
            newest = self._newest(target)
            if error is not None or newest is None:
                return
            if newest >= ended:
                # What came and went between two scrapes is no fault of theirs: look twice at a difference.
                if not again or not any(self._differs(each, target, began) for each in wanted):
                    return
                again = False
            # What a scrape overlapped gives both a part; the look is taken again.

    def _record(
        self,
        wanted: _Wanted,
        target: TargetKey,
        families: list[Family] | None,
        asked: tuple[float, float],
        error: str | None,
    ) -> None:
        found = Shown() if families is None else self._shown(families, wanted, target)
        self._recorder.add(
            Exposition(
                began=asked[0],
                ended=asked[1],
                job=target[0],
                instance=target[1],
                metric=wanted.metric,
                metric_type=found.kind,
                samples=None if families is None else found.samples[:MOST_SAMPLES],
                left_out=max(0, len(found.samples) - MOST_SAMPLES),
                error=error,
                help=found.help,
                others=found.others,
                near=found.near,
                selector=wanted.selector,
            )
        )

    def _shown(self, families: list[Family], wanted: _Wanted, target: TargetKey) -> Shown:
        labels = wanted.selection.targets[target].labels
        own = {name: value for name, value in labels.items() if name != "__name__"}
        return shown(families, self._catalogue, wanted.metric, wanted.where, own)

    def _differs(self, wanted: _Wanted, target: TargetKey, since: float) -> bool:
        wanted.selection.refresh()
        found = all_looks(self._recorder.recording, wanted.selection, wanted.matchers, since, wanted.selector)
        return any(each.differs() for each in found if each.target == target)

    def _not_to_be_read(self, target: TargetKey) -> str | None:
        """Wait for a gap between two scrapes; return why there is none.

        Then nothing is read: Prometheus' next scrape would be a part only, and others are judged by it.
        """

        def newest() -> ScrapeGap | None:
            self._sampler.fetch()
            last = self._newest(target)
            if last is None:
                return None
            return ScrapeGap(last, self._sampler.recording.scrape_duration(target, last), self._interval)

        if await_newest_gap(self._clock, newest, _SCRAPES * self._interval) is not None:
            return None
        return "not read: there is no time between two scrapes"

    def _is_scraped(self, target: TargetKey) -> bool:
        """Say whether a target is scraped still: that of a pod that is gone would be waited for in vain."""
        newest = self._newest(target)
        return newest is not None and newest > self._clock.now() - _SCRAPES * self._interval

    def _await_scrape(self, target: TargetKey, since: float) -> None:
        """Wait for a scrape of a target that began after `since`, a few intervals at most."""
        deadline = self._clock.working() + _SCRAPES * self._interval
        while True:
            self._sampler.fetch()
            newest = self._newest(target)
            if (newest is not None and newest > since) or self._clock.working() > deadline:
                return
            self._sampler.pause()

    def _newest(self, target: TargetKey) -> float | None:
        return next((up.newest for key, up in self._sampler.recording.targets() if key == target), None)


def _is_to_be_looked_at(finding: Finding) -> bool:
    """Say whether a look can tell more."""
    if finding.verdict is not Verdict.FAIL or finding.layer == "late":
        return False
    return not finding.reason.startswith(FIXED)


def _parameters(name: str, where: Where, containers: list[dict[str, str]]) -> tuple[dict[str, Any], str]:
    """Return the parameters to ask a metric's oracle with, or why it cannot be asked."""
    found: dict[str, Any] = {}
    for name_of, description in oracles()[name].parameters.model_fields.items():
        key = description.alias or name_of
        if key == "in" and containers:
            found[key] = containers
        elif key == "node" and isinstance(where.get("node"), str):
            found[key] = where["node"]
        elif description.is_required():
            what = "the scenario has no workload" if key == "in" else f"`{key}` is not known"
            return {}, f"the oracle {name} was not read: {what}"
    return found, ""
