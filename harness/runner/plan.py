"""Works out, before anything happens, what a scenario needs to watch and to read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.chaosmesh.catalogue import Catalogue
from harness.judge.matching import Matchers
from harness.prometheus.expression import selectors
from harness.prometheus.matcher import Matcher
from harness.recording.labels import WORKLOAD_JOB
from harness.runner.sampler import Watch
from harness.scenario.model import Expectation, Scenario
from harness.scenario.template import TEMPLATE, TemplateError, resolve


def jobs_of(expectation: Expectation, catalogue: Catalogue) -> list[str]:
    """Return the `job` labels whose scrapes decide an expectation.

    A metric that several components have (`process_start_time_seconds`) is narrowed by a plain
    `job` in `where`. An expression has those of all its selectors.
    """
    if expectation.promql is None:
        job = expectation.where.get("job")
        return [job] if isinstance(job, str) else sorted(catalogue.jobs(expectation.metric))
    jobs: set[str] = set()
    # What a template stands for is not known yet; it is no part of a metric's name.
    for metric, where in selectors(TEMPLATE.sub("1", expectation.promql)):
        known = set(catalogue.jobs(metric))
        jobs |= set(filter(Matchers(where).match_job, known)) or known
    return sorted(jobs)


def watch_of(
    scenario: Scenario, catalogue: Catalogue, namespace: str, further: Mapping[str, str] | None = None
) -> Watch:
    """Return what has to be fetched for a scenario, from before its first step on.

    What an expectation selects may only be known later (`${burn.node}`), what was before it is
    wanted all the same: so all label values but the namespace's are left open.

    Args:
        scenario: what will be run.
        catalogue: the metrics that there are.
        namespace: the scenario's own.
        further: name in the scenario to name in the cluster of its further namespaces.
    """
    known = {"namespace": namespace, "namespaces": dict(further or {})}
    watch = Watch(own_namespace=namespace, namespaces={namespace})
    for step in scenario.steps:
        if (replaced := step.act.replaces) is not None:
            # Its step settles when the new pods are scraped and the old ones are not any more.
            watch.jobs.add(replaced)
        for expectation in step.expect:
            watch.jobs |= set(jobs_of(expectation, catalogue))
            if expectation.promql is not None:
                continue
            metric = catalogue.find(expectation.metric)
            if metric is None or "namespace" not in metric.labels:
                watch.narrow.add(expectation.metric)
                continue
            wanted = _literal(expectation.where.get("namespace"), known)
            if wanted is None:
                watch.wide.add(expectation.metric)
            else:
                watch.narrow.add(expectation.metric)
                watch.namespaces.add(wanted)
    watch.narrow -= watch.wide
    return watch


def oracles_of(scenario: Scenario) -> set[str]:
    """Return the names of all oracles that a scenario asks, in expectations and proofs."""
    found = {proof.oracle for step in scenario.steps for proof in step.proof}
    for step in scenario.steps:
        for expectation in step.expect:
            found |= oracles_in(expectation) | set(_oracle_names(expectation.unlike))
    return found


def oracles_in(expectation: Expectation) -> set[str]:
    """Return the names of the oracles that an expectation is compared with."""
    found = set(_oracle_names(expectation.argument))
    if expectation.known_issue:
        found |= set(_oracle_names(expectation.known_issue.shows))
    return found


def own_targets_only(spec: dict[str, Any], jobs: list[str], namespace: str) -> dict[str, Any]:
    """Return an expectation's mapping narrowed to the scenario's own workload.

    Workloads of other scenarios are scraped as the same job.
    """
    where = spec.get("where", {})
    if "promql" in spec:
        return spec
    if jobs != [WORKLOAD_JOB] or "instance" in where:
        return spec
    return {**spec, "where": {**where, "instance": {"matches": f"{namespace}/.+"}}}


def _literal(matcher: str | Matcher | None, known: Mapping[str, Any]) -> str | None:
    if not isinstance(matcher, str):
        return None
    try:
        return str(resolve(matcher, known))
    except TemplateError:
        return None


def _oracle_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("oracle"), str):
            yield value["oracle"]
        for inner in value.values():
            yield from _oracle_names(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _oracle_names(inner)
