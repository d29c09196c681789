"""How even an allocation is: one figure for all of it, and one for whoever has least."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from agents.negotiation.mechanisms.allocation import require_finite, require_for_each


def jain(shares: Sequence[float]) -> float:
    """(sum x)^2 / (n sum x^2): 1 where all are equal, 1/n where one has all; 1 where nobody has anything. ValueError below 0.

    Jain, Chiu and Hawe, DEC-TR-301 (1984).
    """
    require_finite("a share", shares)
    if not shares or min(shares) < 0:
        raise ValueError(f"shares {list(shares)!r} must be one at least, and none below 0")
    largest = max(shares)
    if largest == 0:
        return 1.0
    scaled = [share / largest for share in shares]
    return math.fsum(scaled) ** 2 / (len(scaled) * math.fsum(share * share for share in scaled))


def worst_off(shares: Mapping[str, float], claims: Mapping[str, float]) -> tuple[str, float]:
    """Who has least of its claim, and what share of it: what max-min makes as large as can be. Equals by name. ValueError.

    Whoever claims nothing is left out; where nobody claims anything, that is nobody ("") with all of it (1).
    """
    require_for_each("the share", claims, shares)
    served = {name: shares[name] / claims[name] for name in sorted(claims) if claims[name] > 0}
    return min(served.items(), key=lambda entry: entry[1], default=("", 1.0))
