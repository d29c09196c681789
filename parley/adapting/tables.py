"""Days of a policy that learns on, on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from parley.adapting.adapting import Adaptation
from parley.adapting.days import WHO
from parley.adapting.figure import picture_of_adaptation
from parley.adapting.findings import learned, lived, sentence
from parley.printing import shown, table
from parley.statistics.intervals import Difference
from parley.wording import clock, number, signed

PICTURE = "adaptation.png"


def print_adaptation(console: Console, found: Adaptation) -> None:
    """A line for each who is compared, and the picture into the folder."""
    plan, made = found.plan, lived(found)
    told = f" · {len(found.whole)} of {plan.seeds} days · another world from {clock(plan.shift_ns)} on"
    console.print(Text.assemble((str(found.manifest["name"]), "bold cyan"), told))
    if made:
        whole = table("", "before", "after", "gain", "gain at last", "missed", "pods", words=1)
        for one in made:
            after, late = ("", "") if one.against is None else (_lead(one.against[1]), _lead(one.against[2]))
            whole.add_row(WHO[one.who], number(one.before, 4), number(one.after, 4), after, late, f"{100 * one.missed:.1f} %",
                          number(one.pods, 3))  # fmt: skip
        console.print()
        console.print(whole)
        console.print(Text("means of a tick over days; gain: after the shift, and in its last quarter, over the policy as it was; "
                           f"{learned(found)}", "dim"))  # fmt: skip
        console.print(f"\n{sentence(found)}")
    if found.state != "complete":
        console.print(Text(f"\nnot finished; `{found.resume_command(shown(found.path))}` goes on", "bold yellow"), soft_wrap=True)
    console.print(f"\nfolder       {shown(found.path)}", soft_wrap=True)
    if made:
        console.print(f"picture      {shown(picture_of_adaptation(found).save(found.path / PICTURE))}", soft_wrap=True)


def _lead(one: Difference) -> Text:
    style = ("blue" if one.difference > 0 else "red") if one.is_clear else "dim"
    return Text(f"{signed(one.difference)} ± {number(one.half_width, 2)}", style)
