"""Loads the known issues; a file's stem is the issue's id."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.base.bounded import FileError, read_yaml
from harness.base.errors import UsageError
from harness.chaosmesh.release import Release, ReleaseBound

_FOLDER = Path(__file__).parent


class RegisteredIssue(BaseModel):
    """Something that Chaos Mesh gets wrong.

    Attributes:
        id: what scenarios name it by.
        component: whose metric is wrong.
        summary: one sentence: what is wrong.
        metrics: the metrics that show it.
        since: the first release whose code has it.
        fixed: the first release whose code does not; None when each has it.
        seen: the releases in which it was seen on a cluster.
        evidence: how it was seen, and with which numbers.
        correct: what would be right.
        place: where in Chaos Mesh's source it comes from.
        promql: expressions that show it, to paste into Prometheus.
        reproduce: the smallest way to see it: manifests and commands, as one would paste them into a report.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")
    component: Literal["controller-manager", "daemon", "dashboard", "dns-server"]
    summary: str = Field(min_length=10)
    metrics: list[str] = Field(min_length=1)
    since: ReleaseBound
    fixed: ReleaseBound | None = None
    seen: list[ReleaseBound] = Field(min_length=1)
    evidence: str = Field(min_length=10)
    correct: str = Field(min_length=10)
    place: str
    promql: list[str] = Field(min_length=1)
    reproduce: str = Field(min_length=10)

    @model_validator(mode="after")
    def _in_order(self) -> RegisteredIssue:
        for release in self.seen:
            if not self.is_of(Release.of(release)):
                raise ValueError(f"seen in {release}, which does not have it: {self.releases}")
        return self

    def is_of(self, release: Release) -> bool:
        """Say whether a release has it; where it does not, only the right value passes."""
        return not release.older_than(self.since) and (self.fixed is None or release.older_than(self.fixed))

    @property
    def releases(self) -> str:
        """The releases that have it, in words."""
        return f"since {self.since}" + (f", fixed in {self.fixed}" if self.fixed else ", not fixed")


def load(folder: Path) -> dict[str, RegisteredIssue]:
    """Return the issues of a folder by id.

    Raises:
        UsageError: a file is no issue, or its id is not its name.
    """
    found: dict[str, RegisteredIssue] = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            issue = RegisteredIssue.model_validate(read_yaml(path))
        except (FileError, ValidationError) as error:
            raise UsageError(f"{path}: not a known issue", details=str(error).splitlines()) from error
        if issue.id != path.stem:
            raise UsageError(f"{path}: the id is {issue.id!r}; it must be the file's name, {path.stem!r}")
        found[issue.id] = issue
    return found


@cache
def known_issues() -> dict[str, RegisteredIssue]:
    """Return all known issues by id."""
    return load(_FOLDER)


def known_issue(identity: str) -> RegisteredIssue:
    """Return one known issue.

    Raises:
        UsageError: there is none of that id.
    """
    try:
        return known_issues()[identity]
    except KeyError:
        raise UsageError(
            f"unknown issue {identity!r}", details=[f"known issues: {', '.join(sorted(known_issues()))}"]
        ) from None
