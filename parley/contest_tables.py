"""A contest on the terminal: who stands where in each event, what a lie gains, and whether what is claimed holds."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from parley.contest_wording import MARKS, apart, mark, share, written
from parley.contests import PAGE, PICTURE, Contest, resume_words
from parley.printing import shown, table
from parley.standings import BETTER, FAILS, HOLDS, WORSE, Row
from parley.wording import number, signed

STYLES = {BETTER: "blue", WORSE: "red", HOLDS: "blue", FAILS: "red"}
GAP = 2  # characters between two columns


def print_contest(console: Console, found: Contest) -> None:
    """Every event, every lie, every claim."""
    made = found.file
    console.print(Text.assemble((str(found.manifest["name"]), "bold cyan"), f" · {len(made.events)} events · {made.seeds} seeds"))
    if made.question:
        console.print(Text(made.question, "italic"))
    if found.state != "complete":
        console.print(Text(f"\nnot finished; `{resume_words(shown(found.path))}` goes on", "bold yellow"), soft_wrap=True)
        return
    for name, rows in found.standings.items():
        _print_event(console, found, name, rows)
    for name in found.gains:
        _print_lie(console, found, name)
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
    room = console.width - sum(GAP + max(len(one[n]) for one in (heads, *first)) for n in range(len(heads)))
    chosen = []
    for what, texts in cells.items():
        room -= GAP + max(map(len, (what, *texts)))
        if room < 0:
            break
        chosen.append(what)
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
    made = table("by factor, currency/h", *(f"{one:g}" for one in lie.values), "best", "gains")
    for one in gains:
        factors = (signed(one.gains[factor].difference) if factor != lie.truth else number(one.truth.mean) for factor in lie.values)
        gain = f"{signed(one.fresh.difference)} ± {number(one.fresh.half_width, 2)}" if one.best != lie.truth else "0"
        made.add_row(one.name, *factors, f"{one.best:g}", Text(gain, "red" if one.fresh.is_clear and one.fresh.difference > 0 else "dim"))
    console.print(made)
    console.print(Text(f"at {lie.truth:g} what the truth earns, elsewhere what is gained over it; best: found under the first half of the "
                       "seeds, and what it gains under the other half", "dim"))  # fmt: skip
