"""Coverage as lines for a person."""

from __future__ import annotations

from collections import Counter

from harness.audit.coverage.transition import Transition
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.results.coverage import Coverage, SeriesChange, Standing, TransitionScore, TwinScore

_MARKS = {
    Standing.COVERED: "+",
    Standing.KNOWN_ISSUE: "k",
    Standing.WAIVED: "w",
    Standing.MISSING: "-",
    Standing.NOT_POSSIBLE: "x",
}
LEGEND = "+ covered, k known issue, w waived, - missing, x not possible here, . none such"


def sum_line(coverage: Coverage) -> str:
    """Return all numbers in one line."""
    count = Counter(each.standing for each in coverage.twins)
    twins = (
        f"; {len(coverage.twins)} twins: {count[Standing.COVERED]} told apart, "
        f"{count[Standing.KNOWN_ISSUE]} by known issues, {count[Standing.WAIVED]} waived, "
        f"{coverage.twins_missing} not told apart, {count[Standing.NOT_POSSIBLE]} not possible here"
    )
    return (
        f"{coverage.defined} transitions defined, {coverage.possible_here} possible here: "
        f"{coverage.covered} covered, {coverage.known_issue} by known issues, {coverage.waived} waived, "
        f"{coverage.missing} missing" + (twins if coverage.twins else "")
    )


def lines(coverage: Coverage, known: Catalogue) -> list[str]:
    """Return the matrix, what is missing with what to write, and a sum."""
    return [
        f"appears, changes, goes: {LEGEND}",
        *_matrix(coverage),
        *(["twins, what a metric could count instead:"] if coverage.twins else []),
        *(_twin_line(each) for each in coverage.twins),
        *missing_lines(coverage, known),
        *(f"waiver needed no more: {told}" for told in coverage.waived_and_covered),
        sum_line(coverage),
    ]


def missing_lines(coverage: Coverage, known: Catalogue) -> list[str]:
    """Return a line for each transition or twin that is missing, with what to write."""
    return [
        *(
            f"missing: {_text(each)}: {suggestion(each, known)}"
            for each in coverage.transitions
            if each.standing is Standing.MISSING
        ),
        *(
            f"not told apart: {each.metric} and its twin {each.twin} ({each.counts}): expect it where both "
            f"differ, with `unlike: {{{each.twin}: ...}}` if the recording cannot know the twin's value"
            for each in coverage.twins
            if each.standing is Standing.MISSING
        ),
    ]


def suggestion(transition: TransitionScore, known: Catalogue) -> str:
    """Return what to write to cover a transition."""
    metric = known.find(transition.metric)
    series = metric.series_names[-1] if metric else transition.metric
    where = f", where: {{{transition.label}: {transition.value}}}" if transition.label else ""
    counts = metric is not None and metric.counts(series)
    kind = {
        SeriesChange.APPEARS: "equals (or series)",
        SeriesChange.CHANGES: "increases_by" if counts else "equals, with another value than before the step",
        SeriesChange.GOES: "absent: true",
    }[transition.change]
    touched = f" by {', '.join(metric.touched_by)}" if metric else ""
    return f"expect `metric: {series}{where}` {kind} in a step that makes it so{touched}"


def _twin_line(each: TwinScore) -> str:
    return f"  {_MARKS[each.standing]}  {each.metric}: {each.twin} ({each.counts})"


def _matrix(coverage: Coverage) -> list[str]:
    rows: dict[tuple[str, str, str], dict[SeriesChange, Standing]] = {}
    for each in coverage.transitions:
        rows.setdefault((each.metric, each.label, each.value), {})[each.change] = each.standing
    found = []
    for (metric, label, value), standings in rows.items():
        marks = "".join(_MARKS[standings[change]] if change in standings else "." for change in SeriesChange)
        found.append(f"  {marks}  {metric}" + (f'{{{label}="{value}"}}' if label else ""))
    return found


def _text(each: TransitionScore) -> str:
    return str(Transition(each.metric, each.label, each.value, each.change))
