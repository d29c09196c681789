"""Images: what a node pulls, how long that takes, and what it has already."""

from __future__ import annotations

from tests.control.yards import S, at, life, mesh

YARD = """
version: 1
name: yard
duration: 1h
cluster: {nodes: {box: {count: 1, cpu: 8, memory: 8Gi, pull_bandwidth: 100MB/s}}}
services:
  api: {replicas: 0, image: 2GB, startup: 5s, endpoints: {get: [{work: 1ms}]}}
  bee: {replicas: 0, image: {layers: {os: 500MB, bee: 1GB}}, endpoints: {get: [{work: 1ms}]}}
  cow: {replicas: 0, image: {layers: {os: 500MB, cow: 300MB}}, endpoints: {get: [{work: 1ms}]}}
workload: {few: {entry: api.get, arrivals: {constant: 1/m}}}
"""


def ready_s(world, number, service="api"):
    """When a pod became ready."""
    return {phase: time for time, phase in life(world, number, service)}["ready"]


def test_a_start_is_schedule_pull_load():
    """K2: asked for at 10 s; 2 GB at 100 MB/s are 20 s, the start-up 5 s more."""
    world = mesh(YARD)
    at(world, 10, world.cluster.scale, "api", 1)
    world.advance(60 * S)
    assert life(world, 0) == [(10, "starting"), (35, "ready")]


def test_a_cached_image_starts_without_the_pull():
    """K2: the second pod on the node only starts up; so does one of the file, whose node has the image from the start."""
    world = mesh(YARD)
    at(world, 10, world.cluster.scale, "api", 1)
    at(world, 40, world.cluster.scale, "api", 2)
    world.advance(60 * S)
    assert ready_s(world, 1) == 45
    world = mesh(YARD, "services.api.replicas=1")
    at(world, 40, world.cluster.scale, "api", 2)
    world.advance(60 * S)
    assert ready_s(world, 1) == 45


def test_a_shared_layer_is_pulled_once():
    """K2: bee pulls os and its own, 15 s; cow finds os there, and pulls 3 s."""
    world = mesh(YARD)
    at(world, 10, world.cluster.scale, "bee", 1)
    at(world, 30, world.cluster.scale, "cow", 1)
    world.advance(60 * S)
    assert (ready_s(world, 0, "bee"), ready_s(world, 0, "cow")) == (25, 33)


def test_a_node_pulls_one_image_at_a_time():
    """K2: in the order of asking; what the first brings the second need not pull, and who has all does not wait."""
    world = mesh(YARD)
    at(world, 10, world.cluster.scale, "bee", 1)
    at(world, 11, world.cluster.scale, "cow", 1)
    at(world, 12, world.cluster.scale, "bee", 2)
    at(world, 26, world.cluster.scale, "bee", 3)
    world.advance(60 * S)
    assert (ready_s(world, 0, "bee"), ready_s(world, 0, "cow")) == (25, 28)
    assert (ready_s(world, 1, "bee"), ready_s(world, 2, "bee")) == (28, 26)


def test_a_release_may_bring_an_image():
    """K2, K4: rolled out at 60 s, 500 MB more: the new pod is ready 10 s later."""
    world = mesh(YARD, "services.api.replicas=1", "rollouts.v2={at: 1m, service: api, image: 500MB}")
    world.advance(90 * S)
    assert life(world, 1) == [(60, "starting"), (70, "ready")]


def test_without_a_bandwidth_images_are_there():
    """K2: what is not described takes no time."""
    world = mesh(YARD.replace(", pull_bandwidth: 100MB/s", ""))
    at(world, 10, world.cluster.scale, "api", 1)
    world.advance(60 * S)
    assert ready_s(world, 0) == 15


def test_a_pod_that_is_not_wanted_any_more_does_not_start():
    """K2: withdrawn at 15 s, while the node pulls; the layers stay, for the next one."""
    world = mesh(YARD)
    at(world, 10, world.cluster.scale, "api", 1)
    at(world, 15, world.cluster.scale, "api", 0)
    at(world, 31, world.cluster.scale, "api", 1)
    world.advance(60 * S)
    assert life(world, 0) == [(10, "starting"), (15, "gone")]
    assert ready_s(world, 1) == 36


def test_gpus_are_a_resource():
    """K1: two pods with a GPU each fit a node with two, the third waits; who tolerates no taint stays out."""
    text = """
version: 1
name: farm
duration: 1h
cluster:
  nodes:
    gpus: {count: 1, cpu: 8, memory: 8Gi, gpu: 2, taints: [gpu]}
    plain: {count: 1, cpu: 2, memory: 8Gi}
services:
  brain: {replicas: 3, resources: {requests: {gpu: 1}}, tolerations: [gpu], endpoints: {get: [{work: 1ms}]}}
  web: {replicas: 3, resources: {requests: {cpu: 1}}, endpoints: {get: [{work: 1ms}]}}
workload: {few: {entry: web.get, arrivals: {constant: 1/m}}}
"""
    world = mesh(text)
    assert [pod.node for pod in world.cluster.pods("brain")] == ["gpus-local-0", "gpus-local-0", None]
    assert [pod.node for pod in world.cluster.pods("web")] == ["plain-local-0", "plain-local-0", None]
