"""What a report knows of one sweep: its folder, read once."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from parley.statistics.intervals import Estimate
from parley.sweeps.axes import Axis
from parley.sweeps.sweeping import Sweep
from parley.sweeps.tables import Point, points, short_names


class Swept:
    """A sweep as sections ask for it."""

    def __init__(self, sweep: Sweep) -> None:
        self.sweep, self.path = sweep, sweep.path
        self.names: list[str] = short_names(sweep.axes)  # of the axes
        axes = [Axis(one["path"], tuple(one["values"])) for one in sweep.manifest["axes"]]
        self.values: list[tuple[Any, ...]] = [axis.figures() for axis in axes]

    @cached_property
    def cells(self) -> Any:
        """Every cell that is complete, as a pyarrow Table."""
        return self.sweep.cells()

    @cached_property
    def points(self) -> list[Point]:
        """Every point with a complete cell, in canonical order."""
        return points(self.sweep)

    @cached_property
    def estimates(self) -> dict[tuple[Any, ...], dict[str, Estimate]]:
        """By the values of the axes: figures over seeds, by their path."""
        return {one.values: one.estimates for one in self.points}

    @property
    def varied(self) -> list[int]:
        """Axes with more than one value; the first where there is none."""
        return [nth for nth, values in enumerate(self.values) if len(values) > 1] or [0]

    @cached_property
    def faults(self) -> list[dict[str, Any]]:
        """Cells that could not go on: `cell`, `changes`, `seed`, `fault`."""
        some = self.cells.select(["cell", "changes", "seed", "fault"])
        return [row for row in some.to_pylist() if row["fault"] is not None]

    def along(self, nth: int) -> list[tuple[Any, ...]]:
        """Values of all axes along one of them, the others at their first."""
        first = [values[0] for values in self.values]
        return [(*first[:nth], value, *first[nth + 1 :]) for value in self.values[nth]]

    def of(self, places: list[tuple[Any, ...]], path: str) -> list[Estimate | None]:
        """A figure at some points; None where it is not there."""
        return [self.estimates.get(place, {}).get(path) for place in places]
