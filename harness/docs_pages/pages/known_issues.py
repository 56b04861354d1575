"""The page of all known issues, and of each a report that can be pasted into Chaos Mesh's own issues."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path

from harness.chaosmesh.known_issues import RegisteredIssue, known_issues
from harness.docs_pages.page import COMMAND, Page, Sources
from harness.docs_pages.pages import scenario_catalogue
from harness.docs_pages.words import issues_of
from harness.report.reference import entry

NAME = "known-issues.md"
FOLDER = "known-issues"

_WIDTH = 110


def pages(sources: Sources) -> Iterator[Page]:
    """Yield the page of all issues, and a report of each."""
    issues = list(known_issues().values())
    shown = _shown(sources)
    yield Page(Path(NAME), overview(issues, shown))
    for issue in issues:
        yield Page(Path(FOLDER) / f"{issue.id}.md", report(issue, shown.get(issue.id, [])))


def overview(issues: list[RegisteredIssue], shown: dict[str, list[str]]) -> str:
    """Return the page of all issues.

    Args:
        issues: all of them.
        shown: id to the names of the scenarios that show it.
    """
    intro = (
        "What Chaos Mesh gets wrong, each of it seen on a real cluster. A scenario that meets one has the "
        "verdict `known_issue` as long as exactly this wrong value is there; any other value fails, the "
        "right one too. That holds for the releases that have the issue; for any other the right value is "
        "expected ([verdicts.md](verdicts.md#known-issues)). `master` stands for what no release has yet. "
        "Each has a report that can be pasted into an issue of Chaos Mesh. "
        f"Generated from `harness/chaosmesh/known_issues/` (`{COMMAND}`)."
    )
    lines = ["# Known issues of Chaos Mesh", "", _wrapped(intro), ""]
    lines += [entry(f"[{issue.id}](#{issue.id}) ({issue.component}): {issue.summary}") for issue in issues]
    for issue in issues:
        metrics = ", ".join(f"`{metric}`" for metric in issue.metrics)
        scenarios = ", ".join(
            f"[{name}]({scenario_catalogue.NAME}#{name})" for name in shown.get(issue.id, [])
        )
        told = [
            ("component", issue.component),
            ("metrics", metrics),
            ("releases", _releases(issue)),
            ("seen", issue.evidence),
            ("right", issue.correct),
            ("place", issue.place),
            ("shown by", scenarios or "no scenario"),
            ("report", f"[{FOLDER}/{issue.id}.md]({FOLDER}/{issue.id}.md)"),
        ]
        lines += ["", f"## {issue.id}", "", _wrapped(issue.summary), ""]
        lines += [entry(f"{name}: {' '.join(words.split())}") for name, words in told]
    return "\n".join(lines) + "\n"


def report(issue: RegisteredIssue, shown: list[str]) -> str:
    """Return the report of one issue: what is wrong, how to see it, what is right, where it comes from.

    Args:
        issue: the issue.
        shown: the names of the scenarios that show it.
    """
    by = ", ".join(f"`{name}`" for name in shown) or "no scenario"
    lines = [f"# {issue.summary.rstrip('.')}", "", f"- component: {issue.component}"]
    lines += [entry(f"metrics: {', '.join(f'`{metric}`' for metric in issue.metrics)}")]
    lines += [entry(f"releases: {_releases(issue)}")]
    lines += ["", "## What was seen", "", _wrapped(issue.evidence)]
    lines += ["", "## What is right", "", _wrapped(issue.correct)]
    lines += ["", "## How to see it", "", *_fenced("sh", issue.reproduce)]
    lines += ["", "Then ask Prometheus:", "", *_fenced("promql", "\n".join(issue.promql))]
    lines += ["", "## Where it comes from", "", _wrapped(issue.place)]
    lines += ["", "---", "", _wrapped(f"Shown by {by} of the chaos observability harness, id `{issue.id}`.")]
    return "\n".join(lines) + "\n"


def _shown(sources: Sources) -> dict[str, list[str]]:
    """Return for each issue the names of the scenario files that show it, in alphabetical order."""
    found: dict[str, set[str]] = {}
    for cases in sources.files:
        for case in cases:
            for identity in issues_of(case.scenario):
                found.setdefault(identity, set()).add(case.name.partition("[")[0])
    return {identity: sorted(names) for identity, names in found.items()}


def _releases(issue: RegisteredIssue) -> str:
    return f"{issue.releases}; seen in {', '.join(issue.seen)}"


def _wrapped(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), _WIDTH, break_long_words=False, break_on_hyphens=False)


def _fenced(language: str, text: str) -> list[str]:
    """Return text in a fence; what has fences of its own stays as it is."""
    text = text.rstrip("\n")
    return text.splitlines() if "```" in text else [f"```{language}", *text.splitlines(), "```"]
