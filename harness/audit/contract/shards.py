"""The contract of a run that was merged of shards."""

from __future__ import annotations

from collections.abc import Mapping

from harness.audit.contract.compare import Circumstances, impossible, unseen_by_any
from harness.chaosmesh.catalogue import Catalogue
from harness.results.contract import Contract, Promtool
from harness.results.contract_problem import merged


def merged_contract(shards: Mapping[str, Contract], known: Catalogue, given: Circumstances) -> Contract:
    """Return what the components of all shards expose, compared with the catalogue.

    Args:
        shards: of each shard, by its name.
        known: the catalogue.
        given: of all of them; only of a whole run is a metric that no shard has seen a problem.
    """
    found = Contract(release=str(given.release), whole=given.whole)
    seen: dict[str, set[str]] = {}
    errors = {name: each.error for name, each in shards.items() if each.error is not None}
    for name, each in shards.items():
        found.targets += each.targets
        found.not_captured += [f"{name}: {line}" for line in each.not_captured]
        for metric, components in each.seen.items():
            seen.setdefault(metric, set()).update(components)
    if len(errors) == len(shards):
        found.error = "\n".join(f"{name}: {error}" for name, error in errors.items())
        return found
    found.not_captured += [f"{name}: {error.splitlines()[0]}" for name, error in errors.items()]
    found.seen = {metric: sorted(components) for metric, components in sorted(seen.items())}
    found.impossible = impossible(known, given)
    found.problems = [problem for each in shards.values() for problem in each.problems]
    if given.whole and not errors:
        jobs = {target.job for target in found.targets}
        problems = unseen_by_any(known, found.seen, jobs, given)
        lost = [name for name, each in shards.items() if each.from_begin is False]
        if problems and lost:
            names = ", ".join(problem.metric for problem in problems)
            found.not_captured.append(
                f"{', '.join(lost)}: Prometheus was restarted and has lost what it had scraped before, so "
                f"nobody knows of {names}"
            )
        else:
            found.problems += problems
    found.problems = merged(found.problems)
    said = [each.promtool for each in shards.values() if each.error is None]
    found.promtool = Promtool(
        error="; ".join(dict.fromkeys(each.error for each in said if each.error)) or None,
        findings=list(dict.fromkeys(finding for each in said for finding in each.findings)),
    )
    return found
