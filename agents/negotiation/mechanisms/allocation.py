"""What a rule for units of one good answers with, and what it asks of the numbers it is given."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who gets how many units, and who pays what. Everybody who took part is in both, by name."""

    units: dict[str, int]  # a seller's are negative
    payments: dict[str, float]  # negative: is paid
    price: float | None = None  # of one unit, where it is the same for all; None where it is not, or nothing is priced


def unpaid(units: Mapping[str, int]) -> Allocation:
    """An allocation by a rule that knows no money."""
    names = sorted(units)
    return Allocation({name: units[name] for name in names}, dict.fromkeys(names, 0.0))


def at_one_price(units: Mapping[str, int], price: float) -> Allocation:
    """An allocation whose every unit costs the same."""
    names = sorted(units)
    return Allocation({name: units[name] for name in names}, {name: price * units[name] for name in names}, price)


def require_units(what: str, *counts: int) -> None:
    """Counts of units are whole and not negative; ValueError."""
    for count in counts:
        if count != int(count) or count < 0:
            raise ValueError(f"{what} = {count!r} must be a whole number of units, at least 0")


def require_finite(what: str, numbers: Iterable[float]) -> None:
    """Values, bids and prices are finite; ValueError."""
    for number in numbers:
        if not math.isfinite(number):
            raise ValueError(f"{what} = {number!r} must be finite")


def require_positive(what: str, numbers: Iterable[float]) -> None:
    """Weights, steps and increments are finite and above 0; ValueError."""
    for number in numbers:
        if not 0 < number < math.inf:
            raise ValueError(f"{what} = {number!r} must be above 0 and finite")


def require_for_each(what: str, names: Iterable[str], given: Collection[str]) -> None:
    """Everybody has a weight, a rank or whatever it is; ValueError names the first who has none."""
    for name in sorted(names):
        if name not in given:
            raise ValueError(f"{what} of {name!r} is missing")
