"""Deadlines that travel with calls."""

from __future__ import annotations

from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

CHAIN = """
services:
  a: {workers: 9, endpoints: {x: [{work: 6ms}, {call: b.y}]}}
  b: {workers: 9, endpoints: {y: [{work: 30ms}]}}
routes:
  w -> a: {timeout: 10ms, propagate_deadline: true}
  a -> b: {timeout: 20ms, propagate_deadline: true}
"""


def test_a_call_has_what_its_caller_has_left(engine):
    """C4: of ten milliseconds six are gone, so the inner call ends after four, and not after its own twenty."""
    assert told(plane_of(CHAIN, engine), 100, "sent", "gave_up", "finished") == lines("""
         0 0.0 sent     0 0
         6 0.1 sent     1 0
        10 0.0 gave_up  0 timed_out
        10 0.0 finished 0 timed_out
        10 0.1 gave_up  1 timed_out
    """)


def test_a_timeout_of_its_own_may_be_shorter(engine):
    """C4: the lesser of the two."""
    plane = plane_of(CHAIN.replace("20ms", "3ms"), engine)
    assert told(plane, 100, "gave_up", "finished") == ["9 0.1 gave_up 1 timed_out", "9 0.0 finished 0 failed"]


def test_a_route_that_does_not_propagate(engine):
    """C4: either route alone changes nothing: one has nobody to tell, the other is told nothing."""
    for keeps in ("w -> a: {timeout: 10ms", "a -> b: {timeout: 20ms"):
        plane = plane_of("\n".join(line if keeps in line else line.replace(", propagate_deadline: true", "")
                                   for line in CHAIN.splitlines()), engine)  # fmt: skip
        assert told(plane, 100, "gave_up") == ["10 0.0 gave_up 0 timed_out", "26 0.1 gave_up 1 timed_out"]


def test_nothing_is_sent_when_nothing_is_left(engine):
    """C5: the caller's ten milliseconds are over when the inner call would begin: it times out at once, by no row."""
    plane = plane_of(CHAIN.replace("work: 6ms", "work: 10ms"), engine)
    assert told(plane, 100)[3:] == lines("""
        10 0.0 worked   0 0
        10 0.0 answered 0 failed
        10 0.0 returned 0 failed
        10 0.0 finished 0 failed
    """)
    assert int(plane.observe().routes["attempts"][1]) == 0
    assert_drained(plane.observe(), plane.layout)


def test_a_call_that_times_out_at_once_may_be_ignored(engine):
    """C5: each of three repetitions is over at once, a fallback has its turn, and the program goes on."""
    text = CHAIN.replace("work: 6ms", "work: 12ms").replace("{call: b.y}", "{call: b.y, repeat: 3, on_failure: ON}, {wait: 1ms}")
    for on, end in (("ignore", 13), ("{fallback: [{wait: 2ms}]}", 19)):
        plane = plane_of(text.replace("ON", on), engine)
        assert told(plane, 100, "sent", "answered") == ["0 0.0 sent 0 0", f"{end} 0.0 answered 0 ok"]


def test_a_pod_counts_from_the_arrival(engine):
    """C4: what was left when the try was sent counts from its arrival, as clocks differ: the way's 1 ms comes on top."""
    plane = plane_of("""
network: {same_zone: 1ms}
services:
  a: {endpoints: {x: [{call: b.y}]}}
  b: {endpoints: {y: [{work: 2ms}, {call: c.z}]}}
  c: {endpoints: {z: [{work: 30ms}]}}
routes: {defaults: {propagate_deadline: true}, a -> b: {timeout: 10ms}}
""", engine)  # fmt: skip
    assert told(plane, 100, "sent", "gave_up", "finished") == lines("""
         0 0.0 sent     0 0
         0 0.1 sent     1 0
         3 0.2 sent     2 0
        10 0.1 gave_up  1 timed_out
        10 0.0 finished 0 failed
        11 0.2 gave_up  2 timed_out
    """)


def test_a_try_has_its_own_timeout_at_most(engine):
    """C4: a try's own timeout travels where it is the lesser; the second try has what is left of the call."""
    plane = plane_of("""
services:
  a: {workers: 9, endpoints: {x: [{call: b.y}]}}
  b: {endpoints: {y: [{work: 30ms}]}}
routes:
  w -> a: {timeout: 10ms, per_try_timeout: 6ms, propagate_deadline: true, retries: {num_retries: 1, retry_back_off: {base_interval: 0s}}}
  a -> b: {propagate_deadline: true}
""", engine)  # fmt: skip
    assert told(plane, 100, "gave_up", "finished") == lines("""
         6 0.0 gave_up  0 timed_out
         6 0.1 gave_up  1 timed_out
        10 0.2 gave_up  0 timed_out
        10 0.0 finished 0 timed_out
        10 0.3 gave_up  1 timed_out
    """)


def test_a_deadline_and_a_cancel_meet(engine):
    """C1, C4: the caller's cancel and the inner call's own end come at one instant; what they stop is stopped once."""
    plane = plane_of(CHAIN.replace("propagate_deadline: true", "propagate_deadline: true, cancel: true"), engine)
    assert told(plane, 100, "gave_up", "cancelled", "finished", "answered", "dropped") == lines("""
        10 0.0 gave_up   0 timed_out
        10 0.0 finished  0 timed_out
        10 0.1 gave_up   1 timed_out
        10 0.0 answered  0 failed
        10 0.0 dropped   0 failed
        10 0.1 cancelled 1 cancelled
    """)
    assert_drained(plane.observe(), plane.layout)
