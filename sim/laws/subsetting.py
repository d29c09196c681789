"""Subsets: a view that knows a few of the pods only, so that many callers and many pods need not all meet."""

from __future__ import annotations

from sim.draws import indexed_key
from sim.registry import law


@law
def subset_word(key: int, address: int) -> int:
    """B25 Where a pod stands in an order of that key."""
    return indexed_key(key, address)


@law
def subset_round(viewer: int, n: int, size: int) -> int:
    """B25 Deterministic: in which round a view takes its part of n pods. Each round deals them all out, in an order of its own."""
    return viewer // (n // size)


@law
def subset_start(viewer: int, n: int, size: int) -> int:
    """B25 And where in that order its part begins; what does not make a whole part is left out of the round."""
    return viewer % (n // size) * size
