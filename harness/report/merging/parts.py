"""The shards that are merged: read from their report folders, and checked whether they are of one run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from harness.base.errors import UsageError
from harness.base.words import count
from harness.recording.stack import Stack
from harness.results.folder import refuse_in_use
from harness.results.reading import read
from harness.results.results import RESULTS, Results
from harness.results.shard import Shard

_HINT = "name the report folders of the shards of one run (chaos-harness run --shard I/N --report DIR)"
_MOST_NAMED = 5


@dataclass(frozen=True)
class MergedPart:
    """One shard.

    Attributes:
        folder: of its report.
        results: what it came to.
        shard: which part of the run it is.
    """

    folder: Path
    results: Results
    shard: Shard

    @property
    def name(self) -> str:
        """Which shard it is, in words."""
        return f"shard {self.shard.number}/{self.shard.of}"

    def planned(self) -> list[str]:
        """Return the names of its scenarios."""
        return [each.name for each in self.results.all_planned()]


def read_parts(folders: Sequence[Path]) -> list[MergedPart]:
    """Return the shards in some report folders, in their order.

    A folder without results is of a shard that is missing.

    Raises:
        UsageError: a folder holds no shard, a run still writes into it, or they are not of one run.
    """
    without = [folder for folder in folders if not os.path.lexists(folder / RESULTS)]
    parts = [_part(folder) for folder in folders if folder not in without or without == [*folders]]
    if len(without) > len(missing_numbers(parts)):
        raise UsageError(f"{', '.join(map(str, without))}: there are no results of a run", next_step=_HINT)
    parts.sort(key=lambda each: each.shard.number)
    for one, other in pairwise(parts):
        _check_pair(one, other)
    for part in parts[1:]:
        _check_same(parts[0], part)
    _check_division(parts)
    return parts


def missing_numbers(parts: Sequence[MergedPart]) -> list[int]:
    """Return the numbers of the shards that are not there."""
    return sorted({*range(1, parts[0].shard.of + 1)} - {each.shard.number for each in parts})


def unplanned(parts: Sequence[MergedPart]) -> list[str]:
    """Return the scenarios of the run that none of the shards was to run."""
    there = {name for part in parts for name in part.planned()}
    return [name for name in parts[0].shard.scenarios if name not in there]


def _part(folder: Path) -> MergedPart:
    refuse_in_use(folder, "merge it")
    results = read(folder / RESULTS, next_step=_HINT)
    if results.run.shard is None:
        raise UsageError(
            f"{folder} holds no shard: its run was not started with --shard",
            next_step=f"{_HINT}; two whole runs are compared by `chaos-harness compare`",
        )
    return MergedPart(folder, results, results.run.shard)


def _check_pair(one: MergedPart, other: MergedPart) -> None:
    # Shards that ran in the cluster have one id.
    if one.results.run.id == other.results.run.id and one.shard.number == other.shard.number:
        raise UsageError(f"{one.folder} and {other.folder} hold the same run", next_step=_HINT)
    if one.shard.number == other.shard.number and one.shard.of == other.shard.of:
        raise UsageError(
            f"{one.folder} and {other.folder} both hold {one.name}", next_step="name one of the two"
        )


def _check_same(one: MergedPart, other: MergedPart) -> None:
    """Check that two shards ran under the same conditions, and are of the same scenarios."""
    for (what, mine), (_, yours) in zip(_facts(one), _facts(other), strict=True):
        # A stack that did not come up says nothing.
        if mine != yours and mine is not None and yours is not None:
            raise UsageError(
                f"the shards are not of one run: {what} is {mine} in {one.folder}, {yours} in {other.folder}",
                next_step="run all shards with the same versions and options; runs that differ are compared "
                "by `chaos-harness compare`",
            )
    only = [*_only(one, other), *_only(other, one)]
    if only:
        raise UsageError(
            "the shards are not of one run: they were not given the same scenarios",
            next_step="start all shards with the same paths, -k and -m",
            details=only,
        )


def _only(one: MergedPart, other: MergedPart) -> list[str]:
    names = [name for name in one.shard.scenarios if name not in other.shard.scenarios]
    return [f"only in {one.folder}: {_named(names)}"] if names else []


def _facts(part: MergedPart) -> Iterator[tuple[str, Any]]:
    run = part.results.run
    yield "the number of shards", part.shard.of
    yield "the version of the harness", run.harness
    yield "--control", bool(run.options.get("control"))
    stack = Stack.model_validate(run.stack) if run.stack else None
    yield "the scrape interval", stack and stack.scrape_interval
    yield "where images come from", stack and stack.images
    versions = stack.versions if stack else {}
    for name in ("chaos-mesh", "kubernetes", "prometheus"):
        yield f"the version of {name}", versions.get(name)
    yield "the key of the images", (stack and stack.image_key) or None


def _check_division(parts: Sequence[MergedPart]) -> None:
    """Check that each scenario is in one shard."""
    seen: dict[str, MergedPart] = {}
    twice = []
    for part in parts:
        for name in part.planned():
            if name in seen:
                twice.append(f"{name}: in {seen[name].folder} and in {part.folder}")
            seen[name] = part
    nowhere = [] if missing_numbers(parts) else unplanned(parts)
    if not twice and not nowhere:
        return
    details = twice[:_MOST_NAMED]
    if len(twice) > _MOST_NAMED:
        details.append(f"and {len(twice) - _MOST_NAMED} more")
    if nowhere:
        details.append(f"in none of them: {_named(nowhere)}")
    raise UsageError(
        f"the shards do not fit together: {count(len(twice), 'scenario')} in two of them, "
        f"{len(nowhere)} in none",
        next_step="they were divided by different durations: give all jobs the same last-durations.json "
        "(in the cache folder), or none, and run them again",
        details=details,
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
