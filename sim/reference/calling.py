"""The caller's side: send a try, wait for its answer or a timeout, try again."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import simpy

from scenarios.schema.hedging import HedgePolicy
from sim.clock import CALLED_OFF, DELIVERED, EXPIRED, REPLIED, RETRIED, TIMED_OUT, Moment, rank
from sim.laws.grading import graded
from sim.laws.hedging import ends_race, may_trigger
from sim.laws.retrying import CANCELLED, LIMITED, NO_ENDPOINT, OK, OVERFLOW, PENDING
from sim.laws.retrying import TIMED_OUT as GIVEN_UP
from sim.reference.injecting import inject
from sim.reference.life import Strand, Try
from sim.reference.retrying import is_named, is_wanted, may_follow, note, pick, wait_ns
from sim.reference.route import Route, View
from sim.reference.tying import tie
from sim.reference.waiting import Waiting
from sim.trace import DROPPED, GAVE_UP, RETURNED, SENT

if TYPE_CHECKING:
    from sim.reference.engine import ReferencePlane
    from sim.reference.pod import Pod

Process = Generator[simpy.Event, Any, Any]
EXPIRY, ALARM, OVER = "expired", "timed out", "over"


@dataclass(slots=True)
class Call:
    """One call with all its tries."""

    strand: Strand
    route: Route
    view: View
    endpoint: int
    key: Callable[[int], int]  # addresses a try
    deadline_ns: int | None  # when it ends whatever comes (R4, C4)
    tried: list[Pod | None] = field(default_factory=list)  # pods of its tries


def call(plane: ReferencePlane, strand: Strand, route: Route, endpoint: int, key: Callable[[int], int]) -> Process:
    """R4: one call with all its tries; `key(attempt)` addresses a try. Returns the outcome the program sees."""
    injected = yield from inject(plane, strand, route, key(0))
    if injected != OK:
        return injected
    deadline_ns = deadline(strand, route, plane.now_ns)
    if deadline_ns is not None and deadline_ns <= plane.now_ns:
        return GIVEN_UP
    view = route.view(strand.visit.pod if strand.visit else None)
    made = Call(strand, route, view, endpoint, key, deadline_ns)
    admission = view.gates.admission if view.gates else None
    if admission and not admission.lets_go(key(0), plane.now_ns):
        return LIMITED
    if route.policy.hedge_policy is not None:
        outcome = yield from Race(plane, made, route.policy.hedge_policy).run()
    else:
        outcome = yield from tries(plane, made)
    if admission:
        admission.learn(outcome, plane.now_ns)
    return outcome


def tries(plane: ReferencePlane, made: Call) -> Process:
    """R4: tries one after the other. Returns the outcome the program sees."""
    strand, route, view, deadline_ns = made.strand, made.route, made.view, made.deadline_ns
    expiry: Moment | None = None
    attempt = 0
    while True:
        one = send(plane, made, attempt)
        if attempt == 0 and deadline_ns is not None:
            expiry = Moment(plane.env)
            expiry.fall(deadline_ns, rank(EXPIRED, one.request.number, one.number))
        cause = yield from wait(plane, strand, one, expiry)
        if attempt > 0:
            view.retrying -= 1
        if cause is EXPIRY:
            break
        note(route, view, one.outcome, plane.now_ns)
        if one.outcome == OK or not is_wanted(route, view, attempt, one.outcome, plane.now_ns):
            break
        view.retrying += 1
        cause = yield from back_off(plane, strand, one, expiry, attempt + 1)
        if cause is EXPIRY:
            view.retrying -= 1
            break
        attempt += 1
    if expiry is not None:
        expiry.forget()
    return GIVEN_UP if cause is EXPIRY else one.outcome


def deadline(strand: Strand, route: Route, now_ns: int) -> int | None:
    """When a call that begins now ends at the latest: by its timeout, or earlier by what its caller has left (C4)."""
    ends = [now_ns + route.policy.timeout_ns] if route.policy.timeout_ns else []
    if route.policy.propagate_deadline and strand.visit is not None and strand.visit.deadline_ns is not None:
        ends.append(strand.visit.deadline_ns)
    return min(ends, default=None)


def send(plane: ReferencePlane, made: Call, attempt: int) -> Try:
    """A try leaves its caller, is refused by a gate, or waits for its place."""
    now, strand, route, view, key = plane.now_ns, made.strand, made.route, made.view, made.key(attempt)
    request = strand.request
    outcome, passed = view.gates.ask(key, attempt, now) if view.gates else (OK, set())
    one = Try(request, request.number_call(), key, attempt, strand, route, view, made.endpoint, None, now, None, passed=passed,
              asked_ns=now, ends_ns=made.deadline_ns)  # fmt: skip
    if outcome == OK and view.pool is not None:
        outcome = view.pool.ask(one)
    elif outcome == OK:
        one.pod = pick(route, view, one, made.tried)
    made.tried.append(one.pod)
    plane.books.sent(one)
    route.tally.attempts += 1
    route.tally.retries += attempt > 0
    route.tally.in_flight += 1
    view.active += 1
    if outcome == OK:
        leave(plane, one)
    elif outcome != PENDING:
        turn_back(plane, one, outcome)
    return one


def leave(plane: ReferencePlane, one: Try) -> None:
    """A try leaves for its pod, if there is one."""
    now, request = plane.now_ns, one.request.number
    one.sent_ns = now
    if one.pod is None:
        turn_back(plane, one, NO_ENDPOINT)
        return
    if one.route.policy.propagate_deadline:
        one.left_ns = _left_ns(one, now)
    one.view.in_flight[one.pod.ident] += 1
    one.pod.coming += 1
    if one.view.hosts is not None:
        one.host = one.view.hosts.lend()
    plane.row(SENT, request, one.number, one.pod.ident, one.attempt)
    arrival = Moment(plane.env)
    arrival.callbacks.append(lambda _: plane.delivered(one))
    arrival.fall(now + plane.network.outward_ns(one, now), rank(DELIVERED, request, one.number))
    arm(one)


def turn_back(plane: ReferencePlane, one: Try, outcome: int) -> None:
    """A try ends where it began: the caller's own proxy answers, at once."""
    one.served = outcome
    one.route.tally.refused += outcome in (OVERFLOW, LIMITED)
    plane.row(SENT, one.request.number, one.number, -1, one.attempt)
    reply = Moment(plane.env)
    reply.callbacks.append(lambda _: returned(plane, one))
    reply.fall(plane.now_ns, rank(REPLIED, one.request.number, one.number))


def arm(one: Try) -> None:
    """A try's own timeout begins when it has left, and somebody waits for it."""
    if one.alarm is not None and one.pod is not None:
        one.alarm.fall(one.sent_ns + one.route.policy.per_try_timeout_ns, rank(TIMED_OUT, one.request.number, one.number))


def _left_ns(one: Try, now_ns: int) -> int | None:
    """C4: the time a try that leaves now has: to its own timeout or to the call's, whichever comes first."""
    per_try_ns = 0 if one.route.policy.hedge_policy else one.route.policy.per_try_timeout_ns  # a hedged try stays open
    ends = [per_try_ns] if per_try_ns else []
    if one.ends_ns is not None:
        ends.append(one.ends_ns - now_ns)
    return min(ends, default=None)


def wait(plane: ReferencePlane, strand: Strand, one: Try, expiry: Moment | None) -> Process:
    """Until the answer, the try's timeout or the call's, whichever is first (D5 settles ties)."""
    waiting = one.waiting = strand.waiting = Waiting(plane.env)
    strand.awaited = [one]
    alarm: Moment | None = None
    if one.route.policy.per_try_timeout_ns:
        alarm = one.alarm = Moment(plane.env)
        alarm.callbacks.append(lambda _: give_up(plane, one, waiting, ALARM))
        arm(one)
    if expiry is not None:
        expiry.forget()
        expiry.callbacks.append(lambda _: give_up(plane, one, waiting, EXPIRY))
    cause = yield waiting.event
    if alarm is not None:
        alarm.forget()
    strand.awaited = []
    return cause


def back_off(plane: ReferencePlane, strand: Strand, failed: Try, expiry: Moment | None, retry: int) -> Process:
    """The wait before a retry; the call's timeout may end it."""
    waiting = strand.waiting = Waiting(plane.env)
    strand.backing_off = failed.view
    length = wait_ns(failed.route, failed, retry)
    over = Moment(plane.env)
    over.callbacks.append(lambda _: waiting.end(OVER))
    over.fall(plane.now_ns + length, rank(RETRIED, failed.request.number, failed.number))
    if expiry is not None:
        expiry.forget()
        expiry.callbacks.append(lambda _: waiting.end(EXPIRY))
    cause = yield waiting.event
    over.forget()
    strand.backing_off = None
    return cause


def returned(plane: ReferencePlane, one: Try) -> None:
    """An answer is back: to a caller that waits, or to nobody."""
    now, waiting = plane.now_ns, one.waiting
    if waiting is None or not waiting.is_open:
        one.route.tally.orphans -= 1
        one.route.tally.failed += 1
        plane.row(DROPPED, one.request.number, one.number, _place(one), one.served)
        plane.books.closed(one)
        return
    one.outcome, one.returned_ns = one.served, now
    _settle(one, one.outcome, now)
    if one.outcome == OK:
        one.route.tally.succeeded += 1
        one.caller.quality = graded(one.caller.quality, one.quality)
    elif one.outcome == CANCELLED:  # its twin has begun
        one.route.tally.cancelled += 1
    else:
        one.route.tally.failed += 1
    plane.row(RETURNED, one.request.number, one.number, _place(one), one.outcome)
    plane.books.closed(one)
    waiting.end(one)


def give_up(plane: ReferencePlane, one: Try, waiting: Waiting, cause: str) -> None:
    """The caller waits no longer; the pod does not know, unless the route cancels."""
    if not waiting.is_open:
        return
    call_off(plane, one, GIVEN_UP)
    waiting.end(cause)


def call_off(plane: ReferencePlane, one: Try, outcome: int) -> None:
    """A caller, which is alive, waits for this try no longer: a cancel goes after it where the route says so (C1)."""
    orphan(plane, one, outcome, outcome)
    plane.row(GAVE_UP, one.request.number, one.number, _place(one), outcome)
    if one.route.policy.cancel and one.pod is not None:
        cancel = Moment(plane.env)
        cancel.callbacks.append(lambda _: plane.called_off(one))
        due = plane.now_ns + plane.network.cancel_ns(one, plane.now_ns)
        cancel.fall(due, rank(CALLED_OFF, one.request.number, one.number))


def orphan(plane: ReferencePlane, one: Try, outcome: int, learned: int) -> None:
    """A try loses its caller, who timed out, died with its pod or was cancelled itself; gates learn `learned`."""
    one.outcome, one.returned_ns, one.waiting = outcome, plane.now_ns, None
    is_parked = "queue" in one.passed
    _settle(one, learned, plane.now_ns)
    one.route.tally.timed_out += 1
    if is_parked:  # X5: nobody was asked, so nobody answers
        one.route.tally.failed += 1
        plane.books.closed(one)
    else:
        one.route.tally.orphans += 1


def _settle(one: Try, outcome: int, now_ns: int) -> None:
    one.route.tally.in_flight -= 1
    one.view.active -= 1
    if one.pod is not None:
        one.view.in_flight[one.pod.ident] -= 1
        if one.view.hosts is not None:
            one.view.hosts.give_back(one, outcome)
    if one.view.gates:
        one.view.gates.learn(one.passed, outcome, now_ns - one.asked_ns, now_ns)
    if one.view.pool:
        one.view.pool.give_back(one, outcome)


def _place(one: Try) -> int:
    return -1 if one.pod is None else one.pod.ident


class Race:
    """G1 to G5: a call whose tries may be under way together."""

    def __init__(self, plane: ReferencePlane, made: Call, policy: HedgePolicy) -> None:
        self.plane, self.made, self.policy, self.strand, self.view = plane, made, policy, made.strand, made.view
        self.is_delayed = policy.hedging_delay is not None
        self.due = Moment(plane.env)  # the newest try's alarm, or the end of the wait before the next

    def run(self) -> Process:
        """All its tries. Returns the outcome the program sees."""
        self._send(0)
        expiry = Moment(self.plane.env)
        if self.made.deadline_ns is not None:
            expiry.callbacks.append(lambda _: self._tell(EXPIRY))
            expiry.fall(self.made.deadline_ns, rank(EXPIRED, self.newest.request.number, self.newest.number))
        outcome = None
        while outcome is None:
            waiting = self.strand.waiting = Waiting(self.plane.env)
            for one in self.strand.awaited:
                one.waiting = waiting
            outcome = self._go_on((yield waiting.event))
        expiry.forget()
        self.due.forget()
        for one in self.strand.awaited:
            call_off(self.plane, one, GIVEN_UP if outcome == GIVEN_UP else CANCELLED)
            self.view.retrying -= one.attempt > 0
        self.view.retrying -= self.strand.backing_off is not None
        self.strand.awaited, self.strand.backing_off = [], None
        return outcome

    def _go_on(self, cause: Any) -> int | None:
        """What follows from a cause; the outcome where the call is over."""
        if cause is EXPIRY:
            return GIVEN_UP
        if cause is OVER:
            self.strand.backing_off = None
            self._send(self.newest.attempt + 1)
        elif cause is ALARM:
            self._follow()
        else:
            return self._take(cause)
        return None

    def _take(self, one: Try) -> int | None:
        """An answer (G3, G4)."""
        self.strand.awaited.remove(one)
        self.view.retrying -= one.attempt > 0
        note(self.made.route, self.view, one.outcome, self.plane.now_ns)
        if ends_race(one.outcome, is_named(self.made.route, one.outcome)):
            return one.outcome
        if one is self.newest and self.strand.backing_off is None:
            self.due.forget()
        triggers = may_trigger(one.attempt, self.newest.attempt, self.strand.backing_off is not None, self.is_delayed)
        if triggers and self._follow():
            return None
        return None if self.strand.awaited or self.strand.backing_off is not None else one.outcome

    def _follow(self) -> bool:
        """Whether another try follows: at once, or after the wait before a retry (G1, G2)."""
        if not may_follow(self.made.route, self.view, self.newest.attempt, self.plane.now_ns):
            return False
        self.view.retrying += 1
        if self.is_delayed:
            self._send(self.newest.attempt + 1)
            return True
        length = wait_ns(self.made.route, self.newest, self.newest.attempt + 1)
        self._expect(OVER, length, RETRIED)
        self.strand.backing_off = self.view
        return True

    def _send(self, attempt: int) -> None:
        self.newest = send(self.plane, self.made, attempt)
        if self.policy.tied and self.strand.awaited:
            tie(self.plane, self.strand.awaited[0], self.newest)
        self.strand.awaited.append(self.newest)
        per_try_ns = self.policy.hedging_delay or self.made.route.policy.per_try_timeout_ns
        if per_try_ns:
            self._expect(ALARM, per_try_ns, TIMED_OUT)

    def _expect(self, cause: str, length_ns: int, phase: int) -> None:
        self.due.forget()
        self.due = Moment(self.plane.env)
        self.due.callbacks.append(lambda _: self._tell(cause))
        self.due.fall(self.plane.now_ns + length_ns, rank(phase, self.newest.request.number, self.newest.number))

    def _tell(self, cause: str) -> None:
        if self.strand.waiting is not None:
            self.strand.waiting.end(cause)
