"""A pod: workers, cores, and the queue of those who wait for them."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scenarios.schema.topology import Service
from sim.clock import WORKED, Moment, rank
from sim.draws import indexed_key
from sim.laws.queueing import is_admitted, shift_present, shift_slow, shift_waiting, shift_working
from sim.laws.service import duration_ns, servers
from sim.records import POD_TALLY
from sim.reference.caching import Cache
from sim.reference.gates import Door
from sim.reference.life import Strand, Try
from sim.trace import STARTED
from sim.trace import WORKED as ROW_WORKED

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane

Tally = POD_TALLY.make_class()
UNLISTED = (1 << 63) - 1  # in place of a version of the list of ready pods


@dataclass(slots=True, eq=False)
class Job:
    """A demand for CPU time: waiting for a core, or at work."""

    strand: Strand
    demand_ns: int
    done: Moment
    started_ns: int = -1
    lasts_ns: int = 0
    on_slow_core: bool = False


class Pod:
    """A running copy of a service; who waits for a core (Q3), and for a worker (Q4)."""

    def __init__(self, plane: ReferencePlane, ident: int, service: int, number: int, zone: int) -> None:
        name = plane.layout.services[service]
        self.plane = plane
        self.spec: Service = plane.layout.scenario.services[name]
        self.ident, self.service, self.number, self.zone = ident, service, number, zone
        self.tally = Tally()
        self.weight, self.began_ns = plane.layout.weight(name, number), plane.now_ns
        self.listed = UNLISTED  # the version of the list of ready pods since which it is there
        self.slowdown, self.error_rate = 1.0, 0.0
        self.gates = Door(self.spec, indexed_key(plane.family("service", name), number)) if self.spec.is_gated else None
        self.is_gone = False
        self.visits: list[Try] = []  # inside
        self.leftovers: list[Try] = []  # answered, but some branches run on
        self.held = 0  # workers taken (thread model)
        self.door: deque[tuple[Try, Moment]] = deque()  # visits waiting for a worker (thread model)
        limit = self.spec.resources.limits.cpu or 0
        self.cores = servers(self.spec.workers, limit)
        self.slow_core = limit % 1000 if limit and (limit + 999) // 1000 <= self.spec.workers else 0
        self.slow_core_free = self.slow_core > 0
        self.queue: deque[Job] = deque()  # waiting for a core
        self.at_work: list[Job] = []
        self.caches: dict[int, Cache] = {}  # its own, by place; each is there from its first use on

    @property
    def is_threaded(self) -> bool:
        """Whether a request holds its worker until it has been answered."""
        return self.spec.model == "thread"

    def admits(self) -> bool:
        """Whether a call that arrives now is let in (Q1)."""
        size = -1 if self.spec.queue.size is None else self.spec.queue.size
        if self.is_threaded:
            return is_admitted(self.spec.workers - self.held, len(self.door), size)
        return is_admitted(self.cores - len(self.at_work), len(self.queue), size)

    def enter(self, visit: Try) -> None:
        """A call is let in."""
        self.tally.visits += 1
        shift_present(self.tally, 1, self.plane.now_ns)
        self.visits.append(visit)

    def leave(self, visit: Try, succeeded: bool) -> None:
        """A visit is over; its worker, if it held one, goes to the next at the door."""
        if succeeded:
            self.tally.succeeded += 1
        else:
            self.tally.failed += 1
        self._depart(visit)
        if visit.strands:
            self.leftovers.append(visit)
        if self.is_threaded:
            self._release_worker()

    def expel(self, visit: Try, strands: list[Strand]) -> None:
        """C3: a cancelled visit leaves: its works stop, its worker goes to the next; what waited has left its queue."""
        was_at_door = self.remove_waiting(visit, None)
        for strand in strands:
            self.remove_waiting(visit, strand)
        for strand in strands:
            self.stop_work(strand)
        self.tally.cancelled += 1
        self._depart(visit)
        if self.is_threaded and not was_at_door:
            self._release_worker()

    def _depart(self, visit: Try) -> None:
        shift_present(self.tally, -1, self.plane.now_ns)
        self.tally.inside_ns += self.plane.now_ns - visit.delivered_ns
        self.visits.remove(visit)

    def _release_worker(self) -> None:
        self.held -= 1
        if self.door:
            _, turn = self.door.popleft()
            shift_waiting(self.tally, -1, self.plane.now_ns)
            self.held += 1
            turn.succeed()

    def worker(self, visit: Try) -> Moment | None:
        """Take a worker: None if one is free, else the turn to wait for (thread model)."""
        if self.held < self.spec.workers:
            self.held += 1
            return None
        turn = Moment(self.plane.env)
        shift_waiting(self.tally, 1, self.plane.now_ns)
        self.door.append((visit, turn))
        return turn

    def work(self, strand: Strand, demand_ns: int) -> Moment:
        """Work for a strand as soon as a core is free; the moment when it is done."""
        job = Job(strand, demand_ns, Moment(self.plane.env))
        job.done.callbacks.append(lambda _: self._finish(job))  # before the strand's own: D11
        if len(self.at_work) < self.cores:
            self._start(job)
        else:
            shift_waiting(self.tally, 1, self.plane.now_ns)
            self.queue.append(job)
        return job.done

    def _start(self, job: Job) -> None:
        now = self.plane.now_ns
        visit = job.strand.visit
        assert visit is not None
        job.on_slow_core = self.slow_core_free and len(self.at_work) == self.cores - 1
        millicores = 1000
        if job.on_slow_core:
            millicores = self.slow_core
            self.slow_core_free = False
        job.started_ns = now
        job.lasts_ns = duration_ns(job.demand_ns, millicores, self.slowdown)
        self.at_work.append(job)
        shift_working(self.tally, 1, now)
        shift_slow(self.tally, int(job.on_slow_core), now)
        if visit.started_ns < 0:
            visit.started_ns = now
        request = job.strand.request.number
        self.plane.row(STARTED, request, job.strand.number, self.ident, job.lasts_ns)
        job.done.fall(now + job.lasts_ns, rank(WORKED, request, job.strand.number))

    def _finish(self, job: Job) -> None:
        """D11: the row, the core is free, the next in the queue starts; then the strand goes on."""
        visit = job.strand.visit
        assert visit is not None
        self.plane.row(ROW_WORKED, job.strand.request.number, job.strand.number, self.ident, 0)
        self.tally.served_ns += job.lasts_ns
        visit.worked_ns += job.lasts_ns
        self._leave_core(job)

    def _leave_core(self, job: Job) -> None:
        now = self.plane.now_ns
        self.at_work.remove(job)
        self.slow_core_free = self.slow_core_free or job.on_slow_core
        shift_slow(self.tally, -int(job.on_slow_core), now)
        shift_working(self.tally, -1, now)
        if self.queue:
            shift_waiting(self.tally, -1, now)
            self._start(self.queue.popleft())

    def stop_work(self, strand: Strand) -> bool:
        """Whether the strand was at work; it is no more: its core goes to the next, what it had done is lost (M6)."""
        job = next((job for job in self.at_work if job.strand is strand), None)
        if job is None or strand.visit is None:
            return False
        job.done.forget()
        worked_ns = self.plane.now_ns - job.started_ns
        self.tally.lost_ns += worked_ns
        strand.visit.worked_ns += worked_ns
        self._leave_core(job)
        return True

    def remove_waiting(self, visit: Try, strand: Strand | None) -> bool:
        """Whether the strand waited for a core, or the visit, which has no strand yet, for a worker; it does no more."""
        line: deque[Any] = self.door if strand is None else self.queue
        found = [one for one in line if (one[0] is visit if strand is None else one.strand is strand)]
        for one in found:
            line.remove(one)
            shift_waiting(self.tally, -1, self.plane.now_ns)
        return bool(found)

    def die(self) -> list[Try]:
        """Everything inside is lost; visits with anything alive, in order of (request, call)."""
        now = self.plane.now_ns
        for job in self.at_work:
            self.tally.lost_ns += now - job.started_ns
            job.done.forget()
        lost = self.visits
        self.tally.lost += len(lost)
        self.tally.inside_ns += sum(now - visit.delivered_ns for visit in lost)
        for shift, count in ((shift_present, "present"), (shift_waiting, "waiting"), (shift_working, "working"),
                             (shift_slow, "slow_working")):  # fmt: skip
            shift(self.tally, -getattr(self.tally, count), now)
        dying = sorted([*lost, *self.leftovers], key=_in_order)
        self.visits, self.leftovers, self.at_work, self.held, self.is_gone = [], [], [], 0, True
        self.door.clear()
        self.queue.clear()
        return dying


def _in_order(visit: Try) -> tuple[int, int]:
    return visit.request.number, visit.number
