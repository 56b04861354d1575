"""How what is given, collected and decided of an expectation are kept apart."""

import dataclasses

import pytest

from harness.judge import given as module
from harness.judge.finding import Verdict
from harness.judge.given import Given
from harness.judge.judge import Judge
from harness.judge.replay import judge_step
from harness.judge.sweep import Selection
from harness.recording.model import Recording
from harness.scenario.model import Expectation
from tests.fakes.recordings import Timeline, expected, manifest


def test_an_expectation_is_typed_once_and_its_selection_built_once(monkeypatch):
    counted = {"typed": 0, "selected": 0}
    validate, selection = Expectation.model_validate, Selection

    def typed(raw):
        counted["typed"] += 1
        return validate(raw)

    def select(*what):
        counted["selected"] += 1
        return selection(*what)

    monkeypatch.setattr(Expectation, "model_validate", typed)
    monkeypatch.setattr(module, "Selection", select)
    recording = Recording(manifest())
    item = expected(equals=1)
    recording.add(item)
    judging = Judge(recording)
    for time, entry in Timeline().values([0] * 30).mark("ended", 130.0).timed():
        recording.add(entry)
        judging.judge(item, time)
    (found,) = judge_step(recording, recording.marks[-1], judging)

    assert (found.verdict, found.explanation != []) == (Verdict.FAIL, True)
    assert counted == {"typed": 1, "selected": 1}


@pytest.mark.parametrize("name", ["recording", "expected", "spec"])
def test_what_is_given_does_not_change(name):
    given = Given.of(Recording(manifest()), expected(equals=1))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(given, name, None)
