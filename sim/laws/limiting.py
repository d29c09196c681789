"""How many may come in a while: Envoy's token bucket."""

from __future__ import annotations

from typing import Any

from sim.registry import law


@law
def full_credit(most: int, token_ns: int, per_fill: int) -> int:
    """W11 The credit of a full bucket of so many tokens; nothing where none come in."""
    return most * token_ns if per_fill > 0 else 0


@law
def refill(gate: Any, full: int, per_fill: int, now_ns: int) -> None:
    """W1 A bucket is refilled all the time, at `per_fill` tokens every fill interval.

    Its credit is whole numbers: tokens x the fill interval in ns. So nothing is rounded, and `full` is the most.
    """
    missing, elapsed = full - gate.credit, now_ns - gate.filled_ns
    if per_fill == 0 or elapsed >= (missing + per_fill - 1) // per_fill:
        gate.credit = full
    else:
        gate.credit += elapsed * per_fill
    gate.filled_ns = now_ns


@law
def change_rate(gate: Any, full: int, per_fill: int, full_after: int, now_ns: int) -> None:
    """W11 A bucket has another rate from now on: it keeps what came in at the old one, as far as there is room."""
    refill(gate, full, per_fill, now_ns)
    gate.credit = min(gate.credit, full_after)


@law
def take_token(gate: Any, full: int, token_ns: int, per_fill: int, now_ns: int) -> bool:
    """W1 Take a token, worth `token_ns` of credit, if there is one."""
    refill(gate, full, per_fill, now_ns)
    if gate.credit < token_ns:
        return False
    gate.credit -= token_ns
    return True
