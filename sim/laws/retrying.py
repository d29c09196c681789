"""When a failed try is made again, and how long the caller waits before."""

from __future__ import annotations

from sim.registry import law

OK, FAILED, REJECTED, TIMED_OUT, NO_ENDPOINT, LOST, REFUSED, PENDING, CANCELLED, OVERFLOW, LIMITED, SHED = range(12)
OUTCOMES = ("ok", "failed", "rejected", "timed_out", "no_endpoint", "lost", "refused", "pending", "cancelled", "overflow",
            "limited", "shed")  # fmt: skip
RETRY_MASKS = {  # Envoy's retry_on; no healthy pod is answered by the caller's own proxy and never tried again
    "5xx": 1 << FAILED | 1 << REJECTED | 1 << TIMED_OUT | 1 << LOST | 1 << REFUSED,
    "gateway-error": 1 << REJECTED | 1 << TIMED_OUT | 1 << LOST | 1 << REFUSED,
    "reset": 1 << TIMED_OUT | 1 << LOST | 1 << REFUSED,
    "connect-failure": 1 << REFUSED,
}


@law
def is_retriable(mask: int, outcome: int) -> bool:
    """R1 Whether retry_on, as a set of outcomes, asks for another try."""
    return (mask >> outcome) & 1 == 1


@law
def back_off_ns(base_ns: int, max_ns: int, retry: int, u: float) -> int:
    """R2 Envoy: the wait before retry n = 1, 2, ... is uniform in [0, min(base 2^(n-1), max))."""
    bound = base_ns
    for _ in range(1, retry):
        if bound >= max_ns:
            break
        bound += bound
    return int(u * min(bound, max_ns))


@law
def retry_allowed(active: int, retrying: int, budget: float, least: int) -> bool:
    """R3 Envoy's retry budget: retries in flight stay below max(floor(budget * tries in flight), least)."""
    return retrying < max(int(budget * active), least)
