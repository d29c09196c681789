"""Plans over rounds to come: one round is brute force's, and pods are not moved for less than their start costs."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from agents.negotiation.parties.flows.flow_ahead import Ahead, planned_ahead
from agents.negotiation.parties.flows.flow_plan import pods_for, units_of
from agents.negotiation.parties.valuing import Outlook
from tests.negotiation.parties.test_flow_plan import TRADES, best_by_force, chains, worth

AT_ONCE = dict.fromkeys(TRADES, 0)
STANDING = {"front": 3, "left": 2, "right": 1}


@settings(max_examples=25, deadline=None)
@given(a=st.floats(5, 60), b=st.floats(5, 60), visits=st.sampled_from([0.5, 1.0, 2.0]), capacity=st.integers(4, 10), price=st.floats(0, 20))
def test_one_round_of_pods_that_serve_at_once_is_as_good_as_any(a: float, b: float, visits: float, capacity: int, price: float) -> None:
    """Against every division into whole pods; within what drawing the worth of flow straight between quantiles costs."""
    classes, outlooks = chains(visits), {"a": Outlook(a, 0.2 * a), "b": Outlook(b, 0.2 * b)}
    plan = planned_ahead(classes, TRADES, Ahead([outlooks], dict.fromkeys(TRADES, 9), AT_ONCE), capacity, price)
    assert units_of(plan.pods, TRADES) <= capacity
    assert all(plan.pods[name] >= count for name, count in pods_for(plan.rates, classes, TRADES).items())
    forced = best_by_force(classes, outlooks, capacity, price)
    assert worth(plan.rates, classes, outlooks, plan.pods, price) >= forced - 0.01 * abs(forced) - 0.5


def moved(rounds: int, starts: int) -> bool:
    """Whether a pod goes from `left` to `right`, if class a is to be worth less than b for so many rounds, and starts take so long."""
    classes = chains(1.0)
    classes["a"] = replace(classes["a"], worth=0.9)
    ahead = Ahead([{"a": Outlook(20.0), "b": Outlook(20.0)}] * rounds, STANDING, dict.fromkeys(TRADES, starts))
    return planned_ahead(classes, TRADES, ahead, 6, 0.0).pods["right"] > STANDING["right"]


def test_a_pod_is_not_moved_for_less_than_its_start_costs() -> None:
    """A tenth more worth pays for a move at once, not for a round without the pod in three; for one in thirty it does."""
    assert moved(3, 0)
    assert not moved(3, 1)
    assert moved(30, 1)


def test_pods_come_before_the_tide() -> None:
    """What is needed in two rounds is asked for now, if a start takes two."""
    calm, tide = {"a": Outlook(10.0), "b": Outlook(0.0)}, {"a": Outlook(10.0), "b": Outlook(20.0)}
    for starts, right in ((2, 2), (0, 1)):
        ahead = Ahead([calm, calm, tide, tide], STANDING, dict.fromkeys(TRADES, starts))
        assert planned_ahead(chains(1.0), TRADES, ahead, 11, 0.5).pods["right"] == right


def test_floors_that_are_too_much_are_kept() -> None:
    """Nobody gets more than the floor, nothing flows."""
    plan = planned_ahead(chains(1.0), TRADES, Ahead([{"a": Outlook(10), "b": Outlook(10)}], STANDING, AT_ONCE), 2, 1.0)
    assert plan.pods == {"front": 1, "left": 1, "right": 1} and set(plan.rates.values()) == {0.0}


def test_classes_that_peak_in_turn_are_told_no_more_than_their_pods_carry() -> None:
    """What each would need at its own height is more than the member that they share has."""
    heights = [{"a": Outlook(60.0), "b": Outlook(5.0)}, {"a": Outlook(5.0), "b": Outlook(60.0)}]
    classes = chains(1.0)
    ahead = Ahead([*heights, heights[0]], {"front": 7, "left": 6, "right": 6}, dict.fromkeys(TRADES, 1))
    plan = planned_ahead(classes, TRADES, ahead, 19, 0.0)
    for service, count in plan.pods.items():
        assert sum(rate * classes[name].pods.get(service, 0.0) for name, rate in plan.rates.items()) <= count + 1e-9
    assert plan.rates["a"] > 59.9  # which is what comes now
