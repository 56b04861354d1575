import pytest

from harness.base.words import inert


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
