"""Rolling updates, by hand and against what Kubernetes documents."""

from __future__ import annotations

import pytest

from scenarios.schema.pods import RollingUpdate
from sim.platform.deployments import Standing, fenceposts, rolled, scaled
from tests.control.yards import S, at, entered, life, mesh, phases

YARD = """
version: 1
name: yard
duration: 10m
services:
  api: {replicas: 10, startup: 10s, endpoints: {get: [{work: 1ms}]}}
workload: {few: {entry: api.get, arrivals: {constant: 1/m}}}
rollouts: {v2: {at: 1m, service: api}}
"""


def serving(world, service="api"):
    """Pods that take new calls, and pods there are but for those that drain."""
    pods = [pod for pod in world.cluster.pods(service) if pod.is_wanted]
    return sum(pod.looks_ready for pod in pods), len(pods)


@pytest.mark.parametrize(
    ("value", "total", "up", "down"),
    [("25%", 10, 3, 2), ("25%", 4, 1, 1), ("25%", 1, 1, 0), ("0%", 9, 0, 0), ("100%", 7, 7, 7), ("7%", 100, 7, 7), (3, 10, 3, 3)],
)
def test_percentages_are_scaled_exactly(value, total, up, down):
    """K4: 7 % of 100 pods are 7 and not 8: no float comes in between."""
    assert (scaled(value, total, up=True), scaled(value, total, up=False)) == (up, down)


@pytest.mark.parametrize(
    ("surge", "unavailable", "desired", "pods"),
    [
        ("25%", "25%", 10, (3, 2)),  # documented: surge rounds up, unavailable down
        ("25%", "25%", 3, (1, 0)),  # documented: at least 3 available, at most 4 in total
        ("25%", "25%", 1, (1, 0)),
        ("0%", "25%", 3, (0, 1)),  # both come to 0: one may be missing, or nothing would move
        (0, 2, 10, (0, 2)),
        ("30%", 0, 10, (3, 0)),  # documented: 130 % of the wanted pods
        ("25%", "25%", 0, (0, 1)),
    ],
)
def test_fenceposts(surge, unavailable, desired, pods):
    """K4: Kubernetes' ResolveFenceposts."""
    assert fenceposts(RollingUpdate(maxSurge=surge, maxUnavailable=unavailable), desired) == pods


@pytest.mark.parametrize(
    ("sets", "asked"),
    [
        ([(10, 10), (0, 0)], [10, 3]),  # first the surge
        ([(10, 10), (3, 0)], [8, 3]),  # then two old ones may be missing
        ([(8, 8), (3, 0)], [8, 5]),  # which leaves room for two new ones
        ([(8, 8), (5, 0)], [8, 5]),  # and now all wait for new ones to be available
        ([(8, 8), (5, 2)], [6, 5]),
        ([(8, 8), (5, 5)], [3, 5]),
        ([(0, 0), (10, 7)], [0, 10]),
        ([(8, 5), (5, 0)], [8, 5]),  # old ones that are not available take nobody's place while nothing may go
        ([(10, 4), (3, 0)], [8, 3]),  # but they go first
        ([(4, 4), (6, 6), (3, 0)], [2, 6, 3]),  # a rollout over a rollout: the oldest first
        ([(2, 2), (12, 12)], [2, 10]),  # fewer are wanted than the new set has
    ],
)
def test_one_sync_of_ten_pods(sets, asked):
    """K4: rolloutRolling worked out by hand, ten pods, three above and two below."""
    assert rolled(10, 3, 2, [Standing(*one) for one in sets]) == asked


def test_a_rollout_of_ten_pods():
    """K4: 8 old and 5 new at once; when the 5 are ready, 5 old go and 5 new come; at the end 10 new ones, 20 s later."""
    world = mesh(YARD, until_s=60.5)
    assert serving(world) == (8, 13)
    world.advance(70 * S)
    assert serving(world) == (8, 13)
    world.advance(70 * S + 1)
    assert serving(world) == (8, 13)
    world.advance(85 * S)
    assert {pod.revision for pod in world.cluster.pods("api")} == {1}
    assert serving(world) == (10, 10)


@pytest.mark.parametrize(("surge", "unavailable"), [("25%", "25%"), (1, 0), (0, 1), ("100%", 0), (0, "100%"), (2, 3)])
def test_never_fewer_and_never_more(surge, unavailable):
    """K4: at every instant of a rollout at least wanted - unavailable are ready, and at most wanted + surge there."""
    rolling = f"services.api.strategy.rollingUpdate={{maxSurge: {surge}, maxUnavailable: {unavailable}}}"
    world = mesh(YARD, rolling, "services.api.startup={uniform: {low: 1s, high: 30s}}", until_s=60)
    more, fewer = fenceposts(world.scenario.services["api"].strategy.rollingUpdate, 10)
    for half in range(240, 2400):
        world.advance(half * S // 4)
        ready, there = serving(world)
        assert ready >= 10 - fewer
        assert there <= 10 + more
        if {pod.revision for pod in world.cluster.pods("api")} == {1} and ready == 10:
            break
    assert serving(world) == (10, 10)


def test_recreate_takes_all_down_first():
    """K4: the new ones start when the last old one is gone."""
    world = mesh(YARD, "services.api.strategy.type=Recreate", until_s=60.5)
    assert serving(world) == (0, 0)
    world.advance(120 * S)
    gone = max(entered(world, "gone").values())
    assert {number: time for number, time in entered(world, "starting").items() if number >= 10} == dict.fromkeys(range(10, 20), gone)
    assert serving(world) == (10, 10)


def test_available_is_ready_for_long_enough():
    """K4: one pod, replaced by one that is ready at 70 s: the old one drains at once, or 15 s later."""
    for least, drained in ((0, 70), (15, 85)):
        world = mesh(YARD, "services.api.replicas=1", f"services.api.minReadySeconds={least}", until_s=100)
        assert life(world, 0)[2] == (drained, "draining")


def test_a_bad_release_ails_its_own_pods_only():
    """K4: slow and failing from the first call on; a rollback is a rollout of a good one."""
    world = mesh(YARD, "rollouts.v2.slow=3", "rollouts.v2.errors=20%", "rollouts.back={at: 5m, service: api}", until_s=75)
    found = {(pod.revision, pod.slowdown, pod.error_rate) for pod in world.cluster.pods("api") if pod.is_serving}
    assert found == {(0, 1.0, 0.0), (1, 3.0, 0.2)} or found == {(1, 3.0, 0.2)}
    world.advance(400 * S)
    assert {(pod.revision, pod.slowdown, pod.error_rate) for pod in world.cluster.pods("api")} == {(2, 1.0, 0.0)}


def test_a_release_that_never_gets_ready_stops_the_rollout():
    """K4: 8 old ones stay for ever beside 5 new ones: that is what the fence is for. A rollback over it gets through."""
    world = mesh(YARD, "rollouts.v2.startup=1h", "rollouts.back={at: 4m, service: api, startup: 10s}", until_s=239)
    assert serving(world) == (8, 13)
    world.advance(300 * S)
    assert {pod.revision for pod in world.cluster.pods("api")} == {2}
    assert serving(world) == (10, 10)


def test_replicas_may_change_during_a_rollout():
    """K4: asked for 4 at 65 s and for 12 at 100 s, and both come true."""
    world = mesh(YARD)
    at(world, 65, world.cluster.scale, "api", 4)
    world.advance(90 * S)
    assert serving(world) == (4, 4)
    at(world, 100, world.cluster.scale, "api", 12)
    world.advance(130 * S)
    assert serving(world) == (12, 12)


def test_a_pod_that_crashes_during_a_rollout_is_replaced_in_its_own_set():
    """K4: an old one by an old one, since its set still wants it."""
    world = mesh(YARD, "rollouts.v2.startup=1h", until_s=61)
    world.cluster.crash("api", next(number for number, phase in phases(world) if phase == "ready"))
    world.advance(80 * S)
    assert [pod.revision for pod in world.cluster.pods("api")].count(0) == 8


@pytest.mark.parametrize("seconds", [0, 4])
def test_a_draining_pod_may_wait_until_callers_know(seconds):
    """K4: it is empty at the first look, a second after; preStop holds it longer."""
    world = mesh(YARD, f"services.api.preStopSeconds={seconds}", "services.api.replicas=1", until_s=100)
    assert life(world, 0)[3] == (70 + max(1, seconds), "gone")
