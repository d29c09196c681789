"""Where one service's credits are granted: its pods, what is promised, and what every leg is meant to have."""

from __future__ import annotations

import math
from collections.abc import Mapping

from agents.negotiation.leases import Lease, Ledger
from agents.negotiation.messages import Content
from agents.negotiation.parties.chains.legs import Leg, granted_pods
from agents.negotiation.parties.chains.sharing import Share, divided
from agents.negotiation.parties.office import LeaseOffice
from agents.negotiation.parties.valuing import Outlook
from scenarios.schema.negotiating import Credits
from scenarios.schema.units import NS_PER_S
from sim.platform.cluster import Cluster


class CreditDesk:
    """A ledger of credits. Who holds it may die; the epoch is kept by him where that does not reach."""

    def __init__(self, service: str, terms: Credits, legs: Mapping[str, Leg], cluster: Cluster, window_ns: int) -> None:
        """`window_ns`: over which loads are counted."""
        self.service, self.terms, self._cluster, self._window_ns = service, terms, cluster, window_ns
        self.legs = {name: leg for name, leg in legs.items() if leg.callee == service}
        self.floors = sum(leg.floor for leg in self.legs.values())
        self.wants: dict[str, float] = {}  # first tries a second, as was heard last
        self.shares: dict[str, Share] = {}  # as was decided last
        self.office = LeaseOffice(Ledger(0, 0, 0, 1))  # nothing is granted before it is opened

    @property
    def capacity(self) -> int:
        """Credits there are: those of its ready pods, as it knows them."""
        return granted_pods(self.terms, sum(pod.looks_ready for pod in self._cluster.pods(self.service)))

    @property
    def supply(self) -> int:
        """Credits that are nobody's own."""
        return max(0, self.capacity - self.floors)

    def open(self, skew_ns: int, epoch: int, term_ns: int, now_ns: int) -> None:
        """Open the office: at first with an empty ledger, later with one that waits for what was forgotten.

        Nobody has been heard yet: what legs would carry is what the file comes to on average.
        """
        self.wants, self.shares = {name: leg.mean for name, leg in self.legs.items()}, {}
        if epoch == 0:
            self.office = LeaseOffice(Ledger(self.supply, skew_ns, 0, term_ns))
        else:
            self.office = LeaseOffice(Ledger.restarted(self.supply, skew_ns, epoch - 1, term_ns, now_ns))

    def divide(self, kind: str, limits: Mapping[str, float], now_ns: int, until_ns: int,
               silent: frozenset[str] = frozenset()) -> dict[str, Lease]:  # fmt: skip
        """Decide anew, and grant; a leg of who is silent keeps what it has for as long as that lasts."""
        ledger = self.office.ledger
        ledger.resize(self.supply)
        kept = sum(ledger.promised(name, now_ns) for name in silent)
        asking = {name: leg for name, leg in self.legs.items() if name not in silent}
        if not asking:
            return {}
        self.shares |= divided(kind, asking, self._outlooks(), max(0, self.supply - kept), limits)
        return self.office.aim({name: self.shares[name].whole - leg.floor for name, leg in asking.items()}, now_ns, until_ns)

    def could_use(self, kind: str, limits: Mapping[str, float]) -> dict[str, float]:
        """First tries a second that would come by each leg, if its callers had all that it could serve within such limits."""
        found = divided(kind, self.legs, self._outlooks(), self.supply, limits)
        return {name: min(self.wants[name], self.legs[name].rate(share.first)) for name, share in found.items()}

    def content(self, lease: Lease) -> Content:
        """A lease as a message carries it. Where there is not yet room for all, retries go first."""
        share, leg = self.shares[lease.holder], self.legs[lease.holder]
        spare = (lease.amount + leg.floor) / share.first - 1 if share.first else share.retries
        return lease.content() | {"retries": round(max(0.0, min(share.retries, spare)), 6)}

    def _outlooks(self) -> dict[str, Outlook]:
        """What may come by each leg; a planner has decided on what does."""
        if self.terms.by.kind == "planner":
            return {name: Outlook(rate) for name, rate in self.wants.items()}
        return {name: foreseen(rate, self.terms, self._window_ns) for name, rate in self.wants.items()}


def foreseen(rate: float, terms: Credits, window_ns: int) -> Outlook:
    """Demand to come, where so much was seen: it moves by its spread, and what was counted in a window is off by chance (Poisson)."""
    return Outlook(rate, math.sqrt((rate * terms.spread) ** 2 + rate * NS_PER_S / window_ns))
