"""How fast Parley is, and how flat: `make bench`, or `python -m tests.benchmarks.bench --only hops,scale`.

Measures its parts one after the other, prints their tables, writes every round with machine and versions to speed.json,
and draws speed.png and scale.png beside it. `--readme` measures nothing and writes README's block from speed.json.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tests.benchmarks.drawing import draw
from tests.benchmarks.parts import PARTS
from tests.benchmarks.publishing import PUBLISHED, publish, published
from tests.benchmarks.readme import rewrite
from tests.benchmarks.turns import Effort

console = Console(highlight=False)


def main(
    only: Annotated[str, typer.Option(help="Parts, with commas between them.")] = ",".join(PARTS),
    rounds: Annotated[int, typer.Option(help="How often everybody takes a turn.", min=1)] = 5,
    share: Annotated[float, typer.Option(help="Of the full length of every turn.", min=0.0, max=1.0)] = 1.0,
    whole: Annotated[bool, typer.Option("--whole", help="Also what takes minutes: a run of 10^8 requests.")] = False,
    out: Annotated[Path | None, typer.Option(help="A folder for the results; what is published, if absent.")] = None,
    readme: Annotated[bool, typer.Option("--readme", help="Only write README's block from what is published.")] = False,
) -> None:
    """Measure, print, publish."""
    if readme:
        rewrite(published())
        return
    if out is None and share < 1.0:
        raise typer.BadParameter("short turns are not published: name a folder with --out")
    effort, folder = Effort(rounds, share, whole), out or PUBLISHED
    for name in chosen(only):
        measure_part(name, effort, folder)
    for picture in draw(published(folder), folder):
        console.print(f"drawn: {picture}")
    if out is None:
        console.print("README's figures follow with: python -m tests.benchmarks.bench --readme")


def chosen(only: str) -> list[str]:
    """The parts named. Raises BadParameter for one that there is not."""
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in PARTS:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(PARTS)}", param_hint="--only")
    return names


def measure_part(name: str, effort: Effort, folder: Path) -> None:
    """Measure one part, print it, and keep it beside those measured before."""
    console.print(f"measuring {name}: {effort.rounds} rounds, length {effort.share:g}")
    began = time.monotonic()
    figures = PARTS[name].measure(effort)
    took = time.monotonic() - began
    for table in PARTS[name].tables(figures):
        console.print(table)
    console.print(f"written: {publish(name, figures, effort, folder)}, after {took:.0f} s\n")


if __name__ == "__main__":
    typer.run(main)
