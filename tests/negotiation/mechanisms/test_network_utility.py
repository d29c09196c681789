"""Prices of flows: they settle at the planner's optimum below the bound of the step, and what they call for before is made to fit."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.mechanisms.bargaining import Region, nash_point
from agents.negotiation.mechanisms.network_utility import (
    Flow,
    agreed,
    fitted,
    loads,
    optimum,
    priced,
    rates_at,
    step_bound,
    step_bounds,
)
from tests.negotiation.mechanisms.optimality import duality_gap

Network = tuple[dict[str, Flow], dict[str, float]]
RESOURCES = ("cart", "db", "web")

FLOWS = st.builds(
    Flow,
    visits=st.dictionaries(st.sampled_from(RESOURCES), st.sampled_from([1.0, 2.0, 0.5]), min_size=1),
    weight=st.floats(0.5, 2.0), most=st.floats(0.5, 2.0), alpha=st.sampled_from([0.5, 1.0, 2.0]),
)  # fmt: skip
NETWORKS = st.tuples(
    st.lists(FLOWS, min_size=1, max_size=5).map(lambda flows: {f"class {i}": flow for i, flow in enumerate(flows)}),
    st.fixed_dictionaries({name: st.floats(0.5, 2.0) for name in RESOURCES}),
)


def random_network(seed: int) -> Network:
    """Four classes of other weights and ways over three resources."""
    rng = random.Random(seed)
    capacities = {name: rng.uniform(0.5, 2.0) for name in RESOURCES}
    flows = {f"class {i}": Flow({name: rng.choice([1.0, 1.0, 2.0]) for name in rng.sample(RESOURCES, rng.randint(1, 3))},
                                rng.uniform(0.5, 2.0), rng.uniform(0.5, 2.0), rng.choice([0.5, 1.0, 2.0])) for i in range(4)}  # fmt: skip
    return flows, capacities


def suboptimality(flows: dict[str, Flow], capacities: dict[str, float], rates: dict[str, float]) -> float:
    """How much more utility than these rates' anything feasible can have at most."""
    names, resources = sorted(flows), sorted(capacities)
    rows = [[flows[name].visits.get(resource, 0.0) for name in names] for resource in resources]
    gradient = [flows[name].marginal_utility(rates[name]) for name in names]
    bounds = [(0.0, flows[name].most) for name in names]
    return duality_gap([rates[name] for name in names], gradient, rows, [capacities[each] for each in resources], bounds)


def dual(flows: dict[str, Flow], capacities: dict[str, float], prices: dict[str, float]) -> float:
    """What prices promise: the best each class can do at them, and what the capacities would bring. Never less than the optimum."""
    rates = rates_at(flows, prices)
    kept = [flows[name].utility(rates[name]) - flows[name].path_price(prices) * rates[name] for name in flows]
    return math.fsum([*kept, *(capacities[each] * prices[each] for each in capacities)])


def line(links: int) -> Network:
    """Kelly's example: one class through all links, and one through each alone; all links of capacity 1."""
    capacities = {f"link {i}": 1.0 for i in range(links)}
    flows = {"long": Flow(dict.fromkeys(capacities, 1.0), 1.0, 2.0)}
    return flows | {f"short {i}": Flow({f"link {i}": 1.0}, 1.0, 2.0) for i in range(links)}, capacities


@pytest.mark.parametrize("links", [1, 2, 3, 5])
def test_a_line_by_closed_form(links: int) -> None:
    """Proportional fairness gives the long class 1 / (n + 1) and each short one n / (n + 1); a link's price is (n + 1) / n."""
    found = agreed(*line(links), tolerance=1e-7, rounds_max=100_000)
    assert found.is_settled
    assert found.rates["long"] == pytest.approx(1 / (links + 1), abs=1e-5)
    assert found.rates["short 0"] == pytest.approx(links / (links + 1), abs=1e-5)
    assert found.prices["link 0"] == pytest.approx((links + 1) / links, abs=1e-4)


@pytest.mark.parametrize("seed", range(20))
def test_prices_settle_at_the_optimum(seed: int) -> None:
    """For steps of 0.9 of each resource's bound: the planner's rates within 1e-4; nothing too much; what has slack is free."""
    flows, capacities = random_network(seed)
    found = agreed(flows, capacities, tolerance=1e-7, rounds_max=100_000)
    assert found.is_settled
    assert found.rates == pytest.approx(optimum(flows, capacities), abs=1e-4)
    coming = loads(flows, found.rates, capacities)
    assert all(coming[each] - capacities[each] <= 1e-6 for each in capacities)
    assert all(found.prices[each] * (capacities[each] - coming[each]) <= 1e-6 for each in capacities)


@pytest.mark.parametrize("seed", range(5))
def test_they_settle_with_one_step_for_all_below_low_and_lapsleys_bound(seed: int) -> None:
    """g < 2 / (a L S): the same rates, in more rounds than with a step for each resource."""
    flows, capacities = random_network(seed)
    one, each = (agreed(flows, capacities, step, 200_000, 1e-6) for step in (0.9 * step_bound(flows), None))
    assert one.is_settled and each.is_settled
    assert one.rates == pytest.approx(each.rates, abs=1e-4)
    assert one.rounds >= each.rounds


@settings(deadline=None)
@given(NETWORKS)
def test_the_planners_rates_are_the_best_there_are(network: Network) -> None:
    """They fit, and nothing that fits is worth more by 1e-5: another solver's certificate."""
    flows, capacities = network
    rates = optimum(flows, capacities)
    assert all(load <= capacities[each] * (1 + 1e-12) for each, load in loads(flows, rates, capacities).items())
    assert suboptimality(flows, capacities, rates) < 1e-5


@settings(deadline=None)
@given(NETWORKS, st.dictionaries(st.sampled_from(RESOURCES), st.floats(0, 3)), st.booleans())
def test_a_round_never_makes_the_prices_worse(network: Network, prices: dict[str, float], is_one_step: bool) -> None:
    """Below either bound the dual falls from round to round, from wherever it begins: that is why the prices converge."""
    flows, capacities = network
    now = dict.fromkeys(capacities, 0.0) | prices
    steps = dict.fromkeys(capacities, step_bound(flows)) if is_one_step else step_bounds(flows)
    for _ in range(5):
        coming = loads(flows, rates_at(flows, now), capacities)
        after = {each: priced(now[each], coming[each], capacities[each], 0.99 * steps.get(each, 1.0)) for each in now}
        assert dual(flows, capacities, after) <= dual(flows, capacities, now) + 1e-9
        now = after


@settings(deadline=None)
@given(NETWORKS)
def test_a_step_for_each_resource_is_never_the_shorter_one(network: Network) -> None:
    """Low and Lapsley's bound takes the worst of everything at once."""
    flows, _ = network
    assert all(bound >= step_bound(flows) * (1 - 1e-9) for bound in step_bounds(flows).values())


@settings(deadline=None)
@given(FLOWS)
def test_what_a_class_sends_is_where_its_marginal_utility_is_the_price(flow: Flow) -> None:
    """All it has up to a price, and from there on less, most steeply at once: by `flatness`, which the steps are bounded by."""
    price = flow.marginal_utility(flow.most)
    assert flow.rate_at(0.0) == flow.rate_at(price) == flow.most
    assert flow.marginal_utility(flow.rate_at(2 * price)) == pytest.approx(2 * price)
    slopes = [(flow.rate_at(times * price) - flow.rate_at((times + 1e-6) * price)) / (1e-6 * price) for times in (1.0, 1.5, 3.0)]
    assert slopes[0] == pytest.approx(flow.flatness, rel=1e-3)
    assert slopes[0] > slopes[1] > slopes[2]


def test_beyond_the_bound_prices_may_never_settle() -> None:
    """What is not promised: one class of weight 1 and most 2 on 1.1; nine times the bound swings between too dear and free."""
    flows, capacities = {"a": Flow({"db": 1.0}, 1.0, 2.0)}, {"db": 1.1}
    assert agreed(flows, capacities).is_settled
    assert not agreed(flows, capacities, 9 * step_bound(flows), 5000).is_settled


@settings(deadline=None)
@given(NETWORKS, st.lists(st.floats(0, 5), min_size=5, max_size=5))
def test_what_is_fitted_fits(network: Network, rates: list[float]) -> None:
    """No resource gets more than it has, nobody is given more than before, and what fitted stays as it was."""
    flows, capacities = network
    wanted = dict(zip(flows, rates, strict=False))
    found = fitted(flows, capacities, wanted)
    assert all(load <= capacities[each] * (1 + 1e-12) for each, load in loads(flows, found, capacities).items())
    assert all(0 <= found[name] <= wanted[name] for name in flows)
    again = fitted(flows, capacities, {name: rate * (1 - 1e-12) for name, rate in found.items()})
    assert again == {name: rate * (1 - 1e-12) for name, rate in found.items()}


def test_on_the_way_the_rates_do_not_fit() -> None:
    """Transient infeasibility is expected: the first round's prices are 0, and everybody sends all it has."""
    flows, capacities = line(2)
    first = agreed(flows, capacities, rounds_max=1)
    assert not first.is_settled
    assert loads(flows, first.rates, capacities) == {"link 0": 4.0, "link 1": 4.0}
    assert fitted(flows, capacities, first.rates) == {"long": 0.5, "short 0": 0.5, "short 1": 0.5}


@settings(deadline=None)
@given(st.lists(st.tuples(*[st.floats(0.5, 2)] * 3), min_size=1, max_size=3), st.lists(st.floats(0.5, 2), min_size=3))
def test_proportional_fairness_is_a_nash_bargain(rows: list[tuple[float, ...]], weights: list[float]) -> None:
    """For weighted logarithms the planner's rates are Nash's point of the same resources, from a disagreement of 0."""
    capacities = {RESOURCES[j]: 1.0 for j in range(len(rows))}
    flows = {f"class {i}": Flow({RESOURCES[j]: row[i] for j, row in enumerate(rows)}, weights[i], 10.0) for i in range(3)}
    point = nash_point(Region(tuple(rows), tuple(capacities.values()), (0.0,) * 3), weights[:3])
    assert list(optimum(flows, capacities).values()) == pytest.approx(point, abs=1e-3)


def test_who_has_more_weight_gets_more() -> None:
    """Of one resource in proportion to weights, 1 : 3; the larger alpha, the nearer to halves."""
    by_alpha = [optimum({"a": Flow({"db": 1.0}, 1.0, 4.0, alpha), "b": Flow({"db": 1.0}, 3.0, 4.0, alpha)}, {"db": 4.0})["a"]
                for alpha in (1.0, 4.0)]  # fmt: skip
    assert by_alpha[0] == pytest.approx(1.0, abs=1e-4)
    assert 1.0 < by_alpha[1] < 2.0


@pytest.mark.parametrize(("wrong", "said"), [
    (lambda: Flow({}, 1.0, 1.0), r"visits = 0\.0"),
    (lambda: Flow({"db": 1.0}, -1.0, 1.0), r"weight, most and alpha = -1\.0"),
    (lambda: agreed({}, {"db": 1.0}), "no flow"),
    (lambda: agreed({"a": Flow({"db": 1.0}, 1.0, 1.0)}, {}), "the capacity of 'db' is missing"),
    (lambda: optimum({"a": Flow({"db": 1.0}, 1.0, 1.0)}, {"db": 0.0}), r"a capacity = 0\.0"),
    (lambda: agreed({"a": Flow({"db": 1.0}, 1.0, 1.0)}, {"db": 1.0}, step=0.0), "step, rounds_max and tolerance"),
    (lambda: agreed({"a": Flow({"db": 1.0}, 1.0, 1.0)}, {"db": 1.0}, prices={}), "the price of 'db' is missing"),
])  # fmt: skip
def test_nonsense_is_refused(wrong, said: str) -> None:
    """With the value and the rule."""
    with pytest.raises(ValueError, match=said):
        wrong()
