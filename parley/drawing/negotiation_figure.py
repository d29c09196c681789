"""The picture of a negotiation: who asked for what and held how much until when, the price, and the load behind it, over time."""

from __future__ import annotations

import math
import textwrap
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from parley.analysis.bargains import DENIED, GRANTED, LOST, OPEN, Bargains, Grant
from parley.analysis.timeline import Timeline
from parley.drawing.canvas import Picture, name_faults, stacked
from parley.drawing.panels import BLUE, FAINT, INK, ORANGE, PALETTE, QUIET, RED, Label, draw_load, finish, name_warmup
from parley.wording import count, number

LANES_MAX, LANE_HIGH, PRICE_HIGH, LOAD_HIGH, HEAD = 12, 0.62, 1.5, 1.9, 1.55  # inches but the first
GAP, BELOW = 0.42, 0.12  # between panels: the legend stands in the first; of a lane below the lowest, for marks of nothing
LEFT, LETTER = 0.062, 0.0066  # of the width: the margin, and a letter of an agent's name
FULL = 0.86  # of a lane's height, at the largest amount
MANY = 400  # asks, from where on their marks are small
QUESTION_MAX, QUESTION_LINES = 96, 2  # letters of a line
ASKED = {GRANTED: (INK, "o", "white"), OPEN: (QUIET, "o", "white"), DENIED: (RED, "o", "white"), LOST: (RED, "x", RED)}


def picture_of_negotiation(timeline: Timeline, bargains: Bargains) -> Picture:
    """A lane an agent, above the prices of each pool, above the load."""
    agents = _most_active(timeline, bargains)
    has_prices = any(price > 0 for points in bargains.prices.values() for _, price in points)
    heights = [max(1.6, LANE_HIGH * len(agents)), *([PRICE_HIGH] if has_prices else []), LOAD_HIGH]
    left = max(LEFT, 0.012 + LETTER * max(map(len, agents), default=0))
    figure, panels = stacked(heights, HEAD + 0.55 + sum(heights), HEAD, left, GAP * len(heights) / (sum(heights) - GAP * len(heights[1:])))
    colours = dict(zip(bargains.pools, (BLUE, ORANGE, *PALETTE[2:]), strict=False))
    _lanes(panels[0], timeline, bargains, agents, colours)
    if has_prices:
        _prices(panels[1], timeline, bargains, colours)
    draw_load(panels[-1], timeline)
    for axes in panels:
        axes.tick_params(labelbottom=axes is panels[-1])
    figure.align_ylabels(panels[1:])
    name_warmup(panels[-1], timeline)
    name_faults(panels[0], timeline)
    _head(figure, timeline, bargains, left)
    return Picture(figure)


def _most_active(timeline: Timeline, bargains: Bargains) -> list[str]:
    """Classes above services, in the order of the file; where there are too many, those who were granted most often."""
    place = {name: nth for nth, name in enumerate([*timeline.scenario.workload, *timeline.scenario.services])}
    moves = Counter([one.agent for one in bargains.grants] + [one.agent for one in bargains.asks])
    chosen = {agent for agent, _ in moves.most_common(LANES_MAX)}
    return sorted(chosen & set(bargains.agents), key=lambda agent: (place.get(agent, len(place)), agent))


def _lanes(axes: Any, timeline: Timeline, bargains: Bargains, agents: Sequence[str], colours: dict[str, str]) -> None:
    """Asks as hollow marks, what is held as bars, as high as the amount."""
    most = {agent: _highest(bargains, bargains.speaks_of_flow(agent)) for agent in agents}
    base = {agent: len(agents) - 1 - nth for nth, agent in enumerate(agents)}
    for pool, colour in colours.items():
        held = [one for one in bargains.grants if one.pool == pool and one.agent in base]
        _bars(axes, [one for one in held if not one.is_lost], base, most,
              {"color": colour, "alpha": 0.55, "linewidth": 0.7, "edgecolor": "white"})  # fmt: skip
        _bars(axes, [one for one in held if one.is_lost], base, most,
              {"facecolor": "none", "edgecolor": RED, "linewidth": 1.0, "linestyle": (0, (3, 2))})  # fmt: skip
    size = 5.5 if len(bargains.asks) <= MANY else 3.0
    for verdict, (edge, marker, face) in ASKED.items():
        mine = [one for one in bargains.asks if one.verdict == verdict and one.agent in base]
        heights = [base[one.agent] + FULL * one.amount / most[one.agent] for one in mine]
        axes.plot([one.time_s for one in mine], heights, marker, markersize=size, markeredgecolor=edge, markerfacecolor=face,
                  markeredgewidth=1.2, linestyle="none", zorder=4)  # fmt: skip
    for height in base.values():
        axes.axhline(height, color=FAINT, linewidth=0.8, zorder=0.4)
    axes.set_ylim(-BELOW, max(1, len(agents)))
    if not agents:
        axes.annotate("nobody asked for an amount, or was granted one", (0.5, 0.5), xycoords="axes fraction", color=QUIET, fontsize=12,
                      ha="center")  # fmt: skip
    finish(axes, timeline, "", [Label(height + 0.42, _held(bargains, agent, timeline.end_s), QUIET) for agent, height in base.items()])
    axes.set_yticks([height + 0.42 for height in base.values()], list(base))
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.grid(visible=False)
    left = len(bargains.agents) - len(agents)
    _legend(axes, bargains, colours, most, left)


def _bars(axes: Any, held: Sequence[Grant], base: dict[str, int], most: dict[str, float], style: dict[str, Any]) -> None:
    if held:
        heights = [FULL * one.amount / most[one.agent] for one in held]
        axes.bar([one.start_s for one in held], heights, [one.end_s - one.start_s for one in held],
                 bottom=[base[one.agent] for one in held], align="edge", zorder=2, **style)  # fmt: skip


def _legend(axes: Any, bargains: Bargains, colours: dict[str, str], most: dict[str, float], left: int) -> None:
    """What marks mean, above the lanes, right."""
    met = {one.verdict for one in bargains.asks}
    tops = dict.fromkeys(f"{number(top, 3)}{'/s' * bargains.speaks_of_flow(agent)}" for agent, top in most.items())
    parts = [(f"highest: {' and '.join(tops)}", QUIET)] if tops else []
    parts += [*((f"▬ {pool or 'held'}", colour) for pool, colour in colours.items())]
    parts += [("○ asked", INK)] if met & {GRANTED, OPEN} else []
    parts += [("○ denied", RED)] if DENIED in met else []
    parts += [("× never arrived", RED)] if LOST in met else []
    parts += [("▯ granted, never heard of", RED)] if any(one.is_lost for one in bargains.grants) else []
    parts += [(f"… and {left} more agents", QUIET)] if left else []
    x = 0.0
    for text, colour in reversed(parts):
        said = axes.annotate(text, (1, 0), (-x, -13), xycoords="axes fraction", textcoords="offset points", fontsize=10.5, color=colour,
                             ha="right", va="center", annotation_clip=False)  # fmt: skip
        x += said.get_window_extent().width * 72 / axes.figure.dpi + 16


def _highest(bargains: Bargains, is_flow: bool) -> float:
    """Of all lanes of a kind: pods are of one scale, flows of another."""
    asked = [one.amount for one in bargains.asks if bargains.speaks_of_flow(one.agent) == is_flow]
    held = [one.amount for one in bargains.grants if bargains.speaks_of_flow(one.agent) == is_flow]
    return max([*asked, *held], default=0.0) or 1.0


def _held(bargains: Bargains, agent: str, end_s: float) -> str:
    """How much of what it asked for it held, from each ask to the next, on average over time."""
    share = bargains.held_share(agent, end_s)
    return "" if math.isnan(share) else f"held {100 * share:.0f} % of it"


def _prices(axes: Any, timeline: Timeline, bargains: Bargains, colours: dict[str, str]) -> None:
    """Steps from one price to the next, by pool."""
    labels, top = [], 0.0
    for pool, points in bargains.prices.items():
        time, price = np.array(points).T
        colour = colours.get(pool, INK)
        axes.step([*time, timeline.end_s], [*price, price[-1]], where="post", color=colour, linewidth=1.8)
        if len(points) <= MANY:
            axes.plot(time, price, "o", color=colour, markersize=3.5)
        labels.append(Label(float(price[-1]), pool or "price", colour))
        top = max(top, float(price.max()))
    axes.set_ylim(0, 1.15 * top if top > 0 else 1.0)
    axes.yaxis.set_major_formatter(lambda value, _: number(value, 3))
    finish(axes, timeline, "price", labels)


def _head(figure: Any, timeline: Timeline, bargains: Bargains, left: float) -> None:
    """Name, question, and how much was said."""
    high, scenario = figure.get_figheight(), timeline.scenario
    figure.text(left, 1 - 0.2 / high, scenario.name, fontsize=22, fontweight="bold", color=INK, va="top")
    question = "\n".join(textwrap.wrap(scenario.question, QUESTION_MAX, max_lines=QUESTION_LINES, placeholder=" …"))
    figure.text(left, 1 - 0.68 / high, question, fontsize=13, color=QUIET, va="top", style="italic")
    lost = sum(one.is_lost for one in bargains.said)
    tiles = [("messages", count(len(bargains.said)), INK), ("never arrived", count(lost), RED if lost else INK),
             ("conversations", count(bargains.conversations), INK), ("leases", count(len(bargains.grants)), INK)]  # fmt: skip
    for index, (name, value, colour) in enumerate(reversed(tiles)):
        figure.text(0.985 - 0.105 * index, 1 - 0.2 / high, value, fontsize=18, fontweight="bold", color=colour, va="top", ha="right")
        figure.text(0.985 - 0.105 * index, 1 - 0.52 / high, name, fontsize=11, color=QUIET, va="top", ha="right")
