"""Rules of sharing: all of it is handed out, nobody gets more than was asked for, and each rule is what it is called."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.negotiation.mechanisms.allocation import Allocation
from agents.negotiation.mechanisms.shares import first_come, max_min, proportional, strict_priority
from tests.negotiation.mechanisms.brute_force import by_name, splits

REQUESTS = by_name(st.integers(0, 6), 0)
SUPPLY = st.integers(0, 20)
RANKS = {name: rank for rank, name in enumerate("cabfed")}
WEIGHTS = {"a": 1.0, "b": 0.1, "c": 3.0, "d": 1.0, "e": 2.5, "f": 0.3}

RULES: dict[str, Callable[[dict[str, int], int], Allocation]] = {
    "first come": first_come,
    "strict priority": lambda requests, supply: strict_priority(requests, supply, RANKS),
    "proportional": proportional,
    "proportional to weights": lambda requests, supply: proportional(requests, supply, WEIGHTS),
    "max-min": max_min,
    "weighted max-min": lambda requests, supply: max_min(requests, supply, WEIGHTS),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@given(requests=REQUESTS, supply=SUPPLY)
def test_all_is_handed_out_and_nobody_gets_too_much(rule: Callable[..., Allocation], requests: dict[str, int], supply: int) -> None:
    """The grants add up to the smaller of requests and supply; nothing is paid; everybody is named, in order of names."""
    shared = rule(requests, supply)
    assert sum(shared.units.values()) == min(supply, sum(requests.values()))
    assert all(0 <= shared.units[name] <= requests[name] for name in requests)
    assert list(shared.units) == list(shared.payments) == sorted(requests)
    assert set(shared.payments.values()) <= {0.0} and shared.price is None


@pytest.mark.parametrize("rule", [RULES[name] for name in RULES if name != "first come"])
@given(requests=REQUESTS, supply=SUPPLY)
def test_the_order_of_asking_matters_to_first_come_only(rule: Callable[..., Allocation], requests: dict[str, int], supply: int) -> None:
    """The same requests in the opposite order get the same answer."""
    assert rule(dict(reversed(requests.items())), supply) == rule(requests, supply)


def test_first_come_by_hand() -> None:
    """Four are asked for, then four again, of six: the second gets two."""
    assert first_come({"late": 0, "b": 4, "a": 4}, 6).units == {"a": 2, "b": 4, "late": 0}


def test_strict_priority_by_hand() -> None:
    """Rank 0 before rank 1, whoever asked first; of equal ranks a before b."""
    assert strict_priority({"b": 4, "a": 4, "z": 1}, 6, {"a": 1, "b": 1, "z": 0}).units == {"a": 4, "b": 1, "z": 1}


def test_proportional_by_hand() -> None:
    """Six of 4 + 4 + 4/2: quotas 2.4, 2.4 and 1.2, so that the odd unit goes to the first of the largest remainders, a."""
    assert proportional({"a": 4, "b": 4, "c": 2}, 6).units == {"a": 3, "b": 2, "c": 1}


def test_what_one_does_not_need_is_shared_again() -> None:
    """By weights 3 : 1 : 1 of ten, a's six are more than the two it asks for: the eight that are left are halved."""
    assert proportional({"a": 2, "b": 9, "c": 9}, 10, {"a": 3, "b": 1, "c": 1}).units == {"a": 2, "b": 4, "c": 4}


@given(REQUESTS, SUPPLY)
def test_proportional_keeps_to_its_quota(requests: dict[str, int], supply: int) -> None:
    """In scarcity everybody gets the exact share, rounded down or up (the quota rule, which Hamilton's method keeps)."""
    whole = sum(requests.values())
    if whole > supply:
        quotas = {name: Fraction(supply * asked, whole) for name, asked in requests.items()}
        units = proportional(requests, supply).units
        assert all(math.floor(quotas[name]) <= units[name] <= math.ceil(quotas[name]) for name in requests)


@given(by_name(st.integers(0, 5), 1, "abcd"), st.integers(0, 12))
def test_max_min_is_the_leximin_of_all_splits(requests: dict[str, int], supply: int) -> None:
    """Of all splits the sorted grants of those who are not full are lexicographically largest: least first, then the next."""
    every = splits(list(requests.values()), supply)
    best = max(sorted(units) for units in every if sum(units) == min(supply, sum(requests.values())))
    assert sorted(max_min(requests, supply).units.values()) == best


@given(REQUESTS, SUPPLY)
def test_weighted_max_min_envies_at_most_one_unit(requests: dict[str, int], supply: int) -> None:
    """Who still asks has no less by weight than anybody else would have with one unit less."""
    units = max_min(requests, supply, WEIGHTS).units
    level = {name: Fraction(units[name]) / Fraction(WEIGHTS[name]) for name in requests}
    for hungry in (name for name in requests if units[name] < requests[name]):
        assert all(units[other] == 0 or (units[other] - 1) / Fraction(WEIGHTS[other]) <= level[hungry] for other in requests)


@pytest.mark.parametrize(("wrong", "said"), [
    (lambda: first_come({"a": -1}, 1), "a request = -1"),
    (lambda: max_min({"a": 1}, -1), "supply = -1"),
    (lambda: proportional({"a": 1}, 1.5), r"supply = 1\.5 must be a whole number"),
    (lambda: proportional({"a": 1}, 1, {"a": 0.0}), r"a weight = 0\.0 must be above 0"),
    (lambda: max_min({"a": 1}, 1, {"a": math.nan}), "a weight = nan must be above 0"),
    (lambda: max_min({"a": 1, "b": 1}, 1, {"b": 1.0}), "the weight of 'a' is missing"),
    (lambda: strict_priority({"a": 1}, 1, {}), "the rank of 'a' is missing"),
])  # fmt: skip
def test_nonsense_is_refused(wrong: Callable[[], Allocation], said: str) -> None:
    """With the value and the rule."""
    with pytest.raises(ValueError, match=said):
        wrong()
