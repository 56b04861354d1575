"""What is said of a field of a spec, after its name: `is one of a, b, not `c`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from harness.base.words import meant
from harness.chaosmesh.specs.within import is_open
from harness.scenario.positions import DocumentPath

Said = tuple[DocumentPath, str, str | None]
"""A field within a spec, what is wrong with it, and what was probably meant."""


def one_of(at: DocumentPath, value: str, words: Iterable[str]) -> Iterator[Said]:
    """Yield what is wrong with a text that is none of these."""
    known = list(words)
    if value not in known:
        yield at, f"is one of {', '.join(known)}, not `{value}`", meant(value, known)


def lacks(field: str, why: str) -> Said:
    """Return that a field is missing, and what asks for it."""
    return (), f"lacks the field `{field}`, {why}", None


def is_missing(spec: Mapping[str, Any], field: str) -> bool:
    """Say whether a field is what Go makes of one that is not there."""
    value = spec.get(field)
    return value is None or value in ([], "") or (value == 0 and not isinstance(value, bool))


def text_at(spec: Mapping[str, Any], field: str) -> str:
    """Return the text of a field; empty when it is none, or a template may make it another one."""
    value = spec.get(field)
    return value if isinstance(value, str) and not is_open(value) else ""
