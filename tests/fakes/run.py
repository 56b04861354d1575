"""A run with every verdict, made of the recordings of real ones.

What is wrong in it was put in: real Chaos Mesh did not do that.
"""

import shutil
from itertools import count, cycle
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.judge.finding import Finding, Verdict
from harness.recording.reader import read
from harness.results.results import Results, Run
from harness.results.scenario import Leftover, ScenarioResult, StepProblem, StepResult

RECORDINGS = Path(__file__).resolve().parent.parent / "recordings"
FAILURES = RECORDINGS.parent / "recordings-of-failures"
NAMES = sorted(path.name for path in RECORDINGS.iterdir() if path.is_dir())
_FINDINGS = TypeAdapter(list[Finding])


def make_run(folder: Path, scenarios: int | None = None, *, wrong: bool = True) -> Results:
    """Return results whose recordings are in the report's folder.

    Args:
        folder: of the report.
        scenarios: how many; the recordings are taken in turn. All of them once by default.
        wrong: whether anything is wrong.
    """
    stack = read(RECORDINGS / NAMES[0])[0].manifest.stack
    run = Run(
        id="f00dcafe",
        harness="0.1.0",
        started="2026-11-27T01:02:03+00:00",
        ended="2026-11-27T01:04:05+00:00",
        seconds=122.4,
        options={"cluster": "chaos-harness", "images": "source"},
        stack=stack,
    )
    results = Results(run=run)
    numbers = count()
    for name, number in zip(cycle(NAMES), range(scenarios or len(NAMES)), strict=False):
        results.scenarios.append(scenario(folder, name, next(numbers) // len(NAMES)))
        if wrong and number < len(NAMES):
            _put_wrong(results.scenarios[-1])
    if wrong:
        results.scenarios.append(skipped())
    results.count()
    return results


def recorded(name):
    """Return the folder of a recording, of those that passed or of those that failed."""
    return next(each / name for each in (RECORDINGS, FAILURES) if (each / name).is_dir())


def scenario(folder, name, copy=0):
    """Return a scenario as its recording says, with the recording in the folder."""
    full = f"{name}-{copy}" if copy else name
    target = folder / "recordings" / full
    if not target.exists():
        shutil.copytree(recorded(name), target)
    recording, _ = read(target)
    findings = _FINDINGS.validate_json((target / "findings.json").read_bytes())
    steps = []
    for number, title in enumerate(recording.manifest.steps):
        times: dict[str, Any] = {
            name: mark.time
            for name in ("started", "acknowledged", "settled", "ended")
            if (mark := recording.mark(number, name))
        }
        settled = recording.mark(number, "settled")
        steps.append(
            StepResult(
                title=title,
                findings=[finding for finding in findings if finding.step == number],
                proofs=settled.detail.get("proofs", []) if settled else [],
                **times,
            )
        )
    made = ScenarioResult(
        name=full,
        file=recording.manifest.file,
        about=f"What {name} does to the metrics is what it should.",
        tags=[Path(recording.manifest.file).parent.name, name.partition("-")[0]],
        namespace=recording.manifest.namespace,
        steps=steps,
        recording=target,
        seconds=5.2,
        phases={"set_up": 1.1, "steps": 3.9, "clean_up": 0.2},
    )
    made.verdict = made.decide()
    return made


def skipped():
    return ScenarioResult(
        name="network-delay",
        file="scenarios/daemon/network-delay.yaml",
        about="A delay is one qdisc more.",
        tags=["daemon", "network"],
        verdict=Verdict.SKIPPED,
        reason="the capability netem is missing: Error: Specified qdisc kind is unknown.",
    )


def change(result, identity, **changes):
    """Change one finding of a scenario, and decide anew."""
    for step in result.steps:
        step.findings = [
            finding.model_copy(update=changes) if finding.id == identity else finding
            for finding in step.findings
        ]
    result.verdict = result.decide()


def _put_wrong(result):
    match result.name:
        case "stress-cpu":
            change(result, "1.1", **_WRONG_VALUE, evidence=result.findings()[2].evidence | _LOOKS)
            change(result, "1.0", **_WRONG_SERIES)
        case "pod-kill":
            result.steps[1].findings = []
            result.steps[1].problem = StepProblem(
                kind="until",
                reason="PodChaos kill did not become injected within 30 s",
                details=["condition AllInjected=False", "event Failed: unable to kill: container not found"],
            )
            result.verdict = result.decide()
        case "time-skew":
            change(
                result,
                "1.0",
                verdict=Verdict.ERROR,
                reason="controller-manager/chaos-controller-manager-685ddc846-zc8c8 was down for 10 scrapes",
                layer="infrastructure",
                actual=[],
                explanation=["The last error of the target was: connection refused."],
            )
        case "schedule-fires":
            change(
                result,
                result.findings()[-1].id,
                verdict=Verdict.FAIL,
                level="should",
                reason="the value is 2",
            )
        case "workflow-serial":
            result.leftovers = [
                Leftover(kind="StressChaos", name="burn-x2n", what_was_done="its finalizer was removed")
            ]


_WRONG_VALUE = {
    "verdict": Verdict.FAIL,
    "expected": "an increase of 2 since before the step (the sum over the selected series)",
    "reason": "an increase of 1 at 1795402188.591; wanted: 2",
    "layer": "collector",
    "because": "a cpu and a memory stressor are two processes",
    "explanation": [
        "chaos-daemon itself exposed 41 between the scrapes, as Prometheus has it.",
        "The oracle managed-processes said 2 meanwhile.",
    ],
}
_LOOKS = {
    "looks": [
        {
            "target": "chaos-daemon/chaos-daemon-vzrw2",
            "began": 1795402188.7,
            "error": None,
            "metric_type": "counter",
            "exposed": [{"labels": {}, "value": 41.0}],
            "left_out": 0,
        }
    ]
}
_WRONG_SERIES = {
    "verdict": Verdict.FAIL,
    "reason": "1 series differs: phase injecting is there, phase running is not",
    "layer": "late",
    "evidence": {
        "table": [
            {"labels": {"kind": "StressChaos", "phase": "running"}, "expected": "1", "actual": None},
            {"labels": {"kind": "StressChaos", "phase": "injecting"}, "expected": None, "actual": 1.0},
        ]
    },
}
