"""The generated parts of pages: all kinds, oracles, capabilities and rules, from their own words."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Mapping
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, TypeAdapter

from harness.base.errors import UsageError
from harness.chaosmesh.capabilities import probes
from harness.chaosmesh.catalogue import Metric, MetricStatus, catalogue
from harness.judge.kind import kinds
from harness.lint.rules.rule import rules
from harness.oracles.asking import ContainerTarget
from harness.oracles.base import oracles

_WIDTH = 110
_PART = re.compile(r"(<!-- generated: ([a-z]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_TYPES = {str: "text", bool: "true or false", float: "number", int: "number", ContainerTarget: "containers"}


def oracle_table() -> str:
    """Return every oracle with its summary and parameters, as a Markdown list."""
    return _list(
        (f"`{name}`", oracle.summary, f"Parameters: {_parameters(oracle.parameters)}.")
        for name, oracle in sorted(oracles().items())
    )


def kind_table() -> str:
    """Return every kind of expectation with its argument and summary, as a Markdown list."""
    return _list(
        (f"`{name}: {_argument(TypeAdapter(kind.argument).json_schema())}`", kind.summary, "")
        for name, kind in sorted(kinds().items())
    )


def capability_table() -> str:
    """Return every capability with how it is probed, as a Markdown list."""
    return _list((f"`{name}`", how, "") for name, how in probes().items())


def metric_table() -> str:
    """Return every metric that a scenario can expect, with its labels and its oracle, as a Markdown list."""
    rows = []
    for metric in sorted(catalogue().metrics, key=lambda each: each.name):
        if metric.status is not MetricStatus.LIVE or not metric.labels_known or not metric.exposed:
            continue
        where = ", ".join(metric.components)
        oracle = f"Oracle: `{metric.oracle}`." if metric.oracle else ""
        rows.append((f"`{metric.name}`", f"{metric.type} of {where}; {_labels(metric)}", oracle))
    return _list(rows)


def _labels(metric: Metric) -> str:
    return f"labels {', '.join(metric.labels)}" if metric.labels else "no labels of its own"


def rule_table() -> str:
    """Return every rule that a file is checked by, as a Markdown list."""
    return "\n".join(entry(rule.__doc__ or rule.__name__) for rule in rules())


PARTS: Mapping[str, Callable[[], str]] = {
    "capabilities": capability_table,
    "kinds": kind_table,
    "metrics": metric_table,
    "oracles": oracle_table,
    "rules": rule_table,
}
"""What a page can have generated, by the name in its marker."""


def is_marked(text: str) -> bool:
    """Say whether a page has a part that is generated."""
    return _PART.search(text) is not None


def renew(text: str) -> str:
    """Return a page with the parts between its markers generated anew.

    Raises:
        UsageError: a marker names something that is not generated.
    """

    def generate(match: re.Match[str]) -> str:
        name = match[2]
        if name not in PARTS:
            raise UsageError(f"nothing is generated for `{name}`; there is: {', '.join(sorted(PARTS))}")
        return f"{match[1]}\n{PARTS[name]()}\n\n{match[3]}"

    return _PART.sub(generate, text)


def _list(rows: Iterable[tuple[str, str, str]]) -> str:
    """Return one entry a row. The rows of a Markdown table cannot be wrapped, and these are long."""
    return "\n".join(entry(f"{name}: {what}." + (f" {more}" if more else "")) for name, what, more in rows)


def entry(text: str, mark: str = "- ") -> str:
    """Return an entry of a Markdown list, broken into lines.

    Args:
        text: of the entry.
        mark: what it begins with, indented as deep as the entry is: "- ", "   - ", "1. ".
    """
    lines = textwrap.wrap(
        mark + text, _WIDTH, subsequent_indent=" " * len(mark), break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines)


def _parameters(model: type[BaseModel]) -> str:
    told = []
    for name, field in model.model_fields.items():
        optional = "" if field.is_required() else ", optional"
        told.append(f"`{field.alias or name}` ({_type(field.annotation)}{optional})")
    return ", ".join(told) or "none"


def _type(annotation: Any) -> str:
    if get_origin(annotation) is Annotated:
        return _type(get_args(annotation)[0])
    inner = [each for each in get_args(annotation) if each is not NoneType]
    if get_origin(annotation) is list:
        return "containers" if inner == [ContainerTarget] else f"list of {_type(inner[0])}"
    return " or ".join(_type(each) for each in inner) if inner else _TYPES[annotation]


def _argument(  # noqa: PLR0911  (one for each form)
    schema: dict[str, Any],
) -> str:
    """Return what a JSON schema takes, in the short form in which a scenario writes it.

    N is a number or an oracle: the two are allowed together everywhere. Templates go without saying.
    """
    branches = [each for each in schema.get("anyOf", []) if each.get("type") != "null"]
    if any(each.get("type") == "number" and len(branches) > 1 for each in branches):
        return "N"
    if branches:
        return " or ".join(_argument(each) for each in branches)
    if schema.get("const") is True:
        return "true"
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(_argument(each) for each in schema['prefixItems'])}]"
        case "array":
            return f"[{_argument(schema['items'])}, ...]"
        case "object":
            keys = [f"{name}: {_argument(each)}" for name, each in schema.get("properties", {}).items()]
            if "oracle" in schema.get("properties", {}):
                return "{oracle: NAME, ...}"
            labels = ["LABEL: text"] if isinstance(schema.get("additionalProperties"), dict) else []
            return f"{{{', '.join([*labels, *keys])}}}"
        case [*_]:
            return "N"
    return str(schema.get("type", "anything"))
