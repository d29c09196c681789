"""What requests cost by now, as whoever scales sees it: CPU in use over requests that come. And worlds in which they cost that."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.learning.scaling.features import SCALING
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import format_duration, parse_duration
from scenarios.writing import as_data

WORK = "work"


class Works:
    """CPU of a request of each service over the last ticks, in units of what a pod requests."""

    def __init__(self, window: int) -> None:
        """`window` in ticks."""
        self._busy: deque[NDArray[np.float64]] = deque(maxlen=window)
        self._rates: deque[NDArray[np.float64]] = deque(maxlen=window)

    def look(self, observations: NDArray[np.float32]) -> None:
        """(rows, features) one more tick, of which the newest look counts."""
        seen = [SCALING.newest(row) for row in observations]
        pods = np.array([2.0 ** one["asked"] for one in seen])
        self._busy.append(np.array([one["utilization"] * one["ready"] for one in seen]) * pods)
        self._rates.append(np.array([2.0 ** one["rate"] - 1 for one in seen]) * pods)

    def forget(self) -> None:
        """All that was seen."""
        self._busy.clear()
        self._rates.clear()

    @property
    def seconds(self) -> NDArray[np.float64] | None:
        """(rows,) of one request; None until the window is full, or where nothing comes."""
        if len(self._busy) < (self._busy.maxlen or 0):
            return None
        busy, rates = np.sum(self._busy, axis=0), np.sum(self._rates, axis=0)
        return busy / rates if (busy > 0).all() and (rates > 0).all() else None


def changes_of(world: Scenario, rows: Sequence[str], growth: Sequence[float]) -> tuple[str, ...]:
    """What makes works of each row so many times longer, as `--set` says it."""
    return tuple(_changes(as_data(world)["services"], dict(zip(rows, growth, strict=True))))


def _changes(services: Mapping[str, Any], growth: Mapping[str, float]) -> Iterator[str]:
    for name, factor in growth.items():
        yield f"services.{name}.endpoints={json.dumps(_scaled(services[name]['endpoints'], factor, is_work=False))}"


def _scaled(value: Any, factor: float, is_work: bool) -> Any:
    """The same with all times inside works multiplied; shapes and weights are numbers, and stay."""
    if isinstance(value, Mapping):
        return {key: _scaled(inner, factor, is_work or key == WORK) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_scaled(inner, factor, is_work) for inner in value]
    return format_duration(round(parse_duration(value) * factor)) if is_work and isinstance(value, str) else value
