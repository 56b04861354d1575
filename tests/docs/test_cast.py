"""The terminal recording at the top of the README is one that players take, and takes a minute."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
RECORDING = ROOT / "docs/pictures/run.cast"


@pytest.fixture(scope="module")
def made_by() -> ModuleType:
    spec = importlib.util.spec_from_file_location("cast", ROOT / "ci" / "cast.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_recording_is_an_asciicast_of_a_minute() -> None:
    head, *events = map(json.loads, RECORDING.read_text().splitlines())
    assert (head["version"], head["width"]) == (2, 120)
    times = [time for time, kind, _ in events if kind == "o"]
    assert times == sorted(times)
    assert (times[0], times[-1]) == (0.0, 60.0)
    assert "came out as expected" in "".join(text for _, _, text in events)


def test_paths_of_the_machine_are_left_out(made_by: ModuleType) -> None:
    log = "rootdir: /home/me\nresults: /home/me/r/results.json\n1 passed\n"
    shown = [text for _, _, text in map(json.loads, made_by.cast(log, "ci/verify").splitlines()[1:])]
    assert shown == [
        "$ ci/verify\r\n",
        "rootdir: .\r\n",
        "results: report/results.json\r\n",
        "1 \x1b[32mpassed\x1b[0m\r\n",
    ]
