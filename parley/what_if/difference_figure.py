"""The picture of a what-if: two runs that are one until an instant, and what lies between them from there on."""

from __future__ import annotations

from typing import Any

import numpy as np

from parley.analysis.timeline import Array, Series, Timeline
from parley.drawing.canvas import Picture, stacked
from parley.drawing.panels import (
    BLUE,
    GREEN,
    INK,
    PALETTE,
    QUIET,
    RED,
    Label,
    finish,
    name_warmup,
)
from parley.runs.results import Run
from parley.what_if.attributing import Attribution
from parley.wording import clock, money, number

HIGH = 11.5  # inches
HEIGHTS = (1.2, 1.2, 0.9, 0.9, 0.9)
CLASSES_SHOWN, SERVICES_SHOWN = 3, 4
SHADE = 0.32
BEFORE = (0, (2, 1.4))  # dashes of the run as it was
TILE = 0.125  # of the width


class Two:
    """The run as it was and as it is, over time."""

    def __init__(self, of: Run, run: Run, at_ns: int, found: Attribution) -> None:
        until_ns = int(run.manifest["simulated_ns"])
        self.was, self.now = (Timeline(one.path, one.scenario, until_ns) for one in (of, run))
        self.at_s, self.found = at_ns / 1e9, found

    def classes(self) -> list[tuple[Series, Series]]:
        """Pairs of classes, those with most requests first."""
        pairs = zip(self.was.classes, self.now.classes, strict=True)
        return sorted(pairs, key=lambda pair: -float(np.sum(pair[0].columns["offered"])))[:CLASSES_SHOWN]

    def services(self) -> list[tuple[Series, Series]]:
        """Pairs of services, those that changed most, in the order of the file."""
        pairs = list(zip(self.was.services, self.now.services, strict=True))
        loud = sorted(pairs, key=_change, reverse=True)[:SERVICES_SHOWN]
        return [pair for pair in pairs if pair in loud]


def draw_difference(of: Run, run: Run, at_ns: int, title: str, found: Attribution) -> Picture:
    """Good answers, p99, what was saved, what waits and pods: as it was dashed, as it is full, the difference shaded."""
    two = Two(of, run, at_ns, found)
    figure, panels = stacked(HEIGHTS, HIGH, head=1.35)
    for axes, draw in zip(panels, (_good, _p99, _saved, _waiting, _pods), strict=True):
        draw(axes, two)
        axes.axvline(two.at_s, color=INK, linewidth=1.4)
        axes.tick_params(labelbottom=axes is panels[-1])
    figure.align_ylabels(panels)
    name_warmup(panels[0], two.now)
    panels[0].annotate(f"{clock(at_ns)}: {title or 'nothing is done'}", (two.at_s, 1), (4, 4), xycoords=("data", "axes fraction"),
                       textcoords="offset points", color=INK, fontsize=11,
                       ha="left" if two.at_s < two.now.end_s / 2 else "right")  # fmt: skip
    _head(figure, of, title, found)
    return Picture(figure)


def _good(axes: Any, two: Two) -> None:
    time, was = two.was.offered("good")
    _, now = two.now.offered("good")
    _shade(axes, time, was, now, more_is_better=True)
    axes.plot(time, was, color=QUIET, linewidth=1.5, linestyle=BEFORE)
    axes.plot(time, now, color=BLUE, linewidth=1.7)
    axes.set_ylim(0, 1.15 * max(float(was.max(initial=0.0)), float(now.max(initial=0.0)), 1e-9))
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    finish(axes, two.now, "good/s", [Label(float(now[-1]), "what if", BLUE), Label(float(was[-1]), "as it was", QUIET)])


def _p99(axes: Any, two: Two) -> None:
    labels = []
    for (was, now), colour in zip(two.classes(), PALETTE, strict=False):
        before, after = (one.columns["latency_p99_ms"].astype(float) for one in (was, now))
        _shade(axes, now.middle_s, before, after, more_is_better=False)
        axes.plot(was.middle_s, before, color=colour, alpha=0.55, linewidth=1.2, linestyle=BEFORE)
        axes.plot(now.middle_s, after, color=colour, linewidth=1.5)
        there = after[np.isfinite(after)][-10:]
        labels.append(Label(float(np.exp(np.mean(np.log(np.maximum(there, 1e-9))))) if len(there) else 1.0, now.name, colour))
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high / low < 20:
        axes.set_ylim(low / 2, high * 2)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.yaxis.set_minor_formatter(lambda *_: "")
    finish(axes, two.now, "p99, ms", labels)


def _saved(axes: Any, two: Two) -> None:
    ends_s, labels = two.found.ends_ns / 1e9, []
    for (_, now), colour in zip(two.classes(), PALETTE, strict=False):
        saved = two.found.saved[now.name].astype(np.float64)
        _shade(axes, ends_s, np.zeros(len(saved)), saved, more_is_better=True)
        axes.plot(ends_s, saved, color=colour, linewidth=1.6)
        labels.append(Label(float(saved[-1]), f"{now.name}\n{int(saved[-1]):+,}", colour))
    axes.axhline(0, color=QUIET, linewidth=0.8)
    low, high = axes.get_ylim()
    axes.set_ylim(min(low, -1.0), max(high, 1.0))
    axes.yaxis.set_major_formatter(lambda value, _: _brief(value))
    finish(axes, two.now, "good saved", labels)


def _brief(value: float) -> str:
    """`120k` for what is too wide beside an axis."""
    return f"{value / 1000:,g}k" if abs(value) >= 10_000 else number(value)


def _waiting(axes: Any, two: Two) -> None:
    labels = []
    for (was, now), colour in zip(two.services(), PALETTE, strict=False):
        (time, before), (_, after) = was.mean("waiting"), now.mean("waiting")
        _shade(axes, time, before, after, more_is_better=False)
        axes.plot(time, before, color=colour, alpha=0.6, linewidth=1.2, linestyle=BEFORE)
        axes.plot(time, after, color=colour, linewidth=1.6)
        labels.append(Label(float(after[-1]), now.name, colour))
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(0, max(1.0, 1.6 * axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.tick_params(axis="y", which="minor", length=0)
    finish(axes, two.now, "waiting", labels)


def _pods(axes: Any, two: Two) -> None:
    labels, most = [], 1.0
    for (was, now), colour in zip(two.services(), PALETTE, strict=False):
        axes.step(was.end_s, was.columns["ready"], where="pre", color=colour, alpha=0.7, linewidth=1.3, linestyle=BEFORE)
        axes.step(now.end_s, now.columns["ready"], where="pre", color=colour, linewidth=1.8)
        most = max(most, *(float(np.nanmax(one.columns["ready"], initial=1.0)) for one in (was, now)))
        labels.append(Label(float(now.columns["ready"][-1]), now.name, colour))
    axes.set_ylim(0, 1.25 * most)
    axes.yaxis.get_major_locator().set_params(integer=True)
    axes.annotate("╌╌ as it was   ── what if", (1, 1), (-4, -4), xycoords="axes fraction", textcoords="offset points",
                  color=QUIET, fontsize=10, ha="right", va="top")  # fmt: skip
    finish(axes, two.now, "ready pods", labels)


def _shade(axes: Any, time: Array, was: Array, now: Array, *, more_is_better: bool) -> None:
    """Green between the two where it is better than it was, red where it is worse; hatched too, for eyes and printers."""
    there = np.isfinite(was) & np.isfinite(now)
    for is_better, colour, hatch in ((True, GREEN, ""), (False, RED, "////")):
        chosen = there & ((now > was) if is_better == more_is_better else (now < was))
        axes.fill_between(time, was, now, where=chosen, interpolate=True, facecolor=colour, alpha=SHADE, hatch=hatch,
                          edgecolor="white" if hatch else "none", linewidth=0)  # fmt: skip


def _change(pair: tuple[Series, Series]) -> tuple[float, float]:
    """How far what waits and pods have come apart; then how high they go."""
    was, now = pair
    apart = [np.abs(np.nan_to_num(now.columns[name].astype(float) - was.columns[name])) for name in ("waiting", "ready")]
    return float(apart[0].mean() + apart[1].mean()), float(np.nanmax(now.columns["waiting"], initial=0.0))


def _head(figure: Any, of: Run, title: str, found: Attribution) -> None:
    left, right, top = 0.062, 0.985, 1 - 0.2 / HIGH
    figure.text(left, top, f"what if: {title or 'nothing'}"[:64], fontsize=20, fontweight="bold", color=INK, va="top")
    told = f"{of.manifest['scenario']}, seed {of.manifest['seed']}"
    if found.matters is not None:
        told += f"; it matters from {clock(found.matters.start_ns)} to {clock(found.matters.end_ns)}"
    figure.text(left, top - 0.047, told, fontsize=13, color=QUIET, va="top", style="italic")
    tiles = _tiles(of, found)
    for index, (name, value, colour) in enumerate(reversed(tiles)):
        figure.text(right - TILE * index, top, value, fontsize=16, fontweight="bold", color=colour, va="top", ha="right")
        figure.text(right - TILE * index, top - 0.028, name, fontsize=11, color=QUIET, va="top", ha="right")


def _tiles(of: Run, found: Attribution) -> list[tuple[str, str, str]]:
    saved, averted = (sum(int(some[-1]) for some in what.values() if len(some)) for what in (found.saved, found.averted))
    tiles = [("good answers", _signed(saved), _colour(saved)), ("failures", _signed(-averted), _colour(averted))]
    if found.cost.was or found.cost.now:
        more = found.cost.difference
        sign = "-" if more < 0 else "+"
        tiles.append(("cost", f"{sign}{money(round(abs(more), 3), of.summary['cost']['currency'])}", INK))
    return tiles


def _signed(value: int) -> str:
    return f"{value:+,}" if value else "0"


def _colour(better: float) -> str:
    return GREEN if better > 0 else RED if better < 0 else INK
