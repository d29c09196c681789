"""Network utility maximisation: what each class of traffic may send end to end, found by prices of what it passes through.

Kelly, Maulloo and Tan (J. Operational Research Society 49, 1998); Low and Lapsley (IEEE/ACM Transactions on Networking 7, 1999).

    maximise sum U_k(x_k)   so that   sum_k visits_kl x_k <= c_l for every resource l, and 0 <= x_k <= most_k

A class asks for x_k = argmax U_k(x) - x sum_l visits_kl p_l, and a resource sets p_l <- [p_l + step (y_l - c_l)]+. Neither knows
more than its own part. On the way the rates are infeasible: `fitted` makes them fit before anybody uses them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from agents.negotiation.mechanisms.allocation import require_for_each, require_positive
from agents.solving import Vector, lowest

STEP_SHARE = 0.9  # of the bound beyond which the prices may not converge


@dataclass(frozen=True, slots=True)
class Flow:
    """A class of traffic. U(x) = weight x^(1 - alpha) / (1 - alpha), and weight log x for alpha = 1 (Mo and Walrand, 2000)."""

    visits: Mapping[str, float]  # how often one request of it passes through each resource
    weight: float
    most: float  # what is offered, requests a second: no more is ever sent
    alpha: float = 1.0  # 1: proportional fairness; the larger, the nearer to max-min

    def __post_init__(self) -> None:
        require_positive("weight, most and alpha", (self.weight, self.most, self.alpha))
        require_positive("visits", self.visits.values() or [0.0])

    def rate_at(self, price: float) -> float:
        """What it sends where one request costs so much in all: where the marginal utility is the price, and no more than it has."""
        if price <= self.marginal_utility(self.most):
            return self.most
        return min(self.most, math.pow(self.weight / price, 1 / self.alpha))

    def utility(self, rate: float) -> float:
        """What a rate is worth to it."""
        return self.weight * (math.log(rate) if self.alpha == 1 else math.pow(rate, 1 - self.alpha) / (1 - self.alpha))

    def marginal_utility(self, rate: float) -> float:
        """What a little more would be worth, by unit of rate."""
        return self.weight * math.pow(rate, -self.alpha)

    @property
    def flatness(self) -> float:
        """The most that a little less of price would add to its rate: 1 / -U'' at the most it sends."""
        return math.pow(self.most, self.alpha + 1) / (self.alpha * self.weight)

    @property
    def length(self) -> float:
        """How often one request of it passes through anything."""
        return math.fsum(self.visits.values())

    def path_price(self, prices: Mapping[str, float]) -> float:
        """What one request costs in all."""
        return math.fsum(visits * prices[resource] for resource, visits in self.visits.items())


@dataclass(frozen=True, slots=True)
class Agreement:
    """Prices and the rates they call for, after so many rounds."""

    rates: dict[str, float]
    prices: dict[str, float]
    rounds: int
    is_settled: bool  # no resource's excess, nor what its price pays for slack, is beyond the tolerance


def rates_at(flows: Mapping[str, Flow], prices: Mapping[str, float]) -> dict[str, float]:
    """What every class sends at these prices."""
    return {name: flows[name].rate_at(flows[name].path_price(prices)) for name in sorted(flows)}


def loads(flows: Mapping[str, Flow], rates: Mapping[str, float], capacities: Mapping[str, float]) -> dict[str, float]:
    """What comes to every resource."""
    return {resource: math.fsum(flows[name].visits.get(resource, 0.0) * rates[name] for name in flows) for resource in sorted(capacities)}


def priced(price: float, load: float, capacity: float, step: float) -> float:
    """A resource's next price: higher by the step times what is too much, and never below 0."""
    return max(0.0, price + step * (load - capacity))


def step_bound(flows: Mapping[str, Flow]) -> float:
    """Below this step, the same for all resources, the prices converge: 2 / (a L S), Low and Lapsley's theorem 1.

    a is the largest 1 / -U'' of any rate that is sent, L the most that one class visits in all, S the most that all classes visit
    one resource: S L bounds the square of the matrix' norm, and so a S L how fast the dual's gradient can change.
    """
    flattest = max(flow.flatness for flow in flows.values())
    longest = max(flow.length for flow in flows.values())
    shared: dict[str, float] = {}
    for name in sorted(flows):
        for resource, visits in flows[name].visits.items():
            shared[resource] = shared.get(resource, 0.0) + visits
    return 2 / (flattest * longest * max(shared.values()))


def step_bounds(flows: Mapping[str, Flow]) -> dict[str, float]:
    """The same for each resource by itself: 2 / (sum over its classes of visits_kl a_k L_k), which is never less, and often much more.

    The row sums of steps times the dual's Hessian are then below 2, and so are its eigenvalues (Gershgorin): it converges as well.
    A resource needs to know of its own classes only, and quick agreement among unlike classes needs it.
    """
    weight: dict[str, float] = {}
    for name in sorted(flows):
        for resource, visits in flows[name].visits.items():
            weight[resource] = weight.get(resource, 0.0) + visits * flows[name].flatness * flows[name].length
    return {resource: 2 / each for resource, each in weight.items()}


def agreed(flows: Mapping[str, Flow], capacities: Mapping[str, float], step: float | None = None, rounds_max: int = 10_000,
           tolerance: float = 1e-6, prices: Mapping[str, float] | None = None) -> Agreement:  # fmt: skip
    """Rounds of prices and rates, from given prices or from 0, until they settle or for so many rounds. ValueError.

    The step is the one given, the same for all resources; else 0.9 of each one's of `step_bounds`. The tolerance is a share of
    each capacity.
    """
    _require_resources(flows, capacities)
    bounds = step_bounds(flows)
    steps = {each: (STEP_SHARE * bounds.get(each, 1.0)) if step is None else step for each in capacities}
    require_positive("step, rounds_max and tolerance", [*steps.values(), rounds_max, tolerance])
    require_for_each("the price", capacities, capacities if prices is None else prices)
    now = {resource: 0.0 if prices is None else prices[resource] for resource in sorted(capacities)}
    for turn in range(1, rounds_max + 1):
        rates = rates_at(flows, now)
        coming = loads(flows, rates, capacities)
        is_settled = all(_is_settled(now[each], coming[each], capacities[each], tolerance) for each in now)
        if is_settled or turn == rounds_max:
            break
        now = {each: priced(now[each], coming[each], capacities[each], steps[each]) for each in now}
    return Agreement(rates, now, turn, is_settled)


def fitted(flows: Mapping[str, Flow], capacities: Mapping[str, float], rates: Mapping[str, float]) -> dict[str, float]:
    """Rates that fit: each class is cut by the worst overload on its way. Rates that fit already stay as they are.

    At a resource of load y over its c nobody keeps more than c / y, so that what comes to it is at most c. It is not the nearest
    feasible point, and leaves room where a class was cut elsewhere; but each class needs only its own way to know its cut.
    """
    coming = loads(flows, rates, capacities)
    kept = {resource: min(1.0, capacities[resource] / load) if load > 0 else 1.0 for resource, load in coming.items()}
    return {name: rates[name] * min((kept[resource] for resource in flows[name].visits), default=1.0) for name in sorted(flows)}


def optimum(flows: Mapping[str, Flow], capacities: Mapping[str, float]) -> dict[str, float]:
    """The rates of a planner who sees everything: those of the prices that scipy finds lowest for the dual. They fit. ValueError.

    What the dual promises at prices p is sum max_x (U_k(x) - x q_k) + sum c_l p_l, never less than the optimum; its gradient is
    what each resource has left. Prices are counted by what a whole capacity costs, so that no resource's scale matters.
    """
    _require_resources(flows, capacities)
    resources = sorted(capacities)
    scale = max(flow.marginal_utility(flow.most) * flow.most for flow in flows.values())

    def priced_at(shares: Vector) -> dict[str, float]:
        return {each: share * scale / capacities[each] for each, share in zip(resources, shares.tolist(), strict=True)}

    def promised(shares: Vector) -> tuple[float, Vector]:
        prices = priced_at(shares)
        rates = rates_at(flows, prices)
        coming = loads(flows, rates, capacities)
        kept = [flows[name].utility(rate) - flows[name].path_price(prices) * rate for name, rate in rates.items()]
        paid = [capacities[each] * prices[each] for each in resources]
        return math.fsum(kept + paid) / scale, np.array([1 - coming[each] / capacities[each] for each in resources])

    return fitted(flows, capacities, rates_at(flows, priced_at(lowest(promised, np.ones(len(resources))))))


def _is_settled(price: float, load: float, capacity: float, tolerance: float) -> bool:
    """Nothing is too much, and what has slack is free (complementary slackness)."""
    return load - capacity <= tolerance * capacity and price * (capacity - load) <= tolerance * capacity


def _require_resources(flows: Mapping[str, Flow], capacities: Mapping[str, float]) -> None:
    if not flows:
        raise ValueError("there is no flow to price")
    require_positive("a capacity", capacities.values())
    require_for_each("the capacity", [resource for flow in flows.values() for resource in flow.visits], capacities)
