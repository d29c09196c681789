"""A mesh that stops wherever its policy is asked, and goes on when it is told what to do: what every environment is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.control_plane import ControlPlane
from agents.learning.actions import MULTIPLIER, ActionSet
from agents.learning.guided import Asking, Council
from agents.learning.measuring import Measured, Meter
from scenarios.schema.scenario import Scenario
from sim.build import advance_planes
from sim.mesh import Mesh


@dataclass(frozen=True)
class Step:
    """What came of the last actions, and what is asked next; nothing is where the episode is over."""

    measured: Measured
    guarded: dict[str, str]  # by service: what the guard changed of its action, and why
    asking: Asking | None


class Drive:
    """A world under a seed, from its warm-up to its end, decision by decision."""

    def __init__(self, world: Scenario, seed: int, engine: str = "fast", actions: ActionSet = MULTIPLIER) -> None:
        """Raises ScenarioError where the world has no rule to guide, and SimulationError as Mesh."""
        self.council = Council(world, actions)
        self.mesh = Mesh(world, seed, engine)
        self.plane = ControlPlane(self.mesh, self.council.minds)
        self.council.sit(self.plane)
        self.until_ns = world.duration

    def begin(self) -> Asking:
        """The first question, once it is asked: what happens is measured from here on."""
        self._meter = Meter(self.mesh, {name: mind.guard.least for name, mind in self.council.minds.items()})
        return self.council.asking()

    def act(self, chosen: NDArray[np.int64]) -> None:
        """Carry out an action for every service that asks; then the mesh has to go on."""
        self._guarded = self.council.act(chosen)

    @property
    def is_over(self) -> bool:
        """Whether nothing more will be asked."""
        return not self.council.is_waiting and self.mesh.now_ns >= self.until_ns

    def measure(self) -> Step:
        """What came of the last actions."""
        return Step(self._meter.take(), self._guarded, self.council.asking() if self.council.is_waiting else None)


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
