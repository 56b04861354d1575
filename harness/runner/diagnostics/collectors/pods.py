"""Pods: which are there, ready, restarted, and why not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from harness.runner.diagnostics.collectors.objects import as_yaml
from harness.runner.diagnostics.scene import DiagnosticsContext


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Pods of the scenario and of Chaos Mesh: a line for each container, and those of the scenario whole."""
    own = scene.cluster.list("Pod", scene.namespace)
    mesh = scene.cluster.list("Pod", scene.chaos_mesh_namespace)
    yield "pods.txt", lines_of([*own, *mesh])
    if own:
        yield "objects/Pod.yaml", as_yaml(own)


def lines_of(pods: list[dict[str, Any]]) -> str:
    """Return what some pods are doing: a line a pod, and one for each of its containers."""
    return "".join(f"{line}\n" for pod in pods for line in _lines(pod))


def _lines(pod: dict[str, Any]) -> Iterator[str]:
    metadata, status = pod["metadata"], pod.get("status") or {}
    unmet = [
        f"{each['type']}={each['status']} {each.get('reason', '')}".strip()
        for each in status.get("conditions") or []
        if each["status"] != "True"
    ]
    deleting = (
        f", deleting since {metadata['deletionTimestamp']}" if metadata.get("deletionTimestamp") else ""
    )
    node = (pod.get("spec") or {}).get("nodeName", "no node")
    where = f"{metadata.get('namespace')}/{metadata['name']} on {node}"
    yield f"{where}: {status.get('phase', 'no phase')}{deleting}{'; ' if unmet else ''}{', '.join(unmet)}"
    for each in status.get("containerStatuses") or []:
        yield (
            f"  {each['name']}: {_state(each.get('state'))}, restarts {each.get('restartCount', 0)}, "
            f"image {each.get('image')}, before: {_state(each.get('lastState'))}"
        )


def _state(state: dict[str, Any] | None) -> str:
    for name, fields in (state or {}).items():
        told = ", ".join(f"{key} {value}" for key, value in (fields or {}).items() if key != "containerID")
        return f"{name} ({told})" if told else name
    return "nothing"
