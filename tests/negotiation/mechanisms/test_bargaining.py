"""Bargaining points by their axioms: each has those it is known by, and is shown to lack one of the others'."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.bargaining import (
    Region,
    egalitarian,
    egalitarian_point,
    frontier,
    kalai_smorodinsky,
    kalai_smorodinsky_point,
    nash,
    nash_point,
)
from tests.negotiation.mechanisms.optimality import duality_gap

RULES = {"Nash": nash, "Kalai-Smorodinsky": kalai_smorodinsky, "egalitarian": egalitarian}
POINTS = {"Nash": nash_point, "Kalai-Smorodinsky": kalai_smorodinsky_point, "egalitarian": egalitarian_point}

UTILITIES = st.integers(-3, 12).map(float)
DEALS = st.integers(2, 4).flatmap(
    lambda parties: st.lists(st.tuples(*[UTILITIES] * parties), min_size=1, max_size=12)
).map(lambda deals: {f"deal {i:02}": deal for i, deal in enumerate(deals)})  # fmt: skip
AMOUNTS = st.floats(0.2, 5.0)


@st.composite
def regions(draw: st.DrawFn, parties: int | None = None) -> Region:
    """Up to four parties and three resources that everybody takes something of."""
    n = draw(st.integers(2, 4)) if parties is None else parties
    rows = draw(st.lists(st.tuples(*[AMOUNTS] * n), min_size=1, max_size=3))
    floor = draw(st.tuples(*[st.floats(-2.0, 2.0)] * n))
    slack = draw(st.lists(AMOUNTS, min_size=len(rows), max_size=len(rows)))
    limits = tuple(math.fsum(a * d for a, d in zip(row, floor, strict=True)) + more for row, more in zip(rows, slack, strict=True))
    return Region(tuple(rows), limits, floor)


def zero(deals: dict[str, tuple[float, ...]]) -> list[float]:
    """A disagreement of 0 for all."""
    return [0.0] * len(next(iter(deals.values())))


def slack(region: Region, point: tuple[float, ...]) -> list[float]:
    """What is left of each resource, as a share of what disagreement leaves."""
    used = [math.fsum(a * u for a, u in zip(row, point, strict=True)) for row in region.rows]
    idle = [math.fsum(a * u for a, u in zip(row, region.disagreement, strict=True)) for row in region.rows]
    return [(limit - now) / (limit - before) for limit, now, before in zip(region.limits, used, idle, strict=True)]


def over(region: Region, point: tuple[float, ...]) -> list[float]:
    """What each party gains."""
    return [u - d for u, d in zip(point, region.disagreement, strict=True)]


def test_the_three_points_by_hand() -> None:
    """a + b <= 12, a <= 12, b <= 4: Nash (8, 4) of 32, equal shares of (12, 4) at (9, 3), equal gains at (4, 4)."""
    region = Region(((1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), (12.0, 12.0, 4.0), (0.0, 0.0))
    assert nash_point(region) == pytest.approx((8, 4), abs=1e-5)
    assert kalai_smorodinsky_point(region) == pytest.approx((9, 3))
    assert egalitarian_point(region) == pytest.approx((4, 4))


def test_the_three_deals_by_hand() -> None:
    """The same region in whole numbers: the same three points, as deals."""
    deals = {f"{a}, {b}": (float(a), float(b)) for a in range(13) for b in range(5) if a + b <= 12}
    assert {rule(deals, (0, 0)) for rule in (nash, egalitarian)} == {"8, 4"}  # equal gains first, then more for whom it costs nobody
    assert kalai_smorodinsky(deals, (0, 0)) == "9, 3"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@settings(deadline=None)
@given(deals=DEALS)
def test_a_deal_is_rational_and_efficient_or_there_is_none(rule, deals) -> None:
    """Nobody is worse off than without, and no deal is better for one and worse for nobody (Pareto)."""
    found = rule(deals, zero(deals))
    if found is None:
        assert all(min(deal) < 0 for deal in deals.values())
    else:
        assert min(deals[found]) >= 0
        assert not any(other != deals[found] and all(a >= b for a, b in zip(other, deals[found], strict=True)) for other in deals.values())


@settings(deadline=None)
@given(DEALS)
def test_each_deal_is_what_it_is_called(deals) -> None:
    """By brute force over all deals: the largest product, the largest smallest share of the ideal, the largest smallest gain."""
    rational = [deal for deal in deals.values() if min(deal) >= 0]
    assume(rational)
    ideal = [max(deal[i] for deal in rational) or 1.0 for i in range(len(rational[0]))]
    found = {name: deals[rule(deals, zero(deals))] for name, rule in RULES.items()}
    assert math.prod(found["Nash"]) == max(math.prod(deal) for deal in rational)
    assert min(found["egalitarian"]) == max(min(deal) for deal in rational)
    shares = [min(u / most for u, most in zip(deal, ideal, strict=True)) for deal in [found["Kalai-Smorodinsky"], *rational]]
    if min(max(deal[i] for deal in rational) for i in range(len(ideal))) > 0:  # who can gain nothing has no share to compare
        assert shares[0] == max(shares)


@settings(deadline=None)
@given(DEALS, st.data())
def test_nash_does_not_depend_on_deals_that_were_not_chosen(deals, data) -> None:
    """Independence of irrelevant alternatives: taking others away changes nothing."""
    found = nash(deals, zero(deals))
    assume(found is not None)
    kept = data.draw(st.lists(st.sampled_from(sorted(deals)), unique=True))
    assert nash({name: deals[name] for name in {*kept, found}}, zero(deals)) == found


def test_kalai_smorodinsky_does_depend_on_them() -> None:
    """With (10, 0) possible party 0 may hope for 10, and is given the 6.5 of (6.5, 4) rather than the 5 of (5, 5)."""
    deals = {"even": (5.0, 5.0), "uneven": (6.5, 4.0), "other": (0.0, 6.0)}
    assert kalai_smorodinsky(deals, (0, 0)) == "even"
    assert kalai_smorodinsky(deals | {"hope": (10.0, 0.0)}, (0, 0)) == "uneven"


@settings(deadline=None)
@given(DEALS, st.lists(st.sampled_from([0.5, 1.0, 2.0, 3.0]), min_size=4, max_size=4))
def test_weights_are_powers(deals, weights) -> None:
    """The weighted product's best is the best weighted sum of logarithms, where all gain something."""
    powers = weights[: len(zero(deals))]
    found = nash(deals, zero(deals), powers)
    everybody = [deal for deal in deals.values() if min(deal) > 0]
    if everybody:
        logs = [math.fsum(w * math.log(u) for w, u in zip(powers, deal, strict=True)) for deal in [deals[found], *everybody]]
        assert logs[0] == pytest.approx(max(logs))


@settings(deadline=None)
@given(DEALS)
def test_the_frontier_is_all_that_nothing_dominates(deals) -> None:
    """Gains over disagreement; every deal that is left out is irrational or dominated by one that is kept."""
    kept = frontier(deals, zero(deals))
    for deal in (deals[name] for name in deals if name not in kept):
        assert min(deal) < 0 or any(all(a >= b for a, b in zip(other, deal, strict=True)) for other in kept.values())


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
@settings(deadline=None)
@given(region=regions())
def test_a_point_is_feasible_rational_and_efficient(point, region: Region) -> None:
    """Where everybody takes something of every resource, one is used up: nobody gains more without another's loss (Pareto)."""
    left = slack(region, point(region))
    assert min(over(region, point(region))) >= 0
    assert min(left) == pytest.approx(0, abs=1e-6)


@settings(deadline=None)
@given(regions(), st.lists(AMOUNTS, min_size=4, max_size=4))
def test_nash_is_the_optimum_of_weighted_logarithms(region: Region, weights: list[float]) -> None:
    """Nothing feasible has a sum of w log(u - d) better by 1e-5, with weights that add up to 1: another solver's certificate."""
    powers = [weight / sum(weights[: len(region.disagreement)]) for weight in weights[: len(region.disagreement)]]
    point = nash_point(region, powers)
    gradient = [w / gain for w, gain in zip(powers, over(region, point), strict=True)]
    assert duality_gap(point, gradient, region.rows, region.limits, [(d, None) for d in region.disagreement]) < 1e-5


@settings(deadline=None)
@given(regions(), st.lists(AMOUNTS, min_size=4, max_size=4))
def test_of_one_resource_nash_gives_each_its_weight(region: Region, weights: list[float]) -> None:
    """By closed form: u_i = d_i + (w_i / sum w) what is left / what it takes."""
    n = len(region.disagreement)
    one = Region(region.rows[:1], region.limits[:1], region.disagreement)
    left = one.limits[0] - math.fsum(a * d for a, d in zip(one.rows[0], one.disagreement, strict=True))
    expected = [d + w / sum(weights[:n]) * left / a for d, w, a in zip(one.disagreement, weights, one.rows[0], strict=False)]
    assert nash_point(one, weights[:n]) == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize("name", ["Nash", "Kalai-Smorodinsky"])
@settings(deadline=None)
@given(region=regions(), scales=st.lists(AMOUNTS, min_size=4, max_size=4))
def test_the_scale_of_a_utility_does_not_matter(name: str, region: Region, scales: list[float]) -> None:
    """Scale invariance: a party that counts in other units gets the same."""
    point = POINTS[name]
    by = scales[: len(region.disagreement)]
    scaled = Region(tuple(tuple(a / s for a, s in zip(row, by, strict=True)) for row in region.rows), region.limits,
                    tuple(d * s for d, s in zip(region.disagreement, by, strict=True)))  # fmt: skip
    expected = [u * s for u, s in zip(point(region), by, strict=True)]
    assert point(scaled) == pytest.approx(expected, rel=1e-4, abs=1e-4)


def test_to_equal_gains_the_scale_does_matter() -> None:
    """What egalitarian does not promise: one resource of 6, party 1 counts in halves; it gets 2 of its 3, and in wholes 3 of 6."""
    assert egalitarian_point(Region(((1.0, 2.0),), (6.0,), (0.0, 0.0))) == pytest.approx((2, 2))
    assert egalitarian_point(Region(((1.0, 1.0),), (6.0,), (0.0, 0.0))) == pytest.approx((3, 3))


@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
@settings(deadline=None)
@given(row=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS), limit=AMOUNTS)
def test_who_is_alike_gets_the_same(point, row: tuple[float, ...], limit: float) -> None:
    """Symmetry: resources that look the same whichever party is called which."""
    turned = tuple(row[i:] + row[:i] for i in range(3))
    same = point(Region((*turned, *(each[::-1] for each in turned)), (limit,) * 6, (0.0,) * 3))
    assert same == pytest.approx([same[0]] * 3, rel=1e-4)


@settings(deadline=None)
@given(regions(), st.lists(AMOUNTS, min_size=4, max_size=4))
def test_nash_of_less_that_holds_it_is_the_same(region: Region, row: list[float]) -> None:
    """Independence of irrelevant alternatives: one more resource, just large enough for the point, changes nothing."""
    found, more = nash_point(region), tuple(row[: len(region.disagreement)])
    limit = math.fsum(a * u for a, u in zip(more, found, strict=True))
    less = Region((*region.rows, more), (*region.limits, limit), region.disagreement)
    assert nash_point(less) == pytest.approx(found, rel=1e-3, abs=1e-3)


@settings(deadline=None)
@given(regions(), st.lists(st.floats(0.0, 3.0), min_size=3, max_size=3))
def test_kalai_smorodinsky_is_monotone(region: Region, more: list[float]) -> None:
    """Nobody loses by a larger region of the same ideal: limits on each alone keep it where the smaller one has it."""
    alone = tuple(tuple(float(i == j) for j in range(len(region.disagreement))) for i in range(len(region.disagreement)))
    ideal = tuple(d + gain for d, gain in zip(region.disagreement, region.ideal_gains(), strict=True))
    larger = tuple(limit + extra for limit, extra in zip(region.limits, more, strict=False))
    before, after = (kalai_smorodinsky_point(Region(region.rows + alone, limits + ideal, region.disagreement))
                     for limits in (region.limits, larger))  # fmt: skip
    assert all(now >= then - 1e-9 for now, then in zip(after, before, strict=True))


def test_nash_is_not_monotone() -> None:
    """What Nash does not promise: the larger region has the same ideal (1, 1), and party 1 gets 0.7 instead of 0.75."""
    small = Region(((1.0, 1.0), (1.0, 0.0), (0.0, 1.0)), (1.5, 1.0, 1.0), (0.0, 0.0))
    large = Region(((0.3, 1.0), (1.0, 0.0), (0.0, 1.0)), (1.0, 1.0, 1.0), (0.0, 0.0))
    assert large.ideal_gains() == small.ideal_gains() == (1, 1)
    assert nash_point(small) == pytest.approx((0.75, 0.75), abs=1e-5)
    assert nash_point(large) == pytest.approx((1.0, 0.7), abs=1e-5)


@settings(deadline=None)
@given(regions())
def test_equal_gains_are_as_large_as_can_be(region: Region) -> None:
    """Max-min: all gain the same, and of any feasible point the least gain is no larger, as one resource is used up."""
    gained = over(region, egalitarian_point(region))
    assert gained == pytest.approx([gained[0]] * len(gained))
    assert min(slack(region, egalitarian_point(region))) == pytest.approx(0, abs=1e-9)


def test_who_can_gain_nothing_stops_all() -> None:
    """A party whose resource is used up by disagreement: every product is 0, and the disagreement is the answer."""
    stuck = Region(((1.0, 0.0), (0.0, 1.0)), (3.0, 0.0), (1.0, 0.0))
    assert nash_point(stuck) == egalitarian_point(stuck) == (1.0, 0.0)
    assert kalai_smorodinsky_point(stuck) == (3.0, 0.0)


@pytest.mark.parametrize(("wrong", "said"), [
    (lambda: nash({"a": (1.0, 1.0)}, (0, 0), (1.0,)), "1 weights for 2 parties"),
    (lambda: nash({"a": (1.0, 1.0)}, (0, 0), (1.0, 0.0)), r"a weight = 0\.0"),
    (lambda: nash({"a": (math.nan, 1.0)}, (0, 0)), "a utility of 'a' = nan"),
    (lambda: Region(((1.0, -1.0),), (1.0,), (0.0, 0.0)), "is not a resource of 2 parties"),
    (lambda: Region(((1.0, 1.0),), (1.0,), (1.0, 1.0)), "leaves within its limit"),
    (lambda: Region(((1.0, 0.0),), (1.0,), (0.0, 0.0)), "party 1 takes nothing of any resource"),
])  # fmt: skip
def test_nonsense_is_refused(wrong, said: str) -> None:
    """With what is wrong."""
    with pytest.raises(ValueError, match=said):
        wrong()
