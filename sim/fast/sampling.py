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
    if one.kind == MIXTURE:
        return mixture_ns(distributions, d, key, stream)
    return other_ns(distributions, d, key, stream)


@cold
def other_ns(distributions: Any, d: int, key: int, stream: int) -> int:
    """A length of the kinds that take more arithmetic."""
    one = distributions[d]
    if one.kind == LOGNORMAL:
        return lognormal_ns(one.mean, one.spread, key, stream)
    if one.kind == GAMMA:
        return gamma_ns(one.mean, one.spread, key, stream)
    if one.kind == PARETO:
        return pareto_ns(one.mean, one.spread, key, stream)
    return uniform_ns(one.mean, one.spread, key, stream)


@cold
def mixture_ns(distributions: Any, d: int, key: int, stream: int) -> int:
    """L8 A length of one of the parts, none of which is a mixture."""
    first, count = distributions[d].first, distributions[d].count
    u = unit(key, stream, 0) * distributions[first + count - 1].bound
    part_of = 0
    while part_of < count - 1 and u >= distributions[first + part_of].bound:
        part_of += 1
    key = mixture_key(key, part_of)
    one = distributions[first + part_of]
    if one.kind == EXPONENTIAL:
        return exponential_ns(one.mean, key, stream)
    return one.constant_ns if one.kind == CONSTANT else other_ns(distributions, first + part_of, key, stream)
