"""Makes figures of matplotlib part of a page: themed by its CSS, small, with text that is text."""

from __future__ import annotations

import io
import os
import re
import unicodedata
from collections.abc import Sequence
from typing import Any, ClassVar

from markupsafe import Markup, escape

from harness.base import places

# Before matplotlib is loaded: its list of fonts goes where all that can be made anew is.
os.environ.setdefault("MPLCONFIGDIR", str(places.cache_dir() / "matplotlib"))

import matplotlib as mpl
from matplotlib.artist import Artist
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

THEME = {
    name: f"#fe00{number:02x}"
    for number, name in enumerate(
        [
            "fg",
            "muted",
            "line",
            "chaos",
            "step",
            "passed",
            "failed",
            "known_issue",
            "skipped",
            "error",
            *(f"series-{n}" for n in range(6)),
        ]
    )
}
"""A colour that stands for each of the page's CSS variables `--NAME`; no figure uses it for itself."""

STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "text.color": THEME["fg"],
    "text.parse_math": False,
    "axes.edgecolor": THEME["line"],
    "axes.facecolor": "none",
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.color": THEME["muted"],
    "ytick.color": THEME["muted"],
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "lines.solid_capstyle": "butt",
}

_POINTS_PER_INCH = 72
_NO_METADATA = dict.fromkeys(("Date", "Creator", "Format", "Type"))
_HEAD = re.compile(r"^.*?<svg [^>]*>", re.DOTALL)
_UNUSED = re.compile(r"<metadata>.*?</metadata>|<style type=\"text/css\">.*?</style>|<!--.*?-->", re.DOTALL)
_TAG = re.compile(r"<[^<>]+>")
_GROUP = re.compile(r'<g id="([^"]*)">')
_SPACE = re.compile(r"\s+")
_BETWEEN = re.compile(r">\s+<")
_FONT = re.compile(r"font-family: [^;\"]*;? ?")
_STILL = re.compile(r' transform="rotate\(-?0(?: [^)]*)?\)"')
_LONG = re.compile(r"(\d+\.\d)\d+")
_IDENTITY = re.compile(r'( id="| xlink:href="#|url\(#)')
_WRAPPED = re.compile(r"<g>(<use [^>]*/>|<path [^>]*/>|<text [^>]*>[^<]*</text>)</g>")
_COLOURS = re.compile("|".join(THEME.values()))
_BY_COLOUR = {colour: f"var(--{name})" for name, colour in THEME.items()}
_UNSHOWN = ("Cc", "Cf", "Cs", "Co", "Cn")
"""Categories of signs that are no text: control, format, surrogates, private use, unassigned."""


class Tips:
    """Texts that a page shows for artists of a figure when one points at them."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def put(self, artist: Artist, text: str) -> None:
        """Give an artist its text."""
        artist.set_gid(f"tip{len(self.texts)}")
        self.texts.append(text)


class _Renderer(RendererSVG):
    """Measures texts by height only, once a font: it would take longer than to draw them.

    That is all that placing a text needs whose start, middle or end the page's SVG aligns by itself.
    """

    measured: ClassVar[dict[int, tuple[float, float, float]]] = {}

    def get_text_width_height_descent(
        self, s: str, prop: FontProperties, ismath: Any
    ) -> tuple[float, float, float]:
        font = hash(prop)
        if font not in self.measured:
            measured = super().get_text_width_height_descent("lp", prop, ismath)  # type: ignore[no-untyped-call]
            self.measured[font] = measured
        return self.measured[font]


def figure(width: float, height: float) -> Figure:
    """Return an empty figure; sizes in units of the page's pixels."""
    made = Figure(figsize=(width / _POINTS_PER_INCH, height / _POINTS_PER_INCH), dpi=_POINTS_PER_INCH)
    made.patch.set_visible(False)
    FigureCanvasSVG(made)
    return made


def embed(drawn: Figure, prefix: str, label: str, tips: Sequence[str] = ()) -> Markup:
    """Return a figure as an element of a page.

    Args:
        drawn: the figure.
        prefix: of its ids, which have to be the only ones of that name in the page.
        label: what it is called, for screen readers.
        tips: see Tips.
    """
    out = io.StringIO()
    width, height = drawn.get_size_inches() * _POINTS_PER_INCH
    with mpl.rc_context(STYLE):
        # What `savefig` does, with a renderer of our own.
        renderer = _Renderer(  # type: ignore[no-untyped-call]
            width, height, out, image_dpi=_POINTS_PER_INCH, metadata=_NO_METADATA
        )
        drawn.draw(renderer)
        renderer.finalize()  # type: ignore[no-untyped-call]
    body = _small(_HEAD.sub("", out.getvalue()), prefix, tips)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'viewBox="0 0 {width:g} {height:g}" role="group" aria-label="{escape(label)}">'
    )
    # What matplotlib wrote is escaped by it; what is put in here is escaped here.
    return Markup(head + body)  # noqa: S704


def clean(text: str, most: int | None = None) -> str:
    """Return a text without signs that XML forbids or that change the direction, cut to `most` signs."""
    kept = "".join(" " if unicodedata.category(sign) in _UNSHOWN else sign for sign in text)
    return kept if most is None or len(kept) <= most else kept[: most - 1] + "\N{HORIZONTAL ELLIPSIS}"


def _small(text: str, prefix: str, tips: Sequence[str]) -> str:
    """Return what matplotlib wrote with our names and colours, without what says nothing.

    Only tags are changed: a label may look like a colour or a long number.
    """

    def tag(found: re.Match[str]) -> str:
        group = _GROUP.fullmatch(found[0])
        if group:
            number = group[1].removeprefix("tip")
            return f"<g><title>{escape(clean(tips[int(number)]))}</title>" if number != group[1] else "<g>"
        short = _LONG.sub(r"\1", _STILL.sub("", _FONT.sub("", _SPACE.sub(" ", found[0]))))
        named = _IDENTITY.sub(rf"\g<1>{prefix}", short.replace(' "', '"').replace(' d=" ', ' d="'))
        return _COLOURS.sub(lambda colour: _BY_COLOUR[colour[0]], named)

    text = _TAG.sub(tag, _UNUSED.sub("", text))
    text = _BETWEEN.sub("><", text).replace("<defs></defs>", "").strip()
    return _WRAPPED.sub(r"\1", _WRAPPED.sub(r"\1", text))
