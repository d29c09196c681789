"""What is counted: classes, intervals, good answers, histograms, spans."""

from __future__ import annotations

import pytest

from sim.build import build_plane
from sim.laws.measuring import bucket
from tests.conservation import assert_conserved, assert_drained
from tests.worlds import MS, plane_of, told, with_pods, world

FIFO = """
services: {a: {queue: {size: 2}, endpoints: {x: [{work: 10ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 2, 3, 50)}, slo: {latency: {p: 99, under: 19ms}}}}
"""


def test_a_class_is_counted_to_the_nanosecond(engine):
    """M3: latencies 10, 19, 28 and 10 ms; the answer at the very bound is good, the rejected fails."""
    plane = plane_of(FIFO, engine)
    told(plane, 100)
    tally = plane.observe().workloads[0]
    counted = {name: int(tally[name]) for name in tally.dtype.names}
    assert counted == {"offered": 5, "succeeded": 4, "good": 3, "failed": 1, "timed_out": 0, "rejected": 1,
                       "latency_ns": 67 * MS, "quality_ppm": 0}  # fmt: skip
    assert_drained(plane.observe(), plane.layout)


def test_without_a_goal_every_success_is_good(engine):
    """M3: a class without a latency objective."""
    plane = plane_of(FIFO.replace(", slo: {latency: {p: 99, under: 19ms}}", ""), engine)
    told(plane, 100)
    assert plane.observe().workloads["good"].tolist() == [4]


def test_what_is_in_flight_is_neither(engine):
    """M6: offered are succeeded, failed and in flight, at any time."""
    plane = plane_of(FIFO, engine)
    seen = []
    for until in (0, 1, 2.5, 3.5, 15, 25, 100):
        told(plane, until)
        assert_conserved(plane.observe(), plane.layout)
        tally = plane.observe().workloads[0]
        seen.append([int(tally[name]) for name in ("offered", "succeeded", "failed")])
    assert seen == [[0, 0, 0], [1, 0, 0], [3, 0, 0], [4, 0, 1], [4, 1, 1], [4, 2, 1], [5, 4, 1]]


def test_intervals_go_by_arrival(engine):
    """M2: [from, until) of the arrivals, whenever they end; the whole run from the warm-up on comes first."""
    plane = plane_of(FIFO + """
duration: 40ms
warmup: 1ms
expect: [{good: ">= 0%", until: 2ms}, {good: ">= 0%", from: 0s, until: 1ms}, {good: ">= 0%", from: 2ms, workload: w}]
""", engine)  # fmt: skip
    told(plane, 100)
    seen = plane.observe()
    assert [int(n) for n in seen.intervals["offered"]] == [3, 1, 1, 2]
    assert [int(n) for n in seen.intervals["latency_ns"]] == [47 * MS, 19 * MS, 10 * MS, 28 * MS]
    assert_drained(seen, plane.layout)


def test_timed_out_and_refused_are_kinds_of_failure(engine):
    """M3: a client's timeout counts as timed out; no endpoint is a plain failure."""
    plane = plane_of("""
services: {a: {endpoints: {x: [{work: 10ms}]}}, b: {replicas: 0, endpoints: {x: [{work: 10ms}]}}}
routes: {defaults: {timeout: 5ms}}
workload: {w: {mix: {a.x: 1, b.x: 1}, arrivals: {constant: 10/s}}}
""", engine)  # fmt: skip
    told(plane, 3050)
    tally = plane.observe().workloads[0]
    assert int(tally["failed"]) == int(tally["offered"]) == 30
    assert 0 < int(tally["timed_out"]) < 30
    assert int(tally["rejected"]) == 0


def test_histograms_hold_the_latencies(engine):
    """M1: each success in its bucket: of its class, of its interval, and the visit's of its service."""
    plane = plane_of(FIFO, engine)
    told(plane, 100)
    seen = plane.observe()
    for histogram in (seen.workload_histogram[0], seen.interval_histogram[0], seen.service_histogram[0]):
        found = {i: int(n) for i, n in enumerate(histogram) if n}
        assert found == {bucket(10 * MS): 2, bucket(19 * MS): 1, bucket(28 * MS): 1}


def test_reading_changes_nothing(engine):
    """M5: observed every millisecond or once, the counts and the digest are the same."""
    once, often = plane_of(FIFO, engine), plane_of(FIFO, engine)
    for until in range(1, 60):
        told(often, until)
        often.observe()
    told(once, 59)
    assert once.observe().pods.tobytes() == often.observe().pods.tobytes()
    assert once.digest() == often.digest()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_spans_of_sampled_requests(engine, share):
    """M4: a span is a try, from sent to returned; nothing is sampled at 0, everything at 1."""
    scenario = world("""
services: {a: {endpoints: {x: [{work: 2ms}, {call: b.y}]}}, b: {endpoints: {y: [{wait: 1ms}, {work: 3ms}]}}}
""")
    plane = with_pods(build_plane(scenario, 1, engine, span_share=share))
    plane.advance(100 * MS)
    found = [[int(span[name]) for name in ("call", "parent", "sent_ns", "started_ns", "ended_ns", "worked_ns")]
             for span in plane.take_spans()]  # fmt: skip
    assert found == ([[1, 0, 2 * MS, 3 * MS, 6 * MS, 3 * MS], [0, -1, 0, 0, 6 * MS, 2 * MS]] if share else [])


def test_open_spans_end_later(engine):
    """M4: what is in flight has no end yet; given up by its caller, it is still open until its answer."""
    scenario = world("services: {a: {endpoints: {x: [{work: 9ms}]}}}\nroutes: {w -> a: {timeout: 5ms}}")
    plane = with_pods(build_plane(scenario, 1, engine, span_share=1.0))
    plane.advance(7 * MS)
    (span,) = plane.open_spans()
    assert [int(span[name]) for name in ("started_ns", "ended_ns", "returned_ns", "outcome", "served")] == [0, -1, 5 * MS, 3, 7]
    plane.advance(20 * MS)
    assert len(plane.open_spans()) == 0
    (span,) = plane.take_spans()
    assert [int(span[name]) for name in ("ended_ns", "returned_ns", "outcome", "served")] == [9 * MS, 5 * MS, 3, 0]
