"""The end of a run: captures every component, compares with the catalogue, keeps the expositions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.audit.contract import keep, promtool
from harness.audit.contract.capture import Captured, Failed, capture
from harness.audit.contract.compare import OWN, Circumstances, always, compare, fails, impossible, unseen
from harness.audit.contract.exposed import Exposed, Recorded
from harness.audit.contract.promtool import Linter
from harness.audit.contract.settled import Settling
from harness.base.errors import HarnessError
from harness.base.files import PUBLIC, write_whole
from harness.base.redaction import redact_shapes
from harness.base.words import count
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.components import DNS_SERVER, METRICS_PORTS
from harness.prometheus.exposition import Family, parse
from harness.prometheus.prometheus import Prometheus
from harness.prometheus.promql import one_of, quote
from harness.recording.reader import RecordingError, definitions
from harness.results.contract import Contract, Promtool, TargetLook
from harness.results.contract_problem import NEXT_STEPS, ContractProblem, ProblemKind
from harness.runner.clock import Clock

QUANTILES = (0.5, 0.95)
"""Of the durations of scrapes."""

# By then each target of a run has been scraped.
_FIRST_SECONDS = 10.0


@dataclass(frozen=True)
class EndedRun:
    """A run that has come to its end.

    Attributes:
        cluster: the Kubernetes API.
        began: when the first scenario could begin, Prometheus' clock.
        namespaces: of the scenarios.
        recordings: their folders.
        given: release, capabilities, whether all scenarios ran.
        report: the report's folder.
        linter: calls promtool; None when there is none.
        chaos_mesh_namespace: where the components are, which are waited for until they are settled; without
            it they are taken as they are.
        folder: the part of the expositions' folder that is this cluster's, of a run on several.
    """

    cluster: Any
    prometheus: Prometheus
    clock: Clock
    began: float
    namespaces: Sequence[str]
    recordings: Sequence[Path]
    given: Circumstances
    report: Path
    linter: Linter | None
    chaos_mesh_namespace: str = ""
    folder: str = ""


def check(run: EndedRun, known: Catalogue) -> Contract:
    """Return what the end of a run came to; what went wrong on the way is in it, too."""
    contract = Contract(release=str(run.given.release), whole=run.given.whole)
    try:
        _check(run, known, contract)
    except HarnessError as error:
        contract.error = error.render()
    return contract


def _check(run: EndedRun, known: Catalogue, contract: Contract) -> None:
    unsettled = _unsettled(run, known)
    jobs = [job for job in METRICS_PORTS if job not in unsettled]
    captured, failed = capture(run.cluster, run.prometheus, run.clock, jobs)
    exposed: list[tuple[Captured, list[Family]]] = []
    for each in captured:
        try:
            exposed.append((each, parse(each.body, each.content_type)))
        except HarnessError as error:
            failed.append(Failed(each.job, each.instance, error))
    contract.not_captured = [f"{job}: {why}" for job, why in unsettled.items()]
    contract.not_captured += [_why(each) for each in failed]
    contract.not_captured += _without_target(run, jobs, captured, failed)
    scrapes = _scrapes(run)
    contract.targets = [_keep(run, each, families, scrapes) for each, families in exposed]
    contract.impossible = impossible(known, run.given)

    looks = [Exposed(each.job, each.instance, families) for each, families in exposed]
    recorded = Recorded()
    for folder in run.recordings:
        for labels in _definitions(folder):
            recorded.add(labels)
    _ask(run, known, looks, recorded)
    if unseen(known.in_release(run.given.release), looks, recorded, run.given):
        contract.from_begin = _whole_run_is_there(run)
    problems = _as_far_as_seen(compare(known, looks, recorded, run.given), contract)
    contract.seen = _seen(known, looks, recorded)
    contract.promtool = _lint(run, [each for each, _ in exposed])
    contract.problems = [*problems, *_objections(contract.promtool, run.given)]
    contract.problems.sort(key=lambda each: not each.fails)


def _why(failed: Failed) -> str:
    lines = failed.error.render().splitlines()
    return f"{failed.job} {failed.instance}: {'; '.join(line.strip() for line in lines)}"


def _unsettled(run: EndedRun, known: Catalogue) -> dict[str, str]:
    """Wait until the components are settled; return those that are not compared, and why."""
    if not run.chaos_mesh_namespace:
        return {}
    there = {
        job: {
            metric.name: metric.series_names
            for metric in always(known, run.given)
            if job in metric.components
        }
        for job in METRICS_PORTS
    }
    return Settling(run.cluster, run.prometheus, run.clock, run.chaos_mesh_namespace, there).wait()


def _without_target(
    run: EndedRun, jobs: Iterable[str], captured: list[Captured], failed: list[Failed]
) -> list[str]:
    """Return the components that Prometheus has no target of, though they are part of the stack."""
    there = {each.job for each in captured} | {each.job for each in failed}
    optional = {DNS_SERVER} if run.given.capabilities.get("dns-server") is not None else set()
    return [
        f"{job}: Prometheus has no target of it; look at its pod: chaos-harness status"
        for job in jobs
        if job not in there | optional
    ]


def _keep(
    run: EndedRun, look: Captured, families: list[Family], scrapes: Mapping[tuple[str, str], dict[str, float]]
) -> TargetLook:
    kept = keep.bounded(look.body, run.namespaces)
    file = keep.path_of(look.job, look.instance, run.folder)
    write_whole(run.report / file, redact_shapes(kept.text, blocks=False), mode=PUBLIC)
    seconds = dict(scrapes.get((look.job, look.instance), {}))
    return TargetLook(
        job=look.job,
        instance=look.instance,
        node=look.node,
        file=str(file),
        bytes=len(look.body.encode()),
        families=len(families),
        samples=sum(len(family.samples) for family in families),
        cut=kept.cut,
        tries=look.tries,
        scrapes=int(seconds.pop("count", 0)),
        scrape_seconds=seconds,
    )


def _scrapes(run: EndedRun) -> dict[tuple[str, str], dict[str, float]]:
    """Return, for each target, how many scrapes there were and quantiles of how long they took."""
    window = _window(run, 'scrape_duration_seconds{job=~"' + one_of(sorted(METRICS_PORTS)) + '"}')
    found: dict[tuple[str, str], dict[str, float]] = {}
    asked = {f"{quantile:g}": f"quantile_over_time({quantile:g}, {window})" for quantile in QUANTILES}
    for name, expression in {"count": f"count_over_time({window})", **asked}.items():
        for element in run.prometheus.query(expression).result:
            labels = element["metric"]
            target = found.setdefault((labels.get("job", ""), labels.get("instance", "")), {})
            target[name] = round(float(element["value"][1]), 6)
    return found


def _definitions(folder: Path) -> Iterable[Mapping[str, str]]:
    """Return the series of a recording; of one that cannot be read there are none."""
    try:
        return list(definitions(folder))
    except RecordingError:
        return []


def _ask(run: EndedRun, known: Catalogue, looks: list[Exposed], recorded: Recorded) -> None:
    """Ask Prometheus for series of the run which neither expositions nor recordings have.

    These are names of Chaos Mesh's that the catalogue does not have, and those of the catalogue that nobody
    has seen: scenarios record only what they name, and a component may have been restarted at the end.
    """
    names = sorted(
        {name for metric in known.metrics if metric.name.startswith(OWN) for name in metric.series_names}
    )
    new = f"{{__name__=~{quote(OWN + '.+')},__name__!~{quote(one_of(names))}}}"
    expressions = [f"last_over_time({_window(run, new)})"]
    missing = [name for metric in unseen(known, looks, recorded, run.given) for name in metric.series_names]
    if missing:
        wanted = f"{{__name__=~{quote(one_of(sorted(missing)))}}}"
        expressions.append(f"last_over_time({_window(run, wanted)})")
    for expression in expressions:
        answer = run.prometheus.query(expression)
        if answer.error is not None:
            raise HarnessError(f"Prometheus refused {expression}", details=answer.error.splitlines())
        for element in answer.result:
            recorded.add(element["metric"])


def _window(run: EndedRun, selector: str) -> str:
    """Return a range selector over the run, from its begin to now."""
    return f"{selector}[{max(round((run.clock.now() - run.began) * 1000), 1000)}ms]"


def _as_far_as_seen(problems: list[ContractProblem], contract: Contract) -> list[ContractProblem]:
    """Return the problems without those that rest on samples of the run which Prometheus has lost.

    What nobody has seen in the whole run is a regression only where the whole run was to be seen.
    """
    unseen_ones = [each for each in problems if each.kind is ProblemKind.NOT_SEEN and not each.instances]
    if not unseen_ones or contract.from_begin is not False:
        return problems
    names = ", ".join(sorted(each.metric for each in unseen_ones))
    contract.not_captured.append(
        f"{count(len(unseen_ones), 'metric')} that nothing has any more: Prometheus was restarted and has"
        f" lost what it had scraped of this run before: {names}"
    )
    return [each for each in problems if each not in unseen_ones]


def _whole_run_is_there(run: EndedRun) -> bool:
    """Say whether Prometheus still has samples of the run's begin."""
    jobs = one_of(sorted(METRICS_PORTS))
    at = min(run.began + _FIRST_SECONDS, run.clock.now())
    return bool(run.prometheus.query(f'scrape_duration_seconds{{job=~"{jobs}"}}', at=at).result)


def _seen(known: Catalogue, looks: list[Exposed], recorded: Recorded) -> dict[str, list[str]]:
    pairs = {
        (sample.name, look.job) for look in looks for family in look.families for sample in family.samples
    }
    pairs |= set(recorded.series)
    found: dict[str, set[str]] = {}
    for name, job in pairs:
        metric = known.find(name)
        if job in METRICS_PORTS and metric is not None and metric.exposed:
            shown = name if metric.prefix else metric.name
            found.setdefault(shown, set()).add(job)
    return {name: sorted(jobs) for name, jobs in sorted(found.items())}


def _lint(run: EndedRun, captured: list[Captured]) -> Promtool:
    if run.linter is None:
        return Promtool(error="there is no promtool: neither a program nor Prometheus' own image has it")
    try:
        return Promtool(findings=promtool.lint([(each.job, each.body) for each in captured], run.linter))
    except HarnessError as error:
        return Promtool(error="; ".join(line.strip() for line in error.render().splitlines()))


def _objections(checked: Promtool, given: Circumstances) -> list[ContractProblem]:
    """Return promtool's findings that nobody has explained; those about libraries are only told."""
    return [
        ContractProblem(
            kind=ProblemKind.LINT,
            metric=finding.metric,
            job=finding.job,
            found=finding.text,
            fails=finding.metric.startswith(OWN) and fails(finding.metric, given),
            next_step=NEXT_STEPS[ProblemKind.LINT],
        )
        for finding in checked.findings
        if finding.reason is None
    ]
