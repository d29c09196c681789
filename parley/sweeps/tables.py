"""A sweep's points: what each combination of values came to over the seeds, as a table on the terminal and as JSON."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from rich.console import Console
from rich.text import Text

from parley.comparisons.comparing import HEADLINES
from parley.printing import shown, table
from parley.statistics.intervals import Estimate, estimate
from parley.sweeps.sweeping import Sweep
from parley.wording import NOTHING, count, number, percent

POINTS_SHOWN = 40
GAP = 2  # characters between two columns
FIRST_SHOWN = ("good", "latency_ms.p99", "requests.failed", "cost.total", "latency_ms.mean")  # where the terminal is narrow
NAMES = {
    "good": "good", "latency_ms.mean": "mean, ms", "latency_ms.p50": "p50, ms", "latency_ms.p95": "p95, ms",
    "latency_ms.p99": "p99, ms", "requests.failed": "failed", "cost.pod_hours": "pod hours", "cost.total": "cost",
}  # fmt: skip


@dataclass(frozen=True)
class Point:
    """One combination of values, over its finished seeds."""

    values: tuple[Any, ...]  # as the axes have them
    estimates: dict[str, Estimate]  # by the summary's path; of what some seed has a figure of


def points(made: Sweep, paths: tuple[str, ...] = HEADLINES) -> list[Point]:
    """Every point with a finished cell, in canonical order, with estimates of some figures."""
    rows = made.cells()
    columns = {name: rows[name].to_numpy(zero_copy_only=False) for name in ("cell", *made.axes, *paths) if name in rows.column_names}
    of = columns["cell"] // len(made.manifest["seeds"])
    found = []
    for point in dict.fromkeys(of.tolist()):
        mine = of == point
        first = int(np.argmax(mine))
        values = tuple(value.item() if hasattr(value := columns[axis][first], "item") else value for axis in made.axes)
        figures = {path: columns[path][mine] for path in paths if path in columns}
        kept = {path: some[~np.isnan(some)].tolist() for path, some in figures.items()}
        found.append(Point(values, {path: estimate(some) for path, some in kept.items() if some}))
    return found


def points_as_json(made: Sweep) -> dict[str, Any]:
    """The points with their estimates, for programs."""
    rows = [{"values": dict(zip(made.axes, one.values, strict=True)),
             "estimates": {path: asdict(known) for path, known in one.estimates.items()}} for one in points(made)]  # fmt: skip
    return {"path": str(made.path), "state": made.state, "seeds": made.manifest["seeds"], "points": rows}


def print_sweep(console: Console, made: Sweep) -> None:
    """The axes against the headline figures, as mean ± half-width; as many as fit."""
    manifest, found = made.manifest, points(made)
    seeds = manifest["seeds"]
    under = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}"
    told = f" · {count(manifest['cells'])} cells · {under} · {manifest['engine']} engine"
    console.print(Text.assemble((manifest["scenario"], "bold cyan"), told))
    if manifest["question"]:
        console.print(Text(manifest["question"], "italic"))
    console.print()
    if found:
        _print_points(console, made, found)
    if made.state != "complete":
        console.print(Text(f"\n{count(made.cells().num_rows)} of {count(manifest['cells'])} cells are complete; "
                           f"`{made.resume_command(shown(made.path))}` goes on", "bold yellow"), soft_wrap=True)  # fmt: skip
    console.print(f"\nsweep folder   {shown(made.path)}", soft_wrap=True)


def _print_points(console: Console, made: Sweep, found: list[Point]) -> None:
    some = found[:POINTS_SHOWN]
    axes = dict(zip(short_names(made.axes), zip(*([as_written(value) for value in one.values] for one in some), strict=True), strict=True))
    figures = {path: [figure_text(path, one.estimates.get(path)) for one in some] for path in HEADLINES if says_something(path, found)}
    chosen = _fitting(console.width + GAP - sum(_width(name, cells) for name, cells in axes.items()), figures)
    rows = table(*axes, *(NAMES[path] for path in chosen), words=0)
    for place in range(len(some)):
        rows.add_row(*(cells[place] for cells in axes.values()), *(figures[path][place] for path in chosen))
    console.print(rows)
    if len(found) > len(some):
        console.print(Text(f"… and {count(len(found) - len(some))} points more", "dim"))
    if len(chosen) < len(figures):
        left = ", ".join(NAMES[path] for path in figures if path not in chosen)
        console.print(Text(f"also in the folder, as everything of a summary: {left}", "dim"))


def short_names(paths: list[str]) -> list[str]:
    """The ends of paths by which they still differ."""
    for length in range(2, max(path.count(".") for path in paths) + 1):
        names = [".".join(path.split(".")[-length:]) for path in paths]
        if len(set(names)) == len(names) and not any(name.isdecimal() for name in names):
            return names
    return paths


def as_written(value: Any) -> str:
    """A value of an axis."""
    return value if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def figure_text(path: str, known: Estimate | None) -> str:
    """`99.12 % ± 0.08`, `12.3 ± 0.4`; a dash where there is none."""
    if known is None:
        return NOTHING
    write = percent if path == "good" else number
    return write(known.mean) if known.n < 2 else f"{write(known.mean)} ± {_half_width(path, known.half_width)}"


def _half_width(path: str, half_width: float) -> str:
    return f"{100 * half_width:.2f}" if path == "good" else number(half_width, 2)


def says_something(path: str, found: list[Point]) -> bool:
    """Whether a figure is there, and not one and the same everywhere."""
    means = [one.estimates[path].mean for one in found if path in one.estimates]
    return bool(means) and (path in FIRST_SHOWN[:2] or max(means) > min(means))


def _fitting(room: int, figures: dict[str, list[str]]) -> list[str]:
    """The figures that fit beside each other, the most wanted first, in their usual order."""
    chosen: set[str] = set()
    for path in [*(path for path in FIRST_SHOWN if path in figures), *(path for path in figures if path not in FIRST_SHOWN)]:
        width = _width(NAMES[path], figures[path])
        if not chosen or width <= room:
            chosen.add(path)
            room -= width
    return [path for path in figures if path in chosen]


def _width(name: str, cells: Any) -> int:
    return max(len(text) for text in (name, *cells)) + GAP
