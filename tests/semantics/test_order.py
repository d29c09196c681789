"""Time, ties and rows: D4 to D9."""

from __future__ import annotations

from sim.build import build_plane
from sim.commands import PodDraining, PodReady, PodSlowed
from sim.trace import Kind, first_difference
from tests.worlds import MS, lines, plane_of, rows, told, world

ONE_WORK = "services: {a: {endpoints: {x: [{work: 10ms}]}}}"


def test_advance_stops_before_its_instant(engine):
    """D4: advance(t) processes what is strictly before t; the clock then stands at t, and never goes back."""
    plane = plane_of(ONE_WORK, engine)
    assert told(plane, 10)[-1] == "0 0.0 started 0 10"
    assert plane.now_ns == 10 * MS
    plane.advance(3 * MS)
    assert plane.now_ns == 10 * MS
    plane.advance(10 * MS + 1)
    assert [row.time_ns for row in plane.take_rows()] == [10 * MS] * 4


def test_a_nanosecond_is_the_grain(engine):
    """D4: time is whole nanoseconds; 0.3 ms three times is 0.9 ms, with nothing left over."""
    plane = plane_of("services: {a: {endpoints: {x: [{wait: 300us}, {wait: 300us}, {wait: 299.999999ms}]}}}", engine)
    assert [row.time_ns for row in rows(plane, 400) if row.kind == Kind.WORKED] == [300_000, 600_000, 300_599_999]


def test_arrivals_of_one_instant(engine):
    """D5: by workload as listed; and what an arrival sets off at once comes before the next arrival."""
    plane = plane_of("""
services: {a: {workers: 2, endpoints: {x: [{work: 10ms}]}}}
workload:
  late: {entry: a.x, arrivals: {timestamps: times(3)}}
  early: {entry: a.x, arrivals: {timestamps: times(3)}}
""", engine)  # fmt: skip
    assert told(plane, 4) == lines("""
        3 0.0 arrived 0 0
        3 0.0 sent    0 0
        3 0.0 started 0 10
        3 1.0 arrived 1 0
        3 1.0 sent    0 0
        3 1.0 started 0 10
    """)


def test_ties_go_to_the_older_request(engine):
    """D5: at one instant and phase the older request is first, whoever scheduled first."""
    plane = plane_of("""
services: {a: {workers: 2, endpoints: {x: [{wait: 6ms}, {wait: 4ms}], y: [{wait: 5ms}]}}}
workload:
  w: {entry: a.x, arrivals: {timestamps: times(0)}}
  v: {entry: a.y, arrivals: {timestamps: times(5)}}
""", engine)  # fmt: skip
    assert told(plane, 11, "worked") == ["6 0.0 worked 0 0", "10 0.0 worked 0 0", "10 1.0 worked 0 0"]


def test_ties_within_a_request_go_to_the_older_call(engine):
    """D5: then the lower call number, whoever scheduled first."""
    plane = plane_of("services: {a: {endpoints: {x: [{parallel: [[{wait: 1ms}, {wait: 9ms}], {wait: 10ms}]}]}}}", engine)
    assert told(plane, 11, "worked") == ["1 0.1 worked 0 0", "10 0.1 worked 0 0", "10 0.2 worked 0 0"]


def test_worked_before_replied_before_delivered(engine):
    """D5: at 4 ms a work is over, an answer returns and a try is delivered, in this order of phases."""
    plane = plane_of("""
network: {same_zone: 1ms}
services:
  a: {workers: 3, endpoints: {x: [{call: b.y}], v: [{wait: 4ms}], u: [{wait: 3ms}, {call: b.y}]}}
  b: {workers: 3, endpoints: {y: [{wait: 2ms}]}}
workload:
  u: {entry: a.u, arrivals: {timestamps: times(0)}}
  w: {entry: a.x, arrivals: {timestamps: times(0)}}
  v: {entry: a.v, arrivals: {timestamps: times(0)}}
""", engine)  # fmt: skip
    told(plane, 4)
    assert told(plane, 4.5) == lines("""
        4 2.0 worked   0 0
        4 2.0 answered 0 ok
        4 1.1 returned 1 ok
        4 1.0 answered 0 ok
        4 1.0 returned 0 ok
        4 1.0 finished 1 ok
        4 2.0 returned 0 ok
        4 2.0 finished 2 ok
    """)
    assert told(plane, 6.5, "worked") == ["6 0.1 worked 1 0"]


def test_control_acts_before_the_data_of_its_instant(engine):
    """D6: a pod that is ready at 5 ms takes the request of 5 ms; one that drains at 8 ms misses that of 8 ms."""
    plane = build_plane(world("""
services: {a: {endpoints: {x: [{wait: 1ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(4, 5, 8)}}}
"""), 1, engine, record=True)  # fmt: skip
    found = told(plane, 5, "sent")
    plane.apply(PodReady("a", 0, "local"))
    found += told(plane, 8, "sent")
    plane.apply(PodDraining("a", 0))
    assert found + told(plane, 9, "sent") == ["4 0.0 sent -1 0", "5 1.0 sent 0 0", "8 2.0 sent -1 0"]


def test_control_meets_work_that_starts_at_its_instant(engine):
    """D6: a pod slowed at 10 ms slows the work that starts at 10 ms, not the work that ends then."""
    plane = plane_of(ONE_WORK + "\nworkload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1)}}}", engine)
    told(plane, 10)
    plane.apply(PodSlowed("a", 0, 2.0))
    assert told(plane, 40, "started", "worked") == ["10 0.0 worked 0 0", "10 1.0 started 0 20", "30 1.0 worked 0 0"]


def test_any_partition_of_a_run(engine):
    """D6: where a run is cut into advances does not show."""
    text = """
services: {a: {workers: 2, endpoints: {x: [{work: {exponential: 2ms}}]}}}
workload: {w: {entry: a.x, arrivals: {poisson: 500/s}}}
"""
    whole, cut = plane_of(text, engine), plane_of(text, engine)
    whole.advance(200 * MS)
    for until in (1, 7, 7, 3, 100 * MS, 100 * MS + 1, 200 * MS):
        cut.advance(until)
        cut.observe()
    assert whole.digest() == cut.digest()
    assert first_difference(whole.take_rows(), cut.take_rows()) is None


def test_a_run_is_a_function_of_world_seed_and_commands():
    """D8: both engines, asked twice, give one digest; another seed gives another."""
    text = ONE_WORK + "\nworkload: {w: {entry: a.x, arrivals: {poisson: 50/s}}}"
    digests = []
    for seed, engine in [(1, "fast"), (1, "fast"), (1, "reference"), (2, "fast"), (2, "reference")]:
        plane = plane_of(text, engine, seed)
        plane.advance(1000 * MS)
        digests.append(plane.digest())
    assert len(set(digests[:3])) == len(set(digests[3:])) == 1
    assert digests[0] != digests[3]


def test_a_fork_goes_on_alone(engine):
    """D8: a fork lives the same future, and a command to one is not felt by the other."""
    plane = plane_of(ONE_WORK + "\nworkload: {w: {entry: a.x, arrivals: {poisson: 50/s}}}", engine)
    plane.advance(100 * MS)
    twin, slow = plane.fork(), plane.fork()
    slow.apply(PodSlowed("a", 0, 3.0))
    for one in (plane, twin, slow):
        one.advance(400 * MS)
    assert plane.digest() == twin.digest() != slow.digest()


def test_every_kind_of_row(engine):
    """D7: ten kinds. Calls are numbered by the request's own counter, places are pods in the order they came."""
    plane = plane_of("""
network: {same_zone: 1ms}
services:
  a: {workers: 9, endpoints: {x: [{call: b.y, on_failure: ignore}, {call: b.y, on_failure: ignore}]}}
  b: {queue: {size: 0}, endpoints: {y: [{work: 10ms}]}}
routes: {a -> b: {timeout: 5ms}}
""", engine)  # fmt: skip
    assert told(plane, 30) == lines("""
         0 0.0 arrived  0 0
         0 0.0 sent     0 0
         0 0.1 sent     1 0
         1 0.1 started  1 10
         5 0.1 gave_up  1 timed_out
         5 0.2 sent     1 0
         6 0.2 rejected 1 rejected
         7 0.2 returned 1 rejected
         7 0.0 answered 0 ok
         7 0.0 returned 0 ok
         7 0.0 finished 0 ok
        11 0.1 worked   1 0
        11 0.1 answered 1 ok
        12 0.1 dropped  1 ok
    """)


def test_starts_before_wakes(engine):
    """D9: a branch that is over at once has decided the join, yet its sibling starts before the program goes on."""
    plane = plane_of("""
services:
  a:
    workers: 3
    endpoints:
      x:
        - parallel: [[{branch: [{probability: 0%, steps: [{wait: 1ms}]}]}], {work: 5ms}]
          join: first
        - work: 1ms
""", engine)  # fmt: skip
    assert told(plane, 3) == lines("""
        0 0.0 arrived  0 0
        0 0.0 sent     0 0
        0 0.2 started  0 5
        0 0.0 started  0 1
        1 0.0 worked   0 0
        1 0.0 answered 0 ok
        1 0.0 returned 0 ok
        1 0.0 finished 0 ok
    """)


def test_nested_branches_start_in_order_of_creation(engine):
    """D9: starts are first in, first out: the outer sibling begins before the inner branches."""
    plane = plane_of("""
services: {a: {workers: 9, endpoints: {x: [{parallel: [{parallel: [{work: 1ms}, {work: 2ms}]}, {work: 3ms}]}]}}}
""", engine)  # fmt: skip
    assert told(plane, 1, "started") == ["0 0.2 started 0 3", "0 0.3 started 0 1", "0 0.4 started 0 2"]


def test_steps_that_take_no_time(engine):
    """D4: a work of no length still asks for a core and writes both its rows."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 0ms}, {wait: 0ms}]}}}", engine)
    assert told(plane, 1) == lines("""
        0 0.0 arrived  0 0
        0 0.0 sent     0 0
        0 0.0 started  0 0
        0 0.0 worked   0 0
        0 0.0 worked   0 0
        0 0.0 answered 0 ok
        0 0.0 returned 0 ok
        0 0.0 finished 0 ok
    """)


def test_both_timeouts_and_the_delivery_at_one_instant(engine):
    """D5: the try times out, then its call expires, before it is delivered; the retry, due at that instant too, is not made."""
    plane = plane_of("""
network: {same_zone: 2ms}
services: {a: {workers: 1, endpoints: {x: [{wait: 1ms}]}}}
routes:
  w -> a: {timeout: 2ms, per_try_timeout: 2ms, retries: {num_retries: 1, retry_on: [5xx], retry_back_off: {base_interval: 0ms}}}
workload: {w: {entry: a.x, zone: local, arrivals: {timestamps: times(0)}}}
""", engine)
    assert told(plane, 100, "sent", "gave_up", "finished") == lines("""
        0 0.0 sent     0 0
        2 0.0 gave_up  0 timed_out
        2 0.0 finished 0 timed_out
    """)
