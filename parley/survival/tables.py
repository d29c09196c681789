"""A survival on the terminal: how large a share of the plane everybody survives, and whose basin is wider than whose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from parley.evaluations.files import LEARNED
from parley.printing import shown, table
from parley.survival.page import PAGE, PICTURE, role_of
from parley.survival.survival import SUMMARY, Survival
from parley.survival.wording import MARKS, STYLES, area, wider
from parley.wording import number

READING = ("basin: share of loads and kicks from which the mesh comes back. [..]: 95 %, seeds and trainings drawn anew. pods: asked for "
           "when the kick begins. ▲ surely wider, ▼ surely narrower, ◇ neither, = the same everywhere; p by Holm over a claim")  # fmt: skip


def print_survival(console: Console, found: Survival) -> None:
    """Basins, then claims."""
    made, manifest = found.file, found.manifest
    trainings = f" · {len(manifest['policies'])} policies" if manifest["policies"] else ""
    plane = f"{len(found.across.values)} loads x {len(found.up.values)} kicks · {made.seeds} seeds"
    console.print(Text.assemble((str(manifest["name"]), "bold cyan"), f" · {len(made.entrants)} entrants · {plane}{trainings}"))
    if made.question:
        console.print(Text(made.question, "italic"))
    if not (found.path / SUMMARY).is_file():
        console.print(Text(f"\nnot finished; `{found.resume_command(shown(found.path))}` goes on", "bold yellow"), soft_wrap=True)
        return
    told = found.findings
    rows = table("", "", "basin", "pods", words=2)
    for name, one in told["entrants"].items():
        rows.add_row(name, Text(role_of(made, name), "dim"), area(one["area"]), number(one["pods"], 3))
    console.print()
    console.print(rows)
    for says, one in told["claims"].items():
        _print_claim(console, says, one)
    console.print()
    console.print(Text(READING, "dim"))
    for fault in told["faults"]:
        console.print(Text(f"could not go on: {fault}", "bold red"))
    if LEARNED in told["entrants"] and len(manifest["policies"]) == 1:
        console.print(Text("one training: intervals say nothing of what another one would come to", "bold yellow"))
    console.print(f"\nfolder           {shown(found.path)}", soft_wrap=True)
    for what, name in (("page", PAGE), ("picture", PICTURE)):
        console.print(f"{what:<17}{shown(found.path / name)}", soft_wrap=True)


def _print_claim(console: Console, says: str, one: Mapping[str, Any]) -> None:
    console.print()
    console.print(Text.assemble((says, "bold"), ": ", (one["verdict"], f"bold {STYLES[one['verdict']]}")))
    rows = table("than", "wider by points", "p", "")
    for name, each in one["over"].items():
        rows.add_row(name, wider(each["wider"]), f"{each['p']:.2g}", Text(MARKS[each["verdict"]], STYLES[each["verdict"]]))
    console.print(rows)
