"""What changed between two runs in the few lines that a maintainer reads first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import BaseModel

from harness.audit.compare import scenarios
from harness.audit.compare.change import Change, ChangeKind
from harness.audit.compare.side import ComparedRun
from harness.base.words import count
from harness.judge.finding import Finding, Verdict

_CHANGED = (
    ChangeKind.TYPE,
    ChangeKind.HELP,
    ChangeKind.LABEL_ADDED,
    ChangeKind.LABEL_REMOVED,
    ChangeKind.BUCKETS,
)


class Headline(BaseModel):
    """The names of what changed; `changes` of the comparison has the details.

    Attributes:
        added, removed, renamed, changed: metrics; renamed ones by their name before.
        issues_fixed: known issues that showed before, and where they did the right value is there after.
        issues_new: the same the other way round.
        new_failures: scenarios that fail after and did not before.
    """

    added: list[str]
    removed: list[str]
    renamed: list[str]
    changed: list[str]
    issues_fixed: list[str]
    issues_new: list[str]
    new_failures: list[str]

    def lines(self) -> list[str]:
        """Return it as text, one line a subject."""
        metrics = ", ".join(
            f"{len(names)} {what}"
            for what, names in (
                ("added", self.added),
                ("removed", self.removed),
                ("renamed", self.renamed),
                ("changed", self.changed),
            )
        )
        lines = [f"metrics: {metrics}"]
        for what, names in (
            ("added", self.added),
            ("removed", self.removed),
            ("renamed", self.renamed),
            ("changed", self.changed),
        ):
            lines += [f"  {what}: {', '.join(names)}"] if names else []
        fixed, new = _counted(self.issues_fixed), _counted(self.issues_new)
        lines.append(f"known issues: fixed {fixed}; new {new}")
        lines.append(f"new failures: {_counted(self.new_failures)}")
        return lines

    def sentences(self) -> Iterator[str]:
        """Yield what a paragraph for the release notes says beside the metrics."""
        if self.issues_fixed:
            yield f"Fixed: {count(len(self.issues_fixed), 'known issue')} ({', '.join(self.issues_fixed)})."
        if self.issues_new:
            yield f"New: {count(len(self.issues_new), 'known issue')} ({', '.join(self.issues_new)})."


def headline(before: ComparedRun, after: ComparedRun, changes: Sequence[Change]) -> Headline:
    """Return the headline of a comparison."""

    def metrics(*kinds: ChangeKind) -> list[str]:
        return sorted({change.metric for change in changes if change.kind in kinds})

    return Headline(
        added=metrics(ChangeKind.ADDED),
        removed=metrics(ChangeKind.REMOVED),
        renamed=metrics(ChangeKind.RENAMED),
        changed=metrics(*_CHANGED),
        issues_fixed=_gone(before, after),
        issues_new=_gone(after, before),
        new_failures=sorted(
            {
                change.subject.removeprefix("scenario ")
                for change in changes
                if scenarios.regressed(change) and not change.metric
            }
        ),
    )


def _gone(first: ComparedRun, second: ComparedRun) -> list[str]:
    """Return the known issues of one run that are shown to be none of the other's."""
    there = {finding.known_issue for _, finding in _findings(second) if finding.known_issue}
    decided = {key: finding.verdict for key, finding in _findings(second)}
    found: dict[str, list[Verdict | None]] = {}
    for key, finding in _findings(first):
        if finding.known_issue:
            found.setdefault(finding.known_issue, []).append(decided.get(key))
    # The right value at least once, and never another one: what was not judged says nothing.
    return sorted(
        issue
        for issue, verdicts in found.items()
        if issue not in there and Verdict.PASS in verdicts and set(verdicts) <= {Verdict.PASS, None}
    )


def _findings(run: ComparedRun) -> Iterator[tuple[tuple[str, str, str, str], Finding]]:
    for name in run.ran():
        for finding in run.scenarios[name].findings():
            yield (name, finding.id, finding.metric, finding.kind), finding


def _counted(names: Sequence[str]) -> str:
    return f"{len(names)} ({', '.join(names)})" if names else "none"
