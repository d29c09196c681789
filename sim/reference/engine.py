"""The readable engine: a private SimPy environment, one process per visit."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import simpy
from numpy.typing import NDArray

from scenarios.schema.scenario import Scenario
from sim import commands as c
from sim.clock import REPLIED, STANDSTILL, Moment, rank
from sim.draws import Seed, family_key
from sim.errors import Standstill
from sim.laws import digesting
from sim.laws.failing import call_fails
from sim.laws.queueing import PRIORITIES, area_ns
from sim.laws.retrying import CANCELLED, FAILED, LOST, OK, REFUSED, SHED, TIMED_OUT
from sim.laws.retrying import REJECTED as TURNED_AWAY
from sim.layout import Layout, by_role
from sim.plane import SPANS_HELD, Glance, Observation, Records
from sim.records import AREAS, CACHE_TALLY, LOCK_TALLY, POD_TALLY, REPLICATION_TALLY, REQUEST_TALLY, ROUTE_TALLY
from sim.reference.books import Books
from sim.reference.caching import Cache
from sim.reference.caching import Tally as CacheTally
from sim.reference.calling import leave, orphan, returned, turn_back
from sim.reference.cancelling import refuse, take_cancel, take_word
from sim.reference.life import Request, Try, numbered
from sim.reference.locking import Held
from sim.reference.locking import Tally as LockTally
from sim.reference.network import Network
from sim.reference.pod import UNLISTED, Pod
from sim.reference.replicating import Database
from sim.reference.route import Route
from sim.reference.serving import visit
from sim.reference.turns import lose_turns
from sim.reference.tying import tell_twin
from sim.reference.workload import Workload
from sim.rerouting import rerouted
from sim.trace import ANSWERED, REJECTED, Row


class ReferencePlane:
    """A DataPlane to read. Holds everything of one run; nothing is shared between planes."""

    def __init__(self, scenario: Scenario, seed: Seed, *, span_share: float = 0.0, span_tail: bool = False,
                 record: bool = False) -> None:  # fmt: skip
        self.layout, self.seed = Layout(scenario), seed
        self.span_share, self.span_tail = span_share, span_tail
        self.env = simpy.Environment()
        self.books = Books(self.layout, record)
        self.network = Network(self.layout)
        self._now = self._requests = self._crowd = 0
        self._arrived = -1
        self._log: list[tuple[int, c.PlaneCommand]] = []
        self._drain: Callable[[Records], None] | None = None
        self.programs = [numbered(scenario.services[s].endpoints[e]) for s, e in self.layout.endpoints]
        self.routes = [Route(self, i, policy) for i, policy in enumerate(self.layout.routes)]
        self.pods: list[Pod] = []
        self.by_name: dict[tuple[str, int], Pod] = {}
        self.ready: list[list[Pod]] = [[] for _ in self.layout.lists]  # of services, and of roles (U2)
        self.versions = [0 for _ in self.layout.lists]
        self.databases = {i: self._database(i) for i, name in enumerate(self.layout.services) if name in self.layout.databases}
        self.caches: dict[int, Cache] = {}  # those of whole services, by place
        self.cache_tallies = [CacheTally() for _ in self.layout.caches]
        self.held: dict[int, Held] = {}  # keys of locks of whole services, by space
        self.lock_tallies = [LockTally() for _ in self.layout.locks]
        self.workloads = [Workload(self, i) for i in range(len(self.layout.workloads))]
        for workload in self.workloads:
            workload.begin()

    # -- the contract of DataPlane --------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        """Time up to which everything has happened; inside an event, the event's own."""
        return self._now

    def advance(self, until_ns: int) -> None:
        """Process every data event strictly before `until_ns`."""
        while (due := self.env.peek()) < until_ns:
            self._now = int(due)
            self.env.step()
            if self._drain is not None and len(self.books.spans) >= SPANS_HELD:
                self._drain(self.take_spans())
        self._now = max(self._now, until_ns)

    def apply(self, command: c.PlaneCommand) -> None:
        """Act at now. Raises ValueError for a pod, service, zone or route that is not there, or cannot obey."""
        if isinstance(command, c.PodReady):
            self._add(command)
        elif isinstance(command, c.LinkChanged):
            self.network.change(command)
        elif isinstance(command, c.RouteCommand):
            self._reroute(command)
        elif (command.service, command.number) not in self.by_name:
            raise ValueError(f"{command.service} has no pod {command.number}")
        else:
            self._act(command, self.by_name[command.service, command.number])
        self._log.append((self._now, command))

    def _reroute(self, command: c.RouteCommand) -> None:
        policy = rerouted(self.layout, command)
        self.layout = self.layout.with_route(policy)
        self.routes[self.layout.route_named(policy.name)].become(policy, command)

    def observe(self, *, live: bool = False) -> Observation:
        """Counters and histograms up to now."""
        books, pods, glance = self.books, self.pods, vars(self.glance())
        histograms = {name: glance[name] for name in ("workload_histogram", "service_histogram")}
        histograms["interval_histogram"] = books.interval_histogram
        return Observation(**glance | {
            "pod_ready": _column((pod in self.ready[pod.service] for pod in pods), np.bool_),
            "pod_present_ns": _column(sum(self._now - visit.delivered_ns for visit in pod.visits) for pod in pods),
            "pod_work_ns": _column(sum(self._now - job.started_ns for job in pod.cores.at_work) for pod in pods),
            "routes": self.route_tallies(),
            "ejections": _column(sum(view.hosts.held.ejections for view in route.views.values() if view.hosts) for route in self.routes),
            "caches": CACHE_TALLY.gather(self.cache_tallies),
            "locks": LOCK_TALLY.gather(self.lock_tallies),
            "databases": REPLICATION_TALLY.gather([one.tally for one in self.databases.values()]),
            "alive": _column(len(alive) for alive in books.alive),
            "intervals": REQUEST_TALLY.gather(books.intervals),
            **{name: histogram if live else histogram.copy() for name, histogram in histograms.items()},
        })  # fmt: skip

    def glance(self) -> Glance:
        """What is cheap to look at often."""
        return Glance(
            now_ns=self._now,
            pod_service=_column(pod.service for pod in self.pods),
            pod_number=_column(pod.number for pod in self.pods),
            pod_slow_core=_column(pod.cores.slow_core for pod in self.pods),
            pods=self._tallies(),
            workloads=REQUEST_TALLY.gather(self.books.workloads),
            workload_histogram=self.books.workload_histogram,
            service_histogram=self.books.service_histogram,
        )

    def _tallies(self) -> Records:
        """The pods' tallies, their areas up to now."""
        rows = POD_TALLY.gather([pod.tally for pod in self.pods])
        for count, area in AREAS.items():
            rows[area] = [area_ns(getattr(pod.tally, area), getattr(pod.tally, count), self._now) for pod in self.pods]
        return rows

    def route_tallies(self) -> Records:
        """What was counted of each route so far."""
        return ROUTE_TALLY.gather([route.tally for route in self.routes])

    def present(self, service: str, number: int) -> int:
        """Visits inside a pod now."""
        return len(self.by_name[service, number].visits)

    def digest(self) -> str:
        """32 hexadecimal digits over all rows so far."""
        return digesting.text(self.books.lanes)

    def take_rows(self) -> list[Row]:
        """Trace rows since the last call."""
        return self.books.take_rows()

    def take_spans(self) -> Records:
        """Spans that ended since the last call."""
        return self.books.take_spans()

    def drain_spans(self, into: Callable[[Records], None]) -> None:
        """From now on hand spans over within `advance`."""
        into(self.take_spans())
        self._drain = into

    def open_spans(self) -> Records:
        """Spans still open of tries whose requests are kept."""
        return self.books.open_spans()

    def fork(self) -> ReferencePlane:
        """A replay of the same seed and commands up to now: a world is a pure function of them."""
        twin = ReferencePlane(self.layout.scenario, self.seed, span_share=self.span_share, span_tail=self.span_tail,
                              record=self.books.rows is not None)  # fmt: skip
        for time, command in self._log:
            twin.advance(time)
            twin.apply(command)
        twin.advance(self._now)
        twin.books.rows = None if self.books.rows is None else list(self.books.rows)
        twin.books.spans = list(self.books.spans)
        return twin

    # -- pods -----------------------------------------------------------------------------------------------------

    def _add(self, command: c.PodReady) -> None:
        if command.service not in self.layout.service_index:
            raise ValueError(f"there is no service {command.service}")
        if (command.service, command.number) in self.by_name:
            raise ValueError(f"{command.service} has a pod {command.number}")
        service, zone = self.layout.service_index[command.service], self.layout.zones.index(command.zone)
        pod = Pod(self, len(self.pods), service, command, zone)
        self.pods.append(pod)
        self.by_name[command.service, command.number] = pod
        if command.is_listed:
            self._list(pod)

    def _list(self, pod: Pod) -> None:
        """The last place among the listed pods, where it is not there yet."""
        if pod not in self.ready[pod.service]:
            self.ready[pod.service].append(pod)
            self._changed(pod.service)
            pod.listed, pod.listed_ns = self.versions[pod.service], self._now

    def _unlist(self, pod: Pod) -> None:
        if pod in self.ready[pod.service]:
            self.ready[pod.service].remove(pod)
            self._changed(pod.service)
            pod.listed = UNLISTED

    def _changed(self, service: int) -> None:
        """U2: another list of a service's pods, or another primary; whoever joins or leaves a list of a role is listed anew."""
        self.versions[service] += 1
        if service not in self.databases:
            return
        primary, listed = self.databases[service].primary, self.ready[service]
        sorted_out = by_role([pod.ident for pod in listed], -1 if primary is None else primary.ident)
        for i, idents in zip(self.layout.role_lists(service), sorted_out, strict=True):
            before, self.ready[i][:] = set(self.ready[i]), [self.pods[ident] for ident in idents]
            self.versions[i] = self.versions[service]
            for pod in before.symmetric_difference(self.ready[i]).intersection(listed):
                pod.listed = self.versions[service]

    def _database(self, service: int) -> Database:
        name = self.layout.services[service]
        spec = self.layout.scenario.services[name].replication
        assert spec is not None
        return Database(self, spec, self.family("service", name), service)

    def _lead(self, command: c.PodPromoted | c.PodDemoted, pod: Pod) -> None:
        if pod.service not in self.databases:
            raise ValueError(f"{command.service} has no primary: it has no replication")
        database = self.databases[pod.service]
        (database.promote if isinstance(command, c.PodPromoted) else database.demote)(pod)
        self._changed(pod.service)

    def _act(self, command: c.PodCommand, pod: Pod) -> None:
        match command:
            case c.PodSlowed(factor=factor):
                pod.slowdown = factor
            case c.PodFailing(rate=rate):
                pod.error_rate = rate
            case c.EndpointListed():
                self._list(pod)
            case c.PodPromoted() | c.PodDemoted():
                self._lead(command, pod)
            case c.PodGone(stays_listed=stays):
                if not stays:
                    self._unlist(pod)
                if not pod.is_gone:
                    self._lose(pod)
            case _:
                self._unlist(pod)

    def _lose(self, pod: Pod) -> None:
        """D13: every visit in the pod is answered by a reset; the tries its strands wait for lose their caller."""
        for route in self.routes:
            view = route.views.get(pod.number)
            if view is not None and view.pool and route.policy.caller == self.layout.services[pod.service]:
                view.pool.close()
        if pod.service in self.databases:
            self.databases[pod.service].lose(pod)
        dying = pod.die()
        lose_turns(self, [strand for one in dying for strand in one.strands])
        for one in dying:
            one.is_lost = True
            for strand in one.strands:
                for awaited in strand.awaited:
                    orphan(self, awaited, TIMED_OUT, CANCELLED)
                    awaited.view.retrying -= awaited.attempt > 0
                if strand.backing_off is not None:
                    strand.backing_off.retrying -= 1
                if strand.waiting is not None:
                    strand.waiting.abandon()
            if one.ended_ns < 0:
                self.reply(one, LOST)

    # -- what the lives of requests use -----------------------------------------------------------------------------

    def family(self, family: str, name: str) -> int:
        """Base key of a family of things under this seed."""
        return family_key(self.seed, family, name)

    def row(self, kind: int, request: int, call: int, place: int, value: int) -> None:
        """Emit a trace row at now."""
        self.books.row(self._now, kind, request, call, place, value)

    def priority(self, request: Request) -> int:
        """How much a request matters, by its class: 0 most."""
        return PRIORITIES.index(self.workloads[request.workload].spec.priority)

    def number_request(self) -> int:
        """The next request's number, in order of arrival. Raises Standstill when time has ceased to pass."""
        self._crowd = self._crowd + 1 if self._arrived == self._now else 0
        self._arrived = self._now
        if self._crowd > STANDSTILL:
            raise Standstill(self._now)
        self._requests += 1
        return self._requests - 1

    def edge(self, caller: str, endpoint: str, target: str) -> tuple[Route, int]:
        """The route and the endpoint's index of a call; a workload calls with no endpoint of its own."""
        route, called = self.layout.target(caller, endpoint, target)
        return self.routes[route], called

    def cache(self, visit: Try, number: int) -> Cache:
        """The cache of a step as a visit sees it: its pod's own, or the whole service's (S5)."""
        assert visit.pod is not None
        at = self.layout.cache_index[visit.endpoint, number]
        spec = self.layout.caches[at].spec
        caches = visit.pod.caches if spec.scope == "pod" else self.caches
        return caches.setdefault(at, Cache(spec, self.cache_tallies[at]))

    def lock(self, visit: Try, number: int) -> tuple[Held, Any]:
        """The keys that are held of those of a lock step, as a visit sees them (S11), and the step's tally."""
        assert visit.pod is not None
        at = self.layout.lock_index[visit.endpoint, number]
        place = self.layout.locks[at]
        held = visit.pod.held_keys if place.spec.scope == "pod" else self.held
        return held.setdefault(place.space, {}), self.lock_tallies[at]

    def delivered(self, one: Try) -> None:
        """A try reaches its pod (D10): called off, gone, failing, shed, full, or let in."""
        pod = one.pod
        assert pod is not None
        one.delivered_ns, one.met = self._now, len(pod.visits)
        pod.coming -= 1
        if one.served == CANCELLED:
            refuse(self, one)
        elif pod.is_gone:
            pod.tally.refused += 1
            self._turn_away(one, REFUSED)
        elif pod.gates and (refused := pod.ask_gates(one)) != OK:
            pod.tally.rejected += 1
            self._turn_away(one, refused)
        elif pod.error_rate > 0.0 and call_fails(one.key, pod.error_rate):
            pod.tally.visits += 1
            pod.tally.failed += 1
            self.row(ANSWERED, one.request.number, one.number, pod.ident, FAILED)
            self.reply(one, FAILED)
        elif pod.sheds(one):
            pod.tally.rejected += 1
            self._turn_away(one, SHED)
        elif not pod.admits():
            pod.tally.rejected += 1
            self._turn_away(one, TURNED_AWAY)
        else:
            pod.enter(one)
            self.env.process(visit(self, one))

    def called_off(self, one: Try) -> None:
        """A cancel reaches the pod of a try."""
        take_cancel(self, one)

    def begun(self, one: Try) -> None:
        """A visit begins to work."""
        tell_twin(self, one)

    def outrun(self, one: Try) -> None:
        """Word that the twin of a try has begun reaches its pod."""
        take_word(self, one)

    def _turn_away(self, one: Try, outcome: int) -> None:
        assert one.pod is not None
        self.row(REJECTED, one.request.number, one.number, one.pod.ident, outcome)
        self.reply(one, outcome)

    def answer(self, one: Try, outcome: int) -> None:
        """D11: a visit is over: the row, the pod's books, its worker to the next, the answer on its way."""
        assert one.pod is not None
        self.row(ANSWERED, one.request.number, one.number, one.pod.ident, outcome)
        self.books.visited(one.pod.service, self._now - one.delivered_ns)
        one.pod.leave(one, outcome == OK)
        if one.pod.reporter is not None:
            one.pod.reporter.tell(one)
        self.reply(one, outcome)

    def leave(self, one: Try) -> None:
        """A try that waited for its place leaves."""
        leave(self, one)

    def turn_back(self, one: Try, outcome: int) -> None:
        """A try that waited for a place ends without one."""
        turn_back(self, one, outcome)

    def reply(self, one: Try, outcome: int) -> None:
        """A pod's answer is on its way."""
        one.served, one.ended_ns = outcome, self._now
        if one.pod and one.pod.gates and "door" in one.passed and outcome in (OK, FAILED, TURNED_AWAY, SHED):  # an answer is an answer
            one.pod.gates.learn(one, self.priority(one.request), outcome, self._now)
        reply = Moment(self.env)
        reply.callbacks.append(lambda _: returned(self, one))
        due = self._now + self.network.backward_ns(one, self._now)
        reply.fall(due, rank(REPLIED, one.request.number, one.number))


def _column(values: Iterable[int], kind: type = np.int64) -> NDArray[Any]:
    return np.fromiter(values, dtype=kind)
