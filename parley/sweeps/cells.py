"""A cell of a sweep: one trial of a changed world, and the row it leaves. A pure function, whoever computes it and where."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from parley.errors import Stopped
from parley.runs.measures import leaves_of
from parley.runs.running import Order, Stop, ordered, scenario_digest
from parley.runs.trials import trial
from parley.storage.run_folder import SCENARIO
from scenarios.errors import ParleyError
from scenarios.load import loads
from scenarios.schema.scenario import Scenario
from sim.trace import SEMANTICS

Row = dict[str, Any]  # what the journal keeps of a cell: plain JSON
WORLDS = 8  # kept per process: the seeds of a point follow each other


@dataclass(frozen=True)
class Base:
    """What all cells have in common."""

    text: str  # the scenario as YAML
    folder: str  # to which paths of files in changes are relative
    engine: str
    until: str | int | None

    @classmethod
    def kept_in(cls, folder: Path, manifest: Mapping[str, Any]) -> Base:
        """As a folder and its manifest say."""
        text = (folder / SCENARIO).read_text(encoding="utf-8")
        return cls(text, manifest["working_folder"], manifest["engine"], manifest["until"])

    def order(self, changes: Sequence[str], seed: int) -> Order:
        """What a cell is to run. Raises ParleyError."""
        return ordered(loads(self.text, changes, Path(self.folder)), seed=seed, engine=self.engine, until=self.until)

    def row(self, cell: Cell, stop: Stop | None = None) -> Row | None:
        """As `computed` says."""
        return computed(self, cell, stop)


@dataclass(frozen=True)
class Cell:
    """One trial that is to be made."""

    index: int  # in canonical order, from 0
    changes: tuple[str, ...]  # as `--set` would say them
    seed: int


def computed(base: Base, cell: Cell, stop: Stop | None = None) -> Row | None:
    """The row of a cell; None where it was stopped. One that cannot go on says why in `fault`, and has no figures."""
    order, digest = _order(base, cell.changes, cell.seed)
    row = {"cell": cell.index, "changes": list(cell.changes), "seed": cell.seed, "scenario_digest": digest,
           "semantics": SEMANTICS, "until_ns": order.until_ns}  # fmt: skip
    try:
        summary = trial(order, stop)
    except Stopped:
        return None
    except ParleyError as fault:
        return row | {"trace_digest": None, "fault": str(fault), "figures": {}}
    return row | {"trace_digest": summary["trace_digest"], "fault": None, "figures": leaves_of(summary)}


def as_words(changes: Iterable[str]) -> str:
    """Changes as they stand on a command line."""
    return shlex.join(word for change in changes for word in ("--set", change))


def has_agents(worlds: Iterable[Scenario]) -> bool:
    """Whether somebody decides in one of them, so that Python has a share in its time."""
    return any(world.agents or world.alerts or world.negotiations for world in worlds)


def _order(base: Base, changes: tuple[str, ...], seed: int) -> tuple[Order, str]:
    world, digest = _world(base, changes)
    order = ordered(world, seed=seed, engine=base.engine, until=base.until)
    return order, digest if order.scenario is world else scenario_digest(order.scenario)  # another one where a warm-up was found


@functools.lru_cache(WORLDS)
def _world(base: Base, changes: tuple[str, ...]) -> tuple[Scenario, str]:
    world = loads(base.text, changes, Path(base.folder))
    return world, scenario_digest(world)
