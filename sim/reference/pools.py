"""Connection pools and bulkheads of a view: who waits, and connections that open, are free and end."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from scenarios.schema.routing import ResolvedRoute
from sim.clock import CONNECTED, WAITED, Moment, rank
from sim.draws import CONNECT
from sim.laws.breaking import has_room
from sim.laws.pooling import is_idle, is_kept, is_spent, opens_connection
from sim.laws.retrying import NO_ENDPOINT, OK, OVERFLOW, PENDING, REFUSED
from sim.records import CONNECTION, POOL_RULE
from sim.reference.life import Try
from sim.sampling import sample_ns

if TYPE_CHECKING:
    from sim.reference.pod import Pod
    from sim.reference.route import Route, View

Connection, Rule = CONNECTION.make_class(), POOL_RULE.make_class()


def _rule(policy: ResolvedRoute) -> Any:
    pool, bulkhead = policy.connection_pool, policy.bulkhead
    if bulkhead is not None:
        return Rule(most=bulkhead.maxConcurrentCalls, pending=bulkhead.pending, wait_ns=bulkhead.maxWaitDuration)
    assert pool is not None
    return Rule(
        most=pool.max_connections, pending=pool.max_pending_requests, wait_ns=pool.connection_timeout or 0, connects=1,
        idle_ns=pool.idle_timeout or 0, life_ns=pool.max_connection_duration or 0, uses=pool.max_requests_per_connection or 0,
    )  # fmt: skip


class Pool:
    """X5: tries have a place or wait for one, first in, first out; X6, X7: in a connection pool a place is a connection."""

    def __init__(self, route: Route, view: View) -> None:
        self.plane, self.route, self.view, self.rule = route.plane, route, view, _rule(route.policy)
        self.waiting: deque[Try] = deque()
        self.free: deque[Any] = deque()  # the one used last comes last
        self.places = self.opening = 0
        self.is_closed = False
        self.used: list[Any] = []

    def ask(self, one: Try) -> int:
        """OK where the try has a place at once, PENDING where it waits for one, or the outcome it has at once."""
        if self.rule.connects:
            if not self.plane.ready[self.route.callee]:
                return NO_ENDPOINT
            connection = self._free_connection()
            if connection is not None:
                self._use(connection, one)
                return OK
        elif self.places < self.rule.most:
            self.places += 1
            one.passed.add("pool")
            one.pod = self.route.pick(self.view, one)
            return OK
        if not has_room(len(self.waiting), self.rule.pending):
            return OVERFLOW
        self.waiting.append(one)
        one.passed.add("queue")
        if self.rule.wait_ns:
            limit = Moment(self.plane.env)
            limit.callbacks.append(lambda _: self._waited(one))
            limit.fall(self.plane.now_ns + self.rule.wait_ns, rank(WAITED, one.request.number, one.number))
        self._open_more()
        return PENDING

    def give_back(self, one: Try, outcome: int) -> None:
        """A try is over for its caller: it waits no longer, or its place is another's."""
        held = one.passed & {"pool", "queue", "turned back"}
        one.passed -= held
        if self.is_closed:
            return
        if "queue" in held:
            self.waiting.remove(one)
        elif "pool" in held and one.connection is not None:
            self._put_back(one.connection, outcome)
        elif "pool" in held:
            self._pass_on()
        elif held:
            self._open_more()

    def close(self) -> None:
        """X7: the pod whose pool this is dies: nobody waits any more, and its connections are closed."""
        self.is_closed = True
        for connection in (*self.free, *self.used):
            connection.pod.connections -= 1
        self.free.clear()
        self.waiting.clear()

    # -- connections ----------------------------------------------------------------------------------------------

    def _free_connection(self) -> Any:
        """X6: the connection used last, if there is a good one; those that are not are closed."""
        while self.free and is_idle(self.free[0], self.rule, self.plane.now_ns):
            self._end(self.free.popleft())
        while self.free:
            connection = self.free.pop()
            if self._is_good(connection):
                return connection
            self._end(connection)
        return None

    def _use(self, connection: Any, one: Try) -> None:
        """The try goes by this connection."""
        self.used.append(connection)
        one.connection, one.pod = connection, connection.pod
        one.passed = one.passed - {"queue"} | {"pool"}

    def _is_good(self, connection: Any) -> bool:
        pod: Pod = connection.pod
        is_listed = pod in self.plane.ready[pod.service]
        return is_listed and not pod.is_gone and not is_spent(connection, self.rule, self.plane.now_ns)

    def _end(self, connection: Any) -> None:
        connection.pod.connections -= 1
        self.places -= 1

    def _open_more(self) -> None:
        """X6: one more connection is opened if one is wanted: for the first who waits and has none being opened for it."""
        if not self.rule.connects or not opens_connection(len(self.waiting), self.opening, self.places, self.rule.most):
            return
        one = self.waiting[self.opening]
        pod = self.route.pick(self.view, one)
        if pod is None:
            self._turn_back(one, NO_ENDPOINT)
            return
        self.opening += 1
        self.places += 1
        pool = self.route.policy.connection_pool
        assert pool is not None
        opened = Moment(self.plane.env)
        opened.callbacks.append(lambda _: self._connected(pod))
        due = self.plane.now_ns + sample_ns(pool.connect, one.key, CONNECT)
        opened.fall(due, rank(CONNECTED, one.request.number, one.number))

    def _connected(self, pod: Pod) -> None:
        """X6, X7: a connection is open and goes to the first who waits, or is refused by its pod, which ends that wait."""
        if self.is_closed:
            return
        self.opening -= 1
        most = pod.spec.max_connections
        if not pod.is_gone and (most is None or has_room(pod.connections, most)):
            pod.connections += 1
            self._hand_over(Connection(pod=pod, opened_ns=self.plane.now_ns))
            return
        self.places -= 1
        if self.waiting:
            self._turn_back(self.waiting[0], REFUSED)

    def _hand_over(self, connection: Any) -> None:
        """X6: a good connection goes to the first who waits, else it is free."""
        if self.waiting:
            one = self.waiting.popleft()
            self._use(connection, one)
            self.plane.leave(one)
        else:
            connection.freed_ns = self.plane.now_ns
            self.free.append(connection)

    def _put_back(self, connection: Any, outcome: int) -> None:
        """X7: a try is over: its connection is kept if it is clean and good, else closed, and another may be opened."""
        self.used.remove(connection)
        connection.uses += 1
        if is_kept(outcome) and self._is_good(connection):
            self._hand_over(connection)
        else:
            self._end(connection)
            self._open_more()

    # -- those who wait -------------------------------------------------------------------------------------------

    def _pass_on(self) -> None:
        """X5: a place of a bulkhead is free: the first who waits has it, and leaves."""
        if not self.waiting:
            self.places -= 1
            return
        one = self.waiting.popleft()
        one.passed = one.passed - {"queue"} | {"pool"}
        one.pod = self.route.pick(self.view, one)
        self.plane.leave(one)

    def _turn_back(self, one: Try, outcome: int) -> None:
        """X5: a try that waited ends without having left."""
        self.waiting.remove(one)
        one.passed = one.passed - {"queue"} | {"turned back"}
        self.plane.turn_back(one, outcome)

    def _waited(self, one: Try) -> None:
        """X5: a try has waited too long, unless it waits no more."""
        if one in self.waiting:
            self._turn_back(one, OVERFLOW)
