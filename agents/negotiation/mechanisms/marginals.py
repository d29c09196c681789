"""Bids for several units: what the first is worth, what one more, and so on, never rising. One number is a bid for one unit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from agents.negotiation.mechanisms.allocation import require_finite

Demand = Callable[[float], int]  # units wanted at a price


def dearest_first(bids: Mapping[str, Sequence[float]]) -> list[tuple[float, str]]:
    """Every unit's bid with its bidder, the highest first; equals by name. ValueError where one more unit is worth more."""
    _require_monotone(bids, falling=True)
    return sorted(((value, name) for name in bids for value in bids[name]), key=lambda bid: (-bid[0], bid[1]))


def cheapest_first(asks: Mapping[str, Sequence[float]]) -> list[tuple[float, str]]:
    """Every unit's ask with its seller, the lowest first; equals by name. ValueError where one more unit costs less."""
    _require_monotone(asks, falling=False)
    return sorted((cost, name) for name in asks for cost in asks[name])


def demand_of(marginals: Sequence[float]) -> Demand:
    """What a buyer of these marginal values wants: every unit that is worth its price."""
    return lambda price: sum(value >= price for value in marginals)


def _require_monotone(marginals: Mapping[str, Sequence[float]], *, falling: bool) -> None:
    for name in sorted(marginals):
        require_finite(f"a price of {name!r}", marginals[name])
        for before, after in pairwise(marginals[name]):
            if (after > before) if falling else (after < before):
                needed = "values that never rise" if falling else "costs that never fall"
                raise ValueError(f"{name!r}: one more unit at {after!r} after one at {before!r}; unit prices need marginal {needed}")
