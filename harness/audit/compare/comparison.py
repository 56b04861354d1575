"""The whole comparison of two runs, as JSON and as text."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from harness.audit.compare import latencies, metrics, scenarios
from harness.audit.compare.bridge import relabel_configs
from harness.audit.compare.change import Change, ChangeKind
from harness.audit.compare.headline import Headline, headline
from harness.audit.compare.latencies import Latency
from harness.audit.compare.side import ComparedRun, load
from harness.audit.contract.compare import OWN
from harness.base.errors import ExitCode
from harness.base.words import capitalised, count
from harness.chaosmesh.catalogue import Catalogue

_CANNOT_BE_BRIDGED = {
    ChangeKind.REMOVED: "removed",
    ChangeKind.TYPE: "of another type",
    ChangeKind.LABEL_REMOVED: "without a label that they had",
    ChangeKind.LABEL_ADDED: "with a label more",
    ChangeKind.BUCKETS: "with other buckets",
}
_FACTS = ("scrape_interval", "provider", "images")


class RunComparison(BaseModel):
    """What changed between two runs.

    Attributes:
        before, after: the releases of Chaos Mesh.
        headline: see Headline.
        changes: breaking ones first.
        latencies: all durations that both runs have; those that changed are in `changes`, too.
        not_comparable: what one of the runs says nothing about.
        caveats: what else differs between the runs.
        release_note: a paragraph.
        metric_relabel_configs: YAML; empty when nothing was renamed.
    """

    before: str
    after: str
    headline: Headline
    changes: list[Change]
    latencies: list[Latency]
    not_comparable: list[str]
    caveats: list[str]
    release_note: str
    metric_relabel_configs: str

    def exit_code(self) -> ExitCode:
        """Return FAILED for a breaking change, or a scenario that fails only after; otherwise OK."""
        bad = any(change.breaking or scenarios.regressed(change) for change in self.changes)
        return ExitCode.FAILED if bad else ExitCode.OK

    def lines(self, *, durations: bool = False) -> list[str]:
        """Return it as text.

        Args:
            durations: list also those that did not change, with the reason why not.
        """
        breaking = sum(change.breaking for change in self.changes)
        lines = [
            f"Chaos Mesh {self.before} -> {self.after}",
            *(f"  {line}" for line in self.headline.lines()),
        ]
        lines += ["for the release notes:", *(f"  {line}" for line in self.release_note.splitlines())]
        for title, items in (
            (
                f"{count(len(self.changes), 'change')}, {breaking} breaking:",
                [change.line() for change in self.changes],
            ),
            ("durations, medians:", self._durations(durations)),
            ("not comparable:", self.not_comparable),
            ("mind that:", self.caveats),
        ):
            if items:
                lines += [title, *(f"  {item}" for item in items)]
        if self.metric_relabel_configs:
            lines.append("to keep the old names, in each scrape config of Prometheus:")
            lines += [f"  {line}" for line in self.metric_relabel_configs.splitlines()]
        return lines

    def _durations(self, whole: bool) -> list[str]:
        shown = [each for each in self.latencies if whole or each.changed]
        lines = [_latency_line(each) for each in shown]
        if rest := len(self.latencies) - len(shown):
            lines.append(f"no change: {rest} of {len(self.latencies)} (all of them: --durations)")
        return lines


def compare(before: Path, after: Path, known: Catalogue) -> RunComparison:
    """Compare two report folders.

    Raises:
        UsageError: one of them cannot be compared.
    """
    return compared(load(before, known), load(after, known), known)


def compared(before: ComparedRun, after: ComparedRun, known: Catalogue) -> RunComparison:
    """Compare two runs."""
    found, unsure = metrics.changes(before, after, known)
    verdicts, alone = scenarios.changes(before, after)
    durations = latencies.latencies(before, after)
    changes = [*found, *verdicts, *(each.change() for each in durations if each.changed)]
    changes.sort(key=lambda change: (not change.breaking, not scenarios.regressed(change)))
    types = {name: facts.type for name, facts in after.metrics.items()}
    told = headline(before, after, changes)
    return RunComparison(
        before=before.version,
        after=after.version,
        headline=told,
        changes=changes,
        latencies=durations,
        not_comparable=[*unsure, *alone],
        caveats=_caveats(before, after),
        release_note=" ".join([release_note(changes, before.version, after.version), *told.sentences()]),
        metric_relabel_configs=relabel_configs(changes, types),
    )


def release_note(changes: list[Change], before: str, after: str) -> str:
    """Return a paragraph for the notes of a release, about Chaos Mesh's own metrics."""
    own = [change for change in changes if (change.metric or change.after).startswith(OWN)]
    by_kind: dict[ChangeKind, list[Change]] = {}
    for change in own:
        by_kind.setdefault(change.kind, []).append(change)
    sentences = []
    if renamed := by_kind.get(ChangeKind.RENAMED):
        told = "; ".join(f"`{each.before}` is now `{each.after}`" for each in renamed)
        sentences.append(f"Renamed: {told}.")
    for kind, title in ((ChangeKind.REMOVED, "Removed"), (ChangeKind.ADDED, "New")):
        if those := by_kind.get(kind):
            sentences.append(f"{title}: {', '.join(f'`{each.metric}`' for each in those)}.")
    for kind, what in (
        (ChangeKind.LABEL_REMOVED, "`{0.metric}` has no label `{0.before}` any more"),
        (ChangeKind.LABEL_ADDED, "`{0.metric}` has a new label `{0.after}`"),
        (ChangeKind.TYPE, "`{0.metric}` was a {0.before} and is a {0.after}"),
        (ChangeKind.BUCKETS, "`{0.metric}` has other buckets ({0.after})"),
        (ChangeKind.HELP, "the HELP text of `{0.metric}` is another one"),
    ):
        sentences += [f"{capitalised(what.format(each))}." for each in by_kind.get(kind, [])]
    if not sentences:
        return f"The metrics of Chaos Mesh are the same in {after} as in {before}."
    parts = [f"Metrics changed between {before} and {after}.", *sentences]
    broken = [each for each in own if each.breaking and each.kind in _CANNOT_BE_BRIDGED]
    if by_kind.get(ChangeKind.RENAMED):
        parts.append("Old names can be kept with metric_relabel_configs.")
    if broken:
        names = ", ".join(sorted({f"`{each.metric}`" for each in broken}))
        parts.append(f"Dashboards and alerts on {names} have to be adapted.")
    return " ".join(parts)


def _caveats(before: ComparedRun, after: ComparedRun) -> list[str]:
    one, other = before.run.stack or {}, after.run.stack or {}
    told = [
        f"{name}: {one.get(name)} before, {other.get(name)} after"
        for name in _FACTS
        if one.get(name) != other.get(name)
    ]
    if before.run.harness != after.run.harness:
        told.append(f"the harness: {before.run.harness} before, {after.run.harness} after")
    kernels = [sorted({str(node.get("kernel")) for node in each.get("nodes") or []}) for each in (one, other)]
    if kernels[0] != kernels[1]:
        told.append(f"kernel: {', '.join(kernels[0])} before, {', '.join(kernels[1])} after")
    lost = _capabilities(one) ^ _capabilities(other)
    if lost:
        told.append(f"capabilities of one run only: {', '.join(sorted(lost))}")
    return told


def _capabilities(stack: dict[str, object]) -> set[str]:
    found = stack.get("capabilities")
    return {name for name, reason in found.items() if reason is None} if isinstance(found, dict) else set()


def _latency_line(each: Latency) -> str:
    ratio = "" if each.ratio is None else f", {each.ratio:.2f} times"
    mark = "changed" if each.changed else "no change"
    return f"{each.what}: {each.before:.3f} s -> {each.after:.3f} s{ratio}: {mark} ({each.why})"
