"""Policies that decide without having learned, and a scaler of two services that they serve."""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agents.learning.observing import FRAMES
from agents.learning.scaling.actions import MULTIPLIER
from agents.learning.scaling.features import FEATURES
from agents.learning.scaling.guard import DOWN, STALE_TICKS, UP
from parley.serving.decision_log import DecisionLog
from parley.serving.prometheus import Prometheus
from parley.serving.recipe import Deciding, Input, Recipe
from parley.serving.services import Served, read_services
from parley.serving.serving import Serving
from parley.serving.settings import Settings
from tests.serving.sources import Source, listening

TICK_NS = 15_000_000_000
RECIPE = Recipe("by hand", tuple(Input(one.name, one.query, one.low, one.high, one.unknown) for one in FEATURES), FRAMES, TICK_NS,
                MULTIPLIER, UP, DOWN, STALE_TICKS, {})  # fmt: skip
SERVICES = """
namespace: shop
services:
  front: {objective: 750ms, workload: shoppers, scaling: {trend: {averageValue: 20, min: 1, max: 40}}}
  cart: {scaling: {trend: {averageValue: 10, min: 1, max: 40}}}
"""
QUIET = {"asked": 2.0, "ready": 1.0, "starting": 0.0, "utilization": 0.5, "rate": math.log2(1 + 20), "growth": 0.0, "age": 0.5,
         "concurrency": 0.1, "latency": -2.0, "objective": -1.0, "day_sine": 0.0, "day_cosine": 1.0}  # fmt: skip
BEGAN_S = 1_000_000.0
EXACT = Settings(tolerance=0.0)


class Leaning:
    """Weighs what it sees by fixed random weights: each look matters to what it does."""

    def __init__(self, actions: int = len(MULTIPLIER)) -> None:
        self._weights = np.random.default_rng(7).normal(size=(FRAMES * len(FEATURES), actions)).astype(np.float32)

    def decides(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The best of those that may be."""
        return np.where(masks, observations @ self._weights, -np.inf).argmax(axis=1)


class Always:
    """Does one thing."""

    def __init__(self, label: str) -> None:
        self._action = MULTIPLIER.labels.index(label)

    def decides(self, _observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Whatever is seen; what follows the rule where it may not."""
        return np.where(masks[:, self._action], self._action, MULTIPLIER.follows or 0).astype(np.int64)


@dataclasses.dataclass
class World:
    """Numbers that a test changes, a clock that it turns, and the scaler that sees them."""

    source: Source
    serving: Serving
    now: list[float]
    readings: dict[str, dict[str, float]]

    async def tick(self, later_s: float = 15.0) -> dict[str, object]:
        """Decisions of the next tick, by service."""
        self.now[0] += later_s
        return {one.service: one for one in await self.serving.tick()}


def listed(folder: Path, text: str = SERVICES) -> list[Served]:
    """Services of a list."""
    (folder / "services.yaml").write_text(text)
    return read_services(str(folder / "services.yaml"))


@contextlib.asynccontextmanager
async def served(folder: Path, policy: Deciding, deadline_s: float = 2.0, settings: Settings = EXACT, *,
                 recipe: Recipe = RECIPE, readings: Mapping[str, Mapping[str, float]] | None = None) -> AsyncIterator[World]:  # fmt: skip
    """A scaler of `front` and `cart`, four pods each, that was not yet told to tick."""
    now, numbers = [BEGAN_S], {name: dict(of) for name, of in (readings or {"front": QUIET, "cart": QUIET}).items()}
    source = Source(recipe, lambda service, feature, _: numbers.get(service, {}).get(feature))
    log = DecisionLog(folder / "decisions.jsonl")
    try:
        async with listening(source) as url, Prometheus(url, deadline_s) as prometheus:
            yield World(source, Serving(policy, recipe, listed(folder), prometheus, log, settings, lambda: now[0]), now, numbers)
    finally:
        log.close()
