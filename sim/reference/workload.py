"""Where requests come from: open streams and closed users."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from scenarios.rates import pieces
from scenarios.schema.workload import Users
from scenarios.series import timestamps
from sim.clock import Moment, arrival_rank
from sim.draws import ARRIVAL, ENTRY, SAMPLE, SIZE, THINK, child_key, indexed_key, unit
from sim.laws.arrivals import gap_area, next_arrival, user_appears_ns
from sim.reference.calling import Process, call
from sim.reference.life import Request, Strand
from sim.reference.route import Route
from sim.sampling import choose, sample_ns
from sim.trace import ARRIVED, FINISHED

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane


class Workload:
    """A class of requests: when they come (A1-A6) and what they call (A7)."""

    def __init__(self, plane: ReferencePlane, index: int) -> None:
        self.plane, self.index = plane, index
        self.name = plane.layout.workloads[index]
        self.spec = plane.layout.scenario.workload[self.name]
        self.key = plane.family("workload", self.name)
        self.wrote: dict[int, dict[int, int]] = {}  # when each user last wrote to each database
        self.size = self.spec.size.distribution if self.spec.size else None
        self.targets, self.weights = list(self.spec.entries), list(self.spec.entries.values())

    def begin(self) -> None:
        """Schedule the first arrivals."""
        users = self.spec.arrivals.users
        if users is None:
            self._times = self._open_times()
            self._next_open(0)
            return
        for user in range(round(users.count * self.spec.load)):
            self._next_of_user(users, user, 0, user_appears_ns(user, users.spawn or 0.0))

    def _open_times(self) -> Iterator[int]:
        arrivals, duration = self.spec.arrivals, self.plane.layout.scenario.duration
        if arrivals.timestamps is not None:
            yield from timestamps(arrivals.timestamps)
            return
        shape = arrivals.poisson or arrivals.constant
        assert shape is not None
        segments: Any = pieces(shape, self.spec.load, duration)
        is_poisson, piece, used = arrivals.poisson is not None, 0, 0.0
        for n in itertools.count():
            area = gap_area(indexed_key(self.key, n), ARRIVAL, is_poisson)
            piece, time, used = next_arrival(segments, piece, len(segments) - 1, used, area)
            if time < 0:
                return
            yield time

    def _next_open(self, n: int) -> None:
        time = next(self._times, None)
        if time is not None:
            self._at(time, 0, n, indexed_key(self.key, n), 0)

    def _next_of_user(self, users: Users, user: int, iteration: int, now_ns: int) -> None:
        key = indexed_key(self.key, (user << 32) | iteration)
        session = users.session
        rests = session is not None and iteration > 0 and iteration % session.requests == 0
        length = sample_ns(session.pause if rests and session else users.think, key, THINK)
        self._at(now_ns + length, user, iteration, key, user)

    def _at(self, time_ns: int, user: int, n: int, key: int, rank_user: int) -> None:
        arrival = Moment(self.plane.env)
        arrival.callbacks.append(lambda _: self._arrive(user, n, key))
        arrival.fall(time_ns, arrival_rank(self.index, rank_user))

    def _arrive(self, user: int, n: int, key: int) -> None:
        plane = self.plane
        sampled = unit(key, SAMPLE, 0) < plane.span_share
        request = Request(plane.number_request(), key, self.index, user, plane.now_ns, sampled,
                          held=[] if sampled and plane.span_tail else None)  # fmt: skip
        if self.spec.arrivals.users is not None:
            request.wrote = self.wrote.setdefault(user, {})
        if self.size is not None:
            request.size = sample_ns(self.size, key, SIZE)
        target = self._entry(n, key)
        route, endpoint = plane.edge(self.name, "", target)
        plane.row(ARRIVED, request.number, 0, self.index, endpoint)
        plane.books.offered(request)
        if self.spec.arrivals.users is None:
            self._next_open(n + 1)
        plane.env.process(self._client(request, route, endpoint, n))

    def _entry(self, n: int, key: int) -> str:
        session = self.spec.arrivals.users.session if self.spec.arrivals.users else None
        if session is not None and session.start is not None and n % session.requests == 0:
            return session.start
        return self.targets[choose(self.weights, unit(key, ENTRY, 0))]

    def _client(self, request: Request, route: Route, endpoint: int, n: int) -> Process:
        client = Strand(request, 0, None)
        outcome = yield from call(self.plane, client, route, endpoint, functools.partial(child_key, request.key, 0, 0))
        now = self.plane.now_ns
        self.plane.row(FINISHED, request.number, 0, self.index, outcome)
        self.plane.books.finished(request, outcome, now - request.arrived_ns, client.quality)
        users = self.spec.arrivals.users
        if users is not None:
            self._next_of_user(users, request.user, n + 1, now)
