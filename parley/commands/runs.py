"""Commands about runs: one, what was in it, and what else it might have been."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from agents.learning.bundles.policy import Policy
from parley.analysis.tracing import print_traces
from parley.commands.reports import print_replications
from parley.commands.terminal import (
    AsJson,
    Engine,
    Out,
    RunName,
    ScenarioName,
    Seed,
    Set,
    Spans,
    Until,
    compile_engine,
    mistakes_told,
    print_json,
)
from parley.errors import Interrupted, UsageError
from parley.explanations.explaining import explain
from parley.explanations.report import print_explanation
from parley.interventions.actions import ALL
from parley.printing import print_picture, print_places, print_run, shown
from parley.progress import ProgressLine, SeedsLine
from parley.recording.judging import all_met
from parley.reporting.making import REPORT, report
from parley.runs.differing import print_difference
from parley.runs.replicating import Replications, replicate
from parley.runs.results import Run, load_run
from parley.runs.running import ordered, run
from parley.runs.twins import healthy
from parley.what_if.report import print_whatif, print_whatif_places
from parley.what_if.supposing import whatif
from scenarios.schema.units import parse_share

EXPECTATION_FAILED, TRACES_DIFFER = 3, 1
MEAN = "latency_ms.mean"


def run_command(
    scenario: ScenarioName,
    seed: Seed = 1,
    engine: Engine = "fast",
    until: Until = None,
    changes: Set = None,
    spans: Spans = "sample",
    policy: Annotated[Path | None, typer.Option(metavar="BUNDLE", help="A learned policy that guides whoever scales.")] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The public key of those whose policy you trust.")] = None,
    unsigned: Annotated[bool, typer.Option("--unsigned", help="Take the policy without asking who made it.")] = False,
    out: Out = None,
    as_json: AsJson = False,
    seeds: Annotated[int | None, typer.Option(help="Run so many seeds, from --seed on, and print intervals.", min=1)] = None,
    precision: Annotated[str | None, typer.Option(help="Run seeds until --of is known within this share, as 2%.")] = None,
    of: Annotated[str | None, typer.Option(help="The figure of --precision, by its path in summary.json: latency_ms.mean.")] = None,
) -> None:
    """Run a scenario; the results go to a run folder."""
    with mistakes_told():
        guide = _trusted(policy, key, unsigned)
        order = ordered(scenario, seed=seed, engine=engine, until=until, set=changes or (), spans=spans, policy=guide)
        if of is not None and precision is None:
            raise UsageError("--of names the figure that --precision is of; say how well it is to be known, as --precision 2%")
        compile_engine(order.engine, order.scenario)
        if seeds is not None or precision is not None:
            share = None if precision is None else parse_share(precision)
            with SeedsLine(sys.stderr) as told:
                made = replicate(order, seeds or 200, precision=share, of=of or MEAN, out=out, told=told)
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


def trace_command(
    run_folder: RunName,
    slowest: Annotated[int, typer.Option(help="How many of the slowest requests to show.", min=1)] = 5,
    request: Annotated[int | None, typer.Option(help="This request instead.")] = None,
) -> None:
    """Show requests as waterfalls: who waited where, and for whom."""
    with mistakes_told():
        print_traces(Console(highlight=False), load_run(run_folder), slowest, request)


def diff_command(one: RunName, other: RunName) -> None:
    """Say whether two runs have the same trace; if not, what was asked differently and where they part."""
    with mistakes_told():
        if not print_difference(Console(highlight=False), load_run(one), load_run(other)):
            raise typer.Exit(TRACES_DIFFER)


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
            compile_engine((of := load_run(run_folder)).manifest["engine"], healthy(of.scenario))
        made = explain(run_folder, against=against, twin=twin, workload=workload, out=out)
        if as_json:
            print_json(made.as_json())
        else:
            print_explanation(Console(highlight=False), made)


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
        compile_engine(before.manifest["engine"], before.scenario)
        with ProgressLine(sys.stderr) as told:
            made = whatif(before, at=at, do=do or (), hold=hold, spans=spans, out=out, progress=told)
        if as_json:
            print_json(made.as_json())
            return
        console = Console(highlight=False)
        print_whatif(console, made)
        print_whatif_places(console, made)


def report_command(
    run_folders: Annotated[list[str], typer.Argument(metavar="RUN...", help="Folders of runs, seeds, comparisons; maps; sweeps.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The page; a report that is there is made anew.")] = REPORT,
) -> None:
    """Write a run, several side by side, maps or sweeps as one page that needs no network."""
    with mistakes_told():
        path = report(*run_folders, out=out)
        Console().print(Text(f"wrote {shown(path)}, {path.stat().st_size / 1e6:.1f} MB"), soft_wrap=True)


def _trusted(bundle: Path | None, key: Path | None, unsigned: bool) -> Policy | None:
    """The policy that is named, if one is. Raises BundleError, UsageError."""
    if bundle is None:
        if key is not None or unsigned:
            raise UsageError("--key and --unsigned say how far the policy is trusted that --policy BUNDLE names")
        return None
    return Policy.load(bundle, key, unsigned=unsigned)


def _tell(done: Run, as_json: bool) -> None:
    if as_json:
        print_json(done.summary)
        return
    console = Console(highlight=False)
    print_run(console, done.manifest, done.summary, done.decision_rows())
    print_places(console, done.manifest, done.summary, done.path)
    print_picture(console, done.plot.save_overview())


def _tell_seeds(made: Replications, as_json: bool) -> None:
    if as_json:
        print_json(made.summary)
    else:
        print_replications(Console(highlight=False), made)
    if not all_met(made.summary):
        raise typer.Exit(EXPECTATION_FAILED)


COMMANDS: dict[str, Callable[..., None]] = {
    "run": run_command, "trace": trace_command, "diff": diff_command, "explain": explain_command,
    "whatif": whatif_command, "report": report_command,
}  # fmt: skip
