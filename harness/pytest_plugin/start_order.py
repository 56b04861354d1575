"""Puts the scenarios of a run into the order in which they are to be started.

Only of what runs in parallel: one after the other, they take as long in any order. Reports keep the order of
the files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from harness.chaosmesh.catalogue.own import catalogue_of
from harness.results import last_durations
from harness.runner.conflicts import conflicts_of
from harness.runner.order import start_order
from harness.scenario.load import ScenarioFile

LAST_DURATIONS, FILES = "last-durations", "files"
ORDERS = (LAST_DURATIONS, FILES)

FileOf = Callable[[pytest.Item], ScenarioFile | None]
"""Gives the scenario of an item; None of any other test."""


class StartOrder:
    """A plugin that knows both orders.

    Other plugins and conftest.py come after it, so the order that one of them makes is the one that counts.

    Attributes:
        of_files: the place of each item by the order of the files, by node id.
        by_files: they are to be started in the order of the files.
        applied: the items were put into the order in which they are started.
    """

    def __init__(self, file_of: FileOf, parallel: int, order: str) -> None:
        self._file_of = file_of
        self.by_files = order == FILES
        self._wanted = not self.by_files and parallel > 1
        self.of_files: Mapping[str, int] = {}
        self.applied = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Put scenarios into the order of `start_order`, when it is known how long any of them takes."""
        self.of_files = {item.nodeid: place for place, item in enumerate(items)}
        scenarios = {item.nodeid: file for item in items if (file := self._file_of(item)) is not None}
        known = last_durations.read() if self._wanted and len(scenarios) > 1 else {}
        seconds = {node: known[file.name] for node, file in scenarios.items() if file.name in known}
        if not seconds:
            return
        conflicts = {node: conflicts_of(file, catalogue_of(file.path)) for node, file in scenarios.items()}
        places = {node: place for place, node in enumerate(start_order(conflicts, seconds))}
        # Tests of other kinds stay where they are, before and after.
        ordered = iter(
            sorted((item for item in items if item.nodeid in places), key=lambda each: places[each.nodeid])
        )
        items[:] = [next(ordered) if item.nodeid in places else item for item in items]
        self.applied = True
