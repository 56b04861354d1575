"""What a run writes and says, to the letter: a change of it is seen, and is meant.

`CHAOS_HARNESS_GOLDEN=write python -m pytest tests/golden` writes the expected files again; read the
difference before it is committed.
"""

import difflib
import os
from pathlib import Path

import pytest

from tests.golden.run import files

EXPECTED = Path(__file__).parent / "expected"
NAMES = ("results.json", "summary.md", "junit.xml", "index.html", "terminal.txt")


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    found = files(tmp_path_factory.mktemp("golden").resolve())
    if os.environ.get("CHAOS_HARNESS_GOLDEN") == "write":
        for name, text in found.items():
            (EXPECTED / name).write_text(text)
    return found


def test_nothing_is_left_out(written):
    assert sorted(written) == sorted(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_run_writes_what_it_wrote_before(written, name):
    before = (EXPECTED / name).read_text().splitlines()
    now = written[name].splitlines()
    assert "\n".join(difflib.unified_diff(before, now, "expected", "written", lineterm="", n=1)) == ""
