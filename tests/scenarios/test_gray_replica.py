"""One slow pod of fifty: what it costs at a load it can still bear is known exactly for two ways to choose a pod.

At 15 % load with one worker a pod, the slow one is 75 % busy. Chosen at random, pods are fifty M/M/1; in turn, each gets every
fiftieth request, nearly evenly spaced, and is a D/M/1. So 98 % of the times are exponential with one mean and 2 % with another.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from scenarios.load import load
from sim.plane import Observation
from tests.scenarios.answers import lived
from tests.theory import oracles
from tests.theory.test_closed_forms import Estimate, quantile

PODS, SERVICE_MS, SLOWER, RHO = 50, 10.0, 5, 0.15
ROUTES = {"chancers -> by-chance": 0, "rotators -> in-turn": 1, "choosers -> by-least": 2}  # and the place of each class and service


@cache
def light(seed: int, seconds: int = 900) -> Observation:
    """The world at 15 % load, one worker a pod, slow from the start, and nobody gives up."""
    world = load("gray_replica")
    changes = {f"services.{name}.workers": 1 for name in world.services}
    changes |= {f"faults.{name}.at": "0s" for name in world.faults}
    changes |= {f"workload.{name}.load": RHO * PODS * 100 / 6000 for name in world.workload}
    routes = {f"routes.{route}.timeout": None for route in ROUTES}
    return lived(world.with_(**changes, **routes, expect=[], duration=f"{seconds}s"), seed).plane.observe()


def p99s(place: int) -> list[float]:
    """The 99th percentile of a class under each seed, ms."""
    return [quantile(light(seed).interval_histogram[place], 0.99) / 1e6 for seed in range(1, 6)]


def expected(means: list[float]) -> float:
    """Of 98 % that met a well pod and 2 % that met the slow one."""
    return oracles.mixed_exponential_quantile(means, [1 - 1 / PODS, 1 / PODS], 0.99)


def test_at_random():
    """p99 138.7 ms, where fifty well pods would have 54 ms: 2 % of requests, twice what a p99 forgives, find the slow one."""
    rate = RHO / SERVICE_MS
    truth = expected([oracles.mm1_mean(rate, SERVICE_MS), oracles.mm1_mean(rate, SLOWER * SERVICE_MS)])
    assert truth == pytest.approx(138.7, abs=0.1)
    assert oracles.mm1_quantile(rate, SERVICE_MS, 0.99) == pytest.approx(54.2, abs=0.1)
    found = Estimate(p99s(0), truth)
    assert (found.z <= 4, found.half_width <= 0.1) == (True, True)


def test_in_turn():
    """p99 80 ms: a rotation spares the slow pod the bursts, and sends it as many. Fifty Poisson gaps are nearly, not quite, even."""
    rate = RHO / SERVICE_MS
    found = Estimate(p99s(1), expected([oracles.dm1_mean(rate, SERVICE_MS), oracles.dm1_mean(rate, SLOWER * SERVICE_MS)]), unsure=0.02)
    assert (found.z <= 4, found.half_width <= 0.1) == (True, True)


def test_by_the_least_of_two():
    """p99 54 ms, as if no pod were slow: it is sent two thirds of its fiftieth, and nothing while it is busy and another is not."""
    assert np.mean(p99s(2)) < 56
    seen = light(1)
    visits = seen.pods["visits"][seen.pod_service == 2]
    assert 0.5 / PODS < visits.min() / visits.sum() < 0.95 / PODS


@pytest.mark.parametrize(("place", "low", "high"), [(0, 0.019, 0.021), (1, 0.0199, 0.0201), (2, 0.004, 0.008)])
def test_what_the_slow_pod_is_sent(place, low, high):
    """At 60 % load: its fiftieth, by chance and in turn; by the least of two about what it can serve, 40/s of 6,000."""
    seen = lived(load("gray_replica").with_(**{f"faults.{name}.at": "0s" for name in load("gray_replica").faults})).plane.observe()
    pods = seen.pods[seen.pod_service == place]
    slowest = np.argmax(pods["inside_ns"] / np.maximum(pods["succeeded"], 1))
    assert low < pods["visits"][slowest] / pods["visits"].sum() < high
