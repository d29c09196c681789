"""Nodes that come where pods do not fit, and go when they have long been empty."""

from __future__ import annotations

from tests.control.yards import S, at, life, mesh

YARD = """
version: 1
name: yard
duration: 3h
cluster:
  zones: [east, west]
  nodes: {box: {count: 1, cpu: 4, memory: 4Gi, price: 2/h, autoscaling: {max: 3, min: 1, provisioning: 90s}}}
services:
  api: {replicas: 8, startup: 5s, resources: {requests: {cpu: 1}}, endpoints: {get: [{work: 1ms}]}}
workload: {few: {entry: api.get, arrivals: {constant: 1/h}}}
"""


def names(world):
    """The nodes there are."""
    return [node.name for node in world.cluster.nodes]


def test_a_node_comes_for_pods_that_fit_nowhere():
    """K10: asked for at 12 s, looked at at 20 s, a node at 110 s, ready at 115 s. One holds both."""
    world = mesh(YARD)
    at(world, 12, world.cluster.scale, "api", 10)
    world.advance(200 * S)
    assert names(world) == ["box-east-0", "box-west-0", "box-east-1"]
    assert [life(world, number) for number in (8, 9)] == [[(110, "starting"), (115, "ready")]] * 2


def test_nodes_come_where_there_are_fewest():
    """K10: eight more pods need two nodes, one a zone; those on their way are counted at the next looks."""
    world = mesh(YARD)
    at(world, 12, world.cluster.scale, "api", 16)
    world.advance(200 * S)
    assert names(world)[2:] == ["box-east-1", "box-west-1"]
    assert world.cluster.counts("api").ready == 16


def test_no_more_than_the_most():
    """K10: three nodes a zone hold 24 pods; the rest stays pending."""
    world = mesh(YARD)
    world.cluster.scale("api", 40)
    world.advance(600 * S)
    assert (len(names(world)), world.cluster.counts("api").ready, world.cluster.counts("api").pending) == (6, 24, 16)


def test_no_node_comes_for_a_pod_that_would_not_fit_there():
    """K10: five cores fit no node of four."""
    world = mesh(YARD, "services.api.resources.requests.cpu=5", until_s=300)
    assert len(names(world)) == 2


def test_an_empty_node_goes_after_its_time():
    """K10: empty from 1000 s on, which is seen at 1010 s; gone at 1610 s. The least stays, however empty."""
    world = mesh(YARD)
    at(world, 12, world.cluster.scale, "api", 10)
    at(world, 1000, world.cluster.scale, "api", 0)
    world.advance(1610 * S)
    assert len(names(world)) == 3
    world.advance(1611 * S)
    assert names(world) == ["box-east-0", "box-west-0"]


def test_a_node_costs_from_the_decision_on():
    """K10: two nodes for an hour, and one from 20 s to 1610 s, at 2 an hour."""
    world = mesh(YARD)
    at(world, 12, world.cluster.scale, "api", 10)
    at(world, 1000, world.cluster.scale, "api", 0)
    world.advance(3600 * S)
    bill = world.cluster.bill(3600 * S)
    assert (bill.node_hours, bill.node_cost) == (2 + 1590 / 3600, 2 * (2 + 1590 / 3600))


def test_a_new_node_has_no_images():
    """K10, K2: a cold start is the sum: 10 s until it is seen, 90 s for the node, 30 s for the image, 5 s to start."""
    world = mesh(YARD, "services.api.image=3GB", "cluster.nodes.box.pull_bandwidth=100MB/s", until_s=0)
    world.cluster.scale("api", 9)
    world.advance(300 * S)
    assert life(world, 8) == [(100, "starting"), (135, "ready")]
