"""Dividing units: each of the three points equals brute force over all divisions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.dividing import egalitarian_division, kalai_smorodinsky_division, nash_division
from tests.negotiation.mechanisms.brute_force import VALUES, by_name, cumulative, splits

WORTHS = by_name(st.lists(VALUES, max_size=4).map(lambda values: [0.0, *sorted(values)]), 1, "abcd")  # never falls, any shape
FALLING_RETURNS = by_name(st.lists(VALUES, max_size=4).map(lambda steps: cumulative(sorted(steps, reverse=True))), 1, "abcd")
SUPPLY = st.integers(0, 6)
WEIGHTS = {"a": 1.0, "b": 0.5, "c": 2.0, "d": 1.0}

Worths = dict[str, list[float]]


def every_division(worths: Worths, supply: int) -> list[list[float]]:
    """What each party makes of its units, in every division there is."""
    tables = list(worths.values())
    return [[table[n] for table, n in zip(tables, units, strict=True)] for units in splits([len(t) - 1 for t in tables], supply)]


def test_by_hand() -> None:
    """a makes 4, 6, 7 of one, two, three; b 1, 2, 3. Of four: Nash 2 : 2 of 12, equal gains 1 : 3, equal shares of 7 and 3 1 : 3."""
    worths = {"a": [0, 4, 6, 7], "b": [0, 1, 2, 3]}
    assert nash_division(worths, 4).units in ({"a": 2, "b": 2}, {"a": 1, "b": 3})  # 6 * 2 = 4 * 3
    assert egalitarian_division(worths, 4).units == {"a": 1, "b": 3}
    assert kalai_smorodinsky_division(worths, 3).units == {"a": 1, "b": 2}


@settings(deadline=None)
@given(WORTHS, SUPPLY, st.booleans())
def test_nash_is_the_best_product_of_as_many_as_can(worths: Worths, supply: int, is_weighted: bool) -> None:
    """First as many as possible have something, then the weighted sum of their logarithms is the highest."""
    weights = WEIGHTS if is_weighted else dict.fromkeys(WEIGHTS, 1.0)

    def score(made: list[float]) -> tuple[int, float]:
        powers = [(weights[name], worth) for name, worth in zip(worths, made, strict=True) if worth > 0]
        return len(powers), math.fsum(weight * math.log(worth) for weight, worth in powers)

    units = nash_division(worths, supply, weights if is_weighted else None).units
    found, best = score([worths[name][units[name]] for name in worths]), max(map(score, every_division(worths, supply)))
    assert found == (best[0], pytest.approx(best[1]))
    assert sum(units.values()) <= supply


@settings(deadline=None)
@given(FALLING_RETURNS, SUPPLY)
def test_equal_gains_are_the_highest_least_worth(worths: Worths, supply: int) -> None:
    """Max-min over all divisions, where more units add ever less."""
    units = egalitarian_division(worths, supply).units
    assert min(worths[name][units[name]] for name in worths) == max(map(min, every_division(worths, supply)))
    assert sum(units.values()) <= supply


@settings(deadline=None)
@given(FALLING_RETURNS, SUPPLY)
def test_equal_shares_are_the_highest_least_share(worths: Worths, supply: int) -> None:
    """Max-min of what each has over what it would have alone, of those who would have anything."""
    alone = {name: worths[name][min(supply, len(worths[name]) - 1)] for name in worths}
    shares = {name: [worth / alone[name] for worth in worths[name]] for name in worths if alone[name] > 0}
    units = kalai_smorodinsky_division(worths, supply).units
    if shares:
        assert min(shares[name][units[name]] for name in shares) == max(map(min, every_division(shares, supply)))
    assert sum(units.values()) <= supply


@pytest.mark.parametrize("worths", [[], [1.0], [0.0, 2.0, 1.0], [0.0, math.nan]])
def test_nonsense_is_refused(worths: list[float]) -> None:
    """Tables that begin elsewhere, fall, or are no numbers."""
    with pytest.raises(ValueError, match="'a'"):
        nash_division({"a": worths}, 1)
