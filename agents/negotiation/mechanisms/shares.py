"""Rules of sharing that know no money: the baselines that every market has to beat.

Requests and grants are whole units. Nobody gets more than was asked for, and nothing is left over while somebody still asks.
Weights are compared as exact fractions, so that equals are equal and a tie is a tie.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping
from fractions import Fraction

from agents.negotiation.mechanisms.allocation import (
    Allocation,
    require_for_each,
    require_positive,
    require_units,
    unpaid,
)


def first_come(requests: Mapping[str, int], supply: int) -> Allocation:
    """Whoever came first gets all of it: the mapping's own order is the order of arrival, as a scheduler binds pods."""
    return _one_by_one(requests, supply, requests)


def strict_priority(requests: Mapping[str, int], supply: int, ranks: Mapping[str, int]) -> Allocation:
    """The lowest rank gets all of it first; equal ranks by name."""
    require_for_each("the rank", requests, ranks)
    return _one_by_one(requests, supply, sorted(requests, key=lambda name: (ranks[name], name)))


def proportional(requests: Mapping[str, int], supply: int, weights: Mapping[str, float] | None = None) -> Allocation:
    """In proportion to weights, or to what is asked for where none are given; whole units by largest remainder (Hamilton).

    Whose share would be all that was asked for gets just that, and the rest is shared again among the others.
    """
    require_units("supply", supply)
    share = _weights(requests, requests if weights is None else weights)
    units, left, hungry = dict.fromkeys(requests, 0), supply, sorted(share)
    while hungry:
        whole = sum(share[name] for name in hungry)
        quotas = {name: left * share[name] / whole for name in hungry}
        sated = [name for name in hungry if quotas[name] >= requests[name]]
        if not sated:
            units |= _rounded(quotas, left)
            break
        for name in sated:
            units[name] = requests[name]
            left -= requests[name]
        hungry = [name for name in hungry if name not in sated]
    return unpaid(units)


def max_min(requests: Mapping[str, int], supply: int, weights: Mapping[str, float] | None = None) -> Allocation:
    """Egalitarian water-filling: each unit goes to whoever still asks and has least for a unit of weight; equals by name.

    Bertsekas and Gallager, Data Networks (2nd ed.), 6.5.2, in whole units.
    """
    require_units("supply", supply)
    share = _weights(requests, dict.fromkeys(requests, 1) if weights is None else weights)
    units = dict.fromkeys(requests, 0)
    lowest = [(Fraction(0), name) for name in sorted(share)]
    for _ in range(min(supply, sum(requests.values()))):
        _, name = lowest[0]
        units[name] += 1
        if units[name] < requests[name]:
            heapq.heapreplace(lowest, (units[name] / share[name], name))
        else:
            heapq.heappop(lowest)
    return unpaid(units)


def _one_by_one(requests: Mapping[str, int], supply: int, order: Iterable[str]) -> Allocation:
    require_units("supply", supply)
    require_units("a request", *requests.values())
    units, left = {}, supply
    for name in order:
        units[name] = min(requests[name], left)
        left -= units[name]
    return unpaid(units)


def _weights(requests: Mapping[str, int], weights: Mapping[str, float]) -> dict[str, Fraction]:
    """Exactly, of those who ask for anything."""
    require_units("a request", *requests.values())
    require_for_each("the weight", requests, weights)
    asking = [name for name in requests if requests[name]]
    require_positive("a weight", (weights[name] for name in asking))
    return {name: Fraction(weights[name]) for name in asking}


def _rounded(quotas: Mapping[str, Fraction], total: int) -> dict[str, int]:
    """Quotas that add up to the total, rounded down, and one more for the largest remainders."""
    units = {name: math.floor(quota) for name, quota in quotas.items()}
    by_remainder = sorted(quotas, key=lambda name: (units[name] - quotas[name], name))
    for name in by_remainder[: total - sum(units.values())]:
        units[name] += 1
    return units
