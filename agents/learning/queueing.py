"""A model of queues for baselines that plan: mean waits by Sakasegawa's M/M/c (Ann. Inst. Stat. Math. 29, 1977), tails as exponentials.

Arrays are (..., places): several plans are reckoned at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LATE = 100.0  # times its work: how long a request takes at most
TAIL = math.log(100)  # of an exponential: its 99th percentile over its mean
HALVINGS = 16
Reals = NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """What one place can do: a zone, or a host."""

    servers: float  # requests at once; none: nobody is there
    work_s: float  # of one request
    backlog: float = 0.0  # requests that wait already
    failing: float = 0.0  # share of requests


class Places:
    """Several of them, and the time in which a backlog is to be worked off."""

    def __init__(self, places: Sequence[Place], tick_s: float) -> None:
        columns = np.array([(one.servers, one.work_s, one.backlog, one.failing) for one in places]).T
        self._servers, self._work_s, backlog, self.failing = columns
        self._more = backlog / tick_s  # requests a second

    def busy(self, rates: Reals) -> Reals:
        """Share of the servers that so many requests a second keep busy; infinite where nobody is."""
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Reals = (rates + self._more) * self._work_s / self._servers
        return np.where(self._servers > 0, found, np.inf)

    def mean_s(self, rates: Reals) -> Reals:
        """Time of a request, wait and work."""
        busy, servers = np.minimum(self.busy(rates), 1 - 1e-9), np.maximum(self._servers, 1e-9)
        wait_s = self._work_s * busy ** (np.sqrt(2 * (servers + 1)) - 1) / (servers * (1 - busy))
        over: Reals = np.minimum(self._work_s + wait_s, LATE * self._work_s)
        return over


def tail_s(shares: Reals, means_s: Reals) -> Reals:
    """(...,) The 99th percentile of requests of which these shares take these means, each exponential."""
    low: Reals = np.zeros(shares.shape[:-1])
    high: Reals = TAIL * np.where(shares > 0, means_s, 0).max(axis=-1)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        beyond = (shares * np.exp(-middle[..., None] / means_s)).sum(axis=-1) > 1 / 100
        low, high = np.where(beyond, middle, low), np.where(beyond, high, middle)
    found: Reals = high
    return found
