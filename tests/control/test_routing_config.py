"""Control tells callers of other weights, rates and budgets: as late as of pods, newest last, and not while it is away (V4)."""

from __future__ import annotations

import pytest

from agents.control_plane import ControlPlane
from agents.policy import Needs, Verdict
from sim.commands import RateLimited, RetriesBudgeted, Scale, WeightsShifted
from sim.platform.metrics import Series
from tests.control.yards import S, at, mesh

YARD = """
version: 1
name: yard
duration: 1h
cluster: {zones: [east, west]}
services:
  front: {endpoints: {get: [{call: api.get, on_failure: ignore}]}}
  api: {replicas: 4, endpoints: {get: [{work: 1ms}]}}
routes:
  front -> api:
    locality_lb_setting: {distribute: [{from: "*", to: {"*": 100}}]}
    local_rate_limit: {token_bucket: {max_tokens: 100, tokens_per_fill: 100, fill_interval: 1s}}
    retries: {num_retries: 1, retry_budget: {}}
workload: {few: {entry: front.get, arrivals: {constant: 50/s}}}
"""
ROUTE = "front -> api"
SLOW = "discovery={propagation_delay: 3s}"
WEST = WeightsShifted(ROUTE, "east", (("west", 100),))


def closed(rate=0):
    """The route's bucket lets so many tokens in a second."""
    return RateLimited(ROUTE, rate, max(rate, 1))


def rate(world, time_s):
    """Tokens a second that callers know of just after a time."""
    world.advance(round(time_s * S) + 1)
    route = world.plane.layout.routes[world.plane.layout.route_named(ROUTE)]
    return route.local_rate_limit.token_bucket.tokens_per_fill


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_without_a_delay_callers_know_at_once(engine):
    """V4: told at 10 s, all hundred calls of the next two seconds go west."""
    world = mesh(YARD, until_s=10, engine=engine)
    zones = [pod.zone for pod in world.cluster.pods("api")]
    before = world.plane.observe().pods["visits"][1:]
    assert world.routing.change(WEST)
    world.advance(12 * S)
    grown = (world.plane.observe().pods["visits"][1:] - before).tolist()
    assert {zone: sum(n for n, of in zip(grown, zones, strict=True) if of == zone) for zone in zones} == {"east": 0, "west": 100}


def test_callers_know_after_the_delay():
    """V4: told at 10 s, known at 13 s."""
    world = mesh(YARD, SLOW)
    assert at(world, 10, world.routing.change, closed())
    assert (rate(world, 12.9), rate(world, 13)) == (100, 0)


def test_a_push_may_lag():
    """F4: told from 10 s to 20 s it takes 7 s more."""
    world = mesh(YARD, SLOW, "faults.slow={at: 10s, for: 10s, config_push_lag: {delay: 7s}}", until_s=10.5)
    world.routing.change(closed())
    assert (rate(world, 20.4), rate(world, 20.5)) == (100, 0)


def test_changes_of_one_lever_stay_in_order():
    """V4: whatever delays are drawn, the newest holds in the end; each is known at its time, or with the one before it."""
    for seed in range(1, 9):
        world = mesh(YARD, "discovery={propagation_delay: {uniform: {low: 1ms, high: 20s}}}", until_s=1, seed=seed)
        for known in (10, 20, 30):
            assert world.routing.change(closed(known))
        seen = [rate(world, time) for time in range(1, 25)]
        assert seen == sorted(seen, key=[100, 10, 20, 30].index) and seen[-1] == 30


def test_the_delay_of_a_lever_has_its_own_address():
    """V4, D3: that of a rate is the same whatever else is told before it."""
    delays, found = "discovery={propagation_delay: {exponential: 5s}}", set()
    for others in ((), (WEST, RetriesBudgeted(ROUTE, 0.5))):
        world = mesh(YARD, delays, until_s=1)
        for command in (*others, closed()):
            world.routing.change(command)
        found.add(next(ms for ms in range(1000, 90_000, 10) if rate(world, ms / 1000) == 0))
    assert len(found) == 1


def test_while_the_control_plane_is_away_nobody_is_told():
    """F5, V4: of three that wait from 11 s on only the newest is told, at 30 s, and known 3 s later; at one instant levers come by name."""
    world = mesh(YARD, SLOW, "faults.away={at: 10s, for: 20s, control_plane_outage: {}}", until_s=11)
    known = []
    apply = world.plane.apply
    world.plane.apply = lambda command: (known.append((world.now_ns // S, command)), apply(command))
    for command in (closed(10), WEST, closed(20), closed(30)):
        assert world.routing.change(command)
    world.advance(40 * S)
    assert known == [(33, closed(30)), (33, WEST)]


def test_two_outages_lose_no_change():
    """F5: what waits since the first outage is told after the last, lists of pods and routes alike."""
    away = [f"faults.{name}={{at: {start}s, for: 10s, control_plane_outage: {{}}}}" for name, start in (("one", 10), ("two", 15))]
    world = mesh(YARD, *away, until_s=11)
    world.routing.change(closed())
    world.cluster.crash("api", 0)
    assert (rate(world, 24.9), rate(world, 25)) == (100, 0)
    assert world.plane.observe().pod_ready.tolist()[:2] == [True, False]


def test_what_is_known_is_told_to_nobody_again():
    """V4: the rate of the file, or the one told last, is no change, though callers do not know it yet."""
    world = mesh(YARD, SLOW)
    assert not world.routing.change(RateLimited(ROUTE, 100, 100))
    assert [world.routing.change(command) for command in (closed(), closed(), WEST, WEST, closed(5), closed())] == [
        True, False, True, False, True, True]  # fmt: skip


def test_nonsense_is_refused_at_once():
    """V4: who asks is told, not the clock some time later."""
    world = mesh(YARD, SLOW)
    with pytest.raises(ValueError, match="there is no route 'front -> ape'; did you mean 'front -> api'"):
        world.routing.change(RateLimited("front -> ape", 1, 1))
    with pytest.raises(ValueError, match="has no local_rate_limit"):
        world.routing.change(RateLimited("few -> front", 1, 1))


class Told:
    """A mind that gives one command at each waking."""

    mind, cadence_ns, needs = "told", 2 * S, Needs(series=(Series("requests_per_second", "route", ROUTE),))

    def __init__(self, *commands):
        self.commands, self.seen = list(commands), []

    def decide(self, view):
        """The next one."""
        self.seen.append(view.values_milli)
        return Verdict("as told", tuple(self.commands[:1]))

    def carried_out(self, command, _):
        """Go on to the next."""
        assert self.commands.pop(0) == command


def test_an_agent_changes_routes_by_its_commands():
    """V4: a mind's commands about routes are pushed like any other's, and are decisions that took effect or not."""
    world = mesh(YARD)
    mind = Told(closed(), closed(), WEST)
    plane = ControlPlane(world, {"api": mind})
    assert (rate(world, 1.9), rate(world, 2)) == (100, 0)
    world.advance(5 * S)
    assert [(one.before, one.after, one.reason, one.applied) for one in plane.decisions] == [
        (4, 4, "as told", True), (4, 4, "as told", False)]  # fmt: skip


@pytest.mark.parametrize("held", ["front", "api"])
def test_a_route_of_a_service_that_is_held_stays(held):
    """A service that somebody outside keeps as it is keeps its routes, those to it and those from it; others do as they are told."""
    world = mesh(YARD)
    plane = ControlPlane(world)
    plane.held.add(held)
    assert not plane.carry_out(closed())
    assert rate(world, 1) == 100
    assert plane.carry_out(Scale("front" if held == "api" else "api", 2))
    plane.held.clear()
    assert plane.carry_out(closed())


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_calls_a_second_of_a_route(engine):
    """H1: 50 a second that callers sent, as of the last scrape, though gates refuse them; unknown while the caller is not scraped."""
    world = mesh(YARD, "telemetry={scrape_interval: 2s}", "faults.dark={at: 9s, for: 10s, metric_loss: {service: front}}", engine=engine)
    mind = Told(closed())
    ControlPlane(world, {"api": mind})
    world.advance(15 * S)
    assert [next(iter(seen.values()), None) for seen in mind.seen] == [
        pytest.approx(50_000, abs=600) if seen else None for seen in mind.seen]  # fmt: skip
    assert [bool(seen) for seen in mind.seen] == [True] * 4 + [False] * 3
