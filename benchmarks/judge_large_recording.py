"""How long reading and judging a large recording takes, on one core, and how much memory.

    python -m benchmarks.judge_large_recording [SCRAPES]

Makes a recording of 10 targets with 1,000 series each (and some that come and go), 600 scrapes of each, 60
steps with 1,000 expectations of all kinds; then one of half its length and one of a quarter, with as many
steps and expectations in proportion: what is linear takes half and a quarter of the time. Each figure is of
a process of its own. A tick is what the runner asks of the judge about a step's expectations after each
scrape; it must not take longer at the end of a long run.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import mean
from typing import Any

from harness.judge.judge import Judge
from harness.judge.kind import kinds
from harness.judge.replay import replay
from harness.recording.model import (
    Answer,
    Expected,
    Manifest,
    Mark,
    Point,
    Reading,
    Recording,
    Samples,
    reading_key,
)
from harness.recording.reader import RecordingReader
from harness.recording.writer import RecordingWriter
from harness.runner.recorder import Recorder

JOB = "chaos-daemon"
TARGETS = 10
STEP_SCRAPES = 10
EXPECTATIONS_OF_60_STEPS = 1000
BEGIN = 1_795_400_000.0
_CALLS, _STATES, _LOADS, _RULES = 300, 200, 200, 298
_PODS = 2
_EXPRESSION = "sum(things)"

RawSeries = tuple[dict[str, str], list[tuple[float, float]]]


class Target:
    """What one target exposes at each scrape: counters, gauges, and pods that come with a step and go."""

    def __init__(self, number: int) -> None:
        self.labels = {"job": JOB, "instance": f"daemon-{number}", "node": f"node-{number}"}
        self.phase = number / TARGETS
        self._random = random.Random(number)
        self._rules = [0.0] * _RULES
        self._always = [
            *(self._named("up"), self._named("scrape_duration_seconds")),
            *(self._named("calls_total", method=f"m{i:03}", code="OK") for i in range(_CALLS)),
            *(self._named("states", kind=f"kind-{i % 20}", phase=f"phase-{i // 20}") for i in range(_STATES)),
            *(self._named("loads", container=f"container-{i:03}") for i in range(_LOADS)),
            *(
                self._named("rule_bytes_total", chain=f"CHAIN-{i % 5}", rule=f"-A OUTPUT -m set --match {i}")
                for i in range(_RULES)
            ),
        ]
        self._pods: dict[int, list[dict[str, str]]] = {}

    def scrape(self, second: int) -> list[RawSeries]:
        """Return the samples of the scrape of that second."""
        draw = self._random
        when = BEGIN + second + self.phase
        step = _step_at(second)
        for index in range(0, _RULES, 3):
            self._rules[index] += draw.randint(0, 2000)
        values = [1.0, round(0.05 + draw.random() / 10, 9)]
        values += [float(10 + i + 2 * max(0, (step - i) // 60 + 1)) for i in range(_CALLS)]
        values += [float(i % 3) for i in range(_STATES)]
        values += [10 + 10 * draw.random() for _ in range(_LOADS)]
        values += self._rules
        found = [(labels, [(when, value)]) for labels, value in zip(self._always, values, strict=True)]
        for born in (step - 1, step):
            found += [(labels, [(when, 1.0)]) for labels in self._pods_of(born)]
        return found

    def _pods_of(self, step: int) -> list[dict[str, str]]:
        if step not in self._pods:
            names = [f"pod-{i}" for i in range(_PODS)]
            self._pods[step] = [self._named("things", namespace=f"ns-{step}", pod=name) for name in names]
        return self._pods[step]

    def _named(self, metric: str, **labels: str) -> dict[str, str]:
        return {"__name__": metric, **self.labels, **labels}


def specs(step: int) -> Iterator[dict[str, Any]]:
    """Yield the expectations of a step, without end: all kinds, with matchers and oracles of all sorts."""
    round_ = 0
    while True:
        instance = f"daemon-{(step + round_) % TARGETS}"
        states = {"instance": instance, "kind": f"kind-{(step + round_) % 20}", "phase": f"phase-{step % 10}"}
        number = (step + round_) % 20 + 20 * (step % 10)
        load = {"instance": instance, "container": f"container-{(step * 7 + round_) % _LOADS:03}"}
        pods = {"instance": instance, "namespace": f"ns-{step}"}
        calls = {"method": f"m{step % 60:03}", "code": "OK"}
        yield {"metric": "states", "where": states, "equals": number % 3}
        yield {"metric": "states", "where": states, "equals": {"oracle": "truth", "of": number % 3}}
        yield {"metric": "calls_total", "where": calls, "increases_by": 2 * TARGETS}
        yield {
            "metric": "things",
            "where": pods,
            "series": [{"pod": f"pod-{i}", "value": 1} for i in range(_PODS)],
        }
        yield {"metric": "things", "where": {"namespace": f"ns-{step - 2}"}, "absent": True}
        yield {"metric": "things", "where": {"namespace": f"ns-{step}"}, "present": True}
        yield {"metric": "states", "where": {"phase": f"phase-{step % 10}"}, "unchanged": True}
        yield {"metric": "loads", "where": load, "between": [10, 20]}
        yield {"metric": "loads", "where": load, "at_least": 10, "hold": 3}
        yield {"metric": "loads", "where": load, "at_most": 20}
        yield {"metric": "loads", "where": load, "within": {"value": {"oracle": "truth", "of": 15}, "abs": 5}}
        yield {"metric": "rule_bytes_total", "where": {"chain": {"matches": "CHAIN-[0-3]"}}, "present": True}
        yield {"metric": "rule_bytes_total", "where": {"rule": {"matches": ".*match 1"}}, "unchanged": True}
        issue = {"id": "stressors-not-counted", "shows": {"equals": number % 3}}
        yield {"metric": "states", "where": states, "equals": 7, "known_issue": issue}
        yield {"promql": _EXPRESSION, "equals": 2 * _PODS * TARGETS}
        # This one fails, after the deadline and five more scrapes.
        yield {"metric": "states", "where": states, "equals": 7, "deadline": 1, "because": "wrong on purpose"}
        round_ += 1


def make(folder: Path, scrapes: int) -> None:
    """Write the recording, as a run would."""
    manifest = Manifest(
        scenario="large",
        file="large.yaml",
        namespace="ns",
        interval=1.0,
        clock_offset=0.0,
        clock_uncertainty=0.001,
        steps=[f"step {step}" for step in range(scrapes // STEP_SCRAPES)],
    )
    recorder = Recorder(Recording(manifest), RecordingWriter(folder, manifest))
    targets = [Target(number) for number in range(TARGETS)]
    for second in range(scrapes):
        step, within = divmod(second, STEP_SCRAPES)
        if within == 2:
            _begin(recorder, step)
        recorder.add_samples([series for target in targets for series in target.scrape(second)])
        _ask(recorder, max(target.phase for target in targets) + BEGIN + second)
        if within > 2:
            _read_oracles(recorder, BEGIN + second + 0.99)
        if within == STEP_SCRAPES - 1:
            recorder.add(Mark(time=BEGIN + second + 0.999, step=step, name="ended"))
    recorder.close()


def _step_at(second: int) -> int:
    """Return the step whose effects the scrape of that second shows."""
    return (second - 2) // STEP_SCRAPES


def _begin(recorder: Recorder, step: int) -> None:
    now = BEGIN + step * STEP_SCRAPES + 1.95
    recorder.add(Mark(time=now, step=step, name="started", detail={"action": "apply"}))
    recorder.add(Mark(time=now + 0.01, step=step, name="acknowledged"))
    recorder.add(Mark(time=now + 0.02, step=step, name="settled"))
    first, last = (EXPECTATIONS_OF_60_STEPS * each // 60 for each in (step, step + 1))
    for position, spec in zip(range(last - first), specs(step), strict=False):
        recorder.add(Expected(id=f"{step}.{position}", step=step, spec=spec, jobs=[JOB]))
    _read_oracles(recorder, now + 0.021)


def _ask(recorder: Recorder, when: float) -> None:
    vector = [Point(value=2 * _PODS * TARGETS)]
    recorder.add(
        Answer(expression=_EXPRESSION, time=when, asked=when + 0.05, result_type="vector", vector=vector)
    )


def _read_oracles(recorder: Recorder, now: float) -> None:
    for answer in (0, 1, 2, 15):
        recorder.add(
            Reading(
                oracle="truth",
                key=reading_key({"of": answer}),
                began=now,
                ended=now + 0.001,
                vector=[Point(value=answer)],
            )
        )


def read_only(folder: Path) -> dict[str, int]:
    """Read a recording into memory; return how many series it has."""
    reader = RecordingReader(folder)
    recording = Recording(reader.manifest)
    for entry in reader.entries():
        recording.add(entry)
    return {"series": len(recording.series)}


def read_and_judge(folder: Path) -> dict[str, int]:
    """Replay a recording; return how often each verdict came out."""
    reader = RecordingReader(folder)
    findings = replay(reader.entries(), reader.manifest)
    assert {finding.kind for finding in findings} == set(kinds()), "all kinds are measured"
    return Counter(finding.verdict.value for finding in findings)


def tick(folder: Path) -> dict[str, float]:
    """Judge a recording as it grows; return the milliseconds of a tick in its first and last quarter."""
    reader = RecordingReader(folder)
    recording = Recording(reader.manifest)
    judge = Judge(recording)
    steps, step, second = len(reader.manifest.steps), 0, 0.0
    ticks: dict[int, list[float]] = {}
    for entry in reader.entries():
        recording.add(entry)
        if isinstance(entry, Mark):
            step = entry.step if entry.name == "settled" else step
        elif isinstance(entry, Samples) and entry.time >= second + 1:
            second = entry.time
            began = time.process_time()
            for expected in recording.expected_of(step):
                judge.judge(expected, entry.time)
            ticks.setdefault(step, []).append(time.process_time() - began)
    quarter = max(1, steps // 4)
    parts = {"first": range(1, 1 + quarter), "last": range(steps - quarter, steps)}
    return {
        name: 1000 * mean(spent for each in part for spent in ticks[each]) for name, part in parts.items()
    }


def measure(work: Callable[[Path], dict[str, Any]], folder: Path) -> dict[str, Any]:
    """Do the work in this process, on one core; return seconds and MiB."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    before = _peak()
    wall, cpu = time.monotonic(), time.process_time()
    counts = work(folder)
    return {
        "wall": time.monotonic() - wall,
        "cpu": time.process_time() - cpu,
        "before": before,
        "peak": _peak(),
        "counts": counts,
    }


def _peak() -> float:
    """Return the most memory (MiB) that this process had; getrusage would count its parent's, too."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def _in_a_process(work: Callable[[Path], dict[str, Any]], folder: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.judge_large_recording", work.__name__, str(folder)]
    found: dict[str, Any] = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return found


def main() -> None:
    """Measure the whole, a half and a quarter, and print a line each and the ratios."""
    if len(sys.argv) > 2:
        work = {each.__name__: each for each in (read_only, read_and_judge, tick)}[sys.argv[1]]
        print(json.dumps(measure(work, Path(sys.argv[2]))))
        return
    scrapes = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    seconds: list[float] = []
    for length in (scrapes, scrapes // 2, scrapes // 4):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            make(folder, length)
            size = sum(file.stat().st_size for file in folder.iterdir()) / 2**20
            read, both, ticks = (_in_a_process(work, folder) for work in (read_only, read_and_judge, tick))
        seconds.append(both["cpu"])
        print(
            f"{length} scrapes of {TARGETS} targets, {read['counts']['series']} series, "
            f"{sum(both['counts'].values())} expectations {both['counts']}, {size:.1f} MiB on disk:\n"
            f"  reading {read['cpu']:.2f} s of CPU ({read['wall']:.2f} s), {read['peak']:.0f} MiB; "
            f"reading and judging {both['cpu']:.2f} s ({both['wall']:.2f} s), {both['peak']:.0f} MiB "
            f"(Python and the harness alone: {both['before']:.0f} MiB)\n"
            f"  a tick: {ticks['counts']['first']:.1f} ms in the first quarter, "
            f"{ticks['counts']['last']:.1f} ms in the last",
            flush=True,
        )
    ratios = " and ".join(f"{long / short:.2f}" for long, short in pairwise(seconds))
    print(f"twice the length takes {ratios} times as long")


if __name__ == "__main__":
    main()
