"""What the parts of one scenario's run share, from its set-up to its clean-up."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

from harness.base import bundled
from harness.base.redaction import redact
from harness.chaosmesh.boundary import Reach
from harness.chaosmesh.catalogue import Catalogue
from harness.chaosmesh.workload import WorkloadHandle
from harness.recording.model import Manifest, Mark, Note, Recording
from harness.recording.writer import RecordingWriter
from harness.results.scenario import ScenarioResult
from harness.runner.actions import Applied
from harness.runner.diagnostics.keep import DiagnosticsCollector
from harness.runner.overload import OverloadMonitor
from harness.runner.plan import watch_of
from harness.runner.recorder import Recorder
from harness.runner.run_context import RunContext
from harness.runner.sampler import Sampler
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Scenario, Step
from harness.scenario.template import resolve, told

_LONGEST_NAMESPACE = 63
"""Characters of a DNS label."""
_LOST_SCRAPES = 30
"""On a busy machine a component of Chaos Mesh may miss as many in a row and come back."""


class ScenarioContext:
    """The namespaces of a scenario, its workload and chaos as they are now, and where all is recorded.

    Attributes:
        scenario: grows by a step at a time where the scenario is a script.
        further: name in the scenario to name in the cluster of its further namespaces.
        applied: what templates refer to, by the names that the steps use.
        touched: components of Chaos Mesh that have to be made whole at the end.
    """

    def __init__(
        self,
        file: ScenarioFile,
        around: RunContext,
        catalogue: Catalogue,
        result: ScenarioResult,
        *,
        control: bool,
    ) -> None:
        self.file, self.scenario = file, file.scenario
        self.around, self.catalogue, self.result = around, catalogue, result
        self.cluster, self.clock, self.observer = around.cluster, around.clock, around.observer
        self.workload: WorkloadHandle | None = None
        self.applied: dict[str, Applied] = {}
        self.touched: set[str] = set()
        self.namespace = own_namespace(self.scenario, uuid.uuid4().hex[:6])
        self.further = {
            name: f"{self.namespace}-{name}"[:_LONGEST_NAMESPACE].rstrip("-")
            for name in self.scenario.namespaces
        }
        result.namespace, result.further_namespaces = self.namespace, list(self.further.values())
        folder = around.recordings / self.scenario.scenario
        manifest = Manifest(
            scenario=file.name,
            file=bundled.shown(file.path),
            namespace=self.namespace,
            interval=around.interval,
            clock_offset=self.clock.offset,
            clock_uncertainty=self.clock.uncertainty,
            steps=[redact(step.title()) for step in self.scenario.steps],
            stack=around.facts,
            control=control,
            lost_scrapes=_LOST_SCRAPES,
        )
        self.recording = Recording(manifest)
        self.recorder = Recorder(self.recording, RecordingWriter(folder, manifest))
        result.recording = folder
        self.overload = OverloadMonitor(
            around.vitals(around.cluster, around.nodes), self.recorder, self.clock, around.interval
        )
        self.watch = watch_of(self.scenario, catalogue, self.namespace, self.further)
        self.watch.left_out = around.unseen
        self.diagnostics = DiagnosticsCollector(around, catalogue, self.watch, self.scenario.scenario, result)
        self.sampler = Sampler(around.prometheus, self.watch, self.recorder, self.clock, around.interval)

    @property
    def namespaces(self) -> list[str]:
        """All namespaces of the scenario, its own first."""
        return [self.namespace, *self.further.values()]

    @property
    def targets(self) -> list[dict[str, str]]:
        """The containers of the workload."""
        return self.workload.targets if self.workload else []

    @property
    def containers(self) -> list[dict[str, str]]:
        """The containers that chaos hits, and those of the workload."""
        return [*(target for each in self.applied.values() for target in each.targets), *self.targets]

    def bounds(self) -> Reach:
        """Return what this scenario may reach, as it is now."""
        pods = self.workload.objects if self.workload else []
        addresses = (str((pod.get("status") or {}).get("podIP") or "") for pod in pods)
        return Reach(
            namespaces=tuple(self.namespaces),
            allowed=self.around.allowed_namespaces,
            hosts=frozenset(filter(None, addresses)),
        )

    def scope(self) -> dict[str, Any]:
        """Return what templates may refer to, as it is now."""
        scope: dict[str, Any] = {
            "namespace": self.namespace,
            "run": self.around.run,
            "chaos_mesh_namespace": self.around.chaos_mesh_namespace,
            "nodes": self.around.nodes,
            "namespaces": self.further,
        }
        if self.workload:
            scope["workload"] = self.workload.scope()
        return scope | {name: applied.scope() for name, applied in self.applied.items()}

    def resolve(self, value: Any) -> Any:
        """Return a value with its templates resolved.

        Raises:
            TemplateError: one refers to what is not there.
        """
        return resolve(value, self.scope())

    def title(self, step: Step) -> str:
        """Return the title of a step as of now: what its templates refer to may not be there yet."""
        return redact(told(step.title(), self.scope()))

    def mark(
        self,
        index: int,
        name: Literal["started", "acknowledged", "settled", "ended"],
        detail: Mapping[str, Any] | None = None,
    ) -> float:
        """Record how far a step is; return the time, seconds on Prometheus' clock."""
        mark = Mark(time=self.clock.now(), step=index, name=name, detail=dict(detail or {}))
        self.recorder.add(mark)
        return mark.time

    def note(self, text: str, detail: Mapping[str, Any] | None = None) -> None:
        """Record a thing worth knowing."""
        self.recorder.add(Note(time=self.clock.now(), text=text, detail=dict(detail or {})))

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Measure how long the block takes."""
        began = time.monotonic()
        try:
            yield
        finally:
            self.result.phases[name] = round(time.monotonic() - began, 3)


def own_namespace(scenario: Scenario, unique: str) -> str:
    """Return a name for a scenario's own namespace.

    Args:
        scenario: which may want a length of it.
        unique: what no other namespace's name ends with.
    """
    if scenario.namespace_length is None:
        return f"{scenario.scenario[:40].rstrip('-')}-{unique}"
    room = scenario.namespace_length - len(unique) - 1
    return f"{scenario.scenario[:room].rstrip('-').ljust(room, 'x')}-{unique}"
