"""The changelog has the headings of Keep a Changelog, and the version of this checkout is its newest."""

import re
import tomllib
from pathlib import Path

from harness import __version__

ROOT = Path(__file__).resolve().parent.parent.parent
TEXT = (ROOT / "CHANGELOG.md").read_text()

HEADINGS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_versions_are_dated_and_what_is_not_released_comes_first() -> None:
    first, *released = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)

    assert first == "[Unreleased]"
    assert released
    assert [each for each in released if not re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each)] == []
    assert [each.split(" - ")[1] for each in released] == sorted(
        (each.split(" - ")[1] for each in released), reverse=True
    )


def test_changes_stand_under_their_kinds() -> None:
    assert set(re.findall(r"^### (.+)$", TEXT, re.MULTILINE)) <= HEADINGS
    for version in re.split(r"^## ", TEXT, flags=re.MULTILINE)[1:]:
        before = version.partition("\n### ")[0]
        assert "\n- " not in before, f"a change under no heading: {before[:80]}"


def test_the_newest_version_is_that_of_the_checkout() -> None:
    (version, *_) = re.findall(r"^## \[(\d.*?)\]", TEXT, re.MULTILINE)

    assert version == __version__
    assert version == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
