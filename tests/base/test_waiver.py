"""Waivers of every kind: read from files, for something, until a day."""

from datetime import date

import pytest

from harness.base.errors import UsageError
from harness.base.waiver import WaivedPart, Waiver, first, holding, read


class Named(WaivedPart):
    name: str

    def selects(self, what):
        return what == self.name


def waivers(tmp_path, text, *, expire=True):
    (tmp_path / "some.yaml").write_text(text)
    return read(tmp_path.glob("*.yaml"), Named, expire=expire, see="a page")


def test_an_entry_is_what_it_is_about_a_reason_and_a_day(tmp_path):
    found = waivers(
        tmp_path, "- {name: a, until: 2026-01-31, reason: later}\n- {name: b, until: 2026-02-01, reason: x}\n"
    )
    assert found[0] == Waiver(about=Named(name="a"), reason="later", until=date(2026, 1, 31))
    assert [each.day for each in found] == ["2026-01-31", "2026-02-01"]
    assert waivers(tmp_path, "") == []


def test_one_holds_on_its_last_day_and_no_longer(tmp_path):
    found = waivers(tmp_path, "- {name: a, until: 2026-01-31, reason: later}\n")
    assert holding(found, date(2026, 1, 31)) == found
    assert holding(found, date(2026, 2, 1)) == []


def test_one_without_a_day_holds_for_good(tmp_path):
    found = waivers(tmp_path, "- {name: a, reason: never}\n", expire=False)
    assert holding(found, date(2999, 1, 1)) == found
    assert found[0].day is None


def test_the_first_that_selects_something_is_taken(tmp_path):
    found = waivers(tmp_path, "- {name: a, reason: one}\n- {name: a, reason: two}\n", expire=False)
    one = first(found, "a")
    assert one is not None
    assert one.reason == "one"
    assert first(found, "b") is None


@pytest.mark.parametrize(
    ("text", "expire", "problem"),
    [
        ("- {name: a, reason: x}", True, "`until` is missing"),
        ("- {name: a, reason: x, until: 2026-01-01}", False, "`until` has no meaning here"),
        ("- {name: a}", False, "Field required"),
        ("- {name: a, reason: ''}", False, "String should have at least 1 character"),
        ("- {name: a, reason: x, other: 1}", False, "Extra inputs are not permitted"),
        ("- {reason: x}", False, "Field required"),
        ("- {name: a, reason: x, until: soon}", True, "Input should be a valid date"),
        ("name: a", False, "{'name': 'a'} is no waiver|Field required"),
        ("3", False, "3 is no waiver"),
        ("- 3", False, "3 is no waiver"),
        ("{", False, "some.yaml"),
    ],
)
def test_a_file_that_is_none_is_named(tmp_path, text, expire, problem):
    with pytest.raises(UsageError, match=rf"some\.yaml is no list of waivers: .*({problem})") as refused:
        waivers(tmp_path, text, expire=expire)
    assert refused.value.next_step == "see a page"
