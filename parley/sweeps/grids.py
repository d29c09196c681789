"""The cells of a sweep: every combination of values under every seed, numbered, checked, and as rows of a table."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.errors import UsageError
from parley.runs.replicating import SEEDS_MAX
from parley.runs.running import Asked, Described, ordered
from parley.storage.tables import FLOAT, INT, WORD
from parley.sweeps.axes import Axis
from parley.sweeps.cells import Base, Cell, Row, as_words
from scenarios.errors import ParleyError, ScenarioError
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_yaml

CELLS_MAX = 1_000_000
MISTAKES_TOLD = 20
LOOKED_AT = 100  # points
OF_A_CELL = ("cell", "seed", "trace_digest", "changes", "scenario_digest", "semantics", "until_ns", "fault")


@dataclass(frozen=True)
class Grid:
    """What is swept: every combination of the axes' values, the first axis slowest, under each seed, the seed fastest."""

    base: Base
    axes: tuple[Axis, ...]
    first_seed: int
    seeds: int

    @property
    def points(self) -> int:
        """Combinations of values."""
        return math.prod(len(axis.values) for axis in self.axes)

    @property
    def size(self) -> int:
        """Cells."""
        return self.points * self.seeds

    def changes(self) -> Iterator[tuple[str, ...]]:
        """Of each point, in order, what is changed."""
        return itertools.product(*(axis.changes() for axis in self.axes))

    def worlds(self) -> list[Scenario]:
        """Some of them, from the first on, to look at for what they need."""
        return [self.base.order(changes, self.first_seed).scenario for changes in itertools.islice(self.changes(), LOOKED_AT)]

    def cells(self, wanted: Iterable[int]) -> Iterator[Cell]:
        """Some cells, by their index."""
        points = [[*axis.changes()] for axis in self.axes]
        for index in wanted:
            point, seed = divmod(index, self.seeds)
            places = self._places(point)
            yield Cell(index, tuple(of[place] for of, place in zip(points, places, strict=True)), self.first_seed + seed)

    def columns(self, rows: Sequence[Row]) -> dict[str, tuple[str, Any]]:
        """Rows as columns: the axes' values, what the cell was, then its figures; null where a cell has none."""
        places = [self._places(row["cell"] // self.seeds) for row in rows]
        made: dict[str, tuple[str, Any]] = {"cell": (INT, [row["cell"] for row in rows])}
        for nth, axis in enumerate(self.axes):
            values = axis.figures()
            kind = {int: INT, float: FLOAT, str: WORD}[type(values[0])]
            made[axis.path] = (kind, [values[place[nth]] for place in places])
        return with_figures(made | told_of(rows), rows)

    def _places(self, point: int) -> tuple[int, ...]:
        lengths = [len(axis.values) for axis in self.axes]
        places = []
        for length in reversed(lengths):
            point, place = divmod(point, length)
            places.append(place)
        return tuple(reversed(places))


def grid_of(scenario: Described, axes: tuple[Axis, ...], seeds: int, asked: Asked) -> Grid:
    """What is to be swept, every point of it checked. Raises ParleyError with all mistakes."""
    order = ordered(scenario, **asked)
    if not 1 <= seeds <= SEEDS_MAX:
        raise UsageError(f"seeds is a number from 1 to {SEEDS_MAX:,}, not {seeds}")
    base = Base(as_yaml(order.scenario), str(Path.cwd()), order.engine, asked.get("until"))
    grid = Grid(base, axes, order.seed, seeds)
    if grid.size > CELLS_MAX:
        raise UsageError(f"{grid.size:,} cells are asked for, more than {CELLS_MAX:,}")
    mistakes = [*_mistakes(grid, scenario, asked, grid.changes())]
    if mistakes:  # a value that is wrong by itself is told by itself
        alone = _mistakes(grid, scenario, asked, ((change,) for axis in axes for change in axis.changes()))
        told = list(dict.fromkeys(alone)) or list(dict.fromkeys(mistakes))
        more = [f"and {len(told) - MISTAKES_TOLD} mistakes more"] if len(told) > MISTAKES_TOLD else []
        raise ScenarioError("\n".join([*told[:MISTAKES_TOLD], *more]))
    return grid


def told_of(rows: Sequence[Row]) -> dict[str, tuple[str, Any]]:
    """The columns that say what a cell was, and what came of it."""
    kinds = {"seed": INT, "semantics": INT, "until_ns": INT}
    plain = {name: (kinds.get(name, WORD), [row[name] for row in rows]) for name in OF_A_CELL if name not in ("cell", "changes")}
    return {"seed": plain.pop("seed"), "trace_digest": plain.pop("trace_digest"),
            "changes": (WORD, [as_words(row["changes"]) for row in rows]), **plain}  # fmt: skip


def with_figures(made: dict[str, tuple[str, Any]], rows: Sequence[Row]) -> dict[str, tuple[str, Any]]:
    """Columns and behind them the figures of rows, null where one has none; a name that is taken has a word before it."""
    return made | {
        name if name not in made else f"figure {name}": (FLOAT, [row["figures"].get(name) for row in rows])
        for name in dict.fromkeys(name for row in rows for name in row["figures"])
    }


def _mistakes(grid: Grid, scenario: Described, asked: Asked, points: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """What is wrong with points, once for each rule that is broken."""
    rules = set()
    for changes in points:
        try:
            grid.base.order(changes, grid.first_seed)
        except ParleyError as fault:
            told = _placed(fault, scenario, asked, changes)
            rule = told.partition(": ")[2]
            if rule not in rules:
                yield told
            rules.add(rule)


def _placed(fault: ParleyError, scenario: Described, asked: Asked, changes: Sequence[str]) -> str:
    """A mistake as it is told of the scenario's own file, where there is one."""
    try:
        ordered(scenario, **(asked | {"set": [*asked.get("set", ()), *changes]}))
    except ParleyError as better:
        return str(better)
    return str(fault)
