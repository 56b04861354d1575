"""What a recording holds of secrets: nothing, in memory as on disk, so that a replay sees the same."""

from __future__ import annotations

from typing import Any, TypeVar

from harness.base.redaction import redact, redact_shapes, redact_values, shapes_of
from harness.recording.model import AnyEntry, Entry, KubernetesEvent, LayoutDefinition, Mark, Note, Samples

_E = TypeVar("_E", bound=Entry)


def redacted(entry: AnyEntry) -> AnyEntry:
    """Return an entry without secrets; the same one when it has none.

    What people read (notes, marks, events) is redacted by names as well. Labels, expectations and expressions
    are compared with each other: there only what is a secret wherever it stands is hidden, in all alike.
    """
    if isinstance(entry, Samples | LayoutDefinition):
        return entry
    if isinstance(entry, Note):
        return _changed(entry, text=redact(entry.text), detail=redact_values(entry.detail))
    if isinstance(entry, Mark):
        return _changed(entry, detail=redact_values(entry.detail))
    if isinstance(entry, KubernetesEvent):
        return _changed(entry, message=redact(entry.message))
    text = entry.model_dump_json()
    if redact_shapes(text) == text:
        return entry
    return type(entry).model_validate(shapes_of(entry.model_dump()))


def _changed(entry: _E, **fields: Any) -> _E:
    same = all(getattr(entry, name) == value for name, value in fields.items())
    return entry if same else entry.model_copy(update=fields)
