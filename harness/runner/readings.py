"""Reads oracles into the recording while a scenario runs."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from harness.base.errors import InfrastructureError, UsageError
from harness.judge.given import Given
from harness.judge.kind import readings_to_take
from harness.oracles.base import Oracle, OracleError, Parameters, oracles
from harness.oracles.context import OracleContext
from harness.oracles.events import Events
from harness.recording.model import Reading, reading_key
from harness.runner import calls
from harness.runner.plan import oracles_of
from harness.runner.scenario_context import ScenarioContext

Wanted = dict[tuple[str, str], dict[str, Any]]
"""The parameters of each oracle that is to be read, by its name and their key."""


class OracleReadings:
    """The oracles of one scenario."""

    def __init__(self, context: ScenarioContext) -> None:
        self._context = context
        self._oracles: dict[str, Oracle] = {}

    def start(self) -> None:
        """Start the oracles that the scenario names; those that others ask for start when they do."""
        for name in sorted(oracles_of(self._context.scenario) | {Events.name}):
            self._oracle(name)

    def stop(self) -> None:
        """Stop all that were started."""
        for oracle in self._oracles.values():
            oracle.stop()

    def read(self, name: str, parameters: dict[str, Any]) -> Reading:
        """Read an oracle; what goes wrong with that is in the reading.

        Raises:
            UsageError: it does not take these parameters.
            BoundaryError: it would look into what is not the scenario's own.
        """
        oracle, context = self._oracle(name), self._context
        typed = _typed(oracle, parameters)
        for target in getattr(typed, "targets", None) or []:
            what = f"the container {target.pod}/{target.container} that the oracle {name} looks into"
            calls.refuse_other_namespace(target.namespace, what, context.bounds())
        began = context.clock.now()
        vector, error = None, None
        try:
            vector = oracle.read(typed)
        except (OracleError, InfrastructureError) as problem:
            error = str(problem)
        reading = Reading(
            oracle=name,
            key=reading_key(parameters),
            began=began,
            ended=context.clock.now(),
            vector=vector,
            error=error,
        )
        context.recorder.add(reading)
        return reading

    def asked_for(self, name: str, parameters: dict[str, Any]) -> str:
        """Return what an oracle is asked for, in words: "processes (named stress-ng, in pod-0/app)".

        Raises:
            UsageError: it does not take these parameters.
        """
        words = _typed(self._oracle(name), parameters).text()
        return f"{name} ({words})" if words else name

    def instead(self, name: str, parameters: dict[str, Any]) -> list[str]:
        """Return what there is in place of what an oracle was asked for; nothing when it does not say.

        Raises:
            UsageError: it does not take these parameters.
        """
        oracle = self._oracle(name)
        try:
            return oracle.instead(_typed(oracle, parameters))
        except (OracleError, InfrastructureError) as problem:
            return [f"what there is instead could not be read: {problem}"]

    def read_all(self, wanted: Wanted) -> None:
        """Read several."""
        for (name, _), parameters in wanted.items():
            self.read(name, parameters)

    def record_events(self) -> None:
        """Record the events of Kubernetes that are new."""
        events = self._oracles.get(Events.name)
        if isinstance(events, Events):
            for event in events.new_events():
                self._context.recorder.add(event)

    def _oracle(self, name: str) -> Oracle:
        if name not in self._oracles:
            context = self._context
            world = OracleContext(
                context.cluster,
                context.namespace,
                context.around.chaos_mesh_namespace,
                context.around.unseen,
            )
            self._oracles[name] = oracles()[name](world)
            self._oracles[name].start()
        return self._oracles[name]


def _typed(oracle: Oracle, parameters: dict[str, Any]) -> Parameters:
    try:
        return oracle.parameters.model_validate(parameters)
    except ValidationError as problem:
        raise UsageError(
            f"the oracle {oracle.name} does not take these parameters, templates resolved: {parameters}",
            details=[f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in problem.errors()],
        ) from problem


def to_read(expected: Iterable[Given]) -> Wanted:
    """Return what is compared with expectations, and what tells since when they are true."""
    compared: Wanted = {}
    followed: Wanted = {}
    for item in expected:
        for oracle in readings_to_take(item.spec):
            compared[oracle.name, oracle.key] = oracle.parameters
        promptness = item.expected.promptness
        if promptness is not None and promptness.oracle:
            followed[promptness.oracle, promptness.key] = json.loads(promptness.key)
    return followed | compared
