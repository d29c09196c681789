"""Q1 to Q7: the door, integrals over time, who is next, and CoDel."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.laws.queueing import (
    DISCIPLINES,
    FAIL_AT_SCALE,
    FOREVER_NS,
    UNCONTROLLED,
    area_ns,
    codel_drops,
    codel_next_ns,
    is_admitted,
    is_expired,
    level,
    patience_ns,
    shift_present,
    shift_slow,
    shift_stalled,
    shift_waiting,
    shift_working,
    takes_newest,
)
from sim.records import AREAS, POD_TALLY, QUEUE

SHIFTS = (shift_present, shift_waiting, shift_working, shift_slow, shift_stalled)  # in the order of AREAS


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


@given(st.lists(st.tuples(st.integers(0, 10**12), counts, counts, counts, st.integers(0, 1), counts), max_size=20))
def test_areas_are_integrals(changes):
    """Q2: each area is the sum of count times time it stood, whenever it is asked for."""
    pod, now, expected = POD_TALLY.make_class()(), 0, [0, 0, 0, 0, 0]
    for length, *levels in changes:
        for (count, area), shift, many in zip(AREAS.items(), SHIFTS, levels, strict=True):
            shift(pod, many - getattr(pod, count), now)
            assert getattr(pod, count) == many
            assert area_ns(getattr(pod, area), many, now) == expected[list(AREAS).index(count)]
        now += length
        expected = [area + length * level for area, level in zip(expected, levels, strict=True)]
        assert [area_ns(getattr(pod, area), getattr(pod, count), now) for count, area in AREAS.items()] == expected


@pytest.mark.parametrize(
    ("discipline", "left", "newest"),
    [("fifo", 9, False), ("lifo", 0, True), ("priority", 9, False),
     ("adaptive_lifo", 1, False), ("adaptive_lifo", 2, True), ("adaptive_lifo", 3, True)],
)  # fmt: skip
def test_takes_newest(discipline, left, newest):
    """Q5: HHVM's job queue takes from its back once the threshold, here 2, still wait after one is taken."""
    assert takes_newest(DISCIPLINES.index(discipline), left, 2) is newest


def test_level():
    """Q5: only `priority` has a line for each class."""
    assert [level(discipline, 2) for discipline in range(len(DISCIPLINES))] == [0, 0, 2, 0]


def queue(**fields):
    """A queue's record."""
    return QUEUE.make_class()(**({"max_wait_ns": FOREVER_NS, "target_ns": 5, "interval_ns": 100} | fields))


@pytest.mark.parametrize(
    ("control", "max_wait", "crowded", "patience"),
    [(UNCONTROLLED, FOREVER_NS, 0, FOREVER_NS), (UNCONTROLLED, 30, 0, 30),
     (FAIL_AT_SCALE, FOREVER_NS, 1000, 100), (FAIL_AT_SCALE, FOREVER_NS, 900, 100), (FAIL_AT_SCALE, FOREVER_NS, 899, 5),
     (FAIL_AT_SCALE, 30, 1000, 30), (FAIL_AT_SCALE, 30, 0, 5)],
)  # fmt: skip
def test_patience(control, max_wait, crowded, patience):
    """Q6: Fail at Scale's onNewRequest with M = 5 and N = 100, now = 1000: lastEmptyTime < now - N makes the timeout M."""
    assert patience_ns(queue(control=control, max_wait_ns=max_wait, crowded_ns=crowded), 1000) == patience


def test_codel_by_hand():
    """Q7: one taken every 10, each after waiting 50 with others behind: dropped are those that RFC 8289's code drops.

    Above the target from 0, so drops may begin at 100; then the gaps are 100/sqrt(n): at 100, 200 (100 after 100),
    270.7, 328.4 and 378.4, and each falls on the first that is taken then: 280, 330, 380. In the drop's place another one
    is taken at once, and kept.
    """
    one, dropped = queue(), []
    for now in range(0, 400, 10):
        while codel_drops(one, 50, 9, now):
            dropped.append(now)
    assert dropped == [100, 200, 280, 330, 380]
    assert one.drop_next_ns == 100 + round(100 / math.sqrt(1)) + sum(round(100 / math.sqrt(n)) for n in (2, 3, 4, 5))


def test_codel_makes_up_for_drops_that_are_late():
    """Q7: where nobody was taken for a while, those whose drop is overdue go at once, one after the other."""
    one = queue()
    assert not codel_drops(one, 50, 9, 0)
    assert codel_drops(one, 50, 9, 100)  # the next is due at 200, then 271, 329, 379
    dropped = 0
    while codel_drops(one, 50, 9, 330):
        dropped += 1
    assert dropped == 3


def test_codel_is_silent_below_its_target():
    """Q7: one short wait, or an empty queue behind one, and the interval begins anew."""
    one = queue()
    assert not codel_drops(one, 50, 9, 0)
    assert not codel_drops(one, 4, 9, 90)
    assert not codel_drops(one, 50, 9, 100)
    assert not codel_drops(one, 50, 0, 190)
    assert not codel_drops(one, 50, 9, 200)
    assert not codel_drops(one, 50, 9, 299)
    assert codel_drops(one, 50, 9, 300)


def test_codel_remembers_its_rate():
    """Q7: after four drops and a short pause it begins with a count of 3, after a long pause with 1."""
    for pause, gap in ((500, round(100 / math.sqrt(3))), (2000, 100)):
        one, now = queue(), 0
        while one.drops < 4:
            now += not codel_drops(one, 50, 9, now)
        codel_drops(one, 4, 9, now)
        codel_drops(one, 50, 9, now + pause)
        assert codel_drops(one, 50, 9, now + pause + 100)
        assert one.drop_next_ns == now + pause + 100 + gap


def test_codel_next():
    """Q7: interval / sqrt(count): 100 ms, 70.7, 57.7, 50."""
    assert [codel_next_ns(7, 100_000_000, n) - 7 for n in (1, 2, 3, 4)] == [100_000_000, 70_710_678, 57_735_027, 50_000_000]


@pytest.mark.parametrize(("deadline", "now", "expired"), [(5, 4, False), (5, 5, True), (5, 6, True)])
def test_is_expired(deadline, now, expired):
    """Q10: at the deadline nothing is left, as gRPC's server has it, whose context is done then."""
    assert is_expired(deadline, now) is expired
