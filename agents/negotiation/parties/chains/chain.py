"""Agents of a chain of calls: who sends asks for credits and keeps to them, who is called divides its pods among its legs."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from agents.negotiation.leases import MILLI, Lease
from agents.negotiation.machine import Conversation
from agents.negotiation.messages import Content, Message, Performative
from agents.negotiation.parties.chains.desk import CreditDesk
from agents.negotiation.parties.chains.legs import Leg
from agents.negotiation.parties.chains.spending import Spending
from agents.negotiation.parties.party import Party
from agents.negotiation.protocols import contract_net, leasing
from scenarios.schema.negotiating import Credits, Negotiation
from scenarios.schema.units import NS_PER_S
from sim.clock import ControlPhase
from sim.platform.metrics import Series
from sim.platform.pods import Pod


class ChainAgent(Party):
    """Whoever sends by legs of a chain: the gateway of a class, or a service. Some grant credits as well, at their desks."""

    def __init__(self, model: Any, name: str, negotiation: str, described: Negotiation, terms: Credits, legs: Mapping[str, Leg],
                 desks: tuple[str, ...] = ()) -> None:  # fmt: skip
        """`negotiation` names it; `legs`: all of it; `desks`: the services that it grants credits for."""
        super().__init__(model, name)
        self.negotiation, self.described, self.terms = negotiation, described, terms
        self.mind = terms.by.kind
        self.factor = terms.misreport.get(name, 1.0)  # between what it could use and what it says
        self.spending = {leg.name: Spending(leg, model.network.clock_skew_ns, model) for leg in legs.values() if leg.caller == name}
        self._tokens = {name: one.leg.route.local_rate_limit.token_bucket.tokens_per_fill for name, one in self.spending.items()
                        if one.leg.route.local_rate_limit is not None}  # a fill, by leg
        window_ns = self.world.telemetry.scrape_interval
        self.desks = {service: CreditDesk(service, terms, legs, model.mesh.cluster, window_ns) for service in desks}
        self.round, self._epoch = 0, 0  # both are kept where a crash does not reach
        for leg in self.spending:
            model.mesh.metrics.watch(self._series(leg))
        if name in self.world.services and self.spending:
            model.mesh.cluster.on_ready.append(self._joined)

    def begin(self) -> None:
        """Come to life: at the very first keep to the floors, and grant what the file's own load would be divided into."""
        super().begin()
        now_ns = self.now_ns
        if self._epoch == 0:
            for leg in self.spending:
                self._obey(leg, "no lease yet: its floor")
        for desk in self.desks.values():
            desk.open(self.around.network.clock_skew_ns, self._epoch, self.described.lease, now_ns)
            self.tell(desk, desk.divide(self.mind, {}, now_ns, now_ns + self.described.lease), "begin")
        self._epoch += 1

    # who sends

    def answering(self, message: Message, /) -> Conversation | None:
        """Take part in conversations on its legs."""
        if message.sender != self.negotiation and message.sender not in {one.leg.callee for one in self.spending.values()}:
            return None
        if message.protocol == leasing.PROTOCOL:
            return leasing.Holder(self.name, message.conversation_id, message.sender, self.keep)
        if message.performative in (Performative.CFP, Performative.ACCEPT_PROPOSAL):
            return contract_net.Participant(self.name, message.protocol, message.conversation_id, message.sender, self.ask, self.perform,
                                            self.described.deadline)  # fmt: skip
        return None

    def ask(self, call: Content, _: int) -> Content | None:
        """How many first tries a second it could use, by leg, as it would say; nothing before the first scrape."""
        rates = {leg: self.wanted(leg) for leg, one in self.spending.items() if one.leg.callee == call["service"]}
        if any(rate is None for rate in rates.values()):
            return None
        return {"wants": {leg: round(self.factor * rate * MILLI) for leg, rate in rates.items() if rate is not None}}

    def wanted(self, leg: str) -> float | None:
        """First tries a second by a leg, as far as it can be told; what a service sends itself is seen with its retries."""
        milli = self.sees(self._series(leg))
        if milli is None:
            return None
        one = self.spending[leg].leg
        return milli / MILLI * one.flows.get(self.name, 1.0)

    def perform(self, award: Content, now_ns: int) -> Content | None:
        """Keep to the leases it was awarded; the tokens of those that are kept to."""
        kept = {lease["holder"]: lease["token"] for lease in award["leases"] if self.keep(lease, now_ns)}
        return {"tokens": kept} if kept else None

    def keep(self, content: Content, now_ns: int) -> bool:
        """Keep to a lease, unless a newer one was seen."""
        one = self.spending.get(content["holder"])
        if one is None or not one.take(content):
            return False
        self._obey(one.leg.name, f"lease until {content['expires_ns'] / NS_PER_S:g}s")
        over_ns = content["expires_ns"] - one.holding.skew_ns
        self.clock.after(max(0, over_ns - now_ns), ControlPhase.PLATFORM, f"lease/{one.leg.name}", partial(self._look_at, one))
        return True

    def _look_at(self, one: Spending) -> None:
        """A lease may be over. Its proxies see to that, whoever is dead."""
        if one.holding.drop_if_over(self.now_ns):
            self._obey(one.leg.name, "lease is over: its floor")

    def _joined(self, pod: Pod) -> None:
        """A pod is ready. Where it brings buckets of its own all get a smaller part, whoever is dead; of fewer the next round knows."""
        for leg, one in self.spending.items() if pod.service == self.name and self._epoch else ():
            if one.is_shared_by_more:
                self._obey(leg, "one pod more shares its lease")

    def _obey(self, leg: str, why: str) -> None:
        one, now_ns = self.spending[leg], self.now_ns
        tokens, changed = one.obey(now_ns)
        told = f"{why}: {one.rate(now_ns):.4g}/s and {one.retries(now_ns):.2g} retries each by {leg}"
        before, self._tokens[leg] = self._tokens[leg], tokens
        self.decided(leg, self.mind, before, None, tokens, told, applied=changed)

    def _series(self, leg: str) -> Series:
        outside = self.name in self.world.workload
        return Series("requests_per_second", "workload" if outside else "route", self.name if outside else leg)

    # who grants

    def heard_out(self, conversation: Conversation) -> None:
        """A lease is confirmed, or not; or a call is over."""
        super().heard_out(conversation)
        if isinstance(conversation, leasing.Teller) and conversation.state == leasing.CONFIRMED:
            lease = conversation.lease
            self.keeps_to(lease["holder"], lease["token"])

    def keeps_to(self, leg: str, token: int) -> None:
        """A caller keeps to a lease: there may be room for others now."""
        desk = next(desk for desk in self.desks.values() if leg in desk.legs)
        self.rounds.confirm(leg, token, int(self.clock.now_ns))
        self.tell(desk, desk.office.confirmed(leg, token, self.now_ns), "more")

    def tell(self, desk: CreditDesk, leases: Mapping[str, Lease], why: str) -> None:
        """Bring leases to who sends by their legs, one by one."""
        if leases:
            self.note(leases)
        for leg, lease in leases.items():
            name = f"{self.name}/{self._epoch}.{self.round}/{why}/{leg}/{lease.token}"
            reply_by_ns = self.now_ns + self.described.deadline
            self.converse(leasing.Teller(self.name, name, desk.legs[leg].caller, desk.content(lease), reply_by_ns))

    def note(self, leases: Mapping[str, Lease]) -> None:
        """The round tells these leases, or has decided to tell none."""
        now_ns = int(self.clock.now_ns)
        self.rounds.tell({leg: lease.token for leg, lease in leases.items()}, now_ns, now_ns + self.described.deadline)

    def turn(self) -> None:
        """A round begins; when it is over, what is free goes to who was to have more."""
        self.round += 1
        self.rounds.begin(int(self.clock.now_ns), int(self.clock.now_ns) + 2 * self.described.deadline)
        self.wake_after(self.described.every, self.turn)
        self.wake_after(2 * self.described.deadline, self._close)
        self.hold_round()

    def hold_round(self) -> None:
        """Find out what everyone could use, and divide."""
        raise NotImplementedError

    def _close(self) -> None:
        for desk in self.desks.values():
            self.tell(desk, desk.office.closing(self.now_ns), "rest")


class CalleeAgent(ChainAgent):
    """A service that asks its callers what they could use, and divides among them (contract net).

    Under back-pressure it is a link of a chain: it asks its own callees for what its callers could use, and grants its callers
    no more than its own callees grant it. So it is at the entry that work is shed.
    """

    def __init__(self, model: Any, name: str, negotiation: str, described: Negotiation, terms: Credits, legs: Mapping[str, Leg]) -> None:
        super().__init__(model, name, negotiation, described, terms, legs, (name,))
        self.desk = self.desks[name]
        self.passes_on = terms.by.credits is not None and terms.by.credits.passes_on
        self._below = len(terms.services) - 1 - terms.services.index(name)
        self._net: contract_net.Initiator | None = None
        self._reported: set[str] = set()  # in this round

    def begin(self) -> None:
        """Rounds begin at the end of the chain, so that what it has comes to the entry in one wave."""
        super().begin()
        self.wake_after(self.described.every + self._below * self.described.deadline, self.turn)

    def wanted(self, leg: str) -> float | None:
        """What its callers could use of it if this leg were no limit, where it passes on; else what was seen."""
        if not self.passes_on:
            return super().wanted(leg)
        others = {name: one.rate(self.now_ns) for name, one in self.spending.items() if name != leg}
        could = self.desk.could_use(self.mind, others)
        return sum(rate * self.desk.legs[name].feeds.get(leg, 0.0) for name, rate in could.items())

    def hold_round(self) -> None:
        """Call for proposals."""
        callers = sorted({leg.caller for leg in self.desk.legs.values()})
        self._reported = set()
        self._net = contract_net.Initiator(
            self.name, f"{self.name}/{self._epoch}.{self.round}", callers, {"service": self.name}, self.now_ns + self.described.deadline,
            self._choose, self.now_ns + 2 * self.described.deadline)  # fmt: skip
        self.converse(self._net)

    def receive(self, message: Message) -> None:
        """A message has come in; whoever reported what he was awarded keeps to it."""
        super().receive(message)
        for caller, result in [*self._net.results.items()] if self._net is not None else ():
            if result is not None and caller not in self._reported:
                self._reported.add(caller)
                for leg, token in result["tokens"].items():
                    self.keeps_to(leg, token)

    def _choose(self, proposals: Mapping[str, Content]) -> dict[str, Content]:
        """Divide; whoever is silent keeps the leases he has, as long as they last."""
        for one in proposals.values():
            self.desk.wants |= {leg: milli / MILLI for leg, milli in one["wants"].items()}
        silent = frozenset(name for name, leg in self.desk.legs.items() if leg.caller not in proposals)
        now_ns = self.now_ns
        limits = {name: one.rate(now_ns) for name, one in self.spending.items()} if self.passes_on else {}
        leases = self.desk.divide(self.mind, limits, now_ns, now_ns + self.described.lease, silent)
        if not self.desk.office.ledger.is_quiet(now_ns):
            self.note(leases)
        awards: dict[str, list[Content]] = {}
        for leg, lease in leases.items():
            awards.setdefault(self.desk.legs[leg].caller, []).append(self.desk.content(lease))
        return {caller: {"leases": granted} for caller, granted in awards.items()}
