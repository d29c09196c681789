"""Circuit breakers: Envoy's bounds what is under way, resilience4j's opens when calls fail or are slow."""

from __future__ import annotations

from typing import Any

from sim.laws.windowing import cells_of_calls, cells_of_time, clear_window, note_call, note_now, note_total
from sim.registry import law, seldom

CLOSED, OPEN, HALF_OPEN = range(3)
SECOND_NS = 1_000_000_000


@law
def has_room(in_flight: int, most: int) -> bool:
    """X1 Envoy: a try may go while fewer than `most` are under way."""
    return in_flight < most


def breaker_cells(size: int, is_timed: bool) -> int:
    """How many whole numbers a breaker's window takes."""
    return cells_of_time(size) if is_timed else cells_of_calls(size)


@seldom
@law
def enter_state(gate: Any, cells: Any, rule: Any, state: int, at_ns: int) -> None:
    """X3 The breaker is in another state since some time; it begins to count anew, and half open it gives out permits."""
    gate.state = state
    gate.since_ns = at_ns
    gate.permits = rule.permitted
    if state != OPEN:
        clear_window(cells, gate.window, rule.cells)


@seldom
@law
def turn_by_time(gate: Any, cells: Any, rule: Any, now_ns: int) -> None:
    """X3 What time alone changes: half open for too long it opens, and where that is automatic, open it becomes half open."""
    if gate.state == HALF_OPEN and rule.half_open_ns > 0 and now_ns >= gate.since_ns + rule.half_open_ns:
        enter_state(gate, cells, rule, OPEN, gate.since_ns + rule.half_open_ns)
    if gate.state == OPEN and rule.is_automatic == 1:
        if rule.half_open_ns > 0:  # to and fro, as long as nobody calls
            gate.since_ns += (now_ns - gate.since_ns) // (rule.wait_ns + rule.half_open_ns) * (rule.wait_ns + rule.half_open_ns)
        if now_ns >= gate.since_ns + rule.wait_ns:
            enter_state(gate, cells, rule, HALF_OPEN, gate.since_ns + rule.wait_ns)


@seldom
@law
def permits_call(gate: Any, cells: Any, rule: Any, now_ns: int) -> bool:
    """X2 Whether a breaker lets a call go. One that is open becomes half open when a call asks after its wait is over."""
    turn_by_time(gate, cells, rule, now_ns)
    if gate.state == OPEN:
        if now_ns <= gate.since_ns + rule.wait_ns:
            return False
        enter_state(gate, cells, rule, HALF_OPEN, now_ns)
    if gate.state == HALF_OPEN:
        if gate.permits == 0:
            return False
        gate.permits -= 1
    return True


@seldom
@law
def learn_result(gate: Any, cells: Any, rule: Any, now_ns: int, failed: int, slow: int) -> None:
    """X3 A call that was let go is over: it is counted in the state the breaker is in now, which may change it."""
    turn_by_time(gate, cells, rule, now_ns)
    if gate.state == OPEN:
        return
    least = rule.minimum
    if gate.state == HALF_OPEN:
        note_total(cells, gate.window, 1, failed, slow)
        least = min(least, rule.permitted)
    elif rule.is_timed == 1:
        note_now(cells, gate.window, rule.size, now_ns // SECOND_NS, 1, failed, slow)
    else:
        note_call(cells, gate.window, rule.size, failed, slow)
        least = min(least, rule.size)
    calls = cells[gate.window]
    if calls < least:
        return
    if cells[gate.window + 1] / calls >= rule.failure_rate or cells[gate.window + 2] / calls >= rule.slow_rate:
        enter_state(gate, cells, rule, OPEN, now_ns)
    elif gate.state == HALF_OPEN:
        enter_state(gate, cells, rule, CLOSED, now_ns)


@seldom
@law
def release_permit(gate: Any, cells: Any, rule: Any, now_ns: int) -> None:
    """X3 A call that was let go has no result: half open, another may go in its place."""
    turn_by_time(gate, cells, rule, now_ns)
    if gate.state == HALF_OPEN:
        gate.permits += 1
