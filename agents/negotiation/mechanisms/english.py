"""The ascending clock: a price is called and raised until no more is wanted than there is (an English auction of many units).

It needs gross substitutes: who wants fewer units because another became dearer (complements) may be left with half of a bundle.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from agents.negotiation.mechanisms.allocation import (
    Allocation,
    at_one_price,
    require_finite,
    require_positive,
    require_units,
)
from agents.negotiation.mechanisms.marginals import Demand
from agents.negotiation.mechanisms.shares import proportional


@dataclass(frozen=True, slots=True)
class Called:
    """One call of the clock: the price, and what each wants at it."""

    price: float
    wanted: dict[str, int]

    @property
    def total(self) -> int:
        """Units that are wanted in all."""
        return sum(self.wanted.values())


@dataclass(frozen=True, slots=True)
class Clock:
    """How an auction went, call by call, and what came of it."""

    calls: tuple[Called, ...]
    allocation: Allocation


def ascending_clock(demands: Mapping[str, Demand], supply: int, increment: float, start: float = 0.0, calls_max: int = 10_000) -> Clock:
    """Raise the price by the increment from call to call until demand fits, or for so many calls.

    Nobody may want more at a higher price than was wanted before (an activity rule): what is more is not heard.
    """
    require_units("supply", supply)
    require_positive("the increment", [increment])
    require_finite("the first price", [start])
    if calls_max < 1:
        raise ValueError(f"calls_max = {calls_max!r} must be at least 1: somebody has to be asked")
    calls: list[Called] = []
    for turn in range(calls_max):
        calls.append(heard(demands, start + turn * increment, calls[-1] if calls else None))
        if calls[-1].total <= supply:
            break
    return Clock(tuple(calls), closed(calls, supply))


def heard(demands: Mapping[str, Demand], price: float, before: Called | None) -> Called:
    """What each wants at a price, and no more than at the price before; ValueError for a demand that is no count."""
    wanted = {name: demands[name](price) for name in sorted(demands)}
    require_units("a demand", *wanted.values())
    return Called(price, wanted if before is None else {name: min(units, before.wanted[name]) for name, units in wanted.items()})


def closed(calls: Sequence[Called], supply: int, lots: Mapping[str, int] = MappingProxyType({})) -> Allocation:
    """What the calls so far come to, at one price for all; also where a deadline ends them too early.

    Where the last call left units over, and there was one before it, all pay the price of the call before: what each wants at
    the last price is theirs, and the rest goes to those who stayed until the call before, in proportion to what they let go.
    Where the last call still wants too much, all pay its price, and what there is goes in proportion to what they want. So
    everybody pays a price at which they wanted the units. `lots`: whose units are of use so many at a time only; 1 where unsaid.
    """
    whole = [_in_lots(one.wanted, lots) for one in calls]
    if sum(whole[-1].values()) > supply:
        return at_one_price(_rationed(dict.fromkeys(whole[-1], 0), whole[-1], supply, lots), calls[-1].price)
    if sum(whole[-1].values()) == supply or len(calls) == 1:
        return at_one_price(whole[-1], calls[-1].price)
    return at_one_price(_rationed(whole[-1], whole[-2], supply, lots), calls[-2].price)


def _in_lots(units: Mapping[str, int], lots: Mapping[str, int]) -> dict[str, int]:
    """As many as fill whole lots."""
    return {name: count - count % lots.get(name, 1) for name, count in units.items()}


def _rationed(sure: Mapping[str, int], wanted: Mapping[str, int], supply: int, lots: Mapping[str, int]) -> dict[str, int]:
    """What is sure, and the rest in proportion to what is wanted besides, by largest remainder.

    Lots are rounded down, and what that leaves goes lot by lot to whoever is furthest below his share, then by name.
    """
    besides = {name: wanted[name] - sure[name] for name in sorted(wanted)}
    fair = proportional(besides, supply - sum(sure.values())).units
    units = {name: sure[name] + count for name, count in _in_lots(fair, lots).items()}
    while True:
        left = supply - sum(units.values())
        short = [name for name in units if lots.get(name, 1) <= min(left, wanted[name] - units[name])]
        if not short:
            return units
        name = max(short, key=lambda name: sure[name] + fair[name] - units[name])
        units[name] += lots.get(name, 1)
