"""A contest on the terminal: who stands where in each event, what a lie gains, and whether what is claimed holds."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from parley.contests.contests import PAGE, PICTURE, Contest
from parley.contests.standings import BETTER, FAILS, HOLDS, WORSE, Row
from parley.contests.wording import MARKS, apart, mark, share, written
from parley.printing import shown, table

STYLES = {BETTER: "blue", WORSE: "red", HOLDS: "blue", FAILS: "red"}
GAP = 2  # characters between two columns
LYING = ("truth: what it earns; × f: what is gained by saying f times as much; best: the factor found under the first half of the "
         "seeds, and what it gains under the other half")  # fmt: skip
EARNED_DIGITS = 3  # of what the truth earns at most, after the first


def print_contest(console: Console, found: Contest) -> None:
    """Every event, every lie, every claim."""
    made = found.file
    console.print(Text.assemble((str(found.manifest["name"]), "bold cyan"), f" · {len(made.events)} events · {made.seeds} seeds"))
    if made.question:
        console.print(Text(made.question, "italic"))
    if found.state != "complete":
        console.print(Text(f"\nnot finished; `{found.resume_command(shown(found.path))}` goes on", "bold yellow"), soft_wrap=True)
        return
    for name, rows in found.standings.items():
        _print_event(console, found, name, rows)
    for name in found.gains:
        _print_lie(console, found, name)
    if found.gains:
        console.print(Text(LYING, "dim"))
    if found.claims:
        made_table = table("claimed", "measured", "verdict", words=2)
        for says, (verdict, measured) in found.claims.items():
            made_table.add_row(says, measured, Text(verdict, STYLES.get(verdict, "dim")))
        console.print()
        console.print(made_table)
    marks = " · ".join(f"{sign} {word}" for word, sign in MARKS.items())
    console.print(Text(f"\n± 95 % over seeds; against the baseline, by pairs of the same seed: {marks}", "dim"), soft_wrap=True)
    console.print(f"\ncontest folder   {shown(found.path)}", soft_wrap=True)
    for name in (PAGE, PICTURE):
        console.print(f"{'page' if name == PAGE else 'picture':<17}{shown(found.path / name)}", soft_wrap=True)


def _print_event(console: Console, found: Contest, name: str, rows: list[Row]) -> None:
    made = found.file
    event, main, told = made.events[name], made.main, made.figures[made.main]
    console.print()
    console.print(Text.assemble((name, "bold"), f"  {event.says}"))
    others = [what for what in made.figures if what != main]
    cells = {what: [f"{written(made.figures[what], row.standings[what].known.mean)}{mark(row.standings[what])}" for row in rows]
             for what in others}  # fmt: skip
    first = [(row.name, written(told, row.standings[main].known.mean), apart(told, row.standings[main]), share(row.loss)) for row in rows]
    heads = ("", main, f"against {made.baseline_of(event)}", "loss")
    chosen = _fitting(console.width - _wide(zip(heads, *first, strict=True)), cells)
    shown_table = table(*heads, *chosen)
    for n, row in enumerate(rows):
        label, value, difference, loss = first[n]
        style = STYLES.get(row.standings[main].verdict or "", "dim")
        shown_table.add_row(label, value, Text(difference, style), loss, *(cells[what][n] for what in chosen))
    console.print(shown_table)


def _print_lie(console: Console, found: Contest, name: str) -> None:
    lie, gains = found.file.lies[name], found.gains[name]
    console.print()
    console.print(Text.assemble((f"what a lie gains: {name}", "bold"), f"  {lie.says}"))
    digits = max(0, EARNED_DIGITS - math.floor(math.log10(max(abs(one.truth.mean) for one in gains) or 1)))
    factors = {f"× {factor:g}": [f"{one.gains[factor].difference:+z.{digits}f}" for one in gains]
               for factor in map(float, lie.values) if factor != lie.truth}  # fmt: skip
    best = [(one.name, f"{one.truth.mean:z.{digits}f}", f"× {one.best:g}", f"{one.fresh.difference:+z.{digits}f} ± "
             f"{one.fresh.half_width:.{digits}f}" if one.best != lie.truth else "0") for one in gains]  # fmt: skip
    heads = (f"{found.worlds[name].currency}/h", "truth", "best", "gains")
    chosen = _fitting(console.width - _wide(zip(heads, *best, strict=True)), factors)
    made = table(*heads, *chosen)
    for n, one in enumerate(gains):
        who, truth, factor, gain = best[n]
        style = "red" if one.fresh.is_clear and one.fresh.difference > 0 else "dim"
        made.add_row(who, truth, factor, Text(gain, style), *(factors[what][n] for what in chosen))
    console.print(made)


def _wide(columns: Iterable[Iterable[str]]) -> int:
    """Characters that columns take."""
    return sum(GAP + max(map(len, texts)) for texts in columns)


def _fitting(room: int, columns: Mapping[str, Sequence[str]]) -> list[str]:
    """The first columns, as many as there is room for."""
    widths = itertools.accumulate(_wide([(head, *texts)]) for head, texts in columns.items())
    return [head for head, wide in zip(columns, widths, strict=True) if wide <= room]
