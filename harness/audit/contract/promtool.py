"""`promtool check metrics` over each exposition, and the findings that are known and why they may stay."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from harness.base import process
from harness.base.errors import HarnessError, InfrastructureError
from harness.base.waiver import WaivedPart, Waiver, first, read
from harness.kubernetes.client import Cluster
from harness.results.contract import PromtoolFinding

_FILE = Path(__file__).with_name("promtool.yaml")
_ARGUMENTS = ("check", "metrics")
_SECONDS = 30.0
# cmd/promtool/main.go of Prometheus: 0 when there is nothing to say, 3 when there is; 1 for an error.
_ANSWERS = (0, 3)


class Linted(BaseModel):
    """What a call of promtool left: its exit code, and its output."""

    model_config = ConfigDict(frozen=True)

    code: int
    output: str


Linter = Callable[[str], Linted]
"""Takes a body in the text format."""


class PromtoolSelector(WaivedPart):
    """A finding of promtool.

    Attributes:
        metric: a regular expression that matches the whole name.
        text: what promtool says, whole.
    """

    metric: str
    text: str

    def selects(self, what: PromtoolFinding) -> bool:
        """Say whether it is about a finding."""
        return self.text == what.text and re.fullmatch(self.metric, what.metric) is not None


PromtoolWaiver = Waiver[PromtoolSelector]


@cache
def known_findings() -> list[PromtoolWaiver]:
    """Return the findings that may stay."""
    return read([_FILE], PromtoolSelector, expire=False, see=_FILE.name)


def lint(
    bodies: Sequence[tuple[str, str]], linter: Linter, known: Sequence[PromtoolWaiver] | None = None
) -> list[PromtoolFinding]:
    """Return what promtool says about bodies, each once.

    Args:
        bodies: (job, body in the text format).
        linter: calls promtool.
        known: findings that may stay; those of this folder when None.

    Raises:
        InfrastructureError: promtool did not come to an answer.
    """
    exceptions = known_findings() if known is None else known
    found: dict[PromtoolFinding, None] = {}
    for job, body in bodies:
        answer = linter(body)
        if answer.code not in _ANSWERS:
            raise InfrastructureError(
                f"promtool check metrics ended with {answer.code} on the exposition of {job}",
                details=answer.output.splitlines()[:5],
            )
        for line in answer.output.splitlines():
            metric, _, text = line.partition(" ")
            finding = PromtoolFinding(job=job, metric=metric, text=text)
            waiver = first(exceptions, finding)
            found[finding.model_copy(update={"reason": waiver and waiver.reason})] = None
    return list(found)


def by_program(promtool: Path) -> Linter:
    """Return a linter that runs the program here."""

    def call(body: str) -> Linted:
        done = process.run(
            "check an exposition with promtool",
            [promtool, *_ARGUMENTS],
            timeout=_SECONDS,
            input_text=body,
            check=False,
        )
        return Linted(code=done.returncode, output=done.stdout + done.stderr)

    return call


def in_pod(cluster: Cluster, namespace: str, selector: str, container: str) -> Linter:
    """Return a linter that runs the program of Prometheus' own image, in its pod."""

    def call(body: str) -> Linted:
        pods = cluster.list("Pod", namespace, selector)
        if not pods:
            raise HarnessError(f"no pod with {selector} in the namespace {namespace}")
        done = cluster.exec(
            namespace,
            str(pods[0]["metadata"]["name"]),
            container,
            ["promtool", *_ARGUMENTS],
            timeout=_SECONDS,
            stdin=body,
        )
        return Linted(code=done.code, output=done.stdout + done.stderr)

    return call
