"""Callers that give up and say so: what a cancel stops, and what it comes too late for."""

from __future__ import annotations

import pytest

from sim.commands import LinkChanged, PodFailing, PodGone
from tests.conservation import assert_conserved, assert_drained
from tests.worlds import MS, lines, plane_of, told

HOP = """
network: {same_zone: 1ms}
services:
  a: {workers: 9, endpoints: {x: [{call: b.y}]}}
  b: {workers: 1, endpoints: {y: [{work: 10ms}]}}
routes: {a -> b: {timeout: 4ms, cancel: true}}
"""


def pod(plane, index, *names):
    """Figures of a pod."""
    return [int(plane.observe().pods[index][name]) for name in names]


def test_a_cancel_stops_the_work(engine):
    """C1, C2: given up after 4 ms, told a millisecond later; four of ten milliseconds of work are lost, nobody answers."""
    plane = plane_of(HOP, engine)
    assert told(plane, 30) == lines("""
        0 0.0 arrived   0 0
        0 0.0 sent      0 0
        0 0.1 sent      1 0
        1 0.1 started   1 10
        4 0.1 gave_up   1 timed_out
        4 0.0 answered  0 failed
        4 0.0 returned  0 failed
        4 0.0 finished  0 failed
        5 0.1 cancelled 1 cancelled
    """)
    assert pod(plane, 1, "visits", "cancelled", "lost_ns", "served_ns", "inside_ns") == [1, 1, 4 * MS, 0, 4 * MS]
    route = plane.observe().routes[1]
    assert [int(route[name]) for name in ("attempts", "cancelled", "failed", "timed_out", "orphans")] == [1, 1, 0, 1, 0]
    assert_drained(plane.observe(), plane.layout)


def test_a_cancel_leaves_the_queue(engine):
    """C3: of three calls the first is at work, the second waits and is called off, so the third is the next."""
    plane = plane_of(HOP.replace("timeout: 4ms", "timeout: 8ms").replace("work: 10ms", "work: 7ms")
                     + "workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 2, 4)}}}", engine)  # fmt: skip
    told(plane, 7)
    assert pod(plane, 1, "waiting") == [2]
    assert told(plane, 30, "started", "gave_up", "cancelled", "finished") == lines("""
         8 1.1 started   1 7
         8 0.1 gave_up   1 timed_out
         8 0.0 finished  0 failed
        10 1.1 gave_up   1 timed_out
        10 1.0 finished  0 failed
        11 1.1 cancelled 1 cancelled
        11 2.1 started   1 7
        12 2.1 gave_up   1 timed_out
        12 2.0 finished  0 failed
        13 2.1 cancelled 1 cancelled
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_cancel_in_the_middle_of_a_queue(engine):
    """C3: the second and third of four that wait are called off; the first and the fourth keep their places."""
    plane = plane_of("""
services: {a: {workers: 1, endpoints: {x: [{work: 10ms}], z: [{work: 10ms}]}}}
workload:
  w: {entry: a.x, arrivals: {timestamps: times(0, 1, 4)}}
  v: {entry: a.z, arrivals: {timestamps: times(2, 3)}}
routes: {v -> a: {timeout: 4ms, cancel: true}}
""", engine)  # fmt: skip
    assert told(plane, 60, "started", "cancelled") == lines("""
         0 0.0 started   0 10
         6 2.0 cancelled 0 cancelled
         7 3.0 cancelled 0 cancelled
        10 1.0 started   0 10
        20 4.0 started   0 10
    """)
    assert pod(plane, 0, "visits", "cancelled", "waiting_area_ns") == [5, 2, (9 + 4 + 4 + 16) * MS]
    assert_drained(plane.observe(), plane.layout)


@pytest.mark.parametrize("gives_up", ["one that works", "one at the door"])
def test_a_worker_is_free_again(engine, gives_up):
    """C3: a visit that held a worker leaves it to the next at the door; one at the door leaves its place."""
    timeout = {"one that works": "w -> a", "one at the door": "v -> a"}[gives_up]
    plane = plane_of(f"""
services: {{a: {{workers: 1, model: thread, endpoints: {{x: [{{wait: 10ms}}], z: [{{work: 3ms}}]}}}}}}
workload:
  w: {{entry: a.x, arrivals: {{timestamps: times(0)}}}}
  v: {{entry: a.z, arrivals: {{timestamps: times(1)}}}}
routes: {{{timeout}: {{timeout: 4ms, cancel: true}}}}
""", engine)  # fmt: skip
    expected = {"one that works": ["4 0.0 cancelled 0 cancelled", "4 1.0 started 0 3", "7 1.0 answered 0 ok"],
                "one at the door": ["5 1.0 cancelled 0 cancelled", "10 0.0 answered 0 ok"]}[gives_up]  # fmt: skip
    assert told(plane, 30, "started", "cancelled", "answered") == expected
    assert_drained(plane.observe(), plane.layout)


def test_a_cancel_goes_on(engine):
    """C3: the client gives up at 4 ms, whose visit gives its own call up at that instant, and its cancel takes a millisecond."""
    routes = "routes: {w -> a: {timeout: 4ms, cancel: true}, a -> b: {timeout: 9ms"
    plane = plane_of(HOP.replace("routes: {a -> b: {timeout: 4ms", routes), engine)
    assert told(plane, 30)[4:] == lines("""
        4 0.0 gave_up   0 timed_out
        4 0.0 finished  0 timed_out
        4 0.0 cancelled 0 cancelled
        4 0.1 gave_up   1 cancelled
        5 0.1 cancelled 1 cancelled
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_route_that_does_not_cancel_leaves_an_orphan(engine):
    """C3: the visit that was called off gives its call up, but over a route that tells nobody."""
    plane = plane_of(HOP.replace("routes: {a -> b", "routes: {w -> a"), engine)
    assert told(plane, 30)[6:] == lines("""
         4 0.0 cancelled 0 cancelled
         4 0.1 gave_up   1 cancelled
        11 0.1 worked    1 0
        11 0.1 answered  1 ok
        12 0.1 dropped   1 ok
    """)


def test_every_strand_stops(engine):
    """C3: in order of number; one works, one waits for a core, one for time, one to try again; the freed core goes to a stranger."""
    plane = plane_of("""
services:
  a: {workers: 1, endpoints: {x: [{parallel: [[{work: 10ms}], [{work: 10ms}], [{wait: 9ms}], [{call: b.y}]]}], z: [{work: 2ms}]}}
  b: {endpoints: {y: [{work: 1ms}]}}
workload:
  w: {entry: a.x, arrivals: {timestamps: times(0)}}
  v: {entry: a.z, arrivals: {timestamps: times(1)}}
routes:
  w -> a: {timeout: 4ms, cancel: true}
  a -> b: {retries: {num_retries: 1, max_retries: 9, retry_back_off: {base_interval: 1h}}}
""", engine)  # fmt: skip
    plane.apply(PodFailing("b", 0, 1.0))
    assert told(plane, 10_000, "started", "worked", "cancelled", "sent", "finished") == lines("""
        0 0.0 sent      0 0
        0 0.1 started   0 10
        0 0.5 sent      1 0
        1 1.0 sent      0 0
        4 0.0 finished  0 timed_out
        4 0.0 cancelled 0 cancelled
        4 1.0 started   0 2
        6 1.0 worked    0 0
        6 1.0 finished  1 ok
    """)
    assert pod(plane, 0, "cancelled", "lost_ns", "served_ns") == [1, 4 * MS, 2 * MS]
    assert_drained(plane.observe(), plane.layout)


def test_what_is_done_at_that_very_instant_is_done(engine):
    """C2, D5: the work ends as the cancel comes: the visit answers, and nothing is left to cancel."""
    plane = plane_of(HOP.replace("work: 10ms", "work: 4ms"), engine)
    assert told(plane, 30)[-3:] == ["5 0.1 worked 1 0", "5 0.1 answered 1 ok", "6 0.1 dropped 1 ok"]
    assert pod(plane, 1, "cancelled") == [0]
    assert_drained(plane.observe(), plane.layout)


def test_a_cancel_may_overtake_its_try(engine):
    """C2: the try left over a slow link, the cancel over a fast one: the try is refused at the door, and is no visit."""
    plane = plane_of(HOP, engine)
    plane.apply(LinkChanged("local", "local", added_ns=10 * MS))
    told(plane, 1)
    plane.apply(LinkChanged("local", "local"))
    assert told(plane, 30)[-1] == "11 0.1 cancelled 1 cancelled"
    assert pod(plane, 1, "visits", "cancelled", "rejected") == [0, 0, 0]
    assert int(plane.observe().routes[1]["cancelled"]) == 1
    assert_drained(plane.observe(), plane.layout)


def test_the_dead_send_nothing(engine):
    """C1, D13: a caller that dies with its pod cancels nothing; its try is an orphan."""
    plane = plane_of(HOP, engine)
    told(plane, 2)
    plane.apply(PodGone("a", 0))
    assert told(plane, 30, "cancelled", "dropped") == ["12 0.1 dropped 1 ok"]
    assert_conserved(plane.observe(), plane.layout)


def test_branches_nobody_waits_for_go_on(engine):
    """C1, D12: a join that is settled gives nothing up, so nothing is cancelled; what runs on, runs to its end."""
    plane = plane_of("""
services:
  a: {workers: 9, endpoints: {x: [{parallel: [[{wait: 1ms}], [{call: b.y}]], join: first}]}}
  b: {endpoints: {y: [{work: 10ms}]}}
routes: {defaults: {timeout: 20ms, cancel: true}}
""", engine)  # fmt: skip
    assert told(plane, 30, "finished", "cancelled", "returned") == lines("""
         1 0.0 returned 0 ok
         1 0.0 finished 0 ok
        10 0.3 returned 1 ok
    """)


def test_a_retry_follows_its_cancelled_try(engine):
    """C1, R4: a try that times out is called off, and the next one finds the core free."""
    plane = plane_of("""
services: {a: {workers: 1, endpoints: {x: [{work: 10ms}]}}}
routes: {w -> a: {per_try_timeout: 4ms, cancel: true, retries: {num_retries: 1, retry_back_off: {base_interval: 0s}}}}
""", engine)  # fmt: skip
    assert told(plane, 30)[3:] == lines("""
        4 0.0 gave_up   0 timed_out
        4 0.1 sent      0 1
        4 0.0 cancelled 0 cancelled
        4 0.1 started   0 10
        8 0.1 gave_up   0 timed_out
        8 0.0 finished  0 timed_out
        8 0.1 cancelled 0 cancelled
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_visit_of_very_many_strands(engine):
    """C3: a thousand branches stop at one instant, three levels deep, and leave nothing behind."""
    inner = "[{parallel: [" + ", ".join(["[{work: 1s}]"] * 32) + "]}]"
    outer = "[{parallel: [" + ", ".join([inner] * 10) + "]}]"
    plane = plane_of(f"""
services: {{a: {{workers: 200, endpoints: {{x: [{{parallel: [{outer}, {outer}, {outer}]}}]}}}}}}
routes: {{w -> a: {{timeout: 4ms, cancel: true}}}}
""", engine)  # fmt: skip
    assert len(told(plane, 30, "started")) == 200
    assert pod(plane, 0, "cancelled", "lost_ns", "present", "working", "waiting") == [1, 800 * MS, 0, 0, 0]
    assert_drained(plane.observe(), plane.layout)
