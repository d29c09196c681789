"""Mt/G/inf: with more workers than are ever needed, the number inside follows a changing rate as theory says.

At a time t it is a Poisson number of mean ∫ λ(t-u) P(service > u) du, whatever the service: it lags the rate, and by how much
depends on the distribution. Every seed gives one count for each t.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from scipy import stats

from scenarios.rates import DIURNAL_PIECES
from sim.build import build_plane
from tests.theory import oracles
from tests.theory.test_closed_forms import Estimate, S
from tests.worlds import with_pods, world

SEEDS = {"sample": range(1, 41), "full": range(1, 401)}
MEAN_S, CV, PERIOD_S = 0.8, 1.5, 16
SPREAD = math.sqrt(math.log(1 + CV**2))
DAY_S = np.linspace(0, PERIOD_S, DIURNAL_PIECES + 1)
DAY = 4000 - 1500 * np.cos(2 * np.pi * DAY_S / PERIOD_S)  # the corners of its straight pieces, requests a second

RATES: dict[str, tuple[str, Callable[[float], float], tuple[float, ...]]] = {  # in a file, as a function, its corners (s)
    "ramp": ("{ramp: {from: 2500/s, to: 7500/s, at: 4s, over: 2s}}",
             lambda t: float(np.interp(t, [4, 6], [2500, 7500])), (4.0, 6.0)),
    "diurnal": (f"{{diurnal: {{trough: 2500/s, peak: 5500/s, period: {PERIOD_S}s, peak_at: {PERIOD_S // 2}s}}}}",
                lambda t: float(np.interp(t, DAY_S, DAY)), tuple(DAY_S)),
}  # fmt: skip
SERVICES: dict[str, tuple[str, Callable[[float], float]]] = {  # in a file, P(service > u)
    "exponential": (f"{{exponential: {MEAN_S}s}}", lambda u: math.exp(-u / MEAN_S)),
    "lognormal": (f"{{lognormal: {{mean: {MEAN_S}s, cv: {CV}}}}}",
                  lambda u: float(stats.norm.sf((math.log(u / MEAN_S) + SPREAD**2 / 2) / SPREAD)) if u > 0 else 1.0),
}  # fmt: skip
TIMES_S = {"ramp": (3.5, 5.0, 6.0, 7.0), "diurnal": (4.0, 6.0, 9.0, 12.0)}
SETS = [pytest.param(shape, service, size, marks=[pytest.mark.slow] if size == "full" else [], id=f"{shape}, {service}, {size}")
        for size in SEEDS for shape in RATES for service in SERVICES]  # fmt: skip


@cache
def inside(shape: str, service: str, seed: int) -> tuple[int, ...]:
    """How many are inside at each of the times."""
    plane = with_pods(build_plane(world(f"""
services: {{a: {{workers: 1000000, endpoints: {{x: [{{work: {SERVICES[service][0]}}}]}}}}}}
workload: {{{shape}_{service}: {{entry: a.x, arrivals: {{poisson: {RATES[shape][0]}}}}}}}
duration: {PERIOD_S}s
"""), seed, "fast"))  # fmt: skip
    found = []
    for time in TIMES_S[shape]:
        plane.advance(round(time * S))
        found.append(plane.present("a", 0))
    return tuple(found)


def truths(shape: str, service: str) -> list[float]:
    """Mean number inside at each of the times."""
    _, rate, corners = RATES[shape]
    return [oracles.infinite_servers_mean(rate, SERVICES[service][1], t, [t - corner for corner in corners]) for t in TIMES_S[shape]]


@pytest.mark.parametrize(("shape", "service", "size"), SETS)
def test_the_number_inside(shape, service, size):
    """At every time |z| <= 4, and a half-width of at most 1 %."""
    found = np.array([inside(shape, service, seed) for seed in SEEDS[size]])
    for values, truth in zip(found.T, truths(shape, service), strict=True):
        estimate = Estimate(values, truth)
        assert estimate.z <= 4
        assert estimate.half_width <= 0.01


@pytest.mark.parametrize(("shape", "service", "size"), SETS)
def test_the_number_inside_is_poisson(shape, service, size):
    """Its variance is its mean: Σ(n - m)²/m over seeds is χ² with as many degrees of freedom, within 4 deviates."""
    found = np.array([inside(shape, service, seed) for seed in SEEDS[size]])
    for values, truth in zip(found.T, truths(shape, service), strict=True):
        total = float(((values - truth) ** 2).sum() / truth)
        tail = min(stats.chi2.sf(total, len(values)), stats.chi2.cdf(total, len(values)))
        assert stats.norm.isf(tail) <= 4


def test_services_differ():
    """Where the rate climbs, two services of one mean differ by more than the half-width: the test above tells them apart."""
    exponential, lognormal = (truths("ramp", service)[2] for service in SERVICES)
    assert abs(exponential - lognormal) > 0.02 * exponential
