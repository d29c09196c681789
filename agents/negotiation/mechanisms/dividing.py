"""Bargaining points where the deal is a division of units: who gets how many, by what each makes of them.

`worths[name][n]` is what n units are worth to a party beyond having none, from n = 0, and never falls. Units that help nobody stay.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

from agents.negotiation.mechanisms.allocation import Allocation, require_finite, require_units, unpaid

Worths = Mapping[str, Sequence[float]]


def nash_division(worths: Worths, supply: int, weights: Mapping[str, float] | None = None) -> Allocation:
    """The division whose product of worths^weights is highest, by dynamic programming over units; ties to earlier names.

    Where there is not enough for everybody to have something, it is the product of as many as can.
    """
    names = _sensible(worths, supply)
    choices: list[list[int]] = []
    best = [(0, 0.0)] * (supply + 1)  # by units: (parties that have something, sum of weighted logarithms)
    for name in reversed(names):
        weight = 1.0 if weights is None else weights[name]
        found, chosen = [], []
        for units in range(supply + 1):
            most = min(units, len(worths[name]) - 1)
            ways = [(_gain(worths[name], count, weight, best[units - count]), -count) for count in range(most + 1)]
            score, least = max(ways)
            found.append(score)
            chosen.append(-least)
        best, choices = found, [chosen, *choices]
    left, units_of = supply, {}
    for name, chosen in zip(names, choices, strict=True):
        units_of[name] = chosen[left]
        left -= chosen[left]
    return unpaid(units_of)


def egalitarian_division(worths: Worths, supply: int) -> Allocation:
    """Step by step to whoever has least: the least worth is the highest there can be where more units add ever less."""
    return _levelled(worths, supply, dict.fromkeys(worths, 1.0))


def kalai_smorodinsky_division(worths: Worths, supply: int) -> Allocation:
    """Step by step to whoever has the smallest share of what it would have alone."""
    return _levelled(worths, supply, {name: worths[name][min(supply, len(worths[name]) - 1)] for name in worths})


def _levelled(worths: Worths, supply: int, scales: Mapping[str, float]) -> Allocation:
    names = _sensible(worths, supply)
    units, left, waiting = dict.fromkeys(names, 0), supply, {name for name in names if scales[name] > 0}
    while waiting:
        name = min(sorted(waiting), key=lambda one: worths[one][units[one]] / scales[one])
        step = next((count for count in range(units[name] + 1, len(worths[name])) if worths[name][count] > worths[name][units[name]]), None)
        if step is None or step - units[name] > left:
            waiting.remove(name)
            continue
        left -= step - units[name]
        units[name] = step
    return unpaid(units)


def _gain(worths: Sequence[float], count: int, weight: float, rest: tuple[int, float]) -> tuple[int, float]:
    has_something = worths[count] > 0
    return rest[0] + has_something, rest[1] + (weight * math.log(worths[count]) if has_something else 0.0)


def _sensible(worths: Worths, supply: int) -> list[str]:
    require_units("supply", supply)
    for name in sorted(worths):
        require_finite(f"a worth of {name!r}", worths[name])
        if not worths[name] or worths[name][0] != 0 or any(after < before for before, after in pairwise(worths[name])):
            raise ValueError(f"{name!r}: worths begin with 0 and never fall, and are not {list(worths[name][:4])!r} …")
    return sorted(worths)
