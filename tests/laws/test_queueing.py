"""Q1 and Q2: the door, and integrals over time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.laws.queueing import is_admitted, pass_time
from sim.records import POD_TALLY


@pytest.mark.parametrize(
    ("free", "waiting", "size", "admitted"),
    [
        (1, 0, 0, True), (1, 0, -1, True), (3, 0, 5, True),  # somebody is free: no wait
        (0, 0, 0, False), (0, 0, 1, True), (0, 1, 1, False), (0, 4, 5, True), (0, 5, 5, False), (0, 6, 5, False),
        (0, 10**6, -1, True),  # no limit
    ],
)  # fmt: skip
def test_the_door(free, waiting, size, admitted):
    """Q1: turned away only who would have to wait where `size` wait already."""
    assert is_admitted(free, waiting, size) is admitted


counts = st.integers(0, 1000)


@given(st.lists(st.tuples(st.integers(0, 10**12), counts, counts, counts, st.integers(0, 10**6)), max_size=20))
def test_areas_are_integrals(changes):
    """Q2: each area is the sum of count times time it stood, however often time passes in between."""
    pod = POD_TALLY.make_class()()
    now, expected = 0, [0, 0, 0, 0]
    for length, *levels in changes:
        pod.present, pod.waiting, pod.working, pod.slow_working = levels
        for step in (length // 3, length - length // 3, 0):
            now += step
            pass_time(pod, now)
        expected = [area + length * level for area, level in zip(expected, levels, strict=True)]
    assert [pod.present_area_ns, pod.waiting_area_ns, pod.working_area_ns, pod.slow_area_ns] == expected
    assert pod.changed_ns == now
