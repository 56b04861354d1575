"""One of two runs that are compared: its results, expositions and recordings, read from its report folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from harness.audit.contract.compare import bounds_of, exposed_name, labels_of
from harness.base.bounded import MIB, FileError, read_text
from harness.base.errors import HarnessError, UsageError
from harness.chaosmesh.catalogue import Catalogue
from harness.judge.finding import Verdict
from harness.prometheus.exposition import TEXT_FORMAT, Family, parse
from harness.recording.labels import WORKLOAD_JOB, without_target
from harness.recording.reader import RecordingError, definitions
from harness.results.contract import Contract
from harness.results.reading import read
from harness.results.results import RESULTS, Run
from harness.results.scenario import ScenarioResult

HINT = "name the report folders of two runs (ci/verify --report DIR)"
_MOST_EXPOSITION_BYTES = 64 * MIB


@dataclass
class Facts:
    """What one run shows of a metric.

    Attributes:
        name: as exposed.
        jobs: components that expose it.
        type, help: of the exposition; None when only recordings show it.
        labels: its own label names, over all of its series.
        bounds: upper bounds of a histogram's buckets, without +Inf.
    """

    name: str
    jobs: set[str] = field(default_factory=set)
    type: str | None = None
    help: str | None = None
    labels: set[str] = field(default_factory=set)
    bounds: list[float] = field(default_factory=list)


@dataclass
class ComparedRun:
    """One run.

    Attributes:
        folder: its report folder.
        run: the part `run` of results.json.
        contract: see Contract.
        scenarios: by name.
        metrics: by exposed name.
    """

    folder: Path
    run: Run
    contract: Contract
    scenarios: dict[str, ScenarioResult]
    metrics: dict[str, Facts]

    @property
    def version(self) -> str:
        """The version of Chaos Mesh."""
        return self.contract.release

    @property
    def interval(self) -> float:
        """The scrape interval, seconds."""
        return float((self.run.stack or {}).get("scrape_interval") or 1.0)

    def ran(self) -> set[str]:
        """Return the names of the scenarios that came to a verdict on the product."""
        return {
            name
            for name, each in self.scenarios.items()
            if each.verdict not in {Verdict.SKIPPED, Verdict.ERROR}
        }

    def shown_by(self, metric: str, known: Catalogue) -> set[str]:
        """Return the scenarios that ran and had an expectation about a metric of which series were there."""
        return {
            name
            for name in self.ran()
            for finding in self.scenarios[name].findings()
            if finding.actual and known.name_of(finding.metric) == metric
        }


def load(folder: Path, known: Catalogue) -> ComparedRun:
    """Read a report folder.

    Raises:
        UsageError: it is none, or its run has no expositions to compare.
    """
    results = read(folder / RESULTS, next_step=HINT)
    contract = results.contract
    if contract is None:
        raise UsageError(
            f"{folder} has no expositions: only some scenarios ran, without --audit",
            next_step="run all scenarios, or add --audit",
        )
    scenarios = results.scenarios
    if contract.error is not None or contract.not_captured:
        raise UsageError(
            f"{folder}: the run could not read all components, so what is missing there says nothing",
            next_step="run the scenarios again",
            details=[*contract.not_captured, *(contract.error or "").splitlines()],
        )
    metrics: dict[str, Facts] = {}
    _add_recorded(metrics, _recorded(folder, scenarios), known)
    for target in contract.targets:
        for family in _exposition(folder, target.file):
            _add(metrics, target.job, family)
    return ComparedRun(folder, results.run, contract, {each.name: each for each in scenarios}, metrics)


def _exposition(folder: Path, name: str) -> list[Family]:
    path = folder / name
    try:
        return parse(read_text(path, most=_MOST_EXPOSITION_BYTES, inside=folder), TEXT_FORMAT)
    except FileError as error:
        raise UsageError(str(error), next_step=HINT) from error
    except HarnessError as error:
        raise UsageError(f"{path}: {error.problem}", details=error.details) from error


def _add(metrics: dict[str, Facts], job: str, family: Family) -> None:
    name = exposed_name(family)
    facts = metrics.setdefault(name, Facts(name))
    if facts.type is None:
        # What is exposed is the whole truth; Prometheus drops empty labels.
        facts.jobs, facts.labels = set(), set()
    facts.type, facts.help = family.type, family.help
    facts.jobs.add(job)
    for sample in family.samples:
        facts.labels |= labels_of(family, sample)
    facts.bounds = facts.bounds or bounds_of(family)


def _recorded(folder: Path, scenarios: Iterable[ScenarioResult]) -> Iterable[Mapping[str, str]]:
    for scenario in scenarios:
        if scenario.recording is not None:
            try:
                yield from definitions(folder / scenario.recording, inside=folder)
            except RecordingError:
                # A report without its recordings can be compared all the same.
                continue


def _add_recorded(metrics: dict[str, Facts], series: Iterable[Mapping[str, str]], known: Catalogue) -> None:
    """Add what may be gone by the end of a run; of histograms under the name of the metric."""
    for labels in series:
        metric = known.find(labels["__name__"])
        if metric is not None and not metric.exposed:
            continue
        if labels.get("job") == WORKLOAD_JOB:
            continue
        name = known.name_of(labels["__name__"])
        facts = metrics.setdefault(name, Facts(name))
        facts.jobs.add(labels.get("job", ""))
        facts.labels |= set(without_target(labels)) - {"__name__", "le", "quantile"}
