"""Robust figures against scipy on fixed matrices, Holm by hand, and intervals that cover what they should."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import mannwhitneyu, trim_mean, ttest_1samp, wilcoxon

from parley.statistics.crossed import Design, Draws, Floats, Interval, intervals
from parley.statistics.robust import holm, iqm, paired_test, probability_of_improvement, profile

FIXED = np.random.default_rng(11).normal(size=(5, 37)).round(1)  # rounded, so that there are ties
OTHER = np.random.default_rng(12).normal(0.4, 2, size=(4, 23)).round(1)


def test_the_interquartile_mean_is_scipys() -> None:
    """Of whole matrices, of rows, and of what does not divide by four."""
    assert iqm(FIXED.ravel()) == pytest.approx(trim_mean(FIXED, 0.25, axis=None))
    assert iqm(FIXED) == pytest.approx(trim_mean(FIXED, 0.25, axis=1))
    assert iqm(np.array([3.0])) == 3 and iqm(np.array([0.0, 1, 2, 100])) == 1.5


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(-1e6, 1e6)))
def test_it_is_scipys_of_anything(values: Floats) -> None:
    """However many."""
    assert iqm(values) == pytest.approx(trim_mean(values, 0.25), rel=1e-9, abs=1e-6)


def test_the_probability_of_improvement_is_mann_and_whitneys() -> None:
    """U over all pairs, ties half; against itself a half, and the other way round the rest."""
    u = mannwhitneyu(FIXED.ravel(), OTHER.ravel()).statistic
    assert probability_of_improvement(FIXED, OTHER) == pytest.approx(u / FIXED.size / OTHER.size)
    assert probability_of_improvement(OTHER, FIXED) == pytest.approx(1 - u / FIXED.size / OTHER.size)
    assert probability_of_improvement(FIXED, FIXED) == 0.5


def test_a_profile_falls_from_all_to_none() -> None:
    """By hand."""
    assert profile(np.array([0.1, 0.2, 0.3, 0.9]), np.array([0.0, 0.2, 0.5, 1.0])).tolist() == [1, 0.5, 0.25, 0]


def test_holm_by_hand() -> None:
    """The least p counts for all, the next for one fewer, and none is less than one before it."""
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03}) == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06})
    assert holm({"a": 0.6, "b": 0.7}) == {"a": 1, "b": 1} and holm({}) == {}


def test_pairs_are_tested_by_wilcoxon() -> None:
    """As scipy has it; those that do not differ at all, which it refuses, have a p of 1."""
    assert paired_test(FIXED[0], FIXED[1]) == wilcoxon(FIXED[0], FIXED[1]).pvalue
    assert paired_test(FIXED[0], FIXED[0]) == 1


def world(random: np.random.Generator, seeds: int, episodes: int, spread: tuple[float, float, float]) -> Floats:
    """(seeds, episodes) with a mean of 1: what a training has to itself, what an episode has, and the rest."""
    of_seeds, of_episodes, rest = spread
    return (1 + of_seeds * random.normal(size=(seeds, 1)) + of_episodes * random.normal(size=(1, episodes))
            + rest * random.normal(size=(seeds, episodes)))  # fmt: skip


def mean_of(values: Floats) -> Callable[[Draws], Floats]:
    """The mean of whoever is drawn."""
    def figures(draws: Draws) -> Floats:
        return values[draws.seeds[:, :, None], draws.episodes[0][:, None, :]].mean(axis=(1, 2))[:, None]

    return figures


def covered(seeds: int, spread: tuple[float, float, float], often: int) -> float:
    """How often the interval of a mean has the truth in it."""
    random, hits = np.random.default_rng(5), 0
    for _ in range(often):
        (one,) = intervals(Design(seeds, [20]), mean_of(world(random, seeds, 20, spread)), random, 1000)
        hits += one.low <= 1 <= one.high
    return hits / often


@pytest.mark.parametrize(("seeds", "spread"), [(5, (1.0, 0.1, 0.3)), (5, (0.1, 1.0, 0.3)), (1, (0.0, 1.0, 0.3)), (10, (0.5, 0.5, 0.5))])
def test_intervals_are_about_as_sure_as_they_say(seeds: int, spread: tuple[float, float, float]) -> None:
    """Whether trainings differ or episodes do, which all trainings share."""
    assert 0.87 <= covered(seeds, spread, 120) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("seeds", [3, 5, 10])
@pytest.mark.parametrize("spread", [(1.0, 0.1, 0.3), (0.1, 1.0, 0.3), (0.5, 0.5, 0.5)])
def test_intervals_cover(seeds: int, spread: tuple[float, float, float]) -> None:
    """95 % of two thousand, within what chance and few seeds leave."""
    assert (0.89 if seeds < 5 else 0.92) <= covered(seeds, spread, 2000) <= 0.985


def test_what_does_not_vary_has_no_width_and_what_is_alone_no_interval() -> None:
    """Ends are the value, or are not known."""
    (same,) = intervals(Design(1, [4]), mean_of(np.full((1, 4), 2.0)), np.random.default_rng(1))
    assert (same.value, same.low, same.high) == (2, 2, 2) and same.above(1.9) and same.above(2) is False
    (alone,) = intervals(Design(1, [1]), mean_of(np.full((1, 1), 2.0)), np.random.default_rng(1))
    assert alone.value == 2 and math.isnan(alone.low) and alone.above(1) is None
    assert Interval(1, 0.5, 1.5).above(1) is None


def test_p_is_students() -> None:
    """Of one training and many episodes nearly that of a t-test; certain where nothing varies, and 1 where nothing is known."""
    values = np.random.default_rng(5).normal(0.3, 1, (1, 60))
    (found,) = intervals(Design(1, [60]), lambda draws: draws.of(values).mean(axis=1)[:, None], np.random.default_rng(1))
    assert found.p == pytest.approx(ttest_1samp(values[0], 0).pvalue, rel=0.25)
    assert (Interval(1, 1, 1, 0.0, 5).p, Interval(0, 0, 0, 0.0, 5).p) == (1 / 32, 1), "six heads in a row"
    assert Interval(1, math.nan, math.nan).p == 1
