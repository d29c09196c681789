"""speed.png and scale.png, drawn from speed.json. Colours are Okabe and Ito's, told apart by every eye."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from parley.drawing.panels import BLUE, FAINT, INK, QUIET, RED, SKY
from tests.benchmarks.readme import short
from tests.benchmarks.turns import Figures, percent

DPI, WIDE = 100, 16.0
LEFT, RIGHT = 0.130, 0.975
COLOURS = {"fast": BLUE, "reference": BLUE, "simpy": RED, "ciw": QUIET, "salabim": QUIET}  # ours, the measure, others
NAMES = {"reference": "readable engine", "simpy": "SimPy", "ciw": "Ciw", "salabim": "salabim", "uqsim": "uqSim, C++"}
SPEED_SAYS = ("A hop is one visit of a request to a service: find a pod, wait for a worker, work, answer. "
              "Logarithmic; dots are medians, strokes the rounds; hollow: measured apart.")  # fmt: skip
SCALE_SAYS = ("Nanoseconds of CPU per hop. A series is flat enough while it stays in its band: "
              "from its cheapest point to 1.5 times that.")  # fmt: skip
SPEEDS = (1_000, 20_000_000)  # the range of the axis
SIZE, SMALL, LARGE = 12, 10.5, 22  # of words, in points


def draw(content: dict[str, Any], folder: Path) -> Iterator[Path]:
    """Draw what the parts at hand allow; the files that were written."""
    parts = content["parts"]
    if "hops" in parts:
        yield _saved(_speed(parts["hops"]), folder / "speed.png")
    if "scale" in parts and "memory" in parts:
        yield _saved(_scale(parts["scale"], parts["memory"]), folder / "scale.png")


# -- hops per CPU-second ---------------------------------------------------------------------------------------------


def _speed(figures: Figures) -> Figure:
    """A row for each workload: everybody on one logarithmic axis."""
    workloads = figures["workloads"]
    figure = _figure(9.0, "Hops per CPU-second, on one core", SPEED_SAYS)
    rows = figure.subplots(len(workloads), 1, sharex=True, gridspec_kw=_room(9.0, 1.15, 0.75) | {"hspace": 0.0})
    for axes, (name, workload) in zip(rows, workloads.items(), strict=True):
        _bare_row(axes, name, workload["says"])
        _workload(axes, workload, {runner: speeds.get(name) for runner, speeds in figures["elsewhere"].items()})
    rows[-1].tick_params(axis="x", labelbottom=True, labelsize=SIZE, colors=QUIET, length=0)
    rows[-1].xaxis.set_major_formatter(lambda value, _: _round(value))
    _foot(figure, figures)
    return figure


def _bare_row(axes: Axes, name: str, says: str) -> None:
    axes.set(xscale="log", xlim=SPEEDS, ylim=(-1, 1), yticks=[])
    axes.minorticks_off()
    axes.tick_params(axis="x", length=0, labelbottom=False)
    axes.grid(axis="x", color=FAINT, linewidth=0.8)
    for side in ("left", "right", "top", "bottom"):
        axes.spines[side].set_visible(False)
    axes.axhline(0, color=FAINT, linewidth=1.2, zorder=1)
    aside = {"transform": axes.get_yaxis_transform(), "ha": "right"}
    axes.text(-0.015, 0.06, name, va="bottom", fontsize=18, fontweight="bold", color=INK, **aside)
    axes.text(-0.015, -0.06, says, va="top", fontsize=SIZE, color=QUIET, **aside)


def _workload(axes: Axes, workload: Figures, elsewhere: dict[str, float | None]) -> None:
    """Ours above the line, others below it; between SimPy and the fast engine, how many times as fast."""
    runners = workload["runners"]
    for runner, colour in COLOURS.items():
        if runner in runners:
            _runner(axes, runner, runners[runner], colour)
    for runner, speed in elsewhere.items():
        if speed is not None:
            axes.plot(speed, 0, "o", markersize=9, markerfacecolor="white", markeredgecolor=QUIET, zorder=3)
            _beside(axes, speed, -1, f"{NAMES[runner]}\n{short(speed)}", QUIET)
    target = workload["target"]
    axes.plot([target, target], [-0.34, 0], color=INK, linewidth=2.2, solid_capstyle="butt", zorder=2)
    _beside(axes, target, -1, f"to reach\n{_round(target)}", INK, apart=0.38)
    if {"fast", "simpy"} <= runners.keys():
        fast, slow = runners["fast"]["median"], runners["simpy"]["median"]
        axes.plot([slow, fast], [0, 0], color=BLUE, linewidth=2.2, zorder=2)
        axes.text(slow**0.6 * fast**0.4, 0.1, f"{runners['fast']['ratio']:.0f}x", ha="center", va="bottom", fontsize=19,
                  fontweight="bold", color=BLUE)  # fmt: skip
        sampled = runners.get("fast_sampled")
        words = f"\n{short(sampled['median'])} with sampled spans" if sampled else ""
        _beside(axes, fast, 1, f"fast engine {short(fast)}{words}", BLUE)


def _round(speed: float) -> str:
    return short(speed).replace(".0 ", " ")


def _runner(axes: Axes, runner: str, found: Figures, colour: str) -> None:
    rounds, ours = found["rounds"], runner in ("fast", "reference")
    axes.plot(rounds, [0] * len(rounds), "|", markersize=17, color=colour, markeredgewidth=1.2, alpha=0.65, zorder=2.5)
    axes.plot(found["median"], 0, "o", markersize=13 if runner == "fast" else 10, color=colour, zorder=4)
    if runner != "fast":
        _beside(axes, found["median"], 1 if ours else -1, f"{NAMES[runner]}\n{short(found['median'])}", colour)


def _beside(axes: Axes, speed: float, side: int, words: str, colour: str, apart: float = 0.22) -> None:
    """Words above (1) or below (-1) a place on the line."""
    axes.text(speed, side * apart, words, ha="center", va="bottom" if side > 0 else "top", fontsize=SIZE, color=colour,
              linespacing=1.25)  # fmt: skip


# -- how flat --------------------------------------------------------------------------------------------------------


def _scale(scale: Figures, memory: Figures) -> Figure:
    """Cost of a hop over services, replicas and requests, and memory over requests."""
    figure = _figure(9.0, "What a hop costs as the world grows", SCALE_SAYS)
    (services, replicas), (requests, resident) = figure.subplots(
        2, 2, gridspec_kw=_room(9.0, 1.75, 0.9) | {"hspace": 0.55, "wspace": 0.32, "left": 0.06, "right": 0.875})
    series = scale["series"]
    _costs(services, "services of a generated mesh", {"": _line(series["services"], "size")}, scale["target"])
    both = {"same traffic": "replicas", "each as busy": "replicas_loaded"}
    lines = {says: _line(series[name], "size") for says, name in both.items()}
    _costs(replicas, "replicas of one service", lines, scale["target"])
    _costs(requests, "requests in one run", {"": _line(memory, "requests")}, memory["target"])
    _memory(resident, memory)
    _foot(figure, scale)
    return figure


Line = list[tuple[float, float]]


def _line(series: Figures, size: str) -> Line:
    return [(point[size], point["ns_per_hop"]["median"]) for point in series["points"]]


def _costs(axes: Axes, what: str, lines: dict[str, Line], target: float) -> None:
    """Lines over a logarithmic size, with the band in which they are flat enough; the higher has its words above."""
    best, worst = (extreme(cost for line in lines.values() for _, cost in line) for extreme in (min, max))
    axes.axhspan(best, target * best, color=SKY, alpha=0.22, linewidth=0)
    flatness = [f"{max(c for _, c in line) / min(c for _, c in line):.2f}x" for line in lines.values()]
    _heading(axes, what, " and ".join(flatness) + " from best to worst")
    highest = [max(costs) for costs in zip(*([cost for _, cost in line] for line in lines.values()), strict=True)]
    for (name, line), colour in zip(lines.items(), (BLUE, RED), strict=False):
        _drawn(axes, line, colour, name, [1 if cost == high else -1 for (_, cost), high in zip(line, highest, strict=True)])
    _sizes(axes, [size for size, _ in next(iter(lines.values()))], max(1.2 * worst, 1.05 * target * best))


def _memory(axes: Axes, memory: Figures) -> None:
    line = [(point["requests"], point["resident_mb"]["median"]) for point in memory["points"]]
    _heading(axes, "resident megabytes, by requests in one run", f"{percent(memory['growth'])} more at "
             f"{_size(line[-1][0])} than at {_size(memory['compared_with'])}")  # fmt: skip
    _drawn(axes, line, BLUE, "", [1] * len(line))
    _sizes(axes, [size for size, _ in line], 1.2 * max(value for _, value in line))


def _drawn(axes: Axes, line: Line, colour: str, name: str, sides: Sequence[int]) -> None:
    """A line with its values, each above (1) or below (-1) its place, and its name after the last of them."""
    axes.plot(*zip(*line, strict=True), "o-", color=colour, linewidth=2.4, markersize=8, zorder=3)
    points: dict[str, Any] = {"textcoords": "offset points", "color": colour}
    for (place, value), side in zip(line[:-1], sides, strict=False):
        axes.annotate(f"{value:,.0f}", (place, value), xytext=(0, 10 * side), ha="center",
                      va="bottom" if side > 0 else "top", fontsize=SMALL, **points)  # fmt: skip
    axes.annotate(f"{line[-1][1]:,.0f}  {name}", line[-1], xytext=(12, 8 * sides[-1] if name else 0), va="center",
                  fontsize=SIZE, fontweight="bold", **points)  # fmt: skip


def _heading(axes: Axes, what: str, finding: str) -> None:
    axes.text(0, 1.13, what, transform=axes.transAxes, fontsize=14, fontweight="bold", color=INK)
    axes.text(0, 1.03, finding, transform=axes.transAxes, fontsize=SIZE, color=QUIET)


def _sizes(axes: Axes, sizes: Sequence[float], top: float) -> None:
    """A logarithmic axis with a tick at every size that was measured, and nothing else."""
    axes.set(xscale="log", ylim=(0, top), xticks=sizes, xticklabels=[_size(size) for size in sizes])
    axes.minorticks_off()
    axes.margins(x=0.08)
    axes.tick_params(length=0, labelsize=SIZE, colors=QUIET, pad=7)
    axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(FAINT)


def _size(size: float) -> str:
    """100, 2,000, 10 M."""
    return f"{size / 1e6:g} M" if size >= 1_000_000 else f"{size:,.0f}"


# -- what both have --------------------------------------------------------------------------------------------------


def _figure(high: float, title: str, says: str) -> Figure:
    figure = Figure(figsize=(WIDE, high), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    figure.text(0.025, 1 - 0.38 / high, title, fontsize=LARGE, fontweight="bold", color=INK, va="center")
    figure.text(0.025, 1 - 0.80 / high, says, fontsize=SIZE + 1, color=QUIET, va="center")
    return figure


def _room(high: float, head: float, foot: float) -> dict[str, float]:
    return {"left": LEFT, "right": RIGHT, "top": 1 - head / high, "bottom": foot / high}


def _foot(figure: Figure, part: Figures) -> None:
    """On what it was measured, and how often."""
    effort, machine, versions = part["effort"], part["machine"], part["versions"]
    shortened = "" if effort["share"] == 1 else f" of {effort['share']:g} length"
    known = ("simpy", "ciw", "salabim", "numba")
    line = (f"{effort['rounds']} rounds{shortened} in turns, {machine['processor']}, {machine['python']}, "
            + ", ".join(f"{name} {versions[name]}" for name in known))  # fmt: skip
    figure.text(0.975, 0.02, line, fontsize=SMALL - 1, color=QUIET, ha="right")


def _saved(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=DPI)
    return path
