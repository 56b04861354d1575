"""Verifies at the end of a run that the namespaces of its scenarios are gone."""

from __future__ import annotations

import time
from collections.abc import Iterable

from harness.base.errors import HarnessError
from harness.chaosmesh import cleanup
from harness.judge.overload import summed_up
from harness.results.scenario import Leftover, ScenarioResult, left_over
from harness.runner.diagnostics import keep as evidence
from harness.runner.outage import Outage
from harness.runner.run_context import RunContext
from harness.runner.vitals import Vitals

_NAMESPACE_SECONDS = 30.0


def still_there(
    around: RunContext, outage: Outage | None, results: Iterable[ScenarioResult], looks: int
) -> list[ScenarioResult]:
    """Return scenarios whose namespaces do not go, with what is left; the first `looks` are looked into."""
    late = []
    with around.vitals(around.cluster, around.nodes) as vitals:
        for result in results:
            if result.namespace is None or any(left.kind == "Namespace" for left in result.leftovers):
                continue
            left = _left(around, outage, [result.namespace, *result.further_namespaces], vitals)
            if left:
                result.leftovers += left
                late.append(result)
                if len(late) <= looks:
                    evidence.at_end(around, result)
    return late


def _left(around: RunContext, outage: Outage | None, names: list[str], vitals: Vitals) -> list[Leftover]:
    began = time.time()
    # While there is an outage each would be waited for in vain.
    why: object = outage
    if not outage:
        try:
            patience = around.apart.patience if around.apart else 1.0
            left = cleanup.await_gone(around.cluster, names, _NAMESPACE_SECONDS, patience)
            overload = summed_up(vitals.take(), began, time.time(), around.interval) if left else None
            return left_over(left, overload)
        except HarnessError as error:
            why = error
    told = f"not verified: {why}"
    return [Leftover(kind="Namespace", name=names[0], what_was_done=told, infrastructure=True)]
