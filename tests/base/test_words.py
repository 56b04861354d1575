import pytest

from harness.base.words import inert, nth_expectation, nth_step


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain: text", "plain: text"),
        ("two\nlines", "two\nlines"),
        ("::error::owned", ": :error::owned"),
        ("a\n  ::add-mask::x", "a\n  : :add-mask::x"),
        ("\x1b[2J\x07\r\u202e", " [2J   "),
        ("a\r::stop-commands::x", "a ::stop-commands::x"),
        ("\r::stop-commands::x", " : :stop-commands::x"),
    ],
)
def test_nothing_in_a_text_is_obeyed(text: str, shown: str) -> None:
    assert inert(text) == shown


def test_people_count_steps_and_expectations_from_1() -> None:
    assert nth_step(0) == "step 1"
    assert nth_expectation("0.1") == "step 1, expectation 2"


@pytest.mark.parametrize("identity", ["", "1", "1.answered", "0.proof.0", "9" * 5000 + ".0"])
def test_an_id_of_something_else_is_shown_as_it_is(identity: str) -> None:
    assert nth_expectation(identity) == f"expectation {identity}"
