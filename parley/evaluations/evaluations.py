"""`parley evaluate`: controllers x families x seeds, everybody in the same episodes; a finished one is read from evaluation.json."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from os.path import relpath
from pathlib import Path
from typing import Any, TypedDict, Unpack

from parley.errors import UsageError
from parley.evaluations.calibrating import calibration_of
from parley.evaluations.cells import Stage
from parley.evaluations.entrants import Plan, entrants_of, require_calibrated, seats_of_all
from parley.evaluations.files import LEARNED, EvaluationFile, as_plain, evaluation_file, parsed, words_of
from parley.evaluations.findings import findings_of
from parley.evaluations.outcomes import Outcomes, outcomes_of
from parley.evaluations.over_families import OverFamilies
from parley.evaluations.policies import Learned, kept, kept_in, policies_of
from parley.evaluations.scoring import weights_of
from parley.evaluations.stages import ground_of
from parley.runs.running import versions
from parley.storage.cell_store import read_cells
from parley.storage.run_folder import (
    FORMAT,
    MANIFEST,
    RunFolder,
    plain,
    read_json,
    this_process,
)
from parley.sweeps.sweeping import Told, at_work, compile_first, compute
from parley.sweeps.workers import Crew, jobs_of, local_crew
from sim.trace import SEMANTICS

KIND, SUMMARY, SEATS = "evaluation", "evaluation.json", "seats.json"
STAGE = Stage(("family", "controller", "member", "weighting"))


class Evaluation(OverFamilies):
    """An evaluation, as its folder tells it."""

    kind, made_by, summary = KIND, "parley evaluate scaling", SUMMARY

    @property
    def policies(self) -> list[Learned]:
        """Those that are judged. Raises FolderError where one is another by now."""
        return kept_in(self.path, self.manifest)

    @property
    def names(self) -> list[str]:
        """Controllers in the order of tables."""
        return [*self.file.controllers, *([LEARNED] if self.manifest["policies"] else [])]

    def cells(self) -> Any:
        """Every finished episode as a pyarrow Table."""
        return read_cells(self.path, STAGE.columns)

    def outcomes(self, weighting: str) -> Outcomes:
        """By family and controller."""
        made = self.file
        families = made.tests if weighting == made.first else made.over_weightings
        return outcomes_of(self.cells(), weights_of(made.weightings[weighting]), weighting, families, self.names,
                           lambda name: name == LEARNED or made.controllers[name].calibrated is None,
                           [name for name, one in made.controllers.items() if one.best_of])  # fmt: skip

    @property
    def plan(self) -> Plan:
        """What every cell is. Raises FolderError where a policy is another by now."""
        made = self.file
        return Plan(made, ground_of(self.path, made), entrants_of(made, self.policies), read_json(self.path / SEATS)["seats"])

    def go_on(self, jobs: int | None, told: Told | None) -> Evaluation:
        """Every episode that is not there yet, then all that follows from them."""
        made, plan = self.file, self.plan
        with at_work(self.path, self.manifest, STAGE.columns, self.resume_command(self.path)) as (store, stop):
            compute(plan, store, stop, told, partial(_crew, plan, jobs_of(jobs)))
        done = Evaluation(self.path)
        found = findings_of(made, done.names, {name: done.outcomes(name) for name in made.weightings}) | {"faults": faults_of(done)}
        RunFolder(self.path).write_bytes(SUMMARY, json.dumps(plain(found), separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        return done


class Asked(TypedDict, total=False):
    """What may be asked of an evaluation."""

    policies: Sequence[str | os.PathLike[str]]  # folders of trainings
    calibration: str | os.PathLike[str] | None  # a folder of `parley calibrate`, the published one if absent
    seeds: int | None  # as the file says
    families: Iterable[str]  # some of those for tests, all if none is named
    out: str | os.PathLike[str] | None


def evaluate(source: str | os.PathLike[str] | Mapping[str, Any], *, jobs: int | None = None, told: Told | None = None,
             **asked: Unpack[Asked]) -> Evaluation:  # fmt: skip
    """Judge controllers, and the policies of trainings, by the families of an evaluation: a file, a shipped one's name, or a mapping.

    Raises ParleyError, and Interrupted on Ctrl-C; `Evaluation(folder).resume()` goes on.
    """
    return begun(source, **asked).go_on(jobs, told)


def begun(source: str | os.PathLike[str] | Mapping[str, Any], *, policies: Sequence[str | os.PathLike[str]] = (),
          calibration: str | os.PathLike[str] | None = None, seeds: int | None = None, families: Iterable[str] = (),
          out: str | os.PathLike[str] | None = None) -> Evaluation:  # fmt: skip
    """The same before its first episode: whatever is wrong is wrong by now. Raises ParleyError."""
    made = parsed(source) if isinstance(source, Mapping) else evaluation_file(source)
    name = "evaluation" if isinstance(source, Mapping) else Path(source).stem
    made = _narrowed(made, tuple(families), seeds)
    found = policies_of(policies)
    calibrated, entrants = calibration_of(name, made, calibration), entrants_of(made, found)
    require_calibrated(made, entrants, calibrated)
    folder = Evaluation.new_folder(out, name)
    ground = ground_of(folder.path, made, is_new=True)
    folder.write_json(SEATS, {"seats": seats_of_all(made, ground, entrants, calibrated)})
    words = [*words_of(source, policies, calibration, seeds), *(word for one in families for word in ("--family", one))]
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "name": name, "question": made.question, "evaluation": as_plain(made),
        "digests": ground.digests,
        "policies": kept(found, folder.path),
        "calibration": calibrated and relpath(calibrated.path, folder.path), "semantics": SEMANTICS, "versions": versions(),
        "command": shlex.join(["parley", "evaluate", *words]), "process": this_process(),
        "cells": sum(made.seeds_of(family) for one in entrants for family in one.families),
    })  # fmt: skip
    return Evaluation(folder.path)


def _crew(plan: Plan, jobs: int) -> Crew:
    compile_first((plan.ground.arenas[name].world for name in plan.made.tests), by_processes=jobs > 1)
    return local_crew(STAGE, jobs, by_processes=jobs > 1)


def faults_of(found: Evaluation) -> list[str]:
    """Episodes that could not go on, and why; what they come to is not known."""
    return [f"{row['family']}, {row['controller']} {row['member']}".strip() + f", seed {row['seed']}: {row['fault']}"
            for row in found.cells().to_pylist() if row["fault"] is not None]  # fmt: skip


def _narrowed(made: EvaluationFile, families: tuple[str, ...], seeds: int | None) -> EvaluationFile:
    """With some of the families for tests, and so many seeds. Raises UsageError."""
    data = as_plain(made)
    for name in families:
        if name not in made.tests:
            raise UsageError(f"--family {name}: is no family for tests; there are {', '.join(made.tests)}")
    if families:
        kept = [name for name in made.families if name in families or name not in made.tests]
        data["families"] = {name: data["families"][name] for name in kept}
        data["over_weightings"] = [name for name in made.over_weightings if name in families]
        data["hypotheses"] = {says: one for says, one in data.get("hypotheses", {}).items()
                              if set(one.get("families") or made.tests) <= set(families)}  # fmt: skip
    return parsed(data if seeds is None else {**data, "seeds": seeds})
