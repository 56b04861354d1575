"""What was not the same in all of several runs of one build. Pure but for the reading.

Chaos Mesh and the scenarios are the same in all runs, so each difference is a fault of the harness or of a
scenario, or a race in Chaos Mesh; which of them it is, a reader has to say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel

from harness.audit.compare.side import HINT
from harness.base.errors import ExitCode, UsageError
from harness.base.words import count
from harness.judge.finding import Verdict
from harness.judge.wording import expectation
from harness.results.reading import read
from harness.results.results import RESULTS, Results, Summary

NOT_THERE = "-"
"""Of a run that says nothing about a subject: the scenario did not run, or ended before the expectation."""
_STEP = "step "
"""What the name of an expectation begins with."""
_Subject: TypeAlias = tuple[str, str]
"""(scenario, what of it): the first is "" of what is about no scenario, the second of the scenario itself."""


class Repeated(BaseModel):
    """One of the runs.

    Attributes:
        folder: its report.
        id, started: see Run.
        summary: see Summary.
        build: what has to be the same in all runs: the images' key and the versions.
    """

    folder: str
    id: str
    started: str
    summary: Summary
    build: dict[str, Any]


class FlakyResult(BaseModel):
    """Something that is not the same in all runs.

    Attributes:
        subject: a scenario, one of its expectations, its clean-up, the contract, a transition.
        seen: what each run says, in the order of the runs; `NOT_THERE` where one says nothing.
    """

    subject: str
    seen: list[str]

    def line(self, names: list[str]) -> str:
        """Return it as one line of text: what was seen, and in which of the runs."""
        where: dict[str, list[str]] = {}
        for name, what in zip(names, self.seen, strict=True):
            where.setdefault(what, []).append(name)
        told = sorted(where.items(), key=lambda each: -len(each[1]))
        most = f"{told[0][0]} in {count(len(told[0][1]), 'run')}"
        return f"{self.subject}: {most}, " + ", ".join(
            f"{what} in {', '.join(runs)}" for what, runs in told[1:]
        )


class Repetition(BaseModel):
    """What several runs of the same came to.

    Attributes:
        runs: in the order in which they were named.
        scenarios, expectations: how many there were that could have differed.
        wavering: what was not the same in all runs.
    """

    runs: list[Repeated]
    scenarios: int
    expectations: int
    wavering: list[FlakyResult]

    def exit_code(self) -> ExitCode:
        """Return FAILED when something was not the same in all runs; otherwise OK."""
        return ExitCode.FAILED if self.wavering else ExitCode.OK

    def lines(self) -> list[str]:
        """Return it as text."""
        names = [run.folder for run in self.runs]
        lines = [f"{run.folder}: {run.summary.text()}" for run in self.runs]
        lines.append(
            f"{count(len(self.runs), 'run')}, {count(self.scenarios, 'scenario')}, "
            f"{count(self.expectations, 'expectation')}: {len(self.wavering)} not the same in all runs"
        )
        return [*lines, *(f"  {each.line(names)}" for each in self.wavering)]


def repetition(folders: list[Path]) -> Repetition:
    """Compare runs of the same scenarios on the same build.

    Args:
        folders: the report folders.

    Raises:
        UsageError: fewer than two; one is no report folder; no scenario ran in one; the builds differ.
    """
    if len(folders) < 2:
        raise UsageError(
            "one run says nothing about what differs from run to run",
            next_step="name the report folders of two runs or more",
        )
    runs, seen = [], []
    for folder in folders:
        run, facts = _read(folder)
        runs.append(run)
        seen.append(facts)
    for run in runs[1:]:
        if run.build != runs[0].build:
            raise UsageError(
                f"{runs[0].folder} and {run.folder} are not of the same build",
                next_step="see `chaos-harness compare` for what changed between two builds",
                details=[
                    f"{name}: {runs[0].build.get(name)} and {run.build.get(name)}"
                    for name in {**runs[0].build, **run.build}
                    if runs[0].build.get(name) != run.build.get(name)
                ],
            )
    # Of a scenario that is not in all runs that is told once, and not of each of its expectations.
    everywhere = set.intersection(*({scenario for scenario, _ in facts} for facts in seen))
    subjects = [
        (scenario, what)
        for scenario, what in dict.fromkeys(subject for facts in seen for subject in facts)
        if scenario in everywhere or not (scenario and what)
    ]
    return Repetition(
        runs=runs,
        scenarios=sum(1 for scenario, what in subjects if scenario and not what),
        expectations=sum(1 for scenario, what in subjects if scenario and what.startswith(_STEP)),
        wavering=[
            FlakyResult(subject=f"{scenario} {what}".strip(), seen=said)
            for scenario, what in subjects
            if len(set(said := [facts.get((scenario, what), NOT_THERE) for facts in seen])) > 1
        ],
    )


def _read(folder: Path) -> tuple[Repeated, dict[_Subject, str]]:
    results = read(folder / RESULTS, next_step=HINT)
    if all(each.verdict is Verdict.SKIPPED for each in results.scenarios):
        raise UsageError(f"{folder}: no scenario ran", next_step="name the report folder of another run")
    stack = results.run.stack or {}
    build = {"image_key": stack.get("image_key"), **(stack.get("versions") or {})}
    run = Repeated(
        folder=str(folder),
        id=results.run.id,
        started=results.run.started,
        summary=results.summary,
        build=build,
    )
    return run, dict(_facts(results))


def _facts(results: Results) -> Iterator[tuple[_Subject, str]]:
    for each in sorted(results.scenarios, key=lambda scenario: scenario.name):
        yield (each.name, ""), each.verdict.value
        for finding in each.findings():
            yield (each.name, expectation(finding)), finding.verdict.value
        for left in each.leftovers:
            # Names are made up anew in each run.
            yield (each.name, f"clean-up: {left.kind}"), "left over"
    for problem in results.contract.problems if results.contract else ():
        yield ("", f"contract: {problem.metric} of {problem.job}, {problem.kind}"), "a problem"
    for transition in results.coverage.transitions if results.coverage else ():
        name = f"{transition.metric} {transition.label}={transition.value} {transition.change}"
        yield ("", f"transition: {name}"), transition.standing.value
