"""A drawing as part of a page: real text, colours of the page, nothing unescaped."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.report.html.svg import Drawing, DrawingLayer, Path, clean, marks, rectangle, steps, ticks
from tests.fakes.pictures import SVG, svg


def drawn(text="a label", tip="a tip"):
    made = Drawing(200, 100.5, f"about {text}")
    made.text(10, 20, text, "muted", "end")
    made.title(0, 10, "a title")
    made.add(DrawingLayer.SERIES, Path("M0 0H9", stroke="failed", width=1.6, dashes="3 2"), tip=tip)
    made.stroke((0, 0), (10, 10), "line")
    made.stroke((0, 5), (10.04, 5), "line")
    made.add(DrawingLayer.AREA, Path(rectangle(1, 2, 3, 4), fill="step", opacity=0.5))
    return svg(made)


def test_its_text_is_text():
    root = drawn()
    assert (root.get("viewBox"), root.get("aria-label")) == ("0 0 200 100.5", "about a label")
    label, title = root.iter(f"{SVG}text")
    assert (label.text, label.get("text-anchor"), label.get("x")) == ("a label", "end", "10.0")
    assert (title.text, title.get("font-weight")) == ("a title", "700")
    assert [each.text for each in root.iter(f"{SVG}title")] == ["a tip"]


def test_areas_are_below_lines_and_lines_below_series():
    area, line, series = drawn().iter(f"{SVG}path")
    assert (area.get("d"), area.get("opacity")) == ("M1 2h3v4h-3z", "0.5")
    assert line.get("d") == "M0 0L10 10M0 5L10 5", "all of one look are one path"
    assert (series.get("stroke-dasharray"), series.get("stroke-width")) == ("3 2", "1.6")


def test_colours_are_variables_of_the_page():
    styles = [each.get("style") for each in drawn().iter() if each.get("style")]
    assert styles == [
        "fill:var(--step)",
        "stroke:var(--line)",
        "stroke:var(--failed)",
        "fill:var(--muted)",
        "fill:var(--fg)",
    ]


@pytest.mark.parametrize(
    "nasty",
    ['<script>alert("x")</script>', "$\\frac{", "&amp; ]]> -->", "\x00\x1b[31m\u202e\udfff", '" x="y'],
)
def test_any_text_is_only_text(nasty):
    root = drawn(text=clean(nasty), tip=nasty)
    assert {each.tag.removeprefix(SVG) for each in root.iter()} == {"svg", "g", "title", "path", "text"}
    assert clean(nasty).strip() in "".join(root.itertext())
    assert root.get("aria-label") == f"about {clean(nasty)}"


def test_a_long_text_is_cut():
    assert clean("x" * 10, 5) == "xxxx\N{HORIZONTAL ELLIPSIS}"
    assert clean("xxxxx", 5) == "xxxxx"


@pytest.mark.parametrize(
    ("points", "path"),
    [
        ([], ""),
        ([(1, 2)], "M1 2"),
        ([(1, 2), (3, 4.25)], "M1 2H3V4.2"),
        ([(1, 2), (3, math.nan), (5, 6), (7, 6)], "M1 2H3M5 6H7V6"),
        ([(1, math.nan), (2, math.nan), (3, 4)], "M3 4"),
    ],
)
def test_a_value_lasts_until_the_next_or_until_there_is_none(points, path):
    assert steps(points) == path


@pytest.mark.parametrize(
    ("mark", "path"),
    [
        ("circle", "M8 20a2 2 0 1 0 4 0a2 2 0 1 0 -4 0"),
        ("square", "M8 18L12 18L12 22L8 22z"),
        ("diamond", "M10 17.2L12.8 20L10 22.8L7.2 20z"),
        ("thin diamond", "M10 17.2L11.7 20L10 22.8L8.3 20z"),
        ("tick", "M10 18L10 22z"),
        ("x", "M8 18L12 22zM8 22L12 18z"),
    ],
)
def test_marks(mark, path):
    assert marks(mark, 4, [(10, 20), (30, math.nan)]) == path
    assert marks(mark, 4, [(10, 20)] * 2) == path * 2


@pytest.mark.parametrize(
    ("first", "last", "most", "found"),
    [
        (0, 1.05, 9, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (-1, 3.1, 12, [-1, -0.5, 0, 0.5, 1, 1.5, 2, 2.5, 3]),
        (-1.2, 33, 12, [0, 5, 10, 15, 20, 25, 30]),
        (-2, 70, 12, [0, 10, 20, 30, 40, 50, 60, 70]),
    ],
)
def test_ticks_are_round_numbers(first, last, most, found):
    assert ticks(first, last, most) == pytest.approx(found)


@given(st.floats(-100, 100), st.floats(1, 20_000), st.integers(5, 12))
def test_ticks_are_few_and_inside(first, length, most):
    found = ticks(first, first + length, most)
    assert 1 <= len(found) <= most + 1
    assert found[0] >= first - 1e-6
    assert found[-1] <= first + length + 1e-6
