"""Inside the pod: disciplines and shared cores find what queueing theory proves, over seeds 1 to 5."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from sim.build import build_plane
from sim.laws.measuring import BUCKETS, bucket_bounds
from tests.conservation import assert_drained
from tests.theory import oracles
from tests.theory.test_closed_forms import MS, Estimate, S
from tests.worlds import with_pods, world

MIDDLES_MS = np.array([sum(bucket_bounds(i)) / 2 for i in range(BUCKETS)]) / MS
REQUESTS, WARMUP_S = 250_000, 20
SERVICES = ["10ms", "{exponential: 10ms}", "{mixture: [{weight: 9, of: {exponential: 5ms}}, {weight: 1, of: {exponential: 55ms}}]}"]


@cache
def observed(service: str, rates: tuple[tuple[str, float], ...], seed: int) -> Any:
    """A world of one service and classes of these priorities and rates a second, until its last request has left."""
    seconds = round(REQUESTS / sum(rate for _, rate in rates)) + WARMUP_S
    workload = "".join(f"  {name}: {{entry: a.x, priority: {name}, arrivals: {{poisson: {rate}/s}}}}\n" for name, rate in rates)
    scenario = world(f"services: {{a: {{{service}}}}}\nduration: {seconds}s\nwarmup: {WARMUP_S}s\nworkload:\n{workload}")
    plane = with_pods(build_plane(scenario, seed, "fast"))
    plane.advance((seconds + 100) * S)
    seen = plane.observe()
    assert_drained(seen, plane.layout)
    return seen


def moments_ms(service: str, rates: tuple[tuple[str, float], ...], index: int = 0) -> tuple[list[float], list[float]]:
    """Mean time and mean square of it of a class, by seed."""
    runs = [observed(service, rates, seed) for seed in range(1, 6)]
    means = [one.intervals[index]["latency_ns"] / one.intervals[index]["succeeded"] / MS for one in runs]
    squares = [float(np.average(MIDDLES_MS**2, weights=one.interval_histogram[index])) for one in runs]
    return means, squares


ONE = (("critical", 70.0),)


@pytest.mark.parametrize("service", SERVICES)
def test_processor_sharing_is_insensitive(service):
    """L12: M/G/1-PS: the mean is s/(1-ρ) for constant, exponential and very variable work alike."""
    pod = f"workers: 100000, resources: {{limits: {{cpu: 1}}, cpu_model: ps}}, endpoints: {{x: [{{work: {service}}}]}}"
    estimate = Estimate(moments_ms(pod, ONE)[0], oracles.ps_mean(0.07, 10))
    assert estimate.z <= 4
    assert estimate.half_width <= 0.05


def test_sharing_two_cores():
    """L12: with exponential work the number inside an M/M/2 does not care who is served, nor how evenly."""
    means, _ = moments_ms(
        "workers: 100000, resources: {limits: {cpu: 2}, cpu_model: ps}, endpoints: {x: [{work: {exponential: 10ms}}]}",
        (("critical", 150.0),))
    estimate = Estimate(means, oracles.mmc_mean(0.15, 10, 2))
    assert estimate.z <= 4
    assert estimate.half_width <= 0.03


@pytest.mark.parametrize("discipline", ["fifo", "lifo"])
def test_the_order_changes_the_spread_alone(discipline):
    """Q5: first or last come, first served: the same mean wait in an M/M/1, and 1/(1-ρ) times the mean square."""
    service = f"queue: {{discipline: {discipline}}}, endpoints: {{x: [{{work: {{exponential: 10ms}}}}]}}"
    means, squares = moments_ms(service, ONE)
    wait = oracles.mm1_mean(0.07, 10) - 10
    waited = oracles.mm1_wait_square(0.07, 10, last_in_first_out=discipline == "lifo")
    assert Estimate(means, wait + 10).z <= 4
    square = Estimate(squares, waited + 2 * wait * 10 + 2 * 10**2, unsure=0.004)  # (W + S)², W and S independent
    assert square.z <= 4
    assert square.half_width <= 0.2


@pytest.mark.parametrize("model", ["async", "thread"])
def test_priorities(model):
    """Q5: Cobham's waits of three classes at 80 % load, nobody interrupted."""
    rates = (("critical", 20.0), ("degraded", 30.0), ("bulk", 30.0))
    service = f"model: {model}, queue: {{discipline: priority}}, endpoints: {{x: [{{work: {{exponential: 10ms}}}}]}}"
    for index, wait in enumerate(oracles.priority_waits([rate / 1000 for _, rate in rates], 10)):
        means, _ = moments_ms(service, rates, index)
        estimate = Estimate(means, wait + 10)
        assert estimate.z <= 4
        assert estimate.half_width <= 0.08
