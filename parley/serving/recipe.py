"""What a scaler has to know of a policy: what to ask for it, what it may do, and who stands in its way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from string import Template
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agents.learning.bundles.described import Described
from agents.learning.scaling.actions import ACTION_SETS, ScaleActions
from parley.errors import UsageError
from scenarios.naming import suggestion
from scenarios.schema.units import NS_PER_S

NEEDED = ("asked", "ready", "age")  # without these nobody can tell how many pods there are, or how old that is
RULED = "proposal"  # what the rule says, which the scaler computes itself: in a cluster's status it would read its own number
PLACEHOLDERS = ("service", "namespace", "workload", "objective_ms", "tick", "tick_seconds", "window", "before")


@dataclass(frozen=True)
class Input:
    """A feature: its PromQL, and what is made of the answer."""

    name: str
    query: str
    low: float
    high: float
    unknown: float

    def reading(self, raw: float | None) -> float:
        """What the policy is shown."""
        return self.unknown if raw is None else min(self.high, max(self.low, raw))


@dataclass(frozen=True)
class Recipe:
    """Of one policy."""

    name: str  # what it is called in the log
    inputs: tuple[Input, ...]
    frames: int  # looks in an observation, the newest first
    tick_ns: int
    actions: ScaleActions
    up: float
    down: float
    stale_ticks: float
    usual: Mapping[str, Histogram]  # how its inputs were distributed in training, of those that say so
    met: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # between which ends they were, by feature

    def __post_init__(self) -> None:
        names = [one.name for one in self.inputs]
        if lacking := [name for name in NEEDED if name not in names]:
            raise UsageError(f"{self.name}: has no feature {lacking[0]!r}, and a scaler cannot tell without it what there is; "
                             f"features are {', '.join(names)}")  # fmt: skip
        for one in self.inputs:
            if not Template(one.query).is_valid():
                raise UsageError(f"{self.name}: features.{one.name}: its query has a $ that stands before no name: {one.query[:80]!r}")
            if strange := [name for name in Template(one.query).get_identifiers() if name not in PLACEHOLDERS]:
                raise UsageError(f"{self.name}: features.{one.name}: nobody knows what ${strange[0]} stands for"
                                 f"{suggestion(strange[0], PLACEHOLDERS)}; there are {', '.join(PLACEHOLDERS)}")  # fmt: skip


@dataclass(frozen=True)
class Histogram:
    """Of one input in training: shares between edges, as many edges as shares and one more."""

    edges: tuple[float, ...]
    shares: tuple[float, ...]


class Deciding(Protocol):
    """A policy, whatever it is made of."""

    def decides(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows, width), (rows, actions) -> (rows,) actions."""


def actions_named(name: str) -> ScaleActions:
    """Raises UsageError for one that this version does not know."""
    if name not in ACTION_SETS:
        raise UsageError(f"actions: {name!r} is not one of {', '.join(ACTION_SETS)}{suggestion(name, ACTION_SETS)}")
    return ACTION_SETS[name]


def recipe_of(described: Described) -> Recipe:
    """Of a policy.json. Raises UsageError where a scaler cannot serve it."""
    inputs = tuple(Input(one.name, one.query, one.low, one.high, one.unknown) for one in described.features)
    usual = {name: Histogram(one.deciles, one.shares) for name, one in described.inputs.items() if _is_told_apart(one.deciles)}
    guard = described.guard
    return Recipe(described.name, inputs, described.frames, round(described.tick_s * NS_PER_S), actions_named(described.actions.name),
                  guard.up, guard.down, guard.stale_ticks, usual, dict(described.safe_region))  # fmt: skip


def _is_told_apart(deciles: tuple[float, ...]) -> bool:
    """An input that was mostly one number has no bins to fall into."""
    return all(low < high for low, high in pairwise(deciles))
