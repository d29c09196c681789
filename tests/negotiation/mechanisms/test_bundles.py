"""Bundles: the exact rule equals brute force and charges externalities; the greedy one fits, is monotone, and near enough."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.bundles import Awards, Bundle, exact, greedy
from agents.negotiation.mechanisms.vcg import vcg
from tests.negotiation.mechanisms.brute_force import NAMES, VALUES

GOODS = ("cart", "db", "gpu", "web")  # four items
LIES = (0.0, 0.6, 1.1, 2.6, 3.1, 4.6, 5.9, 9.0)


def bundles(most_units: int = 2) -> st.SearchStrategy[Bundle]:
    """Up to so many units of up to four goods."""
    units = st.dictionaries(st.sampled_from(GOODS), st.integers(1, most_units), min_size=1)
    return st.builds(Bundle, units, VALUES)


def bids(choices: int = 3, most_units: int = 2) -> st.SearchStrategy[dict[str, list[Bundle]]]:
    """Of up to six bidders."""
    every = st.lists(st.lists(bundles(most_units), min_size=1, max_size=choices), min_size=1, max_size=6)
    return every.map(lambda given: dict(zip(NAMES, given, strict=False)))


CAPACITIES = st.fixed_dictionaries({good: st.integers(0, 3) for good in GOODS})
ONE_OF_EACH = dict.fromkeys(GOODS, 1)


def fits(won: Mapping[str, Bundle], capacities: Mapping[str, int]) -> bool:
    """Whether no good is handed out more often than there is."""
    return all(sum(bundle.units.get(good, 0) for bundle in won.values()) <= capacities[good] for good in capacities)


def best_welfare(offered: Mapping[str, list[Bundle]], capacities: Mapping[str, int]) -> float:
    """Of every choice of a bundle or none for everybody."""
    choices = product(*([None, *mine] for mine in offered.values()))
    return max(sum(bundle.value for bundle in chosen if bundle is not None) for chosen in choices
               if fits({str(i): bundle for i, bundle in enumerate(chosen) if bundle is not None}, capacities))  # fmt: skip


def gain(awards: Awards, name: str, truth: list[Bundle]) -> float:
    """What a bidder's bundle is worth to it in truth, less what it pays."""
    if name not in awards.won:
        return 0.0
    return max((bundle.value for bundle in truth if bundle.units == awards.won[name].units), default=0.0) - awards.payments[name]


def test_by_hand() -> None:
    """A chain of web and db is worth 9 to a; web alone 6 to b, db alone 5 to c: the two win, and pay a's 9 less the other's value."""
    chain = {"a": [Bundle({"web": 1, "db": 1}, 9.0)], "b": [Bundle({"web": 1}, 6.0)], "c": [Bundle({"db": 1}, 5.0)]}
    awards = exact(chain, {"web": 1, "db": 1})
    assert (sorted(awards.won), awards.payments, awards.welfare) == (["b", "c"], {"b": 4.0, "c": 3.0}, 11.0)


def test_greedy_by_hand() -> None:
    """By root of size: a 9 / 1.41 = 6.4 before b 6 and c 5; so a wins, with 9 of 11, and pays what beats b: 6 * 1.41."""
    chain = {"a": [Bundle({"web": 1, "db": 1}, 9.0)], "b": [Bundle({"web": 1}, 6.0)], "c": [Bundle({"db": 1}, 5.0)]}
    awards = greedy(chain, {"web": 1, "db": 1})
    assert (sorted(awards.won), awards.welfare) == (["a"], 9.0)
    assert awards.payments["a"] == pytest.approx(6 * math.sqrt(2))


@settings(max_examples=60, deadline=None)
@given(bids(), CAPACITIES)
def test_exact_equals_brute_force(offered, capacities) -> None:
    """Six bidders, four goods, up to three bundles each: nobody else could make more of it; and it fits."""
    awards = exact(offered, capacities)
    assert awards.welfare == best_welfare(offered, capacities)
    assert fits(awards.won, capacities)
    assert all(awards.won[name] in offered[name] for name in awards.won)


@settings(max_examples=40, deadline=None)
@given(bids(), CAPACITIES)
def test_exact_payments_are_what_it_costs_the_others(offered, capacities) -> None:
    """VCG by brute force; from 0 up to what the bundle is worth (individually rational)."""
    awards = exact(offered, capacities)
    for name, bundle in awards.won.items():
        others = {other: offered[other] for other in offered if other != name}
        without = best_welfare(others, capacities) if others else 0.0
        assert awards.payments[name] == without - sum(awards.won[other].value for other in awards.won if other != name)
        assert 0 <= awards.payments[name] <= bundle.value


@settings(max_examples=40, deadline=None)
@given(bids(choices=2), CAPACITIES, st.data())
def test_the_truth_is_best_under_the_exact_rule(offered, capacities, data) -> None:
    """No misreport of what a bidder's bundles are worth gains."""
    name = data.draw(st.sampled_from(sorted(offered)))
    honest = gain(exact(offered, capacities), name, offered[name])
    for values in product(LIES, repeat=len(offered[name])):
        lie = [replace(bundle, value=value) for bundle, value in zip(offered[name], values, strict=True)]
        assert gain(exact(offered | {name: lie}, capacities), name, offered[name]) <= honest + 1e-12


@settings(deadline=None)
@given(bids(), CAPACITIES)
def test_greedy_fits_and_is_rational(offered, capacities) -> None:
    """No more than there is, one bundle each at most, and nobody pays more than it bid."""
    awards = greedy(offered, capacities)
    assert fits(awards.won, capacities)
    assert all(awards.won[name] in offered[name] and 0 <= awards.payments[name] <= awards.won[name].value for name in awards.won)
    assert list(awards.payments) == sorted(awards.won)


@settings(deadline=None)
@given(bids(), CAPACITIES, st.floats(0, 5))
def test_who_bids_more_for_what_it_won_still_wins_it(offered, capacities, more: float) -> None:
    """Greedy is monotone."""
    awards = greedy(offered, capacities)
    for name, bundle in awards.won.items():
        higher = [replace(each, value=each.value + more) if each == bundle else each for each in offered[name]]
        assert greedy(offered | {name: higher}, capacities).won[name].units == bundle.units


@settings(deadline=None)
@given(bids(choices=1), CAPACITIES)
def test_for_one_bundle_each_greedy_is_truthful(offered, capacities) -> None:
    """Critical values: no misreport of what the one bundle is worth gains (single-minded bidders)."""
    for name, truth in offered.items():
        honest = gain(greedy(offered, capacities), name, truth)
        for value in LIES:
            assert gain(greedy(offered | {name: [replace(truth[0], value=value)]}, capacities), name, truth) <= honest + 1e-9


@settings(deadline=None)
@given(bids(choices=1, most_units=1))
def test_greedy_is_within_the_root_of_the_number_of_goods(offered) -> None:
    """Lehmann, O'Callaghan and Shoham: of one unit of each of m goods, at least 1 / sqrt(m) of the optimum."""
    assert greedy(offered, ONE_OF_EACH).welfare * math.sqrt(len(GOODS)) >= exact(offered, ONE_OF_EACH).welfare - 1e-9


@settings(deadline=None)
@given(st.lists(st.lists(VALUES, min_size=1, max_size=4), min_size=1, max_size=5), st.integers(0, 4))
def test_of_one_good_it_is_the_multi_unit_auction(values: list[list[float]], supply: int) -> None:
    """Bundles of 1, 2, … units of one good: the same welfare, and each pays the same externality, as under vcg."""
    worth = {name: [0.0, *each] for name, each in zip(NAMES, values, strict=False)}
    offered = {name: [Bundle({"pods": n}, table[n]) for n in range(1, len(table))] for name, table in worth.items()}
    several, one = exact(offered, {"pods": supply}), vcg(worth, supply)
    assert several.welfare == sum(max(worth[name][: one.units[name] + 1]) for name in worth)


def test_equal_optima_go_by_name() -> None:
    """Two who want the same for the same: a has it, whoever asked first."""
    same = [Bundle({"gpu": 1}, 3.0)]
    assert list(exact({"b": same, "a": same}, {"gpu": 1}).won) == ["a"] == list(greedy({"b": same, "a": same}, {"gpu": 1}).won)


@pytest.mark.parametrize(("offered", "capacities", "said"), [
    ({"a": [Bundle({"gpu": 1}, 1.0)]}, {"db": 1}, "the capacity of 'gpu' is missing"),
    ({"a": [Bundle({}, 1.0)]}, {"db": 1}, "a bundle of 'a' holds nothing"),
    ({"a": [Bundle({"db": 1}, -1.0)]}, {"db": 1}, "worth less than nothing"),
    ({"a": [Bundle({"db": -1}, 1.0)]}, {"db": 1}, "a bundle of 'a' = -1"),
    ({"a": [Bundle({"db": 1}, math.inf)]}, {"db": 1}, "a value of 'a' = inf"),
    ({"a": [Bundle({"db": 1}, 1.0)]}, {"db": 10**9}, "states are more than 1000000"),
])  # fmt: skip
def test_nonsense_is_refused(offered, capacities, said: str) -> None:
    """With the bidder, the value and the rule; and what is too large says what to do instead."""
    with pytest.raises(ValueError, match=said):
        exact(offered, capacities)
