"""Rules by which an auctioneer divides a pool among sealed proposals: one a mechanism, each from agents/negotiation/mechanisms."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import accumulate

from agents.negotiation.mechanisms import dividing, double_auctions, shares, uniform_price, vcg
from agents.negotiation.mechanisms.allocation import Allocation
from agents.negotiation.messages import Content
from scenarios.schema.negotiating import Pool


@dataclass(frozen=True)
class Division:
    """Who gets how many units, and what each pays an hour, in currency."""

    amounts: dict[str, int]
    pays: dict[str, float] = field(default_factory=dict)
    price: float | None = None  # of a unit and hour, where there is one
    own: dict[str, int] = field(default_factory=dict)  # whose the units were before they were traded, if somebody's

    def due(self, name: str, amount: int) -> float:
        """What is to be paid an hour for so many units, where fewer are leased than were won: so much less in proportion.

        Units that were one's own before cost nothing. Who sells is paid for all that was sold, whatever is left.
        """
        pay, own = self.pays.get(name, 0.0), self.own.get(name, 0)
        bought = self.amounts.get(name, 0) - own
        return pay if pay <= 0 or bought <= 0 else pay * min(1.0, max(0, amount - own) / bought)


Proposals = Mapping[str, Content]
Rule = Callable[[Pool, Proposals, int], Division]


def asks_for(kind: str) -> str:
    """What proposals have to say under a mechanism: the `amount` that is wanted, or the `values` of all amounts from 0 on."""
    return "amount" if kind in ("proportional", "strict_priority") else "values"


def divided(pool: Pool, proposals: Proposals, supply: int) -> Division:
    """Divide the units there are; nobody is given a part of a pod."""
    found = RULES[pool.by.kind](pool, proposals, supply)
    whole = {name: amount // pool.members[name].units * pool.members[name].units for name, amount in found.amounts.items()}
    return replace(found, amounts=whole, pays={name: found.due(name, amount) for name, amount in whole.items()})


def _proportional(pool: Pool, proposals: Proposals, supply: int) -> Division:
    wants = {name: one["amount"] for name, one in proposals.items()}
    return Division(shares.proportional(wants, supply, {name: want * pool.members[name].weight for name, want in wants.items()}).units)


def _strict_priority(pool: Pool, proposals: Proposals, supply: int) -> Division:
    wants = {name: one["amount"] for name, one in proposals.items()}
    return Division(shares.strict_priority(wants, supply, {name: -pool.members[name].priority for name in wants}).units)


def _uniform_price(pool: Pool, proposals: Proposals, supply: int) -> Division:
    return _paid(uniform_price.uniform_price({name: unit_bids(pool, name, one) for name, one in proposals.items()}, supply, pool.price))


def _vcg(pool: Pool, proposals: Proposals, supply: int) -> Division:
    """Of what units are worth beyond their price, which everyone pays besides."""
    beyond = {name: [value - pool.price * count for count, value in enumerate(one["values"])] for name, one in proposals.items()}
    found = vcg.vcg(beyond, supply)
    return Division(found.units, {name: pay + pool.price * found.units[name] for name, pay in found.payments.items()})


def _k_double(pool: Pool, proposals: Proposals, supply: int) -> Division:
    assert pool.by.k_double is not None
    k = pool.by.k_double.k
    return _traded(pool, proposals, supply, lambda bids, asks: double_auctions.k_double(bids, asks, k))


def _mcafee(pool: Pool, proposals: Proposals, supply: int) -> Division:
    return _traded(pool, proposals, supply, double_auctions.mcafee)


def _nash(pool: Pool, proposals: Proposals, supply: int) -> Division:
    weights = {name: pool.members[name].weight for name in proposals}
    return Division(dividing.nash_division(_gains(pool, proposals), supply, weights).units)


def _kalai_smorodinsky(pool: Pool, proposals: Proposals, supply: int) -> Division:
    return Division(dividing.kalai_smorodinsky_division(_gains(pool, proposals), supply).units)


def _egalitarian(pool: Pool, proposals: Proposals, supply: int) -> Division:
    return Division(dividing.egalitarian_division(_gains(pool, proposals), supply).units)


def _gains(pool: Pool, proposals: Proposals) -> dict[str, list[float]]:
    """What units are worth beyond their price; a unit that is not worth it adds nothing."""
    return {name: [*accumulate((value - pool.price * count for count, value in enumerate(one["values"])), max)]
            for name, one in proposals.items()}  # fmt: skip


def unit_bids(pool: Pool, name: str, proposal: Content) -> list[float]:
    """A bid for each unit: what a pod adds, divided among its units; never more than for the one before."""
    worths, units, bids = proposal["values"], pool.members[name].units, list[float]()
    for count in range(units, len(worths), units):
        added = (worths[count] - worths[count - units]) / units
        bids += [min(added, bids[-1]) if bids else added] * units
    return bids


def endowments(pool: Pool, supply: int, names: Iterable[str]) -> dict[str, int]:
    """Whose the units are before they are traded: everybody's by weight."""
    everything = dict.fromkeys(names, supply)
    return shares.proportional(everything, supply, {name: pool.members[name].weight for name in everything}).units


def _traded(pool: Pool, proposals: Proposals, supply: int,
            rule: Callable[[Mapping[str, list[float]], Mapping[str, list[float]]], Allocation]) -> Division:  # fmt: skip
    """Who proposes sells from the units that are his, the least useful first, and buys more; the house buys at the pool's price."""
    own, bids, asks = endowments(pool, supply, proposals), {HOUSE: [pool.price] * supply}, dict[str, list[float]]()
    for name, one in proposals.items():
        marginals = unit_bids(pool, name, one)
        bids[name], asks[f"{name}{SELLS}"] = marginals[own[name] :], marginals[: own[name]][::-1]
    found = rule(bids, asks)
    amounts, pays = dict(own), dict.fromkeys(proposals, 0.0)
    for side in found.units:
        name = side.removesuffix(SELLS)
        if name == HOUSE:
            continue
        amounts[name] += found.units[side]
        pays[name] += found.payments[side]
    return Division({name: amounts[name] for name in proposals}, pays, found.price, own)


def _paid(found: Allocation) -> Division:
    return Division(found.units, found.payments, found.price)


SELLS, HOUSE = " sells", "the house"  # no name of a service is or ends so
RULES: dict[str, Rule] = {
    "proportional": _proportional, "strict_priority": _strict_priority, "uniform_price": _uniform_price, "vcg": _vcg,
    "k_double": _k_double, "mcafee": _mcafee, "nash": _nash, "kalai_smorodinsky": _kalai_smorodinsky, "egalitarian": _egalitarian,
}  # fmt: skip
