"""Plugins of others that run tests in a way in which scenarios cannot run.

Scenarios share one cluster: one run has its lock, decides which of them may run at the same time, and keeps
the first verdict of each. Each plugin here takes that from it, and most without a word.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pytest

from harness.base.errors import UsageError

_PARALLEL = (
    "use --parallel N (--chaos-parallel N with plain pytest): the harness knows which scenarios may run at "
    "the same time"
)
_AGAIN = (
    "leave it out: the harness itself runs again, alone, what an overloaded machine left undecided (see also "
    "--parallel N)"
)
_AS_OFTEN = (
    "leave it out; run several times, each with a --report of its own, then: chaos-harness flaky REPORT..."
)


@dataclass(frozen=True)
class OtherPlugin:
    """A plugin of somebody else's.

    Attributes:
        name: of its package.
        module: whose presence among the plugins means that it is loaded.
        does: what it would do with scenarios, as a clause.
        instead: what its user does instead.
        options: how each is spelt, to where pytest keeps its value.
        settings: of the configuration file.
        off: values with which it does nothing.
        marker: of a test, that asks for it; "" where it has none. A tag of a scenario is one.
    """

    name: str
    module: str
    does: str
    instead: str
    options: dict[str, str]
    settings: tuple[str, ...] = ()
    off: tuple[object, ...] = (None, False, 0, "0", "")
    marker: str = ""

    def asked_by(self, config: pytest.Config, items: Iterable[pytest.Item]) -> str | None:
        """Return what asks for it, an option, a setting or a marker; None when nothing does."""
        if self.module not in {
            getattr(each, "__name__", None) for each in config.pluginmanager.get_plugins()
        }:
            return None
        for spelt, place in self.options.items():
            if config.getoption(place, None) not in self.off:
                return spelt
        for setting in self.settings:
            if config.getini(setting) not in self.off:
                return f"`{setting}` in {config.inipath or 'the configuration'}"
        if self.marker:
            for item in items:
                if item.get_closest_marker(self.marker) is not None:
                    return f"the marker `{self.marker}` of {item.nodeid}"
        return None


PLUGINS = (
    OtherPlugin(
        "pytest-xdist",
        "xdist.plugin",
        "runs scenarios in processes that know nothing of each other",
        _PARALLEL,
        {"-n": "numprocesses", "--dist": "dist", "--tx": "tx"},
        off=(None, 0, "no", []),
    ),
    OtherPlugin(
        "pytest-parallel",
        "pytest_parallel",
        "runs scenarios in processes and threads that know nothing of each other",
        _PARALLEL,
        {"--workers": "workers", "--tests-per-worker": "tests_per_worker"},
        ("workers", "tests_per_worker"),
    ),
    OtherPlugin(
        "pytest-run-parallel",
        "pytest_run_parallel.plugin",
        "runs each scenario several times at once",
        _PARALLEL,
        {"--parallel-threads": "parallel_threads", "--iterations": "iterations", "--forever": "forever"},
        off=(None, False, 0, 1, "1"),
        marker="parallel_threads",
    ),
    OtherPlugin(
        "pytest-forked",
        "pytest_forked",
        "runs each scenario in a process whose results the run never sees",
        "leave it out: each scenario has a process of its own anyway",
        {"--forked": "forked"},
        marker="forked",
    ),
    OtherPlugin(
        "pytest-rerunfailures",
        "pytest_rerunfailures",
        "runs a failed scenario again, and the last verdict replaces the first",
        _AGAIN,
        {"--reruns": "reruns", "--force-reruns": "force_reruns"},
        ("reruns",),
        marker="flaky",
    ),
    OtherPlugin(
        "pytest-retry",
        "pytest_retry.retry_plugin",
        "runs a failed scenario again, and the last verdict replaces the first",
        _AGAIN,
        {"--retries": "retries"},
        ("retries",),
        marker="flaky",
    ),
    OtherPlugin(
        "flaky",
        "flaky.flaky_pytest_plugin",
        "runs a failed scenario again, and the last verdict replaces the first",
        _AGAIN,
        {"--force-flaky": "force_flaky"},
    ),
    OtherPlugin(
        "pytest-flakefinder",
        "pytest_flakefinder",
        "runs each scenario several times under one name",
        _AS_OFTEN,
        {"--flake-finder": "flake_finder_enable"},
    ),
    OtherPlugin(
        "pytest-repeat",
        "pytest_repeat",
        "does not repeat scenarios: each would run once",
        _AS_OFTEN,
        {"--count": "count"},
        off=(None, 0, 1),
        marker="repeat",
    ),
    OtherPlugin(
        "pytest-timeout",
        "pytest_timeout",
        "measures how long the run waits for a scenario, not how long the scenario takes",
        "write `timeout: 20m` into the scenario file, which bounds the scenario and cleans up after it",
        {"--timeout": "timeout"},
        ("timeout",),
        marker="timeout",
    ),
)


def check(config: pytest.Config, scenarios: Iterable[pytest.Item]) -> None:
    """Refuse to run scenarios by a plugin that would spoil the run.

    Raises:
        pytest.UsageError: such a plugin is asked for; with what to do instead.
    """
    items = list(scenarios)
    for plugin in PLUGINS:
        if asked := plugin.asked_by(config, items):
            raise _refusal(plugin, asked)


def is_worker(config: pytest.Config) -> bool:
    """Say whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")


def refusal_of_xdist() -> pytest.UsageError:
    """Return the error of a controller of pytest-xdist whose workers have collected scenarios."""
    return _refusal(PLUGINS[0], "-n")


def run_twice(node: str) -> str:
    """Return why a run ends before a scenario's second run."""
    problem = f"{node} was about to run again: a plugin of pytest runs tests more than once"
    return UsageError(problem, next_step="leave that plugin out: -p no:NAME").render()


def _refusal(plugin: OtherPlugin, asked: str) -> pytest.UsageError:
    problem = f"scenarios cannot run with {asked}: {plugin.name} {plugin.does}"
    return pytest.UsageError(UsageError(problem, next_step=plugin.instead).render())
