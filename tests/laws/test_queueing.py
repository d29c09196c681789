"""Q1 and Q2: the door, and integrals over time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.laws.queueing import area_ns, is_admitted, shift_present, shift_slow, shift_waiting, shift_working
from sim.records import AREAS, POD_TALLY

SHIFTS = (shift_present, shift_waiting, shift_working, shift_slow)  # in the order of AREAS


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


@given(st.lists(st.tuples(st.integers(0, 10**12), counts, counts, counts, st.integers(0, 1)), max_size=20))
def test_areas_are_integrals(changes):
    """Q2: each area is the sum of count times time it stood, whenever it is asked for."""
    pod, now, expected = POD_TALLY.make_class()(), 0, [0, 0, 0, 0]
    for length, *levels in changes:
        for (count, area), shift, level in zip(AREAS.items(), SHIFTS, levels, strict=True):
            shift(pod, level - getattr(pod, count), now)
            assert getattr(pod, count) == level
            assert area_ns(getattr(pod, area), level, now) == expected[list(AREAS).index(count)]
        now += length
        expected = [area + length * level for area, level in zip(expected, levels, strict=True)]
        assert [area_ns(getattr(pod, area), getattr(pod, count), now) for count, area in AREAS.items()] == expected
