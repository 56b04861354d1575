"""What asks a run to end: Ctrl-C, a job's time limit (SIGTERM), a terminal that is closed (SIGHUP).

The first ends the run, the second ends its waiting, never what it writes, the third ends the process.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_SAME_SECONDS = 1.0
"""Signals this close together are one: timeout(1) sends one to the process, and another to its group."""
_HARD = 3


class Interrupts:
    """Counts what asks this process to end.

    Attributes:
        count: how often it was asked.
        how: by what at first: "SIGINT".
        ending: the run ends: what comes from now on raises only where the run waits.
        heeded: the first one has come to who ends the run.
    """

    def __init__(self) -> None:
        self.count = 0
        self.how = ""
        self.ending = False
        self.heeded = False
        self._enough = 0
        self._last = float("-inf")
        self._before: dict[int, Any] = {}
        self._pid = os.getpid()
        self._tells: Callable[[sys.UnraisableHookArgs], object] = sys.unraisablehook

    def install(self) -> None:
        """Take signals from now on; one that is ignored, as SIGHUP by nohup, stays so."""
        self._pid = os.getpid()
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self.came)
        self._tells = sys.unraisablehook
        sys.unraisablehook = self.ignored

    def uninstall(self) -> None:
        """Leave signals as they were."""
        while self._before:
            signal.signal(*self._before.popitem())
        if sys.unraisablehook == self.ignored:
            sys.unraisablehook = self._tells

    def ignored(self, what: sys.UnraisableHookArgs) -> None:
        """Tell of what Python ignores, but of an interruption, which is raised again."""
        if not (self.count and isinstance(what.exc_value, KeyboardInterrupt)):
            self._tells(what)

    def came(self, number: int, _frame: FrameType | None = None) -> None:
        """Handle a signal.

        Raises:
            KeyboardInterrupt: for the first; for another where the run waits.
        """
        name = signal.Signals(number).name
        if os.getpid() != self._pid:
            # A process that was forked, and has no handler of its own yet.
            raise KeyboardInterrupt(name)
        if not self.note(name):
            return
        if self.count >= _HARD:
            signal.signal(number, signal.SIG_DFL)
            os.kill(self._pid, number)
        if not self.ending or 0 < self._enough <= self.count:
            self.ending = True
            raise KeyboardInterrupt(name)

    def note(self, name: str) -> bool:
        """Count one more, unless it is the same one again; return whether it counted."""
        now = time.monotonic()
        again = now - self._last < _SAME_SECONDS
        if not again:
            self._last = now
            self.count += 1
            self.how = self.how or name
        return not again

    def heed(self) -> None:
        """Know that the run ends."""
        self.ending = self.heeded = True

    def raise_again(self) -> None:
        """Raise what has come and was ignored, as Python does when it is raised in a destructor.

        https://docs.python.org/3/reference/datamodel.html#object.__del__

        Raises:
            KeyboardInterrupt: one came, and is neither heeded nor on its way.
        """
        if self.count and not self.heeded and not _on_its_way(sys.exc_info()[1]):
            self.ending = True
            raise KeyboardInterrupt(self.how)

    @contextmanager
    def waiting(self, enough: int) -> Iterator[None]:
        """Wait in the block, until the run was asked to end so often.

        Raises:
            KeyboardInterrupt: it was.
        """
        self._enough = enough
        try:
            if self.count >= enough:
                raise KeyboardInterrupt(self.how)
            yield
        finally:
            self._enough = 0


def raise_ignored() -> None:
    """Raise again what interrupted the run and was ignored; called where the run waits.

    Raises:
        KeyboardInterrupt: something was.
    """
    for number in SIGNALS:
        if owner := _owner(signal.getsignal(number)):
            owner.raise_again()


def _on_its_way(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


class _Postponed:
    """The handler of a signal while it is put off."""

    def __init__(self, note: Callable[[int, FrameType | None], None]) -> None:
        self._note = note

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self._note(number, frame)


@contextmanager
def put_off(*, waits: bool = True) -> Iterator[None]:
    """Put off what interrupts a run to the end of the block; a second one interrupts at once.

    Clean-up that is cut short leaves chaos in force, and a record that is cut short loses results. Only
    signals that interrupt are put off: one that is ignored, or ends the process, is left as it is. In the
    process of a scenario a second one is nothing: the run kills it when it is not to be waited for.

    Args:
        waits: the block waits for something; one that does not is never interrupted.

    Raises:
        KeyboardInterrupt: one came.
    """
    if threading.current_thread() is not threading.main_thread():
        # Python calls handlers in the main thread only.
        yield
        return
    before: dict[int, Any] = {number: signal.getsignal(number) for number in SIGNALS}
    if any(isinstance(handler, _Postponed) for handler in before.values()):
        # A block around this one puts off already, to its own end.
        yield
        return
    handled = [number for number, handler in before.items() if callable(handler)]
    owner = next((owner for number in handled if (owner := _owner(before[number]))), None)
    counting = owner or Interrupts()
    began_ending = counting.ending
    names: list[str] = []

    def note(number: int, _frame: FrameType | None) -> None:
        name = signal.Signals(number).name
        if counting.note(name):
            names.append(name)
        hurries = owner is not None or before[number] is signal.default_int_handler
        if waits and hurries and counting.count > 1:
            raise KeyboardInterrupt(name)

    for number in handled:
        signal.signal(number, _Postponed(note))
    try:
        if waits and counting.count > 1:
            # It came while the handlers were being set.
            raise KeyboardInterrupt(counting.how)
        yield
    finally:
        for number in handled:
            signal.signal(number, before[number])
        counting.ending = counting.ending or bool(names)
    # While the run ends, only waiting is interrupted.
    if names and (waits or not began_ending):
        raise KeyboardInterrupt(names[0])


def _owner(handler: Any) -> Interrupts | None:
    owner = getattr(handler, "__self__", None)
    return owner if isinstance(owner, Interrupts) else None
