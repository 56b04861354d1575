"""Says how a run goes on while it does: a line that is rewritten on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from harness.judge.finding import Finding, Pending, Verdict
from harness.judge.wording import head, with_clock
from harness.results.scenario import ScenarioResult
from harness.runner.observer import Observer

_REPEAT_SECONDS = 10.0


class Screen(Protocol):
    """Where it is said.

    Attributes:
        redraws: `status` shows something.
    """

    redraws: bool

    def status(self, left: str, right: str) -> None:
        """Show one line in place of the one before; when it does not fit, the left part is cut off."""

    def line(self, text: str) -> None:
        """Write a line that stays."""

    def end(self) -> None:
        """Leave the place to pytest's own words about the scenario."""


@dataclass
class _Turn:
    """How far a scenario is; times by the clock of `Live`, seconds.

    Attributes:
        said: when a line was written about it.
        told: the verdict of each expectation of the step that was told.
    """

    name: str
    steps: int
    began: float
    step_began: float
    said: float
    index: int = -1
    title: str = ""
    told: dict[str, str] = field(default_factory=dict)


class Live(Observer):
    """Tells a person what a run does, how far it is, and about how long it will take.

    On a terminal the status shows all of that; lines that stay are only written with `-v`. Elsewhere each
    step and each wait of 10 s is a line, which begins with `progress:`. Of scenarios that run at the same
    time the status shows the one that was told of last.
    """

    def __init__(
        self,
        screen: Screen,
        names: Sequence[str],
        usual: Mapping[str, float],
        verbosity: int,
        now: Callable[[], float] = time.monotonic,
        parallel: int = 1,
    ) -> None:
        """Prepare.

        Args:
            screen: where to write.
            names: of all scenarios that are to run, in their order.
            usual: seconds that scenarios took in an earlier run, by name.
            verbosity: pytest's: below 0 nothing is said.
            now: a clock, seconds.
            parallel: how many may run at the same time.
        """
        self._screen = screen
        self._left = list(names)
        self._total = len(self._left)
        self._usual = dict(usual)
        self._verbosity = verbosity
        self._now = now
        self._took: dict[str, float] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._parallel = parallel
        self._turns: dict[str, _Turn] = {}
        self._turn = _Turn("", 0, now(), now(), now())

    def run_goes_on(self, how: str) -> None:
        """Say so in a line that stays."""
        self._line(how)

    def turn_to(self, name: str) -> None:
        """Go on with another scenario."""
        self._turn = self._turns.get(name, self._turn)

    def scenario(self, name: str, steps: Sequence[str]) -> None:
        """Begin with a scenario."""
        now = self._now()
        again = self._verdicts.pop(name, None) is not None
        self._turn = self._turns[name] = _Turn(name, len(steps), now, now, now)
        if again:
            self._line(f"{name}: runs again, alone, as its first run was inconclusive")
        self._show("set-up")

    def step(self, index: int, title: str) -> None:
        """Begin with a step."""
        self._turn.index, self._turn.title = index, title
        self._turn.step_began = self._now()
        self._turn.told = {}
        if not self._screen.redraws:
            self._line(self._where())
        self._show(title)

    def waiting(self, what: str) -> None:
        """Show what is waited for; where the status does not, say so when it takes long."""
        self._show(f"waiting for {what}")
        if not self._screen.redraws and self._now() - self._turn.said >= _REPEAT_SECONDS:
            so_far = self._now() - self._turn.step_began
            self._line(f"{self._where()}: waiting for {what}, {so_far:.0f} s so far")

    def judged(self, verdicts: Sequence[Pending | Finding], scrapes: int) -> None:
        """Show what is not decided yet; with -v say what is."""
        if self._verbosity > 0:
            for finding in verdicts:
                if isinstance(finding, Finding):
                    self._tell(finding)
        pending = [each for each in verdicts if isinstance(each, Pending)]
        if pending:
            decided = f"{len(verdicts) - len(pending)} of {len(verdicts)} decided, scrape {scrapes}"
            self.waiting(f"{pending[0].waiting_for} ({decided})")

    def ended(self, result: ScenarioResult) -> None:
        """Count the scenario and say how far the run is."""
        self._verdicts[result.name] = result.verdict
        if result.name in self._left:
            self._left.remove(result.name)
        if result.verdict is not Verdict.SKIPPED:
            self._took[result.name] = result.seconds
        if not self._screen.redraws:
            verdict = result.verdict.words
            where = f" on {result.cluster}" if result.cluster else ""
            how = f"{result.name}: {verdict} in {result.seconds:.1f} s{where}"
            self._line("; ".join([how, f"{self._done()} of {self._total} done", *self._summary()]))
        self._turns.pop(result.name, None)
        if self._verbosity >= 0:
            self._screen.end()

    def seconds_left(self) -> float | None:
        """Return about how long the rest will take; None when nothing is known of any of it.

        What was never seen takes as long as scenarios took on average.
        """
        known = {**self._usual, **self._took}
        if not known:
            return None
        mean = sum(known.values()) / len(known)
        total = sum(known.get(name, mean) for name in self._left)
        for name, turn in self._turns.items():
            if name in self._left:
                # What takes longer than usual does not make the others shorter.
                total -= min(self._now() - turn.began, known.get(name, mean))
        return total / self._parallel

    def _tell(self, finding: Finding) -> None:
        if self._turn.told.get(finding.id) == finding.verdict.value:
            return
        # What passed may fail in a later scrape of the same step.
        self._turn.told[finding.id] = finding.verdict.value
        after = "" if finding.seconds is None else f" after {finding.seconds:.1f} s"
        reason = "" if finding.verdict is Verdict.PASS else f": {with_clock(finding.reason)}"
        self._line(f"{self._where()}: {head(finding)}{after}{reason}")

    def _where(self) -> str:
        turn = self._turn
        if turn.index < 0:
            return f"{turn.name}: set-up"
        of = f" of {turn.steps}" if turn.steps else ""
        return f"{turn.name}: step {turn.index + 1}{of} ({turn.title})"

    def _show(self, what: str) -> None:
        if self._verbosity < 0 or not self._screen.redraws:
            return
        number = f"[{min(self._done() + 1, self._total)}/{self._total}]"
        turn = self._turn
        of = f" of {turn.steps}" if turn.steps else ""
        step = f", step {turn.index + 1}{of}" if turn.index >= 0 else ""
        # What it waits for comes first: it is what a narrow terminal has to show.
        self._screen.status(f"{number} {what} ({turn.name}{step})", ", ".join(self._summary()))

    def _done(self) -> int:
        return len(self._verdicts)

    def _summary(self) -> list[str]:
        counts = Counter(self._verdicts.values())
        parts = [f"{number} {verdict.words}" for verdict, number in counts.items()]
        found = [", ".join(parts)] if parts else []
        left = self.seconds_left()
        return [*found, f"about {_clock(left)} left"] if left is not None and self._left else found

    def _line(self, text: str) -> None:
        if self._verbosity < 0:
            return
        self._turn.said = self._now()
        self._screen.line(f"progress: {text}")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
