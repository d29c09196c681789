"""An agent that converses: it keeps its conversations, sends what they say, and wakes them when their time is up."""

from __future__ import annotations

from functools import partial
from typing import Any, Protocol

from agents.decision import Decision
from agents.mailbox import ControlNetwork
from agents.mesa_classes import MesaAgent
from agents.negotiation.machine import Conversation, Step
from agents.negotiation.messages import Message
from agents.negotiation.parties.rounds import Rounds
from agents.negotiation.protocols import contract_net
from sim.clock import ControlPhase
from sim.commands import Command
from sim.mesh import Mesh
from sim.platform.metrics import Series

KEPT = 64  # conversations that are over and not yet forgotten


class Surroundings(Protocol):
    """What a party has around it: the control plane."""

    mesh: Mesh
    network: ControlNetwork
    decisions: list[Decision]

    def carry_out(self, command: Command) -> bool:
        """Hand a command to the platform; whether it changed anything."""


class Party(MesaAgent):
    """An agent with a name on the control network. What it sees is what a scrape has brought; its clock is its own."""

    def __init__(self, model: Any, name: str) -> None:
        super().__init__(model)
        self.name, self.world = name, model.mesh.scenario
        self.around: Surroundings = model
        self.clock = model.mesh.clock
        self._ahead_ns: int = model.network.clock_error_ns(name)
        self.rounds = Rounds()  # that it began; most never do
        self._lives = 0  # how often it was begun: what was set before a crash is not heard after it
        self._conversations: dict[tuple[str, str], Conversation] = {}  # those that are over, too: who comes late is answered
        self._over: dict[tuple[str, str], None] = {}  # the oldest first

    @property
    def now_ns(self) -> int:
        """By its own clock."""
        return int(self.clock.now_ns) + self._ahead_ns

    def begin(self) -> None:
        """Come to life, at first or after a crash."""
        self._lives += 1
        self.around.network.join(self.name, self.receive)

    def crash(self) -> None:
        """Forget everything but what is kept where a crash does not reach."""
        self._lives += 1
        self._conversations.clear()
        self._over.clear()
        self.around.network.leave(self.name)

    def remove(self) -> None:
        """Leave the model for good, as Mesa's users mean it: as a crash that nothing ends."""
        self.crash()
        super().remove()

    def sees(self, series: Series) -> int | None:
        """A figure as the last scrape has it, in thousandths; None where it has none."""
        return self.around.mesh.metrics.value(series)

    def wake_after(self, delay_ns: int, action: Any) -> None:
        """Let something be done later, unless the agent has crashed meanwhile."""
        life = self._lives
        self.clock.after(delay_ns, ControlPhase.WAKE, self.name, lambda: action() if self._lives == life else None)

    def wake_at(self, time_ns: int, action: Any) -> None:
        """As `wake_after`, at a time by its own clock; at once where it is past."""
        self.wake_after(max(0, time_ns - self.now_ns), action)

    def receive(self, message: Message) -> None:
        """A message has come in."""
        key = (message.protocol, message.conversation_id)
        conversation = self._conversations.get(key)
        if conversation is None:
            conversation = self.answering(message)
            if conversation is None:
                return
            self._conversations[key] = conversation
        self._follow(conversation, conversation.receive(message, self.now_ns))

    def answering(self, _: Message, /) -> Conversation | None:
        """The role to take in a conversation that somebody else has begun; None to take no part."""
        return None

    def heard_out(self, conversation: Conversation) -> None:
        """A conversation is over; where it called for proposals, somebody may not have been heard."""
        if isinstance(conversation, contract_net.Initiator) and conversation.unheard:
            self.rounds.miss(int(self.clock.now_ns))

    def converse(self, conversation: Conversation) -> None:
        """Begin a conversation."""
        self._conversations[conversation.protocol, conversation.conversation_id] = conversation
        self._follow(conversation, conversation.begin(self.now_ns))

    def decided(self, service: str, mind: str, before: int, wanted: int | None, after: int, reason: str, *, applied: bool) -> None:
        """Write a decision down."""
        self.around.decisions.append(Decision(int(self.clock.now_ns), self.name, service, mind, before, wanted, after, reason, applied))

    def _follow(self, conversation: Conversation, step: Step) -> None:
        for message in step.messages:
            self.around.network.post(message)
        key = (conversation.protocol, conversation.conversation_id)
        if conversation.is_over and key not in self._over:
            self._over[key] = None
            while len(self._over) > KEPT:
                self._conversations.pop(self._over_first(), None)
            self.heard_out(conversation)
        elif step.due_ns is not None:
            self.wake_at(step.due_ns, partial(self._expire, conversation))

    def _over_first(self) -> tuple[str, str]:
        """The conversation that has been over for longest, which is forgotten."""
        first = next(iter(self._over))
        del self._over[first]
        return first

    def _expire(self, conversation: Conversation) -> None:
        if (conversation.protocol, conversation.conversation_id) in self._conversations:
            self._follow(conversation, conversation.expire(self.now_ns))
