"""How much of each class a pool should serve, and with how many pods: what a planner solves, and what markets are measured by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from agents.negotiation.parties.knowing import FlowClass, Trade
from agents.negotiation.parties.valuing import Outlook
from agents.solving import Row, cheapest

SURELY = tuple(share / 16 for share in range(1, 16))  # quantiles of demand between which its worth is drawn straight
ROUNDING = 0.5  # of a pod: what a member's whole pods are more than its flow needs, on average
STRETCH = 1.5  # by which flows may grow into what rounding has left, where capacity is short
SLACK = 1e-6  # of what there is: less than this is nothing left
NARROWEST = 1e-9  # requests a second: a stretch of demand that is narrower is none
HALVINGS = 60  # of what a factor is looked for in: as fine as a double, wherever the answer lies
EDGES = (0.99, *reversed(SURELY), 0.01, 0.001)  # of demand: how surely each stretch of flow is used, from the first on


@dataclass(frozen=True)
class Plan:
    """What everyone is to have."""

    rates: dict[str, float]  # requests a second of each class that may come in
    pods: dict[str, int]  # of each member


def planned(classes: Mapping[str, FlowClass], trades: Mapping[str, Trade], outlooks: Mapping[str, Outlook],
            capacity: int, price: float) -> Plan:  # fmt: skip
    """The flows that are worth most an hour less their units' price, were pods divisible; then whole pods for them.

    It is what prices settle at, if everybody sees the same. A program over whole pods finds a little more for the demand of a
    moment, and earns less: between two moments it moves pods from chain to chain, and what starts does not serve.
    """
    rates = divided(classes, trades, outlooks, divisible(capacity, trades), price)
    units = sum(rate * classes[name].units(trades) for name, rate in rates.items())
    return in_whole_pods(rates, classes, trades, capacity, is_short=units >= divisible(capacity, trades) * (1 - SLACK))


def divided(classes: Mapping[str, FlowClass], trades: Mapping[str, Trade], outlooks: Mapping[str, Outlook],
            units: float, price: float) -> dict[str, float]:  # fmt: skip
    """Requests a second of each class.

    Maximise sum_k 3.6 worth_k E[min(D_k, x_k)] - price sum_k u_k x_k subject to sum_k u_k x_k <= units, where u_k are the units
    for one request a second. The expectation is concave; it is drawn straight between quantiles of demand.
    """
    each = {name: one.units(trades) for name, one in classes.items()}
    stretches = [(name, width, 3.6 * one.worth * used) for name, one in classes.items() for width, used in stretches_of(outlooks[name])]
    rates = dict.fromkeys(classes, 0.0)
    if not stretches:  # nobody comes
        return rates
    rows: list[Row] = [({at: -each[name] for at, (name, *_) in enumerate(stretches)}, -max(0.0, units))]
    found = cheapest([price * each[name] - worth for name, _, worth in stretches], rows, [0.0] * len(stretches),
                     [width for _, width, _ in stretches], [False] * len(stretches))  # fmt: skip
    for (name, *_), rate in zip(stretches, found, strict=True):
        rates[name] += rate
    return rates


def divisible(capacity: int, trades: Mapping[str, Trade]) -> float:
    """Units of a pool that are left for flow once pods are rounded up to whole ones."""
    return capacity - ROUNDING * sum(trade.described.units for trade in trades.values())


def in_whole_pods(rates: Mapping[str, float], classes: Mapping[str, FlowClass], trades: Mapping[str, Trade], capacity: int, *,
                  is_short: bool) -> Plan:  # fmt: skip
    """Flows as wanted, where there is enough; else all alike as much as fits, more or less."""
    return fitted(rates, classes, trades, capacity, STRETCH if is_short else 1.0)


def pods_for(rates: Mapping[str, float], classes: Mapping[str, FlowClass], trades: Mapping[str, Trade]) -> dict[str, int]:
    """The fewest whole pods of each member that serve such flows, and no fewer than its floor."""
    return {service: max(trade.described.floor, math.ceil(taken(rates, classes, service) - 1e-9)) for service, trade in trades.items()}


def taken(rates: Mapping[str, float], classes: Mapping[str, FlowClass], service: str) -> float:
    """Pods of a member that such flows take, were pods divisible."""
    return sum(rates[name] * one.pods.get(service, 0.0) for name, one in classes.items())


def units_of(pods: Mapping[str, int], trades: Mapping[str, Trade]) -> int:
    """Units of the pool that such pods take."""
    return sum(count * trades[service].described.units for service, count in pods.items())


def served_by_floors(classes: Mapping[str, FlowClass], trades: Mapping[str, Trade]) -> dict[str, float]:
    """What the members' floors serve: in the mix that the file offers, and then of each class as much as is left, in its order."""
    left = {service: float(trade.described.floor) for service, trade in trades.items()}
    mean = {name: one.mean_rate for name, one in classes.items()}
    offered = {service: taken(mean, classes, service) for service in trades}
    factor = min((left[service] / pods for service, pods in offered.items() if pods > 0), default=0.0)
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
        if upto > reached + NARROWEST:
            used = (outlook.served(upto) - outlook.served(reached)) / (upto - reached)
            found.append((upto - reached, min(1.0, max(0.0, used))))
            reached = upto
    return found
