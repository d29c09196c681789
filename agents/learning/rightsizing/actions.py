"""What a learned mind may ask for: a multiple of the CPU that the VPA recommends, or of what pods request now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.learning.chair import ActionSet
from agents.learning.rightsizing.sight import Sight

MULTIPLES = (0.3, 0.45, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0)
STEPS = (0.5, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0)


@dataclass(frozen=True)
class SizeActions(ActionSet):
    """`millicores` says what an action asks each pod to request, before the guard."""

    millicores: Callable[[int, Sight], int]

    def mask(self, sight: Sight, least: int, most: int) -> NDArray[np.bool_]:
        """(actions,) those that lead within the bounds; one that changes nothing always may."""
        wanted = np.array([self.millicores(action, sight) for action in range(len(self))])
        inside: NDArray[np.bool_] = (wanted >= least) & (wanted <= most)
        inside[self.stays] = True
        return inside

    @property
    def stays(self) -> int:
        """The action of the multiple one."""
        return self.labels.index("x1")


RECOMMENDATION = SizeActions("recommendation", tuple(f"x{times:g}" for times in MULTIPLES), MULTIPLES.index(1.0),
                             lambda action, sight: round(MULTIPLES[action] * sight.target))  # fmt: skip
REQUEST = SizeActions("request", tuple(f"x{times:g}" for times in STEPS), None,
                      lambda action, sight: round(STEPS[action] * sight.request))  # fmt: skip
ACTION_SETS = {one.name: one for one in (RECOMMENDATION, REQUEST)}
