"""Who is next, who is dropped, and who is turned away: small worlds worked by hand."""

from __future__ import annotations

import pytest

from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

FIVE = "workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2, 3, 4)}}}\n"


def one_worker(queue, model="async", work="10ms"):
    """A pod of one worker with this queue."""
    return f"services: {{a: {{model: {model}, queue: {{{queue}}}, endpoints: {{x: [{{work: {work}}}]}}}}}}\n"


def order(plane):
    """The requests in the order they begin to work."""
    return [int(line.split()[1].split(".")[0]) for line in told(plane, 1000, "started")]


@pytest.mark.parametrize("model", ["async", "thread"])
@pytest.mark.parametrize(
    ("queue", "expected"),
    [
        ("discipline: fifo", [0, 1, 2, 3, 4]),
        ("discipline: lifo", [0, 4, 3, 2, 1]),
        ("discipline: adaptive_lifo, lifo_switch_threshold: 2", [0, 4, 3, 1, 2]),  # 3 are left, 2, then fewer
        ("discipline: priority", [0, 1, 2, 3, 4]),  # all of one class
    ],
)
def test_the_order_of_a_discipline(engine, model, queue, expected):
    """Q5: five calls, a millisecond apart, on a worker that takes ten; at its door or for its core, it is the same."""
    assert order(plane_of(one_worker(queue, model) + FIVE, engine)) == expected


@pytest.mark.parametrize("model", ["async", "thread"])
def test_the_highest_priority_is_next(engine, model):
    """Q5: the oldest of the most important class, though others came before; who works is not interrupted."""
    plane = plane_of(one_worker("discipline: priority", model) + """
workload:
  low: {entry: a.x, priority: bulk, arrivals: {timestamps: times(0, 1, 25)}}
  high: {entry: a.x, priority: critical, arrivals: {timestamps: times(2, 3)}}
  middle: {entry: a.x, priority: degraded, arrivals: {timestamps: times(1.5)}}
""", engine)  # fmt: skip
    assert [" ".join(line.split()[:2]) for line in told(plane, 100, "started")] == lines("""
         0 0.0
        10 3.0
        20 4.0
        30 2.0
        40 1.0
        50 5.0
    """)


DROPPED = {
    "async": """
        10 0.0 worked   0 0
        10 0.0 answered 0 ok
        10 1.0 answered 0 shed
        10 3.0 started  0 10
        10 2.0 answered 0 shed
    """,
    "thread": """
        10 0.0 worked   0 0
        10 0.0 answered 0 ok
        10 1.0 answered 0 shed
        10 2.0 answered 0 shed
        10 3.0 started  0 10
    """,
}


@pytest.mark.parametrize("model", DROPPED)
def test_who_waits_too_long_is_dropped(engine, model):
    """Q6, Q8: at 10 ms the next two have waited 9 and 8 ms, more than 7: they answer `shed`, and the third begins.

    A core is handed on before its strand goes on, a worker after its visit's answer (D11).
    """
    plane = plane_of(one_worker("max_wait: 7ms", model) + FIVE, engine)
    assert told(plane, 20, "started", "worked", "answered")[1:] == lines(DROPPED[model])
    told(plane, 100)
    seen = plane.observe()
    assert_drained(seen, plane.layout)
    pod = seen.pods[0]
    assert [int(pod[name]) for name in ("visits", "succeeded", "failed", "shed", "rejected")] == [5, 2, 3, 3, 0]
    assert int(pod["waiting_area_ns"]) == (9 + 8 + 7 + 16) * 1_000_000


def test_the_newest_is_taken_and_the_oldest_is_dropped(engine):
    """Q6: under lifo the oldest is looked at first: at 10 ms it goes, then the next oldest, then the newest is taken."""
    plane = plane_of(one_worker("discipline: lifo, max_wait: 7ms") + FIVE, engine)
    assert told(plane, 100, "started", "answered") == lines("""
         0 0.0 started  0 10
        10 0.0 answered 0 ok
        10 1.0 answered 0 shed
        10 4.0 started  0 10
        10 2.0 answered 0 shed
        20 4.0 answered 0 ok
        20 3.0 answered 0 shed
    """)


def test_a_branch_that_is_dropped_fails_its_join(engine):
    """Q8: of three branches on one core the third waits 8 ms; its join fails, and the visit with it, by `failed`."""
    plane = plane_of("""
services: {a: {queue: {max_wait: 7ms}, endpoints: {x: [{parallel: [{work: 4ms}, {work: 4ms}, {work: 4ms}]}, {work: 1ms}]}}}
""", engine)  # fmt: skip
    assert told(plane, 100) == lines("""
        0 0.0 arrived  0 0
        0 0.0 sent     0 0
        0 0.1 started  0 4
        4 0.1 worked   0 0
        4 0.2 started  0 4
        8 0.2 worked   0 0
        8 0.0 answered 0 failed
        8 0.0 returned 0 failed
        8 0.0 finished 0 failed
    """)
    assert_drained(plane.observe(), plane.layout)


def test_the_second_work_of_a_visit_may_be_dropped(engine):
    """Q8: a visit that comes back for its core after a wait answers `shed`, and whoever called may try again."""
    plane = plane_of("""
services: {a: {queue: {max_wait: 2ms}, endpoints: {x: [{work: 1ms}, {wait: 1ms}, {work: 1ms}], y: [{work: 9ms}]}}}
routes: {w -> a: {retries: {num_retries: 1, retry_on: [5xx], retry_back_off: {base_interval: 0s}}}}
workload:
  w: {entry: a.x, arrivals: {timestamps: times(0)}}
  v: {entry: a.y, arrivals: {timestamps: times(1)}}
""", engine)  # fmt: skip
    assert told(plane, 30, "started", "answered", "sent", "finished") == lines("""
         0 0.0 sent     0 0
         0 0.0 started  0 1
         1 1.0 sent     0 0
         1 1.0 started  0 9
        10 1.0 answered 0 ok
        10 0.0 answered 0 shed
        10 1.0 finished 1 ok
        10 0.1 sent     0 1
        10 0.1 started  0 1
        12 0.1 started  0 1
        13 0.1 answered 0 ok
        13 0.0 finished 0 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_standing_queue_allows_the_target_only(engine):
    """Q6, Fail at Scale: until the queue, crowded since 1 ms, has stood for 20 ms one may wait 20; who joins at 22 may wait 5."""
    plane = plane_of(one_worker("codel: {target: 5ms, interval: 20ms, control: fail_at_scale}") + """
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2, 12, 22, 43)}}}
""", engine)  # fmt: skip
    assert told(plane, 100, "answered") == lines("""
        10 0.0 answered 0 ok
        20 1.0 answered 0 ok
        30 2.0 answered 0 ok
        40 3.0 answered 0 ok
        40 4.0 answered 0 shed
        53 5.0 answered 0 ok
    """)


def test_codel_drops_from_a_standing_queue(engine):
    """Q7: ten at once on a worker of 10 ms, target 5 ms, interval 25 ms: above it from 10 ms on, so the drop comes at 40.

    The next are due 25 ms after that, at 65, and then 17.7 later, at 82.7: by then only one is left, and is kept.
    """
    plane = plane_of(one_worker("codel: {target: 5ms, interval: 25ms}") + """
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)}}}
""", engine)  # fmt: skip
    assert [line for line in told(plane, 200, "answered") if line.endswith("shed")] == [
        "40 4.0 answered 0 shed", "70 8.0 answered 0 shed"]  # fmt: skip


def test_a_busy_door_turns_bulk_away_first(engine):
    """Q9: one core that is always busy, mean over 10 ms: above 60 % from 9.2 ms on; from 10.5 ms bulk is shed, critical never before 14."""
    plane = plane_of("""
services: {a: {shedding: {start: 60%, full: 80%, window: 10ms}, endpoints: {x: [{work: 100ms}]}}}
workload:
  bulk: {entry: a.x, priority: bulk, arrivals: {timestamps: times(0, 9, 10.6, 13)}}
  critical: {entry: a.x, arrivals: {timestamps: times(9.5, 13.5, 16.2)}}
""", engine)  # fmt: skip
    assert told(plane, 20, "rejected", "finished") == lines("""
        10.6 3.0 rejected 0 shed
        10.6 3.0 finished 0 shed
        13   4.0 rejected 0 shed
        13   4.0 finished 0 shed
        16.2 6.0 rejected 0 shed
        16.2 6.0 finished 1 shed
    """)
    assert int(plane.observe().pods["rejected"][0]) == 3


def test_the_door_of_threads_sheds_by_its_workers(engine):
    """Q9: a worker that waits downstream is busy, though its core is not."""
    text = """
services: {a: {model: MODEL, shedding: {start: 10%, full: 20%, window: 1ms}, endpoints: {x: [{wait: 100ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 5)}}}
"""
    assert told(plane_of(text.replace("MODEL", "async"), engine), 50, "rejected") == []
    assert told(plane_of(text.replace("MODEL", "thread"), engine), 50, "rejected") == ["5 1.0 rejected 0 shed"]
