"""The fixtures: a stack that is up, and running a scenario on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from harness.base.errors import HarnessError
from harness.pytest_plugin.session import RUN_SESSION, RunSession
from harness.report.text import leftovers_text
from harness.results.scenario import ScenarioResult
from harness.scenario.load import ScenarioFile


class CleanupFailedError(Exception):
    """Scenarios left something behind."""

    def __init__(self, results: list[ScenarioResult]) -> None:
        self.leftovers = [left for result in results for left in result.leftovers]
        super().__init__("\n".join(leftovers_text(result) for result in results if result.leftovers))


@pytest.fixture(scope="session")
def chaos_session(request: pytest.FixtureRequest) -> Iterator[RunSession]:
    """The run: the stack, brought up when it is not there, locked against a second run."""
    session = request.config.stash[RUN_SESSION]
    capture = request.config.pluginmanager.getplugin("capturemanager")
    terminal = request.config.pluginmanager.getplugin("terminalreporter")
    with capture.global_and_fixture_disabled():
        if terminal:
            terminal.ensure_newline()
        try:
            session.open()
        except HarnessError as error:
            # One message is enough: without a stack no other scenario can run either.
            request.session.shouldfail = f"stopped: {error.problem}"
            raise
    yield session
    late = session.close()
    if late:
        raise CleanupFailedError(late)


@pytest.fixture
def run_scenario(
    chaos_session: RunSession, request: pytest.FixtureRequest
) -> Iterator[Callable[[ScenarioFile], ScenarioResult]]:
    """Run a scenario and return its result; what it left behind is an error of the tear-down."""
    results: list[ScenarioResult] = []

    def run(file: ScenarioFile) -> ScenarioResult:
        try:
            results.append(chaos_session.run(file, request.node.nodeid))
        finally:
            if chaos_session.outage:
                # Without a cluster no other scenario can run either; one message is enough.
                request.session.shouldfail = f"stopped: {chaos_session.outage}"
        return results[-1]

    yield run
    if any(result.leftovers for result in results):
        raise CleanupFailedError(results)
