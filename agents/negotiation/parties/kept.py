"""The lease that a party keeps to: for as long as it holds, and for what it costs."""

from __future__ import annotations

from collections.abc import Callable

from agents.negotiation.leases import Holding, Lease
from agents.negotiation.messages import Content
from agents.negotiation.parties.party import Party
from scenarios.schema.units import HOUR_NS
from sim.clock import ControlPhase


class KeptLease:
    """What a party holds, and what it paid. The platform keeps it, so that its end comes whether the party lives or not."""

    def __init__(self, party: Party, round_ns: int, over: Callable[[], None]) -> None:
        """`round_ns`: from one round to the next, which is what a lease is paid for; `over` is called when nothing is held any more."""
        self.holding = Holding(party.name, party.around.network.clock_skew_ns)
        self.paid = 0.0  # in currency
        self._party, self._round_ns, self._over = party, round_ns, over
        self._round, self._charged = -1, 0.0  # the newest that was paid for, and what an hour

    def take(self, lease: Lease) -> bool:
        """Keep to a lease if it is newer than all before, and look at it when it ends; one that came too late only ends what was held."""
        held = self.holding.lease is not None
        if not self.holding.take(lease):
            return False
        left_ns = lease.expires_ns - self.holding.skew_ns - self._party.now_ns
        if left_ns > 0:
            self._party.clock.after(left_ns, ControlPhase.PLATFORM, f"lease/{self._party.name}", self._look)
            return True
        self.holding.drop_if_over(self._party.now_ns)
        if held:
            self._over()
        return False

    def pay(self, award: Content) -> float:
        """Pay for a lease that was taken, once a round: of one that tops another up, what it costs more; what was paid, in currency."""
        nth, an_hour = int(award.get("round", 0)), float(award.get("pay", 0.0))
        due = (an_hour - (self._charged if nth == self._round else 0.0)) * self._round_ns / HOUR_NS
        self._round, self._charged = nth, an_hour
        self.paid += due
        return due

    def _look(self) -> None:
        """It may be over."""
        if self.holding.drop_if_over(self._party.now_ns):
            self._over()


class Leaseholder(Party):
    """A party that keeps to leases of a pool, and pays for them."""

    kept: KeptLease
    eagerness = 1.0  # what it multiplies its bids by, where somebody decides how it bids; it values things as before

    @property
    def holding(self) -> Holding:
        """What it may use beyond what floors are for."""
        return self.kept.holding

    @property
    def paid(self) -> float:
        """So far, in currency."""
        return self.kept.paid

    def keep(self, content: Content, now_ns: int, /) -> bool:
        """Keep to a lease and pay for it, unless a newer one was seen."""
        raise NotImplementedError

    def perform(self, award: Content, now_ns: int) -> Content | None:
        """Keep to what it was awarded."""
        return {"token": award["token"]} if self.keep(award, now_ns) else None
