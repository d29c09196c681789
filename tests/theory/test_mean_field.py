"""Many servers, and requests that go to the least busy of a few drawn at random: the mean field finds its figure.

The limit is of infinitely many servers; what n of them differ by is of order 1/n, and less than `FINITE` at these sizes.
"""

from __future__ import annotations

from functools import cache

import pytest

from scenarios.load import load
from tests.scenarios.answers import lived
from tests.theory import oracles
from tests.theory.test_closed_forms import Estimate

SERVICE_MS, FINITE = 10.0, 0.005
# load, choices, servers, seconds of warm-up and of measuring: the heavier the load, the longer both
CASES = [
    pytest.param(0.9, 2, 1000, 2, 10), pytest.param(0.95, 2, 1000, 4, 12), pytest.param(0.9, 3, 1000, 2, 10),
    pytest.param(0.95, 3, 1000, 4, 12, marks=pytest.mark.slow), pytest.param(0.99, 2, 4000, 20, 30, marks=pytest.mark.slow),
]  # fmt: skip
SEEDS = range(1, 6)


@cache
def number(rho: float, choices: int, servers: int, warmup: int, measured: int, seed: int) -> tuple[float, float]:
    """Jobs a server: by Little from the mean time of requests, and from the integral over the whole run."""
    world = load("p2c_mean_field").with_(**{
        "services.servers.replicas": servers, "workload.jobs.load": rho * servers / 475,
        "routes.gate -> servers.lb_policy": {"least_request": {"choice_count": choices}},
        "warmup": f"{warmup}s", "duration": f"{warmup + measured}s",
    })  # fmt: skip
    seen = lived(world, seed).plane.observe()
    (tally,) = seen.intervals[:1]
    pods = seen.pods[seen.pod_service == 1]
    by_time = oracles.little_number(rho, tally["latency_ns"] / tally["succeeded"] / 1e6 / SERVICE_MS)
    return by_time, pods["present_area_ns"].sum() / servers / seen.now_ns


@pytest.mark.parametrize(("rho", "choices", "servers", "warmup", "measured"), CASES)
def test_jobs_a_server(rho, choices, servers, warmup, measured):
    """|z| <= 4, and the half-width at most 1 % (2 % at 95 % load and more, where servers are slow to forget)."""
    found = [number(rho, choices, servers, warmup, measured, seed)[0] for seed in SEEDS]
    estimate = Estimate(found, oracles.power_of_choices_mean_number(rho, choices), FINITE)
    assert estimate.z <= 4
    assert estimate.half_width <= (0.01 if rho < 0.95 else 0.02)


def test_the_first_second_is_emptier():
    """Little's number and the integral agree but for the start, when servers were empty: the integral is smaller by a little."""
    by_time, by_integral = number(0.9, 2, 1000, 2, 10, 1)
    assert 0.98 * by_time < by_integral < by_time


def test_a_view_of_ones_own_is_nearly_blind():
    """Fifty callers that see a fiftieth of the requests each: more than twice the time, still less than half of random's."""
    shared, own = (lived(load("p2c_mean_field").with_(**{"routes.gate -> servers.view": view})).plane.observe().intervals[0]
                   for view in ("service", "caller"))  # fmt: skip
    slower = (own["latency_ns"] / own["succeeded"]) / (shared["latency_ns"] / shared["succeeded"])
    random = oracles.mm1_mean(0.095, SERVICE_MS) / (oracles.power_of_choices_mean_number(0.95) / 0.95 * SERVICE_MS)
    assert 2 < slower < random / 2
