"""A training on the terminal: the rule, then the best policy of every seed against it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from parley.printing import shown, table
from parley.training.page import PAGE, PICTURE, publish
from parley.training.training import Training
from parley.training.wording import began_with, judged_where, tuned_to
from parley.wording import count, number, signed


def print_training(console: Console, found: Training) -> None:
    """A line a seed, those that failed too; the picture goes into the folder."""
    manifest, plan, rule = found.manifest, found.plan, found.manifest["rule"]
    told = f" · {manifest['chair']} · {plan.seeds} seeds of {count(plan.steps)} decisions"
    console.print(Text.assemble((str(manifest["name"]), "bold cyan"), told))
    if found.start is not None:
        console.print(Text(began_with(found.start), "dim"), soft_wrap=True)
    if trials := manifest.get("trials"):
        console.print(Text(tuned_to(trials), "dim"), soft_wrap=True)
    if rule is None:
        console.print(Text("nothing is trained yet", "bold yellow"))
        return
    first = ["at first"] if found.start is not None else []
    made = table("", *first, "reward", "against the rule", "missed", found.cost, "best leg", words=1)
    made.add_row("the rule", *("" for _ in first), number(rule["reward"], 4), "", f"{100 * rule['violation']:.1f} %",
                 number(rule["pods"], 3), "")  # fmt: skip
    for seed in found.seeds:
        best, against = found.best(seed), found.against_the_rule(seed)
        if best is None or against is None:
            made.add_row(f"seed {seed}", *("" for _ in first), "", "", "", "", "")
            continue
        judged, style = best["judged"], ("blue" if against.difference > 0 else "red") if against.is_clear else "dim"
        lead = Text(f"{signed(against.difference)} ± {number(against.half_width, 2)}", style)
        curve = found.curve(seed)
        made.add_row(f"seed {seed}", *(number(curve[0]["judged"]["reward"], 4) for _ in first), number(judged["reward"], 4), lead,
                     f"{100 * judged['violation']:.1f} %", number(judged["pods"], 3), f"{best['leg']} of {curve[-1]['leg']}")  # fmt: skip
    console.print()
    console.print(made)
    console.print(Text(f"means of a tick over {len(rule['seeds'])} episodes, {judged_where(plan)}, that nobody was trained on; the best "
                       "leg was chosen on these very episodes, so its lead is a little flattered: judge it on others", "dim"))  # fmt: skip
    if found.state != "complete":
        console.print(Text(f"\nnot finished; `{found.resume_command(shown(found.path))}` goes on", "bold yellow"), soft_wrap=True)
    console.print(f"\nfolder       {shown(found.path)}", soft_wrap=True)
    publish(found)
    console.print(f"page         {shown(found.path / PAGE)}", soft_wrap=True)
    console.print(f"picture      {shown(found.path / PICTURE)}", soft_wrap=True)
