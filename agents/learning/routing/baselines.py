"""Whom a policy that routes is compared with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.learning.baselines import Baseline, Decider, Standing, always
from agents.learning.queueing import Place
from agents.learning.routing.actions import LEVELS
from agents.learning.routing.planning import Outset, cheapest_levels
from agents.learning.routing.seats import WaySeats
from agents.negotiation.parties.truth import TrueRates
from scenarios.flow import Flow
from scenarios.schema.units import NS_PER_S

if TYPE_CHECKING:
    from agents.learning.playing import Play

FULL = 0.8  # of what pods can do: as far as a zone is filled by who spills
HOME = LEVELS[-1]
Knowing = Callable[[WaySeats], tuple[list[float], list[Place]]]  # rates of zones that call, and those that serve


def _seats(play: Play) -> WaySeats:
    seats = play.drive.seats
    assert isinstance(seats, WaySeats), "a baseline of this chair"
    return seats


def _work_s(seats: WaySeats) -> float:
    """What the file says of a request."""
    flow, service = Flow(seats.world), seats.splits[0].service
    times = [flow.mean_ns[f"{service}.{endpoint}"] for endpoint in seats.world.services[service].endpoints]
    return sum(times) / len(times) / NS_PER_S


def _objective_s(seats: WaySeats) -> float:
    goals = [workload.slo.latency.under for workload in seats.world.workload.values() if workload.slo.latency is not None]
    return min(goals, default=NS_PER_S) / NS_PER_S


def _actions(levels: Sequence[tuple[int, ...]]) -> NDArray[np.int64]:
    return np.array([LEVELS.index(one) for mine in levels for one in mine], dtype=np.int64)


def spilling(play: Play) -> Decider:
    """What the pods at home can do by the file stays there; the rest goes to whoever has most to spare, as scrapes tell."""
    seats, work_s = _seats(play), _work_s(_seats(play))
    workers = seats.world.services[seats.splits[0].service].workers

    def decide() -> NDArray[np.int64]:
        targets = seats.watching.targets(seats.splits[0].service)
        rates = {split.zone: seats.watching.rate(split) for split in seats.splits}
        room = {zone: FULL * targets[zone].pods * workers / work_s - rates.get(zone, 0.0) for zone in seats.zones}
        levels = []
        for split in seats.splits:
            over = max(0.0, -room[split.zone])
            spare = {zone: max(0.0, room[zone]) for zone in seats.zones if zone != split.zone}
            wanted = {zone: over * one / max(1e-9, sum(spare.values())) for zone, one in spare.items()}
            kept = max(1e-9, rates[split.zone] - over)
            levels.append(tuple(HOME if zone == split.zone else _nearest(HOME * wanted[zone] / kept) for zone in seats.zones))
        return _actions(levels)

    return decide


def _nearest(weight: float) -> int:
    return min(LEVELS, key=lambda level: abs(level - weight))


def _seen(seats: WaySeats) -> tuple[list[float], list[Place]]:
    """By scrapes: work of a request by the utilization law, where enough came to tell."""
    service, usual_s = seats.splits[0].service, _work_s(seats)
    targets, workers = seats.watching.targets(service), seats.world.services[service].workers
    places = [Place(one.pods * workers, one.cores / one.rate if one.rate > 1 else usual_s, one.queued)
              for one in (targets[zone] for zone in seats.zones)]  # fmt: skip
    return [seats.watching.rate(split) for split in seats.splits], places


class _Knows:
    """The file's rates, its faults to come, and the pods as they are."""

    def __init__(self, seats: WaySeats) -> None:
        self._rates, self._work_s = TrueRates(Flow(seats.world).arrivals), _work_s(seats)

    def __call__(self, seats: WaySeats) -> tuple[list[float], list[Place]]:
        """Of the tick that begins."""
        mesh, service, now_ns = seats.plane.mesh, seats.splits[0].service, seats.plane.clock.now_ns
        until_ns, workers = now_ns + seats.cadence_ns, seats.world.services[service].workers
        rates = [sum(self._rates.mean(name, now_ns, until_ns) for name in split.callers) for split in seats.splits]
        places = []
        for zone in seats.zones:
            pods = [pod for pod in mesh.cluster.pods(service) if pod.looks_ready and pod.zone == zone]
            share = sum(mesh.plane.present(service, pod.number or 0) for pod in pods)
            coming = [fault for pod in pods for fault in mesh.faults.coming(pod, until_ns)]
            slow = max([pod.slowdown for pod in pods] + [fault.slow.factor for fault in coming if fault.slow], default=1.0)
            left = len(pods) - sum(1 for fault in coming if fault.crash)
            places.append(Place(left * workers, self._work_s * slow, max(0.0, share - len(pods) * workers)))
        return rates, places


def _planning(seats: WaySeats, knowing: Knowing) -> Decider:
    homes, objective_s = [seats.zones.index(split.zone) for split in seats.splits], _objective_s(seats)
    levels = [tuple(HOME * (zone == split.zone) for zone in seats.zones) for split in seats.splits]

    def decide() -> NDArray[np.int64]:
        nonlocal levels
        rates, places = knowing(seats)
        levels = cheapest_levels(Outset(rates, homes, places, levels, seats.cadence_ns / NS_PER_S, objective_s, seats.weights))
        return _actions(levels)

    return decide


def modelling(play: Play) -> Decider:
    """The cheapest weights for what scrapes tell."""
    return _planning(_seats(play), _seen)


def knowing(play: Play) -> Decider:
    """The cheapest weights for what is true."""
    return _planning(_seats(play), _Knows(_seats(play)))


def crowding(play: Play) -> Decider:
    """All to the last zone."""
    seats = _seats(play)
    return lambda: _actions([tuple(HOME * (zone == seats.zones[-1]) for zone in seats.zones) for _ in seats.splits])


ROUTERS = {
    "oracle": Baseline("knows rates, pods and what is about to fail, and plans by queueing", Standing.ORACLE, seated=knowing),
    "model": Baseline("plans by queueing on what scrapes tell, as SLATE", Standing.GOOD, seated=modelling),
    "spill": Baseline("home as far as pods there can serve by the file, the rest to whoever has room", Standing.GOOD, seated=spilling),
    "locality_first": Baseline("everybody at home, as Istio with localities", Standing.NAIVE),
    "equal": Baseline("every zone alike, as a mesh without localities", Standing.NAIVE, seated=always(1)),
    "one_zone": Baseline("everybody to the last zone", Standing.SILLY, seated=crowding),
}
