"""What capacity is worth to whom who does not know how much will be asked of it: the newsvendor's reckoning.

Demand until the next decision is normal, about what is seen now. A pod serves some of it in time; each further pod is
needed less surely, so its worth falls: bids are non-increasing, and a price says how many pods are wanted.
(Arrow, Harris and Marschak, Optimal inventory policy, Econometrica 19:3, 1951, for a single period.)
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

NORMAL = NormalDist()
EVEN_S = 0.25  # seconds: a few requests' work
SURE = 0.001  # what is asked for less often than once in a thousand times is not bargained for
NOBODY = 1e-12  # of a normal distribution: what lies beyond


@dataclass(frozen=True, slots=True)
class Outlook:
    """Demand to come, in requests a second: its mean and its standard deviation."""

    rate: float
    deviation: float = 0.0

    @classmethod
    def around(cls, rate: float, spread: float) -> Outlook:
        """Demand about a rate, give or take a share of it."""
        return cls(rate, rate * spread)

    @classmethod
    def known(cls, rate: float) -> Outlook:
        """Demand at a rate that is known: all that is left is chance (Poisson), counted over a time in which queues even it out."""
        return cls(rate, math.sqrt(rate / EVEN_S))

    def beyond(self, capacity: float) -> float:
        """The probability that more is asked for than `capacity` requests a second."""
        if self.deviation <= 0:
            return 1.0 if self.rate > capacity else 0.0
        return 1.0 - NORMAL.cdf((capacity - self.rate) / self.deviation)

    def exceeded_by(self, share: float) -> float:
        """The capacity that demand exceeds with probability `share`, at least 0; requests a second."""
        if self.deviation <= 0:
            return self.rate if share < 1 else 0.0
        share = min(max(share, NOBODY), 1 - NOBODY)
        return max(0.0, self.rate + self.deviation * NORMAL.inv_cdf(1 - share))

    def served(self, capacity: float) -> float:
        """E[min(demand, capacity)], in requests a second; the standard loss function."""
        if self.deviation <= 0:
            return min(self.rate, capacity)
        short = self.rate - capacity
        z = -short / self.deviation
        return self.rate - self.deviation * math.exp(-z * z / 2) / math.sqrt(2 * math.pi) - short * (1.0 - NORMAL.cdf(z))


def values(outlook: Outlook, per_pod: float, worth: float, most: int, units: int = 1) -> list[float]:
    """What each number of units from 0 to `most` is worth an hour, in currency: the pods that fit into them serve so much.

    per_pod: requests a second a pod serves; worth: currency for a thousand requests; units: of a pod.
    """
    nothing, an_hour = outlook.served(0.0), 3.6 * worth
    return [an_hour * (outlook.served((count // units) * per_pod) - nothing) for count in range(most + 1)]


def wanted(worths: list[float], price: float) -> int:
    """The fewest units whose worth less their price is the greatest."""
    return max(range(len(worths)), key=lambda count: (worths[count] - price * count, -count))
