"""The objects of Chaos Mesh that a scenario applied, for who wants to apply them by hand."""

from __future__ import annotations

import yaml

from harness.base.redaction import redact
from harness.kubernetes.client import Object


def manifest_text(body: Object) -> str:
    """Return an object as YAML, without secrets, and without the labels by which the harness finds it."""
    metadata = {name: value for name, value in body["metadata"].items() if name != "labels" and value}
    shown = {**body, "metadata": metadata}
    return redact(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True, width=120))
