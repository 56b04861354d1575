"""Progress of long work: what, how far, how long so far."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from harness.base.redaction import redact

_BEAT_SECONDS = 30.0


class Progress:
    """Prints one plain line when a step starts, while it lasts, and when it ends.

    Lines, not a redrawn screen: logs of CI stay greppable and a terminal reads the same.
    Steps may run at once, from several threads.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out
        self._began = time.monotonic()
        self._lock = threading.Lock()
        self.durations: dict[str, float] = {}

    def say(self, text: str) -> None:
        """Print one line, stamped with the seconds since the work began."""
        out = self._out or sys.stderr
        with self._lock:
            out.write(f"[{time.monotonic() - self._began:6.1f} s] {redact(text)}\n")
            out.flush()

    @contextmanager
    def step(self, name: str, estimate: str = "") -> Iterator[None]:
        """Announce `name`, repeat it every half minute while it lasts, and say how it ended.

        Args:
            name: what is being done, as a phrase: "compiling kube-apiserver".
            estimate: how long it usually takes, for the first line.
        """
        began = time.monotonic()
        self.say(f"{name} ..." + (f" (usually {estimate})" if estimate else ""))
        done = threading.Event()

        def beat() -> None:
            while not done.wait(_BEAT_SECONDS):
                self.say(f"{name} ... {time.monotonic() - began:.0f} s so far")

        beater = threading.Thread(target=beat, daemon=True)
        beater.start()
        try:
            yield
        except BaseException:
            self.say(f"{name}: FAILED after {time.monotonic() - began:.1f} s")
            raise
        else:
            self.durations[name] = round(time.monotonic() - began, 3)
            self.say(f"{name}: done in {self.durations[name]:.1f} s")
        finally:
            done.set()
            beater.join()
