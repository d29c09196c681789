"""How sure an answer is, and what it hangs on: `parley sensitivity`. Morris finds the inputs that matter, Sobol says how much they do.

Every evaluation is the mean over the same few seeds, so that points differ by their inputs and not by luck. Runs are cells, as a
sweep's: what is finished survives whatever ends it.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Unpack

import numpy as np

from parley.errors import DiskFull, Interrupted, UsageError
from parley.runs.measures import require_known
from parley.runs.replicating import SEEDS_MAX
from parley.runs.running import Asked, Described, Stop, command_line, ordered, scenario_digest
from parley.runs.trials import require_figure
from parley.statistics.intervals import estimate
from parley.storage.cell_store import CellStore, read_cells
from parley.storage.experiments import Experiment
from parley.storage.run_folder import (
    FORMAT,
    MANIFEST,
    SCENARIO,
    RunFolder,
    read_json,
    this_process,
)
from parley.sweeps.cells import Base
from parley.sweeps.point_lists import PointList
from parley.sweeps.sweeping import Told, compute, crew_for, require_laws
from parley.sweeps.workers import jobs_of
from parley.uncertainty.effects import Effect, Findings, findings_of
from parley.uncertainty.indices import (
    Elementary,
    Floats,
    Index,
    elementary,
    independent,
    morris_points,
    require_salib,
    sobol,
    sobol_points,
    tendencies,
)
from parley.uncertainty.inputs import Ends, inputs_of, short_names
from scenarios.errors import ParleyError
from scenarios.guessing import Guess, guess_between
from scenarios.load import loads
from scenarios.naming import suggestion
from scenarios.schema.placed import Place
from scenarios.writing import as_yaml
from sim.errors import SimulationError
from sim.trace import SEMANTICS

KIND, RESULT = "sensitivity", "sensitivity.json"
METHODS = ("morris", "sobol", "both")
BUDGET, SEEDS = 4000, 2
NOISE_SEEDS = 10  # at the guess, at the least
TRAJECTORIES = (4, 20)  # of Morris, at the least and, where Sobol follows, at the most
BASE_LEAST = 32  # of Sobol's points, a power of two
WEAK = 0.05  # of the strongest input's mu*: what is surely below is screened out
CENTRAL = (2.5, 97.5)  # percentiles


@dataclass(frozen=True)
class Budget:
    """How many runs there are to spend, and on what."""

    runs: int
    seeds: int  # of every evaluation

    @property
    def noise(self) -> int:
        """Seeds at the guess."""
        return max(self.seeds, NOISE_SEEDS)

    def trajectories(self, method: str, inputs: int) -> int:
        """Of Morris, for which a quarter is meant where Sobol follows; 0 where it is not asked. Raises UsageError."""
        if method == "sobol":
            return 0
        meant = (self.runs - self.noise) // (4 if method == "both" else 1) // (self.seeds * (inputs + 1))
        return max(TRAJECTORIES[0], min(meant, TRAJECTORIES[1]) if method == "both" else meant)

    def base(self, spent: int, inputs: int) -> int:
        """Of Sobol's points: the greatest power of two that what is left suffices for."""
        affordable = (self.runs - spent) // (self.seeds * (inputs + 2))
        return 1 << max(0, affordable.bit_length() - 1)

    def require(self, method: str, inputs: int) -> None:
        """Raises UsageError where it is too small to say anything."""
        needed = self.noise
        if method != "sobol":
            needed += TRAJECTORIES[0] * self.seeds * (inputs + 1)
        if method != "morris":
            needed += BASE_LEAST * self.seeds * (inputs + 2)
        if self.runs < needed:
            raise UsageError(f"a budget of {self.runs:,} runs is too small for {inputs} inputs under {self.seeds} seeds; "
                             f"{needed:,} is the least")  # fmt: skip


class Wished(Asked, total=False):
    """What may be asked for of a sensitivity, beside what may be asked of a run."""

    out: str | os.PathLike[str] | None
    jobs: int | None
    ray: str | None
    told: Told | None


class Sensitivity(Experiment):
    """How an output hangs on uncertain inputs, as its folder tells it: finished, stopped, or still at work."""

    kind, made_by = KIND, "parley sensitivity SCENARIO --of latency_ms.p99"

    @property
    def findings(self) -> Findings:
        """What came of it. Raises FolderError before it is complete."""
        return findings_of(read_json(self.path / RESULT))

    @property
    def base(self) -> Base:
        """What all runs have in common."""
        return Base.kept_in(self.path, self.manifest)

    @property
    def inputs(self) -> tuple[Guess, ...]:
        """What is varied."""
        world = loads(self.base.text, (), Path(self.base.folder))
        return tuple(replace(guess_between(world, one["path"], one["low"], one["high"], Place(one["path"])), guess=one["guess"])
                     for one in self.manifest["inputs"])  # fmt: skip

    def cells(self, stage: str) -> Any:
        """The runs of a stage (guess, morris, sobol) as a pyarrow Table: what each was, and its figures."""
        return read_cells(self.path / stage, PointList(self.base, (), 0, 1).columns)

    def resume(self, *, jobs: int | None = None, ray: str | None = None, told: Told | None = None) -> Sensitivity:
        """Go on where it was stopped or killed. Raises ParleyError, and Interrupted on Ctrl-C."""
        if self.state == "complete":
            return self
        require_laws(self.path, self.manifest)
        return _Work(self, jobs_of(jobs), ray, told).done()

    def __repr__(self) -> str:
        said = self.findings.sentence if self.state == "complete" else self.state
        return f"<Sensitivity {self.manifest['scenario']} · {said}>"


def sensitivity(scenario: Described, of: str = "latency_ms.p99", *, vary: Ends = (), method: str = "both", budget: int = BUDGET,
                seeds: int = SEEDS, **asked: Unpack[Wished]) -> Sensitivity:  # fmt: skip
    """Say how far uncertain inputs move a figure `of` the summary, and which of them do; into a folder.

    Inputs are what the scenario writes as {guess, low, high}, and `vary`: {"services.cart.replicas": (2, 6)}, or texts as of --vary.
    `method` is morris, sobol or both, `budget` the runs there may be, `seeds` those of every evaluation. What else may be asked for
    is as for `run`, and `out`, `jobs`, `ray` and `told` as for `sweep`. Raises ParleyError, and Interrupted on Ctrl-C.
    """
    of_run = {name: value for name, value in asked.items() if name in Asked.__annotations__}
    run_asked = Asked(**of_run)  # type: ignore[typeddict-item]  # of its own keys
    order = ordered(scenario, **run_asked)
    require_figure(order, of)
    if method not in METHODS:
        raise UsageError(f"method is one of {', '.join(METHODS)}, not {method!r}{suggestion(method, METHODS)}")
    if not 1 <= seeds <= SEEDS_MAX:
        raise UsageError(f"seeds is a number from 1 to {SEEDS_MAX:,}, not {seeds}")
    world = order.scenario
    inputs = inputs_of(scenario, world, run_asked.get("set", ()), vary)
    Budget(budget, seeds).require(method, len(inputs))
    jobs = jobs_of(asked.get("jobs"))
    more = [word for one in inputs for word in ("--vary", f"{one.path}={one.low}..{one.high}")]
    more += ["--of", of, "--method", method, "--budget", str(budget), "--seeds", str(seeds)]
    require_salib()
    folder = Sensitivity.new_folder(asked.get("out"), f"{world.name}-sensitivity")
    folder.write_bytes(SCENARIO, as_yaml(world).encode())
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "scenario": world.name, "question": world.question,
        "scenario_digest": scenario_digest(world), "semantics": SEMANTICS, "engine": order.engine, "until": run_asked.get("until"),
        "of": of, "method": method, "budget": budget, "seed": order.seed, "seeds": seeds,
        "inputs": [{"path": one.path, "low": one.low, "guess": one.guess, "high": one.high} for one in inputs],
        "working_folder": str(Path.cwd()), "command": command_line("sensitivity", scenario, run_asked, more), "process": this_process(),
    })  # fmt: skip
    return _Work(Sensitivity(folder.path), jobs, asked.get("ray"), asked.get("told")).done()


class _Work:
    """The stages of one sensitivity, each a list of points."""

    def __init__(self, begun: Sensitivity, jobs: int, ray: str | None, told: Told | None) -> None:
        self.begun, self.jobs, self.ray, self.told = begun, jobs, ray, told
        self.base, self.inputs, self.manifest = begun.base, begun.inputs, begun.manifest
        self.budget, self.spent = Budget(begun.manifest["budget"], begun.manifest["seeds"]), 0
        self.stop = Stop()

    def done(self) -> Sensitivity:
        """Compute what is missing; the manifest says how it ended."""
        folder, state = RunFolder(self.begun.path), "partial"
        with self.stop.on_signals():
            folder.write_json(MANIFEST, self.manifest | {"state": "running", "process": this_process()})
            try:
                folder.write_json(RESULT, self._found().as_json())
                state = "complete"
            except DiskFull as fault:
                raise DiskFull(f"{fault}; once there is room, `{self.begun.resume_command(self.begun.path)}` goes on") from fault
            finally:
                folder.write_json(MANIFEST, self.manifest | {"state": state, "process": this_process()})
        return Sensitivity(self.begun.path)

    def _found(self) -> Findings:
        of, method, every = self.manifest["of"], self.manifest["method"], list(range(len(self.inputs)))
        at_guess = self._outputs("guess", ((),), self.budget.noise)[0]
        moves: dict[int, Elementary] = {}
        if trajectories := self.budget.trajectories(method, len(every)):
            points = morris_points(len(every), trajectories)
            outputs = self._outputs("morris", self._changes(every, points), self.budget.seeds)
            moves = dict(enumerate(elementary(points, outputs.mean(axis=1))))
        known = estimate(at_guess.tolist())
        found = Findings(of, known.mean, known.half_width, known.n, None, None, None, ())
        indices: dict[int, Index] = {}
        ways = {nth: one.mu / one.mu_star if one.mu_star else 0.0 for nth, one in moves.items()}
        if method != "morris" and (kept := _kept(moves) if moves else every):
            shares = sobol_points(len(kept), self.budget.base(self.spent, len(kept)))
            values = self._outputs("sobol", self._changes(kept, shares), self.budget.seeds).mean(axis=1)
            indices = dict(zip(kept, sobol(len(kept), values), strict=True))
            spread = independent(len(kept), values)
            low, high = (float(one) for one in np.percentile(spread, CENTRAL))
            variance, noise = float(np.var(spread)), float(np.var(at_guess, ddof=1)) / self.budget.seeds
            share = noise / variance if variance else None
            found = replace(found, inputs=(high - low) / 2, span=(low, high), noise_share=share)
            ways = dict(zip(kept, tendencies(shares, values), strict=True)) | ways
        return replace(found, effects=self._effects(moves, indices, ways))

    def _effects(self, moves: dict[int, Elementary], indices: dict[int, Index],
                 ways: dict[int, float]) -> tuple[Effect, ...]:  # fmt: skip
        names = short_names([one.path for one in self.inputs])
        made = (Effect(name, one.path, str(one.low), str(one.guess), str(one.high), one.is_logarithmic, ways.get(nth, 0.0),
                       moves.get(nth), indices.get(nth))
                for nth, (name, one) in enumerate(zip(names, self.inputs, strict=True)))  # fmt: skip
        return tuple(sorted(made, key=lambda one: one.weight, reverse=True))

    def _changes(self, which: Sequence[int], points: Floats) -> tuple[tuple[str, ...], ...]:
        """What `--set` would say at each point."""
        chosen = [self.inputs[nth] for nth in which]
        return tuple(
            tuple(f"{one.path}={one.at(float(share))}" for one, share in zip(chosen, point, strict=True)) for point in points
        )

    def _outputs(self, stage: str, points: tuple[tuple[str, ...], ...], seeds: int) -> Floats:
        """(points, seeds) figures. Raises ParleyError where a point cannot be run or has no such figure, and Interrupted."""
        plan = PointList(self.base, points, self.manifest["seed"], seeds)
        path = self.begun.path / stage
        path.mkdir(exist_ok=True)
        with CellStore(RunFolder(path), plan.size, plan.columns) as store:
            if [*itertools.islice(store.missing(), 1)]:
                _check(plan)
            compute(plan, store, self.stop, self._tell(), partial(crew_for, self.base, plan.worlds(), self.jobs, self.ray))
        if self.stop.signal_number is not None:
            raise Interrupted(self.begun.path, self.stop.signal_number)
        self.spent += plan.size
        return _figures(read_cells(path, plan.columns), self.manifest["of"]).reshape(len(points), seeds)

    def _tell(self) -> Told | None:
        """Progress of all stages together; how many runs the last one takes is known only when it begins."""
        told, before = self.told, self.spent
        return None if told is None else lambda done, _of: told(before + done, max(self.budget.runs, before + done))


def _kept(moves: dict[int, Elementary]) -> list[int]:
    """Those that are not surely weak; none where nothing moves the output."""
    strongest = max(one.mu_star for one in moves.values())
    return [nth for nth, one in moves.items() if one.mu_star > 0 and one.mu_star + one.half_width >= WEAK * strongest]


def _check(plan: PointList) -> None:
    """Raises the mistake of the first point that is no world."""
    for changes in dict.fromkeys(plan.points):
        try:
            plan.base.order(changes, plan.first_seed)
        except ParleyError as fault:
            raise UsageError(f"between their ends inputs meet where no world is: {fault}") from fault


def _figures(table: Any, of: str) -> Floats:
    """The output of every cell, in order. Raises SimulationError for one that could not go on, UsageError where it has no such figure."""
    faults = [fault for fault in table["fault"].to_pylist() if fault is not None]
    if faults:
        raise SimulationError(f"{len(faults)} of {len(table)} runs could not go on, the first one because: {faults[0]}")
    require_known(of, table.column_names)
    found: Floats = table[of].to_numpy(zero_copy_only=False).astype(float)
    if (missing := np.isnan(found)).any():
        first = int(np.argmax(missing))
        raise UsageError(f"{int(missing.sum())} of {len(found)} runs have no {of}, the first one with {table['changes'][first].as_py()}; "
                         "are their ends too far apart?")  # fmt: skip
    return found
