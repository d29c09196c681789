"""The command `parley`. A user's mistake is one message on stderr and an exit code, never a traceback.

Exit codes: 0 done · 1 `diff` found different traces · 2 a mistake in the scenario or the command · 3 an `expect` failed ·
4 the simulation cannot go on · 5 the run folder cannot be written or read · 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import contextlib
import io
import json
import re
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from parley.actions import ALL
from parley.axes import axes_of
from parley.comparing import compare, print_comparison
from parley.conformance import answered, mechanism
from parley.difference_report import print_whatif, print_whatif_places
from parley.differing import print_difference
from parley.errors import Interrupted, UsageError
from parley.explaining import explain
from parley.explanation_report import print_explanation
from parley.grids import grid_of
from parley.judging import all_met
from parley.map_files import Asked as MapAsked
from parley.map_tables import print_map
from parley.mapping import outcome_map, quantity
from parley.printing import print_picture, print_places, print_run, shown
from parley.progress import CellsLine, ProgressLine, SeedsLine
from parley.replicating import Replications, is_replications, replicate
from parley.reporting.making import REPORT, report
from parley.reports import print_check, print_mechanisms, print_replications
from parley.results import Run, load_run
from parley.run_folder import as_json as json_bytes
from parley.running import Asked, Order, ordered, run
from parley.supposing import whatif
from parley.sweep_tables import points_as_json, print_sweep
from parley.sweeping import Sweep, swept
from parley.sweeping import sweep_command as command_of
from parley.tracing import print_traces
from parley.tuning import SEEDS, TRIALS, Tuning, Wanted, tune
from parley.tuning_tables import print_tuning
from parley.twins import healthy
from scenarios.checking import check
from scenarios.errors import ParleyError
from scenarios.first_file import SCHEMA_FILE, first_file
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import parse_share
from scenarios.writing import json_schema
from sim.errors import SimulationError
from sim.fast.compiling import cache_folder, is_compiled, kernels
from sim.fast.engine import needs_full

EXPECTATION_FAILED, TRACES_DIFFER = 3, 1

app = typer.Typer(name="parley", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Simulate a service mesh request by request, with an agent in every service.")  # fmt: skip

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped scenario.")]
RunName = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or its name below results/runs.")]
Seed = Annotated[int, typer.Option(help="Of all randomness; the same seed gives the same trace.")]
Engine = Annotated[str, typer.Option(help="fast or reference; both give the same trace.")]
Until = Annotated[str | None, typer.Option(help="End earlier, as 10m.")]
Set = Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change the scenario; may be repeated.")]
Vary = Annotated[
    list[str] | None, typer.Option(metavar="PATH=VALUES", help="2..12, 0.2..1.0..0.1 or 0.5,1,2; several make a grid.")
]
Jobs = Annotated[int | None, typer.Option(help="Cells at a time; one a core if not given.", min=1)]
Ray = Annotated[str | None, typer.Option(metavar="ADDRESS", help="Compute on a Ray cluster: auto, local or host:port.")]
Spans = Annotated[str, typer.Option(help="Whose spans to keep: sample, tail (failed or too slow), all or none.")]
Out = Annotated[Path | None, typer.Option(help="A new or empty folder for the results.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")]


def main() -> None:
    """The entry point of the command line."""
    app(prog_name="parley")


@app.command("run")
def run_command(
    scenario: ScenarioName,
    seed: Seed = 1,
    engine: Engine = "fast",
    until: Until = None,
    changes: Set = None,
    spans: Spans = "sample",
    out: Out = None,
    as_json: AsJson = False,
    seeds: Annotated[int | None, typer.Option(help="Run so many seeds, from --seed on, and print intervals.", min=1)] = None,
    precision: Annotated[str | None, typer.Option(help="Run seeds until --of is known within this share, as 2%.")] = None,
    of: Annotated[str, typer.Option(help="The figure of --precision, by its path in summary.json.")] = "latency_ms.mean",
) -> None:
    """Run a scenario; the results go to a run folder."""
    with mistakes_told():
        order = ordered(scenario, seed=seed, engine=engine, until=until, set=changes or (), spans=spans)
        _compile(order.engine, order.scenario)
        if seeds is not None or precision is not None:
            share = None if precision is None else parse_share(precision)
            with SeedsLine(sys.stderr) as told:
                made = replicate(order, seeds or 200, precision=share, of=of, out=out, told=told)
            _tell_seeds(made, as_json)
            return
        try:
            with ProgressLine(sys.stderr) as told:
                done = run(order, out=out, progress=told)
        except Interrupted as stopped:
            _tell(Run(stopped.folder), as_json)
            raise
        _tell(done, as_json)
        if not all_met(done.summary):
            raise typer.Exit(EXPECTATION_FAILED)


@app.command("trace")
def trace_command(
    run_folder: RunName,
    slowest: Annotated[int, typer.Option(help="How many of the slowest requests to show.", min=1)] = 5,
    request: Annotated[int | None, typer.Option(help="This request instead.")] = None,
) -> None:
    """Show requests as waterfalls: who waited where, and for whom."""
    with mistakes_told():
        print_traces(Console(highlight=False), load_run(run_folder), slowest, request)


@app.command("diff")
def diff_command(one: RunName, other: RunName) -> None:
    """Say whether two runs have the same trace; if not, what was asked differently and where they part."""
    with mistakes_told():
        if not print_difference(Console(highlight=False), load_run(one), load_run(other)):
            raise typer.Exit(TRACES_DIFFER)


@app.command("compare")
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
    of: Annotated[str, typer.Option(help="The figure to decide, by its path in summary.json.")] = "good",
    margin: Annotated[str, typer.Option(help="Of the first's mean: a smaller difference is as good as none.")] = "1%",
) -> None:
    """Compare two scenarios under the same seeds: paired differences with their intervals."""
    with mistakes_told():
        asked = Asked(seed=seed, engine=engine, until=until, spans="none")
        given = ((one, changes or []), (other, [*(changes or ()), *(changes_b or ())]))
        sides: list[str | Order] = [
            source if is_replications(Path(source)) else ordered(source, **asked | {"set": said}) for source, said in given
        ]
        _compile(engine, *(side.scenario for side in sides if isinstance(side, Order)))
        with SeedsLine(sys.stderr) as told:
            found = compare(*sides, seeds=seeds or (160 if until_decided else 10), seed=seed, until_decided=of if until_decided else None,
                            margin=parse_share(margin), out=out, told=told)  # fmt: skip
        if as_json:
            _print_json(found.as_json())
        else:
            print_comparison(Console(highlight=False), found)


@app.command("sweep")
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
        if resume is not None:
            if scenario is not None or vary or changes or until or out:
                raise UsageError("--resume goes on with what was asked then; only --jobs, --ray and --json go with it")
            begun = Sweep(resume)
            grid, go_on = begun.grid, partial(begun.resume)
        else:
            if scenario is None:
                raise UsageError("name a scenario, or a sweep to go on with: --resume DIR")
            asked: Asked = {"seed": seed, "engine": engine, "until": until, "set": changes or ()}
            grid = grid_of(scenario, axes_of(vary or ()), seeds, asked)
            go_on = partial(swept, grid, command_of(scenario, asked, vary or (), seeds), out=out)
        _compile(grid.base.engine, *grid.worlds())
        try:
            with CellsLine(sys.stderr) as told:
                done = go_on(jobs=jobs, ray=ray, told=told)
        except Interrupted as stopped:
            _tell_sweep(Sweep(stopped.folder), as_json)
            raise
        _tell_sweep(done, as_json)


@app.command("map")
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
            _print_json(found.as_json())
        else:
            print_map(Console(highlight=False), found)


@app.command("whatif")
def whatif_command(
    run_folder: RunName,
    at: Annotated[str, typer.Option(help="When, as 12m03s.")],
    do: Annotated[list[str] | None, typer.Option(metavar="ACTION", help=f"What is done there; may be repeated. {ALL}.")] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Let agents command the services acted upon in vain from then on.")] = False,
    spans: Spans = "sample",
    out: Out = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the difference as JSON, and nothing else.")] = False,
) -> None:
    """Run a run again, the same to the bit until an instant, do something there, and say what came of it."""
    with mistakes_told():
        before = load_run(run_folder)
        _compile(before.manifest["engine"], before.scenario)
        with ProgressLine(sys.stderr) as told:
            made = whatif(before, at=at, do=do or (), hold=hold, spans=spans, out=out, progress=told)
        if as_json:
            _print_json(made.as_json())
            return
        console = Console(highlight=False)
        print_whatif(console, made)
        print_whatif_places(console, made)


@app.command("explain")
def explain_command(
    run_folder: RunName,
    against: Annotated[Path | None, typer.Option(metavar="RUN", help="A healthy run, to find the first cause of a degradation.")] = None,
    twin: Annotated[bool, typer.Option("--twin", help="Make that run: the same world without its faults.")] = False,
    workload: Annotated[str | None, typer.Option(help="Of this class only.")] = None,
    out: Annotated[Path | None, typer.Option(help="A new or empty folder for the twin.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the shares as JSON, and nothing else.")] = False,
) -> None:
    """Say what p99 and p50 are made of, service by service, and what began a degradation."""
    with mistakes_told():
        if twin:
            _compile((of := load_run(run_folder)).manifest["engine"], healthy(of.scenario))
        made = explain(run_folder, against=against, twin=twin, workload=workload, out=out)
        if as_json:
            _print_json(made.as_json())
        else:
            print_explanation(Console(highlight=False), made)


@app.command("report")
def report_command(
    run_folders: Annotated[list[str], typer.Argument(metavar="RUN...", help="Run folders, or folders made with --seeds or by compare.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page; a report that is there is made anew.")] = REPORT,
) -> None:
    """Write a run, or several side by side, as one page that needs no network."""
    with mistakes_told():
        path = report(*run_folders, out=out)
        Console().print(Text(f"wrote {shown(path)}, {path.stat().st_size / 1e6:.1f} MB"), soft_wrap=True)


@app.command("tune")
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
        if resume is not None and (scenario is not None or vary or minimize or maximize or subject_to or changes or until or out):
            raise UsageError("--resume goes on with what was asked then; only --jobs and --ray go with it")
        if resume is None and scenario is None:
            raise UsageError("name a scenario, or a search to go on with: --resume DIR")
        _compile(engine, *([] if scenario is None else [load(scenario, changes or ())]))
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


@app.command("check")
def check_command(scenario: ScenarioName, changes: Set = None) -> None:
    """Say what will saturate, how far retries multiply, and what is seldom meant; nothing runs."""
    with mistakes_told():
        world = load(scenario, changes or ())
        print_check(Console(), world, check(world))


@app.command("init")
def init_command(file: Annotated[Path, typer.Argument(help="The file to write.")] = Path("first.yaml")) -> None:
    """Write a first scenario, with comments, and the schema for editors beside it."""
    with mistakes_told():
        schema = file.with_name(SCHEMA_FILE)
        _write_new(file, first_file(_run_name(file.stem), str(file)))
        _write(schema, json.dumps(json_schema(), indent=2) + "\n")
        Console().print(Text(f"wrote {file}; try: parley run {file}"), soft_wrap=True)


@app.command("schema")
def schema_command(
    file: Annotated[Path, typer.Argument(help="The file to write; - prints.")] = Path(SCHEMA_FILE),
) -> None:
    """Write the JSON Schema of scenario files, for editors."""
    with mistakes_told():
        text = json.dumps(json_schema(), indent=2) + "\n"
        if str(file) == "-":
            sys.stdout.write(text)
            return
        _write(file, text)
        Console().print(Text(f"wrote {file}"), soft_wrap=True)


@app.command("conformance")
def conformance_command(
    name: Annotated[str | None, typer.Argument(metavar="MECHANISM", help="Which; without one, all are listed.")] = None,
) -> None:
    """Ask a law or rule alone: cases come on stdin, a JSON object a line, and each gets a line of answer."""
    with mistakes_told():
        if name is None:
            print_mechanisms(Console(highlight=False))
            return
        asked, failed = mechanism(name), False
        cases = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
        for one in answered(asked, cases):
            sys.stdout.write(json.dumps(one.content, ensure_ascii=False) + "\n")
            sys.stdout.flush()  # whoever asks line by line waits for it
            if one.error is not None:
                failed = True
                _say(one.error)
        if failed:
            raise typer.Exit(UsageError.exit_code)


@contextlib.contextmanager
def mistakes_told() -> Iterator[None]:
    """Within, a mistake becomes one message and its exit code."""
    try:
        yield
    except ParleyError as fault:
        _say(str(fault))
        raise typer.Exit(fault.exit_code) from None
    except Interrupted as stopped:
        _say(str(stopped))
        raise typer.Exit(stopped.exit_code) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _tell(done: Run, as_json: bool) -> None:
    if as_json:
        _print_json(done.summary)
        return
    console = Console(highlight=False)
    print_run(console, done.manifest, done.summary, done.decision_rows())
    print_places(console, done.manifest, done.summary, done.path)
    print_picture(console, done.plot.save_overview())


def _tell_seeds(made: Replications, as_json: bool) -> None:
    if as_json:
        _print_json(made.summary)
    else:
        print_replications(Console(highlight=False), made)
    if not all_met(made.summary):
        raise typer.Exit(EXPECTATION_FAILED)


def _tell_sweep(made: Sweep, as_json: bool) -> None:
    if as_json:
        _print_json(points_as_json(made))
    else:
        print_sweep(Console(highlight=False), made)
    cells = made.cells()["fault"].to_pylist()
    faults = [fault for fault in cells if fault is not None]
    if faults:
        _say(f"{len(faults)} of {len(cells)} cells could not go on, the first one because: {faults[0]}")
        raise typer.Exit(SimulationError.exit_code)


def _print_json(content: dict[str, Any]) -> None:
    sys.stdout.write(json_bytes(content).decode())


def _compile(engine: str, *worlds: Scenario) -> None:
    """Say so where the engine has to be compiled first: once, and again where one of its laws has changed."""
    for is_full in sorted({needs_full(world) for world in worlds} if engine == "fast" else ()):
        if is_compiled(is_full):
            continue
        what = ", with every feature (once, about 40 s)" if is_full else " (once, about 20 s)"
        _say(f"compiling the engine{what}", "bold cyan")
        began = time.monotonic()
        kernels(is_full)
        _say(f"compiled in {time.monotonic() - began:.0f} s", "bold cyan")
        if not is_compiled(is_full):
            _say(f"it cannot be kept in {cache_folder()}: name a folder to write to in PARLEY_CACHE", "bold cyan")


def _say(sentence: str, colour: str = "bold red") -> None:
    Console(stderr=True, highlight=False).print(Text.assemble(("parley: ", colour), sentence), soft_wrap=True)


def _run_name(stem: str) -> str:
    """A file's name as a scenario may bear it."""
    return re.sub(r"[^A-Za-z0-9_-]+", "_", stem).lstrip("_-")[:63] or "first"


def _write_new(file: Path, text: str) -> None:
    try:
        _write(file, text, "x")
    except FileExistsError:
        raise UsageError(f"{shown(file)}: is there already; name another file") from None


def _write(file: Path, text: str, mode: str = "w") -> None:
    try:
        with file.open(mode, encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise
    except OSError as fault:
        raise UsageError(f"{shown(file)}: cannot be written: {fault.strerror}") from fault
