"""An ascending clock in the chair of a pool: prices are called until no more is wanted than there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.negotiation.mechanisms import english
from agents.negotiation.messages import Content
from agents.negotiation.parties.pools.clearing import Division
from agents.negotiation.parties.pools.pool import Auctioneer
from agents.negotiation.protocols import english_clock

CALLS_WITHIN = 8  # of the deadline: how long a call waits for who does not answer
CALLS_MAX = 1000


class ClockAuctioneer(Auctioneer):
    """Calls rising prices (an iterated contract net)."""

    def hold_round(self) -> None:
        """Call the first price."""
        assert self.pool.by.english_clock is not None
        now_ns, deadline_ns = self.now_ns, self.described.deadline
        clock = english_clock.Clock(self.supply_for(self.trades), self.pool.price, self.pool.by.english_clock.increment, CALLS_MAX,
                                    max(1, deadline_ns // CALLS_WITHIN), self._settle)  # fmt: skip
        self._hold(english_clock.auctioneer(self.name, f"{self.name}/{self._epoch}.{self.round}", self.trades, clock,
                                            now_ns + max(1, deadline_ns // CALLS_WITHIN), now_ns + 2 * deadline_ns))  # fmt: skip

    def _settle(self, calls: Sequence[english_clock.Called]) -> Mapping[str, Content]:
        """Those who stayed to the end share what there is for them, at one price."""
        heard = [english.Called(one.price, dict(one.wanted)) for one in calls]
        found = english.closed(heard, self.supply_for(heard[-1].wanted))
        return self._awards(Division(found.units, found.payments, found.price))
