"""A cell of an evaluation: one episode under one controller, and the row it leaves. A pure function, whoever computes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agents.learning.judging import Score, scores
from agents.learning.tasks import Episode, Task
from agents.learning.watching import watched
from parley.evaluations.policies import decides_of
from parley.evaluations.seats import Seats
from parley.runs.running import Stop
from parley.storage.tables import FLOAT, INT, WORD
from scenarios.errors import ParleyError
from scenarios.load import loads
from scenarios.schema.scenario import Scenario
from scenarios.writing import as_data, yaml_of
from sim.trace import SEMANTICS

TERMS = ("slo", "drop", "cost", "churn")
FIGURES = (*(f"term_{name}" for name in TERMS), "violation", "pods", "moved")
Row = dict[str, Any]


@dataclass(frozen=True)
class EpisodeCell:
    """One episode that is to be played."""

    index: int  # in canonical order, from 0
    words: Mapping[str, str]  # what it is called in its row: family, controller, ...
    task: Task
    seed: int
    fewest: Mapping[str, int]  # services whose pods count
    tick_ns: int
    seats: Seats | None = None  # the world's own rules if None
    replicas: int | None = None
    policy: str | None = None  # a file of weights, which guides the world's own rules


@dataclass(frozen=True)
class Stage:
    """Where episodes are played; what they have in common stands in each cell."""

    names: tuple[str, ...]  # of the words of cells

    def row(self, cell: EpisodeCell, stop: Stop | None = None) -> Row | None:
        """What came of it. One that cannot go on says why in `fault`, and has no figures."""
        if stop is not None and stop.signal_number is not None:
            return None
        row: Row = {"cell": cell.index, **cell.words, "seed": cell.seed, "semantics": SEMANTICS}
        try:
            score = _played(cell)
        except ParleyError as fault:
            return row | {"fault": str(fault), "figures": {}}
        figures = {f"term_{name}": score.terms[name] for name in TERMS}
        return row | {"fault": None, "figures": figures | {"violation": score.violation, "pods": score.pods, "moved": score.churn}}

    def columns(self, rows: Sequence[Row]) -> dict[str, tuple[str, Any]]:
        """Rows as columns; null where a cell has no figure."""
        plain = {"cell": INT, **dict.fromkeys(self.names, WORD), "seed": INT, "semantics": INT, "fault": WORD}
        return {
            **{name: (kind, [row[name] for row in rows]) for name, kind in plain.items()},
            **{name: (FLOAT, [row["figures"].get(name) for row in rows]) for name in FIGURES},
        }


def _played(cell: EpisodeCell) -> Score:
    if cell.policy is not None:
        return scores(cell.task, [cell.seed], decides_of(Path(cell.policy), cell.task.action_set))[0]
    episode = cell.task.drawn(np.random.default_rng(cell.seed), {})
    world = seated(episode.world, cell.seats, cell.replicas)
    return watched(Episode(world, episode.seed, cell.task), cell.fewest, cell.tick_ns)


def seated(world: Scenario, seats: Seats | None, replicas: int | None) -> Scenario:
    """A world with others in its chairs; its own rules where none are named. Raises ScenarioError."""
    if seats is None and replicas is None:
        return world
    data = as_data(world)
    if seats is not None:
        data["agents"] = {service: {"scaling": scaling} for service, scaling in seats.items()}
    if replicas is not None:
        for service in seats or {}:
            data["services"][service]["replicas"] = replicas
    return loads(yaml_of(data))
