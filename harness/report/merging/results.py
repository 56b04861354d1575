"""The results of a run that was merged of shards."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from harness.audit.contract.compare import Circumstances
from harness.audit.contract.shards import merged_contract
from harness.base.errors import UsageError
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.release import release_of
from harness.judge.finding import Verdict
from harness.recording.stack import Stack
from harness.report.merging.parts import MergedPart, missing_numbers, unplanned
from harness.results.contract import EXPOSITIONS, Contract
from harness.results.mutation import MutationScore, sum_up
from harness.results.results import NotRun, Results, Run
from harness.results.scenario import ScenarioResult
from harness.results.shard import MergedShard


def merged_results(parts: Sequence[MergedPart], folder: Path, known: Catalogue) -> Results:
    """Return the results of all shards as those of one run; coverage is not counted yet.

    Args:
        parts: the shards.
        folder: of the merged report, where their recordings are found.
        known: the catalogue.

    Raises:
        UsageError: what one says of its files leads out of its report.
    """
    results = Results(run=_run(parts))
    order = {name: number for number, name in enumerate(parts[0].shard.scenarios)}
    scenarios = [_placed(each, part, folder) for part in parts for each in part.results.scenarios]
    results.scenarios = sorted(scenarios, key=lambda each: order.get(each.name, len(order)))
    results.not_run = [_named_not_run(each, part) for part in parts for each in part.results.not_run]
    results.not_run += _of_missing(parts)
    results.mutation = _mutation([part.results.mutation for part in parts])
    results.contract = _contract(parts, results, known)
    results.count()
    results.run.complete = not results.not_run and all(part.results.run.complete for part in parts)
    return results


def is_whole(parts: Sequence[MergedPart], results: Results) -> bool:
    """Say whether all scenarios of the harness were run to a verdict, with their chaos."""
    undecided = any(each.verdict is Verdict.ERROR for each in results.scenarios)
    whole = all(part.shard.whole for part in parts) and not missing_numbers(parts)
    return whole and not undecided and not results.not_run and not results.run.options.get("control")


def exposition_folder(part: MergedPart) -> str:
    """Return the folder in the merged report that has a shard's expositions."""
    return f"{EXPOSITIONS}/shard-{part.shard.number}"


def _run(parts: Sequence[MergedPart]) -> Run:
    runs = [part.results.run for part in parts]
    options = {
        name: value
        for name, value in runs[0].options.items()
        if all(each.options.get(name) == value for each in runs)
    }
    ended = [each.ended for each in runs]
    stack = _stack(parts)
    down = [f"{part.name}: {part.results.run.stack_error}" for part in parts if part.results.run.stack_error]
    return Run(
        id=uuid.uuid4().hex[:8],
        harness=runs[0].harness,
        started=min(each.started for each in runs),
        ended=None if None in ended else max(filter(None, ended)),
        seconds=max(each.seconds for each in runs),
        options=options,
        stack=stack,
        stack_error="\n".join(down) if down and stack is None else None,
        warnings=_warnings(parts, [] if stack is None else down),
        planned=len(parts[0].shard.scenarios),
        interrupted=next((each.interrupted for each in runs if each.interrupted), None),
        merged=[_merged_shard(part) for part in parts],
    )


def _merged_shard(part: MergedPart) -> MergedShard:
    run = part.results.run
    return MergedShard(
        run=run.id,
        number=part.shard.number,
        started=run.started,
        ended=run.ended,
        seconds=run.seconds,
        exit_code=run.exit_code,
    )


def _stack(parts: Sequence[MergedPart]) -> dict[str, Any] | None:
    """Return what is said of the stacks: of the first one, with the nodes and the substitutes of all.

    A capability that one of them lacks is lacking: what needs it may have been skipped there.
    """
    stacks = [part.results.run.stack for part in parts if part.results.run.stack is not None]
    if not stacks:
        return None
    found = {**stacks[0], "capabilities": _capabilities(parts)}
    for name in ("nodes", "stand_ins"):
        every = [each for stack in stacks for each in stack.get(name, [])]
        found[name] = [each for number, each in enumerate(every) if each not in every[:number]]
    found["cluster"] = ", ".join(dict.fromkeys(str(stack.get("cluster")) for stack in stacks))
    return found


def _capabilities(parts: Sequence[MergedPart]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for part in parts:
        for name, lacks in _own_capabilities(part).items():
            found[name] = found.get(name) or lacks
    return found


def _own_capabilities(part: MergedPart) -> dict[str, str | None]:
    stack = part.results.run.stack
    return Stack.model_validate(stack).capabilities if stack else {}


def _warnings(parts: Sequence[MergedPart], down: list[str]) -> list[str]:
    said: dict[str, list[str]] = {}
    for part in parts:
        for line in part.results.run.warnings:
            said.setdefault(line, []).append(part.name)
    lines = [
        line if len(names) == len(parts) else f"{', '.join(names)}: {line}" for line, names in said.items()
    ]
    for name, lacks in _capabilities(parts).items():
        having = [part.name for part in parts if _own_capabilities(part).get(name, lacks) is None]
        if lacks is not None and having:
            lines.append(f"only {', '.join(having)} had the capability {name}; elsewhere: {lacks}")
    for number in missing_numbers(parts):
        lines.append(f"shard {number}/{parts[0].shard.of} is missing: what it was to run was not run")
    return [*lines, *(line.splitlines()[0] for line in down)]


def _of_missing(parts: Sequence[MergedPart]) -> list[NotRun]:
    missing = [str(number) for number in missing_numbers(parts)]
    if not missing:
        return []
    which = f"{' or '.join(missing)} of {parts[0].shard.of}"
    files = parts[0].shard.scenarios
    return [
        NotRun(name=name, file=files[name], reason=f"its shard is missing: {which}")
        for name in unplanned(parts)
    ]


def _named_not_run(entry: NotRun, part: MergedPart) -> NotRun:
    return entry.model_copy(update={"reason": f"{part.name}: {entry.reason}"})


def _placed(result: ScenarioResult, part: MergedPart, folder: Path) -> ScenarioResult:
    """Return a scenario whose files are those of the merged report.

    Raises:
        UsageError: its files are not in its own report.
    """
    changed = {}
    for name in ("recording", "diagnostics"):
        path: Path | None = getattr(result, name)
        if path is None:
            continue
        inner = PurePosixPath(path)
        if inner.is_absolute() or ".." in inner.parts:
            raise UsageError(
                f"{part.folder}: the {name} of {result.name} is not in this folder: {path}",
                next_step="name the folder of the report as the run left it",
            )
        changed[name] = folder / path
    return result.model_copy(update=changed)


def _mutation(scores: Sequence[MutationScore | None]) -> MutationScore | None:
    there = [each for each in scores if each is not None]
    if not there:
        return None
    rules = {name: reason for each in there for name, reason in each.rules.items()}
    return sum_up([recording for each in there for recording in each.recordings], rules)


def _contract(parts: Sequence[MergedPart], results: Results, known: Catalogue) -> Contract | None:
    """Return what the components of all shards expose; None when nothing ran."""
    shards = {}
    for part in parts:
        if part.results.contract is not None:
            shards[part.name] = _moved(part.results.contract, part)
        elif any(each.verdict is not Verdict.SKIPPED for each in part.results.scenarios):
            shards[part.name] = Contract(release="?", whole=False, error="nothing was compared at its end")
    if all(each.release == "?" for each in shards.values()):
        return None
    release = release_of((results.run.stack or {}).get("versions", {}))
    given = Circumstances(release, _capabilities(parts), is_whole(parts, results))
    return merged_contract(shards, known, given)


def _moved(contract: Contract, part: MergedPart) -> Contract:
    """Return a contract whose expositions are where those of its shard are put."""
    there = exposition_folder(part)
    targets = [
        each.model_copy(update={"file": f"{there}/{each.file.removeprefix(f'{EXPOSITIONS}/')}"})
        for each in contract.targets
    ]
    return contract.model_copy(update={"targets": targets})
