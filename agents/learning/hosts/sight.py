"""What callers are told of hosts: what came of the calls to each, tick by tick, as its own sidecar counts them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sim.mesh import Mesh
from sim.plane import Observation

FADES = 0.8  # of what is remembered, a tick later


@dataclass(frozen=True, slots=True)
class Tick:
    """What came of calls to one pod between two looks."""

    ended: int  # calls that were answered or refused
    failed: int  # of them: answered badly, refused, turned away or lost
    inside_ns: int  # time that those which were answered had been inside
    in_flight: int


@dataclass(slots=True)
class History:
    """What is remembered of one pod: sums that fade."""

    tick: Tick = field(default_factory=lambda: Tick(0, 0, 0, 0))
    ended: float = 0.0
    failed: float = 0.0
    inside_ns: float = 0.0
    quiet_ticks: int = 0  # since anything ended
    ticks: int = 0  # since it was first listed

    def add(self, tick: Tick) -> None:
        """One tick more."""
        self.tick = tick
        self.ended = FADES * self.ended + tick.ended
        self.failed = FADES * self.failed + tick.failed
        self.inside_ns = FADES * self.inside_ns + tick.inside_ns
        self.quiet_ticks = 0 if tick.ended else self.quiet_ticks + 1
        self.ticks += 1

    @property
    def mean_ns(self) -> float | None:
        """Of what is remembered, the mean time inside; None where nothing was answered."""
        good = self.ended - self.failed
        return self.inside_ns / good if good > 0.5 else None

    @property
    def failing(self) -> float | None:
        """Of what is remembered, the share that failed."""
        return self.failed / self.ended if self.ended > 0.5 else None


@dataclass(frozen=True, slots=True)
class HostSight:
    """A row. A slot without a pod has no history."""

    history: History | None
    weight: float  # times the usual one
    calls: int  # that ended at all hosts in the last tick
    usual_ns: float | None  # median of the hosts' means
    objective_ns: float


class Watching:
    """Reads what hosts did from look to look."""

    def __init__(self, mesh: Mesh, service: str) -> None:
        self._mesh, self._service = mesh, mesh.plane.layout.service_index[service]
        self._before: dict[int, tuple[int, ...]] = {}
        self.histories: dict[int, History] = {}

    def look(self) -> list[int]:
        """Numbers of the pods that callers are told of now, in the order they came."""
        seen = self._mesh.plane.observe(live=True)
        mine = np.flatnonzero(seen.pod_service == self._service)
        numbers, listed = seen.pod_number[mine].tolist(), seen.pod_ready[mine].tolist()
        for number, now, inside in zip(numbers, _counts(seen, mine).tolist(), seen.pods["present"][mine].tolist(), strict=True):
            before = self._before.get(number, (0, 0, 0))
            self._before[number] = tuple(now)
            ended, failed, inside_ns = (int(new - old) for new, old in zip(now, before, strict=True))
            if number in self.histories or listed[numbers.index(number)]:
                self.histories.setdefault(number, History()).add(Tick(ended, failed, inside_ns, inside))
        there = sorted(number for number, is_listed in zip(numbers, listed, strict=True) if is_listed)
        self.histories = {number: self.histories[number] for number in there}
        return there

    def usual_ns(self) -> float | None:
        """Median of the means of those that are listed."""
        means = [mean for one in self.histories.values() if (mean := one.mean_ns) is not None]
        return float(np.median(means)) if means else None


def _counts(seen: Observation, mine: NDArray[np.intp]) -> NDArray[np.int64]:
    """(pods, 3): ended, failed, and time inside of those who left, so far."""
    pods = seen.pods[mine]
    bad = pods["failed"] + pods["rejected"] + pods["shed"] + pods["lost"] + pods["refused"]
    found: NDArray[np.int64] = np.stack([pods["succeeded"] + bad + pods["cancelled"], bad + pods["cancelled"], pods["inside_ns"]], axis=1)
    return found


def log2(value: float | None) -> float | None:
    """None where there is no logarithm."""
    return math.log2(value) if value is not None and value > 0 else None
