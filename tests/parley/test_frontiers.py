"""Where an outcome crosses a level: worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from parley.maps.frontiers import along, crossing, frontier

NAN = math.nan


@pytest.mark.parametrize(("values", "expected"), [
    ([1, 1, 0, 0], 1.5),  # straight between the two
    ([0, 0, 1, 1], 1.5),  # from below as well
    ([1, 0.6, 0.2, 0], 1.25),
    ([1, 1, 1, 1], NAN),
    ([1, 0, 1, 0], 0.5),  # the first time counts
    ([1, NAN, 0, 0], 1.5),  # what is missing is as the one before
    ([NAN, NAN, NAN, NAN], NAN),
])  # fmt: skip
def test_a_crossing(values, expected):
    """Along 0, 1, 2, 3 at the level 0.5."""
    assert crossing([0, 1, 2, 3], values, 0.5) == pytest.approx(expected, nan_ok=True)


def test_a_frontier_is_a_mean_over_seeds_with_its_interval():
    """Two seeds that cross at 0.5 and at 1.5: 1, and Student's interval of two."""
    found = frontier([0, 1, 2], np.array([[[1, 1], [0, 1], [0, 0]]], dtype=float), 0.5)
    (row,) = found.rows
    assert row.mean == pytest.approx(1) and row.half_width == pytest.approx(12.706 * math.sqrt(0.5) / math.sqrt(2), rel=1e-3)
    assert found.distances([0.5], 0.5) == [pytest.approx(1.0)]


def test_a_row_that_few_seeds_cross_has_none():
    """One of three crosses: the frontier of most lies beyond the map."""
    outcomes = np.array([[[1, 1, 1], [0, 1, 1]]], dtype=float)
    found = frontier([0, 1], outcomes, 0.5)
    assert found.rows == (None,) and found.missing == (2,)
    assert math.isnan(found.distances([0.5], 1.0)[0])


def test_a_line_is_straight_in_the_logarithm():
    """Half way between 1 s and 100 s is 10 s; outside of its points it says nothing."""
    assert along([(1.0, 1.0), (3.0, 100.0)], [1.0, 10.0, 100.0]) == pytest.approx([1, 2, 3])
    assert all(map(math.isnan, along([(1.0, 1.0), (3.0, 100.0)], [0.5, 200.0])))
    assert along([(1.0, 0.0), (3.0, 4.0)], [0.0, 2.0]) == pytest.approx([1, 2])
