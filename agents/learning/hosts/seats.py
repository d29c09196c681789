"""Hosts as rows of a policy: they look together, and their weights are told to callers together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from agents.control_plane import ControlPlane
from agents.learning.chair import ActionSet, Look, TimedSeats, Told
from agents.learning.hosts.actions import Multiples
from agents.learning.hosts.features import HOSTS
from agents.learning.hosts.measuring import HostMeter
from agents.learning.hosts.sight import HostSight, Watching
from agents.learning.hosts.slots import in_rows, weighed
from agents.learning.observing import Frames
from agents.learning.reward import Reward, Weights
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.commands import HostsWeighted

EVERY_NS = 2_000_000_000
LEAST = 2  # hosts that callers are told of, at least


class HostSeats(TimedSeats):
    """A row for each weight that the file gives."""

    def __init__(self, world: Scenario, actions: ActionSet, weights: Weights, every_ns: int | None = None) -> None:
        """Raises ScenarioError where no route has weights of its own, or several have."""
        super().__init__(world, every_ns or EVERY_NS)
        assert isinstance(actions, Multiples), "of this chair"
        self.actions, self.weights, self.weighed = actions, weights, weighed(world)
        self.rows = self.weighed.rows
        self.numbers: list[int | None] = [None] * len(self.rows)  # of the pods in the rows
        self._frames: dict[int, tuple[int | None, Frames]] = {}
        goals = [workload.slo.latency.under for workload in world.workload.values() if workload.slo.latency is not None]
        self.objective_ns = float(min(goals, default=NS_PER_S))
        self._weights = self.weighed.usual  # as callers are told

    def sit(self, plane: ControlPlane, told: Told) -> None:
        """Watch what is looked at."""
        self.watching = Watching(plane.mesh, self.weighed.service)
        super().sit(plane, told)

    def look(self) -> Sequence[Look]:
        """All hosts at once."""
        self.numbers = in_rows(self.watching.look(), len(self.rows))
        histories, usual_ns = self.watching.histories, self.watching.usual_ns()
        calls = sum(one.tick.ended for one in histories.values())
        looks = []
        for place, (row, number) in enumerate(zip(self.rows, self.numbers, strict=True)):
            history = None if number is None else histories[number]
            sight = HostSight(history, self.weight(place), calls, usual_ns, self.objective_ns)
            looks.append(Look(row, self.plane.clock.now_ns, self._framed(place, number).take(sight), self._mask(number)))
        return looks

    def weight(self, place: int) -> float:
        """Times the usual one, as callers are told; nothing of a row without a pod."""
        usual = self.weighed.usual[place]
        return self._weights[place] / usual if usual and self.numbers[place] is not None else 0.0

    def act(self, looks: Sequence[Look], chosen: Sequence[int]) -> dict[str, str]:
        """Weights of the rows; those of whoever comes later to an empty one are usual."""
        levels = {look.row: action for look, action in zip(looks, chosen, strict=True)}
        wanted = tuple(usual if number is None else self.actions.weight(levels[row], usual)
                       for row, number, usual in zip(self.rows, self.numbers, self.weighed.usual, strict=True))  # fmt: skip
        kept = sum(weight > 0 for weight, number in zip(wanted, self.numbers, strict=True) if number is not None)
        if kept < min(LEAST, len(self.watching.histories)):
            return {self.rows[0]: f"callers would be told of {kept}: all stays as it is"}
        self._weights = wanted
        self.plane.carry_out(HostsWeighted(self.weighed.route, wanted))
        return {}

    def begin(self) -> None:
        """What happens is measured from here on."""
        self._meter = HostMeter(self.plane.mesh, self.weighed, self.objective_ns)

    def measure(self) -> Reward:
        """What came of it since the last time."""
        return self._meter.take(self.numbers, np.array([self.weight(place) for place in range(len(self.rows))]), self.weights)

    def _framed(self, place: int, number: int | None) -> Frames:
        """Of the pod that is in a row now: another one's looks are not its own."""
        if place not in self._frames or self._frames[place][0] != number:
            self._frames[place] = number, Frames(HOSTS)
        return self._frames[place][1]

    def _mask(self, number: int | None) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Of a row without a pod there is nothing to say but the usual."""
        mask = np.ones(len(self.actions), dtype=np.bool_)
        if number is None:
            mask[:] = False
            mask[self.actions.usual] = True
        return mask
