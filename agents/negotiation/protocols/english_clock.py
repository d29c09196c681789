"""The ascending clock, an English auction of many units: an iterated contract net whose calls are rising prices.

Each call asks for the units wanted at its price. Who wants none says so (0 units) and may stay; who is not heard by a call's
deadline is out. Demand may only fall (an activity rule): what is more than before is not heard. The clock stops at the first
price at which no more is wanted than there is, or where another call would be one too many or answered too late; `settle`
says who gets what. Awards go only to who answered the last call, since only they have a proposal to accept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agents.negotiation.messages import Content
from agents.negotiation.protocols.contract_net import Again, Awards, Initiator


@dataclass(frozen=True, slots=True)
class Called:
    """One price that was called, and what each wanted at it."""

    price: float
    wanted: Mapping[str, int]


Settle = Callable[[Sequence[Called]], Mapping[str, Content]]  # all calls, of those who answered the last → awards by name


class Clock:
    """Raises the price: a `choose` for an iterated contract net. `calls` tells how it went."""

    def __init__(self, supply: int, first_price: float, increment: float, calls_max: int, within_ns: int, settle: Settle) -> None:
        """`within_ns`: how long bidders have for an answer to each call after the first. Refuses a clock that stands still (ValueError)."""
        if increment <= 0 or calls_max < 1 or supply < 0:
            raise ValueError(f"a clock for {supply} units that rises by {increment} in {calls_max} calls does not go")
        self.supply, self.first_price, self.increment = supply, first_price, increment
        self.calls_max, self.within_ns, self.settle = calls_max, within_ns, settle
        self.answers_by_ns: int | None = None  # when the last call has to be answered
        self.calls: list[Called] = []

    @property
    def price(self) -> float:
        """Of the call that is being answered."""
        return self.first_price + len(self.calls) * self.increment

    def call(self) -> dict[str, float]:
        """What the next call says."""
        return {"price": self.price}

    def __call__(self, proposals: Mapping[str, Content]) -> Awards | Again:
        """Another price, or the awards."""
        before = self.calls[-1].wanted if self.calls else {}
        self.calls.append(Called(self.price, {
            name: min(_units(proposal), before.get(name, self.supply)) for name, proposal in proposals.items()}))  # fmt: skip
        if sum(self.calls[-1].wanted.values()) > self.supply:
            return Again(self.call(), self.within_ns, self.answers_by_ns, self.awards)
        return self.awards()

    def awards(self) -> Awards:
        """What the calls so far come to."""
        wanted = self.calls[-1].wanted
        return self.settle([Called(one.price, {name: one.wanted[name] for name in wanted}) for one in self.calls])


def auctioneer(name: str, conversation_id: str, bidders: Iterable[str], clock: Clock, reply_by_ns: int, done_by_ns: int,
               answers_by_ns: int | None = None) -> Initiator:  # fmt: skip
    """Who calls the prices. Bidders are the contract net's participants: a bid is {"units": n} for a call {"price": p}.

    answers_by_ns: when calls have to be answered, so that awards arrive by `done_by_ns`; as long before as a call waits by default.
    """
    clock.answers_by_ns = done_by_ns - clock.within_ns if answers_by_ns is None else answers_by_ns
    return Initiator(name, conversation_id, bidders, clock.call(), reply_by_ns, clock, done_by_ns, rounds=clock.calls_max)


def _units(proposal: Content) -> int:
    """The units a proposal wants; one that is no count wants none."""
    units = proposal.get("units")
    return units if isinstance(units, int) and not isinstance(units, bool) and units >= 0 else 0
