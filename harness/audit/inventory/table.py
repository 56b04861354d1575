"""One row a metric: who names it, what the catalogue says, what a run saw, and what follows."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from harness.audit.inventory.claims import DocumentedMetrics
from harness.chaosmesh.catalogue import Catalogue, Metric, MetricStatus
from harness.results.contract import Contract
from harness.results.contract_problem import ProblemKind

_FAMILIES = ("chaos_", "grpc_server_", "coredns_")
"""What is listed, whoever names it; of the metrics of other libraries only those that somebody names."""


class InventoryStanding(StrEnum):
    """What follows for a name, from the worst to the best."""

    NEVER_SEEN = "promised, never seen"
    RENAMED = "renamed"
    DEAD = "registered, never written"
    UNDOCUMENTED = "seen, never documented"
    OTHER_LABELS = "as promised, with other labels"
    AS_PROMISED = "as promised"


class InventoryRow(BaseModel):
    """One name.

    Attributes:
        name: of the metric.
        truth: see Truth.
        named_by: ids of the sources.
        used: our own dashboards or alerts use it.
        seen: components that exposed it in the run; None without a run, or when the run could not show it.
        notes: what one has to know.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    truth: InventoryStanding
    named_by: tuple[str, ...] = ()
    used: bool = False
    seen: tuple[str, ...] | None = None
    notes: tuple[str, ...] = ()


def table(
    known: Catalogue, claims: DocumentedMetrics, used: Collection[str] = (), contract: Contract | None = None
) -> list[InventoryRow]:
    """Return a row for each name that anybody gives, or that Chaos Mesh has.

    Args:
        known: the catalogue.
        claims: who names what.
        used: names of series in our own dashboards and alerts.
        contract: of a run; None to go by the catalogue alone.
    """
    named: dict[str, list[tuple[str, tuple[str, ...] | None, str | None]]] = {}
    for source in claims.sources:
        for claim in source.metrics:
            named.setdefault(claim.name, []).append((source.id, claim.labels, claim.note))
    ours = {known.name_of(series) for series in used}
    names = {
        metric.name
        for metric in known.metrics
        if metric.exposed and not metric.prefix and metric.name.startswith(_FAMILIES)
    }
    names |= set(named) | {name for name in ours if name.startswith(_FAMILIES)}
    if contract is not None:
        names |= {
            problem.metric
            for problem in contract.problems
            if problem.kind is ProblemKind.NOT_CATALOGUED and problem.metric.startswith(_FAMILIES)
        }
    rows = []
    for name in names:
        by = named.get(name, [])
        metric = known.find(name)
        metric = None if metric is not None and (metric.prefix or metric.name != name) else metric
        labels = next((labels for _, labels, _ in by if labels is not None), None)
        seen = _seen(name, contract)
        rows.append(
            InventoryRow(
                name=name,
                truth=_truth(metric, bool(by), labels, seen),
                named_by=tuple(dict.fromkeys(source for source, _, _ in by)),
                used=name in ours,
                seen=seen,
                notes=tuple(_notes(metric, labels, [note for _, _, note in by if note], name, ours)),
            )
        )
    order = list(InventoryStanding)
    return sorted(rows, key=lambda row: (order.index(row.truth), row.name))


def contradictions(rows: list[InventoryRow]) -> list[str]:
    """Return what a run saw though it should not be there, and what our dashboards use though it is not."""
    absent = {InventoryStanding.NEVER_SEEN, InventoryStanding.RENAMED}
    told = [
        f"{row.name}: {row.truth}, and exposed by {', '.join(row.seen)} in this run"
        for row in rows
        if row.seen and row.truth in absent
    ]
    return told + [
        f"{row.name}: {row.truth}, and our dashboards or alerts use it"
        for row in rows
        if row.used and row.truth in {*absent, InventoryStanding.DEAD}
    ]


def _truth(
    metric: Metric | None, named: bool, labels: tuple[str, ...] | None, seen: tuple[str, ...] | None
) -> InventoryStanding:
    if metric is None:
        # What nobody names and a run saw is there, whether the catalogue knows it or not.
        return InventoryStanding.UNDOCUMENTED if seen and not named else InventoryStanding.NEVER_SEEN
    match metric.status:
        case MetricStatus.PROMISED_ABSENT:
            return InventoryStanding.NEVER_SEEN
        case MetricStatus.RENAMED:
            return InventoryStanding.RENAMED
        case MetricStatus.NEVER_WRITTEN:
            return InventoryStanding.DEAD
    if not named:
        return InventoryStanding.UNDOCUMENTED
    differs = labels is not None and metric.labels_known and set(labels) != set(metric.labels)
    return InventoryStanding.OTHER_LABELS if differs else InventoryStanding.AS_PROMISED


def _notes(
    metric: Metric | None, labels: tuple[str, ...] | None, told: list[str], name: str, ours: set[str]
) -> list[str]:
    notes = []
    if metric is not None and metric.renamed_to:
        notes.append(f"Until {metric.until}; now {', '.join(metric.renamed_to)}.")
    if metric is not None and labels is not None and metric.labels_known:
        if missing := sorted(set(labels) - set(metric.labels)):
            notes.append(f"Promised with {', '.join(missing)}, which it does not have.")
        if more := sorted(set(metric.labels) - set(labels)):
            notes.append(f"It also has {', '.join(more)}.")
    if metric is not None and metric.since and metric.status is MetricStatus.LIVE:
        notes.append(f"Since {metric.since}.")
    if metric is not None and metric.note:
        notes.append(metric.note)
    if metric is None and name in ours:
        notes.append("Not in the catalogue.")
    return [*notes, *told]


def _seen(name: str, contract: Contract | None) -> tuple[str, ...] | None:
    if contract is None or contract.error is not None or name in contract.impossible:
        return None
    new = {
        problem.job
        for problem in contract.problems
        if problem.metric == name and problem.kind is ProblemKind.NOT_CATALOGUED
    }
    return tuple(sorted({*contract.seen.get(name, ()), *new}))
