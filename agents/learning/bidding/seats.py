"""Bidders in the council: before each round a policy says how eager each is; then each bids, and the mechanism divides as ever."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from agents.control_plane import ControlPlane
from agents.decision import Decision
from agents.learning.bidding.actions import BidActions
from agents.learning.bidding.bidders import Bidder, auction
from agents.learning.bidding.features import BIDDING
from agents.learning.bidding.guard import Guard
from agents.learning.bidding.measuring import Meter
from agents.learning.bidding.reward import reward_of
from agents.learning.bidding.sight import Sight
from agents.learning.chair import MIND, ActionSet, Look, RowByRow, TimedSeats, with_guard
from agents.learning.observing import Frames
from agents.learning.reward import Reward, Weights
from scenarios.errors import ScenarioError
from scenarios.schema.scenario import Scenario


@dataclass(frozen=True)
class BidLook(Look):
    """A bidder that waits for its action."""

    sight: Sight


class BidSeats(RowByRow, TimedSeats):
    """All who bid for a pool, in order of their names.

    They are asked at the instant at which a round begins: its call for proposals takes time to reach them.
    """

    def __init__(self, world: Scenario, actions: ActionSet, weights: Weights, every_ns: int | None = None) -> None:
        """Raises ScenarioError where there is no pool."""
        self._auction = auction(world)
        if every_ns is not None:
            raise ScenarioError("every_ns: whoever bids is asked when a round begins, at the negotiation's own interval")
        super().__init__(world, self._auction.described.every)
        assert isinstance(actions, BidActions), "of this chair"
        self.actions, self._weights, self._guard = actions, weights, Guard()
        self.rows = tuple(self._auction.bidders)
        self._moved = dict.fromkeys(self.rows, 0.0)
        self._worth = np.array([self._auction.pool.worth.get(workload, 1.0) for workload in world.workload])

    def sit(self, plane: ControlPlane, told: Callable[[Look], None]) -> None:
        """And find the parties."""
        super().sit(plane, told)
        self._bidders = {row: Bidder(plane, self._auction, row, self.cadence_ns) for row in self.rows}
        self._frames = {row: Frames(BIDDING) for row in self.rows}

    def look(self) -> Sequence[Look]:
        """Of every bidder."""
        return [self._look(row) for row in self.rows]

    def carry_out(self, look: Look, action: int) -> str:
        """A multiple for a bidder, past the guard."""
        assert isinstance(look, BidLook), "of this chair"
        held, why = self._guard.passed(self.actions.multiples[action], look.sight.multiple, look.sight.age_ticks)
        self._set(look, held, why)
        return why

    def begin(self) -> None:
        """What happens is measured from here on."""
        self._meter = Meter(self.plane.mesh, self._auction)

    def measure(self) -> Reward:
        """What came of it since the last time."""
        moved, self._moved = np.array([self._moved[row] for row in self.rows]), dict.fromkeys(self.rows, 0.0)
        return reward_of(self._meter.take(), moved, self._auction.pool.price, self._worth, self._weights)

    def _look(self, row: str) -> BidLook:
        """Who has seen no demand yet, or is not asked what more is worth, may but say the truth."""
        sight = self._bidders[row].look()
        mask = np.full(len(self.actions), self._auction.is_bid_for and sight.worths is not None)
        mask[self.actions.multiples.index(1.0)] = True
        return BidLook(row, self.plane.clock.now_ns, self._frames[row].take(sight), mask, sight)

    def _set(self, look: BidLook, multiple: float, why: str) -> None:
        party, before = self._bidders[look.row].party, look.sight.multiple
        party.eagerness = multiple
        self._moved[look.row] += abs(math.log2(multiple / before))
        reason = with_guard(f"bids x{multiple:g} of what more is worth", why)
        self.plane.decisions.append(Decision(look.now_ns, look.row, look.row, MIND, round(100 * before), None, round(100 * multiple),
                                             reason, multiple != before))  # fmt: skip
