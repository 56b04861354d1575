"""The page of all scenarios: what each does and what it proves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from harness.base.words import count
from harness.docs_pages.page import COMMAND, Page, Sources
from harness.docs_pages.seen import unseen
from harness.docs_pages.words import chaos_text, expectation_text, issue_text, issues_of, step_text
from harness.report.reference import entry
from harness.scenario.load import ScenarioFile

NAME = "scenario-catalogue.md"

_ALSO = "    - "
_READ = "What is expected was read in Chaos Mesh's source; its lines are those of 47411975a8cb (release-2.8)."
_MANY = 4
"""So many entries that differ in numbers only are told as one."""


def pages(sources: Sources) -> Iterator[Page]:
    """Yield the page."""
    yield Page(Path(NAME), text(sources))


def text(sources: Sources) -> str:
    """Return the page: a table of contents, then each scenario by its folder."""
    files = sorted(sources.files, key=lambda cases: (_folder(sources, cases), _name(cases)))
    lines = [
        "# All scenarios",
        "",
        "What each does, and what it proves.",
        f"Generated from the files (`{COMMAND}`). How to read a file: [scenarios.md](scenarios.md).",
    ]
    groups = [
        (folder, list(group)) for folder, group in groupby(files, lambda cases: _folder(sources, cases))
    ]
    for folder, group in groups:
        lines += ["", f"## {folder}", ""]
        lines += [entry(f"[{_name(cases)}](#{_name(cases)}): {_about(cases)}") for cases in group]
    for _, group in groups:
        for cases in group:
            lines += ["", *_scenario(sources, cases)]
    return "\n".join(lines) + "\n"


def issue_link(identity: str) -> str:
    """Return the link from a page of this folder to the report of a known issue."""
    return f"[{identity}](known-issues/{identity}.md)"


def _scenario(sources: Sources, cases: list[ScenarioFile]) -> Iterator[str]:
    first = cases[0]
    yield f"### {_name(cases)}"
    yield ""
    if len({case.scenario.about for case in cases}) == 1:
        yield first.scenario.about
        yield ""
    else:
        yield from (entry(f"case `{case.case}`: {case.scenario.about}") for case in cases)
    if left := unseen([case.name for case in cases], sources.seen):
        which = "" if len(left) == len(cases) else f": {', '.join(f'`{_case(name)}`' for name in left)}"
        yield entry(f"**Not yet seen on a cluster{which}.** {_READ}", "")
        yield ""
    yield entry(f"file: `{sources.place(first.path)}`")
    issues = _all(list(issues_of(case.scenario)) for case in cases)
    for name, words in (
        ("cases", [f"`{case.case}`" for case in cases if case.case]),
        ("tags", _all(case.scenario.tags for case in cases)),
        ("needs", _all(case.scenario.needs for case in cases)),
        ("known issues", [issue_link(identity) for identity in issues]),
    ):
        if words:
            yield entry(f"{name}: {', '.join(words)}")
    yield from _told_once([(case.case or "", list(_lines(case))) for case in cases])


def _lines(file: ScenarioFile) -> Iterator[tuple[str, str]]:
    """Yield mark and text of each line about what a scenario applies, does and expects."""
    scenario = file.scenario
    for same in _alike([chaos_text(*each) for each in scenario.chaos.items()]):
        yield "- ", f"chaos {_from_to(same)}"
    if scenario.workload is not None:
        yield "- ", f"workload {scenario.workload.name}, {count(scenario.workload.replicas, 'pod')}"
    done = 0
    # Steps with expectations are each told by themselves.
    for same in _alike(
        [step_text(step) for step in scenario.steps], [bool(step.expect) for step in scenario.steps]
    ):
        yield f"{done + 1}. ", _from_to(same)
        done += len(same)
        for expectation in scenario.steps[done - 1].expect:
            yield _ALSO, expectation_text(expectation)
            link = issue_link(expectation.known_issue.id) if expectation.known_issue else ""
            if issue := issue_text(expectation, link):
                yield f"  {_ALSO}", issue


def _alike(texts: list[str], alone: list[bool] | None = None) -> Iterator[list[str]]:
    """Yield runs of texts that differ in numbers only, as those that a loop makes; others by themselves.

    Args:
        texts: to be put together.
        alone: which of them are never put together with others.
    """

    def key(position: int) -> tuple[str, int]:
        by_itself = alone is not None and alone[position]
        return re.sub(r"\d+", "0", texts[position]), position if by_itself else -1

    for _, same in groupby(range(len(texts)), key):
        run = [texts[position] for position in same]
        yield from [run] if len(run) >= _MANY else [[each] for each in run]


def _from_to(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{texts[0]} to {texts[-1]} ({len(texts)} of them)"


def _told_once(cases: list[tuple[str, list[tuple[str, str]]]]) -> Iterator[str]:
    """Yield the lines of all cases: what they have in common once, what differs with the case's name."""
    if len({tuple(mark for mark, _ in lines) for _, lines in cases}) > 1:
        for case, lines in cases:
            yield ""
            yield f"Case `{case}`:"
            yield ""
            yield from _spaced(lines)
        return
    told: list[tuple[str, str]] = []
    for same in zip(*(lines for _, lines in cases), strict=True):
        texts = {words for _, words in same}
        mark = same[0][0]
        if len(texts) == 1:
            told.append(same[0])
            continue
        differing = zip(cases, same, strict=True)
        told.append((mark, " / ".join(f"(`{case}`) {words}" for (case, _), (_, words) in differing)))
    yield from _spaced(told)


def _spaced(lines: list[tuple[str, str]]) -> Iterator[str]:
    """Yield entries, with an empty line between the list of chaos and the steps."""
    before = "- "
    for mark, words in lines:
        if before == "- " and mark != "- ":
            yield ""
        before = mark
        yield entry(words, mark)


def _folder(sources: Sources, cases: list[ScenarioFile]) -> str:
    parent = Path(sources.place(cases[0].path)).parent.as_posix()
    return parent if parent != "." else "scenarios"


def _name(cases: list[ScenarioFile]) -> str:
    return cases[0].name.partition("[")[0]


def _case(name: str) -> str:
    return name.partition("[")[2].removesuffix("]")


def _about(cases: list[ScenarioFile]) -> str:
    """Return what the first case is about, and how many others there are that are about something else."""
    others = sum(case.scenario.about != cases[0].scenario.about for case in cases)
    return cases[0].scenario.about + (f" (And {count(others, 'other case')}.)" if others else "")


def _all(words: Iterable[list[str]]) -> list[str]:
    """Return the words of several lists, each once."""
    return list(dict.fromkeys(word for each in words for word in each))
