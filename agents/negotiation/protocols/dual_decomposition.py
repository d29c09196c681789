"""Prices against rates, round by round, until they fit: dual decomposition (Kelly 1998; Low, Lapsley 1999) with messages.

A price setter is a resource, a rate setter a class of traffic that passes through several. Each round a price setter asks its
rate setters for their rate at its price, and sets the next price when it has heard all, or when the round's time is up, with the
last known rate of who was not heard. A rate setter answers when all its resources wait for an answer, or when its patience
ends, with the last known price of the rest. Where all begin together and nothing is lost, that is the synchronous iteration.

Nobody sees everything, so a price tells how many rounds it has been calm: 0 where the rates do not fit it or somebody was not
heard, else one more than the least calm of the prices that its rate setters hear. Who has been calm for as many rounds as
there are price setters knows that all are, and ends; else time ends it. What came of it need not fit: so a price setter
ends with a grant to each rate setter it has heard of, which `project` makes fit, and nobody may send more than the least of its grants.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agents.negotiation.machine import BEGUN, EXPIRED, Conversation, Row
from agents.negotiation.messages import Message, Performative

PROTOCOL = "dual-decomposition"

NEW, ASKING, LISTENING, OVER = "new", "asking", "listening", "over"
ALL_HEARD, ALL_CALM, ALL_GRANTED, TIME_IS_UP = "all heard", "all calm", "all granted", "time is up"

NextPrice = Callable[[float, Mapping[str, float]], float]  # (price, rates by rate setter) → price
IsCalm = Callable[[float, Mapping[str, float]], bool]  # (price, rates): whether there is nothing to mend
Project = Callable[[Mapping[str, float]], Mapping[str, float]]  # rates → rates that fit
RateAt = Callable[[Mapping[str, float]], float]  # prices by price setter → rate


@dataclass(frozen=True, slots=True)
class PriceRules:
    """The mechanism, at a resource, and how long a round may take."""

    next_price: NextPrice
    is_calm: IsCalm
    project: Project
    calm_rounds: int  # after which it ends: as many as there are price setters
    round_ns: int

    def __post_init__(self) -> None:
        """ValueError for rounds that would never let time pass, or an end before the first."""
        if self.round_ns <= 0 or self.calm_rounds < 1:
            raise ValueError(f"rounds of {self.round_ns} ns, calm after {self.calm_rounds}: both are at least 1")


class PriceSetter(Conversation):
    """One resource. `price` and `rates` are the last known; `rounds` how many it asked for; `granted` what it ended with."""

    rows = (
        Row(NEW, BEGUN, ASKING, "ask"),
        Row(ASKING, Performative.INFORM, ASKING, "take_rate"),
        Row(ASKING, ALL_HEARD, ASKING, "set_price"),
        Row(ASKING, EXPIRED, ASKING, "set_price"),
        Row(ASKING, ALL_CALM, OVER, "grant"),
        Row(ASKING, TIME_IS_UP, OVER, "grant"),
    )
    last = frozenset({OVER})

    def __init__(self, name: str, conversation_id: str, rate_setters: Iterable[str], price: float, rules: PriceRules,
                 done_by_ns: int) -> None:  # fmt: skip
        """`price`: the first. ValueError where there is nobody to ask."""
        super().__init__(name, PROTOCOL, conversation_id, rate_setters)
        if not self.peers:
            raise ValueError(f"{name} has no rate setters to tell its price")
        self.price, self.rules, self.done_by_ns = price, rules, done_by_ns
        self.rates: dict[str, float] = {}
        self.granted: dict[str, float] = {}
        self.rounds, self.calm = 0, 0
        self._asked: dict[str, Message] = {}  # this round's questions
        self._heard_calm: dict[str, int] = {}  # who has answered them, and how calm the prices are that they hear
        self._newest: dict[str, Message] = {}  # the newest answer of each

    def makes_sense(self, message: Message) -> bool:
        """A rate is a finite number, not below 0, and says which round's it is and how calm prices are."""
        content = message.content
        return _is_amount(content.get("rate")) and _is_count(content.get("round")) and _is_count(content.get("calm"))

    def answers(self, message: Message) -> bool:
        """This round's answer, or an older one that is newer than what is known."""
        known = self._newest.get(message.sender)
        return message.in_reply_to is not None and (known is None or message.content["round"] > known.content["round"])

    def ask(self, now_ns: int) -> None:
        """Tell all rate setters the price, and ask for their rates."""
        self.rounds += 1
        self.due_ns = min(now_ns + self.rules.round_ns, self.done_by_ns)
        content = {"price": self.price, "round": self.rounds, "calm": self.calm}
        self._asked = {peer: self.say(now_ns, Performative.QUERY_REF, peer, content, reply_by_ns=self.due_ns) for peer in self.peers}
        self._heard_calm = {}

    def take_rate(self, _: int, message: Message) -> str | None:
        """Take a rate; it counts as heard if it answers this round's question."""
        name = message.sender
        self._newest[name], self.rates[name] = message, float(message.content["rate"])
        if message.in_reply_to == self._asked[name].reply_with:
            self._heard_calm[name] = message.content["calm"]
        return ALL_HEARD if len(self._heard_calm) == len(self.peers) else None

    def set_price(self, now_ns: int) -> str | None:
        """Set the next price by the last known rates, and ask again; or end, if all are calm or time is up."""
        rates = dict(sorted(self.rates.items()))
        all_heard = len(self._heard_calm) == len(self.peers)
        is_calm = all_heard and self.rules.is_calm(self.price, rates)
        self.calm = 1 + min(self._heard_calm.values()) if is_calm else 0
        if now_ns >= self.done_by_ns:
            return TIME_IS_UP
        if self.calm >= self.rules.calm_rounds:
            return ALL_CALM
        self.price = self.rules.next_price(self.price, rates)
        self.ask(now_ns)
        return None

    def grant(self, now_ns: int) -> None:
        """Grant rates that fit, and say the last price."""
        self.granted = dict(self.rules.project(dict(sorted(self.rates.items()))))
        for name, rate in sorted(self.granted.items()):
            content = {"price": self.price, "rate": rate, "calm": self.calm}
            self.say(now_ns, Performative.AGREE, name, content, to=self._newest[name])


class RateSetter(Conversation):
    """One class of traffic. `prices` are the last known, `grants` what price setters ended with."""

    rows = (
        Row(LISTENING, BEGUN, LISTENING, "listen"),
        Row(LISTENING, Performative.QUERY_REF, LISTENING, "take_price"),
        Row(LISTENING, ALL_HEARD, LISTENING, "answer"),
        Row(LISTENING, EXPIRED, LISTENING, "answer"),
        Row(LISTENING, Performative.AGREE, LISTENING, "take_grant"),
        Row(LISTENING, ALL_GRANTED, OVER, "end"),
        Row(LISTENING, TIME_IS_UP, OVER, "end"),
    )
    last = frozenset({OVER})

    def __init__(self, name: str, conversation_id: str, prices: Mapping[str, float], rate_at: RateAt, patience_ns: int,
                 done_by_ns: int) -> None:  # fmt: skip
        """`prices`: of all its price setters, before any is heard. `done_by_ns`: later than theirs, so that grants arrive."""
        super().__init__(name, PROTOCOL, conversation_id, prices)
        if patience_ns <= 0:
            raise ValueError(f"a patience of {patience_ns} ns would never let a second price arrive")
        self.prices, self.rate_at = dict(prices), rate_at
        self.patience_ns, self.done_by_ns = patience_ns, done_by_ns
        self.grants: dict[str, float] = {}
        self.due_ns = done_by_ns
        self._rounds: dict[str, int] = {}  # the newest of each that was heard
        self._calm: dict[str, int] = {}
        self._asked: dict[str, Message] = {}  # questions that are not answered

    @property
    def rate(self) -> float:
        """What it may send: the least of its grants, nothing where one is missing."""
        return min((self.grants.get(peer, 0.0) for peer in self.peers), default=0.0)

    def makes_sense(self, message: Message) -> bool:
        """A price and how calm it is; of a question also its round, of a grant the rate."""
        content = message.content
        rest = _is_amount(content.get("rate")) if message.performative == Performative.AGREE else _is_count(content.get("round"))
        return message.reply_with is not None and _is_amount(content.get("price")) and _is_count(content.get("calm")) and rest

    def answers(self, message: Message) -> bool:
        """A newer price than the last; or its only grant. After its grant a price setter's price stands."""
        name = message.sender
        if name in self.grants:
            return False
        return message.performative == Performative.AGREE or message.content["round"] > self._rounds.get(name, 0)

    def listen(self, _: int) -> None:
        """Wait for prices."""

    def take_price(self, now_ns: int, question: Message) -> str | None:
        """Take a price, and answer it when all the others are there."""
        name = question.sender
        self._rounds[name] = question.content["round"]
        self._learn(question)
        if not self._asked:
            self.due_ns = min(now_ns + self.patience_ns, self.done_by_ns)
        self._asked[name] = question
        return self._all_heard()

    def answer(self, now_ns: int) -> str | None:
        """Answer all questions with the rate at the last known prices; or end, if time is up."""
        calm = min((self._calm[peer] if self._is_current(peer) else 0 for peer in self.peers), default=0)
        rate = self.rate_at(dict(self.prices)) if self._asked else 0.0
        for name, question in sorted(self._asked.items()):
            content = {"rate": rate, "round": question.content["round"], "calm": calm}
            self.say(now_ns, Performative.INFORM, name, content, to=question)
        self._asked = {}
        self.due_ns = self.done_by_ns
        return TIME_IS_UP if now_ns >= self.done_by_ns else None

    def take_grant(self, _: int, grant: Message) -> str | None:
        """Take a grant; the price it came with stands."""
        self._learn(grant)
        self._asked.pop(grant.sender, None)
        self.grants[grant.sender] = float(grant.content["rate"])
        return ALL_GRANTED if len(self.grants) == len(self.peers) else self._all_heard()

    def end(self, _: int) -> None:
        """All have granted, or time is up."""

    def _learn(self, message: Message) -> None:
        self.prices[message.sender] = float(message.content["price"])
        self._calm[message.sender] = message.content["calm"]

    def _is_current(self, peer: str) -> bool:
        return peer in self._asked or peer in self.grants

    def _all_heard(self) -> str | None:
        return ALL_HEARD if self._asked and all(self._is_current(peer) for peer in self.peers) else None


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
