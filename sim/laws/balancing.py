"""Which pod a caller picks."""

from __future__ import annotations

from sim.draws import PICK, ROTATION, pick, unit
from sim.registry import law

RANDOM, ROUND_ROBIN, LEAST_REQUEST, PEAK_EWMA, RING_HASH, MAGLEV, WEIGHTED, PREQUAL, C3, SHORTEST_QUEUE, LEAST_WORK = range(11)
POLICIES = {  # as a file does
    "random": RANDOM, "round_robin": ROUND_ROBIN, "least_request": LEAST_REQUEST, "peak_ewma": PEAK_EWMA, "ring_hash": RING_HASH,
    "maglev": MAGLEV, "weighted_round_robin": WEIGHTED, "prequal": PREQUAL, "c3": C3, "join_shortest_queue": SHORTEST_QUEUE,
    "least_work": LEAST_WORK,
}  # fmt: skip


@law
def draw_candidate(key: int, k: int, n: int) -> int:
    """B1 The k-th candidate among n ready pods, drawn with replacement from the try's own key."""
    return pick(unit(key, PICK, k), n)


@law
def is_less_busy(in_flight: int, best_in_flight: int) -> bool:
    """B2 least_request: a later candidate replaces an earlier one only with strictly fewer requests in flight."""
    return in_flight < best_in_flight


@law
def nth_around(first: int, i: int, n: int) -> int:
    """B23 The i-th of n hosts that are looked at one after the other, from a place drawn for the try."""
    return (first + i) % n


@law
def first_turn(view_key: int, version: int, n: int) -> int:
    """B3 round_robin begins, and begins again whenever the ready pods change, at a place drawn for that view."""
    return pick(unit(view_key, ROTATION, version), n)


@law
def next_turn(index: int, n: int) -> int:
    """B3 round_robin goes one on, around."""
    return index + 1 if index + 1 < n else 0
