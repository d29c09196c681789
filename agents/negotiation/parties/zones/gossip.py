"""Zones that only gossip: all learn how busy all together are, and who has too much spreads it over the others, asking nobody."""

from __future__ import annotations

from typing import Any

from agents.negotiation.machine import Conversation
from agents.negotiation.mechanisms.averaging import PushSum, pushed, told
from agents.negotiation.messages import Message
from agents.negotiation.parties.zones.crossing import PERCENTS, Crossing, percents
from agents.negotiation.parties.zones.zone import ZoneAgent, ready_pods, rest_ns
from agents.negotiation.protocols import gossip
from scenarios.schema.negotiating import Negotiation
from scenarios.schema.spill_rules import zone_agent

PUSHES = 8  # within a deadline
NO_CAPACITY = 1e-6  # requests a second: a weight must be something


class GossipingZone(ZoneAgent):
    """Push-sum with load as the sum and capacity as the weight: everybody's estimate goes to how busy all together are.

    It says nothing about who has room, so that what is too much is spread over the others by their pods. All begin a round
    at one time, by their own clocks, as they agreed once and for all. A zone that hears nobody knows itself alone, and keeps all at home.
    """

    def __init__(self, model: Any, crossing: Crossing, zone: str, described: Negotiation) -> None:
        super().__init__(model, crossing, zone, described)
        self.peers = tuple(sorted(zone_agent(crossing.service, other) for other in crossing.zones if other != zone))
        self._first_ns = rest_ns(model.mesh.seed, crossing.service, described.every)  # when all begin round 0
        self._joins = 0  # the first round it may take part in
        self._gossip: gossip.Gossiper[PushSum] | None = None

    def begin(self) -> None:
        """Take part from the next round on: in one that it crashed in it would be told all anew."""
        self._joins, self._gossip = self._number + 1, None
        self._rest_ns = max(1, self._begins_ns(self._joins) - self.now_ns)
        super().begin()

    def decide(self) -> None:
        """Begin a round."""
        outlook = self.outlook
        if outlook is None:
            return
        number = self._number
        existing = self._gossip if self._gossip is not None and self._gossip.conversation_id == self._called(number) else None
        self._gossip = existing or self._made(number)
        if self._gossip is not None:
            self.converse(self._gossip)

    def answering(self, message: Message, /) -> Conversation | None:
        """A peer's clock is ahead: listen until one's own says that the round begins."""
        number = self._number + 1
        if message.protocol == gossip.PROTOCOL and message.sender in self.peers and message.conversation_id == self._called(number):
            self._gossip = self._made(number)
            return self._gossip
        return None

    def heard_out(self, conversation: Conversation) -> None:
        """All is told: send away what its own pods cannot serve, or less where all have too much."""
        outlook = self.outlook
        if not isinstance(conversation, gossip.Gossiper) or outlook is None or outlook.rate <= 0:
            return
        busy = conversation.party.estimate
        away = max(0.0, outlook.rate - max(outlook.served(self.capacity), busy * self.capacity))
        pods = ready_pods(self.around.mesh, self.crossing.service)
        others = {zone: float(pods.get(zone, 0)) for zone in self.crossing.zones if zone != self.zone}
        total = sum(others.values())
        flows = {zone: away * count / total for zone, count in others.items()} if total else {}
        found = percents(flows | {self.zone: outlook.rate - sum(flows.values())})
        self.spread({zone: found.get(zone, 0) for zone in self.crossing.zones}, f"all together are {PERCENTS * busy:.0f} % busy")

    @property
    def _number(self) -> int:
        """Of the round that is on by its own clock."""
        return (self.now_ns - self._first_ns) // self.described.every

    def _begins_ns(self, number: int) -> int:
        return self._first_ns + number * self.described.every

    def _called(self, number: int) -> str:
        return f"{self.crossing.service}/{number}"

    def _made(self, number: int) -> gossip.Gossiper[PushSum] | None:
        told_load = self.told
        if told_load is None or number < self._joins:
            return None
        mine = PushSum((told_load.rate, max(self.capacity, NO_CAPACITY)))
        rules: gossip.Rules[PushSum] = gossip.Rules(pushed, lambda party, target: party.sent[target], told, self._target)
        begins_ns = max(self.now_ns, self._begins_ns(number))
        return gossip.Gossiper(self.name, self._called(number), self.peers, mine, rules, max(1, self.described.deadline // PUSHES),
                               begins_ns + self.described.deadline)  # fmt: skip

    def _target(self, turn: int) -> tuple[str, ...]:
        """Each peer in turn."""
        return (self.peers[turn % len(self.peers)],)
