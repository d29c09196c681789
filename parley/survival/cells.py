"""A cell of a survival: one world with its kick, under one entrant and seed, and the row it leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from agents.learning.scaling.actions import MULTIPLIER
from agents.learning.seating import plane_of
from parley.errors import Stopped
from parley.evaluations.policies import decides_of
from parley.interventions.interventions import seat
from parley.recording.conserving import balances, require_balance
from parley.recording.judging import verdicts
from parley.runs.running import Stop, advance_in_stretches
from parley.storage.tables import FLOAT, INT, WORD
from scenarios.errors import ParleyError
from scenarios.load import loads
from scenarios.schema.scenario import Scenario
from sim.mesh import Mesh
from sim.trace import SEMANTICS

OUTCOME, PODS = "outcome", "pods"
WORDS = ("entrant", "member", "x", "y")
WORLDS_MAX = 8  # kept per process: the seeds of a cell follow each other
Row = dict[str, Any]


@dataclass(frozen=True)
class KickCell:
    """One run that is to be made."""

    index: int  # in canonical order, from 0
    words: Mapping[str, str]  # WORDS
    world: Path
    changes: tuple[str, ...]  # as `--set` would say them
    kick_ns: int
    seed: int
    policy: str | None = None  # a file of weights, which guides the world's own rules


@dataclass(frozen=True)
class Kicks:
    """Where cells are played; what they have in common stands in each."""

    def row(self, cell: KickCell, stop: Stop | None = None) -> Row | None:
        """What came of it; None where it was stopped. One that cannot go on says why in `fault`, and has no figures."""
        row: Row = {"cell": cell.index, **cell.words, "seed": cell.seed, "semantics": SEMANTICS}
        try:
            return row | {"fault": None, **_played(cell, stop or Stop())}
        except Stopped:
            return None
        except ParleyError as fault:
            return row | {"fault": str(fault), "trace_digest": None, OUTCOME: None, PODS: None}

    def columns(self, rows: Sequence[Row]) -> dict[str, tuple[str, Any]]:
        """Rows as columns; null where a cell has no figure."""
        kinds = {"cell": INT, **dict.fromkeys(WORDS, WORD), "seed": INT, "semantics": INT, "fault": WORD, "trace_digest": WORD,
                 OUTCOME: FLOAT, PODS: FLOAT}  # fmt: skip
        return {name: (kind, [row[name] for row in rows]) for name, kind in kinds.items()}


def _played(cell: KickCell, stop: Stop) -> Row:
    world = _world(cell.world, cell.changes)
    mesh = Mesh(world, cell.seed)
    if cell.policy is None:
        seat(mesh)
    else:
        plane_of(mesh, decides_of(Path(cell.policy), MULTIPLIER))
    advance_in_stretches(mesh, cell.kick_ns, stop)
    pods = sum(mesh.cluster.desired())
    advance_in_stretches(mesh, world.duration, stop)
    if mesh.now_ns < world.duration:
        raise Stopped
    layout, seen = mesh.plane.layout, mesh.plane.observe(live=True)
    require_balance(balances(layout, seen), mesh.now_ns)
    (judged,) = verdicts(layout, seen, world.duration)
    return {"trace_digest": mesh.plane.digest(), OUTCOME: judged["measured"], PODS: pods}


@lru_cache(WORLDS_MAX)
def _world(path: Path, changes: tuple[str, ...]) -> Scenario:
    return loads(path.read_text(encoding="utf-8"), changes)
