"""Runs one scenario and makes a result of whatever comes of it."""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from harness.base import bundled, redaction
from harness.base.durations import text_of
from harness.base.errors import HarnessError, InfrastructureError
from harness.base.redaction import redact
from harness.chaosmesh.catalogue import Catalogue
from harness.judge.finding import Verdict
from harness.kubernetes.client import Cluster
from harness.results.concealed import conceal, secrets_of
from harness.results.places import source_lines
from harness.results.scenario import ScenarioInterruptedError, ScenarioResult
from harness.runner import interrupts, timeout, trouble
from harness.runner.apart import placed
from harness.runner.duration import time_limit
from harness.runner.needs import needs_of
from harness.runner.of_release import lacking, of_release
from harness.runner.run_context import RunContext
from harness.runner.sampler import PrometheusLostError
from harness.runner.scenario_run import ScenarioRun
from harness.runner.strategy import ChaosStrategy, StepStrategy
from harness.scenario.load import ScenarioFile

_VERSION_SECONDS = 3.0
_MOST_SOURCE = 32 * 1024
"""Signs of a scenario file that results have."""


def run(
    file: ScenarioFile,
    context: RunContext,
    catalogue: Catalogue,
    strategy: type[StepStrategy] = ChaosStrategy,
) -> ScenarioResult:
    """Run a scenario to its end, clean-up included.

    Trouble with the infrastructure does not leave as an exception: it is the verdict `error`. So is a defect
    of the harness. What interrupts (Ctrl-C) does leave, after the clean-up.

    Args:
        file: the scenario.
        context: what all scenarios of the run share.
        catalogue: of metrics, of all releases.
        strategy: how the steps are performed.
    """
    file = replace(file, scenario=of_release(file.scenario, context.release))
    scenario = file.scenario
    redaction.remember(secrets_of(file))
    result = _begun(file, context.on)
    context.observer.scenario(file.name, [redact(step.title()) for step in scenario.steps])
    context = placed(context, scenario.needs)
    missing = [
        f"{name}: {context.capabilities.get(name, 'not a capability that is probed')}"
        for name in scenario.needs
        if context.capabilities.get(name, "unknown") is not None
    ]
    missing += lacking(scenario, catalogue, context.release)
    if context.shared is not None and (why := needs_of(file, catalogue).refused(context.shared)):
        missing.append(why)
    if why := context.unfit(file):
        missing.append(why)
    if missing:
        result.verdict = Verdict.SKIPPED
        result.reason = "; ".join(missing)
    else:
        _perform(file, context, catalogue.in_release(context.release), strategy, result)
    conceal(result)
    context.observer.ended(result)
    return result


def lost(file: ScenarioFile, error: HarnessError, on: str = "") -> ScenarioResult:
    """Return what a scenario came to that ended before it told: it counts as what ran, too.

    Args:
        file: the scenario.
        error: what ended it.
        on: the cluster, as of RunContext.
    """
    result = _begun(file, on)
    trouble.record(result, error)
    return result


def _begun(file: ScenarioFile, on: str) -> ScenarioResult:
    scenario = file.scenario
    return ScenarioResult(
        name=file.name,
        file=bundled.shown(file.path),
        about=scenario.about,
        tags=list(scenario.tags),
        places=source_lines(file),
        source=_shown(file.text),
        cluster=on or None,
    )


def _shown(text: str) -> str:
    return redact(text) if len(text) <= _MOST_SOURCE else ""


def _perform(
    file: ScenarioFile,
    context: RunContext,
    catalogue: Catalogue,
    strategy: type[StepStrategy],
    result: ScenarioResult,
) -> None:
    began = time.monotonic()
    scenario_run: ScenarioRun | None = None
    finished = False
    try:
        try:
            scenario_run = ScenarioRun(file, context, catalogue, result, strategy)
            context.observer.owns([result.namespace or "", *result.further_namespaces])
            with timeout.limited(time_limit(file.scenario, context.interval)):
                scenario_run.perform()
            result.verdict = result.decide()
        except (Exception, timeout.TimeIsUpError) as caught:
            error = _foreseen(caught, file, context)
            trouble.record(result, error)
            if scenario_run is not None:
                with trouble.caught(result, file, context):
                    scenario_run.diagnose(error)
        finally:
            # Before the clean-up: what interrupts that does not undo what the scenario has come to.
            finished = sys.exception() is None
            if scenario_run is not None:
                with interrupts.put_off(), trouble.caught(result, file, context):
                    scenario_run.close()
    except KeyboardInterrupt as error:
        raise ScenarioInterruptedError(result, finished) from error
    finally:
        result.seconds = round(time.monotonic() - began, 3)


def _foreseen(caught: BaseException, file: ScenarioFile, context: RunContext) -> HarnessError:
    """Return what ended a scenario before its time as an error that says where to look."""
    if isinstance(caught, timeout.TimeIsUpError):
        return InfrastructureError(
            "inconclusive: the scenario took longer than its timeout of "
            + text_of(round(time_limit(file.scenario, context.interval))),
            next_step="look at what it waited for; one that needs more time says so: `timeout: 30m`",
        )
    error = trouble.as_error(caught, file, context)
    return _who_is_gone(error, context.cluster) if isinstance(error, PrometheusLostError) else error


def _who_is_gone(error: HarnessError, cluster: Cluster) -> HarnessError:
    """Return the API server's trouble when it has any: Prometheus is reached through it."""
    try:
        cluster.version(timeout=_VERSION_SECONDS)
    except HarnessError as found:
        found.next_step = found.next_step or "look at the cluster: chaos-harness status"
        return found
    return error
