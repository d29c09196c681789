"""Commands about policies that learn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, cast

import typer
from rich.console import Console

from parley.adapting.adapting import SCENARIO, SEEDS, Adaptation, adapt
from parley.adapting.tables import print_adaptation
from parley.commands.terminal import Out, mistakes_told, refuse_beside, say
from parley.errors import Interrupted, UsageError
from parley.exporting.exporting import export, new_key, require_sealable
from parley.exporting.finished import HELD_OUT, LEAVES
from parley.exporting.tables import print_export
from parley.exporting.targets import TARGETS
from parley.progress import CellsLine
from parley.training.plans import CHAIRS, Asked
from parley.training.tables import print_training
from parley.training.training import Training, train
from scenarios.schema.units import parse_quantity


def train_command(
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", help="A file, or a shipped one; else the frozen world.")] = None,
    chair: Annotated[str | None, typer.Option(help=f"What is learned: {', '.join(CHAIRS)}.")] = None,
    steps: Annotated[str | None, typer.Option(help="Decisions of single rows for each seed: 300k.")] = None,
    seeds: Annotated[int | None, typer.Option(help="How many policies; they differ: 5.", min=1)] = None,
    lanes: Annotated[int | None, typer.Option(help="Meshes beside each other: 16.", min=1)] = None,
    fidelity: Annotated[str | None, typer.Option(help="Where it learns: requests, or fluid, which is faster.")] = None,
    algorithm: Annotated[str | None, typer.Option(help="ppo (with masks), or dqn.")] = None,
    critic: Annotated[str | None, typer.Option(help="What PPO's critic is shown: own, or central, which is all rows.")] = None,
    rate: Annotated[float | None, typer.Option(help="Of learning, at first, falling to nothing: 2e-3.")] = None,
    windows: Annotated[bool, typer.Option("--windows", help="Episodes begin at any minute of a world that is longer.")] = False,
    curriculum: Annotated[str | None, typer.Option(metavar="FILE", help="Stages to learn in first: a file, or the shipped one.")] = None,
    tune: Annotated[int | None, typer.Option(metavar="TRIALS", help="First look for better numbers of the recipe.", min=1)] = None,
    start: Annotated[Path | None, typer.Option("--from", metavar="RUN", help="Begin with the policies of a finished training.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes that they are shared among.", min=1)] = 2,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with a training that was stopped or killed.")] = None,
) -> None:
    """Train a policy that all services share, or hosts, routes, bidders: once for each seed."""
    with mistakes_told():
        refuse_beside(resume, scenario, chair, steps, seeds, lanes, fidelity, algorithm, critic, rate, windows or None, curriculum,
                      tune, start, out)
        said = {"chair": chair, "steps": _whole(steps) if steps else None, "seeds": seeds, "lanes": lanes, "fidelity": fidelity,
                "algorithm": algorithm, "critic": critic, "rate": rate, "windows": windows or None, "curriculum": curriculum,
                "tune": tune}  # fmt: skip
        asked = cast(Asked, {name: value for name, value in said.items() if value is not None})
        with CellsLine(sys.stderr, "decisions") as line:
            try:
                if resume is not None:
                    found = Training(resume).resume(jobs=jobs, told=line)
                else:
                    found = train(scenario, jobs=jobs, out=out, start=start, told=line, **asked)
            except Interrupted as stopped:
                print_training(Console(highlight=False), Training(stopped.folder))
                raise
        print_training(Console(highlight=False), found)


def adapt_command(
    run_folder: Annotated[Path | None, typer.Argument(metavar="RUN", help="The folder of a training.")] = None,
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", help="A file, or a shipped one: shift_day.")] = None,
    policy: Annotated[int | None, typer.Option(help="Its seed; the best one by validation if not given.", min=1)] = None,
    seeds: Annotated[int | None, typer.Option(help="Days, each of other traffic: 5.", min=1)] = None,
    jobs: Annotated[int, typer.Option(help="Days at a time.", min=1)] = 2,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with days that were stopped or killed.")] = None,
) -> None:
    """Let a policy learn on while it serves a day, beside itself as it was, the rule, and a rule told the truth."""
    with mistakes_told():
        refuse_beside(resume, run_folder, scenario, policy, seeds, out)
        with CellsLine(sys.stderr, "days") as line:
            try:
                if resume is not None:
                    found = Adaptation(resume).resume(jobs=jobs, told=line)
                elif run_folder is None:
                    raise UsageError("name the folder of a training, or a folder to --resume")
                else:
                    found = adapt(run_folder, scenario or SCENARIO, policy=policy, seeds=seeds or SEEDS, jobs=jobs, out=out, told=line)
            except Interrupted as stopped:
                print_adaptation(Console(highlight=False), Adaptation(stopped.folder))
                raise
        print_adaptation(Console(highlight=False), found)


def export_command(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a training.")],
    to: Annotated[str, typer.Option(help=f"What it leaves as: {', '.join(TARGETS)}.")] = "bundle",
    policy: Annotated[int | None, typer.Option(help="Its seed; the best one by validation if not given.", min=1)] = None,
    leaves: Annotated[int, typer.Option(help="Of its decision tree, at most.", min=2)] = LEAVES,
    episodes: Annotated[int, typer.Option(help="Held-out ones on which all are measured.", min=1, max=len(HELD_OUT))] = len(HELD_OUT),
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="A private key (Ed25519, PEM) that signs the bundle.")] = None,
    fresh_key: Annotated[Path | None, typer.Option("--new-key", metavar="FILE", help="Make that key first, and FILE.pub.")] = None,
    jobs: Annotated[int, typer.Option(help="Processes that measure it.", min=1)] = 2,
    out: Annotated[Path | None, typer.Option(help="A new or empty folder; or for a bundle an archive, FILE.tar or FILE.zip.")] = None,
) -> None:
    """Write a trained policy as a bundle that others can check and run, or as a part of one."""
    with mistakes_told():
        if key is not None and fresh_key is not None:
            raise UsageError("--key signs with a key that is there, --new-key makes one: name one of them")
        if fresh_key is not None:
            require_sealable(run_folder, to, policy)
            key = new_key(fresh_key)
        if sys.stderr.isatty():
            say("plays episodes to fit the tree and to measure what is lost; about a minute", "bold cyan")
        made = export(run_folder, to=to, policy=policy, leaves=leaves, episodes=episodes, key=key, jobs=jobs, out=out)
        print_export(Console(highlight=False), made)


def _whole(text: str) -> int:
    """`300k` as a number. Raises UnitError, and UsageError for a part of one."""
    whole, rest = divmod(parse_quantity(text), 1000)
    if rest:
        raise UsageError(f"--steps {text}: is no whole number of decisions; write it like 300k")
    return whole


COMMANDS: dict[str, Callable[..., None]] = {"train": train_command, "adapt": adapt_command, "export": export_command}
