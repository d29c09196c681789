"""W5 to W9: limits that learn from every answer, worked out by hand on both engines."""

from __future__ import annotations

import pytest

from sim.commands import PodFailing
from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

LIMITED = """
services:
  a:
    workers: 1
    concurrency_limit: {LIMIT}
    endpoints: {x: [{work: 10ms}]}
"""
FIXED = "aimd: {initialLimit: 2, minLimit: 2, maxLimit: 2}"


def limited(engine, limit, *times, more="", text=LIMITED):
    """A plane with one pod that has such a limit, and requests at these times."""
    arrivals = f"workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({', '.join(map(str, times))})}}}}}}\n"
    return plane_of(text.replace("LIMIT", limit) + arrivals + more, engine)


def test_one_more_after_each_answer(engine):
    """W5, W8: two at 0; the answers at 10 and 20, which came in first and second, make it 3 and 4."""
    plane = limited(engine, "aimd: {initialLimit: 2, minLimit: 1}", 0, 0, 0, 11, 11, 11, 21, 21, 21)
    assert told(plane, 80, "rejected", "answered") == lines("""
         0 2.0 rejected 0 rejected
        10 0.0 answered 0 ok
        11 5.0 rejected 0 rejected
        20 1.0 answered 0 ok
        21 8.0 rejected 0 rejected
        30 3.0 answered 0 ok
        40 4.0 answered 0 ok
        50 6.0 answered 0 ok
        60 7.0 answered 0 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_full_queue_is_a_drop(engine):
    """W5, W8: of four at 0 three are refused by the queue, and 8 becomes 4, 2 and 1; the answer at 10 makes it 2."""
    text = LIMITED.replace("workers: 1", "workers: 1\n    queue: {size: 0}")
    plane = limited(engine, "aimd: {initialLimit: 8, minLimit: 1, backoffRatio: 0.5}", 0, 0, 0, 0, 9, 10, 10, 10, text=text)
    assert told(plane, 15, "rejected") == lines("""
         0 1.0 rejected 0 rejected
         0 2.0 rejected 0 rejected
         0 3.0 rejected 0 rejected
         9 4.0 rejected 0 rejected
        10 6.0 rejected 0 rejected
        10 7.0 rejected 0 rejected
    """)
    assert int(plane.observe().pods[0]["rejected"]) == 6


@pytest.mark.parametrize("balancer", ["random", "c3"])  # a pod that c3 asks for reports of its load has a second thing to do then
def test_a_cancel_is_a_drop(engine, balancer):
    """W5, W8: given up after 4 ms and called off; half of 2 is 1, so of two at 5 one comes in."""
    routes = f"routes: {{w -> a: {{timeout: 4ms, cancel: true, lb_policy: {balancer}}}}}"
    plane = limited(engine, "aimd: {initialLimit: 2, minLimit: 1, backoffRatio: 0.5}", 0, 5, 5, more=routes)
    assert told(plane, 6, "cancelled", "rejected") == ["4 0.0 cancelled 0 cancelled", "5 2.0 rejected 0 rejected"]
    assert_drained_after(plane, 60)


def test_what_takes_too_long_is_a_drop(engine):
    """W5: the second of two at 0 takes 20 ms, more than its 15; half of 3 is 1."""
    plane = limited(engine, "aimd: {initialLimit: 2, minLimit: 1, backoffRatio: 0.5, timeout: 15ms}", 0, 0, 21, 21)
    assert told(plane, 60, "rejected") == ["21 3.0 rejected 0 rejected"]


def test_a_failure_of_no_time_is_no_sample(engine):
    """W8: a failing pod answers at once; the limit stays 2."""
    plane = limited(engine, "aimd: {initialLimit: 2, minLimit: 1}", *[0] * 9, 1, 1, 1)
    plane.apply(PodFailing("a", 0, 1.0))
    assert len(told(plane, 0.5, "answered")) == 9
    plane.apply(PodFailing("a", 0, 0.0))
    assert told(plane, 9, "rejected") == ["1 11.0 rejected 0 rejected"]


def test_a_drop_of_no_time_tells_nothing_of_times(engine):
    """W6, W8: the queue refuses the last of eight at 20, and 8 becomes 7, but 10 ms stay the time without load: so the answers at 30

    tell of no queue, and all seven at 40 come in.
    """
    text = LIMITED.replace("workers: 1", "workers: 7\n    queue: {size: 0}")
    plane = limited(engine, "vegas: {initialLimit: 8}", 0, *[20] * 8, *[40] * 7, text=text)
    assert told(plane, 45, "rejected") == ["20 8.0 rejected 0 rejected"]
    assert_drained_after(plane, 60)


def test_vegas_in_a_pod(engine):
    """W6: alone 10 ms is the time without load; the next, alone too, is held, being one of 4; then two at once make a queue

    of half: q = 2, a step up to 5, so the sixth at 60 is refused.
    """
    plane = limited(engine, "vegas: {initialLimit: 4}", 0, 20, 30, 30, *[60] * 6)
    assert told(plane, 65, "rejected") == ["60 9.0 rejected 0 rejected"]
    assert_drained_after(plane, 300)


def test_gradient2_in_a_pod(engine):
    """W7: with every step taken whole, L g + 4: 2 becomes 6 at 10; the second, one of two inside, is held below half of that."""
    plane = limited(engine, "gradient2: {initialLimit: 2, minLimit: 1, smoothing: 1}", 0, 0, *[11] * 7, 21, 21)
    assert told(plane, 22, "rejected") == lines("""
        11  7.0 rejected 0 rejected
        11  8.0 rejected 0 rejected
        21 10.0 rejected 0 rejected
    """)


@pytest.mark.parametrize(
    ("partitions", "refused"),
    [("", "2 3 4 5"), (", partitions: {critical: 50%}", "3 4 5"), (", partitions: {critical: 100%}", "4 5"),
     (", partitions: {critical: 50%, bulk: 50%}", "3 4 5"), (", partitions: {critical: 0%}", "3 4 5")],
)  # fmt: skip
def test_partitions(engine, partitions, refused):
    """W9: bulk fills both places at 0; two of critical come at 1, two of bulk at 2. 0 % are a place, too."""
    plane = plane_of(LIMITED.replace("LIMIT", FIXED + partitions) + """
workload:
  prefetch: {entry: a.x, priority: bulk, arrivals: {timestamps: times(0, 0, 2, 2)}}
  people: {entry: a.x, arrivals: {timestamps: times(1, 1)}}
""", engine)  # fmt: skip
    assert " ".join(row.split()[1].split(".")[0] for row in told(plane, 9, "rejected")) == refused
    assert_drained_after(plane, 100)


def assert_drained_after(plane, ms):
    """Nothing is lost."""
    told(plane, ms)
    assert_drained(plane.observe(), plane.layout)
