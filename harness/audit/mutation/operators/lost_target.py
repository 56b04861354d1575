"""The target is lost, and what it said is still there."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from harness.audit.mutation.operator import Mutant, Operator
from harness.audit.mutation.subject import MutationSubject
from harness.judge.finding import Verdict
from harness.judge.state import target_text


class LostTarget(Operator):
    """Since the baseline no scrape of a target succeeds, while its samples go on: they are stale.

    Or no scrape at all is made of any of them. What Prometheus writes itself about a scrape that failed
    (`up`, `scrape_*`) is not stale.
    """

    name = "lost-target"
    summary = "the target is down, or is not scraped any more, and its old samples are still shown"
    killed_as = Verdict.ERROR

    def mutants(self, subject: MutationSubject) -> Iterator[Mutant]:
        """Yield the table with each target down, with all of them down, and with none scraped.

        Only targets that take part in the states that the verdict rests on, and stay: what is said of a pod
        that came after them, or is gone by the deadline, would be right without it.
        """
        if subject.about_scrapes:
            return
        table = subject.table
        targets = sorted({*subject.scraped(), *subject.rests_on})
        lost = {target: {(target, time) for time in subject.later(target)} for target in targets}
        for target in sorted(each for each in subject.rests_on if subject.leaves(each) == math.inf):
            down = replace(table, down=table.down | lost[target])
            yield self.mutant(f"{target_text(target)} is down", down)
        every = {each for found in lost.values() for each in found}
        if len(targets) > 1:
            yield self.mutant("all targets are down", replace(table, down=table.down | every))
        silent = {
            target: tuple(time for time in times if (target, time) not in lost.get(target, ()))
            for target, times in table.scrapes.items()
        }
        yield self.mutant("no target is scraped", replace(table, scrapes=silent))


OPERATORS = [LostTarget]
