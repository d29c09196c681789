"""Routes as callers know them: the memory of each view, and the pick of a pod."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from scenarios.schema.routing import ResolvedRoute
from sim.commands import HostsWeighted, RateLimited, RequestsBounded, RouteCommand, WeightsShifted
from sim.draws import indexed_key
from sim.laws.balancing import POLICIES, draw_candidate, first_turn, is_less_busy, next_turn
from sim.laws.budgeting import SLOTS
from sim.laws.retrying import another_pick_key
from sim.layout import Layout
from sim.records import RETRY_METER, ROUTE_TALLY
from sim.reference.gates import Gates
from sim.reference.hosts import HostSet
from sim.reference.pools import Pool

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane
    from sim.reference.life import Try
    from sim.reference.pod import Pod

Tally = ROUTE_TALLY.make_class()
Meter = RETRY_METER.make_class()


class View:
    """What one caller (pod, zone or service) remembers of a route."""

    def __init__(self, key: int, route: Route, hosts: HostSet | None) -> None:
        self.key = key
        self.gates = Gates(route.policy) if route.policy.is_gated else None
        self.pool = Pool(route, self) if route.policy.is_pooled else None
        self.hosts = hosts  # where tries in flight are not enough (B6)
        self.in_flight: Counter[int] = Counter()  # tries it waits for, by pod
        self.active = 0  # tries it waits for
        self.retrying = 0  # of them retries, and those waiting to be sent
        self.meter, self.slots = Meter(), [0] * SLOTS  # of a budget of its retries that remembers (R7, R8)
        self.turn = 0
        self.version = -1  # of the list of ready pods that `turn` belongs to


class Route:
    """An edge of the mesh with its policy."""

    def __init__(self, plane: ReferencePlane, index: int, policy: ResolvedRoute) -> None:
        self.plane, self.index, self.policy = plane, index, policy
        self.callee = plane.layout.list_of(policy)
        self.key = plane.family("route", policy.name)
        self.outside = _zone_of(plane.layout, policy.caller)
        self.tally = Tally()
        self.views: dict[int, View] = {}

    def view(self, caller: Pod | None) -> View:
        """B5: the memory a caller uses: its own, its zone's or its service's; a client has one."""
        if caller is None or self.policy.view == "service":
            return self._view(0, 0, self.outside)
        if self.policy.view == "zone":
            return self._view(caller.zone, 0, caller.zone)
        return self._view(caller.number, caller.began_ns, caller.zone)

    def _view(self, viewer: int, began_ns: int, zone: int) -> View:
        if viewer not in self.views:
            key, keeps_hosts = indexed_key(self.key, viewer), self.plane.layout.keeps_hosts(self.policy)
            self.views[viewer] = View(key, self, HostSet(self, viewer, key, began_ns, zone) if keeps_hosts else None)
        return self.views[viewer]

    def become(self, policy: ResolvedRoute, command: RouteCommand) -> None:
        """Its policy is another from now on. A retry budget is read when it is asked (R10), a timeout when a call begins (R11)."""
        views = self._every_view()  # with the old policy
        self.policy = policy
        for view in views:
            if isinstance(command, WeightsShifted) and view.hosts is not None:
                view.hosts.shift(self.plane.layout.zones.index(command.source))
            if isinstance(command, HostsWeighted) and view.hosts is not None:
                view.hosts.held.is_met = 0
            if isinstance(command, RateLimited) and view.gates is not None:
                view.gates.limit(policy, self.plane.now_ns)
            if isinstance(command, RequestsBounded) and view.gates is not None:
                view.gates.bound = command.max_requests

    def _every_view(self) -> list[View]:
        """Also those of callers that have sent nothing yet: their buckets are full already (W11)."""
        names, zones = self.plane.layout.services, range(len(self.plane.layout.zones))
        if self.policy.caller not in names or self.policy.view == "service":
            return [self.view(None)]
        if self.policy.view == "zone":
            return [self._view(zone, 0, zone) for zone in zones]
        return [self.view(pod) for pod in self.plane.pods if names[pod.service] == self.policy.caller]

    def pick(self, view: View, one: Try, again: int = 0) -> Pod | None:
        """A ready pod for a try, picked for the `again`-th time again (R9); None if there is none (B4)."""
        ready, version = self.plane.ready[self.callee], self.plane.versions[self.callee]  # of the service, or of a role (U2)
        if not ready:
            return None
        if view.hosts is not None:
            return view.hosts.pick(one, again)
        key = another_pick_key(one.key, again) if again else one.key
        policy = self.policy.lb_policy
        assert policy.kind in POLICIES
        if policy.kind == "round_robin":
            fresh = view.version != version
            view.turn = first_turn(view.key, version, len(ready)) if fresh else next_turn(view.turn, len(ready))
            view.version = version
            return ready[view.turn]
        best = ready[draw_candidate(key, 0, len(ready))]
        for k in range(1, policy.least_request.choice_count if policy.least_request else 1):
            other = ready[draw_candidate(key, k, len(ready))]
            if is_less_busy(view.in_flight[other.ident], view.in_flight[best.ident]):
                best = other
        return best


def _zone_of(layout: Layout, caller: str) -> int:
    """Where a workload that calls is; -1: nowhere, or it is none."""
    zone = layout.scenario.workload[caller].zone if caller in layout.workloads else None
    return -1 if zone is None else layout.zones.index(zone)
