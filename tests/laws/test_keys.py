"""S1 and S2: which key a step asks for, against the exact distribution and published figures."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from sim.draws import KEYS, indexed_key
from sim.laws.keys import (
    expm1_quotient,
    log1p_quotient,
    uniform_key,
    zipf_area,
    zipf_bounds,
    zipf_hat,
    zipf_key,
    zipf_place,
)

DRAWS = 20_000


def exact(count: int, exponent: float) -> np.ndarray:
    """Probabilities of the keys."""
    weights = np.arange(1, count + 1, dtype=float) ** -exponent
    return weights / weights.sum()


def assert_fits(found: list[int], probabilities: np.ndarray) -> None:
    """A chi-square test at one in a million, keys expected less than ten times taken together."""
    observed = np.bincount(found, minlength=len(probabilities)).astype(float)
    expected = probabilities * len(found)
    rare = expected < 10
    if rare.any():
        observed = np.append(observed[~rare], observed[rare].sum())
        expected = np.append(expected[~rare], expected[rare].sum())
    assert len(observed) == 1 or stats.chisquare(observed, expected).pvalue > 1e-6


def test_uniform_keys():
    """S1: each of seven keys as often as the others, and the only one of one."""
    assert_fits([uniform_key(7, indexed_key(1, n), KEYS) for n in range(DRAWS)], exact(7, 0.0))
    assert uniform_key(1, indexed_key(1, 0), KEYS) == 0


@pytest.mark.parametrize("count", [1, 2, 10, 1000])
@pytest.mark.parametrize("exponent", [0.0, 0.5, 0.99, 1.0, 1.3, 3.0, 20.0])
def test_zipf_keys(count, exponent):
    """S2: as often as their weights say, for exponents below, at and above 1."""
    bounds = zipf_bounds(count, exponent)
    assert_fits([zipf_key(*bounds, exponent, count, indexed_key(2, n), KEYS) for n in range(DRAWS)], exact(count, exponent))


def test_zipf_keys_by_hand():
    """S2: of two keys with exponent 1 the first is asked for by two thirds; of 2^31 - 1 none lies outside."""
    bounds = zipf_bounds(2, 1.0)
    first = sum(zipf_key(*bounds, 1.0, 2, indexed_key(3, n), KEYS) == 0 for n in range(30_000))
    assert abs(first - 20_000) < 5 * math.sqrt(30_000 * 2 / 9)
    many = (1 << 31) - 1
    for exponent in (0.0, 1.0, 1.1):
        bounds = zipf_bounds(many, exponent)
        assert all(0 <= zipf_key(*bounds, exponent, many, indexed_key(4, n), KEYS) < many for n in range(2000))


@pytest.mark.parametrize(("exponent", "area"), [(0.0, 3.0), (1.0, math.log(4)), (2.0, 0.75), (3.0, 15 / 32)])
def test_the_hat(exponent, area):
    """S2: the integral of x^-e from 1 to 4 as a table of integrals has it, its inverse, and the hat's own height."""
    assert zipf_area(4.0, exponent) == pytest.approx(area, rel=1e-14)
    assert zipf_place(area, exponent) == pytest.approx(4.0, rel=1e-14)
    assert zipf_hat(4.0, exponent) == pytest.approx(0.25**exponent, rel=1e-14)


def test_places_far_out():
    """S2: where the area is all there is to the last bit, the place is beyond every key, and no error."""
    assert zipf_place(zipf_area(1e9, 20.0), 20.0) > 5.0


@pytest.mark.parametrize("x", [0.0, 1e-12, -1e-12, 1e-8, -1e-8, 1.1e-8, 0.5, -0.5, 3.0])
def test_quotients_near_zero(x):
    """S2: the series joins the formula without a step; both quotients are 1 at 0."""
    assert log1p_quotient(x) == pytest.approx(math.log1p(x) / x if x else 1.0, rel=1e-14)
    assert expm1_quotient(x) == pytest.approx(math.expm1(x) / x if x else 1.0, rel=1e-14)


def test_few_draws_are_rejected():
    """S2: Hörmann and Derflinger prove less than 1.1 tries a key."""
    for exponent in (0.3, 1.0, 2.5):
        first, last, sure = zipf_bounds(500, exponent)
        areas = np.linspace(first, last, 20_001)
        rejected = 0
        for area in areas:
            place = zipf_place(float(area), exponent)
            k = min(max(int(place + 0.5), 1), 500)
            rejected += not (k - place <= sure or area >= zipf_area(k + 0.5, exponent) - zipf_hat(float(k), exponent))
        assert rejected / len(areas) < 1 - 1 / 1.1
