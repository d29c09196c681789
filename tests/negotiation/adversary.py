"""A network that is against everybody: what is said is lost, doubled, held back and reordered as hypothesis likes.

Time passes as it likes, too: timers may ring late, and then what comes in first meets a role whose time was up. Messages
may be garbled. At the end everything that is due rings, what is in flight arrives or is lost, and all must be over.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from agents.negotiation.machine import Conversation, Step
from agents.negotiation.messages import Message, Performative

STATEFUL = settings(max_examples=150, stateful_step_count=40, deadline=None, derandomize=True)
NUMBERS = st.integers(0, 10**6)


class Adversary(RuleBasedStateMachine):
    """Delivers to `roles`, by name. Times are small ints."""

    ends_ns = 200  # by then every role's time is up
    bears_nonsense = True  # False where what is forged would be believed, or where the world's own functions know no nonsense

    def __init__(self) -> None:
        super().__init__()
        self.now_ns = 0
        self.roles: dict[str, Conversation] = {}
        self.sent: list[tuple[int, Message]] = []  # each message once, as its sender meant it
        self.delivered: list[tuple[int, Message]] = []  # as it arrived, copies and garbled ones too
        self.in_flight: list[Message] = []
        self.may_garble, self.may_crash = False, False
        self.is_garbled = False  # whether anybody was sent nonsense

    @initialize(may_garble=st.booleans(), may_crash=st.booleans())
    def kind(self, may_garble: bool, may_crash: bool) -> None:
        """Half of the networks deliver what was said or nothing; in half of the worlds nobody crashes."""
        self.may_garble, self.may_crash = may_garble and self.bears_nonsense, may_crash

    def arrived(self, message: Message) -> Conversation | None:
        """The role that a message is for; a world may make one for it."""
        return self.roles.get(message.receiver)

    def took(self, step: Step) -> None:
        """What a role answered goes to the network."""
        self.sent += [(self.now_ns, message) for message in step.messages]
        self.in_flight += step.messages

    def deliver(self, message: Message) -> None:
        """One message arrives now."""
        role = self.arrived(message)
        if role is not None:
            self.delivered.append((self.now_ns, message))
            step = role.receive(message, self.now_ns)
            answers = [m.performative for m in step.messages if m.in_reply_to == message.reply_with]
            assert message.performative != Performative.NOT_UNDERSTOOD or Performative.NOT_UNDERSTOOD not in answers
            self.took(step)

    def ring(self) -> None:
        """All timers that are due ring, in an order that depends on nothing."""
        for name in sorted(self.roles):
            due_ns = self.roles[name].due_ns
            if due_ns is not None and due_ns <= self.now_ns:
                self.took(self.roles[name].expire(self.now_ns))

    @precondition(lambda self: self.in_flight)
    @rule(which=NUMBERS, copies=st.sampled_from([0, 1, 1, 1, 1, 2]))
    def network(self, which: int, copies: int) -> None:
        """Any message in flight is lost, or arrives, or arrives while a copy stays under way."""
        message = self.in_flight.pop(which % len(self.in_flight))
        if copies == 2:
            self.in_flight.append(message)
        if copies:
            self.deliver(message)

    @rule(passes_ns=st.sampled_from([1, 1, 2, 5, 10, 40]), rings=st.booleans())
    def time(self, passes_ns: int, rings: bool) -> None:
        """Time passes; timers ring now or later."""
        self.now_ns += passes_ns
        if rings:
            self.ring()

    @rule()
    def early(self) -> None:
        """Timers ring before their time: nothing comes of it."""
        for role in self.roles.values():
            before = role.state
            if role.due_ns is None or role.due_ns > self.now_ns:
                assert role.expire(self.now_ns).messages == ()
                assert role.state == before

    @precondition(lambda self: self.sent and self.may_garble)
    @rule(which=NUMBERS, performative=st.sampled_from(list(Performative)), field=st.sampled_from(
        ["performative", "content", "in_reply_to", "reply_with", "sender", "conversation_id", "protocol"]))  # fmt: skip
    def nonsense(self, which: int, performative: Performative, field: str) -> None:
        """A message that was sent comes once more, with another performative, content or name."""
        said = self.sent[which % len(self.sent)][1]
        new = {"performative": performative, "content": {"?": [None]}, "in_reply_to": None, "reply_with": f"?{which}",
               "sender": "a stranger", "conversation_id": "another", "protocol": "none"}  # fmt: skip
        self.is_garbled = self.is_garbled or field in ("performative", "content", "in_reply_to", "reply_with")
        self.deliver(replace(said, **{field: new[field]}))

    def teardown(self) -> None:
        """Time is up for everybody; what is in flight arrives; then all is over, and `check_end` looks."""
        for _ in range(4):  # an end may set a shorter deadline than the one that has passed
            self.now_ns = max(self.now_ns, self.ends_ns)
            self.ring()
        assert [name for name, role in self.roles.items() if role.due_ns is not None] == [], "somebody still waits"
        while self.in_flight:
            self.deliver(self.in_flight.pop(0))
        self.check_end()

    def check_end(self) -> None:
        """What must hold when all is over."""
