"""The pages of several runs: their history, what differs between runs of one build, a comparison of two."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness.audit.compare import scenarios
from harness.audit.compare.change import Change
from harness.audit.compare.comparison import RunComparison
from harness.audit.compare.flaky import NOT_THERE, Repetition
from harness.base.words import count
from harness.judge.finding import Verdict
from harness.report.history import History, PastRun, Trend
from harness.report.html import sparkline
from harness.report.html.page import environment, rendered
from harness.report.html.svg import Drawing
from harness.report.html.view import anchor_of
from harness.report.view import WORST_FIRST
from harness.results.folder import INDEX

MOST_ROWS = 2000
"""Rows of a table, the worst first."""
_BY_NAME = {"name": "by name"}
_BY_TIME = {"slowest": "the slowest first", "fastest": "the fastest first"} | _BY_NAME
_Filters = list[tuple[str, str, list[tuple[str, int]]]]


@dataclass(frozen=True)
class RunRow:
    """A run as a page shows it.

    Attributes:
        numbers: how many scenarios came out how.
        page: the address of its page; None where it has none.
    """

    id: str
    started: str
    release: str
    numbers: str
    folder: str
    page: str | None


@dataclass(frozen=True)
class TrendRow:
    """A trend with its pictures, and the address of its scenario in the page of the newest run."""

    trend: Trend
    verdicts: Drawing
    visibility: Drawing | None
    page: str | None


@dataclass(frozen=True)
class ChangeRow:
    """A change, what it is about, and what it does: "breaking", "fails now", or "none"."""

    change: Change
    name: str
    effect: str

    @property
    def bad(self) -> bool:
        """Whether it makes the comparison fail."""
        return self.effect != "none"


def history_page(found: History, at: Path) -> str:
    """Return the page of several runs.

    Args:
        found: see History.
        at: where the page is written; links are relative to it.
    """
    shown = found.trends[:MOST_ROWS]
    rows = [
        TrendRow(
            trend,
            sparkline.verdicts(trend, found.runs),
            sparkline.visibility(trend, found.runs),
            _place(trend, found.runs[trend.latest], at),
        )
        for trend in shown
    ]
    newest = found.runs[-1]
    counts = Counter(trend.verdict for trend in shown)
    return rendered(
        environment(),
        "history.html",
        headline=f"{count(len(found.runs), 'run')}; the newest: {newest.summary.text()}.",
        releases=found.releases,
        runs=[
            RunRow(
                run.id, run.started, run.release, run.summary.text(), str(run.folder), _page(run.folder, at)
            )
            for run in found.runs
        ],
        rows=rows,
        groups=[
            (about, group)
            for about in ("scenario", "metric")
            if (group := [row for row in rows if row.trend.about == about])
        ],
        counts={verdict: counts[verdict] for verdict in WORST_FIRST},
        filters=_filters(
            ("about", "about", [trend.about for trend in shown]),
            ("steadiness", "verdicts are", [trend.steadiness.value for trend in shown]),
        ),
        orders=_BY_TIME,
        legend={verdict: sparkline.sign(verdict) for verdict in WORST_FIRST},
        left_out=len(found.trends) - len(rows),
    )


def flaky_page(found: Repetition, at: Path) -> str:
    """Return the page of what was not the same in all of several runs of one build; for `at` see above."""
    rows = found.wavering[:MOST_ROWS]
    seen = [value for row in rows for value in dict.fromkeys(row.seen)]
    return rendered(
        environment(),
        "flaky.html",
        headline=(
            f"{count(found.scenarios, 'scenario')}, {count(found.expectations, 'expectation')}: "
            f"{len(found.wavering)} not the same in all {count(len(found.runs), 'run')}."
        ),
        build=found.runs[0].build,
        runs=[
            RunRow(
                run.id,
                run.started,
                str(run.build.get("chaos-mesh", "")),
                run.summary.text(),
                run.folder,
                _page(Path(run.folder), at),
            )
            for run in found.runs
        ],
        rows=rows,
        verdicts=[verdict.value for verdict in Verdict],
        none_there=NOT_THERE,
        filters=_filters(("seen", "seen", [value for value in seen if value != NOT_THERE])),
        orders=_BY_NAME,
        left_out=len(found.wavering) - len(rows),
    )


def compared_page(found: RunComparison, before: Path, after: Path) -> str:
    """Return the page of a comparison of two runs, given the folders of their reports."""
    changes = [ChangeRow(change, _about(change), _effect(change)) for change in found.changes]
    rows = changes[:MOST_ROWS]
    bad = sum(row.bad for row in changes)
    return rendered(
        environment(),
        "compared.html",
        headline=f"{count(len(changes), 'change')}, {bad} breaking or failing now.",
        it=found,
        folders=[str(before), str(after)],
        rows=rows,
        filters=_filters(
            ("kind", "change", [row.change.kind.value for row in rows]),
            ("breaking", "effect", [row.effect for row in rows]),
        ),
        orders=_BY_NAME,
        left_out=len(changes) - len(rows),
    )


def _about(change: Change) -> str:
    return " ".join(part for part in (change.metric, change.subject) if part)


def _effect(change: Change) -> str:
    return "breaking" if change.breaking else "fails now" if scenarios.regressed(change) else "none"


def _filters(*found: tuple[str, str, Iterable[str]]) -> _Filters:
    return [(name, label, sorted(Counter(values).items())) for name, label, values in found]


def _page(folder: Path, at: Path) -> str | None:
    """Return the address of a run's page, relative to a page; None where it has none."""
    path = folder / INDEX
    # A folder may have any name, so that of a scheme, too; what is quoted is none.
    return quote(os.fsencode(os.path.relpath(path, at.parent))) if path.is_file() else None


def _place(trend: Trend, run: PastRun, at: Path) -> str | None:
    page = _page(run.folder, at) if trend.about == "scenario" else None
    return f"{page}#{anchor_of(trend.name, {})}" if page else None
