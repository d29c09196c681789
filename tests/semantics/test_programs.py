"""Endpoint programs: steps in order, calls, branches side by side, ways, and what failure does."""

from __future__ import annotations

import pytest

from tests.conservation import assert_drained
from tests.worlds import lines, plane_of, told

MESH = """
services:
  a: {{workers: 9, endpoints: {{x: {program}}}}}
  b: {{workers: 9, endpoints: {{y: [{{wait: 2ms}}], z: [{{wait: 5ms}}]}}}}
  c: {{replicas: 0, endpoints: {{never: [{{wait: 1ms}}]}}}}
"""


def finished(program: str, engine: str) -> str:
    """Rows of a request's end: when, and how."""
    (row,) = told(plane_of(MESH.format(program=program), engine), 1000, "finished")
    return row.replace(" 0.0 finished 0", "")


def test_steps_go_one_after_the_other(engine):
    """D14: work, wait and call in the order of the file; the answer when the last is done."""
    plane = plane_of(MESH.format(program="[{work: 1ms}, {wait: 3ms}, {call: b.y}, {work: 4ms}]"), engine)
    assert told(plane, 100) == lines("""
         0 0.0 arrived  0 0
         0 0.0 sent     0 0
         0 0.0 started  0 1
         1 0.0 worked   0 0
         4 0.0 worked   0 0
         4 0.1 sent     1 0
         6 0.1 worked   1 0
         6 0.1 answered 1 ok
         6 0.1 returned 1 ok
         6 0.0 started  0 4
        10 0.0 worked   0 0
        10 0.0 answered 0 ok
        10 0.0 returned 0 ok
        10 0.0 finished 0 ok
    """)
    assert_drained(plane.observe(), plane.layout)


@pytest.mark.parametrize(
    ("program", "end"),
    [
        ("[{call: b.y, repeat: 3}]", "6 ok"),
        ("[{call: c.never}, {wait: 9ms}]", "0 failed"),
        ("[{call: c.never, on_failure: ignore}, {wait: 9ms}]", "9 ok"),
        ("[{call: c.never, repeat: 3, on_failure: ignore}, {wait: 9ms}]", "9 ok"),
        ("[{call: c.never, on_failure: {fallback: [{call: b.y}]}}, {wait: 9ms}]", "11 ok"),
        ("[{call: c.never, on_failure: {fallback: [{wait: 1ms}, {call: c.never}]}}, {wait: 9ms}]", "1 failed"),
        ("[{call: b.y, on_failure: {fallback: [{wait: 50ms}]}}]", "2 ok"),
    ],
)
def test_what_a_failed_call_does(engine, program, end):
    """D14: it fails the endpoint at once, or is ignored, or another program stands in for it."""
    assert finished(program, engine) == end


@pytest.mark.parametrize(
    ("program", "end"),
    [
        ("[{parallel: [{call: b.y}, {call: b.z}]}]", "5 ok"),
        ("[{parallel: [{call: b.y}, {call: b.z}], join: first}]", "2 ok"),
        ("[{parallel: [{call: b.z}, {wait: 3ms}, {wait: 4ms}], join: 2}]", "4 ok"),
        ("[{parallel: [[{wait: 1ms}, {call: c.never}], {call: b.z}]}]", "1 failed"),
        ("[{parallel: [{call: c.never}, {call: b.z}], join: first}]", "5 ok"),
        ("[{parallel: [{call: c.never}, {wait: 3ms}, {call: b.z}], join: 2}]", "5 ok"),
        ("[{parallel: [{call: c.never}, [{wait: 3ms}, {call: c.never}], {call: b.z}], join: 2}]", "3 failed"),
        ("[{parallel: [{parallel: [{wait: 7ms}, {wait: 1ms}], join: first}, {wait: 3ms}]}, {wait: 1ms}]", "4 ok"),
        ("[{parallel: [{call: c.never, on_failure: ignore}]}, {wait: 1ms}]", "1 ok"),
    ],
)
def test_joins(engine, program, end):
    """D14: a join waits for so many successes, and fails as soon as they can no longer come."""
    assert finished(program, engine) == end


@pytest.mark.parametrize(
    ("ways", "end"),
    [
        ("{probability: 100%, steps: [{wait: 2ms}]}", "3 ok"),
        ("{probability: 0%, steps: [{wait: 2ms}]}", "1 ok"),
        ("{probability: 0%, steps: [{wait: 2ms}]}, {probability: 100%, steps: [{wait: 4ms}]}", "5 ok"),
        ("{probability: 100%, steps: [{branch: [{probability: 100%, steps: [{wait: 6ms}]}]}]}", "7 ok"),
        ("{probability: 100%, steps: [{call: c.never}]}", "0 failed"),
    ],
)
def test_ways(engine, ways, end):
    """L11: a way of 100 % is always taken, one of 0 % never, and what is left does nothing."""
    assert finished(f"[{{branch: [{ways}]}}, {{wait: 1ms}}]", engine) == end


def test_a_fallback_in_every_repetition(engine):
    """D14: each of three failures has its fallback, whose own call is made twice: six calls of 2 ms."""
    program = "[{call: c.never, repeat: 3, on_failure: {fallback: [{call: b.y, repeat: 2}]}}]"
    plane = plane_of(MESH.format(program=program), engine)
    sent = [line.split()[0::3] for line in told(plane, 100, "sent")]
    assert sent == [["0", "0"], *([at, place] for n in range(3) for at, place in
                    ((f"{4 * n}", "-1"), (f"{4 * n}", "1"), (f"{4 * n + 2}", "1")))]  # fmt: skip
    assert plane.observe().workloads["succeeded"].tolist() == [1]


def test_an_endpoint_fails_while_siblings_are_in_flight(engine):
    """D12: the answer does not wait; a sibling's call runs on to its return, and there the sibling stops."""
    plane = plane_of(MESH.format(program="[{parallel: [{call: c.never}, [{call: b.z}, {work: 9ms}]]}]"), engine)
    assert told(plane, 100) == lines("""
        0 0.0 arrived  0 0
        0 0.0 sent     0 0
        0 0.3 sent    -1 0
        0 0.4 sent     1 0
        0 0.3 returned -1 no_endpoint
        0 0.0 answered 0 failed
        0 0.0 returned 0 failed
        0 0.0 finished 0 failed
        5 0.4 worked   1 0
        5 0.4 answered 1 ok
        5 0.4 returned 1 ok
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_strand_nobody_waits_for_stops_after_its_step(engine):
    """D12: it ends the step it is in, a wait or a work, and begins no other."""
    plane = plane_of(MESH.format(program="[{parallel: [{wait: 1ms}, [{work: 3ms}, {work: 9ms}], [{wait: 4ms}, {work: 9ms}]], "
                                         "join: first}]"), engine)  # fmt: skip
    assert told(plane, 100, "started", "worked", "finished") == lines("""
        0 0.2 started  0 3
        1 0.1 worked   0 0
        1 0.0 finished 0 ok
        3 0.2 worked   0 0
        4 0.3 worked   0 0
    """)
    assert_drained(plane.observe(), plane.layout)


def test_a_strand_below_a_settled_join_stops_too(engine):
    """D12: any join above it counts, not only its own."""
    inner = "{parallel: [[{wait: 2ms}, {work: 9ms}], [{wait: 3ms}, {work: 9ms}]]}"
    plane = plane_of(MESH.format(program=f"[{{parallel: [{{wait: 1ms}}, [{inner}, {{work: 9ms}}]], join: first}}]"), engine)
    assert told(plane, 100, "started") == []
    assert_drained(plane.observe(), plane.layout)


def test_a_retry_goes_on_though_nobody_waits(engine):
    """D12: a call is one step, all its tries included."""
    plane = plane_of(MESH.format(program="[{parallel: [{wait: 1ms}, [{call: b.y}, {work: 9ms}]], join: first}]") + """
routes: {a -> b: {per_try_timeout: 1500us, retries: {num_retries: 1, retry_back_off: {base_interval: 0s}}}}
""", engine)  # fmt: skip
    assert told(plane, 100, "sent", "gave_up", "started") == lines("""
        0   0.0 sent    0 0
        0   0.3 sent    1 0
        1.5 0.3 gave_up 1 timed_out
        1.5 0.4 sent    1 1
        3   0.4 gave_up 1 timed_out
    """)


def test_branches_are_numbered_before_any_starts(engine):
    """D9: the branches of a fork have calls 1 and 2, and what they call 3 and 4."""
    plane = plane_of(MESH.format(program="[{parallel: [{call: b.y}, {call: b.z}]}]"), engine)
    assert told(plane, 100, "sent") == ["0 0.0 sent 0 0", "0 0.3 sent 1 0", "0 0.4 sent 1 0"]


def test_ways_are_taken_as_often_as_they_say(engine):
    """L11: of 2,000 requests 30 % ± 5 % take the first way, and 50 % ± 5 % neither."""
    plane = plane_of("""
services: {a: {workers: 9, endpoints: {x: [{branch: [
  {probability: 30%, steps: [{wait: 1ms}]}, {probability: 20%, steps: [{wait: 1ms}, {wait: 1ms}]}]}]}}}
workload: {w: {entry: a.x, arrivals: {constant: 1000/s}}}
""", engine)  # fmt: skip
    waits: dict[str, int] = {}
    for line in told(plane, 2000, "worked"):
        waits[line.split()[1]] = waits.get(line.split()[1], 0) + 1
    taken = list(waits.values())
    assert abs(taken.count(1) - 600) < 100
    assert abs(taken.count(2) - 400) < 100
