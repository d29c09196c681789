"""Inside a pod: who is let in, who works, who waits, and what a finished work or visit sets off."""

from __future__ import annotations

import pytest

from sim.commands import PodFailing, PodGone, PodSlowed
from sim.telemetry import millicore_ns
from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told


def at(*times: float) -> str:
    """A workload with requests at these times."""
    return f"workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({', '.join(map(str, times))})}}}}}}"


def test_first_in_first_out(engine):
    """Q3: works wait for a core in the order they asked; each starts when the one before has ended."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 10ms}]}}}\n" + at(0, 1, 2), engine)
    assert told(plane, 40, "started") == ["0 0.0 started 0 10", "10 1.0 started 0 10", "20 2.0 started 0 10"]
    assert_drained(plane.observe(), plane.layout)


def test_what_a_finished_work_sets_off(engine):
    """D11: the row, the next work on the freed core, and only then the strand that worked goes on."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 10ms}, {work: 5ms}]}}}\n" + at(0, 1), engine)
    told(plane, 10)
    assert told(plane, 21) == lines("""
        10 0.0 worked   0 0
        10 1.0 started  0 10
        20 1.0 worked   0 0
        20 0.0 started  0 5
    """)


def test_several_workers(engine):
    """L9: as many works at once as there are workers."""
    plane = plane_of("services: {a: {workers: 2, endpoints: {x: [{work: 10ms}]}}}\n" + at(0, 1, 2), engine)
    assert told(plane, 40, "started") == ["0 0.0 started 0 10", "1 1.0 started 0 10", "10 2.0 started 0 10"]


def test_waiting_needs_no_core(engine):
    """D14: a wait step holds no core: ten at once on one worker."""
    plane = plane_of("services: {a: {endpoints: {x: [{wait: 5ms}]}}}\n" + at(*range(10)), engine)
    assert [line.split()[0] for line in told(plane, 40, "worked")] == [str(5 + n) for n in range(10)]


NESTED = """
services:
  a: {MODEL endpoints: {x: [{work: 1ms}, {call: b.y}, {work: 1ms}]}}
  b: {workers: 9, endpoints: {y: [{wait: 10ms}]}}
"""


def test_an_async_worker_is_free_while_its_request_waits_downstream(engine):
    """Q3: the second request's work starts while the first waits for its answer."""
    plane = plane_of(NESTED.replace("MODEL", "model: async,") + at(0, 0.5), engine)
    assert told(plane, 40, "started") == [
        "0 0.0 started 0 1", "1 1.0 started 0 1", "11 0.0 started 0 1", "12 1.0 started 0 1"]  # fmt: skip


def test_a_thread_worker_is_held_until_the_answer(engine):
    """Q4: the second request waits at the door until the first has been answered, at 12 ms."""
    plane = plane_of(NESTED.replace("MODEL", "model: thread,") + at(0, 0.5), engine)
    assert told(plane, 40, "started") == [
        "0 0.0 started 0 1", "11 0.0 started 0 1", "12 1.0 started 0 1", "23 1.0 started 0 1"]  # fmt: skip
    assert_drained(plane.observe(), plane.layout)


def test_what_an_answer_sets_off(engine):
    """D11: the row, the worker to the next at the door, the answer on its way; the next visit begins within the event."""
    plane = plane_of("services: {a: {model: thread, endpoints: {x: [{work: 10ms}]}}}\n" + at(0, 1), engine)
    told(plane, 10)
    assert told(plane, 11) == lines("""
        10 0.0 worked   0 0
        10 0.0 answered 0 ok
        10 1.0 started  0 10
        10 0.0 returned 0 ok
        10 0.0 finished 0 ok
    """)


def test_a_thread_whose_program_begins_with_branches(engine):
    """Q4, D9: a visit that waited at the door forks when it gets its worker."""
    plane = plane_of("""
services: {a: {model: thread, endpoints: {x: [{parallel: [{wait: 5ms}, {wait: 3ms}]}]}}}
""" + at(0, 1), engine)  # fmt: skip
    assert told(plane, 40, "worked", "answered") == lines("""
         3 0.2 worked   0 0
         5 0.1 worked   0 0
         5 0.0 answered 0 ok
         8 1.2 worked   0 0
        10 1.1 worked   0 0
        10 1.0 answered 0 ok
    """)


def test_a_full_queue_turns_away(engine):
    """Q1: one at work, one waits, the third is rejected at once; when there is room again the next is let in."""
    plane = plane_of("services: {a: {queue: {size: 1}, endpoints: {x: [{work: 10ms}]}}}\n" + at(0, 1, 2, 11), engine)
    assert told(plane, 60, "started", "rejected", "finished") == lines("""
         0 0.0 started  0 10
         2 2.0 rejected 0 rejected
         2 2.0 finished 0 rejected
        10 1.0 started  0 10
        10 0.0 finished 0 ok
        20 3.0 started  0 10
        20 1.0 finished 0 ok
        30 3.0 finished 0 ok
    """)
    assert plane.observe().pods["rejected"].tolist() == [1]


@pytest.mark.parametrize("model", ["async", "thread"])
def test_a_queue_of_no_length(engine, model):
    """Q1: size 0 lets in whom a free worker takes at once, and nobody else."""
    plane = plane_of(f"""
services: {{a: {{model: {model}, workers: 2, queue: {{size: 0}}, endpoints: {{x: [{{work: 10ms}}]}}}}}}
""" + at(0, 0, 0, 10), engine)  # fmt: skip
    assert told(plane, 60, "finished") == lines("""
         0 2.0 finished 0 rejected
        10 0.0 finished 0 ok
        10 1.0 finished 0 ok
        20 3.0 finished 0 ok
    """)


def test_who_is_inside_already_is_not_turned_away(engine):
    """Q1: the bound is at the door; a visit that comes back from downstream may wait however many wait."""
    plane = plane_of("""
services:
  a: {queue: {size: 0}, endpoints: {x: [{call: b.y}, {work: 10ms}]}}
  b: {workers: 9, endpoints: {y: [{wait: 5ms}]}}
""" + at(0, 1, 2), engine)  # fmt: skip
    assert told(plane, 60, "finished") == ["15 0.0 finished 0 ok", "25 1.0 finished 0 ok", "35 2.0 finished 0 ok"]


def test_the_order_of_judgement_at_the_door(engine):
    """D10: a failing pod fails even the call it has no room for; and what failed at the door never entered."""
    plane = plane_of("services: {a: {queue: {size: 0}, endpoints: {x: [{work: 10ms}]}}}\n" + at(0, 1, 2), engine)
    told(plane, 1)
    plane.apply(PodFailing("a", 0, 1.0))
    assert told(plane, 2, "answered", "rejected", "returned") == ["1 1.0 answered 0 failed", "1 1.0 returned 0 failed"]
    plane.apply(PodFailing("a", 0, 0.0))
    assert told(plane, 3, "answered", "rejected") == ["2 2.0 rejected 0 rejected"]
    pod = plane.observe().pods[0]
    assert [int(pod[name]) for name in ("visits", "failed", "rejected", "present")] == [2, 1, 1, 1]


def test_a_gone_pod_refuses_first_of_all(engine):
    """D10: who reaches a pod that is no more is refused, whatever else held of it."""
    plane = plane_of("network: {same_zone: 5ms}\nservices: {a: {endpoints: {x: [{work: 1ms}]}}}\n"
                     "workload: {w: {entry: a.x, zone: local, arrivals: {timestamps: times(0)}}}", engine)  # fmt: skip
    told(plane, 2)
    plane.apply(PodFailing("a", 0, 1.0))
    plane.apply(PodGone("a", 0))
    assert told(plane, 20) == ["5 0.0 rejected 0 refused", "10 0.0 returned 0 refused", "10 0.0 finished 0 refused"]


def test_a_fractional_limit(engine):
    """L9, L10: 1500m of three workers is one whole core and one at half speed, taken only while the whole one is busy."""
    plane = plane_of("""
services: {a: {workers: 3, resources: {limits: {cpu: 1500m}}, endpoints: {x: [{work: 10ms}]}}}
""" + at(0, 1, 2, 40), engine)  # fmt: skip
    assert told(plane, 60, "started") == lines("""
         0 0.0 started 0 10
         1 1.0 started 0 20
        10 2.0 started 0 10
        40 3.0 started 0 10
    """)
    seen = plane.observe()
    assert millicore_ns(seen.pods, seen.pod_slow_core).tolist() == [1000 * 30_000_000 + 500 * 20_000_000]


def test_less_than_a_core(engine):
    """L10: with 250m every work takes four times as long; one works at a time, whatever the workers."""
    plane = plane_of("services: {a: {workers: 4, resources: {limits: {cpu: 250m}}, endpoints: {x: [{work: 2ms}]}}}\n" + at(0, 0), engine)
    assert told(plane, 60, "started") == ["0 0.0 started 0 8", "8 1.0 started 0 8"]


def test_a_limit_above_the_workers(engine):
    """L9: a limit that the workers cannot use changes nothing, its fraction neither."""
    plane = plane_of("services: {a: {workers: 1, resources: {limits: {cpu: 2500m}}, endpoints: {x: [{work: 2ms}]}}}\n" + at(0, 0), engine)
    assert told(plane, 60, "started") == ["0 0.0 started 0 2", "2 1.0 started 0 2"]


def test_a_slowed_pod(engine):
    """L10: work started while a pod is slowed takes `factor` times as long to its end; a wait does not care."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 2ms}, {wait: 1ms}, {work: 2ms}]}}}\n" + at(0), engine)
    told(plane, 1)
    plane.apply(PodSlowed("a", 0, 3.5))
    assert told(plane, 5, "started", "worked") == ["2 0.0 worked 0 0", "3 0.0 worked 0 0", "3 0.0 started 0 7"]
    plane.apply(PodSlowed("a", 0, 1.0))
    assert told(plane, 20, "worked") == ["10 0.0 worked 0 0"]


def test_branches_share_their_pods_cores(engine):
    """D14: two branches of one visit on one worker work one after the other."""
    plane = plane_of("services: {a: {endpoints: {x: [{parallel: [{work: 2ms}, {work: 3ms}]}]}}}", engine)
    assert told(plane, 20, "started", "answered") == ["0 0.1 started 0 2", "2 0.2 started 0 3", "5 0.0 answered 0 ok"]


def test_areas_count_who_was_where(engine):
    """Q2: three at once on one worker: present 10+20+30 ms, waiting 10+20, at work 30."""
    plane = plane_of("services: {a: {endpoints: {x: [{work: 10ms}]}}}\n" + at(0, 0, 0), engine)
    told(plane, 100)
    pod = plane.observe().pods[0]
    areas = [int(pod[name]) // 1_000_000 for name in ("present_area_ns", "waiting_area_ns", "working_area_ns", "served_ns")]
    assert areas == [60, 30, 30, 30]
    assert_drained(plane.observe(), plane.layout)
