"""Tasks: a world, how long an episode is, and what differs from one to the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from agents.learning.actions import ACTION_SETS
from agents.learning.reward import Weights
from scenarios.errors import ScenarioError
from scenarios.load import load, loads
from scenarios.naming import suggestion
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_yaml

SEEDS = 2**62  # of meshes


@dataclass(frozen=True)
class Range:
    """A number that differs from episode to episode, uniform in [low, high], in a unit as the file spells it."""

    low: float
    high: float
    unit: str = ""

    def drawn(self, random: np.random.Generator) -> str:
        """One, as `--set` would say it."""
        return f"{float(random.uniform(self.low, self.high)):.6g}{self.unit}"


@dataclass(frozen=True)
class Task:
    """What is learned: in which worlds, by which actions, and for what."""

    scenario: str  # a file, or the name of a shipped one
    ticks: int = 240  # decisions of an episode
    actions: str = "multiplier"
    weights: Weights = field(default_factory=Weights)
    varied: Mapping[str, Range] = field(default_factory=dict)  # by path of the scenario, as "workload.shoppers.load"

    def __post_init__(self) -> None:
        if self.actions not in ACTION_SETS:
            raise ScenarioError(f"actions: {self.actions!r} is not one of {', '.join(ACTION_SETS)}{suggestion(self.actions, ACTION_SETS)}")

    def changed(self, **changes: Any) -> Task:
        """With other words on some things; another scenario varies only what is said anew. Raises ScenarioError for a thing no task has."""
        unknown = next((name for name in changes if name not in self.__dataclass_fields__), None)
        if unknown is not None:
            raise ScenarioError(f"{unknown!r} is nothing that a task has{suggestion(unknown, self.__dataclass_fields__)}")
        return replace(self, **({"varied": {}} if "scenario" in changes else {}) | changes)

    def drawn(self, random: np.random.Generator, options: Mapping[str, Any]) -> Episode:
        """An episode: what is varied and the seed are drawn, unless options name them. Raises ScenarioError."""
        unknown = next((name for name in options if name not in OPTIONS), None)
        if unknown is not None:
            raise ScenarioError(f"options: {unknown!r} is none{suggestion(unknown, OPTIONS)}; there are {', '.join(OPTIONS)}")
        varied = [f"{path}={one.drawn(random)}" for path, one in self.varied.items()]
        seed = int(random.integers(SEEDS))
        given = options.get("scenario", self.scenario)
        changes = varied if "scenario" not in options else []
        world = loads(as_yaml(given), changes) if isinstance(given, Scenario) else load(given, changes)
        return Episode(world, int(options.get("seed", seed)), self)


OPTIONS = ("scenario", "seed")


@dataclass(frozen=True)
class Episode:
    """One world under one seed."""

    world: Scenario
    seed: int
    task: Task


SCALE_V0 = Task("learning_to_scale", varied={
    "workload.shoppers.load": Range(0.6, 1.4),
    "workload.crowd.load": Range(0.0, 1.5),
    "workload.crowd.arrivals.poisson.flash_crowd.at": Range(5, 50, "m"),
})  # fmt: skip
