"""Ladders of fallbacks by hand: which rung holds, and how good the answer is."""

from __future__ import annotations

import pytest

from tests.conservation import assert_drained
from tests.worlds import plane_of, told

MESH = """
services:
  a: {{workers: 9, endpoints: {{x: {program}}}}}
  b: {{workers: 9, endpoints: {{y: [{{wait: 2ms}}], poor: [{{call: c.never, on_failure: {{ladder: [{{quality: 50%}}]}}}}]}}}}
  c: {{replicas: 0, endpoints: {{never: [{{wait: 1ms}}]}}}}
"""
LAST = "{quality: 20%}"
DEEP = "{steps: [{call: b.poor}, {call: c.never}], quality: 90%}"


def ladder(*rungs: str, repeat: int = 1) -> str:
    """A call that always fails, and its rungs."""
    return f"{{call: c.never, repeat: {repeat}, on_failure: {{ladder: [{', '.join(rungs)}]}}}}"


@pytest.mark.parametrize(
    ("program", "end", "quality"),
    [
        (f"[{ladder(LAST)}, {{wait: 1ms}}]", "1 ok", 200_000),
        (f"[{ladder('{steps: [{wait: 3ms}], quality: 90%}', LAST)}]", "3 ok", 900_000),
        (f"[{ladder('{steps: [{wait: 3ms}, {call: c.never}], quality: 90%}', LAST)}]", "3 ok", 200_000),
        (f"[{ladder('{steps: [{wait: 3ms}, {call: c.never}]}', '{steps: [{call: c.never}]}')}, {{wait: 9ms}}]", "3 failed", 0),
        (f"[{ladder(LAST, repeat=2)}]", "0 ok", 40_000),
        (f"[{ladder('{steps: [{call: b.y}]}')}]", "2 ok", 1_000_000),
        ("[{call: b.poor}]", "0 ok", 500_000),
        ("[{call: b.poor}, {call: b.poor}]", "0 ok", 250_000),
        (f"[{ladder(DEEP, LAST)}]", "0 ok", 200_000),
        (f"[{ladder('{steps: [' + ladder('{steps: [{call: c.never}]}') + ']}', LAST)}]", "0 ok", 200_000),
        (f"[{{parallel: [{{call: b.poor}}, {ladder(LAST)}]}}]", "0 ok", 100_000),
        ("[{parallel: [{call: b.poor}, [{wait: 1ms}, {call: b.poor}]], join: first}]", "0 ok", 500_000),
        ("[{parallel: [[{call: b.poor}, {call: c.never}], {wait: 1ms}], join: first}]", "1 ok", 1_000_000),
        ("[{call: b.poor, on_failure: ignore}, {call: c.never, on_failure: ignore}]", "0 ok", 500_000),
    ],
)
def test_which_rung_holds(engine, program, end, quality):
    """E4, E2: the first rung that does not fail; what failed leaves no mark; qualities multiply up the calls and joins."""
    plane = plane_of(MESH.format(program=program), engine)
    (row,) = told(plane, 1000, "finished")
    assert row.replace(" 0.0 finished 0", "") == end
    assert plane.observe().workloads["quality_ppm"].tolist() == [quality]
    assert_drained(plane.observe(), plane.layout)


def test_a_strand_nobody_waits_for_tries_no_other_rung(engine):
    """E4, D12: the join is settled at 1 ms; the rung's call ends at 2 ms, and the next rung is left alone."""
    rungs = ladder("{steps: [{call: b.y}, {call: c.never}]}", "{steps: [{call: b.y}]}")
    plane = plane_of(MESH.format(program=f"[{{parallel: [{{wait: 1ms}}, {rungs}], join: first}}]"), engine)
    assert len([row for row in told(plane, 100, "sent") if row.split()[3] == "1"]) == 1
    assert_drained(plane.observe(), plane.layout)


def test_quality_counts_in_every_interval(engine):
    """E3: in the class's measured interval and in those of `expect`, by arrival."""
    plane = plane_of(MESH.format(program=f"[{ladder(LAST)}]") + """
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 1500, 2500)}}}
warmup: 1s
expect: [{quality: "< 30%", from: 2s}]
""", engine)  # fmt: skip
    plane.advance(9_000_000_000)
    assert plane.observe().intervals["quality_ppm"].tolist() == [400_000, 200_000]
    assert plane.observe().workloads["quality_ppm"].tolist() == [600_000]
