"""What one reads in the drawing of a timeline."""

import math
import re
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judge.finding import Verdict
from harness.report.html.bands import Band, Moment
from harness.report.html.plot import WIDTH, _apart, plot
from harness.report.html.timeline import Line, StepSpan, Tick, Timeline, TimelinePanel, Window
from tests.fakes.pictures import SVG, svg

STEPS = [StepSpan(0, "wait 1 scrape", 100.0, 100.0, 101.0), StepSpan(1, "apply burn", 101.0, 101.5, 106.0)]
BURN = Band("StressChaos", "burn", 101.0, 105.0, ((101.2, 104.0),), (Moment(101.2, "Applied"),))


def drawn(*panels, steps=STEPS, bands=(BURN,)):
    made = Timeline(99.0, 106.0, list(steps), list(bands), list(panels))
    return svg(plot(made, "Timeline"))


def texts(root):
    return [each.text.strip() for each in root.iter(f"{SVG}text")]


def tips(root):
    return [each.text for each in root.iter(f"{SVG}title")]


def window(verdict, **changes):
    fields = {"began": 101.5, "decided": 103.0, "deadline": 110.0, "verdict": verdict, "step": 1}
    return Window(**(fields | {"kind": "equals", "text": f"step 1: {verdict.value}"} | changes))


def test_steps_and_chaos_are_named():
    root = drawn()
    assert {"1 wait 1 scrape", "2 apply burn", "StressChaos burn", "steps"} <= set(texts(root))
    assert "StressChaos burn: injected from 1.20 s to 4.00 s" in tips(root)
    assert "StressChaos burn: Applied 1.20 s" in tips(root)


def test_a_panel_names_its_series_their_range_and_each_verdict():
    panel = TimelinePanel(
        "things",
        lines=[
            Line("running", [(102.0, 1.0), (103.0, 7.0)]),
            Line("oracle truth", [(102.5, 3.0)], oracle=True),
        ],
        ticks=[Tick(102.0, True, True), Tick(103.0, True, False), Tick(104.0, False, False)],
        windows=[window(verdict) for verdict in Verdict],
        left_out=3,
    )
    found = texts(drawn(panel))
    assert {"things", "running", "oracle truth", "1", "7", "scrapes", "and 3 more series"} <= set(found)
    for verdict in Verdict:
        assert f"step 2: equals: {verdict.value.replace('_', ' ')}" in found


def test_growth_is_told_and_begins_at_nothing():
    found = texts(drawn(TimelinePanel("things_total", growth=True, lines=[Line("", [(102.0, 3.0)])])))
    assert {"things_total  (growth since the first sample)", "value", "0", "3"} <= set(found)


def test_without_series_that_is_said():
    assert "no series" in texts(drawn(TimelinePanel("things")))


def test_what_does_not_fit_a_step_is_in_its_tip():
    long = StepSpan(0, "x" * 300, 100.0, None, 101.0)
    root = drawn(steps=[long])
    assert any(text.endswith("\N{HORIZONTAL ELLIPSIS}") for text in texts(root))
    assert f"step 1: {'x' * 300}" in tips(root)


values = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.just(math.nan))


@settings(max_examples=15)
@given(st.lists(st.lists(values, max_size=4), max_size=6), st.booleans())
def test_any_values_can_be_drawn(series, growth):
    lines = [
        Line(str(n), [(102.0 + n, value) for n, value in enumerate(each)]) for n, each in enumerate(series)
    ]
    root = drawn(TimelinePanel("things", growth=growth, lines=lines))
    assert root.get("viewBox").startswith(f"0 0 {WIDTH:g} ")
    assert "nan" not in "".join(each.get("d", "") + each.get("y", "") for each in root.iter())


def test_the_largest_numbers_are_at_the_edges_of_a_panel():
    line = Line("x", [(102.0, -1.7e308), (103.0, 0.0), (104.0, 1.7e308)])
    (path,) = [
        each.get("d")
        for each in drawn(TimelinePanel("things", lines=[line])).iter()
        if "H" in each.get("d", "")
    ]
    low, middle, high = (float(each) for each in re.findall(r"[ V](\d+(?:\.\d)?)", path))
    assert low - middle == middle - high > 20


def test_what_began_before_the_picture_begins_at_its_edge():
    early = Band("StressChaos", "early", 50.0, 101.0, (), ())
    gone = Band("StressChaos", "gone", 50.0, 60.0, (), ())
    root = drawn(bands=[early, gone])
    places = {
        group.find(f"{SVG}title").text.split(":")[0]: group.find(f"{SVG}path").get("d")
        for group in root.iter(f"{SVG}g")
        if group.find(f"{SVG}path") is not None
    }
    assert list(places) == ["StressChaos early"]
    assert places["StressChaos early"].startswith("M56 ")


@given(st.lists(st.floats(0, 100), max_size=6), st.floats(70, 200))
def test_names_are_far_enough_apart_to_read_and_inside(wanted, height):
    placed = _apart(sorted(wanted), height)
    assert all(above - below > 11 for below, above in pairwise(placed))
    assert all(place <= height - 4 for place in placed)


def test_nothing_is_drawn_beyond_the_axes():
    """A chaos without effect ends its step early, and its events come later; oracles are read before it."""
    late = Band("StressChaos", "late", 120.0, 140.0, ((121.0, 130.0),), (Moment(120.0, "Applied"),))
    early = Band("StressChaos", "early", 50.0, 60.0, ((51.0, 55.0),), (Moment(50.0, "Applied"),))
    through = Band("StressChaos", "through", 50.0, 140.0, ((51.0, 130.0),), (Moment(51.0, "Applied"),))
    panel = TimelinePanel(
        "things",
        lines=[Line("oracle truth", [(10.0, 1.0), (20.0, 2.0), (100.0, 3.0), (200.0, 4.0)], oracle=True)],
        ticks=[Tick(20.0, True, True), Tick(200.0, False, False)],
        windows=[window(Verdict.FAIL, began=20.0, decided=200.0, deadline=300.0)],
    )
    root = drawn(panel, bands=(late, early, through))
    left, right = 56.0, WIDTH - 262.0
    for path in root.iter(f"{SVG}path"):
        at = left
        for command, numbers in re.findall(r"([MLHhVvaz])([-\d. ]*)", path.get("d")):
            values = [float(each) for each in numbers.split()]
            match command:
                case "M" | "L" | "H":
                    at = values[0]
                case "h":
                    at += values[0]
            assert left - 4 <= at <= right + 4, path.get("d")


def test_two_times_on_an_axis_are_told_apart():
    panel = TimelinePanel(
        "process_start_time_seconds", lines=[Line("a", [(102.0, 1.796e9), (103.0, 1.796e9 + 5)])]
    )
    assert {"00:53:20", "00:53:25"} <= set(texts(drawn(panel)))
