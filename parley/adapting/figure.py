"""The picture of days of a policy that learns on: reward and pods over time of all who are compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from parley.adapting.adapting import Adaptation
from parley.adapting.days import FROZEN, LEARNER, RULE, TOLD, WHO
from parley.drawing.canvas import Picture, blank
from parley.drawing.panels import BLUE, FAINT, GREEN, INK, ORANGE, QUIET
from parley.wording import clock

WIDE, HIGH, HEAD, FOOT = 16.0, 8.4, 1.75, 0.75  # inches
COLOURS = {RULE: INK, FROZEN: ORANGE, LEARNER: BLUE, TOLD: GREEN}
DASHES: dict[str, Any] = {RULE: (0, (4, 3)), FROZEN: "-", LEARNER: "-", TOLD: (0, (1, 1.5))}
POINTS = 96  # that a line is drawn through: means of as many stretches
PANELS = {"reward": "reward of a tick", "pods": "pods asked for"}


def picture_of_adaptation(found: Adaptation) -> Picture:
    """Means over days; of the learner each day, too, thinly."""
    figure = blank(WIDE, HIGH)
    room = {"left": 0.06, "right": 0.985, "top": 1 - HEAD / HIGH, "bottom": FOOT / HIGH, "hspace": 0.25, "height_ratios": (2, 1)}
    for axes, (what, title) in zip(figure.subplots(2, 1, sharex=True, gridspec_kw=room), PANELS.items(), strict=True):
        for who in found.plan.who:
            _draw(axes, found, who, what)
        axes.axvline(found.plan.shift_ns / 3.6e12, color=QUIET, linewidth=1)
        axes.set_title(title, loc="left", fontsize=13, fontweight="bold", color=INK, pad=8)
        axes.grid(axis="y", color=FAINT, linewidth=0.8)
        axes.tick_params(colors=QUIET, labelsize=10.5)
        for side in ("top", "right", "left"):
            axes.spines[side].set_visible(False)
    axes.set_xlabel("hours", color=QUIET, fontsize=11)
    figure.text(0.012, 1 - 0.2 / HIGH, str(found.manifest["name"]), fontsize=20, fontweight="bold", color=INK, va="top")
    says = f"means over {len(found.whole)} days of the same traffic; from {clock(found.plan.shift_ns)} on the world is another one"
    figure.text(0.012, 1 - 0.66 / HIGH, says, fontsize=12, color=QUIET, va="top")
    for place, who in enumerate(found.plan.who):
        figure.text(0.06 + 0.19 * place, 1 - 1.0 / HIGH, WHO[who], fontsize=12.5, fontweight="bold", color=COLOURS[who], va="top")
    return Picture(figure)


def _draw(axes: Any, found: Adaptation, who: str, what: str) -> None:
    ticks = found.ticks(who, what)
    stretches = np.array_split(np.arange(ticks.shape[1]), min(POINTS, ticks.shape[1]))
    hours = [(found.plan.first_ns + (stretch.mean() + 0.5) * found.plan.tick_ns) / 3.6e12 for stretch in stretches]
    days = np.stack([ticks[:, stretch].mean(axis=1) for stretch in stretches], axis=1)
    if who == LEARNER:
        for day in days:
            axes.plot(hours, day, color=COLOURS[who], linewidth=0.7, alpha=0.3)
    axes.plot(hours, days.mean(axis=0), color=COLOURS[who], linewidth=1.8, linestyle=DASHES[who])
