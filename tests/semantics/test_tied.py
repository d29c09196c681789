"""G6 to G8: two tries that know of each other, worked out by hand on both engines."""

from __future__ import annotations

import pytest

from sim.commands import PodGone, PodReady, PodSlowed
from tests.conservation import assert_conserved, assert_drained
from tests.worlds import MS, lines, plane_of, told

TIED = """
network: {same_zone: 1ms}
services:
  a: {workers: 9, endpoints: {x: [{call: b.y}]}}
  b: {replicas: 2, workers: 1, endpoints: {y: [{work: 10ms}]}}
routes: {a -> b: {lb_policy: round_robin, hedge_policy: {hedging_delay: 2ms, tied: true}, MORE}}
"""

EVERY = "workload: {{w: {{entry: a.x, arrivals: {{constant: {{step: {{base: 0/s, to: {rate}, at: 0s, hold: {until}}}}}}}}}}}"


def tied(engine, times="0", more="", text=TIED):
    """A plane with requests at these times, over a route that says more."""
    workload = f"workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({times})}}}}}}"
    return plane_of(text.replace(", MORE", more) + workload, engine)


def route(plane, *names):
    """Figures of the route from a to b."""
    return [int(plane.observe().routes[1][name]) for name in names]


def test_an_idle_pod_begins_and_the_twin_is_turned_away(engine):
    """G6, G7: begun at 1, told by 2; the second try leaves at 2, is at its pod at 3, and its refusal is back at 4."""
    plane = tied(engine)
    first = 1 if told(plane, 0.5, "sent")[1].split()[3] == "1" else 2
    assert told(plane, 30) == lines(f"""
         1 0.1 started   {first} 10
         2 0.2 sent      {3 - first} 1
         3 0.2 cancelled {3 - first} cancelled
         4 0.2 returned  {3 - first} cancelled
        11 0.1 worked    {first} 0
        11 0.1 answered  {first} ok
        12 0.1 returned  {first} ok
        12 0.0 answered  0 ok
        12 0.0 returned  0 ok
        12 0.0 finished  0 ok
    """)
    assert route(plane, "attempts", "retries", "succeeded", "failed", "cancelled", "timed_out") == [2, 1, 1, 0, 1, 0]
    assert_drained(plane.observe(), plane.layout)


def test_the_first_pod_to_be_free_calls_the_other_off(engine):
    """G7, G8: two long works hold both pods; the third call waits at both, begins where it can, and leaves the other queue."""
    plane = tied(engine, "0, 1, 2")
    for pod, factor in ((0, 3.0), (1, 2.0)):
        plane.apply(PodSlowed("b", pod, factor))
    rows = told(plane, 200)
    begun = [row.split() for row in rows if " 2." in row and "started" in row]
    assert len(begun) == 1
    cancelled = [row for row in rows if " 2." in row and "cancelled" in row]
    at = int(begun[0][0]) + 1
    assert [row.split()[:1] + row.split()[2:3] for row in cancelled] == [[str(at), "cancelled"], [str(at + 1), "returned"]]
    assert route(plane, "succeeded", "cancelled", "failed") == [3, 3, 0]
    assert_drained(plane.observe(), plane.layout)


def test_word_that_comes_too_late(engine):
    """G7: 8 ms away from each other, and the second leaves after 2: both begin before word is there, and both work to the end."""
    plane = tied(engine, text=TIED.replace("same_zone: 1ms", "same_zone: 8ms").replace("hedging_delay: 2ms", "hedging_delay: 3ms"))
    assert len(told(plane, 60, "started")) == 2
    assert route(plane, "succeeded", "cancelled", "failed", "timed_out") == [1, 0, 1, 1]
    assert_drained(plane.observe(), plane.layout)


def test_the_second_avoids_the_pod_of_the_first(engine):
    """G6: where picks are random, the two of a call nearly never meet: one in 2^9 times, of two pods."""
    text = TIED.replace("round_robin", "random")
    plane = plane_of(text.replace(", MORE", "") + EVERY.format(rate="10/s", until="4s"), engine)
    sent = [row.split() for row in told(plane, 3950, "sent") if ".0 " not in row]
    pods = {}
    for _, call, _, pod, _ in sent:
        pods.setdefault(call.split(".")[0], set()).add(pod)
    assert set(map(len, pods.values())) == {2}


def test_one_pod_gets_both(engine):
    """G6: where there is no other pod, both go to the same; the second is turned away as ever."""
    plane = tied(engine, text=TIED.replace("replicas: 2", "replicas: 1"))
    assert told(plane, 30, "started", "cancelled") == ["1 0.1 started 1 10", "3 0.2 cancelled 1 cancelled"]
    assert_drained(plane.observe(), plane.layout)


def test_word_outlives_the_pod_that_sent_it(engine):
    """G7, G8: the first dies at work; its twin was called off before; the call ends with what came last, and nothing is lost."""
    plane = tied(engine, more=", timeout: 50ms")
    first = int(told(plane, 2.5, "started")[0].split()[3]) - 1
    plane.apply(PodGone("b", first))
    assert told(plane, 30, "returned", "finished") == lines(f"""
        3.5 0.1 returned {first + 1} lost
        3.5 0.0 returned 0 failed
        3.5 0.0 finished 0 failed
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_failure_that_is_named_leaves_the_call_to_the_twin(engine):
    """G4, G8: the first pod dies while both wait; the second begins later, and answers."""
    plane = tied(engine, "0, 1, 2", more=", timeout: 500ms")
    plane.advance(6 * MS)
    plane.apply(PodGone("b", 0))
    plane.apply(PodReady("b", 2, "local"))
    plane.advance(300 * MS)
    assert_drained(plane.observe(), plane.layout)
    assert sum(route(plane, "succeeded", "cancelled", "failed")) == route(plane, "attempts")[0] == 6


@pytest.mark.parametrize("more", ["", ", cancel: true", ", timeout: 7ms, cancel: true", ", timeout: 7ms, propagate_deadline: true"])
def test_nothing_is_lost(engine, more):
    """G5, M6: under load, with givings up and cancels beside the words."""
    plane = plane_of(TIED.replace(", MORE", more) + EVERY.format(rate="300/s", until="300ms"), engine)
    for stop in (50, 100, 150, 3000):
        plane.advance(stop * MS)
        assert_conserved(plane.observe(), plane.layout)
    assert_drained(plane.observe(), plane.layout)
