"""Pods come and go: ready, draining, gone, slow, failing."""

from __future__ import annotations

import pytest

from sim.build import build_plane
from sim.commands import EndpointListed, EndpointUnlisted, PodDraining, PodFailing, PodGone, PodReady, PodSlowed
from tests.conservation import assert_conserved, assert_drained
from tests.worlds import lines, plane_of, told, with_pods, world


def test_a_draining_pod_finishes_what_it_has(engine):
    """D8: no new calls; those inside, and one on its way, are served."""
    plane = plane_of("""
network: {same_zone: 3ms}
services: {a: {endpoints: {x: [{work: 10ms}]}}}
workload: {w: {entry: a.x, zone: local, arrivals: {timestamps: times(0, 4, 6)}}}
""", engine)  # fmt: skip
    told(plane, 5)
    plane.apply(PodDraining("a", 0))
    assert told(plane, 50, "finished") == ["6 2.0 finished 0 no_endpoint", "16 0.0 finished 0 ok", "26 1.0 finished 0 ok"]
    assert plane.present("a", 0) == 0


def test_a_gone_pod_loses_what_it_holds(engine):
    """D13: at work or waiting, every visit is answered by a reset, in order of request and call, over the network."""
    plane = plane_of("""
network: {same_zone: 3ms}
services: {a: {endpoints: {x: [{work: 10ms}]}}}
workload: {w: {entry: a.x, zone: local, arrivals: {timestamps: times(0, 1)}}}
""", engine)  # fmt: skip
    told(plane, 7)
    plane.apply(PodGone("a", 0))
    assert told(plane, 50) == lines("""
        10 0.0 returned 0 lost
        10 0.0 finished 0 lost
        10 1.0 returned 0 lost
        10 1.0 finished 0 lost
    """)
    assert_drained(plane.observe(), plane.layout)
    pod = plane.observe().pods[0]
    assert [int(pod[name]) for name in ("lost", "lost_ns", "inside_ns")] == [2, 4_000_000, 7_000_000]


def test_a_reset_may_be_tried_again(engine):
    """D13, R1: the lost try is made again on a pod that lives."""
    plane = plane_of("""
services: {a: {replicas: 2, endpoints: {x: [{work: 10ms}]}}}
routes: {w -> a: {retries: {num_retries: 1, retry_on: [reset], retry_back_off: {base_interval: 0s}}}}
""", engine)  # fmt: skip
    first = int(told(plane, 4)[1].split()[3])
    plane.apply(PodGone("a", first))
    assert told(plane, 50, "sent", "finished") == [f"4 0.1 sent {1 - first} 1", "14 0.0 finished 0 ok"]


def test_the_tries_of_a_gone_pod_lose_their_caller(engine):
    """D13: what its strands had called works on, and the answers come to nobody."""
    plane = plane_of("""
services:
  a: {endpoints: {x: [{parallel: [{call: b.y}, {wait: 50ms}, {work: 50ms}]}]}}
  b: {endpoints: {y: [{work: 10ms}]}}
""", engine)  # fmt: skip
    told(plane, 4)
    plane.apply(PodGone("a", 0))
    assert told(plane, 90) == lines("""
         4 0.0 returned 0 lost
         4 0.0 finished 0 lost
        10 0.4 worked   1 0
        10 0.4 answered 1 ok
        10 0.4 dropped  1 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_the_retries_of_a_gone_pod_end(engine):
    """D13: a caller that died while it waited to try again, or in its second try, does neither."""
    plane = plane_of("""
services:
  a: {endpoints: {x: [{parallel: [{call: b.y}, {call: c.y}]}]}}
  b: {endpoints: {y: [{work: 1ms}]}}
  c: {endpoints: {y: [{work: 5ms}]}}
routes:
  a -> b: {timeout: 90ms, retries: {num_retries: 5, retry_back_off: {base_interval: 1h}}}
  a -> c: {per_try_timeout: 3ms, retries: {num_retries: 5, retry_back_off: {base_interval: 0s}}}
""", engine)  # fmt: skip
    plane.apply(PodFailing("b", 0, 1.0))
    told(plane, 4)
    plane.apply(PodGone("a", 0))
    assert told(plane, 1e7, "sent", "gave_up", "dropped") == ["5 0.4 dropped 2 ok", "10 0.5 dropped 2 ok"]
    assert_drained(plane.observe(), plane.layout)


def test_branches_that_outlived_their_visit_die_with_the_pod(engine):
    """D13: a dead pod does nothing, not even for visits it had answered: no rows after 10 ms, its work is lost."""
    plane = plane_of("""
services:
  a: {workers: 4, endpoints: {x: [
    {parallel: [{wait: 1ms}, {work: 50ms}, {wait: 50ms}, [{call: b.y}, {work: 5ms}]], join: first}]}}
  b: {endpoints: {y: [{work: 20ms}]}}
""", engine)  # fmt: skip
    assert told(plane, 10, "finished") == ["1 0.0 finished 0 ok"]
    plane.apply(PodGone("a", 0))
    assert told(plane, 200) == ["20 0.5 worked 1 0", "20 0.5 answered 1 ok", "20 0.5 dropped 1 ok"]
    assert_drained(plane.observe(), plane.layout)
    assert int(plane.observe().pods["lost_ns"][0]) == 10_000_000


def test_a_thousand_visits_lost_at_once(engine):
    """D13: however many a pod holds, each is answered once."""
    plane = plane_of("""
services: {a: {endpoints: {x: [{work: 1s}]}}}
workload: {w: {entry: a.x, arrivals: {users: {count: 1000, think: 1ms}}}}
""", engine)  # fmt: skip
    told(plane, 500)
    plane.apply(PodGone("a", 0))
    assert told(plane, 500.5, "returned") == [f"500 {n}.0 returned 0 lost" for n in range(1000)]
    assert_conserved(plane.observe(), plane.layout)


def test_a_pod_can_be_drained_and_lost_only_once(engine):
    """D8: what is no more cannot be lost again."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 10ms}]}}}", engine)
    told(plane, 5)
    for command in (PodDraining("a", 0), PodGone("a", 0), PodGone("a", 0), PodDraining("a", 0)):
        plane.apply(command)
    assert told(plane, 50) == ["5 0.0 returned 0 lost", "5 0.0 finished 0 lost"]
    assert_drained(plane.observe(), plane.layout)


@pytest.mark.parametrize("command", [PodDraining("a", 1), PodGone("b", 0), PodSlowed("a", 7, 2.0), PodReady("c", 0, "local")])
def test_commands_to_nobody_are_refused(engine, command):
    """D8: a pod or a service that does not exist is an error, and nothing has happened."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 1ms}]}}}", engine)
    with pytest.raises(ValueError, match=r"there is no service c|[ab] has no pod"):
        plane.apply(command)
    assert told(plane, 5, "finished") == ["1 0.0 finished 0 ok"]


def test_a_pod_is_not_ready_twice(engine):
    """D8: a number is a pod's for ever."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 1ms}]}}}", engine)
    with pytest.raises(ValueError, match="a has a pod 0"):
        plane.apply(PodReady("a", 0, "local"))


def test_failing_is_drawn_by_the_try(engine):
    """F2: half of the calls to a failing pod fail, at the door and at once, the same ones whenever they come."""
    plane = plane_of("""
services: {a: {workers: 9, endpoints: {x: [{wait: 1ms}]}}}
workload: {w: {entry: a.x, arrivals: {constant: 1000/s}}}
""", engine)  # fmt: skip
    plane.apply(PodFailing("a", 0, 0.5))
    finished = told(plane, 1001, "finished")
    failed = [line for line in finished if line.endswith("failed")]
    assert len(finished) == 999
    assert 420 < len(failed) < 580


def test_observations_are_of_pods_in_the_order_they_came(engine):
    """D8: pods are counted in order of readiness, drained and gone ones too."""
    plane = build_plane(world("services: {b: {endpoints: {x: [{wait: 1ms}]}}, a: {endpoints: {x: [{wait: 1ms}]}}}"), 1, engine)
    for command in (PodReady("a", 0, "local"), PodReady("b", 5, "local"), PodReady("a", 3, "local"), PodGone("b", 5)):
        plane.apply(command)
    seen = plane.observe()
    assert seen.pod_service.tolist() == [1, 0, 1]
    assert seen.pod_number.tolist() == [0, 5, 3]
    assert seen.pod_ready.tolist() == [True, False, True]


def test_many_pods(engine):
    """D8: as many as wanted: 300 pods serve 300 requests at once, one each at most two."""
    plane = with_pods(build_plane(world("""
services: {a: {replicas: 300, endpoints: {x: [{work: 10ms}]}}}
workload: {w: {entry: a.x, arrivals: {users: {count: 300, think: 1ms}}}}
routes: {w -> a: {lb_policy: round_robin}}
"""), 1, engine, record=True))  # fmt: skip
    assert {line.split()[0] for line in told(plane, 12, "finished")} == {"11"}


def test_a_pod_may_serve_before_it_is_listed(engine):
    """V1: it exists from 0 on, callers know of it from 4 ms to 7 ms, and what came in between is served."""
    plane = build_plane(world("""
services: {a: {endpoints: {x: [{work: 5ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 5, 8)}}}
"""), 1, engine, record=True)  # fmt: skip
    plane.apply(PodReady("a", 0, "local", is_listed=False))
    assert told(plane, 4, "finished") == ["0 0.0 finished 0 no_endpoint"]
    plane.apply(EndpointListed("a", 0))
    told(plane, 7)
    plane.apply(EndpointUnlisted("a", 0))
    assert told(plane, 50, "finished") == ["8 2.0 finished 0 no_endpoint", "10 1.0 finished 0 ok"]


def test_a_dead_pod_refuses_while_it_is_listed(engine):
    """V1: what it holds is lost as ever (D13); who calls it later is refused, until it is listed no more."""
    plane = plane_of("""
network: {same_zone: 1ms}
services: {a: {endpoints: {x: [{work: 5ms}]}}}
workload: {w: {entry: a.x, zone: local, arrivals: {timestamps: times(0, 4, 8)}}}
""", engine)  # fmt: skip
    told(plane, 3)
    plane.apply(PodGone("a", 0, stays_listed=True))
    told(plane, 3.5)
    assert told(plane, 7, "returned", "rejected") == ["4 0.0 returned 0 lost", "5 1.0 rejected 0 refused", "6 1.0 returned 0 refused"]
    plane.apply(EndpointUnlisted("a", 0))
    assert told(plane, 50, "finished") == ["8 2.0 finished 0 no_endpoint"]
    assert_drained(plane.observe(), plane.layout)


def test_a_pod_that_is_listed_again_comes_last(engine):
    """V1: the list is in order of listing, and each change of it is a new version: the rotation draws a new place (B3)."""
    plane = plane_of("""
services: {a: {replicas: 3, endpoints: {x: [{wait: 1ms}]}}}
routes: {w -> a: {lb_policy: round_robin}}
workload: {w: {entry: a.x, arrivals: {constant: 1000/s}}}
""", engine)  # fmt: skip
    for command in (EndpointUnlisted("a", 0), EndpointListed("a", 0), EndpointListed("a", 1)):
        plane.apply(command)
    order = [int(line.split()[3]) for line in told(plane, 5, "sent")]
    assert order[0:3] in ([1, 2, 0], [2, 0, 1], [0, 1, 2])


def test_tries_in_flight_are_known_when_a_second_pod_is_listed(engine):
    """V1, B2: of one busy and one idle pod the idle one is chosen, though tries were counted by nobody before."""
    plane = plane_of("""
services: {a: {replicas: 2, endpoints: {x: [{wait: 50ms}]}}}
routes: {w -> a: {lb_policy: {least_request: {choice_count: 20}}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 5, 6)}}}
""", engine)  # fmt: skip
    plane.apply(EndpointUnlisted("a", 1))
    assert [line.split()[3] for line in told(plane, 4, "sent")] == ["0", "0"]
    plane.apply(EndpointListed("a", 1))
    assert [line.split()[3] for line in told(plane, 10, "sent")] == ["1", "1"]
