"""What a scenario carries of secrets, and its result without them."""

from __future__ import annotations

from collections.abc import Iterator

from harness.actions.registry import actions
from harness.base.redaction import redact, redact_shapes, redact_values, secrets_in, shapes_of
from harness.chaosmesh.components import COMPONENTS, NAMESPACE
from harness.judge.finding import Finding
from harness.results.scenario import ScenarioResult
from harness.scenario.load import ScenarioFile
from harness.scenario.template import TEMPLATE


def secrets_of(file: ScenarioFile) -> Iterator[str]:
    """Yield what goes by the name of a secret in the steps and the chaos of a scenario."""
    scenario = file.scenario
    workload = scenario.workload.name if scenario.workload else ""
    names = {scenario.scenario, workload, *scenario.chaos, *scenario.namespaces, *COMPONENTS, NAMESPACE}
    parts = [chaos.spec for chaos in scenario.chaos.values()]
    parts += [step.model_dump(by_alias=True, include=set(actions())) for step in scenario.steps]
    for part in parts:
        for secret in secrets_in(part):
            # What is a name of something is none, and a report without it could not be read.
            if secret not in names and secret.rpartition("-")[0] != workload and not TEMPLATE.search(secret):
                yield secret


def conceal(result: ScenarioResult) -> None:
    """Take the secrets out of what a result says.

    Findings are of a recording that has none already; in them, which have labels and PromQL, only what is a
    secret wherever it stands is looked for.
    """
    result.reason = result.reason and redact(result.reason)
    result.details = redact_values([line or "" for line in result.details])
    result.diagnostics_error = result.diagnostics_error and redact(result.diagnostics_error)
    for left in result.leftovers:
        left.what_was_done = redact(left.what_was_done)
    for step in result.steps:
        step.title = redact(step.title)
        step.proofs = redact_values(step.proofs)
        step.findings = [_without_shapes(finding) for finding in step.findings]
        if step.problem is not None:
            step.problem.reason = redact(step.problem.reason)
            step.problem.details = redact_values(step.problem.details)


def _without_shapes(finding: Finding) -> Finding:
    text = finding.model_dump_json()
    return finding if redact_shapes(text) == text else Finding.model_validate(shapes_of(finding.model_dump()))
