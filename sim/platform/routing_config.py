"""What callers are told of routes while a world runs: weights of zones and pods, rates, retry budgets, bounds and timeouts (V4)."""

from __future__ import annotations

from functools import partial

from sim.commands import (
    HostsWeighted,
    RateLimited,
    RequestsBounded,
    RetriesBudgeted,
    RouteCommand,
    TimeoutChanged,
    WeightsShifted,
)
from sim.draws import Seed, family_key
from sim.plane import DataPlane
from sim.platform.config_push import ConfigPush, Resource
from sim.rerouting import rerouted


class RoutingConfig:
    """The routes as callers were told last, whether they know it already or not."""

    def __init__(self, seed: Seed, plane: DataPlane, push: ConfigPush) -> None:
        self._seed, self._plane, self._push = seed, plane, push
        self._told = plane.layout
        self._levers: dict[str, Resource] = {}

    def change(self, command: RouteCommand) -> bool:
        """Tell callers; whether it is another than what they were told last. Raises ValueError for what the route cannot obey."""
        policy = rerouted(self._told, command)
        if policy == self._told.routes[self._told.route_named(command.route)]:
            return False
        self._told = self._told.with_route(policy)
        self._push.tell(self._lever(command), partial(self._plane.apply, command))
        return True

    def ends(self, command: RouteCommand) -> tuple[str, str]:
        """Caller and callee of the route that a command means. Raises ValueError where there is none."""
        route = self._told.routes[self._told.route_named(command.route)]
        return route.caller, route.callee

    def _lever(self, command: RouteCommand) -> Resource:
        name = _name(command)
        if name not in self._levers:
            self._levers[name] = Resource(name, family_key(self._seed, "lever", name), is_whole=True)
        return self._levers[name]


def _name(command: RouteCommand) -> str:
    """That of the lever: commands of one name replace each other."""
    match command:
        case WeightsShifted():
            return f"weights/{command.source}/{command.route}"
        case RateLimited():
            return f"rate/{command.route}"
        case RetriesBudgeted():
            return f"budget/{command.route}"
        case RequestsBounded():
            return f"bound/{command.route}"
        case TimeoutChanged():
            return f"timeout/{command.route}"
        case HostsWeighted():
            return f"hosts/{command.route}"
