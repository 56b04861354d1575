"""Our Prometheus in a cluster of others has a label, and nothing without it is touched."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from harness.kubernetes.client import ConflictError
from harness.kubernetes.namespaces import INSTALLED
from harness.stack import prometheus
from harness.stack.existing import own_prometheus
from harness.stack.prometheus import Settings

IDENTITY = "0b7cf2f4"
SETTINGS = Settings(IDENTITY, "prom:1", "chaos-testing", 1.0, 1.0)


class Objects:
    """Holds objects by kind and name."""

    def __init__(self) -> None:
        self.there: dict[tuple[str, str], dict[str, Any]] = {}
        self.deleted: list[tuple[str, str]] = []

    def create(self, body: dict[str, Any]) -> None:
        key = body["kind"], body["metadata"]["name"]
        if key in self.there:
            raise ConflictError("it exists")
        self.there[key] = {**body, "metadata": {"uid": "u", **body["metadata"]}}

    def get(self, kind: str, name: str, namespace: str | None = None) -> dict[str, Any] | None:
        return self.there.get((kind, name))

    def list(self, kind: str, namespace: str | None, label_selector: str) -> list[dict[str, Any]]:
        key, _, value = label_selector.partition("=")
        return [
            each
            for (of, _), each in self.there.items()
            if of == kind and (each["metadata"].get("labels") or {}).get(key) == value
        ]

    def delete(self, kind: str, name: str, namespace: str | None = None, *, uid: str | None = None) -> None:
        self.deleted.append((kind, name))
        self.there.pop((kind, name))

    def wait_gone(self, *_: Any) -> None:
        pass


def installed() -> Objects:
    cluster = Objects()
    own_prometheus._apply(cluster, own_prometheus._documents(SETTINGS))  # type: ignore[arg-type]
    return cluster


def test_all_that_is_installed_has_the_label() -> None:
    labels = [each["metadata"]["labels"][INSTALLED] for each in installed().there.values()]
    assert set(labels) == {IDENTITY}
    assert len(labels) == 7


def test_what_is_removed_has_the_label_of_this_cluster() -> None:
    cluster = installed()
    cluster.create({"kind": "Namespace", "metadata": {"name": "team-a"}})
    cluster.create({"kind": "Namespace", "metadata": {"name": "team-b", "labels": {INSTALLED: "another"}}})
    removed = own_prometheus.remove(cluster, IDENTITY)  # type: ignore[arg-type]
    assert removed == [
        "Deployment prometheus",
        "Service prometheus",
        "ConfigMap prometheus",
        "ServiceAccount prometheus",
        "ClusterRole chaos-harness-prometheus",
        "ClusterRoleBinding chaos-harness-prometheus",
        "Namespace chaos-harness",
    ]
    assert ("Namespace", "team-a") in cluster.there
    assert ("Namespace", "team-b") in cluster.there


def test_what_others_have_under_the_same_name_is_left_as_it_is() -> None:
    cluster = Objects()
    cluster.create({"kind": "ClusterRole", "metadata": {"name": "chaos-harness-prometheus"}})
    with pytest.raises(Exception, match="was not installed by the harness: it is left as it is"):
        own_prometheus._apply(cluster, own_prometheus._documents(SETTINGS))  # type: ignore[arg-type]
    assert cluster.deleted == []


def test_a_service_that_does_not_lead_anywhere_yet_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = iter([False, False, True])
    server = SimpleNamespace(ready=lambda: next(answers))
    monkeypatch.setattr(prometheus, "client", lambda _: server)
    paused: list[float] = []
    clock: Callable[[], float] = lambda: sum(paused)  # noqa: E731
    own_prometheus._await_endpoints(SimpleNamespace(), clock, paused.append)  # type: ignore[arg-type]
    assert len(paused) == 2
    assert next(answers, None) is None
