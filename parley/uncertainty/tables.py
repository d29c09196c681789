"""How an output hangs on its inputs, on the terminal: one sentence, then a line an input."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

from parley.printing import shown, table
from parley.uncertainty.effects import Effect, Findings, figure_name, written
from parley.uncertainty.figure import picture_of
from parley.uncertainty.uncertainty import Sensitivity
from parley.wording import NOTHING, count, number

PICTURE = "sensitivity.png"
MUCH_NOISE = 0.1  # of the output's variance


def print_sensitivity(console: Console, made: Sensitivity) -> None:
    """The sentence, the inputs and what they do; the picture goes into the folder."""
    manifest, found = made.manifest, made.findings
    runs = sum(made.cells(stage).num_rows for stage in ("guess", "morris", "sobol") if (made.path / stage).is_dir())
    told = f" · {count(runs)} runs · {manifest['seeds']} seeds an evaluation · {manifest['engine']} engine"
    console.print(Text.assemble((manifest["scenario"], "bold cyan"), told))
    if manifest["question"]:
        console.print(Text(manifest["question"], "italic"))
    console.print()
    console.print(Text(found.sentence, "bold"))
    if found.span is not None:
        low, high = (written(found.of, end) for end in found.span)
        console.print(Text(f"at the guess, over {found.seeds} seeds; over the inputs 95 % of it lie between {low} and {high}", "dim"))
    console.print()
    _print_inputs(console, found)
    if found.noise_share is not None and found.noise_share > MUCH_NOISE:
        console.print(Text(f"{100 * found.noise_share:.0f} % of the spread over the inputs may be the simulation's own; "
                           "more --seeds, or a longer run, tell them apart", "yellow"))  # fmt: skip
    console.print(f"\nfolder       {shown(made.path)}", soft_wrap=True)
    console.print(f"picture      {shown(picture_of(made).save(made.path / PICTURE))}", soft_wrap=True)


def _print_inputs(console: Console, found: Findings) -> None:
    with_shares = found.inputs is not None
    heads = ("total effect", "first order") if with_shares else (f"moves it by{figure_name(found.of)[1].replace(' ', ', ', 1)}", "sigma")
    rows = table("input", "low", "guess", "high", *heads, "direction")
    for one in found.effects:
        figures = _shares(one) if with_shares else _moves(one)
        style = "dim" if one.is_screened_out and with_shares else ""
        rows.add_row(one.name, one.low, one.guess, one.high, *figures, one.direction or NOTHING, style=style)
    console.print(rows)
    if with_shares and any(one.is_screened_out for one in found.effects):
        console.print(Text("screened: Morris found that it moves the output by less than a twentieth of what the strongest does", "dim"))
    if any(one.is_logarithmic for one in found.effects):
        names = ", ".join(one.name for one in found.effects if one.is_logarithmic)
        console.print(Text(f"between ends that are ten times apart the logarithm is spread evenly: {names}", "dim"))


def _shares(one: Effect) -> tuple[str, str]:
    if one.index is None:
        return "screened", NOTHING
    index = one.index
    return _percent(index.total, index.total_half_width), _percent(index.first, index.first_half_width)


def _moves(one: Effect) -> tuple[str, str]:
    if one.moves is None:
        return NOTHING, NOTHING
    return f"{number(one.moves.mu_star, 3)} ± {number(one.moves.half_width, 2)}", number(one.moves.sigma, 3)


def _percent(share: float, half_width: float) -> str:
    """Of an estimate, which may lie a little below 0."""
    return f"{100 * share:.0f} ± {100 * half_width:.0f} %".replace("-0 ", "0 ")
