"""Draws how the delays of each metric are spread over the scenarios."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
from markupsafe import Markup
from matplotlib.ticker import FixedLocator

from harness.html.svg import STYLE, THEME, Tips, clean, embed, figure
from harness.html.visibility import Spread

_WIDTH, _LEFT, _RIGHT, _ROW, _TOP, _FOOT = 1000.0, 350.0, 20.0, 20.0, 4.0, 36.0


def plot(spreads: Sequence[Spread], prefix: str, label: str) -> Markup:
    """Return one row for each spread: a dot for each delay, a bar at the median."""
    height = _TOP + _ROW * len(spreads) + _FOOT
    with mpl.rc_context(STYLE):
        drawn = figure(_WIDTH, height)
        axes = drawn.add_axes(
            (_LEFT / _WIDTH, _FOOT / height, (_WIDTH - _LEFT - _RIGHT) / _WIDTH, 1 - (_TOP + _FOOT) / height)
        )
        axes.set_autoscale_on(False)
        axes.set_xlim(0, max([*(each.seconds[-1] for each in spreads), 1.0]) * 1.05)
        axes.set_ylim(len(spreads) - 0.5, -0.5)
        axes.yaxis.set_major_locator(FixedLocator([]))
        axes.set_xlabel("seconds", color=THEME["muted"], fontsize=9.5)
        tips = Tips()
        for row, each in enumerate(spreads):
            axes.axhline(row, color=THEME["line"], linewidth=0.6)
            axes.annotate(
                clean(each.metric, 60),
                (0, row),
                (-8, 0),
                textcoords="offset points",
                ha="right",
                va="center",
                fontsize=9.5,
            )
            (dots,) = axes.plot(
                each.seconds,
                [row] * len(each.seconds),
                linestyle="none",
                marker="o",
                markersize=5,
                alpha=0.7,
                markeredgewidth=0,
                color=THEME["series-0"],
            )
            tips.put(dots, ", ".join(f"{delay.scenario} {delay.seconds:.2f} s" for delay in each.delays[:20]))
            (middle,) = axes.plot([each.median], [row], "|", markersize=14, color=THEME["fg"], mew=2)
            tips.put(middle, f"median {each.median:.2f} s")
        return embed(drawn, prefix, label, tips.texts)
