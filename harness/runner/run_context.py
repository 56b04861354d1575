"""What all scenarios of a run share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.chaosmesh.release import Release
from harness.kubernetes.client import Cluster
from harness.prometheus.prometheus import Prometheus
from harness.runner.apart import NodeApart
from harness.runner.clock import Clock
from harness.runner.observer import Observer
from harness.runner.vitals import Vitals

if TYPE_CHECKING:
    from harness.runner.needs import SharedUse
    from harness.scenario.load import ScenarioFile


@dataclass(frozen=True)
class RunContext:
    """A stack that is up, as the runner sees it.

    Attributes:
        workload_image, jvm_image: what workloads run: the one has Python, the other a JRE.
        interval: the scrape interval, seconds.
        release: of Chaos Mesh.
        capabilities: capability to None when it is there, or to the reason why not.
        nodes: names of the nodes; without those that are set apart.
        apart: the node that is set apart; None where there is none.
        place: the node that the scenario's workload is put on; empty to let the scheduler choose.
        unseen: nodes that the scenario does not look at.
        patience: how many times its `bound` a step may take for its phase and its proofs.
        run: the run's id; a label on everything created.
        on: the cluster's name, of a run with several; empty in any other.
        recordings: the folder that recordings go to.
        diagnostics: the folder that evidence of failures goes to; None when none is kept.
        observer: is told how scenarios go on.
        allowed_namespaces: namespaces of others that scenarios may reach.
        facts: versions, images, substitutes, nodes; goes into each recording's manifest.
        shared: what may be done on a cluster that others use, too; None on one of the harness' own.
        unfit: says why a scenario cannot be decided on this stack, and so is skipped; empty when it can.
        vitals: makes what observes whether a scenario and the cluster are able to act; of the cluster and the
            names of its nodes.
    """

    cluster: Cluster
    prometheus: Prometheus
    clock: Clock
    chaos_mesh_namespace: str
    workload_image: str
    jvm_image: str
    interval: float
    capabilities: dict[str, str | None]
    nodes: list[str]
    run: str
    recordings: Path
    release: Release = field(default_factory=Release)
    diagnostics: Path | None = None
    observer: Observer = field(default_factory=Observer)
    allowed_namespaces: frozenset[str] = frozenset()
    facts: dict[str, Any] = field(default_factory=dict)
    shared: SharedUse | None = None
    unfit: Callable[[ScenarioFile], str] = field(default=lambda _: "")
    apart: NodeApart | None = None
    place: str = ""
    unseen: frozenset[str] = frozenset()
    patience: float = 1.0
    on: str = ""
    vitals: Callable[[Cluster, Sequence[str]], Vitals] = field(default=lambda _cluster, _nodes: Vitals())
