"""How much of each class a pool should serve, and with how many pods: what a planner solves, and what markets are measured by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.valuing import Outlook
from agents.solving import Infeasible, Row, cheapest

SURELY = tuple(share / 16 for share in range(1, 16))  # quantiles of demand between which its worth is drawn straight
HALVINGS = 60  # of what a factor is looked for in: as fine as a double, wherever the answer lies
EDGES = (0.99, *reversed(SURELY), 0.01, 0.001)  # of demand: how surely each stretch of flow is used, from the first on


@dataclass(frozen=True)
class Plan:
    """What everyone is to have."""

    rates: dict[str, float]  # requests a second of each class that may come in
    pods: dict[str, int]  # of each member


def planned(classes: Mapping[str, FlowClass], trades: Mapping[str, Trade], outlooks: Mapping[str, Outlook],
            capacity: int, price: float) -> Plan:
    """The plan that is worth most an hour less its units' price, with whole pods and no more units than there are.

    Maximise sum_k 3.6 worth_k E[min(D_k, x_k)] - price sum_s u_s n_s over flows x and whole pods n, subject to
    n_s >= sum_k a_ks x_k, n_s >= floor_s, sum_s u_s n_s <= capacity. The expectation is concave; it is drawn straight between
    quantiles of demand.
    """  # fmt: skip
    stretches = [(name, width, 3.6 * one.worth * used) for name, one in classes.items() for width, used in stretches_of(outlooks[name])]
    services, first = list(trades), len(stretches)
    costs = [-worth for _, _, worth in stretches] + [price * trades[name].described.units for name in services]
    rows: list[Row] = []
    for at, service in enumerate(services):
        taken = {i: -classes[name].pods.get(service, 0.0) for i, (name, _, _) in enumerate(stretches)}
        rows.append((taken | {first + at: 1.0}, 0.0))
    rows.append(({first + at: -float(trades[name].described.units) for at, name in enumerate(services)}, -float(capacity)))
    low = [0.0] * first + [float(trades[name].described.floor) for name in services]
    high = [width for _, width, _ in stretches] + [float(capacity // trades[name].described.units) for name in services]
    try:
        found = cheapest(costs, rows, low, high, [False] * first + [True] * len(services))
    except Infeasible:  # floors alone are more than there is: nobody gets more than his
        return Plan(dict.fromkeys(classes, 0.0), {name: trades[name].described.floor for name in services})
    rates = dict.fromkeys(classes, 0.0)
    for (name, _, _), rate in zip(stretches, found, strict=False):
        rates[name] += rate
    return Plan(rates, {name: round(count) for name, count in zip(services, found[first:], strict=True)})


def pods_for(rates: Mapping[str, float], classes: Mapping[str, FlowClass], trades: Mapping[str, Trade]) -> dict[str, int]:
    """The fewest whole pods of each member that serve such flows, and no fewer than its floor."""
    return {service: max(trade.described.floor, math.ceil(sum(rates[name] * one.pods.get(service, 0.0)
                                                              for name, one in classes.items()) - 1e-9))
            for service, trade in trades.items()}  # fmt: skip


def units_of(pods: Mapping[str, int], trades: Mapping[str, Trade]) -> int:
    """Units of the pool that such pods take."""
    return sum(count * trades[service].described.units for service, count in pods.items())


def served_by_floors(classes: Mapping[str, FlowClass], trades: Mapping[str, Trade]) -> dict[str, float]:
    """What the members' floors serve: in the mix that the file offers, and then of each class as much as is left, in its order."""
    left = {service: float(trade.described.floor) for service, trade in trades.items()}
    offered = {service: sum(one.mean_rate * one.pods.get(service, 0.0) for one in classes.values()) for service in trades}
    factor = min((left[service] / taken for service, taken in offered.items() if taken > 0), default=0.0)
    rates = {name: factor * one.mean_rate for name, one in classes.items()}
    left = {service: max(0.0, count - factor * offered[service]) for service, count in left.items()}
    for name, one in classes.items():
        more = min(left[service] / count for service, count in one.pods.items())
        rates[name] += more
        for service, count in one.pods.items():
            left[service] = max(0.0, left[service] - more * count)
    return rates


def fitted(rates: Mapping[str, float], classes: Mapping[str, FlowClass], trades: Mapping[str, Trade], capacity: int,
           most: float = 1.0) -> Plan:  # fmt: skip
    """Flows times one factor, at most `most`: as much as whole pods within the capacity can serve."""

    def fits(factor: float) -> bool:
        scaled = {name: rate * factor for name, rate in rates.items()}
        return units_of(pods_for(scaled, classes, trades), trades) <= capacity

    low, high = (most, most) if fits(most) else (0.0, most)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    scaled = {name: rate * low for name, rate in rates.items()}
    return Plan(scaled, pods_for(scaled, classes, trades))


def stretches_of(outlook: Outlook) -> list[tuple[float, float]]:
    """(requests a second, share of the time that they are used) of each stretch of flow from 0 on."""
    found, reached = [], 0.0
    for share in EDGES:
        upto = outlook.exceeded_by(share)
        if upto > reached:
            found.append((upto - reached, (outlook.served(upto) - outlook.served(reached)) / (upto - reached)))
            reached = upto
    return found
