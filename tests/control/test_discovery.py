"""Discovery: when callers learn of pods that come, go and die."""

from __future__ import annotations

import pytest

from scenarios.errors import ScenarioError
from sim.platform.discovery import last_heartbeat_ns
from tests.control.yards import S, at, mesh

YARD = """
version: 1
name: yard
duration: 1h
services:
  api: {replicas: 2, startup: 5s, endpoints: {get: [{work: 1ms}]}}
routes: {defaults: {lb_policy: round_robin}}
workload: {few: {entry: api.get, arrivals: {constant: 100/s}}}
"""
SLOW = "discovery={propagation_delay: 3s}"
BEATS = "discovery={ttl: 30s, heartbeat_interval: 10s}"


def listed(world, time_s):
    """Whether each pod is listed once everything at a time has happened, in the order they were there."""
    world.advance(round(time_s * S) + 1)
    return world.plane.observe().pod_ready.tolist()


def failed(world):
    """Requests that failed so far."""
    return int(world.plane.observe().workloads["failed"][0])


def test_the_pods_of_the_file_are_listed_late_too():
    """V2: nobody knows of anyone for 3 s; those calls fail."""
    world = mesh(YARD, SLOW)
    assert (listed(world, 2.9), listed(world, 3)) == ([False, False], [True, True])
    assert failed(world) in (299, 300)


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_a_new_pod_is_called_after_the_delay(engine):
    """V2: asked for at 10 s, there at 15 s, listed at 18 s; no call fails for it."""
    world = mesh(YARD, SLOW, until_s=10, engine=engine)
    before = failed(world)
    world.cluster.scale("api", 3)
    assert (listed(world, 14.9), listed(world, 15), listed(world, 18)) == ([True] * 2, [True, True, False], [True] * 3)
    assert failed(world) == before


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_a_draining_pod_is_called_until_callers_know(engine):
    """V2: empty at 11 s and gone, listed until 13 s: half of the calls in between are refused. preStop mends that."""
    for pause, refused in ((0, 100), (4, 0)):
        world = mesh(YARD, SLOW, f"services.api.preStopSeconds={pause}", until_s=10, engine=engine)
        before = failed(world)
        world.cluster.scale("api", 1)
        world.advance(20 * S)
        assert abs(failed(world) - before - refused) <= 2


def test_a_crash_is_known_after_the_delay():
    """V2: dead at 10 s and known to the platform, listed until 13 s; the next one is ready at 15 s, listed at 18 s."""
    world = mesh(YARD, SLOW, until_s=10)
    world.cluster.crash("api", 0)
    assert [listed(world, time) for time in (12.9, 13, 18)] == [[True, True], [False, True], [False, True, True]]


def test_the_dead_are_missed_when_their_entry_is_old():
    """V3: admitted at 0 s, dead at 25 s, last heard of at 20 s: listed until 50 s. Callers meet a refusal meanwhile."""
    world = mesh(YARD, BEATS, until_s=25)
    before = failed(world)
    world.cluster.crash("api", 0)
    assert (listed(world, 49.9)[0], listed(world, 50)[0]) == (True, False)
    assert failed(world) - before > 800


def test_who_leaves_in_order_is_unlisted_at_once():
    """V3: a draining pod takes its leave; no entry has to grow old."""
    world = mesh(YARD, BEATS)
    at(world, 25, world.cluster.scale, "api", 1)
    assert listed(world, 25) == [True, False]


@pytest.mark.parametrize(("died", "last"), [(1, 0), (10, 0), (11, 10), (20, 10), (25, 20), (0, 0)])
def test_heartbeats(died, last):
    """V3: at 0, 10, 20, ... s; who dies at the very instant of one does not send it."""
    assert last_heartbeat_ns(0, 10 * S, died * S) == last * S
    assert last_heartbeat_ns(7 * S, 10 * S, (7 + died) * S) == (7 + last) * S


def test_changes_of_one_pod_stay_in_order():
    """V2: a drain that is told after 1 ms does not overtake the listing that takes 10 s."""
    delays = "discovery={propagation_delay: {uniform: {low: 1ms, high: 20s}}}"
    for seed in range(1, 9):
        world = mesh(YARD, delays, "services.api.replicas=1", until_s=0.001, seed=seed)
        world.cluster.scale("api", 0)
        assert listed(world, 60) == [False]


def test_the_delay_of_a_change_has_its_own_address():
    """V2: that of pod 2 is the same whether it is asked for at 10 s or at 100 s, alone or with others."""
    delays = "discovery={propagation_delay: {exponential: 5s}}"
    found = []
    for asked, replicas in ((10, 3), (100, 3), (100, 5)):
        world = mesh(YARD, delays, until_s=asked)
        world.cluster.scale("api", replicas)
        second = next(s for s in range(2000) if len(listed(world, asked + 5 + s / 20)) > 2 and listed(world, asked + 5 + s / 20)[2])
        found.append(second)
    assert len(set(found)) == 1


def test_a_ttl_outlives_a_heartbeat():
    """A file that would drop the living is told so."""
    with pytest.raises(ScenarioError, match="not longer than heartbeat_interval"):
        mesh(YARD, "discovery={ttl: 10s, heartbeat_interval: 10s}")


def test_a_push_may_lag():
    """F4: changes made from 10 s to 20 s take 7 s more; those after it do not wait for them."""
    world = mesh(YARD, "faults.slow={at: 10s, for: 10s, config_push_lag: {delay: 7s}}", until_s=10.5)
    world.cluster.scale("api", 3)
    assert (listed(world, 22.4), listed(world, 22.5)) == ([True, True, False], [True] * 3)
    world.cluster.scale("api", 2)
    assert listed(world, 22.6) == [True, True, False]


def test_while_the_control_plane_is_away_nothing_is_decided():
    """F5: asked for at 11 s, a pod starts at 30 s; a crash at 12 s stays listed until then, and is replaced."""
    world = mesh(YARD, "faults.away={at: 10s, for: 20s, control_plane_outage: {}}", until_s=11)
    world.cluster.scale("api", 3)
    at(world, 12, world.cluster.crash, "api", 0)
    assert (len(world.cluster.pods("api")), listed(world, 29.9)) == (1, [True, True])
    assert listed(world, 30) == [False, True]
    assert listed(world, 35) == [False, True, True, True]


def test_a_node_that_is_lost_meanwhile_is_noticed_later():
    """F5: lost at 10 s while the control plane is away until 100 s, which begins to count then: noticed at 140 s."""
    nodes = "cluster={zones: [a, b], nodes: {box: {count: 1, cpu: 4, memory: 4Gi}}}"
    world = mesh(YARD, nodes, "faults.away={at: 5s, for: 95s, control_plane_outage: {}}", "faults.dark={at: 10s, zone_loss: {zone: a}}")
    assert (listed(world, 139.9), listed(world, 140)) == ([True, True], [False, True])
