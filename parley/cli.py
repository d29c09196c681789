"""The command `parley`. A user's mistake is one message on stderr and an exit code, never a traceback.

Exit codes: 0 done · 2 a mistake in the scenario or the command · 3 an `expect` failed · 4 the simulation cannot go on ·
5 the run folder cannot be written or read · 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from parley.errors import Interrupted, UsageError
from parley.judging import all_met
from parley.printing import print_picture, print_places, print_run, shown
from parley.progress import ProgressLine
from parley.reports import print_check
from parley.results import Run
from parley.running import run
from scenarios.checking import check
from scenarios.errors import ParleyError
from scenarios.first_file import SCHEMA_FILE, first_file
from scenarios.load import load
from scenarios.writing import json_schema
from sim.fast.compiling import is_compiled

EXPECTATION_FAILED = 3

app = typer.Typer(name="parley", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False,
                  help="Simulate a service mesh request by request, with an agent in every service.")  # fmt: skip

ScenarioName = Annotated[str, typer.Argument(metavar="SCENARIO", help="A file, or the name of a shipped scenario.")]
RunName = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder, or its name below results/runs.")]
Seed = Annotated[int, typer.Option(help="Of all randomness; the same seed gives the same trace.")]
Engine = Annotated[str, typer.Option(help="fast or reference; both give the same trace.")]
Until = Annotated[str | None, typer.Option(help="End earlier, as 10m.")]
Set = Annotated[list[str] | None, typer.Option(metavar="PATH=VALUE", help="Change the scenario; may be repeated.")]
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
    changes: Annotated[list[str] | None, typer.Option("--set", metavar="PATH=VALUE", help="Change the scenario; may be repeated.")] = None,
    spans: Annotated[str, typer.Option(help="Whose spans to keep: sample, all or none.")] = "sample",
    out: Out = None,
    as_json: AsJson = False,
) -> None:
    """Run a scenario; the results go to a run folder."""
    with mistakes_told():
        _say_compiling(engine)
        watcher = ProgressLine(sys.stderr)
        try:
            done = run(scenario, seed=seed, engine=engine, until=until, set=changes or (), spans=spans, out=out, progress=watcher)
        except Interrupted as stopped:
            watcher.done()
            _tell(Run(stopped.folder), as_json)
            raise
        watcher.done()
        _tell(done, as_json)
        if not all_met(done.summary):
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
        _write_new(file, first_file(file.stem, str(file)))
        schema.write_text(json.dumps(json_schema(), indent=2) + "\n")
        Console().print(f"wrote {file}; try: parley run {file}", soft_wrap=True)


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
        file.write_text(text)
        Console().print(f"wrote {file}", soft_wrap=True)


@contextlib.contextmanager
def mistakes_told() -> Iterator[None]:
    """Within, a mistake becomes one message and its exit code."""
    try:
        yield
    except ParleyError as fault:
        Console(stderr=True).print(Text.assemble(("parley: ", "bold red"), str(fault)), soft_wrap=True)
        raise typer.Exit(fault.exit_code) from None
    except Interrupted as stopped:
        raise typer.Exit(stopped.exit_code) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def _tell(done: Run, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(done.summary, indent=2, ensure_ascii=False) + "\n")
        return
    console = Console(highlight=False)
    print_run(console, done.manifest, done.summary, done.decision_rows())
    print_places(console, done.manifest, done.summary, done.path)
    print_picture(console, done.plot.save_overview())


def _say_compiling(engine: str) -> None:
    if engine == "fast" and not is_compiled():
        Console(stderr=True, highlight=False).print("parley: compiling the engine (once, about 20 s)")


def _write_new(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as new:
            new.write(text)
    except FileExistsError:
        raise UsageError(f"{shown(file)}: is there already; name another file") from None
    except OSError as fault:
        raise UsageError(f"{shown(file)}: cannot be written: {fault.strerror}") from fault
