"""Tail sampling (M4): a request is decided when it is over; only what failed or took too long leaves spans."""

from __future__ import annotations

import pytest

from sim import commands as c
from sim.build import build_plane
from sim.laws.retrying import OUTCOMES
from tests.worlds import MS, with_pods, world

SHOP = """
services: {a: {workers: 4, endpoints: {x: [{call: b.y}, {work: 5ms}]}}, b: {endpoints: {y: [{work: 10ms}]}}}
"""
GOAL = "workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({times})}}, slo: {{latency: {{p: 99, under: {under}}}}}}}}}"
FIRST = """
services:
  a: {workers: 9, endpoints: {x: [{parallel: [[{call: b.slow}], [{call: b.fast}]], join: first}, {work: %s}]}}
  b: {workers: 9, endpoints: {slow: [{work: 10ms}], fast: [{work: 2ms}]}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0)}, slo: {latency: {p: 99, under: 5ms}}}}
"""


@pytest.fixture
def tail(engine):
    """Make a plane of a text that samples the tail, all of its first pods ready."""
    return lambda text: with_pods(build_plane(world(text), 1, engine, span_share=1.0, span_tail=True))


def seen(spans):
    """Spans in a few words: request.call, attempt, how it ended for its caller, and when."""
    return [f"{s['request']}.{s['call']} {s['attempt']} {OUTCOMES[s['outcome']]} {_ms(s['returned_ns'])}".rstrip() for s in spans]


def _ms(ns):
    return "" if ns < 0 else f"{ns / MS:g}"


def spans_until(plane, until_ms):
    """Spans written before a time and not taken yet, and those open then."""
    plane.advance(round(until_ms * MS))
    return seen(plane.take_spans()), seen(plane.open_spans())


def test_the_slow_are_kept_and_the_good_are_not(tail):
    """15, 24 and 15 ms with a bound of 15 ms: who needs just so long is good; spans come in the order they ended."""
    plane = tail(SHOP + GOAL.format(times="0, 1, 50", under="15ms"))
    assert spans_until(plane, 25) == ([], [])
    assert spans_until(plane, 100) == (["1.1 0 ok 20", "1.0 0 ok 25"], [])


def test_without_a_goal_only_failures_are_kept(tail):
    """As above, but the third finds b gone."""
    plane = tail(SHOP + "workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1, 50)}}}")
    plane.advance(40 * MS)
    plane.apply(c.PodDraining("b", 0))
    assert spans_until(plane, 100) == (["2.1 0 no_endpoint 50", "2.0 0 failed 50"], [])


def test_tries_are_held_until_the_request_is_over(tail):
    """Two fail; the third fails the request too, and then all are written, or succeeds, and then none is."""
    text = """
services: {a: {endpoints: {x: [{work: 1ms}]}}}
routes: {w -> a: {retries: {num_retries: 2, retry_on: [5xx], retry_back_off: {base_interval: 10ms, max_interval: 10ms}}}}
"""
    bad, good = tail(text), tail(text)
    for plane in (bad, good):
        plane.apply(c.PodFailing("a", 0, 1.0))
        sent = 0
        while sent < 2:
            assert spans_until(plane, plane.now_ns / MS + 0.1) == ([], [])
            sent = int(plane.observe().routes["failed"][0])
    good.apply(c.PodFailing("a", 0, 0.0))
    (first, second, third), still_open = spans_until(bad, 100)
    assert [line.split()[:3] for line in (first, second, third)] == [[f"0.{i}", str(i), "failed"] for i in range(3)]
    assert still_open == []
    assert spans_until(good, 100) == ([], [])
    assert int(good.observe().workloads["succeeded"][0]) == 1


def test_an_orphan_of_a_kept_request_is_written_when_it_ends(tail):
    """Given up after 5 ms: from then on its tries are open, the one that a sends later as well, and end one by one."""
    plane = tail("services: {a: {endpoints: {x: [{work: 8ms}, {call: b.y}]}}, b: {endpoints: {y: [{work: 3ms}]}}}\n"
                 "routes: {w -> a: {timeout: 5ms}}")  # fmt: skip
    assert spans_until(plane, 5) == ([], [])
    assert spans_until(plane, 6) == ([], ["0.0 0 timed_out 5"])
    assert spans_until(plane, 9) == ([], ["0.0 0 timed_out 5", "0.1 0 pending"])
    assert spans_until(plane, 20) == (["0.1 0 ok 11", "0.0 0 timed_out 5"], [])


@pytest.mark.parametrize(("work", "kept"), [("3ms", False), ("4ms", True)])
def test_an_orphan_of_another_ends_with_it(tail, work, kept):
    """Its sibling was enough, and the request is over at 5 or 6 ms; at 10 ms the slow one leaves a span, or none."""
    plane = tail(FIRST % work)
    written, still_open = ["0.4 0 ok 2", "0.0 0 ok 6"], ["0.3 0 pending"]
    assert spans_until(plane, 9) == ((written, still_open) if kept else ([], []))
    assert spans_until(plane, 20) == ((["0.3 0 ok 10"], []) if kept else ([], []))


def test_a_pod_dies_with_those_it_held(tail):
    """b answered before it died, and its branch died with it; the visit in a is lost, and all is told as it was."""
    plane = tail("""
services:
  a: {endpoints: {x: [{call: b.y}, {work: 10ms}]}}
  b: {endpoints: {y: [{parallel: [[{wait: 1ms}], [{work: 5ms}]], join: first}]}}
""")
    plane.advance(2 * MS)
    plane.apply(c.PodGone("b", 0))
    plane.advance(3 * MS)
    assert (len(plane.take_spans()), len(plane.open_spans())) == (0, 0)
    plane.apply(c.PodGone("a", 0))
    assert spans_until(plane, 4) == (["0.1 0 ok 1", "0.0 0 lost 3"], [])


def test_a_span_is_as_it_was_when_it_ended(tail):
    """A branch that outlives its visit's answer works on while the span is held, and adds nothing to it."""
    plane = tail("""
services:
  a: {endpoints: {x: [{call: b.y}, {work: 10ms}]}}
  b: {endpoints: {y: [{parallel: [[{wait: 1ms}], [{wait: 2ms}, {work: 3ms}], [{work: 4ms}]], join: first}]}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0)}, slo: {latency: {p: 99, under: 1ms}}}}
""")
    plane.advance(20 * MS)
    held, _ = plane.take_spans()
    assert [int(held[name]) for name in ("started_ns", "ended_ns", "worked_ns")] == [0, MS, 0]


def test_a_fork_holds_what_its_origin_held(tail):
    """Cut in the middle of a request: both write its spans when it is over."""
    plane = tail(SHOP + GOAL.format(times="0", under="14ms"))
    plane.advance(12 * MS)
    twin = plane.fork()
    assert spans_until(plane, 20) == spans_until(twin, 20) == (["0.1 0 ok 10", "0.0 0 ok 15"], [])


def test_the_tail_of_a_sample(engine):
    """Of a share of requests that may leave spans only the bad ones do: here all of some."""
    text = "services: {a: {replicas: 0, endpoints: {x: [{work: 1ms}]}}}\nworkload: {w: {entry: a.x, arrivals: {constant: 100/s}}}"
    some, tail = (build_plane(world(text), 1, engine, span_share=0.5, span_tail=is_tail) for is_tail in (False, True))
    for plane in (some, tail):
        plane.advance(2_000 * MS)
    spans = some.take_spans().tolist()
    assert 50 < len(spans) < 150
    assert tail.take_spans().tolist() == spans
