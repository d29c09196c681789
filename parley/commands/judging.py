"""Commands that judge controllers: rules are calibrated, then everybody meets the same episodes."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer
from rich.console import Console

from parley.commands.terminal import AsJson, Out, compile_engine, mistakes_told, print_json, refuse_beside
from parley.errors import Interrupted, UsageError
from parley.evaluations import calibrating, evaluations
from parley.evaluations.calibrating import Calibration
from parley.evaluations.evaluations import Evaluation
from parley.evaluations.families import arenas_of
from parley.evaluations.files import EvaluationFile
from parley.evaluations.page import publish
from parley.evaluations.tables import print_calibration, print_evaluation
from parley.progress import CellsLine
from parley.storage.run_folder import MANIFEST, read_json
from parley.survival import survival
from parley.survival.files import is_survival, survival_file
from parley.survival.page import publish as publish_survival
from parley.survival.survival import KIND as SURVIVAL
from parley.survival.survival import Survival
from parley.survival.tables import print_survival
from parley.sweeps.resumable import Resumable

Source = Annotated[str | None, typer.Argument(metavar="EVALUATION", help="An evaluation's file, or a shipped one: scaling, survival.")]
Judged = TypeVar("Judged", bound=Resumable)
Jobs = Annotated[int | None, typer.Option("--jobs", "-j", help="Episodes at a time; one a core.", min=1)]


def evaluate_command(
    source: Source = None,
    policies: Annotated[list[Path] | None, typer.Option(metavar="TRAINING", help="A folder of `parley train`; may be repeated.")] = None,
    calibration: Annotated[Path | None, typer.Option(metavar="DIR", help="A folder of `parley calibrate`; the published one.")] = None,
    seeds: Annotated[int | None, typer.Option(help="Episodes of each controller in each family; as the file says.", min=2)] = None,
    family: Annotated[list[str] | None, typer.Option(help="Only this one of the families for tests; may be repeated.")] = None,
    jobs: Jobs = None,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with an evaluation that was stopped or killed.")] = None,
    as_json: AsJson = False,
) -> None:
    """Judge rules and trained policies in worlds that neither has seen: what each costs, or what each survives."""
    with mistakes_told():
        _require_one("an evaluation, as scaling,", source, resume, policies, calibration, seeds, family, out)
        if resume is not None and read_json(resume / MANIFEST).get("kind") == SURVIVAL:
            _survive(Survival(resume), jobs, as_json=as_json)
        elif resume is not None:
            _evaluate(Evaluation(resume), jobs, as_json=as_json)
        elif is_survival(source or ""):
            if family:
                raise UsageError("--family is of evaluations that have families; a survival has one world")
            made = survival.begun(source or "", policies=policies or (), calibration=calibration, seeds=seeds, out=out)
            _survive(made, jobs, as_json=as_json)
        else:
            begun = evaluations.begun(source or "", policies=policies or (), calibration=calibration, seeds=seeds, families=family or (),
                                      out=out)  # fmt: skip
            _evaluate(begun, jobs, as_json=as_json)


def _evaluate(begun: Evaluation, jobs: int | None, *, as_json: bool) -> None:
    """What everybody costs."""
    _compile(begun.file)
    _judge(begun, jobs, publish, print_evaluation, as_json=as_json)


def _survive(begun: Survival, jobs: int | None, *, as_json: bool) -> None:
    """What everybody survives."""
    compile_engine("fast", *begun.worlds)
    _judge(begun, jobs, publish_survival, print_survival, as_json=as_json)


def _judge(begun: Judged, jobs: int | None, publish: Callable[[Judged], None], show: Callable[[Console, Judged], None], *,
           as_json: bool) -> None:  # fmt: skip
    """Whatever is missing, then its page and what is printed; of one that is stopped what there is."""
    found = _gone_on(begun, jobs, show)
    publish(found)
    if as_json:
        print_json(found.findings)
    else:
        show(Console(highlight=False), found)


def _gone_on(begun: Judged, jobs: int | None, show: Callable[[Console, Judged], None]) -> Judged:
    """To its end; who stops it is shown how far it came."""
    try:
        with CellsLine(sys.stderr) as told:
            return begun.resume(jobs=jobs, told=told)
    except Interrupted as stopped:
        show(Console(highlight=False), type(begun)(stopped.folder))
        raise


def calibrate_command(
    source: Source = None,
    jobs: Jobs = None,
    out: Out = None,
    resume: Annotated[Path | None, typer.Option(metavar="DIR", help="Go on with a calibration that was stopped or killed.")] = None,
) -> None:
    """Calibrate the rules of an evaluation on its family for training, by a budget of decisions."""
    with mistakes_told():
        _require_one("an evaluation, as scaling,", source, resume, out)
        if source is not None and is_survival(source):
            raise UsageError(f"{source}: has no rules of its own to calibrate; `parley calibrate {survival_file(source).evaluation}` does")
        begun = Calibration(resume) if resume is not None else calibrating.begun(source or "", out)
        _compile(begun.file)
        print_calibration(Console(highlight=False), _gone_on(begun, jobs, print_calibration))


def _compile(made: EvaluationFile) -> None:
    """Say so where the engine has to be compiled first: families may need all of its features. Raises ScenarioError."""
    compile_engine("fast", *(one.world for one in arenas_of(made).values()))


def _require_one(what: str, source: str | None, resume: Path | None, *asked: object) -> None:
    """Either what is new, or a folder to go on with as it was asked then. Raises UsageError."""
    if source is None and resume is None:
        raise UsageError(f"name {what} or one to go on with: --resume DIR")
    refuse_beside(resume, source, *asked)


COMMANDS: dict[str, Callable[..., None]] = {"calibrate": calibrate_command, "evaluate": evaluate_command}
