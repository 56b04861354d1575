"""metric_relabel_configs that give renamed metrics their old names, for what was built on those."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from harness.audit.compare.change import Change, ChangeKind

_PARTS = {"histogram": "(_bucket|_sum|_count|)", "summary": "(_sum|_count|)"}


def relabel_configs(changes: Sequence[Change], types: dict[str, str | None]) -> str:
    """Return the YAML of metric_relabel_configs; empty when nothing was renamed.

    Args:
        changes: all of them.
        types: of the metrics after, by name.
    """
    rules = []
    for change in changes:
        if change.kind is ChangeKind.RENAMED:
            parts = _PARTS.get(types.get(change.after) or "", "")
            rules.append(
                {
                    "source_labels": ["__name__"],
                    "regex": f"{change.after}{parts}",
                    "target_label": "__name__",
                    "replacement": change.before + ("${1}" if parts else ""),
                }
            )
    if not rules:
        return ""
    return yaml.safe_dump({"metric_relabel_configs": rules}, sort_keys=False)
