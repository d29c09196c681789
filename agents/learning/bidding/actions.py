"""What a learned mind may say: a multiple of what more capacity is worth. Who gets it, and for how much, the mechanism decides."""

from __future__ import annotations

from dataclasses import dataclass

from agents.learning.chair import ActionSet

MULTIPLES = (0.5, 0.75, 1.0, 1.5, 2.0, 3.0)


@dataclass(frozen=True)
class BidActions(ActionSet):
    """Multiples of the marginal value, in rising order."""

    multiples: tuple[float, ...]


MULTIPLIER = BidActions("multiplier", tuple(f"x{times:g}" for times in MULTIPLES), MULTIPLES.index(1.0), MULTIPLES)
ACTION_SETS = {one.name: one for one in (MULTIPLIER,)}
