"""What a search came to, on the terminal: the best trials, and the best one against the scenario as it stands."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from parley.printing import MET, shown, table
from parley.statistics.intervals import Difference
from parley.tuning.tuning import Tuning
from parley.wording import count, number, percent

SHARES = ("good", "availability", "quality")


def print_tuning(console: Console, made: Tuning) -> None:
    """The best of the trials, then how it fares under fresh seeds."""
    told, goal, found = made.manifest, made.plan.goal, made.best
    wanted = f"{'maximize' if goal.is_larger_better else 'minimize'} {goal.figure}"
    often = f"{count(told['trials'])} trials of {len(made.plan.seeds)} seeds"
    console.print(Text.assemble((told["scenario"], "bold cyan"), f" · {wanted} · {often}"))
    if told["question"]:
        console.print(Text(told["question"], "italic"))
    console.print()
    if found is not None:
        nth, chosen, means = found
        rows = table(f"best: trial {nth}", "value")
        for path, value in chosen.items():
            rows.add_row(path, value)
        console.print(rows)
        console.print()
        if goal.bounds:
            bounds = table("bound", "in the trials", "verdict")
            for bound in goal.bounds:
                bounds.add_row(bound.text, _figure(bound.figure, means[bound.figure]), MET[bound.violation(means[bound.figure]) <= 0])
            console.print(bounds)
            console.print()
        if not made.is_kept:
            console.print(Text("no trial kept to every bound; this one comes nearest", "bold red"))
    if differences := made.differences():
        _print_differences(console, made, differences)
    if made.state != "complete":
        console.print(Text(f"{count(made.cells().num_rows)} of {count(told['cells'])} cells are complete; "
                           f"`{made.resume_command(shown(made.path))}` goes on", "bold yellow"), soft_wrap=True)  # fmt: skip
    console.print(f"\ntuning folder   {shown(made.path)}", soft_wrap=True)


def _print_differences(console: Console, made: Tuning, differences: dict[str, Difference]) -> None:
    goal, fresh = made.plan.goal, made.plan.fresh
    rows = table(f"under fresh seeds {fresh[0]} to {fresh[-1]}", "as it stands", "best", "difference", "95 %", "method", "")
    for path, one in differences.items():
        if not (one.first or one.second):
            continue  # what costs nothing on either side
        verdict = Text("clear", "green") if one.is_clear else Text("not clear" if one.difference else "the same", "dim")
        sign = "+" if one.difference > 0 else ""
        rows.add_row(path, _figure(path, one.first), _figure(path, one.second), f"{sign}{_figure(path, one.difference)}",
                     f"± {_figure(path, one.half_width)}", one.method, verdict)  # fmt: skip
    console.print(rows)
    for bound in goal.bounds:
        if bound.figure in differences and bound.violation(differences[bound.figure].second) > 0:
            console.print(Text(f"under fresh seeds the best breaks {bound.text}; more --seeds make it less lucky", "bold yellow"))


def _figure(path: str, value: float | None) -> str:
    return percent(value) if path.rsplit(".", maxsplit=1)[-1] in SHARES else number(value)
