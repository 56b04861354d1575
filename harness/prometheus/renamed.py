"""A Prometheus whose scrape configuration gives other names to the labels that scenarios name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from harness.prometheus.prometheus import Prometheus, QueryResult, RawSeries, ScrapeTarget

_TOKEN = re.compile(
    r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'|`[^`]*`|#[^\n]*|[a-zA-Z_:][\w:]*|\s+|.", re.DOTALL
)
_LISTS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})


class RenamedPrometheus(Prometheus):
    """Asks by their names of labels, and answers by ours."""

    def __init__(self, *where: Any, names: Mapping[str, str], **options: Any) -> None:
        """Prepare to ask.

        Args:
            where: as for Prometheus.
            names: our name of a label to theirs.
            options: as for Prometheus.
        """
        super().__init__(*where, **options)
        self._names = dict(names)

    def raw(self, selector: str, seconds: float, at: float | None = None) -> list[RawSeries]:
        """See Prometheus."""
        found = super().raw(theirs(selector, self._names), seconds, at)
        return [each._replace(labels=ours(each.labels, self._names)) for each in found]

    def query(self, expression: str, at: float | None = None) -> QueryResult:
        """See Prometheus."""
        answer = super().query(theirs(expression, self._names), at)
        if answer.result_type not in ("vector", "matrix"):
            return answer
        result = [{**each, "metric": ours(each.get("metric") or {}, self._names)} for each in answer.result]
        return replace(answer, result=result)

    def targets(self) -> list[ScrapeTarget]:
        """See Prometheus."""
        return [_renamed(each, self._names) for each in super().targets()]


def ours(labels: Mapping[str, str], names: Mapping[str, str]) -> dict[str, str]:
    """Return the labels of a series under our names; what has one of them and is another's is left out."""
    kept = {name: value for name, value in labels.items() if name not in names and name not in names.values()}
    return kept | {our: labels[their] for our, their in names.items() if their in labels}


def theirs(expression: str, names: Mapping[str, str]) -> str:
    """Return an expression with their names of labels, where it names labels: in braces and after `by`."""
    written: list[str] = []
    braces, listed, before = 0, False, ""
    for word in _TOKEN.findall(expression):
        if word == "{":
            braces += 1
        elif word == "}":
            braces -= 1
        elif word == "(":
            listed = before in _LISTS
        elif word == ")":
            listed = False
        is_label = listed or (braces and before in ("{", ","))
        written.append(names.get(word, word) if is_label else word)
        if not word.isspace():
            before = word
    return "".join(written)


def _renamed(target: ScrapeTarget, names: Mapping[str, str]) -> ScrapeTarget:
    labels = ours(target.labels, names)
    return replace(
        target,
        job=labels.get("job", ""),
        instance=labels.get("instance", ""),
        node=labels.get("node", ""),
        labels=labels,
    )
