"""The clairvoyant reference: what a scenario will offer, read from its rates. Never a policy to deploy."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scenarios.flow import Flow
from scenarios.rates import Piece
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S


class Offered:
    """The work that requests from outside will bring to services, in cores, as a function of time; retries apart."""

    def __init__(self, world: Scenario, *services: str) -> None:
        self._flow, self._services = Flow(world), services

    @cached_property
    def _parts(self) -> list[tuple[NDArray[np.float64], list[Piece], list[int]]]:
        """(core-seconds a request at each service, its rate, where the pieces of it start) of every workload that reaches one."""
        found = []
        for name, rates in self._flow.arrivals.items():
            visits = self._flow.visits_of_one(name).items()
            work_ns = [sum(count * self._flow.work_ns[target] for target, count in visits if target.split(".")[0] == service)
                       for service in self._services]  # fmt: skip
            if any(work_ns):
                found.append((np.array(work_ns) / NS_PER_S, rates, [piece.start_ns for piece in rates]))
        return found

    def most(self, start_ns: int, end_ns: int) -> NDArray[np.float64]:
        """(services,) the most cores offered at any instant of [start, end]: rates are straight, so a corner has it (H23)."""
        corners = {start_ns, end_ns}
        for _, _, starts in self._parts:
            corners.update(starts[bisect_right(starts, start_ns) : bisect_right(starts, end_ns)])
        most: NDArray[np.float64] = np.max([self._at(at) for at in corners], axis=0)
        return most

    def _at(self, at_ns: int) -> NDArray[np.float64]:
        """The larger of both sides where a rate steps."""
        total = np.zeros(len(self._services))
        for work, rates, starts in self._parts:
            after = bisect_right(starts, at_ns)
            beside = [piece for piece in rates[max(0, after - 2) : after] if at_ns <= piece.end_ns]
            total += work * max((_rate(piece, at_ns) for piece in beside), default=0.0)
        return total


def cores_needed(offered: float, target_utilization: float) -> float:
    """Cores of which the offered work takes the target share (H23)."""
    return offered / target_utilization


def _rate(piece: Piece, at_ns: int) -> float:
    share = (at_ns - piece.start_ns) / (piece.end_ns - piece.start_ns)
    return piece.rate_start + (piece.rate_end - piece.rate_start) * share
