"""A scenario as tables: endpoint programs as operations, distributions, arrivals, routes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from scenarios.rates import pieces
from scenarios.schema.distributions import Distribution
from scenarios.schema.programs import Branch, Cache, Call, Fallback, Ladder, Lock, Parallel, Step, Wait, Work
from scenarios.schema.workload import Workload
from scenarios.series import timestamps
from sim.fast import state as st
from sim.fast.gate_records import GATE_RULE
from sim.fast.gate_tables import gate_rules
from sim.fast.pool_tables import pool_rule
from sim.laws.grading import parts
from sim.laws.queueing import PRIORITIES
from sim.laws.service import lognormal_sigma
from sim.layout import Layout, inner_steps, numbers
from sim.records import POOL_RULE, SEGMENT

RINGS_MAX = 12  # more constant delays than this share the heap
ARRIVAL_RINGS_MAX = 4  # and so do more open workloads
ARRIVALS = -1  # in place of a ring's delay


class TableMaker:
    """Collects rows of every table while the scenario is walked."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.ops: list[dict[str, int]] = []
        self.links: list[int] = []
        self.bounds: list[float] = []
        self.first_op: list[int] = []
        self.entries: list[dict[str, float]] = []
        self.distributions: list[dict[str, float]] = []
        self.segments: list[tuple[Any, ...]] = []
        self.times: list[int] = []
        self.delays: list[int] = [0]  # of the rings; the first is for hops that take no time
        self.is_sized = any(one.size is not None for one in layout.scenario.workload.values())
        network = layout.scenario.network
        self.near = self._latency(network.same_zone)
        self.far = self._latency(network.cross_zone or network.same_zone)
        for service, endpoint in layout.endpoints:
            self.first_op.append(self._program(service, endpoint))
        self.pools = [pool_rule(self, policy) for policy in layout.routes]
        widest = max(op.get("b", 0) for op in self.ops if op["code"] in (st.FORK, st.END))
        enclosing = sum(op["code"] > st.END for op in self.ops)  # a strand passes each once at most before it waits
        self.margin = 16 + widest + 2 * enclosing

    def ring(self, delay_ns: int) -> int:
        """The ring of a constant delay; -1 when there are too many."""
        if delay_ns not in self.delays:
            if len(self.delays) >= RINGS_MAX:
                return -1
            self.delays.append(delay_ns)
        return self.delays.index(delay_ns)

    def arrival_ring(self) -> int:
        """The ring of one more open workload, whose requests come in order anyway; -1 when there are too many."""
        if self.delays.count(ARRIVALS) == ARRIVAL_RINGS_MAX:
            return -1
        self.delays.append(ARRIVALS)
        return len(self.delays) - 1

    # -- distributions --------------------------------------------------------------------------------------------

    def add_distribution(self, spec: Distribution) -> int:
        """A row (or, for a mixture, several) of the table of distributions; its index."""
        index = len(self.distributions)
        self.distributions.append(_distribution(spec))
        if spec.kind == "mixture":
            self.distributions[index].update(first=index + 1, count=len(spec.chosen))
            bound = 0.0
            for component in spec.chosen:
                bound += component.weight
                self.distributions.append({**_distribution(component.of), "bound": bound})
        return index

    def _latency(self, spec: Distribution) -> int:
        row = self.add_distribution(spec)
        if spec.kind == "constant":
            self.distributions[row]["ring"] = self.ring(spec.chosen)
        return row

    # -- programs -------------------------------------------------------------------------------------------------

    def _program(self, service: str, endpoint: str) -> int:
        steps = self.layout.scenario.services[service].endpoints[endpoint]
        self._caller, self._endpoint = (service, endpoint), self.layout.endpoint_index[service, endpoint]
        end, replication = self._op("END"), self.layout.scenario.services[service].replication
        if replication is None:
            return self._steps(steps, list(numbers(steps)), end)
        which, writes = self.layout.databases.index(service), endpoint in replication.writes
        end = self._op("COMMIT", a=which, next=end) if writes else end
        return self._op("BEGIN", a=which, b=int(writes), next=self._steps(steps, list(numbers(steps)), end))

    def _op(self, code: str, **fields: int) -> int:
        self.ops.append({"code": getattr(st, code), **fields})
        return len(self.ops) - 1

    def _steps(self, steps: tuple[Step, ...], addresses: list[int], then: int) -> int:
        """Operations of steps whose addresses (with those of inner steps) are given, going on at `then`; where they begin."""
        own = _shares(addresses, [_size(step) for step in steps])
        for step, mine in zip(reversed(steps), reversed(own), strict=True):
            then = self._step(step, mine, then)
        return then

    def _step(self, step: Step, addresses: list[int], then: int) -> int:
        match step:
            case Work(work=demand):
                return self._op("WORK", step=addresses[0], a=self.add_distribution(demand), b=self.is_sized, next=then)
            case Wait(wait=time):
                return self._op("PAUSE", step=addresses[0], a=self.add_distribution(time), next=then)
            case Call():
                return self._call(step, addresses, then)
            case Parallel():
                return self._parallel(step, addresses, then)
            case Branch():
                return self._branch(step, addresses, then)
            case Cache():
                return self._cache(step, addresses, then)
            case Lock():
                inner = self._steps(step.lock.steps, addresses[1:], self._op("FREED"))
                which = self.layout.lock_index[self._endpoint, addresses[0]]
                return self._op("LOCK", step=addresses[0], a=which, b=inner, next=then)
        raise AssertionError(step)

    def _call(self, step: Call, addresses: list[int], then: int) -> int:
        route, endpoint = self.layout.target(*self._caller, step.call)
        op = self._op("CALL", step=addresses[0], a=route, b=endpoint, c=step.repeat, next=then)
        if isinstance(step.on_failure, Ladder):
            self.ops[op]["d"] = self._ladder(step.on_failure, addresses[1:], op)
        elif isinstance(step.on_failure, Fallback):
            fallback = self._steps(step.on_failure.fallback, addresses[1:], self._op("LAP", a=op))
            self.ops[op]["d"] = fallback
        else:
            self.ops[op]["d"] = st.IGNORE if step.on_failure == "ignore" else st.FAIL
        return op

    def _ladder(self, ladder: Ladder, addresses: list[int], call: int) -> int:
        below, inner = -1, _shares(addresses, [_sizes(rung.steps) for rung in ladder.ladder])
        for rung, mine in zip(reversed(ladder.ladder), reversed(inner), strict=True):
            start = self._steps(rung.steps, mine, self._op("HELD"))
            below = self._op("RUNG", a=call, b=parts(rung.quality), c=start, next=below)
        return below

    def _cache(self, step: Cache, addresses: list[int], then: int) -> int:
        spec, inner = step.cache, _shares(addresses[1:], [_sizes(program) for program in inner_steps(step)])
        miss = self._steps(spec.on_miss, inner[0], self._op("FILLED"))
        hit = self._steps(spec.hit, inner[1], then) if spec.hit else -1
        which = self.layout.cache_index[self._endpoint, addresses[0]]
        return self._op("CACHE", step=addresses[0], a=which, b=miss, c=hit, next=then)

    def _parallel(self, step: Parallel, addresses: list[int], then: int) -> int:
        inner = _shares(addresses[1:], [_sizes(branch) for branch in step.parallel])
        starts = [self._steps(branch, mine, self._op("END")) for branch, mine in zip(step.parallel, inner, strict=True)]
        needed = len(starts) if step.join == "all" else 1 if step.join == "first" else step.join
        first = self._link(starts)
        return self._op("FORK", step=addresses[0], a=first, b=len(starts), c=int(needed), next=then)

    def _branch(self, step: Branch, addresses: list[int], then: int) -> int:
        inner = _shares(addresses[1:], [_sizes(option.steps) for option in step.branch])
        starts = [self._steps(option.steps, mine, then) for option, mine in zip(step.branch, inner, strict=True)]
        first = self._link(starts)
        self.bounds[first:] = itertools.accumulate(option.probability for option in step.branch)
        return self._op("WAY", step=addresses[0], a=first, b=len(starts), next=then)

    def _link(self, starts: list[int]) -> int:
        first = len(self.links)
        self.links += starts
        self.bounds += [0.0] * len(starts)
        return first

    # -- arrivals -------------------------------------------------------------------------------------------------

    def workload(self, name: str, spec: Workload) -> dict[str, float]:
        """A class of requests as a row, its entries and arrivals in their tables."""
        row: dict[str, float] = {"entries": len(self.entries), "entry_count": len(spec.entries), "start_entry": -1}
        bound = 0.0
        for target, weight in spec.entries.items():
            bound += weight
            self._entry(name, target, bound)
        row["priority"] = PRIORITIES.index(spec.priority)
        row["size"] = -1 if spec.size is None else self.add_distribution(spec.size.distribution)
        row["zone"] = -1 if spec.zone is None else self.layout.zones.index(spec.zone)
        return row | (self._users(name, spec) if spec.arrivals.users else self._open(spec))

    def _entry(self, workload: str, target: str, bound: float) -> None:
        route, endpoint = self.layout.target(workload, "", target)
        op = self._op("CALL", a=route, b=endpoint, c=1, d=st.FAIL, next=self._op("END"))
        self.entries.append({"bound": bound, "pc": op, "endpoint": endpoint})

    def _users(self, name: str, spec: Workload) -> dict[str, float]:
        users = spec.arrivals.users
        assert users is not None
        row: dict[str, float] = {"kind": st.USERS, "users": round(users.count * spec.load), "spawn": users.spawn or 0.0,
                                 "think": self.add_distribution(users.think)}  # fmt: skip
        if users.session is not None:
            row |= {"session": users.session.requests, "pause": self.add_distribution(users.session.pause)}
            if users.session.start is not None:
                row["start_entry"] = len(self.entries)
                self._entry(name, users.session.start, 0.0)
        return row

    def _open(self, spec: Workload) -> dict[str, float]:
        arrivals = spec.arrivals
        if arrivals.timestamps is not None:
            first = len(self.times)
            self.times += timestamps(arrivals.timestamps)
            return {"kind": st.TIMES, "first": first, "at": first, "last": len(self.times) - 1, "ring": self.arrival_ring()}
        first = len(self.segments)
        shape = arrivals.poisson or arrivals.constant
        assert shape is not None
        self.segments += [tuple(piece) for piece in pieces(shape, spec.load, self.layout.scenario.duration)]
        kind = st.POISSON if arrivals.poisson else st.EVEN
        return {"kind": kind, "first": first, "at": first, "last": len(self.segments) - 1, "ring": self.arrival_ring()}

    def tables(self, balancers: np.ndarray[Any, Any]) -> st.Tables:
        """Everything collected, as arrays."""
        return st.Tables(
            ops=rows(st.OP, self.ops),
            links=np.array(self.links or [0], dtype=np.int32),
            bounds=np.array(self.bounds or [0.0]),
            first_op=np.array(self.first_op, dtype=np.int32),
            entries=rows(st.ENTRY, self.entries),
            distributions=rows(st.DISTRIBUTION, self.distributions),
            segments=np.array(self.segments or [(0, 0, 0.0, 0.0)], dtype=SEGMENT.dtype),
            times=np.array(self.times or [0], dtype=np.int64),
            gate_rules=rows(GATE_RULE, gate_rules(self.layout)),
            balancers=balancers,
            host_weights=np.array([one for route in self.layout.routes for one in route.load_balancing_weights] or [0], dtype=np.int64),
            pool_rules=rows(POOL_RULE, self.pools),
        )


def _distribution(spec: Distribution) -> dict[str, float]:
    value: Any = spec.chosen
    row: dict[str, float] = {"kind": getattr(st, spec.kind.upper()), "ring": -1}
    match spec.kind:
        case "constant":
            row["constant_ns"] = value
        case "exponential":
            row["mean"] = value
        case "lognormal":
            row |= {"mean": value.mean, "spread": lognormal_sigma(value.cv)}
        case "gamma":
            row |= {"mean": value.mean, "spread": 1.0 / (value.cv * value.cv)}
        case "pareto":
            row |= {"mean": value.mean, "spread": value.alpha}
        case "uniform":
            row |= {"mean": value.low, "spread": value.high}
    return row


def _size(step: Step) -> int:
    return 1 + sum(_sizes(program) for program in inner_steps(step))


def _sizes(steps: tuple[Step, ...]) -> int:
    return sum(_size(step) for step in steps)


def _shares(addresses: list[int], sizes: list[int]) -> list[list[int]]:
    """The addresses cut into runs of these sizes."""
    ends = list(itertools.accumulate(sizes))
    return [addresses[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def rows(record: Any, values: list[dict[str, Any]]) -> np.ndarray[Any, Any]:
    """Rows given by field; what is not given is 0."""
    table = st.empty(record, max(1, len(values)))
    for row, fields in zip(table, values, strict=False):
        for name, value in fields.items():
            row[name] = value
    return table
