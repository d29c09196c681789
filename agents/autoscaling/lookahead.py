"""The clairvoyant reference: what a scenario will offer, read from its rates. Never a policy to deploy."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property

from scenarios.flow import Flow
from scenarios.rates import Piece
from scenarios.schema.scenario import Scenario
from scenarios.schema.units import NS_PER_S


class Offered:
    """The work that requests from outside will bring to a service, in cores, as a function of time; retries apart."""

    def __init__(self, world: Scenario, service: str) -> None:
        self._flow, self._service = Flow(world), service

    @cached_property
    def _parts(self) -> list[tuple[float, list[Piece], list[int]]]:
        """(core-seconds a request, its rate, where the pieces of it start) of every workload that reaches the service."""
        found = []
        for name, rates in self._flow.arrivals.items():
            visits = self._flow.visits_of_one(name)
            work_ns = sum(count * self._flow.work_ns[target] for target, count in visits.items()
                          if target.split(".")[0] == self._service)  # fmt: skip
            if work_ns:
                found.append((work_ns / NS_PER_S, rates, [piece.start_ns for piece in rates]))
        return found

    def most(self, start_ns: int, end_ns: int) -> float:
        """The most cores offered at any instant of [start, end]: rates are straight, so a corner has it (H23)."""
        corners = {start_ns, end_ns}
        for _, _, starts in self._parts:
            corners.update(starts[bisect_right(starts, start_ns) : bisect_right(starts, end_ns)])
        return max(self._at(at) for at in corners)

    def _at(self, at_ns: int) -> float:
        """The larger of both sides where a rate steps."""
        total = 0.0
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
