"""What rows of an observation are made of: numbers with a unit, bounds and a query in Prometheus, and the last few looks at them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRAMES = 4  # looks in an observation
Observation = NDArray[np.float32]


@dataclass(frozen=True)
class Feature:
    """One number of an observation."""

    name: str
    says: str
    unit: str
    low: float
    high: float
    usual: tuple[float, float]  # where it mostly is: a network is shown this range as -1 to 1
    query: str  # in PromQL
    read: Callable[[Any], float | None]  # of what a chair sees of a row
    unknown: float = 0.0

    def reading(self, sight: Any) -> float:
        """The number, within its bounds."""
        value = self.read(sight)
        if value is None or value != value:  # None, or nan
            return self.unknown
        return self.low if value < self.low else min(value, self.high)


@dataclass(frozen=True)
class Features:
    """All that is seen of a row, once for each of the last looks."""

    all: tuple[Feature, ...]

    def __len__(self) -> int:
        return len(self.all)

    @property
    def names(self) -> list[str]:
        """In the order of a frame."""
        return [feature.name for feature in self.all]

    @cached_property
    def low(self) -> Observation:
        """(FRAMES * features,)."""
        return np.tile(np.array([feature.low for feature in self.all], dtype=np.float32), FRAMES)

    @cached_property
    def high(self) -> Observation:
        """(FRAMES * features,)."""
        return np.tile(np.array([feature.high for feature in self.all], dtype=np.float32), FRAMES)

    @cached_property
    def usual(self) -> Observation:
        """(FRAMES * features, 2)."""
        return np.tile(np.array([feature.usual for feature in self.all], dtype=np.float32), (FRAMES, 1))

    def frame(self, sight: Any) -> Observation:
        """(features,) one look."""
        return np.array([feature.reading(sight) for feature in self.all], dtype=np.float32)

    def frames(self, sights: Any) -> Observation:
        """(..., features) of many looks at once, each read as an array; what is nan is not known."""
        readings: list[Any] = [feature.read(sights) for feature in self.all]
        read = np.stack(np.broadcast_arrays(*readings), axis=-1).astype(np.float64)
        unknown = np.array([feature.unknown for feature in self.all])
        low, high = (np.array([getattr(feature, side) for feature in self.all]) for side in ("low", "high"))
        return np.where(np.isnan(read), unknown, np.clip(read, low, high)).astype(np.float32)

    def newest(self, observation: Observation) -> dict[str, float]:
        """The newest look of a row by name."""
        return dict(zip(self.names, observation.tolist(), strict=False))


class Frames:
    """The last looks at one row, for want of a memory: the newest first, the first one again where there are none yet."""

    def __init__(self, features: Features) -> None:
        self._features, self._frames = features, deque[Observation](maxlen=FRAMES)

    def take(self, sight: Any) -> Observation:
        """(FRAMES * features,) with one more look."""
        frame = self._features.frame(sight)
        self._frames.extendleft([frame] * (FRAMES - len(self._frames)) or [frame])
        return np.concatenate(self._frames)


def features_of(*several: Sequence[Feature]) -> Features:
    """Of lists, one after the other."""
    return Features(tuple(feature for one in several for feature in one))
