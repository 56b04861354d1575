"""What the dashboard keeps of experiments, Schedules and Workflows that are gone, as its API lists it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar

from harness.chaosmesh.components import COMPONENTS, DASHBOARD
from harness.kubernetes.client import Cluster
from harness.oracles.asking import json_of
from harness.oracles.base import Oracle, Parameters
from harness.recording.model import Point

_DASHBOARD = COMPONENTS[DASHBOARD]


class ArchivedExperiments(Oracle):
    """Counts archived experiments by (namespace, type); of none there is no point.

    The list is what the dashboard has stored, whether that is right or not: it tells a wrong archive from
    a wrong metric about it.
    """

    name: ClassVar[str] = "archived-experiments"
    summary: ClassVar[str] = (
        "archived experiments of the scenario's namespace by kind, as the dashboard's API lists them"
    )
    parameters: ClassVar[type[Parameters]] = Parameters
    through: ClassVar[tuple[str, ...]] = (DASHBOARD,)

    def read(self, parameters: Parameters) -> list[Point]:
        """List them."""
        counts = Counter(str(archive["kind"]) for archive in _archives(self, "api/archives"))
        return [
            Point(labels={"namespace": self.world.namespace, "type": kind}, value=count)
            for kind, count in counts.items()
        ]


class ArchivedSchedules(Oracle):
    """Counts archived Schedules; of none there is no point."""

    name: ClassVar[str] = "archived-schedules"
    summary: ClassVar[str] = (
        "archived Schedules of the scenario's namespace, as the dashboard's API lists them"
    )
    parameters: ClassVar[type[Parameters]] = Parameters
    through: ClassVar[tuple[str, ...]] = (DASHBOARD,)

    def read(self, parameters: Parameters) -> list[Point]:
        """List them."""
        return _count(self, "api/archives/schedules")


class ArchivedWorkflows(Oracle):
    """Counts archived Workflows; of none there is no point."""

    name: ClassVar[str] = "archived-workflows"
    summary: ClassVar[str] = (
        "archived Workflows of the scenario's namespace, as the dashboard's API lists them"
    )
    parameters: ClassVar[type[Parameters]] = Parameters
    through: ClassVar[tuple[str, ...]] = (DASHBOARD,)

    def read(self, parameters: Parameters) -> list[Point]:
        """List them."""
        return _count(self, "api/archives/workflows")


class StoredExperiments(Oracle):
    """Counts the experiments that the dashboard has stored, archived or not, by (namespace, type)."""

    name: ClassVar[str] = "stored-experiments"
    summary: ClassVar[str] = (
        "experiments of the scenario's namespace by kind, archived or not, as the dashboard's API lists them"
    )
    parameters: ClassVar[type[Parameters]] = Parameters
    through: ClassVar[tuple[str, ...]] = (DASHBOARD,)

    def read(self, parameters: Parameters) -> list[Point]:
        """List both."""
        stored = [*_archives(self, "api/archives"), *_archives(self, "api/experiments")]
        counts = Counter(str(each["kind"]) for each in stored)
        return [
            Point(labels={"namespace": self.world.namespace, "type": kind}, value=count)
            for kind, count in counts.items()
        ]


class StoredSchedules(Oracle):
    """Counts the Schedules that the dashboard has stored, archived or not."""

    name: ClassVar[str] = "stored-schedules"
    summary: ClassVar[str] = (
        "Schedules of the scenario's namespace, archived or not, as the dashboard's API lists them"
    )
    parameters: ClassVar[type[Parameters]] = Parameters
    through: ClassVar[tuple[str, ...]] = (DASHBOARD,)

    def read(self, parameters: Parameters) -> list[Point]:
        """List both."""
        return _count(self, "api/archives/schedules", "api/schedules")


class StoredWorkflows(Oracle):
    """Counts the Workflows that the dashboard has stored, archived or not."""

    name: ClassVar[str] = "stored-workflows"
    summary: ClassVar[str] = (
        "Workflows of the scenario's namespace, archived or not, as the dashboard's API lists them"
    )
    parameters: ClassVar[type[Parameters]] = Parameters
    through: ClassVar[tuple[str, ...]] = (DASHBOARD,)

    def read(self, parameters: Parameters) -> list[Point]:
        """List both."""
        return _count(self, "api/archives/workflows", "api/workflows")


def _count(oracle: Oracle, *paths: str) -> list[Point]:
    found = [each for path in paths for each in _archives(oracle, path)]
    return [Point(labels={"namespace": oracle.world.namespace}, value=len(found))] if found else []


def has(cluster: Cluster, chaos_mesh_namespace: str, uid: str, namespaces: Iterable[str]) -> bool:
    """Say whether the dashboard has an archive with a uid, of an object of one of some namespaces.

    Raises:
        OracleError: it does not say.
    """
    return any(
        archive["uid"] == uid
        for namespace in namespaces
        for path in ("api/archives", "api/archives/schedules", "api/archives/workflows")
        for archive in listed(cluster, chaos_mesh_namespace, namespace, path)
    )


def _archives(oracle: Oracle, path: str) -> list[dict[str, Any]]:
    """Return what the dashboard lists under a path for the scenario's namespace."""
    world = oracle.world
    return listed(world.cluster, world.chaos_mesh_namespace, world.namespace, path)


def listed(cluster: Cluster, chaos_mesh_namespace: str, namespace: str, path: str) -> list[dict[str, Any]]:
    """Return what the dashboard lists of archives of one namespace.

    Args:
        cluster: that it is reached through.
        chaos_mesh_namespace: where it runs.
        namespace: of what was archived.
        path: of its API.

    Raises:
        OracleError: it does not answer, or with something else.
    """
    found = json_of(
        cluster,
        "the dashboard",
        "services",
        chaos_mesh_namespace,
        _DASHBOARD.service,
        _DASHBOARD.port,
        path,
        {"namespace": namespace},
    )
    # An answer that is not narrowed to the namespace would count archives of others.
    return [archive for archive in found if archive["namespace"] == namespace]


ORACLES = [
    ArchivedExperiments,
    ArchivedSchedules,
    ArchivedWorkflows,
    StoredExperiments,
    StoredSchedules,
    StoredWorkflows,
]
