"""A policy's network as plain arrays: what a graph is made of, whatever library trained it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Layer:
    """weights (out, in) and bias (out,)."""

    weights: Floats
    bias: Floats


@dataclass(frozen=True)
class Network:
    """Clip to bounds, scale what is usual to [-1, 1], then layers with a hyperbolic tangent between them, and logits of actions."""

    low: Floats  # (width,)
    high: Floats  # (width,)
    centre: Floats  # (width,)
    spread: Floats  # (width,)
    layers: tuple[Layer, ...]

    @property
    def width(self) -> int:
        """Numbers of an observation."""
        return len(self.low)

    @property
    def actions(self) -> int:
        """How many there are to choose from."""
        return len(self.layers[-1].bias)
