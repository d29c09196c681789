"""The compiled engine: state in arrays, time in `advance`, everything else in plain Python around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scenarios.schema.scenario import Scenario
from scenarios.schema.topology import Service
from sim import commands as c
from sim import settings
from sim.clock import CALLS_MAX
from sim.draws import Seed, family_key, indexed_key
from sim.errors import Standstill, TooManyCalls
from sim.fast import state as st
from sim.fast.building import grown, initial_state, needs_features, with_more_pods, with_pairs, with_views
from sim.fast.compiling import ABSENT, kernels
from sim.fast.gate_tables import with_gate, with_shared_gates
from sim.fast.kernel import EVENTS_PER_CALL
from sim.fast.key_records import STORE
from sim.fast.listing import forget_sent, lead, lose_primary, unlist, with_listed
from sim.fast.lodging import balancers, lodged, with_host_set
from sim.fast.losing import strands_in, visits_in
from sim.fast.observing import glance, lasting, observation, open_spans, route_tallies, work_in_progress_ns
from sim.fast.pod_records import CHAINS_PER_POD, GATES, REPORTS
from sim.fast.pool_tables import close_pool, free_places
from sim.fast.probe_tables import with_report
from sim.fast.rerouting import rerouted_tables
from sim.fast.tables import TableMaker, rows
from sim.laws import digesting
from sim.laws.balancing import LEAST_REQUEST
from sim.laws.queueing import area_ns
from sim.layout import Layout
from sim.plane import SPANS_HELD, Glance, Observation, Records
from sim.records import AREAS, SPAN
from sim.rerouting import rerouted
from sim.trace import Row


class FastPlane:
    """A DataPlane at full speed."""

    def __init__(self, scenario: Scenario, seed: Seed, *, span_share: float = 0.0, span_tail: bool = False,
                 record: bool = False) -> None:  # fmt: skip
        self.layout, self.seed = Layout(scenario), seed
        maker = TableMaker(self.layout)
        state = initial_state(maker, seed, span_share, span_tail, record)
        self.is_full = needs_features(self.layout, state)
        self._tables = maker.tables(balancers(self.layout))
        self._adopt(with_shared_gates(state, self._tables, len(self.layout.zones)))
        self._pods: dict[tuple[str, int], int] = {}
        self._views = self._shared_views()
        self._lasting = np.zeros((3, 0), dtype=np.int64)
        self._glance: Glance | None = None  # since it last moved
        self._rows: list[Row] = []
        self._spans: list[bytes] = []  # of records: NumPy copies those field by field
        self._drain: Callable[[Records], None] | None = None
        self._kernels.begin(self.book)

    # -- the contract of DataPlane --------------------------------------------------------------------------------

    @property
    def now_ns(self) -> int:
        """Time up to which everything has happened."""
        return int(self._lane["now_ns"])

    def advance(self, until_ns: int) -> None:
        """Process every data event strictly before `until_ns`."""
        advance_many([self], [until_ns])

    def is_done(self, why: int) -> bool:
        """Whether a call of the kernel came to its end; else what it needs is done first, or an error raised."""
        self._glance = None
        if why == st.FULL:
            self._make_room()
        elif why == st.TOO_MANY:
            raise TooManyCalls(f"request {self._lane['culprit']} made more than {CALLS_MAX:,} calls and branches")
        elif why == st.STUCK:
            raise Standstill(self.now_ns)
        assert why != ABSENT, "a world that needs features met the core kernel"
        return why == st.DONE

    def apply(self, command: c.PlaneCommand) -> None:
        """Act at now. Raises ValueError for a pod, service, zone or route that is not there, or cannot obey."""
        self._glance = None
        if isinstance(command, c.PodReady):
            self._add(command)
            return
        if isinstance(command, c.LinkChanged):
            self._change_link(command)
            return
        if isinstance(command, c.RouteCommand):
            self._reroute(command)
            return
        if (command.service, command.number) not in self._pods:
            raise ValueError(f"{command.service} has no pod {command.number}")
        p = self._pods[command.service, command.number]
        pod = self._state.pods[p]
        match command:
            case c.PodSlowed(factor=factor):
                pod["slowdown"] = factor
            case c.PodFailing(rate=rate):
                pod["error_rate"] = rate
            case c.EndpointListed():
                self._list(p)
            case c.PodPromoted() | c.PodDemoted():
                lead(self._state, self.layout, p, leads=isinstance(command, c.PodPromoted))
                self._look_at_lists(int(pod["service"]))
            case c.PodGone(stays_listed=stays):
                if not stays:
                    self._unlist(p)
                if not pod["is_gone"]:
                    self._lose(p)
            case _:
                self._unlist(p)

    def _change_link(self, command: c.LinkChanged) -> None:
        zones, network = self.layout.zones, self._state.network
        for zone in (command.source, command.target):
            if zone not in zones:
                raise ValueError(f"there is no zone {zone}")
        place = zones.index(command.source) * len(zones) + zones.index(command.target)
        network[place] = (command.opens_ns, command.added_ns, command.loss)
        self._lane["is_ill"] = any(network[name].any() for name in ("opens_ns", "added_ns", "loss"))

    def _reroute(self, command: c.RouteCommand) -> None:
        """A route is another from now on. Layout and tables are those of forks, too: others take their place here."""
        self.layout = self.layout.with_route(rerouted(self.layout, command))
        self._tables = rerouted_tables(self._state, self._tables, self.layout, command)
        self._adopt(self._state)

    def observe(self, *, live: bool = False) -> Observation:
        """Counters and histograms up to now."""
        return observation(self._state, self.layout, self.glance(), live=live)

    def glance(self) -> Glance:
        """What is cheap to look at often."""
        if self._glance is None:
            if self._lasting.shape[1] != len(self._pods):
                self._lasting = lasting(self._state, len(self._pods))
            self._glance = glance(self._state, self.layout, self._lasting)
        return self._glance

    def route_tallies(self) -> Records:
        """What was counted of each route so far."""
        return route_tallies(self._state)

    def present(self, service: str, number: int) -> int:
        """Visits inside a pod now."""
        return int(self._state.pods[self._pods[service, number]]["present"])

    def digest(self) -> str:
        """32 hexadecimal digits over all rows so far."""
        return digesting.text(self._state.digest)

    def take_rows(self) -> list[Row]:
        """Trace rows since the last call."""
        self._keep_rows()
        rows, self._rows = self._rows, []
        return rows

    def take_spans(self) -> Records:
        """Spans that ended since the last call."""
        taken, self._spans = [*self._spans, self._held_spans().tobytes()], []
        return np.frombuffer(b"".join(taken), dtype=SPAN.dtype)

    def drain_spans(self, into: Callable[[Records], None]) -> None:
        """From now on hand spans over within `advance`."""
        into(self.take_spans())
        self._drain = into
        if self._lane["span_share"] > 0.0 and len(self._state.spans) < SPANS_HELD:
            self._adopt(self._state._replace(spans=st.empty(SPAN, SPANS_HELD)))

    def open_spans(self) -> Records:
        """Spans still open of tries whose requests are kept."""
        return open_spans(self._state.frames)

    def fork(self) -> FastPlane:
        """A copy of every array: the same world at the same instant, independent from here on."""
        twin = object.__new__(FastPlane)
        twin.__dict__.update(self.__dict__)
        twin._adopt(st.State(*map(st.copied, self._state)))
        twin._glance = None
        twin._pods, twin._rows, twin._spans, twin._drain = dict(self._pods), list(self._rows), list(self._spans), None
        return twin

    def _shared_views(self) -> int:
        """How many views the clients, zones and services use; those of pods come after them."""
        return int((self._state.views["key"] != 0).sum())

    # -- pods -----------------------------------------------------------------------------------------------------

    def _add(self, command: c.PodReady) -> None:
        if command.service not in self.layout.service_index:
            raise ValueError(f"there is no service {command.service}")
        if (command.service, command.number) in self._pods:
            raise ValueError(f"{command.service} has a pod {command.number}")
        p, service = len(self._pods), self.layout.service_index[command.service]
        if p == len(self._state.pods):
            self._adopt(with_more_pods(self._state))
        pod = self._state.pods[p]
        spec = settings.resized(self.layout.scenario.services[command.service], command.cpu_limit)
        for name, value in self._pod_fields(command, service, spec).items():
            pod[name] = value
        self._furnish(p, spec)
        pod["views"], pod["stores"] = self._new_views(command), self._new_stores(service)
        if pod["is_gated"] & GATES:
            pod["gate"] = self._new_gate(len(self.layout.routes) + service)
            key = family_key(self.seed, "service", command.service)
            self._state.gates[pod["gate"]]["key"] = indexed_key(key, command.number)
        self._pods[command.service, command.number] = p
        if command.is_listed:
            self._list(p)

    def _list(self, p: int) -> None:
        """The last place among the listed pods, where it is not there yet."""
        service = self._state.pods[p]["service"]
        if self._state.pods[p]["is_ready"]:
            return
        self._adopt(with_listed(self._state, self.layout, p))
        self._look_at_lists(service)

    def _look_at_lists(self, service: int) -> None:
        """A service's lists are longer: room for its pods, and for tries in flight where there are two to choose from."""
        for i in (service, *self.layout.role_lists(service)):
            self._lodge(i)
            if self._state.services[i]["count"] >= 2:
                self._count_pairs(i)

    def _count_pairs(self, of: int) -> None:
        """Two pods to choose from: from here on tries in flight are counted by view and pod; first those there are."""
        routes, frames = self._state.routes, self._state.frames
        begun = (routes["callee"] == of) & (routes["policy"] == LEAST_REQUEST) & (routes["memory"] == st.NO_PODS)
        if not begun.any():
            return
        routes["memory"][begun] = st.PAIRS
        tries = np.flatnonzero((frames["kind"] == st.VISIT) & begun[frames["route"]] & (frames["pod"] >= 0))
        is_open = (frames["child"][frames["parent"][tries]] == tries) | (self._state.extras["live"][tries] == 1)
        open_tries = frames[tries][is_open]
        counts = Counter(zip(open_tries["viewer"].tolist(), open_tries["pod"].tolist(), strict=True))
        self._adopt(with_pairs(self._state, counts))

    def _pod_fields(self, command: c.PodReady, service: int, spec: Service) -> dict[str, int | float]:
        return {
            "slowdown": 1.0, "service": service, "number": command.number,
            "zone": self.layout.zones.index(command.zone), "is_threaded": spec.model == "thread",
            "is_gated": GATES * spec.is_gated + REPORTS * self.layout.reports(command.service),
            "workers": spec.workers, "cores": settings.cores(spec), "slow_core": settings.slow_core(spec),
            "size": -1 if spec.queue.size is None else spec.queue.size,
            "queue_head": -1, "door_head": -1, "awaited": -1,
            "most_connections": -1 if spec.max_connections is None else spec.max_connections,
            "weight": self.layout.weight(command.service, command.number),
            "is_lined": not settings.is_plain(spec.queue), "is_shared": spec.resources.cpu_model != "fcfs",
            "is_guarded": spec.shedding is not None,
        }  # fmt: skip

    def _furnish(self, p: int, spec: Service) -> None:
        """A new pod's queues, door and CPU."""
        state, per_pod = self._state, CHAINS_PER_POD
        state.chains[per_pod * p : per_pod * (p + 1)] = (-1, -1)
        for record, fields in (
            (state.queues[2 * p], settings.queue_fields(spec.queue)), (state.queues[2 * p + 1], settings.queue_fields(spec.queue)),
            (state.guards[p], settings.guard_fields(spec, self.now_ns)), (state.cpus[p], settings.cpu_fields(spec, self.now_ns)),
        ):  # fmt: skip
            for name, value in fields.items():
                record[name] = value
        if state.pods[p]["is_gated"] & REPORTS:
            self._adopt(with_report(self._state, p, float(settings.capacity(spec)), self.now_ns))

    def _new_views(self, command: c.PodReady) -> int:
        """Memory for the routes a pod remembers itself; where it begins."""
        first = self._views
        for i in self.layout.own_routes[command.service]:
            if self._views == len(self._state.views):
                self._adopt(with_views(self._state))
            view = self._state.views[self._views]
            key = family_key(self.seed, "route", self.layout.routes[i].name)
            view["key"], view["version"] = indexed_key(key, command.number), -1
            if self.layout.routes[i].is_gated:
                view["gate"] = self._new_gate(i)
            wider = with_host_set(self._state, self.layout, i, self._views, command)
            if wider is not self._state:
                self._adopt(wider)
            self._views += 1
            self._lodge(self.layout.list_of(self.layout.routes[i]))
        return first

    def _new_gate(self, rule: int) -> int:
        """Memory for the gates of a view (of a route) or a door (of a service, after the routes); where it is."""
        places = free_places(self._tables.pool_rules[rule]) if rule < len(self.layout.routes) else 0
        state, gate = with_gate(self._state, self._tables.gate_rules[rule], places)
        self._adopt(state)
        return gate

    def _new_stores(self, service: int) -> int:
        """S5: a pod's own caches, empty; where they begin."""
        first, mine = len(self._state.stores), self._own_stores(service)
        if mine:
            more = rows(STORE, [{"oldest": -1, "newest": -1}] * mine)
            self._adopt(self._state._replace(stores=np.concatenate([self._state.stores, more])))
        return first

    def _own_stores(self, service: int) -> int:
        caches = sum(place.service == service and place.spec.scope == "pod" for place in self.layout.caches)
        return caches + sum(space.service == service and space.scope == "pod" for space in self.layout.spaces)

    def _lodge(self, of: int) -> None:
        """Room for the pods of a list wherever they are remembered one by one."""
        for i in np.flatnonzero((self._state.routes["callee"] == of) & (self._state.routes["memory"] == st.HOSTS)):
            self._adopt(lodged(self._state, self.layout, int(i)))

    def _unlist(self, p: int) -> None:
        """Take a pod off the list of those that get new calls."""
        if self._state.pods[p]["is_ready"]:
            unlist(self._state, self.layout, p)
            self._look_at_lists(int(self._state.pods[p]["service"]))

    def _lose(self, p: int) -> None:
        """D13: a pod dies with everything inside, and with its connections (X7)."""
        for i, route in enumerate(self.layout.own_routes[self.layout.services[self._state.pods[p]["service"]]]):
            if self.layout.routes[route].is_pooled:
                close_pool(self._state, self._state.pods[p]["views"] + i, self._tables.pool_rules[route])
        lose_primary(self._state, self.layout, self.seed, p)
        pod, frames, now = self._state.pods[p], self._state.frames, self.now_ns
        visits = visits_in(frames, p)
        inside = visits[frames["inside"][visits] == 1]
        pod["lost"] += len(inside)
        pod["inside_ns"] += (now - frames["delivered_ns"][inside]).sum()
        pod["lost_ns"] += work_in_progress_ns(self._state, len(self._pods))[p]
        for count, area in AREAS.items():
            pod[area] = area_ns(pod[area], pod[count], now)
        for name in (*AREAS, "held", "queue_length", "door_length"):
            pod[name] = 0
        pod["queue_head"] = pod["door_head"] = -1
        pod["is_gone"] = 1
        self._make_room(len(inside) + len(self._state.blocks) - int(self._lane["blocks_free_count"]))
        self._kernels.lose(self.book, visits, strands_in(frames, visits))
        if mine := self._own_stores(int(pod["service"])):
            self._kernels.empty_stores(self.book, int(pod["stores"]), mine)

    # -- room -----------------------------------------------------------------------------------------------------

    @property
    def _kernels(self) -> Any:
        return kernels(self.is_full)

    @property
    def _lane(self) -> Any:
        return self._state.lane[0]

    def _adopt(self, state: st.State) -> None:
        self._state = state
        book = st.book(state, self._tables)
        self.book = book if self.is_full else book.view(np.uint64)

    def _make_room(self, extra: int = 0) -> None:
        """Until one more step of the loop fits, and so many events besides."""
        self._keep_rows()
        self._keep_spans()
        forget_sent(self._state, self.layout, self.seed)
        while (wider := grown(self._state, extra)) is not self._state:
            self._adopt(wider)

    def _keep_rows(self) -> None:
        n = self._lane["rows"]
        for time_ns, request, word, value in self._state.rows[:n].tolist():
            kind, call, place = digesting.unpacked(word)
            self._rows.append(Row(time_ns, kind, request, call, place, value))
        self._lane["rows"] = 0

    def _keep_spans(self) -> None:
        spans = self._held_spans()
        if self._drain is not None:
            self._drain(spans)
        elif len(spans):
            self._spans.append(spans.tobytes())

    def _held_spans(self) -> Records:
        """What the kernel wrote since; to be read before it writes again."""
        n = self._lane["spans"]
        self._lane["spans"] = 0
        return self._state.spans[:n]


def needs_full(scenario: Scenario) -> bool:
    """Which set of kernels a world needs."""
    layout = Layout(scenario)
    return needs_features(layout, initial_state(TableMaker(layout), 0, 0.0, False, False))


def advance_many(planes: Sequence[FastPlane], until_ns: Sequence[int]) -> None:
    """Advance every plane to its own time, all of a kind in one compiled call after the other, without the GIL.

    Of what control does at one instant only the first act has anything before it: planes that are there are left alone. (At time 0
    there is the kernel to be made.)
    """
    for is_full in (False, True):
        mine = [i for i, plane in enumerate(planes) if plane.is_full == is_full and not 0 < until_ns[i] <= plane.now_ns]
        if mine:
            _advance_alike([planes[i] for i in mine], np.array([until_ns[i] for i in mine], dtype=np.int64))


def _advance_alike(planes: Sequence[FastPlane], until: NDArray[np.int64]) -> None:
    ahead, advance = list(range(len(planes))), kernels(planes[0].is_full).advance
    while ahead:
        books, whys = np.stack([planes[i].book for i in ahead]), np.zeros(len(ahead), dtype=np.int64)
        advance(books, until[ahead], EVENTS_PER_CALL // len(ahead), whys)
        ahead = [i for i, why in zip(ahead, whys.tolist(), strict=True) if not planes[i].is_done(why)]
