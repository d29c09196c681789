"""Where names stand when calls go from left to right: in columns by depth, near those they call; the same for the same calls."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np

from scenarios.graphs import depths

COLUMN_MAX = 14  # names below each other, before a layer takes several columns
NAMED_MAX = 60  # in a layer that are written beside each other
SWEEPS = 6


def places(names: Iterable[str], edges: Iterable[tuple[str, str]]) -> dict[str, tuple[float, float]]:
    """(column, height from -0.5 to 0.5) of each: columns by depth, within one near those who call and are called."""
    calls: dict[str, set[str]] = {name: set() for name in names}
    callers: dict[str, set[str]] = {name: set() for name in calls}
    for caller, callee in edges:
        calls[caller].add(callee)
        callers[callee].add(caller)
    layers: dict[int, list[str]] = {}
    for name, depth in depths(calls).items():
        layers.setdefault(depth, []).append(name)
    height: dict[str, float] = {}
    for layer in layers.values():
        height |= _spread(layer)
    for sweep in range(SWEEPS):
        near = callers if sweep % 2 == 0 else calls
        for depth in sorted(layers, reverse=bool(sweep % 2)):
            pull = {
                name: float(np.mean([height[x] for x in near[name]])) if near[name] else height[name]
                for name in layers[depth]
            }
            layers[depth].sort(key=lambda name: -pull[name])  # the first stands highest
            height |= _spread(layers[depth])
    return {name: place for depth, layer in layers.items() for name, place in _columns(depth, layer).items()}


def _spread(layer: Sequence[str]) -> dict[str, float]:
    return {name: 0.5 - (index + 0.5) / len(layer) for index, name in enumerate(layer)}


def _columns(depth: int, layer: Sequence[str]) -> dict[str, tuple[float, float]]:
    """A layer of many as several columns beside each other."""
    columns = math.ceil(len(layer) / COLUMN_MAX) if len(layer) <= NAMED_MAX else math.ceil(math.sqrt(len(layer)))
    rows, aside = math.ceil(len(layer) / columns), 0.25 * (columns > 1)  # every other column hangs lower, so that names do not meet
    return {
        name: (depth + 0.7 * (i % columns) / columns, 0.5 - (i // columns + 0.5 + aside * (i % columns % 2)) / (rows + aside))
        for i, name in enumerate(layer)
    }
