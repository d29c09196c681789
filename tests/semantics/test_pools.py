"""Connection pools and bulkheads: what a try waits for before it leaves."""

from __future__ import annotations

import pytest

from sim.commands import EndpointUnlisted, PodGone, PodReady
from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

SERVICE = "services: {a: {workers: 9, endpoints: {x: [{work: 10ms}]}}}\n"


def at(*times: float) -> str:
    """One workload with requests at these times, in ms."""
    return f"workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({', '.join(map(str, times))})}}}}}}\n"


def pool(rest: str, more: str = "") -> str:
    """The route with a pool."""
    return f"routes: {{w -> a: {{connection_pool: {{{rest}}}{more}}}}}\n"


def sent(plane, until_ms: float) -> list[str]:
    """When tries left, and where to."""
    return [f"{line.split()[0]} {line.split()[3]}" for line in told(plane, until_ms, "sent")]


def test_a_try_waits_for_a_connection(engine):
    """X5, X6: one opens in 2 ms and carries one try after the other; the wait is the caller's, and no row is written in it."""
    plane = plane_of(SERVICE + at(0, 1, 30) + pool("max_connections: 1, connect: 2ms"), engine)
    assert told(plane, 50, "arrived", "sent", "finished") == lines("""
         0 0.0 arrived  0 0
         1 1.0 arrived  0 0
         2 0.0 sent     0 0
        12 1.0 sent     0 0
        12 0.0 finished 0 ok
        22 1.0 finished 0 ok
        30 2.0 arrived  0 0
        30 2.0 sent     0 0
        40 2.0 finished 0 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_freed_connection_comes_before_one_that_opens(engine):
    """X6: who waits is served in order, by whatever is there first; the connection that opened for him is free at 18 ms."""
    plane = plane_of(SERVICE + at(0, 8, 17) + pool("max_connections: 2, connect: 10ms"), engine)
    assert sent(plane, 40) == ["10 0", "18 0", "20 0"]


def test_so_many_may_wait(engine):
    """X5: one more than max_pending_requests is refused at once, and whoever waits for a connection being opened counts, as in Envoy."""
    plane = plane_of(SERVICE + at(0, 1, 3, 4) + pool("max_connections: 1, max_pending_requests: 1, connect: 2ms"), engine)
    assert told(plane, 5, "sent", "returned") == lines("""
        1 1.0 sent     -1 0
        1 1.0 returned -1 overflow
        2 0.0 sent      0 0
        4 3.0 sent     -1 0
        4 3.0 returned -1 overflow
    """)
    assert plane.observe().routes[0]["refused"] == 2


def test_a_wait_may_be_bounded(engine):
    """X5: after connection_timeout a try ends as overflow; at that very instant a connection would still be in time."""
    for timeout, outcome in (("11ms", "ok"), ("10.999999ms", "overflow")):
        plane = plane_of(SERVICE + at(0, 1) + pool(f"max_connections: 1, connect: 2ms, connection_timeout: {timeout}"), engine)
        assert told(plane, 40, "finished")[-1 if outcome == "ok" else 0].split()[1::3] == ["1.0", outcome]


def test_a_timeout_covers_the_wait_and_a_try_its_own_time(engine):
    """X5, R4: the call's timeout ends a wait, and nobody was asked; a try's own begins when it leaves."""
    plane = plane_of(SERVICE + at(0, 1) + pool("max_connections: 1, connect: 2ms", ", timeout: 6ms"), engine)
    assert told(plane, 30, "sent", "gave_up", "dropped") == lines("""
         2 0.0 sent     0 0
         6 0.0 gave_up  0 timed_out
         7 1.0 gave_up -1 timed_out
        12 0.0 dropped  0 ok
    """)
    route = plane.observe().routes[0]
    assert [int(route[name]) for name in ("attempts", "failed", "timed_out", "orphans", "in_flight")] == [2, 2, 2, 0, 0]
    plane = plane_of(SERVICE + at(0) + pool("connect: 30ms", ", per_try_timeout: 11ms"), engine)
    assert told(plane, 50, "finished") == ["40 0.0 finished 0 ok"]


def test_what_was_given_up_takes_its_connection_along(engine):
    """X7: HTTP/1.1 cannot use it again: the one who waits needs a new one, from 6 to 8 ms."""
    plane = plane_of(SERVICE + at(0, 3) + pool("max_connections: 1, connect: 2ms", ", timeout: 6ms"), engine)
    assert sent(plane, 30) == ["2 0", "8 0"]


@pytest.mark.parametrize(("rule", "times"), [
    ("max_requests_per_connection: 1", ["2 0", "15 0", "32 0"]),
    ("max_connection_duration: 10ms", ["2 0", "15 0", "32 0"]),
    ("max_connection_duration: 11.000001ms", ["2 0", "13 0", "32 0"]),
    ("idle_timeout: 7ms", ["2 0", "13 0", "32 0"]),
    ("idle_timeout: 7.000001ms", ["2 0", "13 0", "30 0"]),
])  # fmt: skip
def test_connections_end(engine, rule, times):
    """X7: by use, by age (seen when the try at 12 ms is over), or by being free for so long (from 23 ms to 30 ms)."""
    plane = plane_of(SERVICE + at(0, 13, 30) + pool(f"max_connections: 1, connect: 2ms, {rule}"), engine)
    assert sent(plane, 40) == times


def test_a_connection_has_its_pod(engine):
    """X6: picks are made by connections: both tries go to the first pod, though the second is idle; unlisted, its connection ends."""
    plane = plane_of(SERVICE + at(0, 20, 40) + pool("max_connections: 4"), engine)
    plane.apply(PodReady("a", 1, "local"))
    first = sent(plane, 30)
    assert first[0].split()[1] == first[1].split()[1]
    mine = int(first[0].split()[1])
    plane.apply(EndpointUnlisted("a", mine))
    assert sent(plane, 60) == [f"40 {1 - mine}"]


BEHIND = """
services:
  a: {replicas: 2, workers: 9, endpoints: {x: [{call: b.y}]}}
  b: {workers: 9, max_connections: 1, endpoints: {y: [{work: 10ms}]}}
routes:
  w -> a: {lb_policy: round_robin}
  a -> b: {connection_pool: {max_connections: 2, connect: 1ms}}
"""


def test_a_pod_bounds_its_connections(engine):
    """X7: the second caller pod's connection is refused at 1 ms, and so is each try that waits for one, as long as the first is open."""
    plane = plane_of(BEHIND + at(0, 0, 30, 30), engine)
    ends = told(plane, 60, "finished")
    assert [line.split()[-1] for line in ends] == ["failed", "ok", "failed", "ok"]
    assert [line.split()[0] for line in ends] == ["1", "11", "31", "40"]
    assert_drained(plane.observe(), plane.layout)


def test_a_dead_caller_closes_its_connections(engine):
    """X7, D13: when the pod that holds the one connection dies, there is room for another's."""
    plane = plane_of(BEHIND + at(0, 5), engine)
    holder = next(int(line.split()[3]) for line in told(plane, 0.5, "sent"))
    plane.advance(3_000_000)
    plane.apply(PodGone("a", holder))
    assert [line.split()[-1] for line in told(plane, 60, "finished")] == ["lost", "ok"]


def test_nobody_to_connect_to(engine):
    """X6, B4: without a ready pod a try that waits for a connection ends when it would be opened, others at once."""
    plane = plane_of(SERVICE + at(0, 1, 1, 5) + pool("max_connections: 1"), engine)
    told(plane, 4)
    plane.apply(PodGone("a", 0))
    assert [line.split()[-1] for line in told(plane, 20, "finished")] == ["lost", "no_endpoint", "no_endpoint", "no_endpoint"]


def test_a_bulkhead(engine):
    """X8: two at once; the third waits 4 ms for a place and has none, the fourth gets one at 10 ms, of those who asked first."""
    plane = plane_of(SERVICE + at(0, 0, 1, 6, 7, 8) + """
routes: {w -> a: {bulkhead: {maxConcurrentCalls: 2, maxWaitDuration: 4ms}}}
""", engine)  # fmt: skip
    assert sent(plane, 11) == ["0 0", "0 0", "5 -1", "10 0", "10 0"]
    assert told(plane, 13, "sent") == ["12 5.0 sent -1 0"]


def test_a_bulkhead_without_patience(engine):
    """X8: by default nobody waits."""
    plane = plane_of(SERVICE + at(0, 0) + "routes: {w -> a: {bulkhead: {maxConcurrentCalls: 1}}}", engine)
    assert [line.split()[-1] for line in told(plane, 20, "finished")] == ["overflow", "ok"]
