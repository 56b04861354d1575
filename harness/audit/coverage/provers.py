"""Which scenarios could prove a transition, by what stands in them, and what they need.

A transition that only scenarios prove which cannot run in an environment is not possible there. Nobody keeps
a list of that: it follows from what the scenarios expect, do and need.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from harness.audit.coverage.transition import Transition
from harness.audit.coverage.twins import TwinOf
from harness.chaosmesh.calls import METHODS
from harness.chaosmesh.catalogue.catalogue import Catalogue
from harness.chaosmesh.catalogue.metric import Metric
from harness.judge.kind import arguments, kinds
from harness.judge.matching import full_match
from harness.kubernetes.kinds import EXPERIMENT_KINDS
from harness.prometheus.matcher import Matcher
from harness.results.coverage import SeriesChange
from harness.runner.conflicts import conflicts_of
from harness.scenario.load import ScenarioFile
from harness.scenario.model import Expectation, Scenario
from harness.scenario.template import TEMPLATE

_GOING = {"absent", "series"}
_NOT_COMING = {"absent", "unchanged"}
_MOST_NAMED = 3
_WORD = re.compile(r"[\w-]+")


class _Use(NamedTuple):
    """A metric in an expectation of a scenario.

    Attributes:
        name: of the scenario.
        needs: of the scenario.
        does: the operations that the scenario performs, as the catalogue names them.
        commands: what it runs on nodes, as words.
        expectation: the expectation.
    """

    name: str
    needs: tuple[str, ...]
    does: frozenset[str]
    commands: frozenset[str]
    expectation: Expectation


class Provers:
    """The scenarios that could prove a transition, or tell a metric from one of its twins.

    What a script expects is not known before it runs, so a scenario in Python is none of them.
    """

    def __init__(self, files: Iterable[ScenarioFile], known: Catalogue) -> None:
        self._files = list(files)
        self._known = known

    def of_transition(self, transition: Transition) -> dict[str, tuple[str, ...]]:
        """Return what each scenario that could prove a transition needs, by the scenario's name."""
        metric = self._known.find(transition.metric)
        return {
            use.name: use.needs
            for use in self._uses.get(transition.metric, [])
            if metric is not None and _could_prove(use, transition, metric)
        }

    def of_twin(self, twin: TwinOf) -> dict[str, tuple[str, ...]]:
        """Return what each scenario that could tell a twin apart needs, by the scenario's name.

        Those are the ones that name it (`unlike`); if none does, all that expect something of the metric.
        """
        uses = self._uses.get(twin.metric, [])
        naming = [use for use in uses if twin.twin in use.expectation.unlike]
        return {use.name: use.needs for use in naming or uses}

    @cached_property
    def _uses(self) -> dict[str, list[_Use]]:
        found: dict[str, list[_Use]] = {}
        for file in self._files:
            if file.script is not None:
                continue
            does, commands = _operations(file, self._known), _commands(file.scenario)
            for expectation in (each for step in file.scenario.steps for each in step.expect):
                metric = self._known.find(expectation.metric) if expectation.metric else None
                if metric is not None and expectation.level == "must":
                    use = _Use(file.name, tuple(file.scenario.needs), does, commands, expectation)
                    found.setdefault(metric.name, []).append(use)
        return found


def lacking(provers: Mapping[str, tuple[str, ...]], capabilities: Mapping[str, str | None]) -> str | None:
    """Return why none of some scenarios can run in an environment; None when one can, or there is none.

    Args:
        provers: the needs of each, by its name.
        capabilities: name to None when the environment has it, else to why not.
    """
    missing = {
        name: [each for each in needs if capabilities.get(each, "not probed") is not None]
        for name, needs in provers.items()
    }
    if not missing or not all(missing.values()):
        return None
    names = sorted(missing)
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    lacks = sorted({each for needs in missing.values() for each in needs})
    whys = "; ".join(f"{each}: {capabilities.get(each, 'not probed')}" for each in lacks)
    return f"no scenario that could prove it runs here ({', '.join(names[:_MOST_NAMED])}{more}): {whys}"


def _operations(file: ScenarioFile, known: Catalogue) -> frozenset[str]:
    conflicts = conflicts_of(file, known)
    return conflicts.does | {"restart"} if conflicts.breaks else conflicts.does


def _commands(scenario: Scenario) -> frozenset[str]:
    commands = [step.act.node_command for step in scenario.steps]
    return frozenset(word for command in commands for part in command for word in _WORD.findall(part))


def _could_prove(use: _Use, transition: Transition, metric: Metric) -> bool:
    expectation = use.expectation
    # What goes is claimed by `absent`, or by a `series` that does not list it.
    claims = _GOING if transition.change is SeriesChange.GOES else kinds().keys() - _NOT_COMING
    claimed = {name for name, _ in arguments(expectation)}
    return bool(claims & claimed and _touches(use, transition, metric) and _selects(expectation, transition))


def _touches(use: _Use, transition: Transition, metric: Metric) -> bool:
    """Say whether what a scenario does can touch the series of a transition."""
    if transition.value in EXPERIMENT_KINDS:
        return transition.value in use.does
    if transition.label == "grpc_method":
        return any(transition.value in METHODS.get(each, ()) for each in use.does)
    return bool(use.does.intersection(metric.touched_by) or use.commands.intersection(metric.programs))


def _selects(expectation: Expectation, transition: Transition) -> bool:
    """Say whether an expectation can select series of a transition; a template lets any value be."""
    if not transition.label:
        return True
    if not _lets(expectation.where.get(transition.label), transition.value):
        return False
    listed = expectation.argument if expectation.kind == "series" else None
    if not isinstance(listed, list) or transition.change is SeriesChange.GOES:
        return True
    return any(_lets(item.get(transition.label), transition.value) for item in _mappings(listed))


def _mappings(values: Iterable[Any]) -> Iterator[Mapping[str, Any]]:
    return (each for each in values if isinstance(each, Mapping))


def _lets(wanted: Any, value: str) -> bool:
    if isinstance(wanted, Matcher):
        if wanted.not_ is not None:
            return wanted.not_ != value
        pattern = wanted.matches if wanted.matches is not None else wanted.not_matches
        if pattern is None or TEMPLATE.search(pattern):
            return True
        return full_match(pattern)(value) is (wanted.matches is not None)
    return wanted is None or not isinstance(wanted, str) or bool(TEMPLATE.search(wanted)) or wanted == value
