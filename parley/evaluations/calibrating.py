"""`parley calibrate`: what is looked for of each controller, under every weighting, by a budget of decisions on requests.

Every proposal meets the same episodes of the family for training. What happens there does not depend on what it is worth, so a proposal
is priced under every weighting, and all of them learn from it; they propose in turn. The best few of each weighting meet the family for
validation, and the best there is taken, as of a policy the best leg is. The same answers lead to the same proposals: who was stopped is
replayed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from parley.errors import FolderError, UsageError
from parley.evaluations.cells import EpisodeCell, Row, Stage
from parley.evaluations.families import arenas_of
from parley.evaluations.files import (
    TEST,
    TRAIN,
    VALIDATION,
    Controller,
    EvaluationFile,
    as_plain,
    evaluation_file,
    parsed,
    words_of,
)
from parley.evaluations.over_families import OverFamilies
from parley.evaluations.proposing import Proposals
from parley.evaluations.scoring import objective, weights_of
from parley.evaluations.seats import Chosen, seats_of
from parley.evaluations.stages import Ground, ground_of
from parley.runs.running import Stop, versions
from parley.storage.cell_store import CellStore, read_cells
from parley.storage.run_folder import (
    FORMAT,
    MANIFEST,
    RunFolder,
    plain,
    this_process,
)
from parley.sweeps.sweeping import Told, at_work, compile_first
from parley.sweeps.workers import Crew, jobs_of, local_crew, rows_of
from parley.tuning.search import require_optuna
from sim.trace import SEMANTICS

KIND, SUMMARY = "calibration", "calibration.json"
PUBLISHED = Path(__file__).parents[2] / "results" / "published"
FIRST_SEED = {TRAIN: 100_001, VALIDATION: 900_101}  # of episodes that no policy is judged by
STAGE = Stage(("weighting", "controller", "role", "trial", "chosen"))


@dataclass(frozen=True)
class Study:
    """One controller, under all weightings."""

    name: str
    controller: Controller
    first: int  # of its cells


class Calibration(OverFamilies):
    """A calibration, as its folder tells it."""

    kind, made_by, summary = KIND, "parley calibrate", SUMMARY

    @property
    def studies(self) -> list[Study]:
        """In the order of the file."""
        sizes = cells_of_a_study(self.file, len(self.ground.arenas[self.file.family_of(TRAIN)].scaled))
        wanted = [(name, one) for name, one in self.file.controllers.items() if one.calibrated is not None]
        return [Study(*one, first=sizes * nth) for nth, one in enumerate(wanted)]

    @cached_property
    def ground(self) -> Ground:
        """The worlds it is calibrated in."""
        return ground_of(self.path, self.file)

    @property
    def found(self) -> dict[str, dict[str, Any]]:
        """By weighting and controller: what was chosen, what it came to, and every trial. Raises FolderError before it is finished."""
        studies: dict[str, dict[str, Any]] = self.findings["studies"]
        return studies

    def chosen(self, weighting: str, name: str, made: EvaluationFile, digests: Mapping[str, str]) -> Chosen:
        """For a controller of an evaluation. Raises FolderError where another one was calibrated, or in other worlds."""
        found, told = self.found.get(weighting, {}).get(name), self.manifest["digests"]
        if found is None or found["words"] != _words(made, weighting, name):
            raise FolderError(f"{self.path}: has no calibration of {name!r} {weighting}, or of other words about it; calibrate anew")
        for role in (TRAIN, VALIDATION):
            family = made.family_of(role)
            if told.get(family) != digests[family]:
                raise FolderError(f"{self.path}: was calibrated in another family {family!r} ({told.get(family)}, not {digests[family]})")
        return Chosen(found["chosen"]["each"], found["chosen"]["all"])

    def go_on(self, jobs: int | None, told: Told | None) -> Calibration:
        """Every study that is not done yet."""
        with at_work(self.path, self.manifest, STAGE.columns, self.resume_command(self.path)) as (store, stop):
            known = {row["cell"]: row for row in read_cells(self.path, STAGE.columns).to_pylist()}
            count, arenas = jobs_of(jobs), self.ground.arenas.values()
            compile_first((one.world for one in arenas if one.family.role != TEST), by_processes=count > 1)
            with contextlib.closing(local_crew(STAGE, count, by_processes=count > 1)) as crew:
                work = _Work(self, crew, store, stop, known, told)
                studies: dict[str, dict[str, Any]] = {name: {} for name in self.file.weightings}
                for study in self.studies:
                    for weighting, found in _studied(work, study).items():
                        studies[weighting][study.name] = found
            if stop.signal_number is None:
                summary = json.dumps(plain({"studies": studies}), indent=1, ensure_ascii=False)
                RunFolder(self.path).write_bytes(SUMMARY, summary.encode() + b"\n")
        return Calibration(self.path)


def calibrate(source: str | os.PathLike[str] | Mapping[str, Any], *, jobs: int | None = None,
              out: str | os.PathLike[str] | None = None, told: Told | None = None) -> Calibration:  # fmt: skip
    """Calibrate the controllers of an evaluation: a file, a shipped one's name, or a mapping.

    Raises ParleyError, and Interrupted on Ctrl-C; `Calibration(folder).resume()` goes on.
    """
    return begun(source, out).go_on(jobs, told)


def begun(source: str | os.PathLike[str] | Mapping[str, Any], out: str | os.PathLike[str] | None = None) -> Calibration:
    """The same before its first episode: whatever is wrong is wrong by now. Raises ParleyError."""
    require_optuna()
    made = parsed(source) if isinstance(source, Mapping) else evaluation_file(source)
    name = "evaluation" if isinstance(source, Mapping) else Path(source).stem
    arenas_of(made)
    folder = Calibration.new_folder(out, f"{name}-calibration")
    ground = ground_of(folder.path, made, is_new=True)
    studies = sum(one.calibrated is not None for one in made.controllers.values())
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "name": name, "evaluation": as_plain(made), "digests": ground.digests,
        "semantics": SEMANTICS, "versions": versions(), "command": shlex.join(["parley", "calibrate", *words_of(source)]),
        "process": this_process(),
        "cells": studies * cells_of_a_study(made, len(ground.arenas[made.family_of(TRAIN)].scaled)),
    })  # fmt: skip
    return Calibration(folder.path)


def calibration_of(name: str, made: EvaluationFile, folder: str | os.PathLike[str] | None) -> Calibration | None:
    """That of an evaluation: in a folder, or the published one; none where nobody is calibrated. Raises UsageError where there is none."""
    if folder is None and all(one.calibrated is None for one in made.controllers.values()):
        return None
    found = Path(folder) if folder is not None else PUBLISHED / f"{name}-calibration"
    if not (found / MANIFEST).is_file():
        raise UsageError(f"{found}: holds no calibration, and uncalibrated rules are no baseline; `parley calibrate {name} --out DIR` "
                         "makes one, and --calibration DIR names it")  # fmt: skip
    return Calibration(found)


def trials_of(made: EvaluationFile, services: int) -> int:
    """How many proposals the budget pays for."""
    budget = made.calibration
    return max(1, budget.decisions // (budget.episodes * made.ticks * services))


def cells_of_a_study(made: EvaluationFile, services: int) -> int:
    """Episodes of one controller."""
    budget, trials = made.calibration, trials_of(made, services)
    return (trials + len(made.weightings) * min(budget.finalists, trials)) * budget.episodes


def _words(made: EvaluationFile, weighting: str, name: str) -> dict[str, Any]:
    """All that a calibration depends on beside the worlds."""
    one = made.controllers[name]
    said: dict[str, Any] = plain({"scaling": one.scaling, "calibrated": one.calibrated.model_dump() if one.calibrated else None,
                                  "weights": asdict(weights_of(made.weightings[weighting])), "budget": made.calibration.model_dump()})
    return said


@dataclass(frozen=True)
class _Work:
    """What all studies share."""

    begun: Calibration
    crew: Crew
    store: CellStore
    stop: Stop
    known: Mapping[int, Row]
    told: Told | None

    def rows(self, study: Study, cells: list[EpisodeCell]) -> list[Row] | None:
        """Of some episodes; None where it was stopped. Raises FolderError where the folder has another proposal there, or no figure."""
        rows = [self.known[cell.index] for cell in cells if cell.index in self.known]
        for row, cell in zip(rows, cells, strict=False):
            if row["chosen"] != cell.words["chosen"]:
                raise FolderError(f"{self.begun.path}: trial {row['trial']} of {study.name} was another one than is proposed now: it was "
                                  "made with another version of Optuna; calibrate anew")  # fmt: skip
        for row in rows_of(self.crew, [cell for cell in cells if cell.index not in self.known], self.stop):
            self.store.add(row)
            rows.append({**row, **row["figures"]})
            if self.told is not None:
                self.told(cells[0].index + len(rows), self.begun.manifest["cells"])
        if len(rows) < len(cells):
            return None
        if (fault := next((row["fault"] for row in rows if row["fault"] is not None), None)) is not None:
            raise FolderError(f"{self.begun.path}: {study.name} could not go on: {fault}")
        return sorted(rows, key=lambda row: int(row["cell"]))

    def prices(self, rows: list[Row]) -> dict[str, float]:
        """J over them under each weighting."""
        weightings = {name: weights_of(one) for name, one in self.begun.file.weightings.items()}
        return {name: sum(objective(row, weights) for row in rows) / len(rows) for name, weights in weightings.items()}


def _studied(work: _Work, study: Study) -> dict[str, dict[str, Any]]:
    """What came of one, by weighting; nothing where it was stopped."""
    made, ground = work.begun.file, work.begun.ground
    services = ground.arenas[made.family_of(TRAIN)].scaled
    proposals = Proposals(study.controller, services, tuple(made.weightings), study.first)
    trials: list[tuple[Chosen, dict[str, float]]] = []
    for nth in range(trials_of(made, len(services))):
        weighting, chosen = proposals.ask()
        rows = work.rows(study, list(_cells(work.begun, study, TRAIN, nth, weighting, chosen)))
        if rows is None:
            return {}
        trials.append((chosen, work.prices(rows)))
        proposals.tell(trials[-1][1])
    found: dict[str, dict[str, Any]] = {}
    for weighting in made.weightings:
        known: list[dict[str, Any]] = [{"chosen": asdict(chosen), "J": prices[weighting]} for chosen, prices in trials]
        best: list[dict[str, Any]] = []
        for trial in sorted(known, key=lambda one: float(one["J"]))[: made.calibration.finalists]:
            nth = len(trials) + len(found) * min(made.calibration.finalists, len(trials)) + len(best)
            rows = work.rows(study, list(_cells(work.begun, study, VALIDATION, nth, weighting, Chosen(**trial["chosen"]))))
            if rows is None:
                return {}
            best.append({**trial, "validation": work.prices(rows)[weighting]})
        taken = min(best, key=lambda one: float(one["validation"]))
        found[weighting] = {"words": _words(made, weighting, study.name), **taken, "finalists": best, "trials": known}
    return found


def _cells(begun: Calibration, study: Study, role: str, nth: int, weighting: str, chosen: Chosen) -> Iterator[EpisodeCell]:
    """Episodes of the nth proposal, which was made for a weighting."""
    made, ground = begun.file, begun.ground
    family, episodes = made.family_of(role), made.calibration.episodes
    seats = seats_of(study.controller, chosen, ground.arenas[family], ground.homes(family), made.pods.least)
    words = {"weighting": weighting, "controller": study.name, "role": role, "trial": str(nth),
             "chosen": json.dumps(asdict(chosen), sort_keys=True)}  # fmt: skip
    for k in range(episodes):
        cell = ground.cell(family, FIRST_SEED[role] + k)
        yield replace(cell, index=study.first + nth * episodes + k, words=words, seats=seats, replicas=study.controller.replicas)
