"""A mesh that stops wherever its policy is asked, and goes on when it is told what to do: what every environment is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.control_plane import ControlPlane
from agents.learning.chair import Seats
from agents.learning.council import Asking, Council
from agents.learning.reward import Reward
from scenarios.schema.scenario import Scenario
from sim.build import advance_planes
from sim.draws import Seed
from sim.mesh import Mesh


@dataclass(frozen=True)
class Step:
    """What came of the last actions, and what is asked next; at the end of a world, what would be."""

    reward: Reward
    guarded: dict[str, str]  # by row: what a guard changed of its action, and why
    asking: Asking


class Drive:
    """A world under a seed, from its warm-up to its end, decision by decision."""

    def __init__(self, world: Scenario, seed: Seed, seats: Seats, engine: str = "fast") -> None:
        """Raises SimulationError as Mesh."""
        self.seats, self.council = seats, Council(seats)
        self.mesh = Mesh(world, seed, engine)
        self.plane = ControlPlane(self.mesh, seats.minds)
        self.council.sit(self.plane)
        self.until_ns = world.duration

    def begin(self) -> Asking:
        """The first question, once it is asked: what happens is measured from here on."""
        self.seats.begin()
        return self.council.asking()

    def act(self, chosen: NDArray[np.int64] | None) -> None:
        """Carry out an action for every row that asks, or the world's own rule; then the mesh has to go on."""
        self._guarded = self.council.act(chosen)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be asked."""
        return not self.council.is_waiting and self.mesh.now_ns >= self.until_ns

    def measure(self) -> Step:
        """What came of the last actions."""
        reward = self.seats.measure()
        return Step(reward, self._guarded, self.council.asking() if self.council.is_waiting else self.council.looking_back())


def to_the_next_question(drives: Sequence[Drive]) -> None:
    """Let meshes go on, each until its policy is asked or it is over; those of the fast engine in one compiled call between two acts."""
    ahead = [drive for drive in drives if not drive.council.is_waiting and not drive.is_over]
    while ahead:
        dues = [drive.mesh.due(drive.until_ns) for drive in ahead]
        advance_planes([drive.mesh.plane for drive in ahead], dues)
        for drive, due in zip(ahead, dues, strict=True):
            if due < drive.until_ns:
                drive.mesh.clock.env.step()
        ahead = [drive for drive in ahead if not drive.council.is_waiting and not drive.is_over]
