"""Any list of points as cells, each under the same seeds: what is no grid."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from parley.storage.tables import INT
from parley.sweeps.cells import Base, Cell, Row
from parley.sweeps.grids import LOOKED_AT, told_of, with_figures
from scenarios.schema.scenario import Scenario


@dataclass(frozen=True)
class PointList:
    """Changes of one world, numbered as they come, the seed fastest."""

    base: Base
    points: tuple[tuple[str, ...], ...]  # of each what `--set` would say
    first_seed: int
    seeds: int

    @property
    def size(self) -> int:
        """Cells."""
        return len(self.points) * self.seeds

    def worlds(self) -> list[Scenario]:
        """Some of them, from the first on, to look at for what they need."""
        return [self.base.order(changes, self.first_seed).scenario for changes in self.points[:LOOKED_AT]]

    def cells(self, wanted: Iterable[int]) -> Iterator[Cell]:
        """Some cells, by their index."""
        for index in wanted:
            point, seed = divmod(index, self.seeds)
            yield Cell(index, self.points[point], self.first_seed + seed)

    def columns(self, rows: Sequence[Row]) -> dict[str, tuple[str, Any]]:
        """Rows as columns: what a cell was, then its figures; null where it has none."""
        made: dict[str, tuple[str, Any]] = {"cell": (INT, [row["cell"] for row in rows])}
        return with_figures(made | told_of(rows), rows)
