"""Pods from pending to gone: numbers, room, draining, crashes, the log and the bill."""

from __future__ import annotations

import pytest

from scenarios.load import loads
from sim.mesh import Mesh

S = 1_000_000_000
YARD = """
version: 1
name: yard
duration: 1h
cluster: {zones: [east, west], nodes: {box: {count: 1, cpu: 2, memory: 4Gi, price: 3/h}}}
services:
  api:
    replicas: 2
    workers: 1
    resources: {requests: {cpu: 1}}
    startup: 10s
    termination_grace_period: 30s
    endpoints: {get: [{wait: 3500ms}]}
  job:
    replicas: 0
    resources: {requests: {cpu: 1}}
    startup: 1s
    endpoints: {run: [{work: 1ms}]}
workload: {few: {entry: api.get, arrivals: {constant: 1/s}}}
"""


def mesh(*changes, until=0, engine="reference"):
    """A running yard with some settings changed."""
    world = Mesh(loads(YARD, list(changes)), 1, engine)
    world.advance(until)
    return world


def at(world, time_ns, action, *args):
    """Let the world run up to a time, then do something."""
    world.advance(time_ns)
    action(*args)


def phases(world, service="api"):
    """(number, phase) of a service's pods, by order of creation."""
    return [(pod.number, str(pod.phase)) for pod in world.cluster.pods(service)]


def times(world, phase, service="api"):
    """When each numbered pod entered a phase, in ns."""
    return {e.number: e.time_ns for e in world.cluster.log if (e.service, e.phase) == (service, phase)}


def test_the_replicas_of_the_file_are_ready_at_once():
    """Start-up is not simulated for what was there before; both zones get one."""
    pods = mesh().cluster.pods("api")
    assert [(p.number, p.phase, p.zone, p.node, p.ready_ns) for p in pods] == [
        (0, "ready", "east", "box-east-0", 0), (1, "ready", "west", "box-west-0", 0),
    ]  # fmt: skip


def test_what_does_not_fit_at_the_start_is_pending():
    """In the order of the file: api takes all the room, job gets none."""
    world = mesh("services.api.replicas=4", "services.job.replicas=1")
    assert world.cluster.counts("api").ready == 4
    assert phases(world, "job") == [(None, "pending")]


def test_a_new_pod_is_ready_after_its_start_up():
    """Asked for at 5 s, starting for 10 s, ready at 15 s."""
    world = mesh()
    at(world, 5 * S, world.cluster.scale, "api", 3)
    assert phases(world)[2] == (2, "starting")
    world.advance(15 * S + 1)
    assert (phases(world)[2], times(world, "ready")[2]) == ((2, "ready"), 15 * S)


def test_asking_twice_is_asking_once():
    """Desired is a figure, not a sum."""
    world = mesh()
    for _ in range(2):
        world.cluster.scale("api", 3)
    assert world.cluster.counts("api").starting == 1


def test_pending_pods_are_tried_again_in_order_of_creation():
    """Two of four places are freed at 1 s by a drain of empty pods: the oldest pending pod of each kind takes them."""
    world = mesh("services.api.replicas=4", "workload.few.arrivals.constant=1/h")
    world.cluster.scale("job", 1)
    at(world, 1, world.cluster.scale, "api", 5)
    assert (phases(world)[4:], phases(world, "job")) == ([(None, "pending")], [(None, "pending")])
    world.cluster.crash("api", 0)
    assert (phases(world, "job"), phases(world)[3]) == ([(0, "starting")], (None, "pending"))
    world.cluster.scale("job", 0)
    assert phases(world)[3:] == [(4, "starting"), (None, "pending")]


def test_a_pod_that_does_not_fit_holds_nobody_up():
    """A large pending pod waits, a smaller and younger one starts."""
    world = mesh("services.job.resources.requests.cpu=2")
    world.cluster.scale("job", 1)
    world.cluster.scale("api", 3)
    assert (phases(world, "job"), phases(world)[2]) == ([(None, "pending")], (2, "starting"))


def test_scaling_down_takes_pending_then_starting_then_the_newest_ready():
    """Of 2 ready, 2 starting and 1 pending, one after the other goes."""
    world, left = mesh(), []
    world.cluster.scale("api", 5)
    for replicas in (4, 3, 2, 1):
        world.cluster.scale("api", replicas)
        left.append(phases(world)[-1])
    assert left == [(3, "starting"), (2, "starting"), (1, "ready"), (1, "draining")]


def test_newest_is_who_became_ready_last():
    """A replacement that is ready for 1 s goes before a pod that was ready from the start."""
    world = mesh(until=S)
    world.cluster.crash("api", 0)
    world.advance(12 * S)
    world.cluster.scale("api", 1)
    assert phases(world) == [(1, "ready"), (2, "draining")]


def test_a_draining_pod_is_gone_when_it_is_empty():
    """Requests take 3.5 s, the last came at 9 s: the look at 13 s is the first that finds none. Nothing is lost."""
    world = mesh("services.api.replicas=1")
    at(world, 10 * S, world.cluster.scale, "api", 0)
    world.advance(30 * S)
    assert (times(world, "draining"), times(world, "gone")) == ({0: 10 * S}, {0: 13 * S})
    assert world.plane.observe().pods["lost"].sum() == 0


@pytest.mark.parametrize(("grace_s", "lost"), [(0, 3), (2, 1)])
def test_what_is_left_at_the_end_of_the_grace_is_lost(grace_s, lost):
    """Requests of 3.5 s came at 7, 8 and 9 s: three are inside at 10 s, one of them still at 12 s."""
    world = mesh("services.api.replicas=1", f"services.api.termination_grace_period={grace_s}s")
    at(world, 10 * S, world.cluster.scale, "api", 0)
    world.advance(30 * S)
    assert times(world, "gone") == {0: (10 + grace_s) * S}
    assert world.plane.observe().pods["lost"].sum() == lost


def test_a_draining_pod_keeps_its_room():
    """Four places, one of them draining: a fifth pod waits until it is gone."""
    world = mesh("services.api.replicas=4")
    at(world, 10 * S, world.cluster.scale, "api", 3)
    world.cluster.scale("job", 1)
    assert phases(world, "job") == [(None, "pending")]
    world.advance(30 * S)
    (gone,) = times(world, "gone").values()
    assert times(world, "starting", "job") == {0: gone}


def test_a_crashed_pod_is_replaced():
    """Its room is free at once and desired did not change: the next number starts."""
    world = mesh(until=S)
    world.cluster.crash("api", 0)
    assert phases(world) == [(1, "ready"), (2, "starting")]


def test_a_crashed_draining_pod_is_not_replaced():
    """Nobody wanted it any more; the look at its emptiness finds it gone."""
    world = mesh()
    at(world, 10 * S, world.cluster.scale, "api", 1)
    world.cluster.crash("api", 1)
    world.advance(60 * S)
    assert phases(world) == [(0, "ready")]


def start_ups(plan):
    """Start-up time of each numbered pod where replicas are asked for as planned: {second: replicas}."""
    world = mesh("services.api.startup={lognormal: {mean: 10s, cv: 1}}", "cluster.nodes={}")
    for second, replicas in plan.items():
        at(world, second * S, world.cluster.scale, "api", replicas)
    world.advance(600 * S)
    starting = times(world, "starting")
    return {number: time - starting[number] for number, time in times(world, "ready").items() if number >= 2}


def test_the_kth_start_of_a_service_has_its_own_address():
    """Whenever and in whatever steps pods are asked for, the k-th one takes the same time to start."""
    at_once, in_steps = start_ups({1: 6}), start_ups({1: 3, 50: 1, 60: 2, 100: 6})
    assert len(set(at_once.values())) == 4
    assert at_once.items() <= in_steps.items()


def test_a_pod_that_never_started_takes_no_number():
    """Numbers count starts: two pending pods that are withdrawn leave no gap."""
    world = mesh("services.api.replicas=4")
    world.cluster.scale("api", 6)
    world.cluster.scale("api", 4)
    world.cluster.crash("api", 0)
    assert phases(world)[-1] == (4, "starting")


def test_the_bill_by_hand():
    """api: 2 pods for an hour, one of them a minute; job: from 600 s to 1800 s, starting included. Two boxes, 3/h each."""
    world = mesh("workload.few.arrivals.constant=1/h")
    at(world, 60 * S - 1 * S, world.cluster.scale, "api", 1)
    at(world, 600 * S, world.cluster.scale, "job", 1)
    at(world, 1799 * S, world.cluster.scale, "job", 0)
    world.advance(3600 * S)
    bill = world.cluster.bill(3600 * S)
    assert bill.pod_hours == pytest.approx({"api": 1 + 60 / 3600, "job": 1200 / 3600}, rel=1e-12)
    assert (bill.node_hours, bill.node_cost) == (2.0, 6.0)


def test_the_log_tells_every_phase():
    """One life from creation to the end, each step with its time and node."""
    world = mesh("workload.few.arrivals.constant=1/h")
    at(world, 5 * S, world.cluster.scale, "job", 1)
    at(world, 20 * S, world.cluster.scale, "job", 0)
    world.advance(30 * S)
    told = [(e.time_ns // S, e.number, str(e.phase), e.node) for e in world.cluster.log if e.service == "job"]
    assert told == [
        (5, None, "pending", None), (5, 0, "starting", "box-east-0"), (6, 0, "ready", "box-east-0"),
        (20, 0, "draining", "box-east-0"), (21, 0, "gone", "box-east-0"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda cluster: cluster.scale("apy", 1), "there is no service apy"),
        (lambda cluster: cluster.scale("api", -1), "api cannot have -1 replicas"),
        (lambda cluster: cluster.crash("api", 7), "api has no serving pod 7"),
    ],
)
def test_nonsense_is_refused(act, sentence):
    """A command that cannot be meant names what is wrong."""
    with pytest.raises(ValueError, match=sentence):
        act(mesh().cluster)
