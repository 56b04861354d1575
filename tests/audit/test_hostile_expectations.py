import gzip
import shutil
from pathlib import Path

import pytest

from harness.audit.replay import replay_folder
from harness.recording.reader import RecordingError
from tests.fakes.run import RECORDINGS


@pytest.mark.parametrize(
    ("right", "wrong", "told"),
    [
        (b'"absent":true}', b'"absent":true,"hold":1000000000}', "is no expectation"),
        (b'"absent":true}', b'"absent":true,"equals":1}', "is no expectation"),
        (
            b'{"type":"mark"',
            b'{"type":"note","time":1,"text":"","detail":{"native_histograms":[{}]}}\n{"type":"mark"',
            "a note lists no native_histograms",
        ),
    ],
)
def test_what_the_judge_cannot_read_is_damage_of_the_recording(
    tmp_path: Path, right: bytes, wrong: bytes, told: str
) -> None:
    folder = tmp_path / "stress-cpu"
    shutil.copytree(RECORDINGS / "stress-cpu", folder)
    entries = folder / "entries.jsonl.gz"
    raw = gzip.decompress(entries.read_bytes())
    assert right in raw
    entries.write_bytes(gzip.compress(raw.replace(right, wrong, 1)))
    with pytest.raises(RecordingError, match=told):
        replay_folder(folder)
