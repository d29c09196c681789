"""E1 to E3: quality in parts per million."""

from __future__ import annotations

import pytest

from sim.laws.grading import FULL, count_quality, graded, parts
from sim.laws.retrying import FAILED, OK
from sim.records import REQUEST_TALLY


@pytest.mark.parametrize(("share", "ppm"), [(1.0, FULL), (0.0, 0), (0.9, 900_000), (1 / 3, 333_333), (2 / 3, 666_667)])
def test_parts(share, ppm):
    """E1: to the nearest part."""
    assert parts(share) == ppm


@pytest.mark.parametrize(
    ("quality", "by", "product"),
    [(FULL, FULL, FULL), (900_000, 500_000, 450_000), (333_333, 333_333, 111_111), (1, 500_000, 1), (1, 499_999, 0), (FULL, 0, 0)],
)
def test_graded(quality, by, product):
    """E2: the product, halves up; what is full changes nothing."""
    assert graded(quality, by) == product
    assert graded(quality, FULL) == quality


def test_count_quality():
    """E3: of what succeeded only."""
    tally = REQUEST_TALLY.make_class()()
    count_quality(tally, OK, 700_000)
    count_quality(tally, FAILED, 900_000)
    count_quality(tally, OK, FULL)
    assert tally.quality_ppm == 1_700_000
