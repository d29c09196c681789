"""Guarded routes in the council: those whose file has a timeout and Envoy's circuit breakers, which control may set anew."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.control_plane import ControlPlane
from agents.decision import Decision
from agents.learning.breaking.actions import CLOSED, BreakActions, Setting
from agents.learning.breaking.features import BREAKING
from agents.learning.breaking.guard import Guard
from agents.learning.breaking.measuring import Meter
from agents.learning.breaking.reward import reward_of
from agents.learning.breaking.sight import Looking, Sight
from agents.learning.chair import MIND, ActionSet, Look, RowByRow, TimedSeats, with_guard
from agents.learning.observing import Frames
from agents.learning.reward import Reward, Weights
from scenarios.errors import ScenarioError
from scenarios.schema.calls import programs, walk
from scenarios.schema.programs import Call
from scenarios.schema.routing import Edge, ResolvedRoute, resolve
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S
from sim.commands import RequestsBounded, TimeoutChanged

EVERY_NS = 5 * NS_PER_S


@dataclass(frozen=True)
class BreakLook(Look):
    """A route that waits for its action."""

    sight: Sight


class RouteSeats(RowByRow, TimedSeats):
    """All guarded routes between services, in order of their names."""

    def __init__(self, world: Scenario, actions: ActionSet, weights: Weights, every_ns: int | None = None) -> None:
        """Raises ScenarioError where no route can be guarded."""
        super().__init__(world, every_ns or EVERY_NS)
        assert isinstance(actions, BreakActions), "of this chair"
        self.actions, self._weights = actions, weights
        self.routes = guarded(world)
        self.rows = tuple(self.routes)
        self.settings: dict[str, Setting] = dict.fromkeys(self.rows, CLOSED)
        without_remedy = needed(world)
        self._guards = {row: Guard(is_needed=row in without_remedy) for row in self.rows}
        self._moved = dict.fromkeys(self.rows, 0)

    def sit(self, plane: ControlPlane, told: Callable[[Look], None]) -> None:
        """And watch what is known of the routes."""
        super().sit(plane, told)
        metrics = plane.mesh.metrics
        self._looking = {row: Looking(route, metrics, self.cadence_ns) for row, route in self.routes.items()}
        self._frames = {row: Frames(BREAKING) for row in self.rows}

    def look(self) -> Sequence[Look]:
        """Of every route."""
        return [self._look(row) for row in self.rows]

    def carry_out(self, look: Look, action: int) -> str:
        """A setting for a route, past its guard."""
        assert isinstance(look, BreakLook), "of this chair"
        held, why = self._guards[look.row].passed(self.actions.settings[action], look.sight.age_ticks)
        self._set(look, held, why)
        return why

    def begin(self) -> None:
        """What happens is measured from here on."""
        self._meter = Meter(self.plane.mesh, self.rows)

    def measure(self) -> Reward:
        """What came of it since the last time."""
        moved, self._moved = np.array([self._moved[row] for row in self.rows]), dict.fromkeys(self.rows, 0)
        return reward_of(self._meter.take(), moved, self._weights)

    def _look(self, row: str) -> BreakLook:
        now_ns = self.plane.clock.now_ns
        sight = self._looking[row].look(now_ns, self.settings[row])
        mask: NDArray[np.bool_] = np.array([self._guards[row].may(setting) for setting in self.actions.settings])
        return BreakLook(row, now_ns, self._frames[row].take(sight), mask, sight)

    def _set(self, look: BreakLook, setting: Setting, why: str) -> None:
        row, route, before = look.row, self.routes[look.row], self.settings[look.row]
        assert route.circuit_breakers is not None, "of guarded routes"
        filed = route.circuit_breakers.max_requests
        commands = (RequestsBounded(row, setting.max_requests(filed)), TimeoutChanged(row, setting.timeout_ns(route.timeout_ns)))
        applied = [self.plane.carry_out(command) for command in commands]
        self.settings[row] = setting
        self._moved[row] += int(setting != before)
        reason = f"{setting.name}: {setting.max_requests(filed)} under way, {setting.timeout_ns(route.timeout_ns) / NS_PER_S:g} s"
        self.plane.decisions.append(Decision(look.now_ns, row, row, MIND, before.max_requests(filed), None, setting.max_requests(filed),
                                             with_guard(reason, why), any(applied)))  # fmt: skip


def guarded(world: Scenario) -> dict[str, ResolvedRoute]:
    """Routes between services, by name in order, that have a timeout and circuit breakers. Raises ScenarioError where there is none."""
    routes = (resolve(world.routes, edge) for edge, _ in _calls(world))
    found = {route.name: route for route in routes if route.timeout_ns and route.circuit_breakers is not None}
    if not found:
        raise ScenarioError("routes: no call between services has a timeout and circuit_breakers, so there is nothing for a policy to set; "
                            "give it some, as routes.defaults: {timeout: 1s, circuit_breakers: {max_requests: 64}}")  # fmt: skip
    return dict(sorted(found.items()))


def needed(world: Scenario) -> set[str]:
    """Routes of which some call has nothing to put in the place of an answer."""
    return {resolve(world.routes, edge).name for edge, call in _calls(world) if call.on_failure == "fail"}


def _calls(world: Scenario) -> list[tuple[Edge, Call]]:
    return [(Edge(*caller.split("."), *found.step.call.split(".")), found.step)
            for caller, steps, path in programs(world.services)
            for found in walk(steps, path) if isinstance(found.step, Call)]  # fmt: skip
