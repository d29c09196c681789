"""Whom a policy that sizes pods is compared with: the VPA, guesses, and who knows what will come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.lookahead import Offered
from agents.learning.baselines import Baseline, Decider, Standing, always, anything
from agents.learning.rightsizing.actions import MULTIPLES
from agents.learning.rightsizing.seats import SizingSeats

if TYPE_CHECKING:
    from agents.learning.playing import Play

AHEAD_TICKS = 5  # that it takes to replace all pods of a service, and to start the last one
BUSY = 0.7  # share of what pods request that the work of the busiest instant takes
ROOM = 1.3  # times what is needed: as much may stay as it is


def foreseeing(play: Play) -> Decider:
    """Sizes pods for the most work of the next minutes. The reference that no policy can be."""
    seats, world = play.drive.seats, play.episode.world
    assert isinstance(seats, SizingSeats), "of this chair"
    offered = Offered(world, *play.rows)

    def decide() -> NDArray[np.int64]:
        now_ns = play.drive.mesh.now_ns
        needed = 1000 * offered.most(now_ns, min(world.duration, now_ns + AHEAD_TICKS * seats.cadence_ns)) / BUSY
        return np.array([_steady(seats, row, cores) for row, cores in zip(play.rows, needed.tolist(), strict=True)], dtype=np.int64)

    return decide


def _steady(seats: SizingSeats, row: str, millicores: float) -> int:
    """The action that changes least of what pods request, and asks for what all need together, not much more; the most where none does."""
    sight = seats.sights[row]
    asked = np.array([seats.actions.millicores(action, sight) for action in range(len(seats.actions))])
    enough = asked * sight.view.replicas >= millicores
    fitting = np.flatnonzero(enough & (asked * sight.view.replicas <= ROOM * millicores))
    if len(fitting):
        return int(fitting[np.abs(asked[fitting] - sight.request).argmin()])
    return int(np.where(enough, asked, np.inf).argmin()) if enough.any() else int(asked.argmax())


OFF = "agents.defaults.sizing.vpa={updateMode: Off, recommender_interval: 30s}"
PEAK = {"front": 430, "catalog": 690, "store": 345}  # milli-cores of which the highest tide of learning_to_size takes 70 %

SIZERS: Mapping[str, Baseline] = {
    "oracle": Baseline("knows what will come in the next minutes, and asks for what does it at seven tenths", Standing.ORACLE,
                       seated=foreseeing),
    "calibrated": Baseline("six tenths of what the VPA recommends: the best multiple that stays the same", Standing.GOOD,
                           seated=always(MULTIPLES.index(0.6))),
    "vpa": Baseline("the VPA alone: 90th percentile and 15 %, and evictions out of its bounds", Standing.GOOD),
    "peak": Baseline("pods sized for the highest tide, for ever", Standing.NAIVE,
                     (OFF, *(f"services.{name}.resources={{requests: {{cpu: {cpu}m}}, limits: {{cpu: {2 * cpu}m}}, cpu_model: cfs}}"
                             for name, cpu in PEAK.items()))),
    "filed": Baseline("requests as the file has them", Standing.NAIVE, (OFF,)),
    "random": Baseline("any multiple at any time", Standing.NAIVE, seated=anything),
    "least": Baseline("a third of what the VPA recommends", Standing.SILLY, seated=always(0)),
}  # fmt: skip
