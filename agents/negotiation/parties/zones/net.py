"""Zones that bargain by contract net: who has too much calls, others propose what they can spare, and what is taken is a lease."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from agents.negotiation.leases import MILLI, Holding, Lease, Ledger
from agents.negotiation.machine import Conversation
from agents.negotiation.messages import Content, Message, Performative
from agents.negotiation.parties.valuing import SURE, Outlook
from agents.negotiation.parties.zones.crossing import PERCENTS, Crossing
from agents.negotiation.parties.zones.zone import ZoneAgent
from agents.negotiation.protocols import contract_net
from scenarios.schema.negotiating import Negotiation
from scenarios.schema.spill_rules import zone_agent
from scenarios.schema.units import HOUR_NS, NS_PER_S
from sim.clock import ControlPhase

NOTHING = 1e-9  # by which a percent may be off
SLICES = 8  # in which spare capacity is offered, the dearer the less there is left


class BargainingZone(ZoneAgent):
    """Both sides of the bargain: it leases what it can spare to others, and holds leases of what others can spare.

    Leases are kept by the platform, as Kubernetes keeps Lease objects: while the agent is dead its callers go where they
    were told, and when a lease is over they go home, whoever lives. Its ledger is its own: after a crash it grants
    nothing until all that it may have granted before is over.
    """

    def __init__(self, model: Any, crossing: Crossing, zone: str, described: Negotiation) -> None:
        super().__init__(model, crossing, zone, described)
        self.peers = {zone_agent(crossing.service, other): other for other in crossing.zones if other != zone}
        self.holdings = {peer: Holding(self.name, model.network.clock_skew_ns) for peer in self.peers}
        self.ledger: Ledger | None = None
        self.round, self._epoch = 0, 0  # both are kept where a crash does not reach
        self.told_rate: float | None = None  # requests a second that percents were last reckoned for
        self.paid = 0.0  # for the risk that others took
        self._net: contract_net.Initiator | None = None
        self._due: dict[str, float] = {}  # what each award costs an hour
        self._won: dict[str, int] = {}  # thousandths of a request a second that each was awarded for
        self._reported: set[str] = set()  # in this round

    def begin(self) -> None:
        """Open the ledger."""
        skew_ns, term_ns = self.around.network.clock_skew_ns, self.described.lease
        self.ledger = (Ledger(0, skew_ns, 0, term_ns) if self._epoch == 0
                       else Ledger.restarted(0, skew_ns, self._epoch - 1, term_ns, self.now_ns))  # fmt: skip
        self._epoch += 1
        self._net = None
        super().begin()

    # what it can spare

    @property
    def spare(self) -> int:
        """Thousandths of a request a second that its own callers do not use, as far as it can see, and as it tells."""
        outlook = self.told
        return 0 if outlook is None else math.floor(MILLI * max(0.0, self.capacity - outlook.rate))

    def room(self, holder: str) -> int:
        """What could be leased to a holder now, what it has already included."""
        assert self.ledger is not None, "the ledger is open as long as the agent lives"
        self.ledger.resize(self.spare)
        return self.ledger.room(holder, self.now_ns)

    def answering(self, message: Message, /) -> Conversation | None:
        """Take part where a peer calls."""
        if message.sender not in self.peers or message.performative not in (Performative.CFP, Performative.ACCEPT_PROPOSAL):
            return None
        return contract_net.Participant(
            self.name, message.protocol, message.conversation_id, message.sender,
            lambda call, now_ns: self._offered(message.sender, call, now_ns),
            lambda award, now_ns: self._granted(message.sender, award, now_ns), self.described.deadline)  # fmt: skip

    def _offered(self, caller: str, call: Content, now_ns: int) -> Content | None:
        """Slices of what it can spare, each at what the way there costs and what its own callers would risk by it, as it tells."""
        assert self.ledger is not None, "the ledger is open as long as the agent lives"
        token, outlook = call["holds"].get(self.name), self.told
        if token is not None:
            self.ledger.confirm(caller, token)
        spare = min(self.room(caller), call["units"])
        if outlook is None or spare <= 0:
            return None
        way = self.crossing.prices(self.peers[caller])[self.zone]
        promised = (self.ledger.live(now_ns) - self.ledger.promised(caller, now_ns)) / MILLI
        slices, given = [], 0
        for part in range(1, SLICES + 1):
            upto = spare * part // SLICES
            risk = self.told_worth * outlook.beyond(self.capacity - promised - upto / MILLI)
            slices.append([upto - given, round(way + risk, 9)])
            given = upto
        return {"slices": [one for one in slices if one[0] > 0]}

    def _granted(self, caller: str, award: Content, now_ns: int) -> Content | None:
        """A lease of what was awarded, or of what is left of it."""
        assert self.ledger is not None, "the ledger is open as long as the agent lives"
        amount = min(award["units"], self.room(caller))
        lease = self.ledger.grant(caller, amount, now_ns, now_ns + self.described.lease) if amount > 0 else None
        return None if lease is None else lease.content() | {"pool": self.name}

    # what it takes of others

    def decide(self) -> None:
        """Keep to the leases it has, and call for more if it has, or may have, too much."""
        outlook, now_ns = self.told, self.now_ns
        if outlook is None:
            return
        self.follow("its own load")
        self.round += 1
        units = math.ceil(MILLI * (self._wanted(outlook, min(self.prices[zone] for zone in self.peers.values()))))
        if units <= 0:
            return
        tokens = {peer: held.newest_token for peer, held in self.holdings.items() if held.lease is not None}
        self._reported = set()
        self.rounds.begin(int(self.clock.now_ns), int(self.clock.now_ns) + 2 * self.described.deadline)
        self._net = contract_net.Initiator(
            self.name, f"{self.name}/{self._epoch}.{self.round}", self.peers, {"units": units, "holds": tokens},
            now_ns + self.described.deadline, self._choose, now_ns + 2 * self.described.deadline)  # fmt: skip
        self.converse(self._net)

    def receive(self, message: Message) -> None:
        """A message has come in; a lease that is reported is used at once."""
        super().receive(message)
        for peer, result in list(self._net.results.items()) if self._net is not None else ():
            if result is not None and peer not in self._reported:
                self._reported.add(peer)
                self._take(peer, result)

    def follow(self, why: str) -> None:
        """Send elsewhere what is too much for its own pods, the cheapest way first, and no more than it holds leases for."""
        outlook = self.outlook
        if outlook is None or outlook.rate <= 0:
            return
        left, shares = outlook.rate - outlook.served(self.capacity), self.at_home()
        for _, like in groupby(self._usable(), key=lambda one: self.prices[self.peers[one[0]]]):
            leases = dict(like)
            whole = sum(leases.values())
            taken = min(left, whole)
            left -= taken
            for peer, usable in leases.items():  # those that cost the same share it, so that none is tried after the other
                fits, wanted = math.floor(PERCENTS * usable / outlook.rate + NOTHING), usable / whole * taken if whole else 0.0
                percent = min(fits, math.ceil(PERCENTS * wanted / outlook.rate - NOTHING), shares[self.zone])
                shares[self.peers[peer]] += percent
                shares[self.zone] -= percent
        self.told_rate = outlook.rate
        self.spread(shares, f"{why}: {outlook.rate:.4g}/s for {self.capacity:.4g}/s")

    def _choose(self, proposals: Mapping[str, Content]) -> dict[str, Content]:
        """The cheapest slices, as long as what they are sure to be used for is worth more, by what it tells of itself."""
        outlook = self.told
        if outlook is None:
            return {}
        slices = sorted((price, peer, place, milli) for peer, one in proposals.items()
                        for place, (milli, price) in enumerate(one["slices"]))  # fmt: skip
        taken, self._due = dict.fromkeys(proposals, 0), dict.fromkeys(proposals, 0.0)
        kept = sum(usable for peer, usable in self._usable() if peer not in proposals)
        for price, peer, _, milli in slices:
            wanted = self._wanted(outlook, price) - kept - sum(taken.values()) / MILLI
            amount = min(milli, math.ceil(MILLI * wanted))
            if amount > 0:
                taken[peer] += amount
                self._due[peer] += 3.6 * amount / MILLI * (price - self.prices[self.peers[peer]])
        self._won = taken
        awards: dict[str, Content] = {peer: {"units": amount} for peer, amount in taken.items() if amount > 0}
        self.rounds.tell(dict.fromkeys(awards, self.round), int(self.clock.now_ns), int(self.clock.now_ns) + self.described.deadline)
        return awards

    def _wanted(self, outlook: Outlook, price: float) -> float:
        """Requests a second beyond its own pods that it would rather send away at a price, for a thousand, than risk."""
        share = price / self.told_worth if self.told_worth > 0 else math.inf
        return outlook.exceeded_by(max(share, SURE)) - self.capacity if share < 1 else 0.0

    def _usable(self) -> Iterator[tuple[str, float]]:
        """Peers, and the requests a second it may send to each, the cheapest way first."""
        for peer in sorted(self.peers, key=lambda name: (self.prices[self.peers[name]], name)):
            yield peer, self.holdings[peer].usable(self.now_ns) / MILLI

    def _take(self, peer: str, content: Content) -> None:
        """Use a lease until it is over."""
        lease, held, now_ns = Lease(self.name, content["amount"], content["token"], content["expires_ns"]), self.holdings[peer], self.now_ns
        if not held.take(lease):
            return
        self.rounds.confirm(peer, self.round, int(self.clock.now_ns))
        if self._won.get(peer):  # the peer may have less room left than it offered, and is paid for what it leases
            self.paid += self._due[peer] * min(1.0, lease.amount / self._won[peer]) * self.described.every / HOUR_NS
        self.follow(f"{self.peers[peer]} takes {lease.amount / MILLI:.4g}/s until {lease.expires_ns / NS_PER_S:g}s")
        over_ns = max(0, lease.expires_ns - held.skew_ns - now_ns)
        self.clock.after(over_ns, ControlPhase.PLATFORM, f"lease/{self.name}/{peer}", lambda: self._look_at(peer))

    def _look_at(self, peer: str) -> None:
        """A lease may be over: what went there goes home."""
        zone = self.peers[peer]
        if self.holdings[peer].drop_if_over(self.now_ns):
            self.spread(self.shares | {zone: 0, self.zone: self.shares[self.zone] + self.shares[zone]}, f"the lease of {zone} is over")
