"""How many may come in a while: Envoy's token bucket."""

from __future__ import annotations

from typing import Any

from sim.registry import law


@law
def take_token(gate: Any, full: int, token_ns: int, per_fill: int, now_ns: int) -> bool:
    """W1 Take a token if there is one. A bucket is refilled all the time, at `per_fill` tokens every `token_ns`.

    Its credit is whole numbers: tokens x the fill interval in ns. So nothing is rounded, and `full` is the most.
    """
    missing, elapsed = full - gate.credit, now_ns - gate.filled_ns
    if elapsed >= (missing + per_fill - 1) // per_fill:
        gate.credit = full
    else:
        gate.credit += elapsed * per_fill
    gate.filled_ns = now_ns
    if gate.credit < token_ns:
        return False
    gate.credit -= token_ns
    return True
