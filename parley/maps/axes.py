"""The two sides of a map: what is varied along each as numbers, where that stands on a picture, and what is written beside it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from parley.errors import UsageError
from parley.maps.files import MapAxis, values_of
from parley.maps.frontiers import Floats
from parley.sweeps.axes import axis
from parley.wording import number
from scenarios.errors import UnitError
from scenarios.schema.units import parse_duration

TO_SCALE = 3.0  # how much wider than the narrowest step the widest may be, where numbers stand to scale


@dataclass(frozen=True)
class Ruler:
    """One side of a map. Values are plain numbers, shares, or times in seconds, all of them going up or down."""

    name: str
    values: tuple[float, ...]
    labels: tuple[str, ...]  # as the file has them

    @property
    def has_units(self) -> bool:
        """Whether labels are times or shares, and not numbers that any scale can find between them."""
        return any(not _is_plain(label) for label in self.labels)

    @property
    def is_to_scale(self) -> bool:
        """Whether values stand where they belong; where steps differ too much, cells are side by side and equally wide."""
        steps = [abs(b - a) for a, b in pairwise(self.values)]
        return max(steps, default=1.0) <= TO_SCALE * min(steps, default=1.0)

    @property
    def places(self) -> list[float]:
        """Where the values stand."""
        return list(self.values) if self.is_to_scale else [float(nth) for nth in range(len(self.values))]

    def place(self, value: float) -> float:
        """Where a number between two values stands; nan stays nan."""
        if self.is_to_scale:
            return value
        known = sorted(zip(self.values, self.places, strict=True))
        return float(np.interp(value, [one for one, _ in known], [there for _, there in known]))

    def edges(self) -> Floats:
        """Borders of cells around the places."""
        places = np.array(self.places)
        if len(places) == 1:
            return np.array([places[0] - 0.5, places[0] + 0.5])
        middle = (places[1:] + places[:-1]) / 2
        return np.concatenate([[2 * places[0] - middle[0]], middle, [2 * places[-1] - middle[-1]]])

    def ticks(self, most: int) -> tuple[list[float], list[str]] | None:
        """(places, labels) of every value, or of every second, ...; None where any scale of numbers will do."""
        if self.is_to_scale and not self.has_units:
            return None
        every = slice(None, None, -(-len(self.values) // most))
        return self.places[every], list(self.labels[every])


def ruler(one: MapAxis) -> Ruler:
    """Raises UsageError for values that are no numbers, shares or times, or that go up and down."""
    written = axis(one.path, values_of(one)).values
    values = tuple(one.times * quantity(value) for value in written)
    if len({b > a for a, b in pairwise(values)}) > 1 or len(set(values)) < len(values):
        raise UsageError(f"{one.path}: the values of a map's axis go up, or down, not {', '.join(written)}")
    labels = written if one.times == 1 else tuple(number(value) for value in values)
    return Ruler(one.label or one.path, values, labels)


def quantity(value: Any) -> float:
    """A plain number, a share, or a time in seconds. Raises UsageError."""
    text = str(value).strip()
    try:
        return float(text[:-1]) / 100 if text.endswith("%") else float(text)
    except ValueError:
        pass
    try:
        return parse_duration(text) / 1e9
    except UnitError:
        raise UsageError(f"a map's axis needs numbers, shares or times, not {value!r}; `parley sweep` takes any values") from None


def _is_plain(text: str) -> bool:
    try:
        float(text.replace(",", ""))  # as `number` writes thousands
    except ValueError:
        return False
    return True
