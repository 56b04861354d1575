"""Objects of Chaos Mesh as the API has them: spec, status, finalizers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from harness.base.errors import HarnessError
from harness.base.redaction import redact_values
from harness.kubernetes.errors import UnreachableError
from harness.kubernetes.kinds import CHAOS_MESH_KINDS
from harness.runner.diagnostics.scene import DiagnosticsContext

# Long, and nothing that is not there otherwise.
_LEFT_OUT = {"managedFields"}
_LEFT_OUT_ANNOTATIONS = {"kubectl.kubernetes.io/last-applied-configuration"}


def collect(scene: DiagnosticsContext) -> Iterator[tuple[str, str]]:
    """Experiments, PodNetworkChaos and all else of Chaos Mesh in the scenario's namespace."""
    problems = []
    for kind in CHAOS_MESH_KINDS:
        try:
            found = scene.cluster.list(kind, scene.namespace)
        except UnreachableError:
            raise
        except HarnessError as error:
            problems.append(f"{kind}: {error}\n")
            continue
        if found:
            yield f"objects/{kind}.yaml", as_yaml(found)
    if problems:
        yield "objects/not-readable.txt", "".join(problems)


def as_yaml(found: list[dict[str, Any]]) -> str:
    """Return objects as YAML documents, without secrets and without what is only noise."""
    documents = []
    for each in found:
        metadata = {key: value for key, value in each["metadata"].items() if key not in _LEFT_OUT}
        if annotations := metadata.get("annotations"):
            kept = {key: value for key, value in annotations.items() if key not in _LEFT_OUT_ANNOTATIONS}
            metadata["annotations"] = kept
        documents.append(redact_values({**each, "metadata": metadata}))
    text: str = yaml.safe_dump_all(documents, sort_keys=False, width=200)
    return text
