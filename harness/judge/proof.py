"""Compares an oracle's answer with what a step's proof wants: that the chaos had its effect."""

from __future__ import annotations

import math
from typing import Any

from harness.judge.argument import ArgumentError, number_text
from harness.judge.comparison import Comparison
from harness.judge.kind import kinds
from harness.recording.model import Point

COMPARISONS = ("equals", "at_least", "at_most", "between")
"""The kinds that a proof may use."""


def split_proof(keys: dict[str, Any]) -> tuple[str, Any, dict[str, Any]]:
    """Return the comparison's kind, its argument, and the oracle's parameters.

    Args:
        keys: the keys of a proof beside `oracle` and `because`.

    Raises:
        ArgumentError: there is no comparison among them, or more than one.
    """
    found = [kind for kind in COMPARISONS if kind in keys]
    if len(found) != 1:
        named = ", ".join(found) or "none"
        raise ArgumentError(f"a proof takes exactly one of {', '.join(COMPARISONS)}; found: {named}")
    return found[0], keys[found[0]], {name: raw for name, raw in keys.items() if name != found[0]}


def check_proof(kind: str, argument: Any, vector: list[Point]) -> tuple[bool, str]:
    """Tell whether the sum of a vector is as wanted, and say so in words.

    The sum of an empty vector is 0: a proof counts things, and no process is 0 processes.

    Args:
        kind: one of COMPARISONS.
        argument: raw, templates resolved.
        vector: the oracle's answer.

    Raises:
        ArgumentError: the kind is another one, or the argument is not a number.
    """
    comparison = kinds().get(kind)
    if kind not in COMPARISONS or not isinstance(comparison, Comparison):
        raise ArgumentError(f"a proof takes one of {', '.join(COMPARISONS)}, not {kind}")
    parsed = comparison.parse(argument)
    if comparison.oracles(parsed):
        raise ArgumentError("a proof compares one oracle with a number")
    total = math.fsum(point.value for point in vector)
    wanted = comparison.describe(parsed)
    return comparison.compare(total, parsed), f"{number_text(total)}; wanted: {wanted}"
