"""An ascending clock in the chair of a pool: prices are called until no more is wanted than there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from agents.negotiation.mechanisms import english
from agents.negotiation.messages import Content
from agents.negotiation.parties.pools.clearing import Division
from agents.negotiation.parties.pools.pool import Auctioneer
from agents.negotiation.protocols import english_clock
from scenarios.schema.negotiating import CLOCK_CALLS_MAX

CALLS_WITHIN = 8  # of the deadline: how long a call waits for who does not answer
AWARDS_WITHIN = 2  # of the deadline: how long awards have to arrive, at the end of a round's two deadlines


class ClockAuctioneer(Auctioneer):
    """Calls rising prices (an iterated contract net)."""

    def hold_round(self) -> None:
        """Call the first price."""
        assert self.pool.by.english_clock is not None
        now_ns, deadline_ns = self.now_ns, self.described.deadline
        within_ns, done_by_ns = max(1, deadline_ns // CALLS_WITHIN), now_ns + 2 * deadline_ns
        clock = english_clock.Clock(self.supply_for(self.trades), self.pool.price, self.pool.by.english_clock.increment, CLOCK_CALLS_MAX,
                                    within_ns, self._settle)  # fmt: skip
        self._hold(english_clock.auctioneer(self.name, f"{self.name}/{self._epoch}.{self.round}", self.trades, clock,
                                            now_ns + within_ns, done_by_ns, done_by_ns - deadline_ns // AWARDS_WITHIN))  # fmt: skip

    def _settle(self, calls: Sequence[english_clock.Called]) -> Mapping[str, Content]:
        """Those who stayed to the end share what there is for them, at one price."""
        heard = [english.Called(one.price, dict(one.wanted)) for one in calls]
        lots = {name: one.described.units for name, one in self.trades.items()}
        found = english.closed(heard, self.supply_for(heard[-1].wanted), lots)
        return self._awards(Division(found.units, found.payments, found.price))
