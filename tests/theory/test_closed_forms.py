"""The fast engine finds what queueing theory proves: means and 99th percentiles over seeds 1 to 30.

Each world runs until its last request has left; what arrives before the warm-up is over is not measured. An estimate is
the mean over seeds; its half-width (95 %) and z come from the spread between seeds by Student's t, so that few seeds are
judged as sternly as many. The 30 seeds are the slow set; the first five run every time, with wider half-widths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest
from scipy import stats

from sim.build import build_plane
from sim.laws.measuring import bucket_bounds
from tests.conservation import assert_drained
from tests.theory import oracles
from tests.worlds import with_pods, world

MS, S = 1_000_000, 1_000_000_000
SEEDS = {"sample": range(1, 6), "full": range(1, 31)}
WIDER = {"sample": 3.5, "full": 1.0}  # 2.776 / sqrt(5) against 2.045 / sqrt(30), and some room
ONE_QUEUE = "services: {{a: {{workers: {servers}, {queue} endpoints: {{x: [{{work: {service}}}]}}}}}}"
W2 = """
network: {same_zone: 1ms}
services:
  a: {workers: 4, endpoints: {x: [{work: {exponential: 4.8ms}}, {call: app.x}]}}
  app: {workers: 8, endpoints: {x: [{work: {exponential: 9.6ms}}, {call: db.x}]}}
  db: {workers: 6, endpoints: {x: [{work: {exponential: 7.2ms}}]}}
"""
_LEAVES = [f"leaf{n}" for n in range(10)]
W3 = f"""
network: {{same_zone: 1ms}}
services:
  a: {{workers: 4, endpoints: {{x: [{{work: {{exponential: 12ms}}}}, {{parallel: [{", ".join(f"{{call: {n}.x}}" for n in _LEAVES)}]}}]}}}}
""" + "".join(f"  {name}: {{workers: 4, endpoints: {{x: [{{work: {{exponential: 12ms}}}}]}}}}\n" for name in _LEAVES)


def one_queue(service: str, servers: int = 1, queue: str = "") -> str:
    """A service that does nothing but work."""
    return ONE_QUEUE.format(service=service, servers=servers, queue=queue)


@dataclass(frozen=True)
class Case:
    """A world and what theory says of it; times in ms."""

    services: str
    rate: float  # per second
    requests: int  # measured ones a seed, on average
    mean: float
    p99: float | None = None
    lost: float = 0.0  # share turned away
    unsure: tuple[float, float] = (0.0, 0.0)  # relative standard error of mean and p99, where they were simulated


CASES = {
    "M/M/1": Case(one_queue("{exponential: 10ms}"), 70, 400_000, oracles.mm1_mean(0.07, 10), oracles.mm1_quantile(0.07, 10, 0.99)),
    "M/D/1": Case(one_queue("10ms"), 80, 250_000, oracles.md1_mean(0.08, 10)),
    "M/G/1, lognormal": Case(one_queue("{lognormal: {mean: 10ms, cv: 1.5}}"), 50, 400_000, oracles.mg1_mean(0.05, 10, 1.5)),
    "M/G/1, gamma": Case(one_queue("{gamma: {mean: 10ms, cv: 0.5}}"), 70, 300_000, oracles.mg1_mean(0.07, 10, 0.5)),
    "M/M/4": Case(one_queue("{exponential: 10ms}", 4), 320, 400_000, oracles.mmc_mean(0.32, 10, 4),
                  oracles.mmc_quantile(0.32, 10, 4, 0.99)),
    "M/M/1/5": Case(one_queue("{exponential: 10ms}", 1, "queue: {size: 4},"), 90, 100_000, oracles.mm1k_mean(0.09, 10, 5),
                    lost=oracles.mm1k_blocking(0.09, 10, 5)),
    "W1": Case(one_queue("{exponential: 8ms}", 8), 800, 300_000, oracles.w1_mean_ms(), oracles.w1_p99_ms()),
    "W2": Case(W2, 500, 200_000, oracles.w2_mean_ms(), oracles.W2_P99_MS, unsure=(0.0, 0.002)),
    "W3": Case(W3, 200, 60_000, oracles.W3_MEAN_MS, oracles.W3_P99_MS, unsure=(0.001, 0.002)),
}  # fmt: skip
SETS = [pytest.param(name, size, marks=[pytest.mark.slow] if size == "full" else [], id=f"{name}, {size}")
        for size in SEEDS for name in CASES]  # fmt: skip


@cache
def run(name: str, seed: int) -> tuple[float, float, float]:
    """Mean and p99 in ms and the share turned away; conservation and Little hold on the way.

    Each case has a class name of its own, and so draws of its own: common random numbers would make one luck of all.
    """
    case = CASES[name]
    measured, warmup = round(case.requests / case.rate), 20
    scenario = world(f"""{case.services}
duration: {measured + warmup}s
warmup: {warmup}s
workload: {{w{list(CASES).index(name)}: {{entry: a.x, arrivals: {{poisson: {case.rate}/s}}}}}}
""")
    plane = with_pods(build_plane(scenario, seed, "fast"))
    plane.advance((measured + warmup + 100) * S)
    seen = plane.observe()
    assert_drained(seen, plane.layout)
    _assert_little(seen.pods, measured + warmup, case)
    tally = seen.intervals[0]
    mean = tally["latency_ns"] / tally["succeeded"] / MS
    return mean, quantile(seen.interval_histogram[0], 0.99) / MS, tally["rejected"] / tally["offered"]


def _assert_little(pods: np.ndarray, seconds: float, case: Case) -> None:
    """L = λW in every service: the integral of the number inside is the rate in times the mean time inside."""
    for pod in pods:
        number = pod["present_area_ns"] / (seconds * S)
        through = oracles.little_number(case.rate * (1 - case.lost), pod["inside_ns"] / pod["visits"] / S)
        assert number == pytest.approx(through, rel=5 / math.sqrt(case.requests))


def quantile(histogram: np.ndarray, q: float) -> float:
    """By nearest rank, and straight within its bucket."""
    below = np.cumsum(histogram)
    rank = q * below[-1]
    at = int(np.searchsorted(below, rank))
    low, high = bucket_bounds(at)
    return low + (high - low) * (rank - (below[at] - histogram[at])) / histogram[at]


@dataclass(frozen=True)
class Estimate:
    """A figure from several seeds against the truth."""

    values: Sequence[float]
    truth: float
    unsure: float = 0.0  # relative standard error of the truth

    @property
    def error(self) -> float:
        """Standard error of the mean over seeds."""
        return float(np.std(self.values, ddof=1)) / math.sqrt(len(self.values))

    @property
    def half_width(self) -> float:
        """Of the 95 % interval, relative to the truth."""
        return float(stats.t.isf(0.025, len(self.values) - 1)) * self.error / self.truth

    @property
    def z(self) -> float:
        """How far off, as the normal deviate that is as improbable."""
        t = abs(float(np.mean(self.values)) - self.truth) / math.hypot(self.error, self.unsure * self.truth)
        return float(stats.norm.isf(stats.t.sf(t, len(self.values) - 1)))


def estimates(name: str, size: str) -> tuple[Estimate, Estimate | None, Estimate | None]:
    """Mean, p99 and share lost of a case over its seeds."""
    case, found = CASES[name], np.array([run(name, seed) for seed in SEEDS[size]])
    p99 = Estimate(found[:, 1], case.p99, case.unsure[1]) if case.p99 is not None else None
    return Estimate(found[:, 0], case.mean, case.unsure[0]), p99, Estimate(found[:, 2], case.lost) if case.lost else None


@pytest.mark.parametrize(("name", "size"), SETS)
def test_means(name, size):
    """|z| <= 4, and the half-width at most 0.5 % of the mean."""
    mean, _, lost = estimates(name, size)
    for estimate in (mean, lost) if lost else (mean,):
        assert estimate.z <= 4
    assert mean.half_width <= 0.005 * WIDER[size]


@pytest.mark.parametrize(("name", "size"), [one for one in SETS if CASES[one.values[0]].p99 is not None])
def test_99th_percentiles(name, size):
    """|z| <= 4, and the half-width at most 1.5 % of the p99."""
    _, p99, _ = estimates(name, size)
    assert p99.z <= 4
    assert p99.half_width <= 0.015 * WIDER[size]


def test_the_estimate_is_seen_to_fail():
    """A truth that is 1 % off, where the half-width is 0.5 %, is refused; so is a wide estimate."""
    values = 1 + 0.0134 * np.array(stats.norm.ppf((np.arange(30) + 0.5) / 30))
    assert Estimate(values, 1.0).half_width == pytest.approx(0.005, rel=0.05)
    assert Estimate(values, 1.0).z < 0.1
    assert 3.4 < Estimate(values, 1.01).z < 4 < Estimate(values, 1.012).z
