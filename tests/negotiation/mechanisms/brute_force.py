"""Oracles that try everything, and the small worlds they are asked about. Values are small multiples of 1/4, so that ties happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product

from hypothesis import strategies as st

from agents.negotiation.mechanisms.allocation import Allocation

NAMES = "abcdef"  # six bidders

VALUES = st.integers(0, 24).map(lambda quarters: quarters / 4)
FALLING = st.lists(VALUES, min_size=1, max_size=4).map(lambda values: sorted(values, reverse=True))
RISING = st.lists(VALUES, min_size=1, max_size=4).map(sorted)
ANY_SHAPE = st.lists(VALUES, max_size=4).map(lambda values: [0.0, *values])  # of 0, 1, 2, … units, complements included
ALLOWED_MISREPORTS = tuple(eighths / 8 for eighths in range(52))  # ties with values, and between them


def by_name(values: st.SearchStrategy, least: int = 1, names: str = NAMES) -> st.SearchStrategy[dict]:
    """Up to six bidders."""
    return st.lists(values, min_size=least, max_size=len(names)).map(lambda given: dict(zip(names, given, strict=False)))


def splits(most: Sequence[int], supply: int) -> Iterator[tuple[int, ...]]:
    """Every way to hand out at most `supply` units, nobody more than `most`."""
    return (units for units in product(*(range(min(each, supply) + 1) for each in most)) if sum(units) <= supply)


def best_welfare(worth: Mapping[str, Sequence[float]], supply: int) -> float:
    """The most that any split makes; worth of 0, 1, 2, … units in all."""
    tables = list(worth.values())
    return max(sum(table[n] for table, n in zip(tables, units, strict=True)) for units in splits([len(t) - 1 for t in tables], supply))


def cumulative(marginals: Sequence[float]) -> list[float]:
    """What 0, 1, 2, … units are worth in all."""
    return [sum(marginals[:n]) for n in range(len(marginals) + 1)]


def gain(allocation: Allocation, name: str, worth: Sequence[float]) -> float:
    """What somebody's units are worth to it (of a seller: what it gives up costs it), less what it pays."""
    units = allocation.units[name]
    value = max(worth[: units + 1]) if units >= 0 else -worth[-units]
    return value - allocation.payments[name]


def best_lie(rule: Callable[[Mapping[str, Sequence[float]]], Allocation], bids: Mapping[str, Sequence[float]], name: str,
             worth: Sequence[float], lies: Sequence[Sequence[float]]) -> float:  # fmt: skip
    """The most that somebody gains over telling the truth, of all these lies, everybody else staying at what they said."""
    honest = gain(rule(bids), name, worth)
    return max(gain(rule({**bids, name: lie}), name, worth) for lie in lies) - honest
