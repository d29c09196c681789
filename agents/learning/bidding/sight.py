"""What a learned mind's features of a bidder are made of: what it needs, what it holds, what that costs, and how its requests fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agents.negotiation.parties.valuing import Outlook, wanted
from sim.platform.metrics import Series


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at one bidder. Rates are in requests a second, the latest last; units are of the pool, money is an hour."""

    rates: Sequence[float]
    worths: Sequence[float] | None  # of each number of units from 0 on beyond the floor, by the truth; None where nothing was seen yet
    price: float  # of a unit, at least
    held: int  # units, beyond the floor
    supply: int  # units that are nobody's own
    paid: float  # in the last round, an hour
    ready: float | None  # share of the pods asked for that are; None where it has none
    lateness: Mapping[Series, float]  # 95th percentiles of its classes over their objectives, where they are known
    multiple: float  # of its last bid
    age_ticks: float

    @property
    def wanted(self) -> int | None:
        """Units that would be worth their least price to it."""
        return None if self.worths is None else wanted(list(self.worths), self.price)

    @property
    def marginal(self) -> float | None:
        """What one more unit than it holds is worth to it."""
        if self.worths is None:
            return None
        place = min(self.held, len(self.worths) - 2)
        return self.worths[place + 1] - self.worths[place]


def flow_worths(outlook: Outlook, worth: float, units: float, supply: int) -> list[float]:
    """What each number of units is worth an hour to a class of requests that takes so many of them for one request a second."""
    nothing = outlook.served(0.0)
    return [3.6 * worth * (outlook.served(count / units) - nothing) for count in range(supply + 2)]
