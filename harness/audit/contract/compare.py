"""Compares what targets exposed with the catalogue. Pure: data in, problems out."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from harness.audit.contract.exposed import Exposed, Recorded
from harness.base.words import nearest
from harness.chaosmesh.catalogue import Appears, Catalogue, Metric, MetricStatus, MetricType
from harness.chaosmesh.components import METRICS_PORTS
from harness.chaosmesh.release import Release
from harness.prometheus.exposition import ExposedSample, Family
from harness.results.contract_problem import NEXT_STEPS, ContractProblem, ProblemKind, merged

OWN = "chaos_"
"""How the names of Chaos Mesh's own metrics begin."""

LIBRARIES_OF = "v2.7.0"
"""The first release with libraries that the catalogue describes; older ones have older libraries."""

_PARTS = {MetricType.HISTOGRAM: {"le"}, MetricType.SUMMARY: {"quantile"}}
_SHOWN = 300
_EVERY = "every metric that Chaos Mesh exposes has an entry"


@dataclass(frozen=True)
class Circumstances:
    """What decides which metrics can be asked for.

    Attributes:
        release: of Chaos Mesh.
        capabilities: capability to None when it is there, or to the reason why not.
        whole: all scenarios ran, so that whatever can be touched was touched.
    """

    release: Release
    capabilities: Mapping[str, str | None] = field(default_factory=dict)
    whole: bool = False


def compare(
    known: Catalogue, exposed: Sequence[Exposed], recorded: Recorded, given: Circumstances
) -> list[ContractProblem]:
    """Return all differences, those that fail a run first."""
    known = known.in_release(given.release)
    problems: list[ContractProblem] = []
    for target in exposed:
        for family in target.families:
            problems += _Family(known, given, target, family).problems()
    new = {(problem.metric, problem.job) for problem in problems}
    problems += [
        problem
        for problem in _recorded(known, recorded, given)
        # Told already, with HELP and type.
        if problem.kind is not ProblemKind.NOT_CATALOGUED or (problem.metric, problem.job) not in new
    ]
    problems += _missing(known, exposed, recorded, given)
    return merged(problems)


def unseen(
    known: Catalogue, exposed: Sequence[Exposed], recorded: Recorded, given: Circumstances
) -> list[Metric]:
    """Return the live metrics that could have been touched, and of which no series is known."""
    names = {sample.name for target in exposed for family in target.families for sample in family.samples}
    names |= {name for name, _ in recorded.series}
    jobs = {target.job for target in exposed}
    return [
        metric
        for metric in known.metrics
        if metric.appears is Appears.TOUCHED
        and _expected(metric, given)
        and jobs & set(metric.components)
        and not names & set(metric.series_names)
    ]


def always(known: Catalogue, given: Circumstances) -> list[Metric]:
    """Return the metrics that are there as soon as their component answers."""
    return [
        metric
        for metric in known.in_release(given.release).metrics
        if (
            metric.appears is Appears.ALWAYS
            # Registered without labels, so the value 0 is there without anybody's doing.
            or (metric.status_in(given.release) is MetricStatus.NEVER_WRITTEN and not metric.labels)
        )
        and _expected(metric, given, also=MetricStatus.NEVER_WRITTEN)
    ]


def impossible(known: Catalogue, given: Circumstances) -> dict[str, str]:
    """Return the live metrics that cannot be seen in this environment, each with the reason."""
    found = {}
    for metric in known.metrics:
        if not metric.prefix and metric.status_in(given.release) is MetricStatus.LIVE:
            missing = [f"{name}: {given.capabilities[name]}" for name in _lacking(metric, given)]
            if missing:
                found[metric.name] = "; ".join(missing)
    return found


def exposed_name(family: Family) -> str:
    """Return a family's name as its TYPE line has it: a counter with `_total`."""
    if any(sample.name == f"{family.name}_total" for sample in family.samples):
        return f"{family.name}_total"
    return family.name


def find(known: Catalogue, family: Family) -> Metric | None:
    """Return the entry of a family."""
    return known.find(exposed_name(family))


def fails(name: str, given: Circumstances) -> bool:
    """Say whether a difference of a metric fails the run.

    What Chaos Mesh itself defines always does. What comes from libraries does for the releases that have
    the libraries which the catalogue describes.
    """
    return name.startswith(OWN) or not given.release.older_than(LIBRARIES_OF)


def bounds_of(family: Family) -> list[float]:
    """Return the upper bounds of a histogram's buckets in ascending order, without +Inf."""
    found = {
        float(sample.labels["le"])
        for sample in family.samples
        if sample.name == f"{family.name}_bucket" and "le" in sample.labels
    }
    return sorted(found - {math.inf})


def labels_of(family: Family, sample: ExposedSample) -> set[str]:
    """Return the names of a sample's own labels, without `le` of buckets and `quantile` of summaries."""
    own = set(sample.labels)
    if family.type == MetricType.HISTOGRAM and sample.name.endswith("_bucket"):
        own -= {"le"}
    if family.type == MetricType.SUMMARY and sample.name == family.name:
        own -= {"quantile"}
    return own


@dataclass(frozen=True)
class _Family:
    """One family of one target against its entry."""

    known: Catalogue
    given: Circumstances
    target: Exposed
    family: Family

    @property
    def name(self) -> str:
        return exposed_name(self.family)

    def problems(self) -> Iterator[ContractProblem]:
        metric = self.known.find(self.name)
        if metric is None or (metric.prefix and self.name.startswith(OWN)):
            yield self._not_catalogued()
            return
        if self.target.job not in metric.components:
            yield self._problem(ProblemKind.OTHER_COMPONENT, " or ".join(metric.components), self.target.job)
        yield from self._status(metric)
        if not metric.prefix:
            yield from self._shape(metric)

    def _status(self, metric: Metric) -> Iterator[ContractProblem]:
        match metric.status_in(self.given.release):
            case None:
                yield self._problem(
                    ProblemKind.OTHER_RELEASE, f"since {metric.since}", f"exposed by {self.given.release}"
                )
            case MetricStatus.PROMISED_ABSENT:
                yield self._problem(ProblemKind.EXPOSED, "no series, ever", self._first())
            case MetricStatus.RENAMED:
                yield self._problem(
                    ProblemKind.OLD_NAME,
                    f"gone after {metric.until}; its names are {', '.join(metric.renamed_to)}",
                    self._first(),
                )
            case MetricStatus.NEVER_WRITTEN:
                written = [sample for sample in self.family.samples if sample.value != 0 or metric.labels]
                if written:
                    yield self._problem(ProblemKind.WRITTEN, "no code writes it", _line(written[0]))

    def _shape(self, metric: Metric) -> Iterator[ContractProblem]:
        if self.family.type != metric.type:
            yield self._problem(ProblemKind.TYPE, metric.type, self.family.type)
        if not metric.labels_known:
            return
        expected = metric.help_at(self.target.job)
        if expected and self.family.help != expected:
            yield self._problem(ProblemKind.HELP, expected, self.family.help)
        for sample in self.family.samples:
            own = labels_of(self.family, sample)
            if missing := sorted(set(metric.labels) - own):
                yield self._problem(
                    ProblemKind.LABEL_MISSING, _labels(metric.labels), f"without {', '.join(missing)}"
                )
            if added := sorted(own - set(metric.labels)):
                yield self._problem(
                    ProblemKind.LABEL_ADDED, _labels(metric.labels), f"also {', '.join(added)}"
                )
            for label, value in new_values(metric, sample.labels):
                yield self._problem(ProblemKind.VALUE, _values(metric, label), f'{label}="{value}"')
        if metric.buckets is not None:
            found = bounds_of(self.family)
            if not same_bounds(found, metric.buckets):
                yield self._problem(ProblemKind.BUCKETS, _numbers(metric.buckets), _numbers(found))

    def _not_catalogued(self) -> ContractProblem:
        names = (name for metric in self.known.metrics for name in (metric.name,) if not metric.prefix)
        near = nearest(self.name, names, 1)
        meant = f"; the nearest name in the catalogue is {near[0]}" if near else ""
        return self._problem(
            ProblemKind.NOT_CATALOGUED,
            _EVERY,
            f"{self.family.type}, HELP {self.family.help!r}, {self._first()}{meant}",
            fails=self.name.startswith(OWN),
        )

    def _first(self) -> str:
        return _line(self.family.samples[0]) if self.family.samples else "no series"

    def _problem(
        self, kind: ProblemKind, expected: str, found: str, *, fails: bool | None = None
    ) -> ContractProblem:
        return _problem(
            kind, self.name, self.target.job, self.given, expected, found, self.target.instance, fails
        )


def new_values(metric: Metric, labels: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each label whose set of values is closed, and has not the value that a series has."""
    for label, values in metric.values.items():
        if label in labels and labels[label] not in values:
            yield label, labels[label]


def same_bounds(one: Sequence[float], other: Sequence[float]) -> bool:
    """Compare upper bounds; those that Go computes are off by a rounding."""
    return len(one) == len(other) and all(
        math.isclose(a, b, rel_tol=1e-9) for a, b in zip(one, other, strict=True)
    )


def _recorded(known: Catalogue, recorded: Recorded, given: Circumstances) -> Iterator[ContractProblem]:
    """Compare what was there at some time of the run only; Prometheus keeps neither HELP nor empty labels."""
    for (name, job), label_sets in sorted(recorded.series.items()):
        metric = known.find(name)
        if job not in METRICS_PORTS:
            continue
        if metric is None and name.startswith(OWN):
            shown = ",".join(f'{label}="{value}"' for label, value in sorted(min(label_sets, key=sorted)))
            yield _problem(
                ProblemKind.NOT_CATALOGUED,
                name,
                job,
                given,
                _EVERY,
                f"{name}{{{shown}}} in Prometheus, during the run",
            )
        if metric is None or metric.prefix or not metric.exposed or not metric.labels_known:
            continue
        allowed = set(metric.labels_of(name))
        for labels in sorted(label_sets, key=sorted):
            if added := sorted({label for label, _ in labels} - allowed):
                yield _problem(
                    ProblemKind.LABEL_ADDED,
                    metric.name,
                    job,
                    given,
                    _labels(metric.labels),
                    f"also {', '.join(added)}",
                )
            for label, value in new_values(metric, dict(labels)):
                yield _problem(
                    ProblemKind.VALUE, metric.name, job, given, _values(metric, label), f'{label}="{value}"'
                )


def _missing(
    known: Catalogue, exposed: Sequence[Exposed], recorded: Recorded, given: Circumstances
) -> Iterator[ContractProblem]:
    by_job: dict[str, list[tuple[str, set[str]]]] = {}
    for target in exposed:
        names = {sample.name for family in target.families for sample in family.samples}
        by_job.setdefault(target.job, []).append((target.instance, names))
    for metric in always(known, given):
        for job in metric.components:
            targets = by_job.get(job, [])
            without = [instance for instance, names in targets if not names & set(metric.series_names)]
            # A replica that does not lead runs no controllers, and so has no metrics of theirs.
            if without and (len(without) == len(targets) or metric.name.startswith(OWN)):
                for instance in without:
                    yield _problem(
                        ProblemKind.NOT_SEEN,
                        metric.name,
                        job,
                        given,
                        "a series from the start on",
                        "none in the exposition",
                        instance,
                    )
    if given.whole:
        for metric in unseen(known, exposed, recorded, given):
            yield _unseen_problem(metric, given)


def unseen_by_any(
    known: Catalogue, seen: Collection[str], jobs: Collection[str], given: Circumstances
) -> list[ContractProblem]:
    """Return what a run of all scenarios should have shown of metrics that scenarios touch, and did not.

    Args:
        known: the catalogue.
        seen: the names of catalogued metrics of which a series was seen.
        jobs: the components that were captured.
        given: of the run.
    """
    return [
        _unseen_problem(metric, given)
        for metric in known.in_release(given.release).metrics
        if metric.appears is Appears.TOUCHED
        and _expected(metric, given)
        and not {*metric.components}.isdisjoint(jobs)
        and metric.name not in seen
    ]


def _unseen_problem(metric: Metric, given: Circumstances) -> ContractProblem:
    return _problem(
        ProblemKind.NOT_SEEN,
        metric.name,
        " or ".join(metric.components),
        given,
        f"a series in a run of all scenarios; touched by {', '.join(metric.touched_by)}",
        "none in expositions and recordings",
    )


def _expected(metric: Metric, given: Circumstances, also: MetricStatus = MetricStatus.LIVE) -> bool:
    return (
        not metric.prefix
        and metric.exposed
        and metric.status_in(given.release) in {MetricStatus.LIVE, also}
        and not _lacking(metric, given)
    )


def _lacking(metric: Metric, given: Circumstances) -> list[str]:
    return [name for name in metric.needs if given.capabilities.get(name) is not None]


def _problem(
    kind: ProblemKind,
    metric: str,
    job: str,
    given: Circumstances,
    expected: str,
    found: str,
    instance: str = "",
    strict: bool | None = None,
) -> ContractProblem:
    return ContractProblem(
        kind=kind,
        metric=metric,
        job=job,
        instances=(instance,) if instance else (),
        expected=_short(expected),
        found=_short(found),
        fails=fails(metric, given) if strict is None else strict,
        next_step=NEXT_STEPS[kind],
    )


def _line(sample: ExposedSample) -> str:
    labels = ",".join(f'{label}="{value}"' for label, value in sample.labels.items())
    return _short(f"{sample.name}{{{labels}}} {sample.value:g}")


def _labels(labels: Sequence[str]) -> str:
    return f"the labels {', '.join(labels)}" if labels else "no label"


def _values(metric: Metric, label: str) -> str:
    return f"{label} is one of {', '.join(metric.values[label])}"


def _numbers(numbers: Sequence[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers) or "none"


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 4]} ..."
