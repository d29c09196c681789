"""Calls whose tries may be under way together."""

from __future__ import annotations

from sim.commands import PodFailing, PodGone, PodSlowed
from tests.conservation import assert_conserved, assert_drained
from tests.worlds import lines, plane_of, told

TWO = """
services:
  a: {workers: 9, endpoints: {x: [{call: b.y}]}}
  b: {replicas: 2, workers: 9, endpoints: {y: [{work: 10ms}]}}
routes: {a -> b: {lb_policy: round_robin, HEDGES}}
"""
ENVOY = ("per_try_timeout: 4ms, retries: {num_retries: 2, retry_on: [5xx], retry_back_off: {base_interval: 0s}}, "
         "hedge_policy: {hedge_on_per_try_timeout: true}")  # fmt: skip
GRPC = "hedge_policy: {hedging_delay: 4ms, max_attempts: 3, non_fatal: [5xx]}"


def hedging(how, engine, *more):
    """A plane where a calls b by such a route, which says more."""
    return plane_of(TWO.replace("HEDGES", ", ".join([how, *more])), engine)


def route(plane, *names):
    """Figures of the route from a to b."""
    return [int(plane.observe().routes[1][name]) for name in names]


def test_a_try_that_timed_out_may_still_win(engine):
    """G1, G3, G5: tries leave after 4 and 8 ms; the first answers at 10, and the others are given up, but work on."""
    for how in (ENVOY, GRPC):
        plane = hedging(how, engine)
        assert told(plane, 30, "sent", "returned", "gave_up", "dropped", "finished")[1:] == lines("""
             0 0.1 sent     2 0
             4 0.2 sent     1 1
             8 0.3 sent     2 2
            10 0.1 returned 2 ok
            10 0.2 gave_up  1 cancelled
            10 0.3 gave_up  2 cancelled
            10 0.0 returned 0 ok
            10 0.0 finished 0 ok
            14 0.2 dropped  1 ok
            18 0.3 dropped  2 ok
        """)
        assert route(plane, "attempts", "retries", "succeeded", "failed", "timed_out") == [3, 2, 1, 2, 2]
        assert_drained(plane.observe(), plane.layout)


def test_losers_are_cancelled_where_the_route_says_so(engine):
    """G5, C1: the cancels stop both at once."""
    plane = hedging(GRPC, engine, "cancel: true")
    assert told(plane, 30, "cancelled") == ["10 0.2 cancelled 1 cancelled", "10 0.3 cancelled 2 cancelled"]
    assert route(plane, "succeeded", "cancelled") == [1, 2]
    assert_drained(plane.observe(), plane.layout)


def test_a_hedge_overtakes(engine):
    """G3: the first pod is ten times slower; the second's answer comes at 14, and the third try goes to the slow one again."""
    plane = hedging(GRPC, engine)
    plane.apply(PodSlowed("b", 1, 10.0))
    assert told(plane, 200, "returned", "gave_up")[:3] == lines("""
        14 0.2 returned 1 ok
        14 0.1 gave_up  2 cancelled
        14 0.3 gave_up  2 cancelled
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_named_failure_sends_the_next_at_once(engine):
    """G4: every pod fails at once, so gRPC's three tries go at 0; what is not named ends the call with the first."""
    for how, sent in ((GRPC, 3), (GRPC.replace(", non_fatal: [5xx]", ""), 1)):
        plane = hedging(how, engine)
        for pod in (0, 1):
            plane.apply(PodFailing("b", pod, 1.0))
        assert len(told(plane, 30, "sent")) == 1 + sent
        assert route(plane, "attempts", "failed", "in_flight") == [sent, sent, 0]
        assert_drained(plane.observe(), plane.layout)


def test_the_failure_of_a_try_that_was_followed_is_waited_out(engine):
    """G4: the try at 0 was hedged at 4, its pod dies at 5: nothing is sent for it, the hedge goes on to its own timeout at 8."""
    plane = hedging(ENVOY, engine)
    told(plane, 5)
    plane.apply(PodGone("b", 1))
    assert told(plane, 30, "sent", "returned", "finished") == lines("""
         5 0.1 returned 2 lost
         8 0.3 sent     1 2
        14 0.2 returned 1 ok
        14 0.0 returned 0 ok
        14 0.0 finished 0 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_any_failure_sends_grpc_s_next(engine):
    """G4: the same death at 5 sends the third try then, and the delay begins anew: none is due at 8."""
    plane = hedging(GRPC, engine)
    told(plane, 5)
    plane.apply(PodGone("b", 1))
    assert told(plane, 30, "sent", "returned")[:3] == ["5 0.1 returned 2 lost", "5 0.3 sent 1 2", "14 0.2 returned 1 ok"]
    assert_drained(plane.observe(), plane.layout)


def test_a_hedge_consumes_a_retry_and_asks_the_budget(engine):
    """G2: no retry may be under way, so the try that timed out stays alone, and is answered at 10."""
    plane = hedging(ENVOY.replace("num_retries: 2", "num_retries: 2, max_retries: 0"), engine)
    assert told(plane, 30, "sent", "gave_up", "returned") == lines("""
         0 0.0 sent     0 0
         0 0.1 sent     2 0
        10 0.1 returned 2 ok
        10 0.0 returned 0 ok
    """)
    assert route(plane, "refused_retries", "retries") == [1, 0]


def test_retry_on_is_not_asked_of_a_timeout(engine):
    """G2: retry_on names refusals only, the hedges go all the same; the failure of the first at 10 is not named and ends the call (G3)."""
    plane = hedging(ENVOY.replace("[5xx]", "[connect-failure]"), engine)
    told(plane, 9)
    assert route(plane, "attempts") == [3]


def test_the_call_s_timeout_ends_all(engine):
    """G5: after 6 ms both tries are given up as timed out; a wait before a retry would end as well."""
    plane = hedging(GRPC, engine, "timeout: 6ms")
    assert told(plane, 30, "gave_up", "finished") == lines("""
        6 0.1 gave_up  2 timed_out
        6 0.2 gave_up  1 timed_out
        6 0.0 finished 0 failed
    """)
    plane = hedging(ENVOY.replace("0s", "1h, jitter: 0%"), engine, "timeout: 6ms")
    assert told(plane, 30, "gave_up", "finished") == ["6 0.1 gave_up 2 timed_out", "6 0.0 finished 0 failed"]
    assert_drained(plane.observe(), plane.layout)


def test_a_caller_that_dies_leaves_all_its_tries(engine):
    """G5, D13: at 5 ms there are two; their answers come to nobody."""
    plane = hedging(GRPC, engine, "cancel: true")
    told(plane, 5)
    plane.apply(PodGone("a", 0))
    assert told(plane, 30, "dropped", "cancelled", "sent") == ["10 0.1 dropped 2 ok", "14 0.2 dropped 1 ok"]
    assert_conserved(plane.observe(), plane.layout)


def test_a_caller_that_is_cancelled_gives_all_up(engine):
    """G5, C3: the client gives up at 5 ms; both tries are called off with the visit, in the order they left."""
    plane = plane_of(TWO.replace("routes: {", "routes: {w -> a: {timeout: 5ms, cancel: true}, ").replace(
        "HEDGES", f"{GRPC}, cancel: true"), engine)  # fmt: skip
    assert told(plane, 30, "gave_up", "cancelled") == lines("""
        5 0.0 gave_up   0 timed_out
        5 0.0 cancelled 0 cancelled
        5 0.1 gave_up   2 cancelled
        5 0.2 gave_up   1 cancelled
        5 0.1 cancelled 2 cancelled
        5 0.2 cancelled 1 cancelled
    """)
    assert_drained(plane.observe(), plane.layout)
