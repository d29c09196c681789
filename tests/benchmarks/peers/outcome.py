"""What a peer says came out of a run, and the one figure of the workloads that all peers write down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

LINK_S = 0.001  # one way between two services; the entry hop is free
TIERS = ((4, 0.0048), (8, 0.0096), (6, 0.0072))  # W2 and W2t: workers and mean work of gateway, app, db


@dataclass
class Outcome:
    """What a peer found: hops entered, requests finished, the sum of their latencies."""

    hops: int = 0
    finished: int = 0
    total_latency_s: float = 0.0

    @property
    def mean_ms(self) -> float:
        """Mean latency of the requests that finished."""
        return 1e3 * self.total_latency_s / self.finished

    def finish(self, latency_s: float) -> None:
        """Count one request that came back."""
        self.finished += 1
        self.total_latency_s += latency_s


Run = Callable[[float, int], Outcome]  # (simulated seconds, seed) → what came out
