"""An export on the terminal: what was written, how good it is, and how to use it."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from agents.learning.bundles.described import Against, Judged
from parley.exporting.exporting import Exported
from parley.printing import shown, table
from parley.wording import count, number, signed


def print_export(console: Console, made: Exported) -> None:
    """What it came to on held-out episodes, the files, and the next word to type."""
    one, found = made.described, made.described.measured
    told = f" · {one.chair} · seed {one.training.seed} of {one.training.seeds}, leg {one.training.leg}"
    console.print(Text.assemble((one.name, "bold cyan"), told))
    console.print()
    rows = table("", "reward", "against", "", "missed", "pods", words=1)
    rows.add_row("the rule", *_figures(found.rule))
    rows.add_row("the policy", *_figures(found.policy, "the rule", found.policy_over_rule))
    rows.add_row("its tree", *_figures(found.tree, "the policy", found.tree_over_policy))
    console.print(rows)
    leaves = "1 leaf" if found.leaves == 1 else f"{found.leaves} leaves"
    episodes = "1 held-out episode" if len(found.seeds) == 1 else f"{len(found.seeds)} held-out episodes"
    alike = f"the tree ({leaves}) does the same in {100 * found.agreement:.1f} % of its decisions"
    console.print(Text(f"means of a tick over {episodes}; {alike}", "dim"))
    console.print()
    for name, size in made.files.items():
        console.print(Text(f"{name:<16}{count(size):>12} bytes"))
    console.print(f"\nwritten      {shown(made.path)}", soft_wrap=True)
    if made.sha256 is None:
        return
    console.print(f"digest       sha256:{made.sha256}", soft_wrap=True)
    trust = "--unsigned" if made.key is None else f"--key {shown(made.key.with_name(made.key.name + '.pub'))}"
    if made.key is None:
        console.print(Text("not signed: whoever opens it has to say so; --key FILE signs, --new-key FILE makes a key first", "bold yellow"))
    console.print(Text(f"try it by    parley run {one.task.scenario} --policy {shown(made.path)} {trust}"), soft_wrap=True)


def _figures(one: Judged, other: str = "", against: Against | None = None) -> list[str | Text]:
    lead: str | Text = ""
    if against is not None:
        is_clear = against.half_width is not None and abs(against.difference) > against.half_width
        style = ("blue" if against.difference > 0 else "red") if is_clear else "dim"
        lead = Text(signed(against.difference) + ("" if against.half_width is None else f" ± {number(against.half_width, 2)}"), style)
    return [number(one.reward, 4), other, lead, f"{100 * one.violation:.1f} %", number(one.pods, 3)]
