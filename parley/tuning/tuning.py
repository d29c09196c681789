"""`parley tune`: values that make one figure small or large while others keep to their bounds, by Optuna.

Every proposal meets the same seeds, so proposals are compared by what they are and not by their luck. The best of many is
also the luckiest of them; so it is compared with the scenario as it stands under seeds that nobody has seen.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Unpack

from parley.comparisons.comparing import HEADLINES
from parley.errors import FolderError, UsageError
from parley.runs.running import Asked, Described, Stop, command_line, ordered, scenario_digest
from parley.runs.trials import require_figure
from parley.statistics.intervals import Difference, difference
from parley.storage.cell_store import CellStore, read_cells
from parley.storage.experiments import Experiment
from parley.storage.run_folder import FORMAT, MANIFEST, SCENARIO, this_process
from parley.storage.tables import INT, WORD
from parley.sweeps.axes import Varied, axis, pairs_of
from parley.sweeps.cells import Base, Cell, Row, as_words
from parley.sweeps.grids import CELLS_MAX, OF_A_CELL, told_of, with_figures
from parley.sweeps.sweeping import Told, at_work, crew_for, require_laws
from parley.sweeps.workers import Crew, jobs_of, rows_of
from parley.tuning.dimensions import Dimension, Goal, dimensions_of, goal_of
from parley.tuning.search import Search, require_optuna
from scenarios.errors import ParleyError, ScenarioError
from scenarios.writing import as_yaml
from sim.trace import SEMANTICS

KIND = "tuning"
TRIALS, SEEDS = 50, 5  # where nothing is said
FRESH_LEAST = 10  # seeds under which the best meets the scenario as it stands
ROLES = ("trial", "as it stands", "best")

Seen = dict[str, float | None]  # figures by path


@dataclass(frozen=True)
class Plan:
    """What is tuned; cells are numbered trial by trial, the seed fastest, then those under fresh seeds."""

    base: Base
    dimensions: tuple[Dimension, ...]
    goal: Goal
    trials: int
    seeds: range
    fresh: range

    def cells(self, nth: int, changes: tuple[str, ...]) -> list[Cell]:
        """Of a trial; the scenario as it stands comes after the last one, and then the best."""
        if nth < self.trials:
            return [Cell(nth * len(self.seeds) + k, changes, seed) for k, seed in enumerate(self.seeds)]
        first = self.trials * len(self.seeds) + (nth - self.trials) * len(self.fresh)
        return [Cell(first + k, changes, seed) for k, seed in enumerate(self.fresh)]

    @property
    def size(self) -> int:
        """Cells."""
        return self.trials * len(self.seeds) + 2 * len(self.fresh)

    def columns(self, rows: Sequence[Row]) -> dict[str, tuple[str, Any]]:
        """Rows as columns: what was chosen as text, what the cell was, then its figures."""
        under = [min(row["cell"] // len(self.seeds), self.trials) for row in rows]
        late = self.trials * len(self.seeds) + len(self.fresh)
        roles = [ROLES[0 if nth < self.trials else 1 if row["cell"] < late else 2] for nth, row in zip(under, rows, strict=True)]
        chosen = [dict(change.split("=", 1) for change in row["changes"]) for row in rows]
        made: dict[str, tuple[str, Any]] = {
            "cell": (INT, [row["cell"] for row in rows]), "role": (WORD, roles),
            "trial": (INT, [nth if nth < self.trials else None for nth in under]),
            **{one.path: (WORD, [values.get(one.path) for values in chosen]) for one in self.dimensions},
        } | told_of(rows)  # fmt: skip
        return with_figures(made, rows)


class Tuning(Experiment):
    """A search, as its folder tells it: finished, stopped, or still at work."""

    kind, made_by = KIND, "parley tune SCENARIO --vary ..."

    @property
    def plan(self) -> Plan:
        """What is tuned."""
        told = self.manifest
        base = Base.kept_in(self.path, told)
        goal = goal_of(told["minimize"], told["maximize"], tuple(told["subject_to"]))
        return Plan(base, dimensions_of(told["vary"]), goal, told["trials"], range(*told["seeds"]), range(*told["fresh_seeds"]))

    def cells(self) -> Any:
        """Every finished cell as a pyarrow Table."""
        return read_cells(self.path, self.plan.columns)

    @property
    def table(self) -> Any:
        """DataFrame: a row a finished cell: role, trial, what was chosen, seed, trace_digest, then figures."""
        return self.cells().drop_columns([name for name in OF_A_CELL if name not in ("seed", "trace_digest")]).to_pandas()

    @property
    def best(self) -> tuple[int, dict[str, str], Seen] | None:
        """(number, what was chosen, means over the seeds) of the best trial that is finished; None before the first."""
        plan, rows = self.plan, self.cells().to_pylist()
        found = [(nth, mine) for nth in range(plan.trials)
                 if len(mine := [row for row in rows if row["trial"] == nth]) == len(plan.seeds)]  # fmt: skip
        means = {nth: _means([_seen(row, plan.goal.figures) for row in mine], plan.goal.figures) for nth, mine in found}
        if not means:
            return None
        nth = min(means, key=lambda one: plan.goal.rank(means[one]))
        row = next(row for row in rows if row["trial"] == nth)
        return nth, {one.path: row[one.path] for one in plan.dimensions}, means[nth]

    @property
    def is_kept(self) -> bool:
        """Whether the best trial keeps to every bound."""
        found = self.best
        return found is not None and not any(self.plan.goal.violations(found[2]))

    def differences(self) -> dict[str, Difference]:
        """What the best has more than the scenario as it stands, under fresh seeds; nothing before those are finished."""
        rows, goal = self.cells().to_pylist(), self.plan.goal
        sides = [[row for row in rows if row["role"] == role] for role in ROLES[1:]]
        if any(len(side) < len(self.plan.fresh) for side in sides):
            return {}
        found = {}
        for path in dict.fromkeys([*goal.figures, *HEADLINES]):
            values = [[_seen(row, (path,))[path] for row in side] for side in sides]
            first, second = ([one for one in side if one is not None] for side in values)
            if len(first) == len(second) == len(self.plan.fresh):
                found[path] = difference(first, second, same_seeds=True)
        return found

    def resume(self, *, jobs: int | None = None, ray: str | None = None, told: Told | None = None) -> Tuning:
        """Go on where it was stopped or killed. Raises as `tune`."""
        require_laws(self.path, self.manifest)
        return _run(self, jobs_of(jobs), ray, told)

    def __repr__(self) -> str:
        chosen = " × ".join(one.path for one in self.plan.dimensions)
        return f"<Tuning {self.manifest['scenario']} · {chosen} · {self.manifest['trials']} trials · {self.state}>"


class Wanted(Asked, total=False):
    """What may be asked of a search, and of `run`; `tune` says what each means."""

    minimize: str | None
    maximize: str | None
    subject_to: Sequence[str]
    trials: int
    seeds: int


def tune(scenario: Described, vary: Varied, *, jobs: int | None = None, out: str | os.PathLike[str] | None = None, ray: str | None = None,
         told: Told | None = None, **wanted: Unpack[Wanted]) -> Tuning:  # fmt: skip
    """Look for the values that `minimize` or `maximize` a figure, in so many `trials` (50), each under the same `seeds` (5).

    `vary` is {"services.cart.replicas": "2..12", "routes.a -> b.timeout": "10ms..500ms:log", "a.b": ["fifo", "lifo"]};
    `subject_to` are bounds as "good >= 99%". Figures are means over the seeds, by their path in the summary.
    The rest is as for `sweep`. Raises ParleyError, and Interrupted on Ctrl-C; `Tuning(folder).resume()` goes on then.
    """
    bounds = _listed(wanted.get("subject_to", ()))
    goal = goal_of(wanted.get("minimize"), wanted.get("maximize"), bounds)
    plan = plan_of(scenario, vary, goal, (wanted.get("trials", TRIALS), wanted.get("seeds", SEEDS)), wanted)
    jobs, world = jobs_of(jobs), plan.base.order((), 0).scenario
    require_optuna()
    folder = Tuning.new_folder(out, f"{world.name}-tuning")
    folder.write_bytes(SCENARIO, plan.base.text.encode())
    folder.write_json(MANIFEST, {
        "format": FORMAT, "kind": KIND, "state": "running", "scenario": world.name, "question": world.question,
        "currency": world.currency, "scenario_digest": scenario_digest(world), "semantics": SEMANTICS,
        "engine": plan.base.engine, "until": plan.base.until, "vary": dict(pairs_of(vary)),
        "minimize": None if goal.is_larger_better else goal.figure, "maximize": goal.figure if goal.is_larger_better else None,
        "subject_to": bounds, "trials": plan.trials, "seeds": [plan.seeds.start, plan.seeds.stop],
        "fresh_seeds": [plan.fresh.start, plan.fresh.stop], "cells": plan.size, "working_folder": plan.base.folder,
        "command": _command(scenario, vary, plan, wanted), "process": this_process(),
    })  # fmt: skip
    return _run(Tuning(folder.path), jobs, ray, told)


def plan_of(scenario: Described, vary: Varied, goal: Goal, often: tuple[int, int], asked: Asked) -> Plan:
    """What is to be tuned, `often` = (trials, seeds), checked: both ends of everything, and the figures.

    Raises ParleyError with all mistakes.
    """
    order, dimensions, (trials, seeds) = ordered(scenario, **asked), dimensions_of(vary), often
    if trials < 1 or seeds < 1 or trials * seeds > CELLS_MAX:
        raise UsageError(f"trials and seeds are numbers from 1 on, together at most {CELLS_MAX:,} runs; not {trials} and {seeds}")
    base = Base(as_yaml(order.scenario), str(Path.cwd()), order.engine, asked.get("until"))
    mistakes = []
    for change in (change for one in dimensions for change in one.ends()):
        try:
            base.order((change,), order.seed)
        except ParleyError as fault:
            mistakes.append(str(fault))
    if mistakes:
        raise ScenarioError("\n".join(dict.fromkeys(mistakes)))
    require_figure(order, *goal.figures)
    later = order.seed + seeds
    return Plan(base, dimensions, goal, trials, range(order.seed, later), range(later, later + max(FRESH_LEAST, seeds)))


def _command(scenario: Described, vary: Varied, plan: Plan, asked: Asked) -> str:
    """The command line that asks for the same."""
    goal = plan.goal
    words = [("--vary", f"{path}={spec if isinstance(spec, str) else ','.join(axis(path, spec).values)}") for path, spec in pairs_of(vary)]
    words += [("--maximize" if goal.is_larger_better else "--minimize", goal.figure)]
    words += [*(("--subject-to", bound.text) for bound in goal.bounds), ("--trials", str(plan.trials)), ("--seeds", str(len(plan.seeds)))]
    return command_line("tune", scenario, asked, [word for pair in words for word in pair])


def _listed(texts: Sequence[str]) -> tuple[str, ...]:
    """One text alone needs no list."""
    return (texts,) if isinstance(texts, str) else tuple(texts)


def _run(begun: Tuning, jobs: int, ray: str | None, tell: Told | None) -> Tuning:
    """Ask, compute what is missing, tell; then the best against the scenario as it stands."""
    plan = begun.plan
    with at_work(begun.path, begun.manifest, plan.columns, begun.resume_command(begun.path)) as (store, stop):
        search = Search(plan.dimensions, plan.goal, plan.seeds.start)
        known = {row["cell"]: row for row in begun.cells().to_pylist()}
        if len(known) < plan.size:
            worlds = [plan.base.order((), plan.seeds.start).scenario]
            worlds += [plan.base.order((one.ends()[0],), plan.seeds.start).scenario for one in plan.dimensions]
            with contextlib.closing(crew_for(plan.base, worlds, jobs, ray)) as crew:
                _search(plan, search, _Evaluation(plan, store, stop, crew, known, tell))
    return Tuning(begun.path)


@dataclass
class _Evaluation:
    """Figures of proposals: those that are known, and those computed now."""

    plan: Plan
    store: CellStore
    stop: Stop
    crew: Crew
    known: dict[int, Row]  # by cell, as the dataset has them
    tell: Told | None

    def means(self, nth: int, changes: tuple[str, ...]) -> Seen | None:
        """Over the seeds; None where it was stopped. Raises FolderError where the folder has something else there."""
        figures, cells, seen = self.plan.goal.figures, self.plan.cells(nth, changes), {}
        for cell in cells:
            if (row := self.known.get(cell.index)) is not None:
                if row["changes"] != as_words(changes):
                    raise FolderError(f"trial {nth} was another one ({row['changes']}) than is proposed now ({as_words(changes)}): "
                                      "it was made with another version of Optuna; tune anew")  # fmt: skip
                seen[cell.index] = _seen(row, figures)
        for row in rows_of(self.crew, [cell for cell in cells if cell.index not in seen], self.stop):
            self.store.add(row)
            seen[row["cell"]] = {path: row["figures"].get(path) for path in figures}
            if self.tell is not None:
                self.tell(cells[0].index + len(seen), self.plan.size)
        return _means([seen[cell.index] for cell in cells], figures) if len(seen) == len(cells) else None


def _search(plan: Plan, search: Search, evaluation: _Evaluation) -> None:
    found: dict[tuple[str, ...], Seen] = {}
    for nth in range(plan.trials):
        proposal, changes = search.ask()
        means = evaluation.means(nth, changes)
        if means is None:
            return
        search.tell(proposal, means[plan.goal.figure], plan.goal.violations(means))
        found.setdefault(changes, means)
    best = min(found, key=lambda changes: plan.goal.rank(found[changes]))
    for nth, changes in ((plan.trials, ()), (plan.trials + 1, best)):
        evaluation.means(nth, changes)


def _seen(row: Mapping[str, Any], figures: Sequence[str]) -> Seen:
    """Figures of a row of the dataset."""
    return {path: row.get(f"figure {path}", row.get(path)) for path in figures}


def _means(seen: Sequence[Seen], figures: Sequence[str]) -> Seen:
    """Over the seeds; None where one of them has no figure."""
    found: Seen = {}
    for path in figures:
        values = [value for one in seen if (value := one[path]) is not None]
        found[path] = sum(values) / len(values) if len(values) == len(seen) else None
    return found
