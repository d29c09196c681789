"""T1: the digest notices everything."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sim.draws import indexed_key, mix
from sim.laws.digesting import fold, row_word, start, text, unpacked

WIDTHS = (62, 4, 40, 18, 31, 62)  # time_ns, kind, request, call, place, value
rows = st.tuples(*[st.integers(0, (1 << width) - 1) for width in WIDTHS])
traces = st.lists(rows, min_size=1, max_size=8)


def digest(trace) -> str:
    """The digest of some rows."""
    lanes = start()
    for time_ns, kind, request, call, place, value in trace:
        fold(lanes, time_ns, request, row_word(kind, call, place), value)
    return text(lanes)


def test_the_empty_trace():
    """T1: 32 hexadecimal digits of the two lanes, which begin with those of pi."""
    assert digest([]) == f"{mix(0x243F6A8885A308D3):016x}{mix(0x13198A2E03707344):016x}"


def test_a_known_trace():
    """T1: pinned; a change of it is a change of every digest ever published."""
    assert digest([(0, 0, 0, 0, 0, 0), (0, 1, 0, 0, -1, 0), (5, 9, 0, 0, 0, 4)]) == "2a31c497d6cab18d2265f93c0b04b6a8"


@given(traces, st.data())
def test_one_changed_bit(trace, data):
    """T1: in any field of any row."""
    at, field = data.draw(st.integers(0, len(trace) - 1)), data.draw(st.integers(0, 5))
    bit = data.draw(st.integers(0, WIDTHS[field] - 1))
    changed = list(trace)
    changed[at] = tuple(value ^ (1 << bit) if i == field else value for i, value in enumerate(trace[at]))
    assert digest(changed) != digest(trace)


@given(traces, st.data())
def test_swapped_rows(trace, data):
    """T1: two rows that change places, unless they are the same."""
    a, b = data.draw(st.integers(0, len(trace) - 1)), data.draw(st.integers(0, len(trace) - 1))
    swapped = list(trace)
    swapped[a], swapped[b] = trace[b], trace[a]
    assert (digest(swapped) == digest(trace)) == (trace[a] == trace[b])


@given(traces, rows)
def test_missing_and_doubled_rows(trace, row):
    """T1: a row more, at either end, or one twice."""
    assert len({digest(trace), digest([*trace, row]), digest([row, *trace]), digest([*trace, row, row])}) >= 3


@given(rows)
def test_fields_do_not_stand_in_for_each_other(row):
    """T1: a value that moves from one field to another is seen; nobody (place -1) is nobody else."""
    time, kind, request, call, place, value = row
    moved = {(time, kind, request, call, place, value), (request, kind, time, call, place, value),
             (time, kind, value, call, place, request), (time, kind, request, call, -1, value)}  # fmt: skip
    assert len({digest([one]) for one in moved}) == len(moved)


def test_one_bit_moves_half_of_all():
    """T1: avalanche: a bit in the first of three rows flips each of the 128 with even odds (alarm 1e-6)."""
    flips = np.zeros(128)
    for n in range(2_000):
        tail = [(n, 3, n, 1, 2, 7), (n + 1, 4, n, 1, 2, 0)]
        word = indexed_key(4, n) % (1 << 60)
        one = int(digest([(word, 1, 2, 3, 4, 5), *tail]), 16)
        other = int(digest([(word ^ (1 << n % 60), 1, 2, 3, 4, 5), *tail]), 16)
        flips += [(one ^ other) >> bit & 1 for bit in range(128)]
    assert np.abs(flips - 1000).max() < stats.norm.isf(1e-6 / 2 / 128) * np.sqrt(500)


def test_no_collisions_among_many():
    """T1: 50,000 traces of one row that differ in small numbers only."""
    seen = {digest([(t, k, r, c, p, v)]) for t in range(10) for k in range(10) for r in range(5)
            for c in range(5) for p in range(-1, 4) for v in range(4)}  # fmt: skip
    assert len(seen) == 10 * 10 * 5 * 5 * 5 * 4


@given(rows)
def test_words_unpacked(row):
    """T1: kind, call and place of a row are in its word, as they were."""
    _, kind, _, call, place, _ = row
    assert unpacked(row_word(kind, call, place)) == (kind, call, place)
    assert unpacked(row_word(kind, call, -1)) == (kind, call, -1)
