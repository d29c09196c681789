"""A pod: workers, the queue for them, and whom the door turns away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scenarios.schema.topology import Service
from sim.clock import Moment
from sim.commands import PodReady
from sim.draws import indexed_key
from sim.laws.queueing import (
    area_ns,
    is_admitted,
    shift_present,
    shift_slow,
    shift_stalled,
    shift_waiting,
    shift_working,
)
from sim.laws.retrying import CANCELLED
from sim.laws.shedding import is_shed, look, shed_share
from sim.records import GUARD, POD_TALLY
from sim.reference.caching import Cache
from sim.reference.cpu import cores_of
from sim.reference.gates import Door
from sim.reference.life import Strand, Try
from sim.reference.locking import Held
from sim.reference.queues import Line, Waiter
from sim.reference.reporting import Reporter
from sim.settings import guard_fields, resized

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane

Tally, Guard = POD_TALLY.make_class(), GUARD.make_class()
UNLISTED = (1 << 63) - 1  # in place of a version of the list of ready pods


@dataclass(slots=True, eq=False)
class AtDoor:
    """A visit that waits for a worker, until its turn."""

    visit: Try
    turn: Moment


class Pod:
    """A running copy of a service: its door, its cores, and who is inside."""

    def __init__(self, plane: ReferencePlane, ident: int, service: int, command: PodReady, zone: int) -> None:
        name, number = command.service, command.number
        self.plane = plane
        self.spec: Service = resized(plane.layout.scenario.services[name], command.cpu_limit)
        self.ident, self.service, self.number, self.zone = ident, service, number, zone
        self.tally = Tally()
        self.address = indexed_key(plane.family("service", name), number)
        self.weight, self.began_ns = plane.layout.weight(name, number), plane.now_ns
        self.listed_ns = 0  # when it was last put there
        self.listed = UNLISTED  # the version of the list of ready pods since which it is there
        self.slowdown, self.error_rate = 1.0, 0.0
        self.gates = Door(self.spec, self.address) if self.spec.is_gated else None
        self.is_gone = False
        self.connections = 0  # open to it
        self.visits: list[Try] = []  # inside
        self.leftovers: list[Try] = []  # answered, but some branches run on
        self.held = 0  # workers taken (thread model)
        self.door = Line(self.spec.queue)  # visits waiting for a worker (thread model)
        self.cores = cores_of(self)
        self.guard = Guard(**guard_fields(self.spec, plane.now_ns)) if self.spec.shedding else None
        self.reporter = Reporter(self) if plane.layout.reports(name) else None
        self.coming = 0  # tries on their way to it
        self.caches: dict[int, Cache] = {}  # its own, by place; each is there from its first use on
        self.held_keys: dict[int, Held] = {}  # of its own locks, by space

    @property
    def is_threaded(self) -> bool:
        """Whether a request holds its worker until it has been answered."""
        return self.spec.model == "thread"

    def admits(self) -> bool:
        """Whether a call that arrives now is let in (Q1)."""
        size = -1 if self.spec.queue.size is None else self.spec.queue.size
        if self.is_threaded:
            return is_admitted(self.spec.workers - self.held, len(self.door), size)
        return is_admitted(self.cores.free, len(self.cores.line), size)

    def ask_gates(self, visit: Try) -> int:
        """OK, or the outcome of a call that the gates at the door do not let in."""
        assert self.gates is not None
        return self.gates.ask(visit, len(self.visits), self.plane.priority(visit.request), self.plane.now_ns)

    def sheds(self, visit: Try) -> bool:
        """Whether a call that arrives now is turned away for its priority (Q9)."""
        if self.guard is None:
            return False
        utilization = look(self.guard, self.busy_ns(), self.plane.now_ns)
        share = shed_share(utilization, self.guard.start, self.guard.full, self.plane.priority(visit.request))
        return is_shed(visit.key, share)

    def busy_ns(self) -> int:
        """The integral of its busy cores, or workers that are held, up to now."""
        now, tally = self.plane.now_ns, self.tally
        more, less = ("present", "waiting") if self.is_threaded else ("working", "stalled")
        busy = [area_ns(getattr(tally, f"{what}_area_ns"), getattr(tally, what), now) for what in (more, less)]
        return int(busy[0] - busy[1])

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
        if self.gates:
            self.gates.learn(visit, self.plane.priority(visit.request), CANCELLED, self.plane.now_ns)
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
            shift_waiting(self.tally, -1, self.plane.now_ns)
            self.held += 1
            one, is_shed = self.door.take(self.plane.now_ns)
            self.tally.shed += is_shed
            one.who.turn.follow(self.plane.now_ns, not is_shed)

    def worker(self, visit: Try) -> Moment | None:
        """Take a worker: None if one is free, else the turn to wait for (thread model), whose value says if it is granted.

        Whoever is dropped from the queue (Q8) has a worker all the same, which goes to the next when the visit leaves.
        """
        if self.held < self.spec.workers:
            self.held += 1
            return None
        at_door = AtDoor(visit, Moment(self.plane.env))
        shift_waiting(self.tally, 1, self.plane.now_ns)
        self.door.join(Waiter(at_door, self.plane.priority(visit.request), deadline_ns=visit.ends_at_ns), self.plane.now_ns)
        return at_door.turn

    def stop_work(self, strand: Strand) -> bool:
        """Whether the strand was at work; it is no more: its core goes to the next, what it had done is lost (M6)."""
        return self.cores.stop(strand)

    def remove_waiting(self, visit: Try, strand: Strand | None) -> bool:
        """Whether the strand waited for a core, or the visit, which has no strand yet, for a worker; it does no more."""
        if strand is not None:
            return self.cores.remove_waiting(strand)
        found = self.door.remove(lambda at_door: at_door.visit is visit)
        shift_waiting(self.tally, -found, self.plane.now_ns)
        return found

    def die(self) -> list[Try]:
        """Everything inside is lost; visits with anything alive, in order of (request, call)."""
        now = self.plane.now_ns
        self.cores.die()
        lost = self.visits
        self.tally.lost += len(lost)
        self.tally.inside_ns += sum(now - visit.delivered_ns for visit in lost)
        for shift, count in ((shift_present, "present"), (shift_waiting, "waiting"), (shift_working, "working"),
                             (shift_slow, "slow_working"), (shift_stalled, "stalled")):  # fmt: skip
            shift(self.tally, -getattr(self.tally, count), now)
        dying = sorted([*lost, *self.leftovers], key=_in_order)
        self.visits, self.leftovers, self.held, self.is_gone = [], [], 0, True
        self.door.clear()
        return dying


def _in_order(visit: Try) -> tuple[int, int]:
    return visit.request.number, visit.number
