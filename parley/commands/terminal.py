"""What all commands share: how options are written, how mistakes are told, and when the engine is compiled."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from parley.errors import Interrupted, UsageError
from parley.storage.run_folder import as_json as json_bytes
from scenarios.errors import ParleyError
from scenarios.schema.scenario import Scenario
from sim.fast.compiling import cache_folder, is_compiled, kernels
from sim.fast.engine import needs_full

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


def refuse_beside(resume: Path | None, *asked: object) -> None:
    """Who goes on with a folder asks for nothing else. Raises UsageError."""
    if resume is not None and any(one not in (None, [], ()) for one in asked):
        raise UsageError("--resume goes on with what was asked then; only --jobs and --ray may be others")


@contextlib.contextmanager
def mistakes_told() -> Iterator[None]:
    """Within, a mistake becomes one message and its exit code."""
    try:
        yield
    except ParleyError as fault:
        say(str(fault))
        raise typer.Exit(fault.exit_code) from None
    except Interrupted as stopped:
        say(str(stopped))
        raise typer.Exit(stopped.exit_code) from None
    except KeyboardInterrupt:
        raise typer.Exit(130) from None


def say(sentence: str, colour: str = "bold red") -> None:
    """A sentence on stderr."""
    Console(stderr=True, highlight=False).print(Text.assemble(("parley: ", colour), sentence), soft_wrap=True)


def print_json(content: dict[str, Any]) -> None:
    """The only thing on stdout, where --json is asked for."""
    sys.stdout.write(json_bytes(content).decode())


def compile_engine(engine: str, *worlds: Scenario) -> None:
    """Say so where the engine has to be compiled first: once, and again where one of its laws has changed."""
    for is_full in sorted({needs_full(world) for world in worlds} if engine == "fast" else ()):
        if is_compiled(is_full):
            continue
        what = ", with every feature (once, about 40 s)" if is_full else " (once, about 20 s)"
        say(f"compiling the engine{what}", "bold cyan")
        began = time.monotonic()
        kernels(is_full)
        say(f"compiled in {time.monotonic() - began:.0f} s", "bold cyan")
        if not is_compiled(is_full):
            say(f"it cannot be kept in {cache_folder()}: name a folder to write to in PARLEY_CACHE", "bold cyan")
