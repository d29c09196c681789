"""Families as worlds: resolved, frozen by a digest, and drawn from as tasks are."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from agents.learning.reward import Weights
from agents.learning.tasks import Episode, Range, Task
from parley.evaluations.files import SHIPPED, EvaluationFile, Family
from parley.sweeps.axes import as_text
from parley.sweeps.ranges import range_of
from scenarios.errors import ScenarioError
from scenarios.load import load
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_data, yaml_of

DIGEST = 16  # characters that are kept
EVERY = "services.*."
UNIT = Weights(1.0, 1.0, 1.0, 1.0)  # so that what is kept are terms, which any weights can be laid on


@dataclass(frozen=True)
class Arena:
    """A family as it is played in."""

    name: str
    family: Family
    world: Scenario
    varied: Mapping[str, Range]
    ticks: int
    most: int

    @property
    def digest(self) -> str:
        """Of the world without its agents, which are for whoever controls it to say, and of what is drawn."""
        world = {key: value for key, value in as_data(self.world).items() if key != "agents"}
        ranges = {path: asdict(one) for path, one in self.varied.items()}
        told = yaml_of(world) + json.dumps([ranges, self.ticks, self.most])
        return hashlib.sha256(told.encode()).hexdigest()[:DIGEST]

    @property
    def scaled(self) -> list[str]:
        """Services that somebody scales here."""
        minds = {name: self.world.minds(name).scaling for name in self.world.services}
        return [name for name, scaling in minds.items() if scaling is not None and scaling.fixed is None]

    def task(self, scenario: Path) -> Task:
        """Of which episodes are drawn, its world written there."""
        return Task(str(scenario), ticks=self.ticks, weights=UNIT, varied=self.varied)

    def drawn(self, seed: int, scenario: Path) -> Episode:
        """The episode of a seed."""
        return self.task(scenario).drawn(np.random.default_rng(seed), {})


def arenas_of(made: EvaluationFile) -> dict[str, Arena]:
    """Every family, resolved. Raises ScenarioError, also where one was frozen as something else."""
    found = {name: _arena(made, name, family) for name, family in made.families.items()}
    for name, one in found.items():
        if one.family.digest is not None and one.family.digest != one.digest:
            raise ScenarioError(f"families.{name}: was frozen as {one.family.digest}, and resolves to {one.digest} now; a frozen family "
                                "does not change: leave it as it was, or give what is new a name of its own")  # fmt: skip
    return found


def _arena(made: EvaluationFile, name: str, family: Family) -> Arena:
    named = family.scenario or made.scenario
    source = SHIPPED / named if (SHIPPED / named).is_file() else named
    try:
        changes = [f"{path}={as_text(value)}" for path, value in _spread(family.set, load(source))]
        world = load(source, changes)
    except ScenarioError as fault:
        raise ScenarioError(f"families.{name}: {fault}") from None
    varied = {path: range_of(path, spec) for path, spec in (made.varied if family.varied is None else family.varied).items()}
    return Arena(name, family, world, varied, family.ticks or made.ticks, family.most or made.pods.most)


def _spread(changes: Mapping[str, object], world: Scenario) -> Iterator[tuple[str, object]]:
    """Changes of every service as one of each."""
    for path, value in changes.items():
        if path.startswith(EVERY):
            yield from ((f"services.{name}.{path.removeprefix(EVERY)}", value) for name in world.services)
        else:
            yield path, value
