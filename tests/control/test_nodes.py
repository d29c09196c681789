"""Nodes that go down, are noticed, given up and come back; nodes that are drained within budgets."""

from __future__ import annotations

import pytest

from scenarios.errors import ScenarioError
from scenarios.schema.pods import DisruptionBudget
from sim.platform.deployments import may_evict, must_stay
from tests.control.yards import S, entered, life, mesh, phases

YARD = """
version: 1
name: yard
duration: 1h
cluster:
  zones: [east, west]
  regions: {here: [east, west]}
  nodes: {box: {count: 2, cpu: 4, memory: 4Gi, pull_bandwidth: 100MB/s}}
services:
  api: {replicas: 4, image: 1GB, startup: 5s, resources: {requests: {cpu: 1}}, endpoints: {get: [{work: 100ms}]}}
routes: {defaults: {lb_policy: round_robin}}
workload: {few: {entry: api.get, arrivals: {constant: 20/s}}}
"""
UPKEEP = "faults.upkeep={at: 100s, drain: {zone: east}}"
LOSS = "faults.loss={at: 100s, for: %ss, zone_loss: {zone: east}}"


def nodes_of(world):
    """Node of each pod, by number."""
    return {pod.number: pod.node for pod in world.cluster.pods("api")}


def test_a_lost_node_is_noticed_and_given_up():
    """K8: dead at 100 s, not ready at 140 s, replaced at 440 s on the other zone's nodes, which have the image."""
    world = mesh(YARD, LOSS % 3000, until_s=500)
    assert life(world, 0) == [(0, "starting"), (0, "ready"), (100, "lost"), (440, "gone")]
    assert life(world, 4) == [(440, "starting"), (445, "ready")]
    assert {node.split("-")[1] for node in nodes_of(world).values()} == {"west"}


@pytest.mark.parametrize("engine", ["reference", "fast"])
def test_callers_call_the_dead_until_the_loss_is_noticed(engine):
    """K8, V1: half of the pods refuse from 100 s to 140 s, nobody does before or after."""
    world = mesh(YARD, LOSS % 3000, until_s=100, engine=engine)
    before = int(world.plane.observe().workloads["failed"][0])
    world.advance(140 * S)
    seen = world.plane.observe()
    assert abs(int(seen.workloads["failed"][0]) - before - 400) <= 4
    world.advance(200 * S)
    assert world.plane.observe().workloads["failed"][0] == seen.workloads["failed"][0]


def test_a_node_that_comes_back_in_time_starts_its_pods_again():
    """K8: back at 120 s, nobody had noticed; the pods start in place, with new numbers, and the image is there."""
    world = mesh(YARD, LOSS % 20, until_s=200)
    assert life(world, 0)[2:] == [(100, "lost"), (120, "gone")]
    assert [life(world, number) for number in (4, 5)] == [[(120, "starting"), (125, "ready")]] * 2
    assert sorted(nodes_of(world).values()) == ["box-east-0", "box-east-1", "box-west-0", "box-west-1"]


def test_a_node_that_comes_back_late_is_empty():
    """K8: its pods were given up at 440 s; back at 600 s it takes the next ones, and has the image still."""
    world = mesh(YARD, LOSS % 500, until_s=600.5)
    assert set(nodes_of(world).values()) == {"box-west-0", "box-west-1"}
    world.cluster.scale("api", 6)
    world.advance(620 * S)
    assert {number: time for number, time in entered(world, "ready").items() if number >= 6} == {6: 605.5, 7: 605.5}
    assert [node for number, node in nodes_of(world).items() if number >= 6] == ["box-east-0", "box-east-1"]


def test_a_pod_may_be_sent_to_a_node_that_nobody_knows_is_dead():
    """K8: asked for at 110 s, its place is on the dead node: it waits there until that is given up."""
    world = mesh(YARD, LOSS % 3000, until_s=110)
    world.cluster.scale("api", 6)
    assert [phase for _, phase in phases(world)[4:]] == ["starting", "starting"]
    world.advance(139 * S)
    assert [phase for _, phase in phases(world)[4:]] == ["starting", "ready"]
    world.advance(500 * S)
    assert [phase for _, phase in phases(world)] == ["ready"] * 6


def test_several_causes_hold_a_node_down():
    """K8: it is up when the last is over."""
    world = mesh(YARD, LOSS % 20, "faults.more={at: 110s, for: 50s, node_loss: {pool: box, zone: east}}", until_s=150)
    assert [phase for _, phase in phases(world)].count("lost") == 2
    world.advance(170 * S)
    assert [phase for _, phase in phases(world)] == ["ready"] * 4


def test_a_region_is_its_zones():
    """F3: all nodes of all its zones, and back with all."""
    world = mesh(YARD, "faults.flood={at: 100s, for: 20s, region_loss: {region: here}}", until_s=110)
    assert [phase for _, phase in phases(world)] == ["lost"] * 4
    world.advance(130 * S)
    assert [phase for _, phase in phases(world)] == ["ready"] * 4


def test_a_fraction_of_the_nodes():
    """F3: half of four, by their order among themselves."""
    world = mesh(YARD, "faults.some={at: 100s, node_loss: {fraction: 50%}}", until_s=110)
    assert sum(node.is_down for node in world.cluster.nodes) == 2


@pytest.mark.parametrize(
    ("budget", "desired", "healthy", "allowed"),
    [
        ({"minAvailable": "50%"}, 7, 7, 3),  # documented: 4 of 7 must stay
        ({"maxUnavailable": "50%"}, 7, 7, 4),  # documented: rounded up as well
        ({"minAvailable": 2}, 3, 3, 1), ({"minAvailable": 2}, 3, 2, 0), ({"minAvailable": 2}, 3, 1, 0),
        ({"maxUnavailable": 1}, 3, 3, 1), ({"maxUnavailable": 1}, 3, 2, 0), ({"maxUnavailable": 0}, 3, 3, 0),
        ({"minAvailable": "100%"}, 3, 3, 0),
    ],
)  # fmt: skip
def test_disruptions_allowed(budget, desired, healthy, allowed):
    """K7: Kubernetes' arithmetic of a PodDisruptionBudget."""
    spec = DisruptionBudget.model_validate(budget)
    assert max(0, healthy - must_stay(spec, desired)) == allowed
    assert may_evict(spec, desired, healthy, is_healthy=True) is (allowed > 0)


@pytest.mark.parametrize(("healthy", "may_go"), [(3, True), (2, True), (1, False)])
def test_a_pod_that_is_not_ready_goes_while_enough_are(healthy, may_go):
    """K7: Kubernetes' IfHealthyBudget: two of three must be ready, and this one is not."""
    assert may_evict(DisruptionBudget(minAvailable=2), 3, healthy, is_healthy=False) is may_go


def test_a_drain_without_a_budget_evicts_all_at_once():
    """K7: both pods of the zone drain, two start elsewhere at once, and nothing is placed there until the end."""
    world = mesh(YARD, "faults.upkeep={at: 100s, for: 100s, drain: {zone: east}}", until_s=100.5)
    assert sorted(phase for _, phase in phases(world)) == ["draining", "draining", "ready", "ready", "starting", "starting"]
    world.advance(150 * S)
    assert {node.split("-")[1] for node in nodes_of(world).values()} == {"west"}
    world.advance(201 * S)
    world.cluster.scale("api", 6)
    assert sorted(nodes_of(world).values())[:2] == ["box-east-0", "box-east-1"]


def test_a_drain_heeds_the_budget():
    """K7: one at a time; the next is asked again every 5 s, and goes when the replacement is ready."""
    world = mesh(YARD, "services.api.podDisruptionBudget={maxUnavailable: 1}", UPKEEP, until_s=200)
    assert entered(world, "draining") == {0: 100, 2: 105}
    assert entered(world, "ready")[4] == 105
    assert {node.split("-")[1] for node in nodes_of(world).values()} == {"west"}


def test_a_drain_loses_nothing():
    """K7: evicted pods finish what they have; without a lag of discovery no call fails."""
    world = mesh(YARD, "services.api.podDisruptionBudget={minAvailable: 3}", UPKEEP, until_s=200)
    seen = world.plane.observe()
    assert seen.workloads["failed"][0] == 0
    assert seen.pods["lost"].sum() == 0


def test_a_drain_that_may_not_evict_waits():
    """K7: every replica must stay, so none goes: the classic budget that blocks an upgrade."""
    world = mesh(YARD, "services.api.podDisruptionBudget={minAvailable: 100%}", UPKEEP, until_s=400)
    assert [phase for _, phase in phases(world)] == ["ready"] * 4


def test_a_draining_pod_on_a_lost_node_is_gone():
    """K8: nobody wanted it any more, and what it held is lost."""
    world = mesh(YARD, "services.api.endpoints.get=[{wait: 20s}]", LOSS % 3000, until_s=95)
    world.cluster.scale("api", 0)
    world.advance(101 * S)
    assert [phase for _, phase in phases(world)] == ["draining", "draining"]


def test_node_faults_need_nodes():
    """A file that loses what it has not got is told so."""
    with pytest.raises(ScenarioError, match="strikes nodes, and there are none"):
        mesh(YARD, "cluster.nodes={}", "services.api.image=", LOSS % 20)
