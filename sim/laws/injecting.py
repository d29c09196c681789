"""Faults that a caller's own proxy injects: which calls they strike, and what an abort looks like."""

from __future__ import annotations

from sim.draws import unit
from sim.laws.retrying import FAILED, LIMITED
from sim.registry import law


@law
def is_injected(key: int, stream: int, percentage: float) -> bool:
    """I1 Whether a call is delayed, or aborted, by the key of its first try; each has a stream of its own."""
    return unit(key, stream, 0) < percentage


@law
def abort_outcome(http_status: int) -> int:
    """I3 What an aborted call ends as: limited for 429, failed for any other error."""
    return LIMITED if http_status == 429 else FAILED
