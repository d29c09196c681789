"""Who is asked, and when: all that look at one instant at once (PettingZoo's parallel step).

Each then acts, in order of its row. Until the warm-up is over, the world's own rules decide alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.control_plane import ControlPlane
from agents.learning.chair import MIND, Look, Seats
from sim.clock import ControlPhase


@dataclass(frozen=True)
class Asking:
    """What is to be decided now: one of each for every row that looks, in their order."""

    now_ns: int
    rows: tuple[str, ...]
    observations: NDArray[np.float32]  # (rows, FRAMES * features)
    masks: NDArray[np.bool_]  # (rows, actions) those that may be chosen


Chooser = Callable[[Asking], NDArray[np.int64]]  # actions, one of every row that asks


class Council:
    """Asks a policy for all that look at one instant; without one, whoever advances the mesh has to `act`."""

    def __init__(self, seats: Seats, chooser: Chooser | None = None) -> None:
        self.seats, self._chooser = seats, chooser
        self._order = {row: place for place, row in enumerate(seats.rows)}
        self.is_waiting = False
        self._looks: dict[str, Look] = {}

    def sit(self, plane: ControlPlane) -> None:
        """Take part in a control plane that was made with the minds of the seats."""
        self._clock = plane.clock
        self.seats.sit(plane, self.told)

    def told(self, look: Look) -> None:
        """A row looked; the first one of an instant calls the others together, after all have woken."""
        if not self._looks:
            self._clock.after(0, ControlPhase.COUNCIL, MIND, self._meet)
        self._looks[look.row] = look

    def asking(self) -> Asking:
        """What is asked now."""
        looks = self._in_order()
        return Asking(looks[0].now_ns, tuple(look.row for look in looks), np.stack([look.observation for look in looks]),
                      np.stack([look.mask for look in looks]))  # fmt: skip

    def looking_back(self) -> Asking:
        """What would be asked at the end of a world, where nobody is asked any more."""
        self.seats.look_back()
        return self.asking()

    def act(self, chosen: NDArray[np.int64] | None) -> dict[str, str]:
        """Carry out an action for every row that asks, in the order of `asking()`; what a guard changed, by row.

        None: the world's own rule decides.
        """
        looks = self._in_order()
        self._looks, self.is_waiting = {}, False
        if chosen is None:
            self.seats.follow(looks)
            return {}
        return self.seats.act(looks, [int(action) for action in chosen.tolist()])

    def _in_order(self) -> list[Look]:
        return [self._looks[row] for row in sorted(self._looks, key=self._order.__getitem__)]

    def _meet(self) -> None:
        self.is_waiting = True
        if self._chooser is not None:
            self.act(self._chooser(self.asking()))
