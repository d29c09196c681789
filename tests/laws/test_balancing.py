"""B1 to B3: whom a caller picks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from sim.draws import PICK, ROTATION, indexed_key, unit
from sim.laws.balancing import draw_candidate, first_turn, is_less_busy, next_turn

KEYS = [indexed_key(3, n) for n in range(20_000)]


@pytest.mark.parametrize("n", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("k", [0, 1, 5])
def test_candidates_are_even(n, k):
    """B1: every pod alike (chi-square, alarm 1e-6), by the try's own key and nothing else."""
    drawn = np.array([draw_candidate(key, k, n) for key in KEYS])
    assert drawn.tolist()[:100] == [int(unit(key, PICK, k) * n) for key in KEYS[:100]]
    assert n == 1 or stats.chisquare(np.bincount(drawn, minlength=n)).pvalue > 1e-6


def test_two_candidates_are_drawn_with_replacement():
    """B1: in n pods the two are the same one time in n, and independent else (Envoy draws alike)."""
    pairs = np.array([[draw_candidate(key, k, 5) for k in (0, 1)] for key in KEYS])
    table = np.zeros((5, 5))
    np.add.at(table, (pairs[:, 0], pairs[:, 1]), 1)
    assert stats.chisquare(table.ravel()).pvalue > 1e-6


@pytest.mark.parametrize(
    ("in_flight", "chosen"),
    [([0, 0, 0], 0), ([1, 0, 0], 1), ([2, 2, 1], 2), ([3, 3, 3, 3], 0), ([5, 4, 4, 4], 1), ([0, 9], 0), ([1, 2, 1], 0)],
)
def test_a_tie_goes_to_the_earlier_candidate(in_flight, chosen):
    """B2: a later candidate must be strictly less busy."""
    best = 0
    for k in range(1, len(in_flight)):
        if is_less_busy(in_flight[k], in_flight[best]):
            best = k
    assert best == chosen


@pytest.mark.parametrize("n", [1, 2, 5])
def test_rotation(n):
    """B3: from its first turn each pod once in n, over and over."""
    turn = first_turn(99, 0, n)
    seen = []
    for _ in range(3 * n):
        seen.append(turn)
        turn = next_turn(turn, n)
    assert seen[:n] == seen[n : 2 * n] == seen[2 * n :]
    assert sorted(seen[:n]) == list(range(n))


def test_rotations_begin_anywhere():
    """B3: views begin at even places, and again whenever the ready pods change, so callers do not march in step."""
    first = np.array([first_turn(key, 0, 8) for key in KEYS])
    second = np.array([first_turn(key, 1, 8) for key in KEYS])
    assert first[0] == int(unit(KEYS[0], ROTATION, 0) * 8)
    for turns in (first, second, (second - first) % 8):
        assert stats.chisquare(np.bincount(turns, minlength=8)).pvalue > 1e-6
