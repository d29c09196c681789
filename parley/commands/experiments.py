"""Commands about many runs: which of two, every combination, where it tips over, the best, and what the answer hangs on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from parley.commands.terminal import (
    Engine,
    Jobs,
    Out,
    Ray,
    Seed,
    Set,
    Until,
    Vary,
    compile_engine,
    mistakes_told,
    print_json,
    refuse_beside,
    say,
)
from parley.comparisons.comparing import compare, print_comparison
from parley.contests.contests import Contest, contest
from parley.contests.page import publish
from parley.contests.tables import print_contest
from parley.errors import Interrupted, UsageError
from parley.maps.axes import quantity
from parley.maps.files import Asked as MapAsked
from parley.maps.mapping import outcome_map
from parley.maps.tables import print_map
from parley.progress import CellsLine, SeedsLine
from parley.runs.replicating import is_replications
from parley.runs.running import Asked, Order, ordered
from parley.sweeps.axes import axes_of
from parley.sweeps.grids import grid_of
from parley.sweeps.sweeping import Sweep, swept
from parley.sweeps.sweeping import sweep_command as command_of
from parley.sweeps.tables import points_as_json, print_sweep
from parley.tuning.tables import print_tuning
from parley.tuning.tuning import SEEDS, TRIALS, Tuning, Wanted, tune
from parley.uncertainty.tables import print_sensitivity
from parley.uncertainty.uncertainty import BUDGET, Sensitivity, sensitivity
from parley.uncertainty.uncertainty import SEEDS as INPUT_SEEDS
from scenarios.load import load
from scenarios.schema.units import parse_share
from sim.errors import SimulationError

EXPECTATION_FAILED = 3


def compare_command(
    one: Annotated[str, typer.Argument(metavar="A", help="A scenario, or a folder made with --seeds.")],
    other: Annotated[str, typer.Argument(metavar="B", help="Another, or the same with --set-b.")],
    seeds: Annotated[int | None, typer.Option(help="How many, on both sides: 10; with --until-decided 160 at most.", min=2)] = None,
    seed: Seed = 1,
    engine: Engine = "fast",
    until: Until = None,
    changes: Set = None,
    changes_b: Annotated[list[str] | None, typer.Option("--set-b", metavar="PATH=VALUE", help="Change B only.")] = None,
    out: Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON, and nothing else.")] = False,
    until_decided: Annotated[bool, typer.Option("--until-decided", help="End as soon as --of is decided.")] = False,
    of: Annotated[str | None, typer.Option(help="The figure to decide, by its path in summary.json: good.")] = None,
    margin: Annotated[str | None, typer.Option(help="Of the first's mean: a smaller difference is as good as none: 1%.")] = None,
) -> None:
    """Compare two scenarios under the same seeds: paired differences with their intervals."""
    with mistakes_told():
        asked = Asked(seed=seed, engine=engine, until=until, spans="none")
        given = ((one, changes or []), (other, [*(changes or ()), *(changes_b or ())]))
        sides: list[str | Order] = [
            source if is_replications(Path(source)) else ordered(source, **asked | {"set": said}) for source, said in given
        ]
        compile_engine(engine, *(side.scenario for side in sides if isinstance(side, Order)))
        if not until_decided and (of or margin):
            raise UsageError(f"{'--of' if of else '--margin'} is of --until-decided, which is not asked for")
        with SeedsLine(sys.stderr) as told:
            found = compare(*sides, seeds=seeds or (160 if until_decided else 10), seed=seed,
                            until_decided=of or "good" if until_decided else None,
                            margin=parse_share(margin or "1%"), out=out, told=told)  # fmt: skip
        if as_json:
            print_json(found.as_json())
        else:
            print_comparison(Console(highlight=False), found)


def sweep_command(
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped scenario.")] = None,
    vary: Vary = None,
    seeds: Annotated[int, typer.Option(help="How many for every combination, from --seed on.", min=1)] = 1,
    seed: Seed = 1,
    engine: Engine = "fast",
    until: Until = None,
    changes: Set = None,
    jobs: Jobs = None,
    ray: Ray = None,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with a sweep that was stopped or killed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the points as JSON, and nothing else.")] = False,
) -> None:
    """Run every combination of values under several seeds; what is finished survives whatever ends the sweep."""
    with mistakes_told():
        _require_one("a scenario, or a sweep", scenario, resume, vary, changes, until, out)
        if resume is not None:
            begun = Sweep(resume)
            grid, go_on = begun.grid, partial(begun.resume)
        else:
            asked: Asked = {"seed": seed, "engine": engine, "until": until, "set": changes or ()}
            grid = grid_of(scenario or "", axes_of(vary or ()), seeds, asked)
            go_on = partial(swept, grid, command_of(scenario or "", asked, vary or (), seeds), out=out)
        compile_engine(grid.base.engine, *grid.worlds())
        try:
            with CellsLine(sys.stderr) as told:
                done = go_on(jobs=jobs, ray=ray, told=told)
        except Interrupted as stopped:
            _tell_sweep(Sweep(stopped.folder), as_json)
            raise
        _tell_sweep(done, as_json)


def map_command(
    source: Annotated[str, typer.Argument(metavar="MAP", help="A map's file, a shipped one as basin, or a scenario.")],
    x: Annotated[str | None, typer.Option(metavar="PATH=VALUES", help="What is varied from left to right, as 0.2..1.2..0.1.")] = None,
    y: Annotated[str | None, typer.Option(metavar="PATH=VALUES", help="What is varied from below to above.")] = None,
    outcome: Annotated[str | None, typer.Option(help="The figure that is looked at, by its path in summary.json.")] = None,
    level: Annotated[str | None, typer.Option(help="Where its frontier lies: 50%, or a number.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Runs of each cell; 10, or as the file says.", min=1)] = None,
    jobs: Annotated[int | None, typer.Option(help="Runs at a time; one a core.", min=1)] = None,
    ray: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Run on a Ray cluster: auto, local, or its address.")] = None,
    out: Annotated[Path | None, typer.Option(help="A new folder, or that of this map to go on with.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the frontiers as JSON, and nothing else.")] = False,
) -> None:
    """Draw an outcome over a plane: where it crosses a level, with intervals, for one world or several beside each other."""
    with mistakes_told():
        asked = MapAsked(x, y, outcome, None if level is None else quantity(level), seeds)
        with CellsLine(sys.stderr) as told:
            found = outcome_map(source, asked=asked, jobs=jobs, ray=ray, out=out, told=told)
        if as_json:
            print_json(found.as_json())
        else:
            print_map(Console(highlight=False), found)


def contest_command(
    source: Annotated[str | None, typer.Argument(metavar="CONTEST", help="A contest's file, or a shipped one as negotiation.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Runs of each alternative in each event; as the file says.", min=2)] = None,
    jobs: Annotated[int | None, typer.Option("--jobs", "-j", help="Runs at a time; one a core.", min=1)] = None,
    ray: Ray = None,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with a contest that was stopped or killed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print standings, gains and claims as JSON, and nothing else.")] = False,
) -> None:
    """Seat every mechanism in the same chairs under the same seeds: who is better, at what price, and who gains by a lie."""
    with mistakes_told():
        _require_one("a contest, as negotiation, or one", source, resume, seeds, out)
        with CellsLine(sys.stderr) as told:
            if resume is not None:
                found = Contest(resume).resume(jobs=jobs, ray=ray, told=told)
            else:
                found = contest(source or "", seeds=seeds, jobs=jobs, out=out, ray=ray, told=told)
        publish(found)
        if as_json:
            print_json(found.findings())
        else:
            print_contest(Console(highlight=False), found)


def tune_command(
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped scenario.")] = None,
    vary: Annotated[list[str] | None, typer.Option(metavar="PATH=LOW..HIGH[:log]", help="What may be chosen; or a list.")] = None,
    minimize: Annotated[str | None, typer.Option(metavar="FIGURE", help="By its path in the summary, as latency_ms.p99.")] = None,
    maximize: Annotated[str | None, typer.Option(metavar="FIGURE", help="The same, to be made large.")] = None,
    subject_to: Annotated[list[str] | None, typer.Option(metavar="BOUND", help="As 'good >= 99%'; may be repeated.")] = None,
    trials: Annotated[int, typer.Option(help="How many proposals to try.", min=1)] = TRIALS,
    seeds: Annotated[int, typer.Option(help="How many for every proposal, from --seed on.", min=1)] = SEEDS,
    seed: Seed = 1,
    engine: Engine = "fast",
    until: Until = None,
    changes: Set = None,
    jobs: Jobs = None,
    ray: Ray = None,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with a search that was stopped or killed.")] = None,
) -> None:
    """Look for the values that make a figure small or large, and check the best under fresh seeds."""
    with mistakes_told():
        wanted: Wanted = {"minimize": minimize, "maximize": maximize, "subject_to": subject_to or (), "trials": trials,
                          "seeds": seeds, "seed": seed, "engine": engine, "until": until, "set": changes or ()}  # fmt: skip
        _require_one("a scenario, or a search", scenario, resume, vary, minimize, maximize, subject_to, changes, until, out)
        compile_engine(engine, *([] if scenario is None else [load(scenario, changes or ())]))
        try:
            with CellsLine(sys.stderr) as told:
                if resume is not None:
                    done = Tuning(resume).resume(jobs=jobs, ray=ray, told=told)
                else:
                    done = tune(scenario or "", vary or (), jobs=jobs, out=out, ray=ray, told=told, **wanted)
        except Interrupted as stopped:
            print_tuning(Console(highlight=False), Tuning(stopped.folder))
            raise
        print_tuning(Console(highlight=False), done)
        if not done.is_kept:
            raise typer.Exit(EXPECTATION_FAILED)


def sensitivity_command(
    scenario: Annotated[str | None, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped scenario.")] = None,
    of: Annotated[str, typer.Option(metavar="FIGURE", help="The output, by its path in summary.json.")] = "latency_ms.p99",
    vary: Annotated[list[str] | None, typer.Option(metavar="PATH=LOW..HIGH", help="Uncertain too, beside what the file says.")] = None,
    method: Annotated[str, typer.Option(help="morris, sobol, or both: Sobol over those that Morris keeps.")] = "both",
    budget: Annotated[int, typer.Option(help="How many runs there may be.", min=1)] = BUDGET,
    seeds: Annotated[int, typer.Option(help="How many for every evaluation, from --seed on.", min=1)] = INPUT_SEEDS,
    seed: Seed = 1,
    engine: Engine = "fast",
    until: Until = None,
    changes: Set = None,
    jobs: Jobs = None,
    ray: Ray = None,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with one that was stopped or killed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON, and nothing else.")] = False,
) -> None:
    """Say how far uncertain inputs move a figure, against the simulation's own noise, and which of them do."""
    with mistakes_told():
        _require_one("a scenario, or a sensitivity", scenario, resume, vary, changes, until, out)
        compile_engine(engine, *([] if scenario is None else [load(scenario, changes or ())]))
        with CellsLine(sys.stderr) as told:
            if resume is not None:
                done = Sensitivity(resume).resume(jobs=jobs, ray=ray, told=told)
            else:
                done = sensitivity(scenario or "", of, vary=vary or (), method=method, budget=budget, seeds=seeds, seed=seed, engine=engine,
                                   until=until, set=changes or (), jobs=jobs, ray=ray, out=out, told=told)  # fmt: skip
        if as_json:
            print_json(done.findings.as_json())
        else:
            print_sensitivity(Console(highlight=False), done)


def _require_one(what: str, source: str | None, resume: Path | None, *asked: object) -> None:
    """Either what is new, or a folder to go on with as it was asked then. Raises UsageError."""
    if source is None and resume is None:
        raise UsageError(f"name {what} to go on with: --resume DIR")
    refuse_beside(resume, source, *asked)


def _tell_sweep(made: Sweep, as_json: bool) -> None:
    if as_json:
        print_json(points_as_json(made))
    else:
        print_sweep(Console(highlight=False), made)
    cells = made.cells()["fault"].to_pylist()
    faults = [fault for fault in cells if fault is not None]
    if faults:
        say(f"{len(faults)} of {len(cells)} cells could not go on, the first one because: {faults[0]}")
        raise typer.Exit(SimulationError.exit_code)


COMMANDS: dict[str, Callable[..., None]] = {
    "compare": compare_command, "sweep": sweep_command, "map": map_command, "contest": contest_command, "tune": tune_command,
    "sensitivity": sensitivity_command,
}  # fmt: skip
