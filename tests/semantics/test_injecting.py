"""Faults that a caller's proxy injects into its calls."""

from __future__ import annotations

import pytest

from sim.commands import PodGone
from sim.draws import ABORTED, DELAYED, child_key, family_key, indexed_key
from sim.laws.injecting import is_injected
from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

CHAIN = """
services:
  a: {workers: 9, endpoints: {x: [{work: 1ms}, {call: b.y}]}}
  b: {workers: 9, endpoints: {y: [{work: 5ms}]}}
"""
DELAY, ABORT = "delay: {percentage: 100%, fixed_delay: 7ms}", "abort: {percentage: 100%, http_status: 503}"


def test_a_delay_is_before_the_route_s_timeouts(engine):
    """I2: the call leaves 7 ms later, and then has its 6 ms; the delay itself took a call number."""
    plane = plane_of(CHAIN + f"routes: {{a -> b: {{timeout: 6ms, fault: {{{DELAY}}}}}}}", engine)
    assert told(plane, 30)[3:] == lines("""
         1 0.0 worked   0 0
         8 0.2 sent     1 0
         8 0.2 started  1 5
        13 0.2 worked   1 0
        13 0.2 answered 1 ok
        13 0.2 returned 1 ok
        13 0.0 answered 0 ok
        13 0.0 returned 0 ok
        13 0.0 finished 0 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_timeout_further_up_covers_the_delay(engine):
    """I2: the client waits 6 ms, of a call that its own proxy holds up for 7 it would wait 13."""
    routes = f"routes: {{w -> a: {{timeout: 6ms}}, a -> b: {{fault: {{{DELAY}}}}}}}"
    assert told(plane_of(CHAIN + routes, engine), 30, "gave_up", "sent") == lines("""
        0 0.0 sent    0 0
        6 0.0 gave_up 0 timed_out
        8 0.2 sent    1 0
    """)
    plane = plane_of(CHAIN.replace("5ms", "50ms") + f"routes: {{w -> a: {{timeout: 6ms, fault: {{{DELAY}}}}}}}", engine)
    assert told(plane, 100, "sent", "finished") == ["7 0.1 sent 0 0", "8 0.2 sent 1 0", "13 0.0 finished 0 timed_out"]
    assert_drained(plane.observe(), plane.layout)


def test_an_abort_is_not_tried_again_where_it_is_made(engine):
    """I3: the route's own retries see nothing, those of the route above try the whole visit again."""
    retries = "retries: {num_retries: 1, retry_back_off: {base_interval: 0s}}"
    routes = f"routes: {{w -> a: {{{retries}}}, a -> b: {{{retries}, fault: {{{ABORT}}}}}}}"
    plane = plane_of(CHAIN + routes, engine)
    assert told(plane, 30, "sent", "answered", "returned", "finished") == lines("""
        0 0.0 sent     0 0
        1 0.0 answered 0 failed
        1 0.0 returned 0 failed
        1 0.1 sent     0 1
        2 0.1 answered 0 failed
        2 0.1 returned 0 failed
        2 0.0 finished 0 failed
    """)
    assert int(plane.observe().routes[1]["attempts"]) == 0
    assert_drained(plane.observe(), plane.layout)


@pytest.mark.parametrize(("status", "outcome"), [(404, "failed"), (429, "limited"), (500, "failed")])
def test_what_the_client_sees(engine, status, outcome):
    """I3: after the delay, and nothing is sent."""
    fault = f"{DELAY}, {ABORT.replace('503', str(status))}"
    plane = plane_of(CHAIN + f"routes: {{w -> a: {{fault: {{{fault}}}}}}}", engine)
    assert told(plane, 30) == ["0 0.0 arrived 0 0", f"7 0.0 finished 0 {outcome}"]
    assert_drained(plane.observe(), plane.layout)


def test_every_repetition_is_struck_by_itself(engine):
    """I1: eight repetitions of a call draw by the keys of their first tries, delay and abort apart; ignored aborts go on."""
    program = "{call: b.y, repeat: 8, on_failure: ignore}"
    fault = "fault: {delay: {percentage: 50%, fixed_delay: 7ms}, abort: {percentage: 40%, http_status: 500}}"
    plane = plane_of(CHAIN.replace("{call: b.y}", program) + f"routes: {{a -> b: {{{fault}}}}}", engine, seed=3)
    visit = child_key(indexed_key(family_key(3, "workload", "w"), 0), 0, 0, 0)
    now, sent = 1, []
    (step,) = _call_steps(plane)
    for k in range(8):
        key = child_key(visit, step, k, 0)
        now += 7 * is_injected(key, DELAYED, 0.5)
        if not is_injected(key, ABORTED, 0.4):
            sent.append(str(now))
            now += 5
    assert [line.split()[0] for line in told(plane, 200, "sent")[1:]] == sent
    assert 0 < len(sent) < 8


def _call_steps(plane):
    """Addresses of the call steps of `a.x`."""
    from scenarios.schema.programs import Call
    from sim.layout import numbers

    steps = plane.layout.scenario.services["a"].endpoints["x"]
    return [number for step, number in zip(steps, numbers(steps), strict=True) if isinstance(step, Call)]


def test_a_caller_that_dies_never_calls(engine):
    """I2: the pod is gone at 4 ms, the delay would have ended at 8."""
    plane = plane_of(CHAIN + f"routes: {{a -> b: {{fault: {{{DELAY}}}}}}}", engine)
    told(plane, 4)
    plane.apply(PodGone("a", 0))
    assert told(plane, 30) == ["4 0.0 returned 0 lost", "4 0.0 finished 0 lost"]
    assert_drained(plane.observe(), plane.layout)


def test_a_caller_that_is_cancelled_never_calls(engine):
    """I2, C3: called off at 4 ms."""
    plane = plane_of(CHAIN + f"routes: {{w -> a: {{timeout: 4ms, cancel: true}}, a -> b: {{fault: {{{DELAY}}}}}}}", engine)
    assert told(plane, 30, "sent", "cancelled") == ["0 0.0 sent 0 0", "4 0.0 cancelled 0 cancelled"]
    assert_drained(plane.observe(), plane.layout)


def test_what_is_left_is_asked_after_the_delay(engine):
    """I2, C5: of 8 ms one is spent at work and seven are held up: nothing is left, and nothing is sent."""
    routes = f"routes: {{w -> a: {{timeout: 8ms, propagate_deadline: true}}, a -> b: {{propagate_deadline: true, fault: {{{DELAY}}}}}}}"
    plane = plane_of(CHAIN + routes, engine)
    assert told(plane, 30, "sent", "answered", "gave_up") == lines("""
        0 0.0 sent     0 0
        8 0.0 gave_up  0 timed_out
        8 0.0 answered 0 failed
    """)
