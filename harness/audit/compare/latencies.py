"""Differences of durations that are no noise: of injection, visibility and scrapes. Pure.

A run has few of each, on a machine that does other things too. So a ratio alone says nothing: durations of
steps are compared pair by pair, the same step of the same scenario, and most pairs have to agree; durations
of scrapes are compared as distributions, and these have to lie apart. A slower machine makes everything
slower: what changed no more than the scrapes of the other components did is no change of Chaos Mesh.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator

from pydantic import BaseModel, ConfigDict

from harness.audit.compare.change import Change, ChangeKind
from harness.audit.compare.side import ComparedRun
from harness.judge.finding import Verdict
from harness.results.scenario import StepResult
from harness.results.visibility import seconds_of

RATIO = 1.5
"""The least ratio of medians that is told as a change, either way."""

LEAST_PAIRS = 5
"""Fewer pairs of steps than this are only listed."""

LEAST_SCRAPES = 30
"""Fewer scrapes than this are only listed."""

_AGREEING = 0.8
# A scrape that takes this share of its time-out is likely to be cut off by it.
_CUT_OFF = 0.9
_MACHINE = "the scrapes of the other components changed alike: the machine"
_LEAST_SCRAPE_SECONDS = 0.005
_LEAST_STEP_SECONDS = 0.1


class Latency(BaseModel):
    """One duration in both runs.

    Attributes:
        what: which one.
        before, after: medians, seconds.
        count: how many pairs of steps, or scrapes of the shorter run.
        ratio: after by before; None when before is 0.
        changed: it is told as a change.
        why: what it was told from noise by, or why it was not.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    before: float
    after: float
    count: int
    ratio: float | None
    changed: bool
    why: str

    def change(self) -> Change:
        """Return it as a change."""
        return Change(
            kind=ChangeKind.LATENCY,
            subject=self.what,
            before=f"{self.before:.3f} s",
            after=f"{self.after:.3f} s",
            why=self.why,
        )


def latencies(before: ComparedRun, after: ComparedRun) -> list[Latency]:
    """Return all durations that both runs have."""
    interval = max(before.interval, after.interval)
    machine = _machine(before, after)
    visible, injected = (
        "from acknowledged to visible in Prometheus",
        "from acknowledged to injected and proven",
    )
    found = [
        # Seen at a scrape, so a whole interval of difference is chance.
        _paired(visible, before, after, _visible, interval, machine),
        _paired(injected, before, after, _settled, _LEAST_STEP_SECONDS, machine),
    ]
    by_metric = [
        _told(f"until a scrape shows {metric}", pairs, interval, machine)
        for metric, pairs in _shown(before, after).items()
    ]
    return [each for each in found if each is not None] + by_metric + [*_scrapes(before, after)]


def _shown(before: ComparedRun, after: ComparedRun) -> dict[str, list[tuple[float, float]]]:
    """Return for each metric the times until a scrape showed it, of the same expectation in both runs."""
    found: dict[str, list[tuple[float, float]]] = {}
    for old, new in _steps(before, after):
        was = {finding.id: finding for finding in old.findings}
        for finding in new.findings:
            same = was.get(finding.id)
            if same is None or (same.metric, same.kind) != (finding.metric, finding.kind):
                continue
            one, other = seconds_of(same), seconds_of(finding)
            if finding.metric and one is not None and other is not None:
                found.setdefault(finding.metric, []).append((one, other))
    return dict(sorted(found.items()))


def _steps(before: ComparedRun, after: ComparedRun) -> Iterator[tuple[StepResult, StepResult]]:
    """Yield the same step of the same scenario in both runs."""
    for name in sorted(before.ran() & after.ran()):
        for old, new in zip(before.scenarios[name].steps, after.scenarios[name].steps, strict=False):
            if old.title == new.title:
                yield old, new


def _visible(step: StepResult) -> float | None:
    seen = [
        finding.seconds
        for finding in step.findings
        if finding.verdict is Verdict.PASS and finding.seconds is not None
    ]
    return statistics.median(seen) if seen else None


def _settled(step: StepResult) -> float | None:
    if step.acknowledged is None or step.settled is None or step.problem is not None:
        return None
    return step.settled - step.acknowledged


def _paired(
    what: str,
    before: ComparedRun,
    after: ComparedRun,
    duration: Callable[[StepResult], float | None],
    chance: float,
    machine: float,
) -> Latency | None:
    pairs = []
    for old, new in _steps(before, after):
        one, other = duration(old), duration(new)
        if one is not None and other is not None:
            pairs.append((one, other))
    return _told(what, pairs, chance, machine) if pairs else None


def _told(what: str, pairs: list[tuple[float, float]], chance: float, machine: float) -> Latency:
    """Tell a change of a duration from noise.

    Args:
        what: the duration.
        pairs: of the same step or expectation, before and after, seconds.
        chance: a difference that may be chance, seconds.
        machine: how many times longer everything takes after.
    """
    old_median, new_median = (statistics.median(each) for each in zip(*pairs, strict=True))
    change = statistics.median(new - old for old, new in pairs)
    agreeing = sum((new - old) * change > 0 for old, new in pairs) / len(pairs)
    ratio = new_median / old_median if old_median > 0 else None
    if len(pairs) < LEAST_PAIRS:
        changed, why = False, f"only {len(pairs)} pairs of steps"
    elif ratio is not None and not _beyond(ratio):
        changed, why = False, f"less than {RATIO:g} times"
    elif ratio is not None and not _beyond(ratio, machine):
        changed, why = False, _MACHINE
    elif abs(change) <= chance:
        changed, why = False, f"by {abs(change):.3f} s, which chance may make of up to {chance:g} s"
    elif agreeing < _AGREEING:
        changed, why = False, f"only {agreeing:.0%} of {len(pairs)} pairs of steps changed that way"
    else:
        changed, why = True, f"{agreeing:.0%} of {len(pairs)} pairs of steps changed that way"
    return Latency(
        what=what,
        before=round(old_median, 4),
        after=round(new_median, 4),
        count=len(pairs),
        ratio=None if ratio is None else round(ratio, 3),
        changed=changed,
        why=why,
    )


def _scrapes(before: ComparedRun, after: ComparedRun) -> Iterator[Latency]:
    old, new = _by_job(before), _by_job(after)
    for job in sorted(old.keys() & new.keys()):
        (old_count, old_median, old_high), (new_count, new_median, new_high) = old[job], new[job]
        count = min(old_count, new_count)
        ratio = new_median / old_median if old_median > 0 else None
        apart = old_high < new_median or new_high < old_median
        if count < LEAST_SCRAPES:
            changed, why = False, f"only {count} scrapes"
        elif before.interval != after.interval:
            changed, why = False, "the runs have different scrape intervals, and so time-outs"
        elif max(old_median, new_median) >= _CUT_OFF * before.interval:
            changed, why = False, "scrapes were cut off by their time-out"
        elif not _beyond(ratio):
            changed, why = False, f"less than {RATIO:g} times"
        elif not _beyond(ratio, _machine(before, after, without=job)):
            changed, why = False, _MACHINE
        elif abs(new_median - old_median) <= _LEAST_SCRAPE_SECONDS or not apart:
            changed, why = False, "the durations of the two runs overlap"
        else:
            changed, why = True, "the median of one run is beyond 95 % of the other one's scrapes"
        yield Latency(
            what=f"a scrape of {job}",
            before=old_median,
            after=new_median,
            count=count,
            ratio=None if ratio is None else round(ratio, 3),
            changed=changed,
            why=why,
        )


def _by_job(side: ComparedRun) -> dict[str, tuple[int, float, float]]:
    """Return for each component how many scrapes there were, their median and their 95 % quantile.

    Of several targets, the one with the most scrapes speaks: quantiles cannot be merged.
    """
    found: dict[str, tuple[int, float, float]] = {}
    for target in side.contract.targets:
        seconds = target.scrape_seconds
        if {"0.5", "0.95"} <= seconds.keys() and target.scrapes > found.get(target.job, (0, 0.0, 0.0))[0]:
            found[target.job] = (target.scrapes, seconds["0.5"], seconds["0.95"])
    return found


def _machine(before: ComparedRun, after: ComparedRun, without: str = "") -> float:
    """Return how many times longer the scrapes of the components but one take after; 1 without others."""
    old, new = _by_job(before), _by_job(after)
    ratios = [
        new[job][1] / old[job][1] for job in old.keys() & new.keys() if job != without and old[job][1] > 0
    ]
    return statistics.median(ratios) if ratios else 1.0


def _beyond(ratio: float | None, machine: float = 1.0) -> bool:
    """Say whether a ratio is one to be told, also of what the machine makes of it."""
    if ratio is None or machine <= 0:
        return False
    return not 1 / RATIO < ratio / machine < RATIO
