"""Lengths of time from the tables' distributions."""

from __future__ import annotations

from typing import Any

from sim.draws import unit
from sim.fast.compiling import cold, part
from sim.fast.state import CONSTANT, EXPONENTIAL, GAMMA, LOGNORMAL, MIXTURE, PARETO
from sim.laws.service import exponential_ns, gamma_ns, lognormal_ns, mixture_key, pareto_ns, uniform_ns


@part
def sample_ns(distributions: Any, d: int, key: int, stream: int) -> int:
    """A length in nanoseconds: distribution d, drawn by key and stream."""
    one = distributions[d]
    if one.kind == EXPONENTIAL:
        return exponential_ns(one.mean, key, stream)
    if one.kind == CONSTANT:
        return one.constant_ns
    return any_ns(distributions, d, key, stream)


@cold
def any_ns(distributions: Any, d: int, key: int, stream: int) -> int:
    """The same of every kind; a part of a mixture is of any but that."""
    if distributions[d].kind == MIXTURE:
        first, count = distributions[d].first, distributions[d].count
        u = unit(key, stream, 0) * distributions[first + count - 1].bound
        component = 0
        while component < count - 1 and u >= distributions[first + component].bound:
            component += 1
        key = mixture_key(key, component)
        d = first + component
    one = distributions[d]
    if one.kind == CONSTANT:
        return one.constant_ns
    if one.kind == EXPONENTIAL:
        return exponential_ns(one.mean, key, stream)
    if one.kind == LOGNORMAL:
        return lognormal_ns(one.mean, one.spread, key, stream)
    if one.kind == GAMMA:
        return gamma_ns(one.mean, one.spread, key, stream)
    if one.kind == PARETO:
        return pareto_ns(one.mean, one.spread, key, stream)
    return uniform_ns(one.mean, one.spread, key, stream)
