"""Q10: queues that drop whoever's deadline has passed, worked out by hand on both engines."""

from __future__ import annotations

import pytest

from scenarios.errors import ScenarioError
from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

LATE = """
services:
  a: {workers: 9, endpoints: {x: [{call: b.y, on_failure: ignore}]}}
  b: {MODEL workers: 1, queue: {drop_expired: true}, endpoints: {y: [{work: 10ms}]}}
routes: {a -> b: {timeout: 15ms, propagate_deadline: true}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2, 14, 20)}}}
"""


@pytest.mark.parametrize("model", ["", "model: thread,"])
def test_nothing_is_begun_for_nobody(engine, model):
    """Q10: at 10 the second has 6 ms left and begins, though it will not do; at 20 the third, due at 17, is dropped; the fourth begins."""
    plane = plane_of(LATE.replace("MODEL", model), engine)
    seen = told(plane, 60, "started", "gave_up", "answered")
    assert [row for row in seen if ".1 " in row and "answered" not in row] == lines("""
         0 0.1 started  1 10
        10 1.1 started  1 10
        16 1.1 gave_up  1 timed_out
        17 2.1 gave_up  1 timed_out
        20 3.1 started  1 10
        29 3.1 gave_up  1 timed_out
        30 4.1 started  1 10
        35 4.1 gave_up  1 timed_out
    """)
    assert "20 2.1 answered 1 shed" in seen
    assert int(plane.observe().pods[1]["shed"]) == 1
    assert_drained(plane.observe(), plane.layout)


def test_at_its_deadline_nothing_is_left(engine):
    """Q10, C5: the second's deadline is the very instant at which the core is free."""
    text = LATE.replace("MODEL", "").replace("timeout: 15ms", "timeout: 9ms")
    plane = plane_of(text.replace("times(0, 1, 2, 14, 20)", "times(0, 1)"), engine)
    assert told(plane, 60, "started") == ["0 0.1 started 1 10"]
    assert int(plane.observe().pods[1]["shed"]) == 1


def test_the_newest_is_looked_at_too(engine):
    """Q10, Q5: last in, first out: at 10 the newest has time and begins; at 20 the one that came before it has none left."""
    text = LATE.replace("MODEL", "").replace("drop_expired: true", "drop_expired: true, discipline: lifo")
    plane = plane_of(text.replace("times(0, 1, 2, 14, 20)", "times(0, 1, 2)"), engine)
    assert told(plane, 60, "started") == ["0 0.1 started 1 10", "10 2.1 started 1 10"]
    assert int(plane.observe().pods[1]["shed"]) == 1


def test_a_queue_that_is_told_no_deadlines_is_refused():
    """Q10: the mistake says what is missing."""
    with pytest.raises(ScenarioError, match="needs deadlines, and no route brings any to b"):
        plane_of(LATE.replace("MODEL", "").replace(", propagate_deadline: true", ""), "reference")
