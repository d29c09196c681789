"""What a request is made of: the request, its tries, and the strands of program that make them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import simpy

from scenarios.schema.programs import Step
from scenarios.schema.sizes import WHOLE
from sim.clock import CALLS_MAX, Moment
from sim.errors import TooManyCalls
from sim.laws.grading import FULL, graded
from sim.laws.queueing import FOREVER_NS
from sim.laws.retrying import PENDING
from sim.layout import inner_steps, numbers
from sim.reference.waiting import Waiting

if TYPE_CHECKING:
    from sim.reference.pod import Pod
    from sim.reference.route import Route, View
    from sim.reference.turns import Turn


@dataclass(slots=True)
class Request:
    """One request from outside; everything done for it is numbered from its own counter."""

    number: int
    key: int
    workload: int
    user: int
    arrived_ns: int
    sampled: bool  # whether it leaves spans; of one that is undecided: whether it may
    size: int = WHOLE  # how much it asks for, in billionths of the mean (L14)
    held: list[Any] | None = None  # spans that are over, while it is undecided whether they are kept (M4)
    next_call: int = 0
    wrote: dict[int, int] = field(default_factory=dict)  # when it, or its user before it, last wrote to each database, by key

    def number_call(self) -> int:
        """The next number. Raises TooManyCalls."""
        if self.next_call > CALLS_MAX:
            raise TooManyCalls(f"request {self.number} made more than {CALLS_MAX:,} calls and branches")
        self.next_call += 1
        return self.next_call - 1


@dataclass(slots=True, eq=False)
class Try:
    """One attempt at a call, from its caller to a pod and back; in the pod it is the visit."""

    request: Request
    number: int
    key: int
    attempt: int
    caller: Strand
    route: Route
    view: View
    endpoint: int
    pod: Pod | None
    sent_ns: int
    waiting: Waiting | None  # the caller's wait; None once it has given up
    left_ns: int | None = None  # time its caller still had when it was sent, where the route tells (C4)
    delivered_ns: int = -1
    started_ns: int = -1
    ended_ns: int = -1
    returned_ns: int = -1
    worked_ns: int = 0
    outcome: int = PENDING  # as the caller saw it
    served: int = PENDING  # as the pod saw it
    host: Any = None  # the pod as its view knows it, where it does (B6)
    met: int = 0  # others in its pod when it came
    reported: float = 0.0  # what its answer tells of its pod: a weight, or a time of service
    left_behind: int = 0  # visits in its pod when it was answered
    is_lost: bool = False  # its pod died under it, or it was cancelled
    strands: list[Strand] = field(default_factory=list)  # of its program, while they live
    passed: set[str] = field(default_factory=set)  # gates that wait for its result
    quality: int = FULL  # of its answer
    asked_ns: int = -1  # when it asked its gates
    connection: Any = None  # what it goes by, where its route has a pool
    alarm: Moment | None = None  # its timeout, which begins when it leaves
    ends_ns: int | None = None  # when its call ends at the latest
    twin: Try | None = None  # the try it is tied to
    present: int = 0  # how many were in its pod when it was let in, itself included
    is_outrun: bool = False  # that has begun, and word of it was there before this one

    @property
    def deadline_ns(self) -> int | None:
        """C4: when its caller waits no longer, as its pod knows it: what was left when it was sent, from its arrival on."""
        return None if self.left_ns is None else self.delivered_ns + self.left_ns

    @property
    def ends_at_ns(self) -> int:
        """The same, and far away where it has none."""
        return FOREVER_NS if self.deadline_ns is None else self.deadline_ns


@dataclass(slots=True, eq=False)
class Strand:
    """A line of program: a visit's main one, a branch of a parallel step, or the client itself."""

    request: Request
    number: int
    visit: Try | None  # None: the client
    join: Join | None = None  # what a branch reports to
    awaited: list[Try] = field(default_factory=list)  # the tries it waits for now: one, unless its route hedges
    backing_off: View | None = None  # the view whose retry it holds while it waits to try again
    waiting: Waiting | None = None
    turns: list[Turn] = field(default_factory=list)  # of the keys it is busy with, the last one taken last
    queued: Turn | None = None  # the turn it waits for
    quality: int = FULL  # of what it has so far (E2)
    is_shed: bool = False  # it was dropped from the queue for a core (Q8)

    @property
    def abandoned(self) -> bool:
        """Whether nobody waits for it any more: some join above it is settled."""
        join = self.join
        while join is not None:
            if not join.is_open:
                return True
            join = join.parent.join
        return False


class Join:
    """Where branches meet: open until enough have succeeded, or too many failed."""

    def __init__(self, env: simpy.Environment, parent: Strand, branches: int, needed: int) -> None:
        self.event = env.event()
        self.parent = parent
        self.needed = needed
        self.spare = branches - needed
        self.is_open = True

    def report(self, succeeded: bool, quality: int) -> None:
        """A branch is done; the one that decides wakes the parent."""
        if not self.is_open:
            return
        if succeeded:
            self.needed -= 1
            self.parent.quality = graded(self.parent.quality, quality)
        else:
            self.spare -= 1
        if self.needed == 0 or self.spare < 0:
            self.is_open = False
            self.event.succeed(self.needed == 0)


Program = Callable[[], Generator[simpy.Event, Any, bool]]  # steps ready to run for one strand; whether they succeeded


@dataclass(frozen=True)
class Numbered:
    """A step with its number in the endpoint's program, and the programs inside it."""

    step: Step
    number: int
    inner: tuple[tuple[Numbered, ...], ...]


def numbered(steps: tuple[Step, ...]) -> tuple[Numbered, ...]:
    """An endpoint's program with the address of each step (D3)."""
    return _numbered(steps, numbers(steps))


def _numbered(steps: tuple[Step, ...], given: Iterator[int]) -> tuple[Numbered, ...]:
    return tuple(
        Numbered(step, next(given), tuple(_numbered(program, given) for program in inner_steps(step))) for step in steps)
