"""A grid of worlds, each under several seeds: `parley sweep`. One cell is one trial; what is finished is never computed again."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Unpack

from parley.errors import DiskFull, FolderError, Interrupted
from parley.runs.running import Asked, Described, Stop, command_line, scenario_digest
from parley.storage.cell_store import CellStore, ColumnsOf, read_cells
from parley.storage.experiments import Experiment
from parley.storage.run_folder import (
    FORMAT,
    MANIFEST,
    SCENARIO,
    RunFolder,
    this_process,
)
from parley.sweeps.axes import Axis, Varied, axes_of
from parley.sweeps.cells import Base, has_agents
from parley.sweeps.grids import OF_A_CELL, Grid, grid_of
from parley.sweeps.on_ray import ray_crew
from parley.sweeps.workers import THREADS_MAX, Crew, Numbered, jobs_of, local_crew, rows_of
from scenarios.schema.scenario import Scenario
from sim.fast.compiling import is_compiled, kernels
from sim.fast.engine import needs_full
from sim.trace import SEMANTICS

KIND = "sweep"

Told = Callable[[int, int], None]  # (how many cells are done, of how many)


class Plan(Protocol):
    """Cells by their number, to be computed."""

    @property
    def size(self) -> int:
        """How many."""

    def cells(self, wanted: Iterable[int]) -> Iterator[Numbered]:
        """Some of them, by their index."""


class Sweep(Experiment):
    """A sweep, as its folder tells it: finished, stopped, or still at work."""

    kind, made_by = KIND, "parley sweep SCENARIO --vary PATH=VALUES"

    @property
    def grid(self) -> Grid:
        """What is swept."""
        content = self.manifest
        axes = tuple(Axis(one["path"], tuple(one["values"])) for one in content["axes"])
        return Grid(Base.kept_in(self.path, content), axes, content["seeds"][0], len(content["seeds"]))

    @property
    def axes(self) -> list[str]:
        """The paths that are varied: the first columns of the table."""
        return [one["path"] for one in self.manifest["axes"]]

    @property
    def table(self) -> Any:
        """DataFrame: a row a finished cell, in canonical order; axes' values, seed, trace_digest, then figures."""
        found = self.cells()
        return found.drop_columns([name for name in OF_A_CELL if name not in ("seed", "trace_digest")]).to_pandas()

    def cells(self) -> Any:
        """The same as a pyarrow Table, and what each cell was: `cell`, `changes`, `scenario_digest`, `semantics`, ..."""
        return read_cells(self.path, self.grid.columns)

    def resume(self, *, jobs: int | None = None, ray: str | None = None, told: Told | None = None) -> Sweep:
        """Go on where it was stopped or killed; of a complete one nothing is left to do. Raises as `sweep`."""
        require_laws(self.path, self.manifest)
        return _run(self, jobs_of(jobs), ray, told)

    def __repr__(self) -> str:
        varied = " × ".join(f"{one['path']} ({len(one['values'])})" for one in self.manifest["axes"])
        return f"<Sweep {self.manifest['scenario']} · {varied} · {len(self.manifest['seeds'])} seeds · {self.state}>"


def sweep(scenario: Described, vary: Varied, *, seeds: int = 1, jobs: int | None = None, out: str | os.PathLike[str] | None = None,
          ray: str | None = None, told: Told | None = None, **asked: Unpack[Asked]) -> Sweep:  # fmt: skip
    """Run every combination of values under each seed, from `seed` on, into a folder; what else may be asked for is as for `run`.

    `vary` is {"services.cart.replicas": "2..12", "workload.shoppers.load": [0.5, 1, 2]}, or texts as of `--vary`. All values
    are checked before anything runs. `jobs` cells at a time, one a core if absent; `ray` is the address of a Ray cluster,
    `auto` or `local`. Raises ParleyError, and Interrupted on Ctrl-C; `Sweep(folder).resume()` goes on then.
    """
    grid = grid_of(scenario, axes_of(vary), seeds, asked)
    return swept(grid, sweep_command(scenario, asked, vary, seeds), jobs=jobs, out=out, ray=ray, told=told)


def swept(grid: Grid, command: str, *, jobs: int | None = None, out: str | os.PathLike[str] | None = None,
          ray: str | None = None, told: Told | None = None) -> Sweep:  # fmt: skip
    """Run a grid that is checked into a folder; `command` is how to ask for the same. The rest is as for `sweep`."""
    jobs, world = jobs_of(jobs), grid.base.order((), grid.first_seed).scenario
    folder = Sweep.new_folder(out, f"{world.name}-sweep")
    folder.write_bytes(SCENARIO, grid.base.text.encode())
    manifest = {
        "format": FORMAT, "kind": KIND, "state": "running", "scenario": world.name, "question": world.question,
        "currency": world.currency, "scenario_digest": scenario_digest(world), "semantics": SEMANTICS,
        "engine": grid.base.engine, "until": grid.base.until, "axes": [asdict(axis) for axis in grid.axes],
        "seeds": [*range(grid.first_seed, grid.first_seed + grid.seeds)], "cells": grid.size,
        "working_folder": grid.base.folder, "command": command, "process": this_process(),
    }  # fmt: skip
    folder.write_json(MANIFEST, manifest)
    return _run(Sweep(folder.path), jobs, ray, told)


def sweep_command(scenario: Described, asked: Asked, vary: Varied, seeds: int) -> str:
    """The command line that asks for the same."""
    words = [word for axis in axes_of(vary) for word in ("--vary", f"{axis.path}={','.join(axis.values)}")]
    return command_line("sweep", scenario, asked, [*words, *(["--seeds", str(seeds)] if seeds > 1 else [])])


def require_laws(path: Path, manifest: dict[str, Any]) -> None:
    """Raises FolderError where cells that are there are of other laws than cells that were computed now."""
    if manifest["semantics"] != SEMANTICS:
        raise FolderError(f"{path}: was begun under SEMANTICS {manifest['semantics']}, and this is {SEMANTICS}: "
                          "its cells would not be of one kind; begin anew")  # fmt: skip


def _run(begun: Sweep, jobs: int, ray: str | None, tell: Told | None) -> Sweep:
    """Compute what is missing."""
    grid = begun.grid
    with at_work(begun.path, begun.manifest, grid.columns, begun.resume_command(begun.path)) as (store, stop):
        compute(grid, store, stop, tell, partial(crew_for, grid.base, grid.worlds(), jobs, ray))
    return Sweep(begun.path)


@contextlib.contextmanager
def at_work(path: Path, manifest: dict[str, Any], columns_of: ColumnsOf, go_on: str) -> Iterator[tuple[CellStore, Stop]]:
    """Within, cells are added to a folder, and the manifest says how that ended. Raises Interrupted where it was stopped.

    A full disk is told with the command that goes on.
    """
    folder, state = RunFolder(path), "partial"
    with CellStore(folder, manifest["cells"], columns_of) as store, Stop().on_signals() as stop:
        folder.write_json(MANIFEST, manifest | {"state": "running", "process": this_process()})
        try:
            yield store, stop
        except DiskFull as fault:
            raise DiskFull(f"{fault}; once there is room, `{go_on}` goes on") from fault
        finally:
            state = "partial" if [*itertools.islice(store.missing(), 1)] else "complete"
            with contextlib.suppress(FolderError):
                folder.write_json(MANIFEST, manifest | {"state": state, "process": this_process()})
    if stop.signal_number is not None and state == "partial":
        raise Interrupted(path, stop.signal_number)


def compute(plan: Plan, store: CellStore, stop: Stop, tell: Told | None, crew: Callable[[], Crew]) -> None:
    """Whatever the store misses of a plan, until stopped; `tell` is called after each cell. Raises ParleyError."""
    missing = list(store.missing())
    if not missing:
        return
    with contextlib.closing(crew()) as workers:
        for done, row in enumerate(rows_of(workers, plan.cells(missing), stop), plan.size - len(missing) + 1):
            store.add(row)
            if tell is not None:
                tell(done, plan.size)


def crew_for(base: Base, worlds: Sequence[Scenario], jobs: int, ray: str | None) -> Crew:
    """Who computes: Ray where it is asked for, processes where Python has much of a share, else threads."""
    if ray is not None:
        return ray_crew(base, ray)
    by_processes = jobs > 1 and (jobs > THREADS_MAX or base.engine != "fast" or has_agents(worlds))
    if base.engine == "fast":
        compile_first(worlds, by_processes=by_processes)
    return local_crew(base, jobs, by_processes)


def compile_first(worlds: Iterable[Scenario], *, by_processes: bool) -> None:
    """Compile the engine that worlds need, once, before everybody does."""
    for is_full in sorted({needs_full(world) for world in worlds}):
        if not (by_processes and is_compiled(is_full)):
            kernels(is_full)
