"""What is wrong between an exposition and the catalogue."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class ProblemKind(StrEnum):
    """What is wrong; `NEXT_STEPS` says what to do about each."""

    NOT_CATALOGUED = "not in the catalogue"
    NOT_SEEN = "not seen"
    OTHER_COMPONENT = "of another component"
    WRITTEN = "written after all"
    EXPOSED = "exposed after all"
    OLD_NAME = "exposed under its old name"
    OTHER_RELEASE = "not of this release"
    TYPE = "another type"
    HELP = "another HELP"
    LABEL_MISSING = "a label is missing"
    LABEL_ADDED = "a label is new"
    VALUE = "a label value is new"
    BUCKETS = "other buckets"
    LINT = "promtool objects"


_FILE = "its entry in harness/chaosmesh/catalogue/ (docs/catalogue.md)"
NEXT_STEPS = {
    ProblemKind.NOT_CATALOGUED: "if it is meant to be, add an entry to harness/chaosmesh/catalogue/ "
    "(docs/catalogue.md) and a scenario that proves it",
    ProblemKind.NOT_SEEN: f"if it was removed on purpose, set `until` or `status` in {_FILE}; "
    "if not, it is a regression",
    ProblemKind.OTHER_COMPONENT: f"correct `components` in {_FILE}",
    ProblemKind.WRITTEN: f"set `status: live` in {_FILE}, and add a scenario that proves its value",
    ProblemKind.EXPOSED: f"set `status: live` and `since` in {_FILE}, and add a scenario that proves it",
    ProblemKind.OLD_NAME: f"correct `until` in {_FILE}",
    ProblemKind.OTHER_RELEASE: f"correct `since` in {_FILE}",
    ProblemKind.TYPE: f"a change of type breaks queries: undo it, or correct `type` in {_FILE}",
    ProblemKind.HELP: f"correct `help` in {_FILE}",
    ProblemKind.LABEL_MISSING: f"a label less breaks queries: undo it, or correct `labels` in {_FILE}",
    ProblemKind.LABEL_ADDED: f"a label more changes what joins give: correct `labels` in {_FILE}",
    ProblemKind.VALUE: f"add it to `values` in {_FILE}, and a scenario that makes it occur",
    ProblemKind.BUCKETS: f"other buckets change what histogram_quantile gives: correct `buckets` in {_FILE}",
    ProblemKind.LINT: "correct the metric, or list the finding with its reason in "
    "harness/audit/contract/promtool.yaml",
}
"""Kind to what a person does about it."""


class ContractProblem(BaseModel):
    """One way in which the components and the catalogue differ.

    Attributes:
        kind: see ProblemKind.
        metric: its exposed name.
        job: the component.
        instances: the targets at which it was found; none when it was found in recordings only.
        expected: what the catalogue says.
        found: what was exposed.
        fails: the run fails by it; otherwise it is only told.
        next_step: what to do about it.
    """

    model_config = ConfigDict(frozen=True)

    kind: ProblemKind
    metric: str
    job: str
    instances: tuple[str, ...] = ()
    expected: str = ""
    found: str = ""
    fails: bool = True
    next_step: str = ""

    def lines(self) -> list[str]:
        """Return what a person needs to act, as lines."""
        where = f" at {', '.join(self.instances)}" if self.instances else ""
        lines = [f"{self.metric} ({self.job}{where}): {self.kind}"]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.found:
            lines.append(f"  found:    {self.found}")
        if self.next_step:
            lines.append(f"  next step: {self.next_step}")
        return lines


def merged(problems: list[ContractProblem]) -> list[ContractProblem]:
    """Return the problems, those that differ in their targets only as one; those that fail come first."""
    found: dict[tuple[object, ...], ContractProblem] = {}
    for problem in problems:
        key = (problem.kind, problem.metric, problem.job, problem.expected, problem.found, problem.fails)
        known = found.get(key)
        instances = {*problem.instances, *(known.instances if known else ())}
        found[key] = problem.model_copy(update={"instances": tuple(sorted(instances))})
    return sorted(found.values(), key=lambda each: (not each.fails, each.job, each.metric, each.kind))
