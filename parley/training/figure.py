"""The picture of a training: how every seed was judged from leg to leg, beside the rule that it guides."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from parley.drawing.canvas import Picture, blank, round_ticks
from parley.drawing.panels import BLUE, FAINT, INK, QUIET
from parley.training.training import Training
from parley.wording import count

WIDE, HIGH, HEAD, FOOT = 16.0, 6.4, 1.25, 0.95  # inches
PANELS = {"reward": ("reward of a tick", 1.0), "violation": ("objectives missed, %", 100.0), "pods": ("pods asked for", 1.0)}


def picture_of_training(found: Training) -> Picture:
    """Three panels beside each other; all seeds are drawn, those that failed too."""
    figure = blank(WIDE, HIGH)
    room = {"left": 0.06, "right": 0.985, "top": 1 - HEAD / HIGH, "bottom": FOOT / HIGH, "wspace": 0.2}
    for axes, (what, (title, times)) in zip(figure.subplots(1, len(PANELS), gridspec_kw=room), PANELS.items(), strict=True):
        _draw(axes, found, what, times)
        told = title if found.cost in title or what != "pods" else found.cost
        axes.set_title(told, loc="left", fontsize=13, fontweight="bold", color=INK, pad=10)
        axes.set_xlabel("decisions", color=QUIET, fontsize=11)
    figure.text(0.012, 1 - 0.2 / HIGH, str(found.manifest["name"]), fontsize=20, fontweight="bold", color=INK, va="top")
    begun = "" if found.start is None else f", begun with policies of {Path(found.start['folder']).name}"
    says = f"{found.plan.seeds} seeds{begun}, judged on episodes none of them is trained on (thin lines); the rule they guide (dashed)"
    figure.text(0.012, 1 - 0.66 / HIGH, says, fontsize=12, color=QUIET, va="top")
    return Picture(figure)


def _draw(axes: Any, found: Training, what: str, times: float) -> None:
    for seed in found.seeds:
        rows = found.curve(seed)
        axes.plot([row["steps"] for row in rows], [times * row["judged"][what] for row in rows], color=BLUE, linewidth=1.3, alpha=0.75,
                  marker="o", markersize=2.5)  # fmt: skip
    if found.manifest["rule"] is not None:
        axes.axhline(times * found.manifest["rule"][what], color=INK, linewidth=1.4, linestyle=(0, (4, 3)))
    axes.xaxis.set_major_locator(round_ticks(5))
    axes.xaxis.set_major_formatter(lambda value, _: count(int(value)))
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.tick_params(colors=QUIET, labelsize=10.5)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
