"""Lengths of time, and keys, drawn from the schema's distributions."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from scenarios.schema.distributions import Distribution
from scenarios.schema.keys import Keys
from sim.draws import KEYS, unit
from sim.laws import service as law
from sim.laws.keys import uniform_key, zipf_bounds, zipf_key


def sample_ns(distribution: Distribution, key: int, stream: int) -> int:
    """A length in nanoseconds, a pure function of the distribution, key and stream."""
    value = distribution.chosen
    match distribution.kind:
        case "constant":
            return int(value)
        case "exponential":
            return law.exponential_ns(float(value), key, stream)
        case "lognormal":
            return law.lognormal_ns(float(value.mean), law.lognormal_sigma(value.cv), key, stream)
        case "gamma":
            return law.gamma_ns(float(value.mean), 1.0 / (value.cv * value.cv), key, stream)
        case "pareto":
            return law.pareto_ns(float(value.mean), value.alpha, key, stream)
        case "uniform":
            return law.uniform_ns(float(value.low), float(value.high), key, stream)
    component = choose([part.weight for part in value], unit(key, stream, 0))
    return sample_ns(value[component].of, law.mixture_key(key, component), stream)


def draw_key(keys: Keys, key: int) -> int:
    """Which of many keys, 0 ... count - 1, a pure function of their distribution and the step's own key."""
    if keys.zipf is None:
        return uniform_key(keys.count, key, KEYS)
    return zipf_key(*_zipf_bounds(keys.count, keys.zipf.exponent), keys.zipf.exponent, keys.count, key, KEYS)


_zipf_bounds = functools.cache(zipf_bounds)


def choose(weights: Sequence[float], u: float) -> int:
    """Index drawn by weight; u in [0, 1)."""
    bounds = cumulative(weights)
    return min(law.way(u * bounds[-1], bounds, 0, len(bounds)), len(bounds) - 1)


def cumulative(weights: Sequence[float]) -> list[float]:
    """Running sums, added from left to right as the fast engine's tables add them."""
    sums: list[float] = []
    for weight in weights:
        sums.append((sums[-1] if sums else 0.0) + weight)
    return sums
