"""Commands about policies that learn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from agents.learning.tasks import SCALE_V0
from parley.commands.terminal import Out, mistakes_told
from parley.errors import Interrupted, UsageError
from parley.progress import CellsLine
from parley.training.tables import print_training
from parley.training.training import Training, train
from scenarios.schema.units import parse_quantity


def train_command(
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", help=f"A file, or a shipped one: {SCALE_V0.scenario}.")] = None,
    chair: Annotated[str, typer.Option(help="What is learned: scaling.")] = "scaling",
    steps: Annotated[str, typer.Option(help="Decisions of single services for each seed, as 300k.")] = "300k",
    seeds: Annotated[int, typer.Option(help="How many policies; they differ.", min=1)] = 5,
    lanes: Annotated[int, typer.Option(help="Meshes beside each other.", min=1)] = 16,
    jobs: Annotated[int, typer.Option(help="Processes that they are shared among.", min=1)] = 2,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with a training that was stopped or killed.")] = None,
) -> None:
    """Train a policy that multiplies what a scenario's own rules ask for, once for each seed."""
    with mistakes_told():
        if resume is not None and (scenario is not None or out is not None):
            raise UsageError("--resume goes on with what was asked then; only --jobs may be another")
        with CellsLine(sys.stderr, "decisions") as line:

            def told(seed: int, done: int, of: int) -> None:
                whole = (seeds if resume is None else Training(resume).plan.seeds) * of
                line((seed - 1) * of + done, whole)

            try:
                if resume is not None:
                    found = Training(resume).resume(jobs=jobs, told=told)
                else:
                    found = train(scenario or SCALE_V0.scenario, chair=chair, steps=_whole(steps), seeds=seeds, lanes=lanes, jobs=jobs,
                                  out=out, told=told)  # fmt: skip
            except Interrupted as stopped:
                print_training(Console(highlight=False), Training(stopped.folder))
                raise
        print_training(Console(highlight=False), found)


def _whole(text: str) -> int:
    """`300k` as a number. Raises UnitError."""
    return parse_quantity(text) // 1000


COMMANDS: dict[str, Callable[..., None]] = {"train": train_command}
