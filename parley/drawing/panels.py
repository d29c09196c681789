"""The panels of a picture, each drawn on axes it is given. Colours are Okabe and Ito's, told apart by every eye."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from parley.analysis.timeline import Series, Timeline
from parley.wording import clock, number

INK, QUIET, FAINT = "#222222", "#666666", "#D9D9D9"
BLUE, ORANGE, GREEN, RED, PURPLE, SKY, GOLD = "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#A08B00"
PALETTE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, GOLD)
STEPS_S = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400)
TICKS = 13
WORTH_A_WORD = 0.02  # requests waiting, at the most
ASIDE = 0.012  # of the highest number of pods
FAULT_LINES = 2  # of names of faults above a panel
APART = 13.0  # points between two labels beside a panel


@dataclass(frozen=True)
class Label:
    """A word at the right edge of a panel, beside the end of its line."""

    y: float
    text: str
    colour: str


def draw_load(axes: Any, timeline: Timeline) -> None:
    """Offered load against capacity, and what was answered well."""
    time, offered = timeline.offered()
    _, good = timeline.offered("good")
    when, capacity, limiting = timeline.capacity()
    top = 1.15 * max(float(offered.max(initial=1.0)), 1e-9)
    axes.fill_between(time, 0, offered, color=SKY, alpha=0.25, linewidth=0)
    axes.plot(time, offered, color=BLUE, linewidth=1.8)
    axes.plot(time, good, color=GREEN, linewidth=1.6, linestyle=(0, (5, 1.5)))
    labels = [Label(float(offered[-1]), "offered", BLUE), Label(float(good[-1]), "good", GREEN)]
    if np.isfinite(capacity).any():
        top = max(top, min(1.15 * float(np.max(capacity[np.isfinite(capacity)])), 2.2 * top))
        axes.step(when, np.minimum(capacity, 10 * top), where="mid", color=INK, linewidth=1.6)
        over = np.interp(time, when, np.minimum(capacity, 10 * top))
        axes.fill_between(time, over, offered, where=offered > over, color=RED, alpha=0.35, linewidth=0)
        word = "capacity" if capacity[-1] <= top else "capacity above"  # the end of its line is not in sight
        labels.append(Label(min(float(capacity[-1]), top), f"{word}\n({limiting[-1]})", INK))
    axes.set_ylim(0, top)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    finish(axes, timeline, "requests/s", labels)


def draw_latency(axes: Any, timeline: Timeline) -> None:
    """Latency quantiles of what was answered, on a logarithmic axis, with the objectives."""
    labels: list[Label] = []
    shown = sorted(timeline.classes, key=lambda one: -float(np.sum(one.columns["offered"])))[:4]
    for index, one in enumerate(shown):
        labels += _latency_of_class(axes, one, PALETTE[index], alone=len(shown) == 1)
        goal = timeline.scenario.workload[one.name].slo.latency
        if goal is not None:
            axes.axhline(goal.under / 1e6, color=RED, linewidth=1.3, linestyle=(0, (6, 3)))
            of = "" if len(shown) == 1 else f"{one.name}: "
            labels.append(Label(goal.under / 1e6, f"{of}SLO p{goal.p:g}", RED))
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    if high / low < 100:
        axes.set_ylim(low / 2, high * 2)
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.yaxis.set_minor_formatter(lambda *_: "")
    finish(axes, timeline, "latency, ms", labels)


def _latency_of_class(axes: Any, one: Series, colour: str, *, alone: bool) -> list[Label]:
    """Quantiles of one class: three shades if it is alone, else its median faint and its p99 full."""
    labels = []
    shades = {"p50": 0.45, "p90": 0.7, "p99": 1.0} if alone else {"p50": 0.45, "p99": 1.0}
    for name, shade in shades.items():
        values = one.columns[f"latency_{name}_ms"]
        there = np.isfinite(values)
        if there.any():
            axes.plot(one.middle_s, values, color=colour, alpha=shade, linewidth=0.7 + 0.9 * shade)
            end = float(np.exp(np.mean(np.log(np.maximum(values[there][-10:], 1e-9)))))
            if alone or name == "p99":
                labels.append(Label(end, name if alone else f"{one.name} {name}", colour))
    return labels


def draw_queues(axes: Any, timeline: Timeline) -> None:
    """Requests that wait for a worker or a core, by service."""
    _quiet_lines(axes, timeline, "waiting")
    labels = []
    for one, colour in zip(timeline.busiest(len(PALETTE)), PALETTE, strict=False):
        time, waiting = one.mean("waiting")
        axes.plot(time, waiting, color=colour, linewidth=1.6)
        if waiting.max(initial=0.0) > WORTH_A_WORD:
            labels.append(Label(float(waiting[-1]), one.name, colour))
    axes.set_yscale("symlog", linthresh=1.0)
    axes.set_ylim(0, max(1.0, 2 * axes.get_ylim()[1]))
    axes.yaxis.set_major_formatter(lambda value, _: number(value))
    axes.tick_params(axis="y", which="minor", length=0)
    finish(axes, timeline, "waiting", labels)


def draw_hysteresis(axes: Any, timeline: Timeline) -> None:
    """The good share of requests against the rate they came at, on the way up to the highest load and on the way down."""
    _, offered = timeline.offered()
    _, good = timeline.offered("good")
    share = np.minimum(1.0, good / np.maximum(offered, 1e-9))
    top = int(np.argmax(offered))
    for part, colour, word in ((slice(0, top + 1), BLUE, "on the way up"), (slice(top, None), RED, "on the way down")):
        rate, answered = offered[part], share[part]
        axes.plot(rate, answered, color=colour, linewidth=2.2, alpha=0.9)
        steps = np.linspace(0, len(rate) - 1, 7).astype(int)[1:-1]
        for at in steps:
            axes.annotate("", (rate[min(at + 2, len(rate) - 1)], answered[min(at + 2, len(rate) - 1)]), (rate[at], answered[at]),
                          arrowprops={"arrowstyle": "-|>", "color": colour, "linewidth": 0, "mutation_scale": 20})  # fmt: skip
        middle = steps[len(steps) // 2]
        is_high = answered[middle] > 0.5
        axes.annotate(word, (rate[middle], answered[middle]), (0, -16 if is_high else 14), textcoords="offset points", color=colour,
                      fontsize=12.5, fontweight="bold", ha="center", va="top" if is_high else "bottom")  # fmt: skip
    axes.set_ylim(-0.03, 1.06)
    axes.set_xlabel("requests/s that come", fontsize=12, color=INK)
    axes.set_ylabel("share that is answered well", fontsize=12, color=INK)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
    axes.grid(color=FAINT, linewidth=0.6)
    axes.tick_params(colors=QUIET)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def draw_replicas(axes: Any, timeline: Timeline) -> None:
    """Ready pods and, dotted, pods asked for; triangles are decisions that took effect."""
    _quiet_lines(axes, timeline, "ready")
    labels: list[Label] = []
    loud = timeline.busiest(len(PALETTE))
    most = max((float(np.nanmax(one.columns["desired"], initial=2.0)) for one in loud), default=2.0)
    for index, (one, colour) in enumerate(zip(loud, PALETTE, strict=False)):
        aside = (index - (len(loud) - 1) / 2) * ASIDE * most  # lines of equal height stay apart
        ready, desired = one.columns["ready"] + aside, one.columns["desired"] + aside
        axes.step(one.end_s, desired, where="pre", color=colour, linewidth=1.1, linestyle=":")
        axes.step(one.end_s, ready, where="pre", color=colour, linewidth=1.8)
        time, after, up = timeline.moves(one.name)
        for marker, chosen in (("^", up), ("v", ~up)):
            axes.plot(time[chosen], after[chosen] + aside, marker, color=colour, markersize=7, markeredgecolor="white", markeredgewidth=0.8)
        labels.append(Label(float(ready[-1]) if len(ready) else 0.0, one.name, colour))
    axes.set_ylim(min(0, axes.get_ylim()[0]), 1.25 * most)
    meant = "▲▼ decisions   ···· asked for" if timeline.scenario.agents else "···· asked for"
    axes.annotate(meant, (1, 1), (-4, -4), xycoords="axes fraction", textcoords="offset points",
                  color=QUIET, fontsize=10, ha="right", va="top")  # fmt: skip
    axes.yaxis.get_major_locator().set_params(integer=True)
    finish(axes, timeline, "pods", labels)


def _quiet_lines(axes: Any, timeline: Timeline, column: str) -> None:
    """Services that have no colour of their own."""
    loud = timeline.busiest(len(PALETTE))
    for one in timeline.services:
        if one not in loud:
            axes.plot(*one.mean(column), color=FAINT, linewidth=0.8)


def finish(axes: Any, timeline: Timeline, name: str, labels: Sequence[Label]) -> None:
    """What all panels share: time, grid, warm-up, faults, and labels that do not overlap."""
    axes.set_xlim(0, timeline.end_s)
    ticks = np.arange(0, timeline.end_s * 1.0001, step_of_ticks(timeline.end_s))
    axes.set_xticks(ticks, [clock(1e9 * tick) for tick in ticks])
    axes.set_ylabel(name, color=INK, fontsize=12, labelpad=8)
    axes.grid(axis="y", color=FAINT, linewidth=0.7)
    axes.set_axisbelow(True)
    axes.tick_params(colors=QUIET, labelsize=11, length=3)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(FAINT)
    _mark_warmup(axes, timeline)
    _mark_faults(axes, timeline)
    _put_labels(axes, labels)


def _mark_warmup(axes: Any, timeline: Timeline) -> None:
    warm_s = min(timeline.scenario.warmup / 1e9, timeline.end_s)
    if warm_s > 0:
        axes.axvspan(0, warm_s, facecolor="white", alpha=0.65, linewidth=0, zorder=3)
        axes.axvspan(0, warm_s, facecolor="none", edgecolor=FAINT, hatch="///", linewidth=0, zorder=3.1)


def name_warmup(axes: Any, timeline: Timeline) -> None:
    """Say once what the hatched stretch is."""
    if timeline.scenario.warmup / 1e9 > 0.05 * timeline.end_s:
        axes.annotate("warm-up", (0, 1), (6, -4), xycoords="axes fraction", textcoords="offset points", color=QUIET,
                      fontsize=10, va="top", zorder=4)  # fmt: skip


def _mark_faults(axes: Any, timeline: Timeline) -> None:
    for _, start, end in fault_spans(timeline):
        if end > start:
            axes.axvspan(start, end, color=GOLD, alpha=0.14, linewidth=0, zorder=0)
        axes.axvline(start, color=GOLD, linewidth=1.0, alpha=0.8, zorder=0.5)


def fault_spans(timeline: Timeline) -> list[tuple[str, float, float]]:
    """(name, start, end) in seconds of the faults and rollouts that began; an instant ends where it starts."""
    found = []
    for name, fault in timeline.scenario.faults.items():
        start = fault.at / 1e9
        lasts = 0.0 if fault.kind == "crash" else timeline.end_s if fault.duration is None else fault.duration / 1e9
        if start < timeline.end_s:
            found.append((name, start, min(start + lasts, timeline.end_s)))
    rollouts = ((name, rollout.at / 1e9) for name, rollout in timeline.scenario.rollouts.items())
    found += [(name, start, start) for name, start in rollouts if start < timeline.end_s]
    return found


def fault_lanes(timeline: Timeline, characters: int) -> list[tuple[str, float, bool, int]]:
    """(name, start, whether it stands left of it, line) of every fault: on the first of a few lines where names do not meet.

    `characters` is how many of them fit beside each other over the whole run.
    """
    lanes: list[list[tuple[float, float]]] = [[] for _ in range(FAULT_LINES)]
    found = []
    for name, start, _ in sorted(fault_spans(timeline), key=lambda span: span[1]):
        width = timeline.end_s * (len(name) + 2) / characters
        is_late = start + width > timeline.end_s
        left, right = (start - width, start) if is_late else (start, start + width)
        free = (i for i, taken in enumerate(lanes) if all(right <= a or b <= left for a, b in taken))
        lane = next(free, FAULT_LINES - 1)
        lanes[lane].append((left, right))
        found.append((name, start, is_late, lane))
    return found


def _put_labels(axes: Any, labels: Sequence[Label]) -> None:
    """Words at the right edge, moved apart where their lines end too close."""
    height = axes.get_window_extent().height * 72 / axes.figure.dpi
    low, high = axes.transData.transform([(0, y) for y in axes.get_ylim()])[:, 1]
    ordered = sorted(labels, key=lambda one: one.y)
    wanted = [height * (axes.transData.transform((0, one.y))[1] - low) / (high - low) for one in ordered]
    for label, place in zip(ordered, apart(wanted, [one.text.count("\n") + 1 for one in ordered], height), strict=True):
        axes.annotate(label.text, (1, 0), (8, place), xycoords="axes fraction", textcoords="offset points", color=label.colour,
                      fontsize=11, va="center", linespacing=1.0)  # fmt: skip


def apart(wanted: Sequence[float], lines: Sequence[int], height: float) -> list[float]:
    """Heights as near to those wanted as labels of so many lines allow, in the same order, within the panel."""
    places: list[float] = []
    for index, place in enumerate(wanted):
        room = APART * (lines[index] + lines[index - 1]) / 2 if index else 0.0
        places.append(max(min(max(place, 0.0), height), places[-1] + room if places else 0.0))
    ceiling = height
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], ceiling)
        ceiling = places[index] - APART * (lines[index] + lines[index - 1]) / 2
    return places


def step_of_ticks(length_s: float) -> float:
    """Seconds from tick to tick, so that there are TICKS at most."""
    return next((step for step in STEPS_S if length_s / step <= TICKS), length_s / TICKS)
