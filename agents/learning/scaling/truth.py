"""A rule that is told what nobody tells it: by how much the works of its service have grown."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.learning.scaling.actions import MULTIPLES
from scenarios.schema.faults import Slow
from scenarios.schema.scenario import Scenario

if TYPE_CHECKING:
    from agents.learning.baselines import Decider
    from agents.learning.playing import Play


def told(play: Play) -> Decider:
    """Multiplies what the rule asks for by what works have grown by since, as nearly as there are actions for it."""
    world, mesh, rows = play.episode.world, play.drive.mesh, play.rows
    return lambda: np.array([nearest(grown(world, row, mesh.now_ns)) for row in rows], dtype=np.int64)


def grown(world: Scenario, service: str, now_ns: int) -> float:
    """How many times longer than the file says all pods of a service work, by the faults that there are now."""
    factor = 1.0
    for fault in world.faults.values():
        slow = fault.chosen
        lasts = fault.duration is None or now_ns < fault.at + fault.duration
        if isinstance(slow, Slow) and slow.service == service and slow.fraction == 1 and slow.zone is None and fault.at <= now_ns and lasts:
            factor *= slow.factor
    return factor


def nearest(factor: float) -> int:
    """The action whose multiple is nearest by its ratio."""
    distances: NDArray[np.float64] = np.abs(np.log(MULTIPLES) - math.log(factor))
    return int(distances.argmin())
