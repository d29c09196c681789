"""The Vickrey-Clarke-Groves auction for units of one good: whoever takes part pays what that costs the others.

Vickrey (J. Finance 16, 1961), Clarke (Public Choice 11, 1971), Groves (Econometrica 41, 1973). Truthful for values of any shape,
complements included. Not proof against groups, shill names or a low revenue (Ausubel and Milgrom, 2006).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.negotiation.mechanisms.allocation import Allocation, require_finite, require_units

Options = list[tuple[int, float]]  # (units, what they are worth): the fewest units for each worth, both rising


def vcg(values: Mapping[str, Sequence[float]], supply: int) -> Allocation:
    """Maximise the sum of values, and charge externalities: W(without i) - (W - v_i).

    `values[name][n]` is what n units in all are worth, from n = 0, which is worth nothing. Units that are too many are thrown
    away (free disposal). Of equal optima, the one that gives more to the earlier name. O(names * supply^2). ValueError.
    """
    require_units("supply", supply)
    names = sorted(values)
    options = [_options(name, values[name], supply) for name in names]
    # best[i][s]: the most that names before i, or from i on, make of s units
    before, after = [[0.0] * (supply + 1)], [[0.0] * (supply + 1)]
    for each in options:
        before.append(_with_one_more(before[-1], each))
    for each in reversed(options):
        after.insert(0, _with_one_more(after[0], each))
    units, payments, left = {}, {}, supply
    worth = {}
    for i, name in enumerate(names):
        units[name], worth[name] = max(options[i], key=lambda option: (option[1] + after[i + 1][left - option[0]], option[0])
                                       if option[0] <= left else (-1.0, 0))  # fmt: skip
        left -= units[name]
    total = before[-1][supply]
    for i, name in enumerate(names):
        without = max(before[i][s] + after[i + 1][supply - s] for s in range(supply + 1))
        payments[name] = min(max(0.0, without - (total - worth[name])), worth[name])  # the bounds are rounding's only
    return Allocation(units, payments)


def _options(name: str, values: Sequence[float], supply: int) -> Options:
    require_finite(f"a value of {name!r}", values)
    if not values or values[0] != 0:
        raise ValueError(f"{name!r}: the values of 0, 1, 2, … units begin with 0, and not with {list(values[:1])!r}")
    options: Options = [(0, 0.0)]
    for units, value in enumerate(values[: supply + 1]):
        if value > options[-1][1]:
            options.append((units, value))
    return options


def _with_one_more(best: Sequence[float], options: Options) -> list[float]:
    return [max(value + best[s - units] for units, value in options if units <= s) for s in range(len(best))]
