"""A figure as part of a page: real text, colours of the page, ids of its own, nothing unescaped."""

from xml.etree import ElementTree

import matplotlib as mpl
import pytest

from harness.html.svg import STYLE, THEME, Tips, clean, embed, figure

SVG = "{http://www.w3.org/2000/svg}"


def drawn(text="a label", tip="a tip", prefix="one-"):
    tips = Tips()
    with mpl.rc_context(STYLE):
        made = figure(200, 100)
        axes = made.add_axes((0.1, 0.1, 0.8, 0.8))
        (line,) = axes.plot([0, 1], [0, 1], "o-", color=THEME["failed"])
        tips.put(line, tip)
        axes.text(0.5, 0.5, text)
        return embed(made, prefix, f"about {text}", tips.texts)


def test_it_is_well_formed_and_its_text_is_text():
    root = ElementTree.fromstring(drawn())
    assert root.get("viewBox") == "0 0 200 100"
    assert "a label" in [each.text for each in root.iter(f"{SVG}text")]
    assert [each.text for each in root.iter(f"{SVG}title")] == ["a tip"]


def test_colours_are_variables_of_the_page():
    text = drawn()
    assert "var(--failed)" in text
    assert "#fe00" not in text
    assert "font-family" not in text


def test_ids_are_those_of_the_prefix_and_are_referred_to():
    root = ElementTree.fromstring(drawn(prefix="two-"))
    ids = [each.get("id") for each in root.iter() if each.get("id")]
    used = [each.get("{http://www.w3.org/1999/xlink}href") for each in root.iter(f"{SVG}use")]
    assert ids
    assert all(each.startswith("two-") for each in ids)
    assert {each[1:] for each in used} <= set(ids)
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "nasty", ['<script>alert("x")</script>', "$\\frac{", "&amp; ]]> -->", "\x00\x1b[31m\u202e\udfff"]
)
def test_any_text_is_only_text(nasty):
    root = ElementTree.fromstring(drawn(text=clean(nasty), tip=nasty))
    assert "script" not in {each.tag.removeprefix(SVG) for each in root.iter()}
    assert clean(nasty).strip() in "".join(root.itertext())


def test_a_label_that_looks_like_markup_is_left_alone():
    label = f'0.12345 id="m0123456789" {THEME["failed"]} url(#x) font-family: y;'
    assert label in "".join(ElementTree.fromstring(drawn(text=label)).itertext())


def test_a_long_text_is_cut():
    assert clean("x" * 10, 5) == "xxxx\N{HORIZONTAL ELLIPSIS}"
    assert clean("xxxxx", 5) == "xxxxx"
