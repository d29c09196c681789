"""Which weights of hosts cost least, for whoever knows the truth of each: by a model of queues."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.learning.hosts.seats import HostSeats
from agents.learning.queueing import Place, Places, Reals, tail_s
from scenarios.flow import Flow
from scenarios.schema.units import NS_PER_S

ROUNDS = 3
TRIFLE = 0.1  # for a mean time as long as the objective


class Truth:
    """The pods as they are, or will be in a moment: dead or alive, how slow, how often they fail."""

    def __init__(self, seats: HostSeats) -> None:
        service, flow = seats.weighed.service, Flow(seats.world)
        endpoints = seats.world.services[service].endpoints
        self._work_s = sum(flow.mean_ns[f"{service}.{one}"] for one in endpoints) / len(endpoints) / NS_PER_S

    def __call__(self, seats: HostSeats) -> list[Place]:
        """Of each row."""
        mesh, service = seats.plane.mesh, seats.weighed.service
        alive = {pod.number: pod for pod in mesh.cluster.pods(service) if pod.ready_ns is not None}
        found: list[Place] = []
        for number in seats.numbers:
            pod = None if number is None else alive.get(number)
            workers = seats.world.services[service].workers
            coming = [] if pod is None else mesh.faults.coming(pod, mesh.clock.now_ns + seats.cadence_ns)
            if pod is None or number is None or any(fault.crash for fault in coming):
                found.append(Place(0, self._work_s, failing=1.0))
                continue
            slow = max([pod.slowdown] + [fault.slow.factor for fault in coming if fault.slow])
            failing = max([pod.error_rate] + [fault.errors.rate for fault in coming if fault.errors])
            found.append(Place(workers, self._work_s * slow, max(0, mesh.plane.present(service, number) - workers), failing))
        return found


def rate_of(seats: HostSeats) -> float:
    """Calls a second, as they ended in the last tick."""
    return sum(one.tick.ended for one in seats.watching.histories.values()) * NS_PER_S / seats.cadence_ns


def cheapest(seats: HostSeats, places: Sequence[Place], rate: float, before: Sequence[int]) -> list[int]:
    """Hosts that are alike stay alike: each kind's action is improved in turn, from all as usual."""
    kinds: dict[tuple[float, float, float], list[int]] = {}
    for row, place in enumerate(places):
        kinds.setdefault((place.servers, place.work_s, place.failing), []).append(row)
    actions = np.full(len(places), seats.actions.usual, dtype=np.int64)
    model = Places(places, seats.cadence_ns / NS_PER_S)
    for _ in range(ROUNDS):
        for rows in kinds.values():
            tried = np.repeat(actions[None], len(seats.actions), axis=0)
            tried[:, rows] = np.arange(len(seats.actions))[:, None]
            actions = tried[int(_costs(seats, model, rate, tried, np.array(before)).argmin())]
    chosen: list[int] = actions.tolist()
    return chosen


def _costs(seats: HostSeats, model: Places, rate: float, tried: NDArray[np.int64], before: NDArray[np.int64]) -> Reals:
    """(plans,) What a tick takes away, as the reward has it, and a trifle for the mean time; actions are (plans, rows)."""
    times, prices = np.array(seats.actions.times), seats.weights
    there = np.array([number is not None for number in seats.numbers])
    weights, was = times[tried] * there, times[before] * there
    shares = weights / np.maximum(1e-9, weights.sum(axis=1, keepdims=True))
    means_s = model.mean_s(rate * shares)
    late, mean = (one * NS_PER_S / seats.objective_ns for one in (tail_s(shares, means_s), (shares * means_s).sum(axis=1)))
    moved = np.abs(shares - was / max(1e-9, float(was.sum()))).sum(axis=1) / 2
    found: Reals = (
        prices.slo * np.log1p(prices.steepness * np.maximum(0.0, late - 1)) + prices.drop * (shares * model.failing).sum(axis=1)
        + prices.cost * (weights > 0).sum(axis=1) / seats.weighed.pods + prices.churn * moved + TRIFLE * mean
    )  # fmt: skip
    return np.where(weights.any(axis=1), found, np.inf)
