"""What the JVM workload says about itself over HTTP, through the API server's proxy to its pods."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from harness.chaosmesh.components import WORKLOAD_PORT
from harness.oracles.asking import InTargets, asked, json_of
from harness.oracles.base import OneOf, Oracle, OracleError, Parameters
from harness.recording.model import Point

_PAGES: Mapping[str, str] = {
    "answer": "answer",
    "failed": "answer",
    "seconds": "answer",
    "collections": "collections",
    "heap": "heap",
    "busy": "busy",
}
"""What is read, by the page of the workload that has it (fixtures/workloads/jvm/Answering.java)."""


class JvmParameters(InTargets):
    """Attributes: reads: what."""

    reads: Annotated[str, OneOf(tuple(_PAGES))]


class Jvm(Oracle):
    """Tells something about the JVM of the workload `jvm`.

    `answer`, `failed` and `seconds` each call the method `Answering.answer` once: what it returns (42), 1
    when it throws and else 0, and how long it takes. `collections` is how often all garbage was collected,
    `heap` how many bytes are in use after that, `busy` how many CPUs the process uses during half a second.
    """

    name: ClassVar[str] = "jvm"
    summary: ClassVar[str] = (
        "of the JVM workload: what a method returns, whether it fails, its seconds; collections, heap, CPUs"
    )
    parameters: ClassVar[type[Parameters]] = JvmParameters

    def read(self, parameters: JvmParameters) -> list[Point]:
        """Ask each workload."""
        points = []
        with asked():
            for each in parameters.targets:
                page = _PAGES[parameters.reads]
                said = json_of(
                    self.world.cluster, each.pod, "pods", each.namespace, each.pod, WORKLOAD_PORT, page
                )
                value = said.get(parameters.reads) if isinstance(said, dict) else None
                if not isinstance(value, int | float):
                    raise OracleError(f"{each.pod} answered /{page} without a number {parameters.reads}")
                points.append(Point(labels=each.labels(), value=value))
        return points


ORACLES = [Jvm]
