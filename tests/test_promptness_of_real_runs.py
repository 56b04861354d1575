"""Recordings of real runs, judged with the promptness of today's catalogue, as they are and made too late."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.audit.mutation.mutate import mutate
from harness.chaosmesh.catalogue import catalogue
from harness.judge.finding import Verdict
from harness.judge.replay import replay
from harness.recording.model import Expected
from harness.recording.reader import RecordingReader
from harness.runner.promptness import promptness_of
from harness.scenario.model import Expectation, Scenario

RECORDINGS = Path(__file__).parent / "recordings"
NAMES = sorted(path.parent.name for path in RECORDINGS.glob("*/manifest.json"))
SCENARIO = Scenario.model_validate(
    {
        "scenario": "s",
        "about": "Waits for a phase.",
        "chaos": {"it": {"kind": "TimeChaos", "spec": {}}},
        "steps": [{"delete": "it"}],
    }
)


def today(entries, manifest):
    """Give each expectation what a recording of today would say; events were not followed then."""
    for entry in entries:
        if isinstance(entry, Expected):
            spec = Expectation.model_validate(entry.spec)
            # All that the recorded steps wait for is a phase, or what they do is done at once.
            found = promptness_of(spec, SCENARIO, SCENARIO.steps[0], catalogue(), manifest.namespace)
            yield entry.model_copy(update={"promptness": found.model_copy(update={"oracle": "", "key": ""})})
        else:
            yield entry


@pytest.mark.parametrize("name", NAMES)
def test_a_real_run_was_prompt(name):
    reader = RecordingReader(RECORDINGS / name)
    found = replay(today(reader.entries(), reader.manifest), reader.manifest)
    assert {finding.verdict for finding in found} <= {Verdict.PASS, Verdict.KNOWN_ISSUE}


@pytest.mark.parametrize("name", NAMES)
def test_no_expectation_lets_what_is_just_too_late_pass(name):
    reader = RecordingReader(RECORDINGS / name)
    score = mutate(today(reader.entries(), reader.manifest), reader.manifest)
    assert not [(each.id, survivor) for each in score.expectations for survivor in each.survived]
