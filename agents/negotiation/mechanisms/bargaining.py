"""Bargaining points: which of the deals that are possible is the fair one, by three ideas of what fair is.

Nash (Econometrica 18, 1950): the product of gains over disagreement is highest. Kalai and Smorodinsky (Econometrica 43, 1975):
everybody gets the same share of the most that each could hope for. Egalitarian (Kalai, Econometrica 45, 1977): everybody gains
the same. First for finitely many deals, then for regions that limited resources leave (Region).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agents.negotiation.mechanisms.allocation import require_finite, require_positive
from agents.negotiation.mechanisms.network_utility import Flow, optimum

Deals = Mapping[str, Sequence[float]]  # the utility of each party, by the name of the deal


def frontier(deals: Deals, disagreement: Sequence[float]) -> dict[str, tuple[float, ...]]:
    """The gains over disagreement of the deals that leave nobody worse off and that no other deal dominates, by name. ValueError."""
    require_finite("disagreement", disagreement)
    gains = {}
    for name in sorted(deals):
        require_finite(f"a utility of {name!r}", deals[name])
        gains[name] = tuple(utility - floor for utility, floor in zip(deals[name], disagreement, strict=True))
    rational = {name: gain for name, gain in gains.items() if min(gain) >= 0}
    return {name: gain for name, gain in rational.items() if not any(_dominates(other, gain) for other in rational.values())}


def nash(deals: Deals, disagreement: Sequence[float], weights: Sequence[float] | None = None) -> str | None:
    """The deal whose product of (u_i - d_i)^{w_i} is highest, weights 1 unless given; None where every deal leaves somebody worse off."""
    powers = _powers(weights, len(disagreement))
    return _best(frontier(deals, disagreement), lambda gains: math.prod(gain**power for gain, power in zip(gains, powers, strict=True)))


def kalai_smorodinsky(deals: Deals, disagreement: Sequence[float]) -> str | None:
    """The deal whose smallest (u_i - d_i) / (ideal_i - d_i) is highest, then the next smallest; None as in `nash`.

    ideal_i is the most that party i has of any deal that leaves nobody worse off.
    """
    gains = frontier(deals, disagreement)
    ideal = [max(gain[i] for gain in gains.values()) for i in range(len(disagreement))] if gains else []
    return _best(gains, lambda gain: sorted(mine / most if most else 1.0 for mine, most in zip(gain, ideal, strict=True)))


def egalitarian(deals: Deals, disagreement: Sequence[float]) -> str | None:
    """The deal whose smallest u_i - d_i is highest, then the next smallest (leximin); None as in `nash`."""
    return _best(frontier(deals, disagreement), sorted)


def _dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    return one != other and all(mine >= yours for mine, yours in zip(one, other, strict=True))


def _best(gains: Mapping[str, tuple[float, ...]], goodness: Callable[[tuple[float, ...]], float | list[float]]) -> str | None:
    """Equals by name: the mapping is in the order of names, and `max` keeps the first."""
    return max(gains, key=lambda name: goodness(gains[name]), default=None)


def _powers(weights: Sequence[float] | None, parties: int) -> Sequence[float]:
    if weights is None:
        return [1.0] * parties
    require_positive("a weight", weights)
    if len(weights) != parties:
        raise ValueError(f"{len(weights)} weights for {parties} parties")
    return weights


@dataclass(frozen=True, slots=True)
class Region:
    """Utilities that go together: u >= disagreement, and each row · u within its limit.

    A row is a resource: how much of it one unit of each party's utility takes, which is never negative. So the region is convex,
    and whoever gives something up makes nobody worse off. ValueError where that is not so, or somebody's utility has no bound.
    """

    rows: tuple[tuple[float, ...], ...]  # (resources, parties)
    limits: tuple[float, ...]  # (resources,)
    disagreement: tuple[float, ...]  # (parties,)

    def __post_init__(self) -> None:
        for row, limit in zip(self.rows, self.limits, strict=True):
            require_finite("a row", row)
            if len(row) != len(self.disagreement) or min(row) < 0 or _dot(row, self.disagreement) > limit:
                raise ValueError(f"the resource {row} within {limit} is not a resource of {len(self.disagreement)} parties "
                                 f"that their disagreement {self.disagreement} leaves within its limit")  # fmt: skip
        for party in range(len(self.disagreement)):
            if not any(row[party] for row in self.rows):
                raise ValueError(f"party {party} takes nothing of any resource: its utility has no bound")

    def left(self) -> tuple[float, ...]:
        """What disagreement leaves of each resource."""
        return tuple(limit - _dot(row, self.disagreement) for row, limit in zip(self.rows, self.limits, strict=True))

    def reach(self, direction: Sequence[float]) -> float:
        """How far one can go from disagreement in a direction that is nowhere negative."""
        taken = [_dot(row, direction) for row in self.rows]
        return min((left / each for left, each in zip(self.left(), taken, strict=True) if each > 0), default=0.0)

    def ideal_gains(self) -> tuple[float, ...]:
        """What each party would gain if nobody else gained anything."""
        parties = range(len(self.disagreement))
        return tuple(self.reach([float(other == party) for other in parties]) for party in parties)

    def along(self, direction: Sequence[float]) -> tuple[float, ...]:
        """The last point in a direction."""
        step = self.reach(direction)
        return tuple(floor + step * each for floor, each in zip(self.disagreement, direction, strict=True))


def kalai_smorodinsky_point(region: Region) -> tuple[float, ...]:
    """From disagreement towards the ideal, as far as it goes. Of several resources it may leave some unused (weak Pareto)."""
    return region.along(region.ideal_gains())


def egalitarian_point(region: Region) -> tuple[float, ...]:
    """The same gain for all, as large as it can be. Of several resources it may leave some unused (weak Pareto)."""
    return region.along([1.0] * len(region.disagreement))


def nash_point(region: Region, weights: Sequence[float] | None = None) -> tuple[float, ...]:
    """The maximum of sum w_i log(u_i - d_i): Kelly's proportional fairness of the gains (`optimum` of network_utility.py).

    Where somebody can gain nothing every product is 0, and the disagreement is the answer.
    """
    ideal, powers = region.ideal_gains(), _powers(weights, len(region.disagreement))
    if not all(ideal):
        return region.disagreement
    resources = {f"resource {j}": (row, left) for j, (row, left) in enumerate(zip(region.rows, region.left(), strict=True))}
    parties = {
        f"party {i:06}": Flow({name: row[i] * ideal[i] / left for name, (row, left) in resources.items() if row[i]}, power, 1.0)
        for i, power in enumerate(powers)
    }  # in shares of the ideal and of each resource, so that nobody's scale matters to the solver
    shares = optimum(parties, dict.fromkeys(resources, 1.0))
    return tuple(floor + share * most for floor, share, most in zip(region.disagreement, shares.values(), ideal, strict=True))


def _dot(row: Sequence[float], column: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(row, column, strict=True))
