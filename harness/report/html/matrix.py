"""Which metric was looked at under which chaos, and how that came out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.chaosmesh.catalogue.metric import Metric
from harness.judge.finding import Finding, Verdict
from harness.report.html.view import ScenarioView
from harness.report.view import WORST_FIRST

NO_CHAOS = "no chaos"
UNREAD = "chaos not read"
"""Of scenarios whose recordings are not read for the page."""
EXPRESSIONS = "expressions"
"""The row of expectations that are about an expression, not a metric."""


@dataclass
class Cell:
    """One metric under one kind of chaos.

    Attributes:
        verdicts: each scenario once, with the worst that it says about the metric.
        expectations: how many there are.
    """

    verdicts: list[tuple[ScenarioView, Verdict]] = field(default_factory=list)
    expectations: int = 0

    @property
    def worst(self) -> Verdict:
        """The worst verdict in it."""
        return worst([verdict for _, verdict in self.verdicts])

    @property
    def heat(self) -> int:
        """How strongly it is coloured, 1 to 4, by the number of expectations."""
        return 1 + sum(self.expectations >= least for least in (3, 8, 20))


@dataclass(frozen=True)
class MatrixRow:
    """One metric: its component, its cells by kind of chaos."""

    metric: str
    component: str
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Matrix:
    """The kinds of chaos, the metrics that were looked at, and those of the catalogue that were not."""

    kinds: list[str]
    rows: list[MatrixRow]
    not_looked_at: list[str]


def matrix(scenarios: Sequence[ScenarioView], known: Catalogue) -> Matrix:
    """Return the matrix of all scenarios that ran."""
    cells: dict[tuple[str, str], dict[str, Cell]] = {}
    for view in scenarios:
        by_metric: dict[tuple[str, str], list[Finding]] = {}
        for finding in view.result.findings():
            metric = known.find(finding.metric) if finding.metric else None
            name = metric.name if metric else finding.metric or EXPRESSIONS
            component = _component(metric)
            by_metric.setdefault((component, name), []).append(finding)
        for key, findings in by_metric.items():
            must = [finding.verdict for finding in findings if finding.level == "must"]
            verdict = worst(must or [finding.verdict for finding in findings])
            for kind in view.kinds or [UNREAD if view.unread else NO_CHAOS]:
                cell = cells.setdefault(key, {}).setdefault(kind, Cell())
                cell.verdicts.append((view, verdict))
                cell.expectations += len(findings)
    kinds = {kind for row in cells.values() for kind in row}
    rows = [MatrixRow(name, component, row) for (component, name), row in sorted(cells.items())]
    looked_at = {row.metric for row in rows}
    return Matrix(
        sorted(kinds, key=lambda kind: (kind in (NO_CHAOS, UNREAD), kind)),
        rows,
        sorted({metric.name for metric in known.metrics if not metric.prefix} - looked_at),
    )


def _component(metric: Metric | None) -> str:
    """Return whose metric it is, as a heading."""
    if metric is None:
        return "of no component"
    return metric.components[0] if len(metric.components) == 1 else "of several components"


def worst(verdicts: Sequence[Verdict]) -> Verdict:
    """Return the worst of some verdicts."""
    return min(verdicts, key=WORST_FIRST.index)
