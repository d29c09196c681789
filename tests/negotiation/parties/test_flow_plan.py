"""Plans of flow: against brute force over whole pods, and within the capacity whatever is asked."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.parties.flows.flow_plan import divided, fitted, planned, pods_for, served_by_floors, units_of
from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.valuing import Outlook
from scenarios.schema.negotiating import Member

FLOOR = Member(floor=1)
TRADES = {name: Trade(name, 10.0, 1.0, FLOOR) for name in ("front", "left", "right")}


def chains(visits: float) -> dict[str, FlowClass]:
    """Two chains through one front."""
    return {"a": FlowClass("a", 3.0, {"front": 0.1, "left": 0.1 * visits}), "b": FlowClass("b", 1.0, {"front": 0.1, "right": 0.1})}


def worth(rates: dict[str, float], classes: dict[str, FlowClass], outlooks: dict[str, Outlook], pods: dict[str, int],
          price: float) -> float:  # fmt: skip
    """What a plan is worth an hour, less what its units cost."""
    earned = sum(3.6 * one.worth * (outlooks[name].served(rates[name]) - outlooks[name].served(0.0)) for name, one in classes.items())
    return earned - price * units_of(pods, TRADES)


def best_by_force(classes: dict[str, FlowClass], outlooks: dict[str, Outlook], capacity: int, price: float) -> float:
    """Over every division into whole pods, and flows on a fine grid."""
    best = -1e18
    for front, left, right in itertools.product(range(1, capacity + 1), repeat=3):
        if front + left + right > capacity:
            continue
        ways = classes["a"].pods["left"]
        for step in range(41):
            a = min(left / ways, front * 10.0) * step / 40
            b = min(right * 10.0, front * 10.0 - a)
            pods = {"front": front, "left": left, "right": right}
            best = max(best, worth({"a": a, "b": b}, classes, outlooks, pods, price))
    return best


@settings(max_examples=25, deadline=None)
@given(a=st.floats(5, 60), b=st.floats(5, 60), visits=st.sampled_from([0.5, 1.0, 2.0]), capacity=st.integers(4, 10), price=st.floats(0, 20))
def test_divisible_pods_are_worth_no_less_than_whole_ones(a: float, b: float, visits: float, capacity: int, price: float) -> None:
    """Flows over all units, were pods divisible, are worth what any whole pods are, but for drawing worth straight between quantiles."""
    classes, outlooks = chains(visits), {"a": Outlook(a, 0.2 * a), "b": Outlook(b, 0.2 * b)}
    rates = divided(classes, TRADES, outlooks, capacity, price)
    units = sum(rate * classes[name].units(TRADES) for name, rate in rates.items())
    assert units <= capacity + 1e-6
    forced = best_by_force(classes, outlooks, capacity, price)
    assert worth(rates, classes, outlooks, {}, price) - price * units >= forced - 0.01 * abs(forced) - 0.5


@settings(max_examples=50, deadline=None)
@given(a=st.floats(0, 200), b=st.floats(0, 200), capacity=st.integers(3, 40), price=st.floats(0, 20), spread=st.floats(0, 0.5))
def test_a_plan_fits_in_whole_pods(a: float, b: float, capacity: int, price: float, spread: float) -> None:
    """No more units than there are, and pods for all that flows."""
    classes, outlooks = chains(1.0), {"a": Outlook(a, spread * a), "b": Outlook(b, spread * b)}
    plan = planned(classes, TRADES, outlooks, capacity, price)
    assert units_of(plan.pods, TRADES) <= capacity
    assert all(plan.pods[name] >= count for name, count in pods_for(plan.rates, classes, TRADES).items())


@settings(max_examples=50, deadline=None)
@given(a=st.floats(5, 100), b=st.floats(5, 100), capacity=st.integers(6, 30), price=st.floats(0.01, 20))
def test_a_plan_is_what_prices_settle_at(a: float, b: float, capacity: int, price: float) -> None:
    """At the price at which classes want no more than there is, each wants the flow that the planner gives it, within a stretch."""
    classes, outlooks = chains(1.0), {"a": Outlook(a, 0.2 * a), "b": Outlook(b, 0.2 * b)}
    taken = {name: one.units(TRADES) for name, one in classes.items()}

    def wanted(at: float) -> dict[str, float]:
        return {name: outlooks[name].exceeded_by(max(0.001, at * taken[name] / (3.6 * one.worth))) for name, one in classes.items()}

    low, high = price, 1000.0
    for _ in range(60):
        middle = (low + high) / 2
        is_enough = sum(rate * taken[name] for name, rate in wanted(middle).items()) <= capacity
        low, high = (low, middle) if is_enough else (middle, high)
    rates = divided(classes, TRADES, outlooks, capacity, price)
    for name, rate in wanted(high).items():
        assert rates[name] == pytest.approx(rate, abs=0.2 * outlooks[name].rate)


@given(a=st.just(0.0) | st.floats(0.01, 500), b=st.floats(0.01, 500), capacity=st.integers(3, 40), most=st.sampled_from([1.0, 1.5]))
def test_flows_are_made_to_fit(a: float, b: float, capacity: int, most: float) -> None:
    """All by one factor, whole pods within the capacity, and no factor that is a thousandth more would do."""
    classes, rates = chains(1.0), {"a": a, "b": b}
    plan = fitted(rates, classes, TRADES, capacity, most)
    assert units_of(plan.pods, TRADES) <= capacity
    factor = plan.rates["a"] / a if a else plan.rates["b"] / b if b else most
    assert plan.rates["b"] == pytest.approx(b * factor)
    if factor < most - 1e-3:
        more = {name: rate * (factor + 1e-3) for name, rate in rates.items()}
        assert units_of(pods_for(more, classes, TRADES), TRADES) > capacity


def test_floors_that_are_too_much_are_kept() -> None:
    """Nobody gets more than the floor, nothing flows."""
    plan = planned(chains(1.0), TRADES, {"a": Outlook(10), "b": Outlook(10)}, 2, 1.0)
    assert plan.pods == {"front": 1, "left": 1, "right": 1} and set(plan.rates.values()) == {0.0}


@given(a=st.floats(0.1, 100), b=st.floats(0.1, 100), visits=st.sampled_from([0.5, 1.0, 2.0]))
def test_floors_are_filled(a: float, b: float, visits: float) -> None:
    """No member has more than its floor serves, and no class could have more."""
    classes = {name: replace(one, mean_rate=rate) for (name, one), rate in zip(chains(visits).items(), (a, b), strict=True)}
    rates = served_by_floors(classes, TRADES)
    taken = {service: sum(rates[name] * one.pods.get(service, 0.0) for name, one in classes.items()) for service in TRADES}
    assert all(pods <= 1 + 1e-9 for pods in taken.values())
    assert all(max(taken[service] for service in one.pods) >= 1 - 1e-9 for one in classes.values())
