"""A run of the simulation as Prometheus would have it: what a policy's features were made of, tick by tick."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from agents.control_plane import ControlPlane
from agents.learning.council import Asking, Council
from agents.learning.reward import Weights
from agents.learning.scaling.actions import MULTIPLIER
from agents.learning.scaling.features import FEATURES
from agents.learning.scaling.guided import GuidedLook, GuidedMind, GuidedSeats
from agents.learning.scaling.sight import Looking
from parley.serving.recipe import Deciding
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.mesh import Mesh


@dataclass
class Recorded:
    """By (seconds, service): the numbers behind the features, and what was decided."""

    numbers: dict[tuple[float, str], dict[str, float]] = field(default_factory=dict)
    asked: dict[tuple[float, str], int] = field(default_factory=dict)  # pods asked for
    wanted: dict[tuple[float, str], tuple[int, int]] = field(default_factory=dict)  # (rule's pods, pods after the guard)

    def number(self, service: str, feature: str, at_s: float) -> float | None:
        """As a query would answer; no series where there was none."""
        return self.numbers.get((at_s, service), {}).get(feature)


def recorded(world: Scenario, seed: int, policy: Deciding) -> Recorded:
    """A run in which a policy decides, from its warm-up on."""
    made = Recorded()

    def chosen(asking: Asking) -> Any:
        looks = council._in_order()
        actions = policy.decides(asking.observations, asking.masks)
        for look, action in zip(looks, actions.tolist(), strict=True):
            assert isinstance(look, GuidedLook)
            wanted = int(look.wanted[action])
            made.wanted[asking.now_ns / NS_PER_S, look.row] = look.sight.proposed, look.mind.guard.passed(wanted, look.sight)[0]
        return actions

    seats = GuidedSeats(world, MULTIPLIER, Weights())
    council = Council(seats, chosen)
    for mind in seats.minds.values():
        mind._looking = _Watching(mind, made)
    mesh = Mesh(world, seed, "fast")
    plane = ControlPlane(mesh, seats.minds)
    council.sit(plane)
    mesh.advance(world.duration)
    return made


class _Watching(Looking):
    """Looks as before, and writes down what it saw."""

    def __init__(self, mind: GuidedMind, made: Recorded) -> None:
        super().__init__(mind._looking.watched, mind.cadence_ns)
        self._made, self._service = made, mind.service

    def look(self, view: Any, proposed: int) -> Any:
        sight = super().look(view, proposed)
        numbers: Mapping[str, float | None] = {one.name: one.read(sight) for one in FEATURES}
        at = view.now_ns / NS_PER_S, self._service
        self._made.numbers[at] = {name: float(value) for name, value in numbers.items() if value is not None and not math.isnan(value)}
        self._made.asked[at] = view.replicas
        return sight
