"""Brings up the clusters of a run beside its first one, while scenarios run on that already."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from harness.base import places
from harness.base.background import Background
from harness.base.errors import HarnessError, UsageError
from harness.base.progress import Progress
from harness.pytest_plugin.opened_stack import OpenedStack
from harness.stack import cluster_name, further
from harness.stack.lock import Held
from harness.stack.options import UpOptions
from harness.stack.state import StateFolder
from harness.stack.up import down

Outcome = Background[OpenedStack]


@dataclass(frozen=True)
class RunWork:
    """What a run does about further clusters.

    Attributes:
        hold: takes the lock of a cluster, for the rest of the run.
        bring_up: brings one up; called in a process of its own.
        wait_for: has scenarios go on, and calls something once such a process is over.
        joined: has scenarios run on it, too.
        not_joined: goes on without it; of its name and of why.
    """

    hold: Callable[[UpOptions], Held]
    bring_up: Callable[[UpOptions, Held], OpenedStack]
    wait_for: Callable[[Outcome, Callable[[Outcome], None]], None]
    joined: Callable[[OpenedStack, UpOptions], None]
    not_joined: Callable[[str, str], None]


def check(number: int, parallel: int, options: UpOptions) -> None:
    """Refuse several clusters where they make no sense.

    Raises:
        UsageError: says what they cannot go with.
    """
    if number == 1:
        return
    given = f"--clusters {number}"
    if options.existing is not None:
        raise UsageError(
            f"{given} cannot go with --context: that cluster is there, and the harness makes no others",
            next_step="leave out --clusters; with several --context each scenario runs in each cluster",
        )
    if options.uml_worker:
        raise UsageError(
            f"{given} cannot go with --uml-worker: a machine has room for one worker in user-mode Linux",
            next_step="leave out one of the two",
        )
    if parallel < number:
        raise UsageError(
            f"{given} with --parallel {parallel}: there would be a cluster on which nothing runs",
            next_step=f"use --parallel {number} or more",
        )
    for each in range(2, number + 1):
        cluster_name.check(further.further_name(options.cluster, each))


class FurtherClusters:
    """Those of one run, which come up one after the other: a machine makes two at once no sooner."""

    def __init__(self, options: UpOptions, number: int, work: RunWork) -> None:
        """Prepare.

        Args:
            options: of the first cluster.
            number: of all clusters.
            work: see RunWork.
        """
        self._first = options.cluster
        names = [further.further_name(self._first, each) for each in range(2, number + 1)]
        self._left = [replace(options, cluster=name) for name in names]
        self._begun: UpOptions | None = None
        self._work = work

    def begin(self) -> None:
        """Begin with the next one; the caller has no other thread."""
        while self._left:
            options = self._left.pop(0)
            try:
                with places.reported():
                    held = self._work.hold(options)
                    further.note(StateFolder(options.cluster), self._first)
            except HarnessError as error:
                self._go_on_without(options, error)
                continue
            background = Background(
                partial(_brought_up, self._work, options, held), f"bringing up the cluster {options.cluster}"
            )
            self._begun = options
            self._work.wait_for(background, partial(self._over, options, held))
            return

    def end(self) -> None:
        """Go on without those that are not up yet."""
        for options in filter(None, [self._begun, *self._left]):
            self._work.not_joined(options.cluster, "the run ended before it was up")
        self._begun, self._left = None, []

    def _over(self, options: UpOptions, held: Held, background: Outcome) -> None:
        self._begun = None
        try:
            stack = background.result()
            # What the process that made it held ended with it, or is this run's already.
            held.claim(stack.handle.kubeconfig, stack.handle.context)
            self._work.joined(stack, options)
        except HarnessError as error:
            self._go_on_without(options, error)
        self.begin()

    def _go_on_without(self, options: UpOptions, error: HarnessError) -> None:
        next_step = error.next_step or f"chaos-harness up {options.words}"
        self._work.not_joined(options.cluster, f"{error}; next step: {next_step}")


def _brought_up(work: RunWork, options: UpOptions, held: Held) -> OpenedStack:
    try:
        with places.reported():
            return work.bring_up(options, held)
    except BaseException:
        # What is half made takes the processor from the scenarios, and nobody goes on with it.
        if StateFolder(options.cluster).load() is None:
            with contextlib.suppress(HarnessError):
                down(options.cluster, Progress(io.StringIO()), held)
        raise
