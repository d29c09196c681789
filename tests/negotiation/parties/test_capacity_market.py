"""The market of LEARNING in requests: with slack all are alike, short of capacity markets of pods lose and flow wins."""

from __future__ import annotations

import functools
from statistics import mean

import pytest

from parley.runs.running import ordered
from parley.runs.trials import trial
from parley.statistics.intervals import difference
from scenarios.load import load

SEEDS = range(1, 4)


@functools.cache
def earned(by: str, capacity: int, seed: int) -> float:
    """The share of worth that good answers earned."""
    world = load("capacity_market", [f"negotiations.pods.pool.by={by}", f"negotiations.pods.pool.capacity={capacity}", "duration=14m"])
    return float(trial(ordered(world, seed=seed))["negotiation"]["earned"])


def series(by: str, capacity: int) -> list[float]:
    """Seed by seed."""
    return [earned(by, capacity, seed) for seed in SEEDS]


def test_with_slack_rules_of_one_want_are_alike() -> None:
    """To the bit: everyone is granted what he wants."""
    alike = [series(by, 40) for by in ("proportional", "strict_priority", "uniform_price", "vcg", "nash")]
    assert all(one == alike[0] for one in alike)


def test_flow_is_within_a_tenth_of_who_sees_the_future_where_capacity_binds() -> None:
    """Of what the clairvoyant planner earns, seed by seed."""
    for flow, best in zip(series("dual", 20), series("{planner: {view: clairvoyant}}", 20), strict=True):
        assert flow >= 0.9 * best


def test_in_deep_shortage_flow_beats_first_come_and_a_market_of_pods_does_not() -> None:
    """Complements: a pod of one stage is worth nothing while another stage is short."""
    first = series("first_come", 12)
    flow, market = (difference(first, series(by, 12), same_seeds=True) for by in ("dual", "uniform_price"))
    assert flow.difference - flow.half_width > 0.05
    assert market.difference - market.half_width < 0.0


@pytest.mark.parametrize("capacity", [12, 20])
def test_prices_of_flow_do_as_a_planner_with_the_same_view(capacity: int) -> None:
    """They settle at what it solves: on average within a hundredth, and both far above nobody."""
    prices, planner, nobody = (series(by, capacity) for by in ("dual", "planner", "first_come"))
    assert abs(mean(prices) - mean(planner)) < 0.01
    assert min(mean(prices), mean(planner)) - mean(nobody) > 0.08


@pytest.mark.parametrize("capacity", [12, 20, 26])
@pytest.mark.parametrize("by", ["planner", "dual", "uniform_price", "first_come"])
def test_who_sees_the_future_does_better_than_all(by: str, capacity: int) -> None:
    """The reference is one: seed by seed nobody earns more."""
    assert all(mine <= best for mine, best in zip(series(by, capacity), series("{planner: {view: clairvoyant}}", capacity), strict=True))
