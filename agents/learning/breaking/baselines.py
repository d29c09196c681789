"""Whom a policy that breaks is compared with: the breakers of others, and who has read the faults of the file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.autoscaling.lookahead import Offered
from agents.learning.baselines import Baseline, Decider, Standing, always, anything
from agents.learning.breaking.actions import CLOSED, LEVELS, MANY, PROBE
from agents.learning.breaking.seats import RouteSeats
from scenarios.flow import Flow, cores

if TYPE_CHECKING:
    from agents.learning.playing import Play
    from scenarios.schema.scenario import Scenario

BUSY = 0.75  # of a callee's pods: beyond, its queue grows
PATIENCE_NS = 250_000_000  # that a call may take to be worth waiting for


def foreseeing(play: Play) -> Decider:
    """For one episode."""
    seats, world = play.drive.seats, play.episode.world
    assert isinstance(seats, RouteSeats), "of this chair"
    offered = {route.callee: Offered(world, route.callee) for route in seats.routes.values()}
    work_ns = Flow(world).work_ns
    return lambda: np.array([_chosen(play, seats, place, offered, work_ns) for place in range(len(play.rows))], dtype=np.int64)


def _chosen(play: Play, seats: RouteSeats, place: int, offered: dict[str, Offered], work_ns: dict[str, float]) -> int:
    """Closed while the callee can do what comes; else as many calls under way as it answers in time (Little's law)."""
    now_ns, world, route = play.drive.mesh.now_ns, play.episode.world, seats.routes[play.rows[place]]
    until_ns, service = now_ns + seats.cadence_ns, world.services[route.callee]
    times, able = slowness(world, route.callee, now_ns, until_ns), service.replicas * cores(service)
    if times * float(offered[route.callee].most(now_ns, until_ns)[0]) / able < BUSY:
        return seats.actions.named(CLOSED.name)
    each_ns = times * max(ns for target, ns in work_ns.items() if target.split(".")[0] == route.callee)
    return _most(seats, place, PATIENCE_NS * able / each_ns / world.services[route.caller].replicas, play.masks[place])


def _most(seats: RouteSeats, place: int, at_once: float, mask: NDArray[np.bool_]) -> int:
    """The setting that lets so many of a caller's calls go at once, and no more."""
    breakers = list(seats.routes.values())[place].circuit_breakers
    assert breakers is not None, "of guarded routes"
    bounds = np.array([setting.max_requests(breakers.max_requests) for setting in seats.actions.settings])
    return int(np.where(mask & (bounds <= max(1.0, at_once)), bounds, -1).argmax())


def slowness(world: Scenario, service: str, since_ns: int, until_ns: int) -> float:
    """By how much faults of the file slow a service at most within [since, until]."""
    times = 1.0
    for fault in world.faults.values():
        if fault.slow is None or fault.slow.service != service:
            continue
        ends_ns = world.duration if fault.duration is None else fault.at + fault.duration
        if fault.at < until_ns and since_ns < ends_ns:
            times = max(times, fault.slow.factor)
    return times


ROUTES = ("page -> stock", "page -> reviews", "page -> offers", "reviews -> ratings")  # of learning_to_break
ONCE_MORE = "per_try_timeout: 500ms, retries: {num_retries: 1, retry_on: [5xx]}"
HYSTRIX = ("circuit_breaker: {slidingWindowType: TIME_BASED, slidingWindowSize: 10, minimumNumberOfCalls: 20, failureRateThreshold: 50%, "
           "waitDurationInOpenState: 5s, permittedNumberOfCallsInHalfOpenState: 1}, bulkhead: {maxConcurrentCalls: 10}")  # fmt: skip
UNBOUND = "circuit_breakers: {max_requests: 1024}"


def _routes(settings: str) -> tuple[str, ...]:
    return tuple(f"routes.{name}={{{settings}}}" for name in ROUTES)


BREAKERS: Mapping[str, Baseline] = {
    "oracle": Baseline("knows when which callee will be how slow, and lets as many calls go as it answers in time", Standing.ORACLE,
                       seated=foreseeing),
    "hystrix": Baseline("Hystrix' defaults: open for 5 s once half of 20 calls in 10 s failed; 10 at once, no retries", Standing.GOOD,
                        _routes(f"timeout: 1s, {UNBOUND}, {HYSTRIX}")),
    "bulkhead": Baseline("a quarter of the calls under way and half the timeout, whatever happens", Standing.GOOD,
                         seated=always(LEVELS.named(MANY.name))),
    "timeouts": Baseline("timeouts and bounds as the file has them", Standing.NAIVE),
    "outliers": Baseline("Envoy's defaults with outlier detection, which may eject none of four pods", Standing.NAIVE,
                         _routes(f"timeout: 1s, {ONCE_MORE}, {UNBOUND}, outlier_detection: {{}}")),
    "none": Baseline("nobody gives up before a minute is over", Standing.NAIVE,
                     _routes("timeout: 60s, retries: {num_retries: 1, retry_on: [5xx]}, circuit_breakers: {max_requests: 100000}")),
    "one at a time": Baseline("each caller has one call under way, whatever happens", Standing.SILLY,
                              seated=always(LEVELS.named(PROBE.name))),
    "random": Baseline("any setting at any time", Standing.SILLY, seated=anything),
}  # fmt: skip
