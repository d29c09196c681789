"""The (k+1)-price auction: k units to the k highest bids, each at the highest bid that lost (Vickrey, J. Finance 16, 1961).

Where everybody wants one unit, telling the truth is a dominant strategy. Where somebody wants several it is not: a low bid for
the second unit may be the one that prices the first (demand reduction; Ausubel et al., Review of Economic Studies 81, 2014).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from agents.negotiation.mechanisms.allocation import Allocation, at_one_price, require_finite, require_units
from agents.negotiation.mechanisms.marginals import dearest_first


def uniform_price(bids: Mapping[str, Sequence[float]], supply: int, reserve: float = 0.0) -> Allocation:
    """Sell up to `supply` units to marginal bids, never below the reserve; equal bids by name. ValueError for bids that rise."""
    require_units("supply", supply)
    require_finite("the reserve", [reserve])
    standing = [(value, name) for value, name in dearest_first(bids) if value >= reserve]
    won = Counter(name for _, name in standing[:supply])
    highest_losing = standing[supply][0] if supply < len(standing) else reserve
    return at_one_price({name: won[name] for name in bids}, highest_losing)
