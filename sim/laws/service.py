"""How long work takes: samplers with draws by address, and a core's speed."""

from __future__ import annotations

import math
from typing import Any

from sim.draws import indexed_key, unit
from sim.registry import law


@law
def to_ns(value: float) -> int:
    """L1 A length in nanoseconds, rounded to the nearest; never negative, never beyond 100 years."""
    if value < 0.0:
        return 0
    return int(min(value, 3.2e18) + 0.5)


@law
def exponential_ns(mean: float, key: int, stream: int) -> int:
    """L2 Exponential by inversion; mean in ns. A draw is a multiple of 2^-53, so 1 less it is exact."""
    return to_ns(-mean * math.log(1.0 - unit(key, stream, 0)))


@law
def uniform_ns(low: float, high: float, key: int, stream: int) -> int:
    """L3 Uniform between low and high ns."""
    return to_ns(low + (high - low) * unit(key, stream, 0))


@law
def normal(key: int, stream: int, k: int) -> tuple[float, int]:
    """L4 A standard normal by Marsaglia's polar method from draws k, k+1, ...; returns it and the next k."""
    while True:
        x = 2.0 * unit(key, stream, k) - 1.0
        y = 2.0 * unit(key, stream, k + 1) - 1.0
        k += 2
        s = x * x + y * y
        if 0.0 < s < 1.0:
            return x * math.sqrt(-2.0 * math.log(s) / s), k


@law
def lognormal_sigma(cv: float) -> float:
    """L5 sigma of a lognormal with this coefficient of variation."""
    return math.sqrt(math.log1p(cv * cv))


@law
def lognormal_ns(mean: float, sigma: float, key: int, stream: int) -> int:
    """L5 Lognormal with the given mean in ns: exp(mu + sigma Z), mu = ln(mean) - sigma^2 / 2."""
    if mean <= 0.0:
        return 0
    z, _ = normal(key, stream, 0)
    return to_ns(math.exp(math.log(mean) - 0.5 * sigma * sigma + sigma * z))


@law
def gamma_ns(mean: float, shape: float, key: int, stream: int) -> int:
    """L6 Gamma with mean in ns and shape 1/cv^2, by Marsaglia and Tsang (2000); shapes below 1 by their boost."""
    k = 0
    boost = 1.0
    a = shape
    if a < 1.0:
        boost = math.exp(math.log1p(-unit(key, stream, 0)) / a)
        a += 1.0
        k = 1
    d = a - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    while True:
        x, k = normal(key, stream, k)
        u = 1.0 - unit(key, stream, k)
        k += 1
        v = 1.0 + c * x
        v = v * v * v
        if v > 0.0 and math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return to_ns(mean / shape * d * v * boost)


@law
def pareto_ns(mean: float, alpha: float, key: int, stream: int) -> int:
    """L7 Pareto (type I) with mean in ns and tail exponent alpha > 1, by inversion."""
    least = mean * (alpha - 1.0) / alpha
    return to_ns(least * math.exp(-math.log1p(-unit(key, stream, 0)) / alpha))


@law
def mixture_key(key: int, component: int) -> int:
    """L8 The key a mixture's chosen component draws from; the choice itself is draw 0 of the mixture's own key."""
    return indexed_key(key, component)


@law
def servers(workers: int, limit_millicores: int) -> int:
    """L9 How many may work at once in a pod: its workers, and with a limit of n cores at most ceil(n)."""
    if limit_millicores <= 0:
        return workers
    return min(workers, (limit_millicores + 999) // 1000)


@law
def duration_ns(demand_ns: int, millicores: int, slowdown: float) -> int:
    """L10 Time a demand takes on a core that gives `millicores` (1000: a whole one), in a pod slowed by a factor."""
    if millicores == 1000 and slowdown == 1.0:
        return demand_ns
    return to_ns(demand_ns * slowdown * 1000.0 / millicores)


@law
def sized_ns(demand_ns: int, size: int) -> int:
    """L14 What a work demands for a request of this size, which is given in billionths of the mean."""
    return demand_ns if size == 1_000_000_000 else to_ns(demand_ns * (size / 1e9))


@law
def way(u: float, bounds: Any, first: int, count: int) -> int:
    """L11 The first of `count` ways whose cumulative bound exceeds u; `count` where none does."""
    for i in range(count):
        if u < bounds[first + i]:
            return i
    return count


@law
def lap_number(lap: int, repeat: int, k: int) -> int:
    """D3 The branch index of the k-th repetition of a step that itself runs in the lap-th pass of an outer one."""
    return lap * repeat + k
