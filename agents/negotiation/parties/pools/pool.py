"""The agent of a pool: round by round it finds out who is to have how much, and grants it in leases."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from agents.negotiation.leases import Lease, Ledger
from agents.negotiation.machine import Conversation
from agents.negotiation.messages import Content, Message
from agents.negotiation.parties.knowing import Trade
from agents.negotiation.parties.office import LeaseOffice
from agents.negotiation.parties.party import Party
from agents.negotiation.parties.pools import clearing
from agents.negotiation.parties.pools.clearing import Division
from agents.negotiation.protocols import contract_net, leasing
from scenarios.schema.negotiating import Negotiation, Pool


class PoolAgent(Party):
    """Who holds the ledger. How a round finds its division is a subclass's own."""

    def __init__(self, model: Any, name: str, described: Negotiation, pool: Pool, trades: Mapping[str, Trade]) -> None:
        super().__init__(model, name)
        self.described, self.pool, self.trades = described, pool, dict(trades)
        self.floors = sum(one.described.floor * one.described.units for one in trades.values())
        self.round, self._epoch = 0, 0  # both are kept where a crash does not reach
        self.office: LeaseOffice | None = None
        self._division = Division({})  # the newest, and of which round it is
        self._divided = 0

    @property
    def supply(self) -> int:
        """Units that are nobody's own."""
        return self.pool.capacity - self.floors

    def begin(self) -> None:
        """Open the office, with the leases of the file at the very first, and hold a round every so often."""
        super().begin()
        skew_ns, term_ns, now_ns = self.around.network.clock_skew_ns, self.described.lease, self.now_ns
        if self._epoch == 0:
            self.office = LeaseOffice(Ledger(self.supply, skew_ns, 0, term_ns))
            begun = self.office.aim({name: one.begun for name, one in self.trades.items()}, now_ns, now_ns + term_ns)
            for name, lease in begun.items():
                self.office.confirmed(name, lease.token, now_ns)  # for members know the file
        else:
            self.office = LeaseOffice(Ledger.restarted(self.supply, skew_ns, self._epoch - 1, term_ns, now_ns))
        self._epoch += 1
        self.wake_after(self.described.every, self._wake)

    def hold_round(self) -> None:
        """Find out who is to have how much, and call `settle` once it is known."""
        raise NotImplementedError

    def settle(self, division: Division) -> None:
        """Bring everyone to his share, by leases that are told one by one."""
        self._tell(self._granted(division), "told")

    def heard_out(self, conversation: Conversation) -> None:
        """A lease is confirmed, or not; or a call is over."""
        super().heard_out(conversation)
        if isinstance(conversation, leasing.Teller) and conversation.state == leasing.CONFIRMED:
            self.keeps_to(conversation.holder, conversation.lease["token"])
        if isinstance(conversation, contract_net.Initiator):
            for holder, result in conversation.results.items():
                if result is not None:
                    self.rounds.confirm(holder, result["token"], int(self.clock.now_ns))

    def keeps_to(self, holder: str, token: int) -> None:
        """A holder keeps to a lease: there may be room for others now."""
        self.rounds.confirm(holder, token, int(self.clock.now_ns))
        if self.office is not None:
            self._tell(self.office.confirmed(holder, token, self.now_ns), "more")

    def award(self, lease: Lease) -> Content:
        """A lease as a message carries it: with what is paid an hour for so much, and for which round."""
        pay = self._division.due(lease.holder, lease.amount)
        return lease.content() | {"pool": self.name, "pay": round(pay, 9), "round": self._divided}

    def _wake(self) -> None:
        self.round += 1
        self.rounds.begin(int(self.clock.now_ns), int(self.clock.now_ns) + 2 * self.described.deadline)
        self.wake_after(2 * self.described.deadline, self.close)  # at the same instant, before the next round begins
        self.wake_after(self.described.every, self._wake)
        self.hold_round()

    def close(self) -> None:
        """A round is over: what nobody confirmed stays counted, and what is free goes to who was to have more."""
        if self.office is not None:
            self._tell(self.office.closing(self.now_ns), "rest")

    def _granted(self, division: Division) -> dict[str, Lease]:
        assert self.office is not None, "the office is open as long as the agent lives"
        self._division, self._divided = division, self.round
        leases = self.office.aim(division.amounts, self.now_ns, self.now_ns + self.described.lease)
        self.note(leases)
        return leases

    def note(self, leases: Mapping[str, Lease]) -> None:
        """The round tells these leases, or has decided to tell none; where nothing may be granted it decides nothing."""
        if self.office is not None and not self.office.ledger.is_quiet(self.now_ns):
            now_ns = int(self.clock.now_ns)
            self.rounds.tell({holder: lease.token for holder, lease in leases.items()}, now_ns, now_ns + self.described.deadline)

    def _tell(self, leases: Mapping[str, Lease], why: str) -> None:
        if leases:
            self.note(leases)
        reply_by_ns = self.now_ns + self.described.deadline
        for holder, lease in leases.items():
            name = f"{self.name}/{self._epoch}.{self.round}/{why}/{holder}/{lease.token}"
            self.converse(leasing.Teller(self.name, name, holder, self.award(lease), reply_by_ns))


class Auctioneer(PoolAgent):
    """Calls for sealed proposals and divides by a rule (contract net)."""

    def __init__(self, model: Any, name: str, described: Negotiation, pool: Pool, trades: Mapping[str, Trade]) -> None:
        super().__init__(model, name, described, pool, trades)
        self._net: contract_net.Initiator | None = None
        self._reported: set[str] = set()  # in this round

    def hold_round(self) -> None:
        """Call for proposals."""
        now_ns, kind = self.now_ns, self.pool.by.kind
        call = {"pool": self.name, "units": self.supply, "price": self.pool.price, "asks": clearing.asks_for(kind)}
        self._hold(contract_net.Initiator(
            self.name, f"{self.name}/{self._epoch}.{self.round}", self.trades, call, now_ns + self.described.deadline, self._choose,
            now_ns + 2 * self.described.deadline))  # fmt: skip

    def supply_for(self, names: Iterable[str]) -> int:
        """Units to divide among some: whoever is silent keeps the lease he has, as long as it lasts."""
        assert self.office is not None, "the office is open as long as the agent lives"
        heard = set(names)
        return max(0, self.supply - sum(self.office.ledger.promised(name, self.now_ns) for name in self.trades if name not in heard))

    def receive(self, message: Message) -> None:
        """A message has come in; whoever reported what he was awarded keeps to it."""
        super().receive(message)
        for holder, result in [*self._net.results.items()] if self._net is not None else ():
            if result is not None and holder not in self._reported:
                self._reported.add(holder)
                self.keeps_to(holder, result["token"])

    def _choose(self, proposals: Mapping[str, Content]) -> dict[str, Content]:
        """Divide among those who proposed."""
        if not proposals:
            self.note({})
            return {}
        return self._awards(clearing.divided(self.pool, proposals, self.supply_for(proposals)))

    def _awards(self, division: Division) -> dict[str, Content]:
        self._reported = set()
        return {holder: self.award(lease) for holder, lease in self._granted(division).items()}

    def _hold(self, net: contract_net.Initiator) -> None:
        self._net = net
        self.converse(net)
