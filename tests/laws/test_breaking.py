"""X1 to X4: Envoy's bound, resilience4j's breaker by its documentation, and windows against lists."""

from __future__ import annotations

from collections import deque
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.laws.breaking import (
    CLOSED,
    HALF_OPEN,
    OPEN,
    breaker_cells,
    enter_state,
    has_room,
    learn_result,
    permits_call,
    release_permit,
    turn_by_time,
)
from sim.laws.windowing import cells_of_calls, cells_of_time, clear_window, move_on, note_call, note_now, note_total
from sim.records import BREAKER_RULE, GATE

MS = 1_000_000
SECOND = 1000 * MS
BEYOND = 10  # cells of somebody else, before and behind a window


class Breaker:
    """A breaker with resilience4j's defaults unless told otherwise, in cells that others use too."""

    def __init__(self, **told: Any) -> None:
        rule: dict[str, Any] = {"size": 100, "is_timed": 0, "is_automatic": 0, "minimum": 100, "failure_rate": 0.5, "slow_rate": 1.0,
                                "slow_ns": 60 * SECOND, "wait_ns": 60 * SECOND, "permitted": 10, "half_open_ns": 0} | told  # fmt: skip
        rule["cells"] = breaker_cells(rule["size"], rule["is_timed"] == 1)
        self.rule = BREAKER_RULE.make_class()(**rule)
        self.gate = GATE.make_class()(window=BEYOND, permits=rule["permitted"])
        self.cells = [7] * BEYOND + [0] * rule["cells"] + [7] * BEYOND

    def asks(self, at: int) -> bool:
        return permits_call(self.gate, self.cells, self.rule, at)

    def learns(self, at: int, failed: int = 0, slow: int = 0) -> int:
        """The state after a result."""
        learn_result(self.gate, self.cells, self.rule, at, failed, slow)
        assert {*self.cells[:BEYOND], *self.cells[-BEYOND:]} == {7}
        return int(self.gate.state)


def test_envoys_bound():
    """X1: max_requests tries are under way at most; a bound of nothing lets nothing go (has_room)."""
    assert [has_room(n, 3) for n in range(5)] == [True, True, True, False, False]
    assert not has_room(0, 0)


def test_nine_of_ten_calls_are_not_judged():
    """X3, resilience4j's documentation of minimumNumberOfCalls: with 10, nine failures do not open it; the tenth call does."""
    breaker = Breaker(minimum=10)
    assert {breaker.learns(0, failed=1) for _ in range(9)} == {CLOSED}
    assert breaker.learns(0, failed=0) == OPEN


@pytest.mark.parametrize(("size", "minimum", "calls"), [(5, 100, 5), (100, 5, 5), (5, 5, 5), (1, 100, 1)])
def test_a_window_of_calls_needs_no_more_than_it_holds(size, minimum, calls):
    """X3: min(minimumNumberOfCalls, slidingWindowSize) calls are enough."""
    breaker = Breaker(size=size, minimum=minimum)
    states = [breaker.learns(0, failed=1) for _ in range(calls)]
    assert states == [CLOSED] * (calls - 1) + [OPEN]


@pytest.mark.parametrize(
    ("threshold", "failed", "calls", "opens"),
    [(0.5, 5, 10, True), (0.5, 4, 10, False), (0.07, 7, 100, True), (0.29, 29, 100, True), (0.29, 28, 100, False), (1.0, 9, 10, False),
     (1 / 3, 1, 3, True)],
)  # fmt: skip
def test_the_threshold_itself_opens(threshold, failed, calls, opens):
    """X3: a rate equal to the threshold opens it, to the last bit, whatever the fraction."""
    breaker = Breaker(size=calls, failure_rate=threshold)
    states = [breaker.learns(0, failed=int(n < failed)) for n in range(calls)]
    assert states == [CLOSED] * (calls - 1) + [OPEN if opens else CLOSED]


def test_slow_calls_open_it_too():
    """X3: slow successes and slow failures both count as slow; 100 % of them by default."""
    breaker = Breaker(size=4)
    assert [breaker.learns(0, slow=1), breaker.learns(0, slow=1), breaker.learns(0, slow=1)] == [CLOSED] * 3
    assert breaker.learns(0, failed=1, slow=1) == OPEN
    assert Breaker(size=1).learns(0, slow=1) == OPEN
    assert Breaker(size=1, slow_rate=0.5, failure_rate=1.0).learns(0) == CLOSED


def test_only_the_last_calls_count():
    """X3: failures that left the window of four are forgotten."""
    breaker = Breaker(size=4, minimum=4)
    assert [breaker.learns(0, failed=f) for f in (1, 0, 0, 0, 1, 0, 0, 0, 1, 1)] == [CLOSED] * 9 + [OPEN]


def test_only_the_last_seconds_count():
    """X3: TIME_BASED keeps whole seconds: a failure at 0.9 s is forgotten at 3.0 s with a window of three, not before."""
    for late, opens in ((2 * SECOND + 999 * MS, True), (3 * SECOND, False)):
        breaker = Breaker(is_timed=1, size=3, minimum=2)
        breaker.learns(900 * MS, failed=1)
        assert breaker.learns(late) == (OPEN if opens else CLOSED)
    assert breaker.learns(3 * SECOND, failed=1) == OPEN, "two calls in the window, half of them failed"


def test_open_it_waits_for_a_call():
    """X2: it refuses up to and at the end of its wait; the next call after that finds it half open (isAfter)."""
    breaker = Breaker(size=1, wait_ns=10 * MS, permitted=2)
    assert breaker.asks(0)
    assert breaker.learns(5 * MS, failed=1) == OPEN
    assert [breaker.asks(at * MS) for at in (5, 14, 15)] == [False] * 3
    turn_by_time(breaker.gate, breaker.cells, breaker.rule, 3600 * SECOND)
    assert breaker.gate.state == OPEN, "without a call nothing changes, not in an hour"
    assert [breaker.asks(15 * MS + 1), breaker.asks(15 * MS + 1), breaker.asks(16 * MS)] == [True, True, False]
    assert breaker.gate.state == HALF_OPEN


@pytest.mark.parametrize(("failed", "state"), [((0, 0, 0), CLOSED), ((0, 1, 0), CLOSED), ((1, 1, 0), OPEN), ((1, 1, 1), OPEN)])
def test_half_open_the_permitted_calls_decide(failed, state):
    """X3: when min(minimumNumberOfCalls, permitted) results are in, the rate opens or closes it, and not before."""
    breaker = half_open(size=100, minimum=100, permitted=3)
    states = [breaker.learns(MS, failed=f) for f in failed]
    assert states == [HALF_OPEN, HALF_OPEN, state]
    assert half_open(minimum=1, permitted=3).learns(MS) == CLOSED


def half_open(**told: Any) -> Breaker:
    """A breaker that has just become half open, at 0."""
    breaker = Breaker(**told)
    enter_state(breaker.gate, breaker.cells, breaker.rule, HALF_OPEN, 0)
    return breaker


def test_closed_it_begins_anew():
    """X3: what was counted before it opened, or half open, is forgotten when it closes."""
    breaker = half_open(size=2, minimum=2, permitted=2, failure_rate=0.6)
    assert [breaker.learns(0, failed=1), breaker.learns(0)] == [HALF_OPEN, CLOSED]
    assert [breaker.learns(0), breaker.learns(0, failed=1), breaker.learns(0, failed=1)] == [CLOSED, CLOSED, OPEN]


def test_late_results_count_in_the_state_they_meet():
    """X3: results of calls let go while it was closed count half open; open they change nothing."""
    breaker = Breaker(size=1, wait_ns=10 * MS, permitted=1)
    breaker.learns(0, failed=1)
    assert breaker.learns(MS) == OPEN
    assert breaker.asks(11 * MS)
    assert breaker.learns(12 * MS, failed=1) == OPEN, "an old call failed, while the one that was let go is still out"
    assert breaker.gate.since_ns == 12 * MS


def test_no_result_gives_the_permit_back():
    """X3: half open a call without a result may be replaced; closed there is nothing to give back (release_permit)."""
    breaker = half_open(permitted=1)
    assert [breaker.asks(0), breaker.asks(0)] == [True, False]
    release_permit(breaker.gate, breaker.cells, breaker.rule, 0)
    assert [breaker.asks(0), breaker.asks(0)] == [True, False]
    closed = Breaker(permitted=1)
    release_permit(closed.gate, closed.cells, closed.rule, 0)
    assert closed.gate.permits == 1


def test_half_open_for_too_long():
    """X3: after maxWaitDurationInHalfOpenState it is open since then, whenever somebody looks."""
    breaker = half_open(half_open_ns=5 * MS, wait_ns=10 * MS, permitted=1)
    assert [breaker.asks(0), breaker.asks(5 * MS), breaker.asks(15 * MS), breaker.asks(15 * MS + 1)] == [True, False, False, True]
    assert half_open(half_open_ns=5 * MS, minimum=1).learns(5 * MS) == OPEN, "a result at that very instant is too late"


def test_automatic_transitions():
    """X3: it is half open when its wait is over, so a result then counts; and to and fro if nobody calls for long."""
    breaker = Breaker(size=1, wait_ns=10 * MS, is_automatic=1, permitted=1)
    breaker.learns(0, failed=1)
    assert breaker.learns(10 * MS) == CLOSED, "half open since then, and one success is enough where one call is"
    swinging = Breaker(size=1, wait_ns=10 * MS, is_automatic=1, half_open_ns=5 * MS, permitted=1)
    swinging.learns(0, failed=1)
    for cycle in (0, 1, 10**6):
        at = cycle * 15 * MS
        states = []
        for offset in (1, 9, 10, 14):
            turn_by_time(swinging.gate, swinging.cells, swinging.rule, at + offset * MS)
            states.append(swinging.gate.state)
        assert states == [OPEN, OPEN, HALF_OPEN, HALF_OPEN]


@given(st.integers(1, 8), st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1)), max_size=40))
def test_a_window_of_calls(size, calls):
    """X4: the totals are those of the last `size` calls (note_call)."""
    cells, last = [0] * cells_of_calls(size), deque(maxlen=size)
    for call in calls:
        note_call(cells, 0, size, *call)
        last.append(call)
        assert cells[:3] == [len(last), sum(f for f, _ in last), sum(s for _, s in last)]


@given(st.integers(1, 6), st.lists(st.tuples(st.integers(0, 9), st.integers(0, 3)), max_size=40))
def test_a_window_of_time(parts, steps):
    """X4: the totals are those of this stretch and the parts - 1 before it, whether or not anything happened in between."""
    cells, counted, stretch = [0] * cells_of_time(parts), [], 0
    for step, count in steps:
        stretch += step
        move_on(cells, 0, parts, stretch)
        note_now(cells, 0, parts, stretch, count, 1, 0)
        counted.append((stretch, count))
        inside = [c for s, c in counted if s > stretch - parts]
        assert cells[:3] == [sum(inside), len(inside), 0]
    note_total(cells, 0, 0, 0, 5)
    assert cells[2] == 5
    clear_window(cells, 0, len(cells))
    assert set(cells) == {0}
