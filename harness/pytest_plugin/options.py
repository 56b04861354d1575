"""The options of a run: on pytest's command line, in the environment, in pytest's configuration file."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

import pytest

from harness.base.errors import UsageError
from harness.pytest_plugin.session import usual_parallel
from harness.pytest_plugin.start_order import LAST_DURATIONS, ORDERS
from harness.runner.shard import ShardNumber
from harness.stack.options import ALLOW_NAMESPACE, EXISTING, STACK, Option

SHORT_NAMES = "harness.pytest_plugin.short_names"
"""The module that `chaos-harness run` loads."""
_PREFIX = "chaos_"


def _at_least_one(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"at least 1, not {number}")
    return number


def _shard(text: str) -> ShardNumber:
    try:
        return ShardNumber.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


RUN = (
    Option(
        "--exclusive",
        {
            "action": "store_true",
            "help": "with --context or --in-cluster: nobody else uses Chaos Mesh while the run lasts, so "
            "scenarios that look at what others change run too",
        },
    ),
    Option(
        "--allow-disruption",
        {
            "action": "store_true",
            "help": "with --context or --in-cluster: scenarios may restart, scale and break Chaos Mesh's "
            "components",
        },
    ),
    Option(
        "--control",
        {
            "action": "store_true",
            "help": "run without the chaos: expectations about its effect must then not hold",
        },
    ),
    Option(
        "--audit",
        {
            "action": "store_true",
            "help": "compare the metrics with the catalogue and count coverage also when only some "
            "scenarios run; a run of all of them always does",
        },
    ),
    Option(
        "--parallel",
        {
            "type": _at_least_one,
            "default": usual_parallel(),
            "metavar": "N",
            "help": "run up to N scenarios in parallel if they do not conflict "
            "(default: %(default)s; 1: one after the other)",
        },
        former=("--lanes",),
    ),
    Option(
        "--clusters",
        {
            "type": _at_least_one,
            "default": 1,
            "metavar": "N",
            "help": "run on up to N clusters, so that more scenarios find one where nothing conflicts with "
            "them; those after the first are called NAME-2, NAME-3, ..., and come up while scenarios run "
            "(default: %(default)s)",
        },
    ),
    Option(
        "--order",
        {
            "choices": ORDERS,
            "default": LAST_DURATIONS,
            "help": "start first what keeps others waiting longest by the last durations on this machine, or "
            "go by the order of the files (default: %(default)s; nothing changes with --parallel 1); reports "
            "always have the order of the files",
        },
    ),
    Option(
        "--shard",
        {
            "type": _shard,
            "metavar": "I/N",
            "help": "run only the I-th of N parts, which take about as long as each other by the last "
            "durations on this machine; `chaos-harness merge` makes one report of them",
        },
    ),
    Option(
        "--in-cluster",
        {
            "action": "store_true",
            "help": "run the scenarios in pods of the cluster, as a Job; their reports are merged into one",
        },
    ),
    Option(
        "--shards",
        {
            "type": _at_least_one,
            "default": 1,
            "metavar": "N",
            "help": "with --in-cluster: divide the scenarios among N pods that run at the same time; those "
            "that disturb each other go into one (default: %(default)s)",
        },
    ),
    Option(
        "--harness-image",
        {
            "metavar": "IMAGE",
            "help": "with --in-cluster: image of the harness, which the nodes have or can pull (default: it "
            "is built, and loaded into the nodes of a kind cluster of the harness)",
        },
    ),
    Option(
        "--secret",
        {
            "action": "append",
            "default": [],
            "metavar": "VARIABLE",
            "help": "environment variable whose value is hidden in all output; variables named like "
            "secrets (TOKEN, PASSWORD, ...) always are; repeatable",
        },
    ),
    Option(
        "--report",
        {
            "metavar": "DIR",
            "help": "folder for results and recordings (default: report; with --control: report-control)",
        },
    ),
)
"""Of the run itself, not of its stack."""

ALL = (*RUN, *STACK, *EXISTING, ALLOW_NAMESPACE)
_BY_DEST = {option.dest: option for option in ALL}


def add(parser: pytest.Parser, manager: pytest.PytestPluginManager) -> None:
    """Add all options, by their long names and, for `chaos-harness run`, by their short ones."""
    short = manager.hasplugin(SHORT_NAMES)
    group = parser.getgroup(
        "chaos-harness",
        "chaos observability harness; each also as CHAOS_HARNESS_NAME in the environment, and as chaos_NAME "
        "in pytest's section of the configuration file",
    )
    for option in ALL:
        names = [f"--{_long(option)}", *((option.name, *option.former) if short else ())]
        arguments = {**option.arguments, "dest": _dest(option), "default": None}
        about = arguments["help"].replace("%(default)s", str(option.default))
        if not short:
            about = about.replace("with --", "with --chaos-")
        # Of the names the first is shown in messages: the one that a person has most likely written.
        group.addoption(*(names[1:] + names[:1]), **{**arguments, "help": about})
        parser.addini(_key(option), about, type="string", default=None)
    group.addoption("--without-path-all", action="store_true", help=argparse.SUPPRESS)


def value(config: pytest.Config, dest: str) -> Any:
    """Return what an option was given: on the command line, else in the environment, else in the file.

    Args:
        config: of pytest.
        dest: the option, as `scrape_interval`.

    Raises:
        pytest.UsageError: what the environment or the file has for it is wrong.
    """
    option = _BY_DEST[dest]
    given = config.getoption(_dest(option))
    if given is not None:
        return given
    try:
        if text := os.environ.get(option.variable):
            return option.read(text, option.variable)
        if (written := config.getini(_key(option))) not in (None, ""):
            return option.read(written, f"{_key(option)} in {config.inipath or 'the configuration'}")
    except UsageError as error:
        # As pytest's own, which it shows without a traceback.
        raise pytest.UsageError(error.render()) from error
    return option.default


def of(config: pytest.Config) -> Callable[[str], Any]:
    """Return what gives the value of each option."""
    return lambda dest: value(config, dest)


def _long(option: Option) -> str:
    bare = option.name[2:]
    return bare if bare.startswith("chaos-") else f"chaos-{bare}"


def _dest(option: Option) -> str:
    return option.dest if option.dest.startswith(_PREFIX) else _PREFIX + option.dest


def _key(option: Option) -> str:
    return _long(option).replace("-", "_")
