"""When a failed try is made again, and how long the caller waits before."""

from __future__ import annotations

from collections.abc import Iterable

from sim.draws import indexed_key
from sim.laws.service import to_ns
from sim.registry import law

OK, FAILED, REJECTED, TIMED_OUT, NO_ENDPOINT, LOST, REFUSED, PENDING, CANCELLED, OVERFLOW, LIMITED, SHED = range(12)
OUTCOMES = ("ok", "failed", "rejected", "timed_out", "no_endpoint", "lost", "refused", "pending", "cancelled", "overflow",
            "limited", "shed")  # fmt: skip
RETRY_MASKS = {  # Envoy's retry_on; what the caller's own proxy answers (no_endpoint, overflow) is never tried again
    "5xx": 1 << FAILED | 1 << REJECTED | 1 << SHED | 1 << TIMED_OUT | 1 << LOST | 1 << REFUSED,
    "gateway-error": 1 << REJECTED | 1 << SHED | 1 << TIMED_OUT | 1 << LOST | 1 << REFUSED,
    "reset": 1 << TIMED_OUT | 1 << LOST | 1 << REFUSED,
    "reset-before-request": 1 << REFUSED,
    "connect-failure": 1 << REFUSED,
    "refused-stream": 1 << REFUSED,
    "envoy-ratelimited": 1 << LIMITED,
    "cancelled": 1 << CANCELLED,
    "deadline-exceeded": 1 << TIMED_OUT,
    "internal": 1 << FAILED,
    "resource-exhausted": 1 << LIMITED,
    "unavailable": 1 << REJECTED | 1 << SHED | 1 << LOST | 1 << REFUSED,
}


def mask_of(conditions: Iterable[str]) -> int:
    """A set of conditions as a set of outcomes."""
    mask = 0
    for condition in conditions:
        mask |= RETRY_MASKS[condition]
    return mask


@law
def is_retriable(mask: int, outcome: int) -> bool:
    """R1 Whether retry_on, as a set of outcomes, asks for another try."""
    return (mask >> outcome) & 1 == 1


@law
def back_off_bound_ns(base_ns: int, max_ns: int, retry: int) -> int:
    """R2 What the wait before retry n = 1, 2, ... is measured by: min(base 2^(n-1), max)."""
    bound = base_ns
    for _ in range(1, retry):
        if bound >= max_ns:
            break
        bound += bound
    return min(bound, max_ns)


@law
def back_off_ns(base_ns: int, max_ns: int, retry: int, u: float) -> int:
    """R2 Envoy: the wait before retry n = 1, 2, ... is uniform in [0, min(base 2^(n-1), max))."""
    return int(u * back_off_bound_ns(base_ns, max_ns, retry))


@law
def jittered_back_off_ns(base_ns: int, max_ns: int, retry: int, jitter: float, u: float) -> int:
    """R5 gRPC (proposal A6): the wait is min(base 2^(n-1), max) times a factor uniform in [1 - jitter, 1 + jitter)."""
    return to_ns(back_off_bound_ns(base_ns, max_ns, retry) * (1.0 - jitter + 2.0 * jitter * u))


@law
def retry_allowed(active: int, retrying: int, budget: float, least: int) -> bool:
    """R3 Envoy's retry budget: retries in flight stay below max(floor(budget * tries in flight), least)."""
    return retrying < max(int(budget * active), least)


@law
def another_pick_key(key: int, pick: int) -> int:
    """R9 The key by which a try picks its pod for the pick-th time again, pick = 1, 2, ...: whatever the balancer draws is new."""
    return indexed_key(key, pick)
