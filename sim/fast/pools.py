"""Connection pools and bulkheads: tries that wait, connections that open, are free and end. Twin of reference/pools.py.

A try that waits has no pod and no row yet. Its place in the line is kept by `next` of its frame and `before` of its
extra; who has left, or waits no longer, has another `gen`, so that a limit of its wait that comes later is stale.
"""

from __future__ import annotations

from typing import Any

from sim.clock import CONNECTED, DELIVERED, REPLIED, WAITED, rank
from sim.clock import TIMED_OUT as ALARM
from sim.draws import CONNECT
from sim.fast.agenda import next_place, push, push_any, push_soon
from sim.fast.compiling import feature, part
from sim.fast.deadlines import tell_left
from sim.fast.frames import drop, one_more, row, take_frame
from sim.fast.hosts import lend
from sim.fast.picking import pick_pod
from sim.fast.sampling import any_ns
from sim.fast.state import HOSTS, IN_POOL, OPENING, PAIRS, PROPAGATES, TURNED_BACK, WAITS
from sim.fast.travelling import travel
from sim.laws.breaking import has_room
from sim.laws.digesting import row_word
from sim.laws.pooling import is_idle, is_kept, is_spent, opens_connection
from sim.laws.retrying import NO_ENDPOINT, OK, OVERFLOW, PENDING, REFUSED
from sim.trace import SENT


@feature
def pick_seldom(s: Any, r: int, view: int, a: int) -> int:
    """As `pick_pod`, compiled once for all who seldom pick."""
    return pick_pod(s, s.routes[r], view, s.frames[a].key, a, 0)


@feature
def pod_of(s: Any, a: int) -> int:
    """The pod that try a leaves for: its connection's, or one that is picked now; -1 where none is ready."""
    one, extra = s.frames[a], s.extras[a]
    if s.pool_rules[one.route].connects == 1:
        return extra.connected
    return pick_seldom(s, one.route, one.viewer, a)


@feature
def ask_pool(s: Any, a: int) -> int:
    """X5: OK where try a has a place at once, PENDING where it waits for one, or the outcome it has at once."""
    one, extra = s.frames[a], s.extras[a]
    rule, gate, now = s.pool_rules[one.route], s.gates[s.views[one.viewer].gate], s.lane[0].now_ns
    if rule.connects == 1:
        if s.services[s.routes[one.route].callee].count == 0:
            return NO_ENDPOINT
        if take_free(s, gate, rule, extra):
            extra.gates |= IN_POOL
            return OK
    elif gate.places < rule.most:
        gate.places += 1
        extra.gates |= IN_POOL
        return OK
    if not has_room(gate.waiting, rule.pending):
        return OVERFLOW
    one.next, extra.before = -1, gate.tail if gate.waiting > 0 else -1
    if gate.waiting > 0:
        s.frames[gate.tail].next = a
    else:
        gate.head = a
    gate.tail = a
    gate.waiting += 1
    extra.gates |= WAITS
    if rule.wait_ns > 0:
        push_any(s, now + rule.wait_ns, rank(WAITED, one.request_number, one.number), (one.gen << 32) | a)
    if rule.connects == 1:
        open_more(s, one.route, one.viewer)
    return PENDING


@part
def place_of(gate: Any, rule: Any, i: int) -> int:
    """Where the i-th free connection of a pool lies, the one that has been free longest first."""
    return gate.first_place + (gate.bottom + i) % rule.most


@feature
def take_free(s: Any, gate: Any, rule: Any, extra: Any) -> bool:
    """X6: the connection used last becomes a try's, if there is a good one; those that are not are closed."""
    now = s.lane[0].now_ns
    while gate.free > 0 and is_idle(s.connections[place_of(gate, rule, 0)], rule, now):
        s.pods[s.connections[place_of(gate, rule, 0)].pod].connections -= 1
        gate.bottom = (gate.bottom + 1) % rule.most
        gate.free -= 1
        gate.places -= 1
    while gate.free > 0:
        gate.free -= 1
        one = s.connections[place_of(gate, rule, gate.free)]
        pod = s.pods[one.pod]
        if pod.is_gone == 0 and pod.is_ready == 1 and not is_spent(one, rule, now):
            extra.connected, extra.opened_ns, extra.uses = one.pod, one.opened_ns, one.uses
            return True
        pod.connections -= 1
        gate.places -= 1
    return False


@feature
def open_more(s: Any, r: int, view: int) -> None:
    """X6: one more connection is opened if one is wanted: for the first who waits and has none being opened for it."""
    rule, gate = s.pool_rules[r], s.gates[s.views[view].gate]
    if not opens_connection(gate.waiting, gate.opening, gate.places, rule.most):
        return
    a = gate.head
    for _ in range(gate.opening):
        a = s.frames[a].next
    one = s.frames[a]
    pod = pick_seldom(s, r, view, a)
    if pod < 0:
        turn_back(s, a, NO_ENDPOINT)
        return
    gate.opening += 1
    gate.places += 1
    c = take_frame(s, OPENING)
    s.frames[c].pod, s.frames[c].route, s.frames[c].viewer, s.frames[c].parent, s.frames[c].refs = pod, r, view, 0, 1
    length = any_ns(s.distributions, rule.connect, one.key, CONNECT)
    push_any(s, s.lane[0].now_ns + length, rank(CONNECTED, one.request_number, one.number), c)


@feature
def on_connected(s: Any, c: int) -> None:
    """X6, X7: a connection is open and goes to the first who waits, or is refused by its pod, which ends that wait."""
    frame, now = s.frames[c], s.lane[0].now_ns
    rule, gate, pod = s.pool_rules[frame.route], s.gates[s.views[frame.viewer].gate], s.pods[frame.pod]
    if gate.is_closed == 0:
        gate.opening -= 1
        is_full = pod.most_connections >= 0 and not has_room(pod.connections, pod.most_connections)
        if pod.is_gone == 0 and not is_full:
            pod.connections += 1
            hand_over(s, gate, rule, frame.pod, now, 0)
        else:
            gate.places -= 1
            if gate.waiting > 0:
                turn_back(s, gate.head, REFUSED)
    drop(s, c)


@feature
def hand_over(s: Any, gate: Any, rule: Any, p: int, opened_ns: int, uses: int) -> None:
    """X6: a good connection to pod p goes to the first who waits, else it is free."""
    if gate.waiting > 0:
        extra = s.extras[gate.head]
        extra.connected, extra.opened_ns, extra.uses = p, opened_ns, uses
        leave(s, gate.head)
        return
    one = s.connections[place_of(gate, rule, gate.free)]
    one.pod, one.opened_ns, one.uses, one.freed_ns = p, opened_ns, uses, s.lane[0].now_ns
    gate.free += 1


@feature
def leave_pool(s: Any, a: int, held: int, outcome: int) -> None:
    """X5, X7: try a, which held this much, is over for its caller: it waits no longer, or its place is another's."""
    one, extra, now = s.frames[a], s.extras[a], s.lane[0].now_ns
    rule, gate = s.pool_rules[one.route], s.gates[s.views[one.viewer].gate]
    if gate.is_closed == 1:
        return
    if held & WAITS:
        unchain(s, a)
    elif held & IN_POOL and rule.connects == 0:
        if gate.waiting > 0:
            leave(s, gate.head)
        else:
            gate.places -= 1
    elif held & IN_POOL:
        extra.uses += 1
        pod = s.pods[extra.connected]
        if is_kept(outcome) and pod.is_gone == 0 and pod.is_ready == 1 and not is_spent(extra, rule, now):
            hand_over(s, gate, rule, extra.connected, extra.opened_ns, extra.uses)
        else:
            pod.connections -= 1
            gate.places -= 1
            open_more(s, one.route, one.viewer)
    elif rule.connects == 1:
        open_more(s, one.route, one.viewer)


@feature
def unchain(s: Any, a: int) -> None:
    """Try a waits no longer."""
    one, before = s.frames[a], s.extras[a].before
    gate = s.gates[s.views[one.viewer].gate]
    gate.waiting -= 1
    one.gen += 1
    if before >= 0:
        s.frames[before].next = one.next
    else:
        gate.head = one.next
    if one.next >= 0:
        s.extras[one.next].before = before
    else:
        gate.tail = before


@feature
def leave(s: Any, a: int) -> None:
    """X5: a try that waited has its place, and leaves."""
    unchain(s, a)
    one, extra = s.frames[a], s.extras[a]
    caller, route = s.frames[one.parent], s.routes[one.route]
    extra.gates = extra.gates & ~WAITS | IN_POOL
    one.pod = pod_of(s, a)
    one.word = row_word(0, one.number, one.pod)
    if one.sampled > 0:
        one.sent_ns = s.lane[0].now_ns
    row(s, one.request_number, one.word | SENT, caller.trying)
    if one.pod < 0:
        one.served = NO_ENDPOINT
        push_soon(s, rank(REPLIED, one.request_number, one.number), a)
        return
    if route.special & PROPAGATES != 0:
        tell_left(s, one.parent, a)
    if route.memory == PAIRS:
        one_more(s, one.viewer, one.pod)
    elif route.memory == HOSTS:
        lend(s, one.viewer, a)
    travel(s, a, DELIVERED)
    if route.per_try_timeout_ns > 0:
        caller.alarm_place = next_place(s, route.alarm_ring)
        order = rank(ALARM, one.request_number, one.number)
        push(s, route.alarm_ring, s.lane[0].now_ns + route.per_try_timeout_ns, order, (caller.gen << 32) | one.parent)


@feature
def turn_back(s: Any, a: int, outcome: int) -> None:
    """X5: a try that waited ends without having left."""
    unchain(s, a)
    one, extra = s.frames[a], s.extras[a]
    extra.gates = extra.gates & ~WAITS | TURNED_BACK
    one.served = outcome
    if outcome == OVERFLOW:
        s.routes[one.route].refused += 1
    row(s, one.request_number, one.word | SENT, s.frames[one.parent].trying)
    push_soon(s, rank(REPLIED, one.request_number, one.number), a)


@feature
def on_waited(s: Any, a: int, gen: int) -> None:
    """X5: a try has waited too long, unless it waits no more."""
    if s.frames[a].gen == gen:
        turn_back(s, a, OVERFLOW)
