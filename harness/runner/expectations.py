"""Records what a step expects, and has the judge decide it as samples and readings come."""

from __future__ import annotations

from harness.judge.finding import Finding, Pending
from harness.judge.given import Given
from harness.judge.judge import Judge
from harness.prometheus.prometheus import MalformedAnswerError, PrometheusUnreachableError
from harness.recording.model import Expected
from harness.runner.answers import answer_of
from harness.runner.plan import jobs_of, own_targets_only
from harness.runner.promptness import promptness_of
from harness.runner.readings import OracleReadings, to_read
from harness.runner.sampler import PrometheusLostError
from harness.runner.scenario_context import ScenarioContext
from harness.scenario.model import Expectation

_ANSWER_SECONDS = 30.0
"""How long no expression may be answered at all; until then each is asked again at the next tick."""


class Expectations:
    """The expectations of one scenario while it runs."""

    def __init__(self, context: ScenarioContext, readings: OracleReadings) -> None:
        self._context = context
        self._readings = readings
        self._unanswered_since: float | None = None
        self.judge = Judge(context.recording)

    def record(self, index: int, identity: str, expectation: Expectation, *, watched: bool) -> Given:
        """Record an expectation of a step with its templates resolved, and return it.

        Args:
            index: of the step.
            identity: of the expectation.
            expectation: as it is written.
            watched: what it is about has to stay so after its step.
        """
        context, catalogue = self._context, self._context.catalogue
        jobs = jobs_of(expectation, catalogue)
        spec = context.resolve(expectation.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        item = Expected(
            id=identity,
            step=index,
            spec=own_targets_only(spec, jobs, context.namespace),
            jobs=jobs,
            promptness=promptness_of(
                Expectation.model_validate(spec),
                context.scenario,
                context.scenario.steps[index],
                catalogue,
                context.namespace,
            ),
            watched=watched,
        )
        recorded = context.recorder.add(item)
        assert isinstance(recorded, Expected)
        return self.judge.case(recorded).given

    def decide(self, expected: list[Given]) -> list[Finding]:
        """Tick until the judge has decided all expectations; return what it says of each."""
        if not expected:
            return []
        sampler = self._context.sampler
        since = self._context.recording.marks[-1].time
        wanted = to_read(expected)
        self._readings.read_all(wanted)
        while True:
            if sampler.fetch():
                self._readings.read_all(wanted)
            verdicts = self._judge_all(expected)
            while self._answer(self._asks(expected)):
                verdicts = self._judge_all(expected)
            self._context.observer.judged(verdicts, max(sampler.scrapes_since(since).values(), default=0))
            decided = [verdict for verdict in verdicts if isinstance(verdict, Finding)]
            if len(decided) == len(verdicts) and not self._asks(expected):
                return decided
            sampler.pause()

    def _asks(self, expected: list[Given]) -> set[tuple[str, float]]:
        return self.judge.asks(each.expected for each in expected)

    def _judge_all(self, expected: list[Given]) -> list[Pending | Finding]:
        now = self._context.clock.now()
        return [self.judge.judge(item.expected, now) for item in expected]

    def _answer(self, asks: set[tuple[str, float]]) -> bool:
        """Have expressions evaluated; return whether any was. What fails is asked again at the next tick.

        Raises:
            PrometheusLostError: none was answered for 30 s, though samples may be.
        """
        context, answered = self._context, False
        for expression, time in sorted(asks):
            try:
                said = context.around.prometheus.query(expression, time)
            except (PrometheusUnreachableError, MalformedAnswerError) as error:
                context.note(f"asking {expression} failed: {error}")
                working = context.clock.working()
                since = self._unanswered_since = self._unanswered_since or working
                if working - since > _ANSWER_SECONDS:
                    raise PrometheusLostError(
                        f"Prometheus has not answered {expression} for {working - since:.0f} s",
                        next_step="ask it in Prometheus' own page; if it takes long there, ask for less",
                        details=[str(error), *error.details],
                    ) from error
                return answered
            self._unanswered_since = None
            context.recorder.add(answer_of(expression, time, context.clock.now(), said))
            answered = True
        return answered
