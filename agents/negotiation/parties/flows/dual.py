"""Flow by prices: the pool calls a price for capacity, every class answers with the flow it wants at it, until both fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from agents.negotiation.machine import Conversation
from agents.negotiation.mechanisms.tatonnement import PriceSearch
from agents.negotiation.parties.flows.flow_plan import Plan, divisible, in_whole_pods
from agents.negotiation.parties.flows.flow_pool import FlowPool
from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.protocols.dual_decomposition import PriceRules, PriceSetter
from scenarios.schema.negotiating import Negotiation, Pool

ROUNDS_WITHIN = 8  # of the deadline: how long a price waits for who does not answer


class PriceAgent(FlowPool):
    """The pool as a price setter (dual decomposition)."""

    def __init__(self, model: Any, name: str, described: Negotiation, pool: Pool, trades: Mapping[str, Trade],
                 classes: Mapping[str, FlowClass]) -> None:  # fmt: skip
        super().__init__(model, name, described, pool, trades, classes)
        self.price = pool.price
        self._units = {workload: one.units(self.trades) for workload, one in self.classes.items()}
        self._search = PriceSearch(pool.price, 1.0)

    def hold_round(self) -> None:
        """Call the price of the last round, and go on from there."""
        assert self.pool.by.dual is not None
        scale = max(3.6 * one.worth / self._units[workload] for workload, one in self.classes.items())
        self._search, self._calls = PriceSearch(self.pool.price, scale / 100), 0
        rules = PriceRules(self._next_price, self._is_calm, self._project, 1, max(1, self.described.deadline // ROUNDS_WITHIN))
        self.converse(PriceSetter(self.name, f"{self.name}/{self._epoch}.{self.round}", self.classes, self.price, rules,
                                  self.now_ns + self.described.deadline))  # fmt: skip

    def heard_out(self, conversation: Conversation) -> None:
        """Prices have settled, or time is up: grant what fits."""
        super().heard_out(conversation)
        if isinstance(conversation, PriceSetter) and conversation.rates:
            self.price = conversation.price
            if len(conversation.rates) < len(self.classes):
                self.rounds.miss()
            plan = self._plan(conversation.rates)
            self.carry_out(plan, {workload: self.price * rate * self._units[workload] for workload, rate in plan.rates.items()})

    def _excess(self, rates: Mapping[str, float]) -> float:
        """Units that flows want beyond those there are, were pods divisible."""
        wanted = sum(rate * self._units[workload] for workload, rate in self._all(rates).items())
        return wanted - divisible(self.pool.capacity, self.trades)

    def _all(self, rates: Mapping[str, float]) -> dict[str, float]:
        """And those who are silent, at what they may be sending."""
        return {workload: rates[workload] if workload in rates else self.flowing(workload) for workload in self.classes}

    def _next_price(self, price: float, rates: Mapping[str, float]) -> float:
        self._calls += 1
        self._search = self._search.heard(price, self._excess(rates))
        return self._search.price

    def _is_calm(self, price: float, rates: Mapping[str, float]) -> bool:
        assert self.pool.by.dual is not None
        excess, told = self._excess(rates), self.pool.by.dual
        fits = abs(excess) <= told.tolerance * self.pool.capacity or (excess <= 0 and price <= self.pool.price)
        return fits or self._calls + 1 >= told.rounds

    def _project(self, rates: Mapping[str, float]) -> Mapping[str, float]:
        return {workload: rate for workload, rate in self._plan(rates).rates.items() if workload in rates}

    def _plan(self, rates: Mapping[str, float]) -> Plan:
        """Flows in whole pods: as wanted, where there is enough; else all alike as much as fits, more or less."""
        known = self._all(rates)
        is_short = self.price > self.pool.price or self._excess(rates) > 0
        return in_whole_pods(known, self.classes, self.trades, self.pool.capacity, is_short=is_short)
