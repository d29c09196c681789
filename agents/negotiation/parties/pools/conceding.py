"""Two services that divide a pool between themselves, deal by deal; the pool's agent is their notary, and grants what both report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import accumulate
from typing import Any

from agents.negotiation.machine import Conversation
from agents.negotiation.mechanisms.bargaining import frontier
from agents.negotiation.mechanisms.concession import micro, zeuthen
from agents.negotiation.messages import Content, Message
from agents.negotiation.parties.knowing import Trade
from agents.negotiation.parties.pools.clearing import Division
from agents.negotiation.parties.pools.member import MemberAgent
from agents.negotiation.parties.pools.pool import Auctioneer
from agents.negotiation.parties.valuing import Outlook, values
from agents.negotiation.protocols import concession, contract_net
from scenarios.schema.negotiating import Negotiation, Pool
from sim.platform.metrics import Series

TALKS_SHARE = 2  # talks have the first half of the deadline, the notary the rest
RETRIES = 10  # within the time for talks: how often what is not answered is said again


class ConcedingMember(MemberAgent):
    """Talks with the other member. A deal is `n:m`, units beyond the floors of the first by name, and of the second.

    Under Zeuthen's strategy both must know what a deal is worth to either: each reckons the other's side from its rate, which
    telemetry shows to everyone. MiCRO needs its own side only.
    """

    def __init__(self, model: Any, trade: Trade, name: str, described: Negotiation, pool: Pool, pair: Mapping[str, Trade]) -> None:
        """`pair`: both of them."""
        super().__init__(model, trade, name, described, pool)
        self.pair = [pair[service] for service in sorted(pair)]
        self.party = [one.service for one in self.pair].index(trade.service)
        self.other = self.pair[1 - self.party].service
        self._rates = [Series("requests_per_second", "service", one.service) for one in self.pair]
        for series in self._rates:
            model.mesh.metrics.watch(series)
        self.deal: tuple[int, str] | None = None  # the newest that was agreed, and when

    def begin(self) -> None:
        """Talk again and again; the first of the two opens."""
        super().begin()
        self.deal = None
        every = self.described.every
        self.wake_after(every - self.clock.now_ns % every, self._wake)

    def answering(self, message: Message, /) -> Conversation | None:
        """Take part in talks, too."""
        if message.sender == self.other and message.protocol == concession.PROTOCOL:
            return self._negotiator(message.conversation_id)
        return super().answering(message)

    def heard_out(self, conversation: Conversation) -> None:
        """Talks are over."""
        if isinstance(conversation, concession.Negotiator) and conversation.state == concession.AGREED:
            self.deal = None if conversation.deal is None else (int(self.clock.now_ns), conversation.deal)

    def bid(self, _: Content, __: int, /) -> Content | None:
        """Report the newest deal to the notary, whenever he asks; not one that is older than a round."""
        if self.deal is None or self.clock.now_ns - self.deal[0] > self.described.every:
            return None
        return {"deal": self.deal[1]}

    def _wake(self) -> None:
        self.wake_after(self.described.every, self._wake)
        if self.party == 0 and self._deals():
            self.converse(self._negotiator(f"{self.pool_name}/{self.clock.now_ns // self.described.every}"))

    def _negotiator(self, name: str) -> concession.Negotiator:
        time_ns = max(1, self.described.deadline // TALKS_SHARE)
        return concession.Negotiator(self.name, name, self.other, self._strategy(), self.now_ns + time_ns, max(1, time_ns // RETRIES))

    def _strategy(self) -> Callable[[str | None, str | None], str | None]:
        assert self.pool.by.concession is not None
        gains = frontier(self._deals(), (0.0, 0.0))
        if not gains:
            return lambda _, __: None
        best = max(gains, key=lambda deal: (gains[deal][self.party], gains[deal][1 - self.party], deal))
        if self.pool.by.concession.strategy == "micro":
            return _Micro({deal: gain[self.party] for deal, gain in gains.items()}).next
        return partial(_by_zeuthen, gains, self.party, best)

    def _deals(self) -> dict[str, tuple[float, float]]:
        """What each division is worth to both, as this one sees it."""
        supply = self.pool.capacity - sum(one.described.floor * one.described.units for one in self.pair)
        sides = [self._side(party, supply) for party in (0, 1)]
        if sides[0] is None or sides[1] is None:
            return {}
        return {f"{count}:{supply - count}": (sides[0][count], sides[1][supply - count]) for count in range(supply + 1)}

    def _side(self, party: int, supply: int) -> list[float] | None:
        """What units beyond its floor are worth to one of the two beyond their price, told with its own exaggeration if it is this one."""
        milli, trade = self.sees(self._rates[party]), self.pair[party]
        if milli is None:
            return None
        own = trade.described
        floor = own.floor * own.units
        outlook = Outlook.around(milli / 1000, self.pool.spread)
        worths = values(outlook, trade.per_pod, trade.worth, floor + supply, own.units)[floor:]
        factor = own.misreport if party == self.party else 1.0
        return [*accumulate((factor * (worth - worths[0]) - self.pool.price * count for count, worth in enumerate(worths)), max)]


class Notary(Auctioneer):
    """Asks both what they have agreed on, and grants it if they say the same."""

    def hold_round(self) -> None:
        """Let them talk first."""
        self.wake_after(self.described.deadline // TALKS_SHARE, self._ask)

    def _ask(self) -> None:
        now_ns, rest_ns = self.now_ns, self.described.deadline - self.described.deadline // TALKS_SHARE
        self._hold(contract_net.Initiator(
            self.name, f"{self.name}/{self._epoch}.{self.round}", self.trades, {"pool": self.name, "asks": "deal"},
            now_ns + rest_ns, self._choose, now_ns + rest_ns + self.described.deadline))  # fmt: skip

    def _choose(self, proposals: Mapping[str, Content]) -> dict[str, Content]:
        """Grant a deal that both report; else everyone keeps the lease he has, as long as it lasts."""
        said = {one.get("deal") for one in proposals.values()}
        if len(proposals) < len(self.trades) or len(said) != 1:
            return {}
        amounts = [int(part) for part in str(said.pop()).split(":")]
        whole = {name: amount // self.trades[name].described.units * self.trades[name].described.units
                 for name, amount in zip(sorted(self.trades), amounts, strict=True)}  # fmt: skip
        return self._awards(Division(whole))


class _Micro:
    """MiCRO's side of talks: it remembers what was offered."""

    def __init__(self, utilities: Mapping[str, float]) -> None:
        self._utilities = utilities
        self._offered: list[str] = []
        self._heard: list[str] = []

    def next(self, _: str | None, other: str | None) -> str | None:
        if other is not None:
            self._heard.append(other)
        offer = micro(self._utilities, self._offered, self._heard)
        if offer is not None:
            self._offered.append(offer)
        return offer


def _by_zeuthen(gains: Mapping[str, tuple[float, ...]], party: int, best: str, own: str | None, other: str | None) -> str | None:
    """The best deal first; then as `zeuthen`. What the other names and is not on the frontier is worth nothing here."""
    if own is None:
        return best if other is None or other not in gains or gains[other][party] < gains[best][party] else other
    if other is None or other not in gains:
        return own
    if gains[other][party] >= gains[own][party]:
        return other
    return zeuthen(gains, party, own, other)
