"""A model of queues for baselines that plan: mean waits by Sakasegawa's M/M/c (Ann. Inst. Stat. Math. 29, 1977), tails as exponentials."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

LATE = 100.0  # times its work: how long a request takes where more comes than can be served
TAIL = math.log(100)  # of an exponential: its 99th percentile over its mean
HALVINGS = 16


@dataclass(frozen=True)
class Place:
    """What one place can do: a zone, or a host."""

    servers: float  # requests at once
    work_s: float  # of one request
    backlog: float = 0.0  # requests that wait already
    failing: float = 0.0  # share of requests

    def busy(self, rate: float, tick_s: float) -> float:
        """Share of its servers that so many requests a second keep busy, the backlog to be worked off within the tick."""
        return (rate + self.backlog / tick_s) * self.work_s / self.servers if self.servers > 0 else math.inf

    def mean_s(self, rate: float, tick_s: float) -> float:
        """Time of a request, wait and work."""
        busy = self.busy(rate, tick_s)
        if busy >= 1:
            return self.work_s * LATE * (busy if math.isfinite(busy) else 1.0)
        wait_s: float = self.work_s * busy ** (math.sqrt(2 * (self.servers + 1)) - 1) / (self.servers * (1 - busy))
        return min(self.work_s + wait_s, LATE * self.work_s)


def tail_s(shares: Sequence[float], means_s: Sequence[float]) -> float:
    """The 99th percentile of requests of which these shares take these means, each exponential."""
    parts = [(share, mean) for share, mean in zip(shares, means_s, strict=True) if share > 0]
    low, high = 0.0, TAIL * max(mean for _, mean in parts)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        beyond = sum(share * math.exp(-middle / mean) for share, mean in parts)
        low, high = (middle, high) if beyond > 0.01 else (low, middle)
    return high
