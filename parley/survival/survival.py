"""`parley evaluate survival`: entrants x kicks x loads x seeds; a finished one is read from survival.json."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from hashlib import sha256
from os.path import relpath
from pathlib import Path
from typing import Any

from parley.errors import FolderError
from parley.evaluations.calibrating import calibration_of
from parley.evaluations.files import LEARNED, evaluation_file, words_of
from parley.evaluations.policies import Learned, kept, kept_in, policies_of
from parley.maps.axes import Ruler, ruler
from parley.runs.running import versions
from parley.storage.cell_store import read_cells
from parley.storage.run_folder import FORMAT, MANIFEST, RunFolder, plain, this_process
from parley.survival.basins import Basins, basins_of
from parley.survival.cells import KickCell, Kicks
from parley.survival.files import SurvivalFile, as_plain, parsed, survival_file
from parley.survival.findings import findings_of
from parley.survival.worlds import WORLDS, axis_of, controller_of, path_of, texts_of, worlds_of
from parley.sweeps.resumable import Resumable
from parley.sweeps.sweeping import Told, at_work, compile_first, compute
from parley.sweeps.workers import Crew, jobs_of, local_crew
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from sim.trace import SEMANTICS

KIND, SUMMARY = "survival", "survival.json"
FIRST_SEED = 4_000_001  # of runs that nobody learned from, nor was calibrated by
STAGE = Kicks()


class Survival(Resumable):
    """A survival, as its folder tells it."""

    kind, made_by, summary = KIND, "parley evaluate survival", SUMMARY

    @cached_property
    def file(self) -> SurvivalFile:
        """What is asked."""
        return parsed(self.manifest["survival"])

    @cached_property
    def across(self) -> Ruler:
        """What is varied from left to right."""
        return ruler(self.file.x)

    @cached_property
    def up(self) -> Ruler:
        """What is varied from below to above."""
        return ruler(self.file.y)

    @cached_property
    def worlds(self) -> list[Scenario]:
        """Of every entrant, as they are written."""
        return [load(path_of(self.path, name)) for name in self.names]

    @property
    def policies(self) -> list[Learned]:
        """Those that stand in the world. Raises FolderError where one is another by now."""
        return kept_in(self.path, self.manifest)

    @property
    def names(self) -> list[str]:
        """Entrants in the order of tables."""
        return [*self.file.entrants, *([LEARNED] if self.manifest["policies"] else [])]

    @cached_property
    def plan(self) -> Plan:
        """All cells. Raises FolderError where a world in the folder, or a policy, is another by now."""
        for name, digest in self.manifest["worlds"].items():
            path = path_of(self.path, name)
            if not path.is_file() or sha256(path.read_bytes()).hexdigest() != digest:
                raise FolderError(f"{path}: is not the world that this survival began with; begin anew")
        members: list[tuple[str, Learned | None]] = [(name, None) for name in self.file.entrants]
        return Plan(self, [*members, *((LEARNED, one) for one in self.policies)])

    def cells(self) -> Any:
        """Every finished run as a pyarrow Table."""
        return read_cells(self.path, STAGE.columns)

    @cached_property
    def basins(self) -> Basins:
        """What everybody survived, from the cells."""
        level = self.file.outcome.level
        assert level is not None, "a file without a level is refused"
        return basins_of(self.cells(), (len(self.up.values), len(self.across.values), self.file.seeds), level)

    def go_on(self, jobs: int | None, told: Told | None) -> Survival:
        """Every run that is not there yet, then all that follows from them."""
        with at_work(self.path, self.manifest, STAGE.columns, self.resume_command(self.path)) as (store, stop):
            compute(self.plan, store, stop, told, partial(_crew, self, jobs_of(jobs)))
        done = Survival(self.path)
        found = findings_of(done.file, done.basins) | {"faults": _faults(done)}
        RunFolder(self.path).write_bytes(SUMMARY, json.dumps(plain(found), separators=(",", ":"), ensure_ascii=False).encode() + b"\n")
        return done


@dataclass(frozen=True)
class Plan:
    """Cells by their number: entrant by entrant, then row by row, from left to right, and seed by seed."""

    found: Survival
    members: Sequence[tuple[str, Learned | None]]

    @property
    def size(self) -> int:
        """How many."""
        return len(self.members) * size_of(self.found.file)

    def cells(self, wanted: Iterable[int]) -> Iterator[KickCell]:
        """Some of them, by their index."""
        made, xs, ys = self.found.file, axis_of(self.found.file.x), axis_of(self.found.file.y)
        across, up = list(xs.changes()), list(ys.changes())
        for index in wanted:
            point, seed = divmod(index, made.seeds)
            point, column = divmod(point, len(across))
            member, row = divmod(point, len(up))
            name, policy = self.members[member]
            words = {"entrant": name, "member": policy.name if policy else "", "x": xs.values[column], "y": ys.values[row]}
            yield KickCell(index, words, path_of(self.found.path, name), (across[column], up[row]), made.kick, FIRST_SEED + seed,
                           str(policy.path) if policy else None)  # fmt: skip


def begun(source: str | os.PathLike[str] | Mapping[str, Any], *, policies: Sequence[str | os.PathLike[str]] = (),
          calibration: str | os.PathLike[str] | None = None, seeds: int | None = None,
          out: str | os.PathLike[str] | None = None) -> Survival:  # fmt: skip
    """A folder in which every entrant, and the policies of trainings, are to be kicked: by a file, a shipped one's name, or a mapping.

    `calibration` is a folder of `parley calibrate`, the published one if absent. Nothing has run as yet: `.resume()` does.
    Raises ParleyError for whatever is wrong, before anything is written.
    """
    made = parsed(source) if isinstance(source, Mapping) else survival_file(source)
    name = "survival" if isinstance(source, Mapping) else Path(source).stem
    made = made if seeds is None else parsed({**as_plain(made), "seeds": seeds})
    known = evaluation_file(made.evaluation)
    found, calibrated = policies_of(policies), calibration_of(Path(made.evaluation).stem, known, calibration)
    texts = texts_of(worlds_of(made, calibrated, with_policies=bool(found)))
    folder = Survival.new_folder(out, name)
    for who, text in texts.items():
        folder.write_bytes(f"{WORLDS}/{path_of(folder.path, who).name}", text.encode())
    manifest = {
        "format": FORMAT, "kind": KIND, "state": "running", "name": name, "question": made.question, "survival": as_plain(made),
        "worlds": {who: sha256(text.encode()).hexdigest() for who, text in texts.items()}, "policies": kept(found, folder.path),
        "says": {who: one.says or controller_of(who, one, known).says for who, one in made.entrants.items()},
        "calibration": calibrated and relpath(calibrated.path, folder.path), "semantics": SEMANTICS, "versions": versions(),
        "command": shlex.join(["parley", "evaluate", *words_of(source, policies, calibration, seeds)]), "process": this_process(),
        "cells": (len(made.entrants) + len(found)) * size_of(made),
    }  # fmt: skip
    folder.write_json(MANIFEST, manifest)
    return Survival(folder.path)


def size_of(made: SurvivalFile) -> int:
    """Cells of one entrant, or of one policy."""
    return len(axis_of(made.x).values) * len(axis_of(made.y).values) * made.seeds


def _crew(made: Survival, jobs: int) -> Crew:
    compile_first(made.worlds, by_processes=jobs > 1)
    return local_crew(STAGE, jobs, by_processes=jobs > 1)


def _faults(found: Survival) -> list[str]:
    """Runs that could not go on, and why; what they come to is not known."""
    return [f"{row['entrant']} {row['member']}".strip() + f", {row['x']} and {row['y']}, seed {row['seed']}: {row['fault']}"
            for row in found.cells().to_pylist() if row["fault"] is not None]  # fmt: skip
