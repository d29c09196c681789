"""Queues that feed each other: closed networks and calls that come back, in the fast engine.

Seeds 1 to 30 are the slow set; the first five run every time, with wider half-widths. All services are exponential with one
mean wherever a station is visited, first come, first served, and `async`: a visit that waits for an answer holds no
worker, so a station is its queue and its workers and nothing else, as product form needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from sim.build import build_plane
from tests.theory import oracles
from tests.theory.test_closed_forms import MS, SEEDS, WIDER, Estimate, S
from tests.worlds import with_pods, world

WARMUP_S = 20


def both(names: list[str]) -> list:
    """Every name with the sample of seeds and, slow, with all."""
    return [pytest.param(name, size, marks=[pytest.mark.slow] if size == "full" else [], id=f"{name}, {size}")
            for size in SEEDS for name in names]  # fmt: skip


@dataclass(frozen=True)
class Network:
    """A world, its stations, and what theory says of it; times in ms."""

    services: str
    arrivals: str
    stations: list[tuple[float, int]]  # mean service, servers
    visits: list[float]  # of one request to each station
    throughput: float  # requests a ms
    mean: float  # time of a request
    seconds: int  # measured


def closed(users: int, think_ms: float, stations: list[tuple[float, int, float]], services: str, seconds: int) -> Network:
    """Users with an exponential think time, by exact mean value analysis."""
    throughput, response = oracles.closed_network(users, think_ms, stations)
    arrivals = f"users: {{count: {users}, think: {{exponential: {think_ms}ms}}}}"
    return Network(services, arrivals, [one[:2] for one in stations], [one[2] for one in stations], throughput, response, seconds)


def feedback(rate: float, stations: list[tuple[float, int]], visits: list[float], services: str, delay: float = 0.0) -> Network:
    """A Jackson network; `rate` is in requests a ms."""
    mean = oracles.jackson_mean(rate, stations, visits, delay)
    return Network(services, f"poisson: {1000 * rate}/s", stations, visits, rate, mean, round(400 / rate))


CHAIN = """
  a: {workers: 2, endpoints: {x: [{work: {exponential: 4ms}}, {call: b.x}]}}
  b: {workers: 4, endpoints: {x: [{work: {exponential: 12ms}}, {call: c.x}]}}
  c: {endpoints: {x: [{work: {exponential: 2.5ms}}]}}
"""
TWICE = """
  a: {endpoints: {x: [{work: {exponential: 3ms}}, {call: b.x}, {work: {exponential: 3ms}}]}}
  b: {workers: 3, endpoints: {x: [{work: {exponential: 12ms}}]}}
"""
AGAIN = "\n  a: {workers: 2, endpoints: {x: [{work: {exponential: 10ms}}, {branch: [{probability: 40%, steps: [{call: a.x}]}]}]}}\n"
ROUND = """
  a: {workers: 2, endpoints: {x: [{work: {exponential: 5ms}}, {call: b.x}]}}
  b: {endpoints: {x: [{work: {exponential: 4ms}}, {branch: [{probability: 50%, steps: [{call: a.x}]}]}]}}
"""
BACK = """
  a: {workers: 3, endpoints: {x: [{work: {exponential: 5ms}}, {call: b.x}, {work: {exponential: 5ms}}]}}
  b: {endpoints: {x: [{work: {exponential: 4ms}}, {branch: [{probability: 50%, steps: [{call: a.x}]}]}]}}
"""
CASES = {
    "closed, few users": closed(5, 20, [(4, 2, 1), (12, 4, 1), (2.5, 1, 1)], CHAIN, 600),
    "closed, many users": closed(40, 100, [(4, 2, 1), (12, 4, 1), (2.5, 1, 1)], CHAIN, 600),
    "closed, a station twice": closed(20, 80, [(3, 1, 2), (12, 3, 1)], TWICE, 1200),
    "calls itself": feedback(0.08, [(10, 2)], oracles.jackson_visits([1], [[0.4]]), AGAIN),
    "calls round": feedback(0.1, [(5, 2), (4, 1)], oracles.jackson_visits([1, 0], [[0, 1], [0.5, 0]]), ROUND),
    # A call that returns through its caller is no visit of the caller's station, unless the caller works again. Here every call
    # of a works twice: 2 calls a request, so 4 visits of a. Where a request goes on the way back depends on how it came, which is
    # Kelly's network (1975): the route is the request's own, drawn beforehand, and each station is as in Jackson's.
    "works again": feedback(0.1, [(5, 3), (4, 1)], [4.0, 2.0], BACK),
}


@cache
def run(name: str, seed: int) -> tuple[float, ...]:
    """Requests a ms, their mean time in ms, and of every station the mean number of workers at work and of those who wait."""
    case = CASES[name]
    end = case.seconds + WARMUP_S
    plane = with_pods(build_plane(world(f"""services:{case.services}
duration: {end}s
warmup: {WARMUP_S}s
workload: {{w{list(CASES).index(name)}: {{entry: a.x, arrivals: {{{case.arrivals}}}}}}}
"""), seed, "fast"))  # fmt: skip
    areas, over = [], []
    for time in (WARMUP_S, end):
        plane.advance(time * S)
        seen = plane.observe()
        areas.append(np.array([seen.pods["working_area_ns"], seen.pods["waiting_area_ns"]]) / MS)
        over.append(int(seen.workloads["succeeded"].sum()))
    tally, ms = seen.intervals[0], 1000 * case.seconds
    working, waiting = (areas[1] - areas[0]) / ms
    return (over[1] - over[0]) / ms, tally["latency_ns"] / tally["succeeded"] / MS, *working, *waiting


@pytest.mark.parametrize(("name", "size"), both(list(CASES)))
def test_throughput_and_mean(name, size):
    """Requests a ms and their mean time: |z| <= 4, and half-widths of at most 1 %."""
    case, found = CASES[name], np.array([run(name, seed) for seed in SEEDS[size]])
    for values, truth in zip(found[:, :2].T, (case.throughput, case.mean), strict=True):
        estimate = Estimate(values, truth)
        assert estimate.z <= 4
        assert estimate.half_width <= 0.01 * WIDER[size]


@pytest.mark.parametrize(("name", "size"), both(list(CASES)))
def test_stations(name, size):
    """Workers at work are X·v·s in every station, and of an open network those who wait are as many as in an M/M/c by itself."""
    case, found = CASES[name], np.array([run(name, seed) for seed in SEEDS[size]])
    rates = [case.throughput * visits for visits in case.visits]
    truths = [rate * mean for rate, (mean, _) in zip(rates, case.stations, strict=True)]
    if "closed" not in name:
        truths += [rate * oracles.mmc_mean_wait(rate, *station) for rate, station in zip(rates, case.stations, strict=True)]
    for values, truth in zip(found[:, 2:].T[: len(truths)], truths, strict=True):
        estimate = Estimate(values, truth)
        assert estimate.z <= 4
        assert estimate.half_width <= 0.01 * WIDER[size]
