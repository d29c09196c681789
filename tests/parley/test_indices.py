"""Indices of functions that are known: the estimators that worlds go through find them."""

from __future__ import annotations

import math

import numpy as np
import pytest

from parley.uncertainty.indices import Index, elementary, independent, morris_points, sobol, sobol_points, tendencies


def ishigami(shares):
    """sin x1 + 7 sin² x2 + 0.1 x3⁴ sin x1 over [-pi, pi]³ (Ishigami and Homma 1990)."""
    x = (2 * shares - 1) * math.pi
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def exact():
    """(first, total) of each input of Ishigami's function, in closed form."""
    alone = [0.5 * (1 + 0.1 * math.pi**4 / 5) ** 2, 7**2 / 8, 0.0]
    together = 0.1**2 * math.pi**8 * (1 / 18 - 1 / 50)
    variance = sum(alone) + together
    return [(a / variance, (a + b) / variance) for a, b in zip(alone, (together, 0.0, together), strict=True)]


def test_sobol_finds_ishigamis_indices():
    """Each within its interval, and those are narrow; the third input acts only together with the first."""
    for found, (first, total) in zip(sobol(3, ishigami(sobol_points(3, 1024))), exact(), strict=True):
        assert abs(found.first - first) <= found.first_half_width < 0.1
        assert abs(found.total - total) <= found.total_half_width < 0.1


def test_sobol_of_a_sum_is_its_parts():
    """Shares of the variance of 3 a - 2 b are 9/13 and 4/13; an input that is not there has exactly none."""
    points = sobol_points(3, 64)
    found = sobol(3, 3 * points[:, 0] - 2 * points[:, 1])
    assert [one.total for one in found] == pytest.approx([9 / 13, 4 / 13, 0.0], abs=0.02)
    assert found[2] == Index(0.0, 0.0, 0.0, 0.0)


def test_sobol_of_what_never_changes_is_nothing():
    """And no division by it."""
    assert sobol(2, np.ones(4 * 32)) == [Index(0.0, 0.0, 0.0, 0.0)] * 2


def test_one_input_alone_has_all_of_it():
    """Both indices are 1."""
    (found,) = sobol(1, sobol_points(1, 64)[:, 0] ** 2)
    assert (found.first, found.total) == pytest.approx((1.0, 1.0), abs=0.05)


def test_morris_of_a_line_is_its_slopes():
    """From one end to the other, with the sign, and the same everywhere."""
    points = morris_points(3, 10)
    found = elementary(points, 3 * points[:, 0] - 2 * points[:, 1])
    assert [(one.mu, one.mu_star, one.half_width, one.sigma) for one in found] == [
        pytest.approx(known, abs=1e-9) for known in ((3, 3, 0, 0), (-2, 2, 0, 0), (0, 0, 0, 0))
    ]


def test_morris_sees_effects_of_both_signs():
    """Ishigami's second input rises and falls: mu is near nothing, mu* is not."""
    points = morris_points(3, 40)
    second = elementary(points, ishigami(points))[1]
    assert abs(second.mu) < 0.5 * second.mu_star
    assert second.sigma > 1


def test_points_are_the_same_every_time():
    """So that a resumed one goes on with its points; they fill the ranges evenly."""
    assert (sobol_points(4, 32) == sobol_points(4, 32)).all() and (morris_points(4, 5) == morris_points(4, 5)).all()
    free = independent(4, sobol_points(4, 64))
    assert free.shape == (128, 4)
    assert free.mean(axis=0) == pytest.approx([0.5] * 4, abs=0.01)


def test_directions_are_of_steps_of_one_input():
    """However little it moves the output beside others; 0 for what does nothing, and for what goes both ways."""
    points = sobol_points(4, 64)
    found = tendencies(points, 100 * points[:, 0] - 0.01 * points[:, 1] ** 3 + 9 * (points[:, 3] - 0.5) ** 2)
    assert found[:3] == pytest.approx([1.0, -1.0, 0.0])
    assert abs(found[3]) < 0.2
