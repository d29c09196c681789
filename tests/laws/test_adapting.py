"""W3 and W4: Envoy's gradient by its own arithmetic, its phases by a timetable, and percentiles against sorted lists."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import JITTER, unit
from sim.laws.adapting import (
    NEVER_NS,
    SAMPLE_CELLS,
    adapt_by_time,
    begin_adapting,
    begin_minimum,
    learn_time,
    new_limit,
    next_measurement_ns,
    note_time,
    percentile_ns,
    update_limit,
)
from sim.records import CONCURRENCY_RULE, GATE

MS = 1_000_000


class Controller:
    """A controller that measures with five answers for a limit of three, each 1000 ms, and updates each 100 ms."""

    def __init__(self, **told: Any) -> None:
        rule: dict[str, Any] = {"least": 3, "most": 1000, "percentile": 0.5, "update_every_ns": 100 * MS, "interval_ns": 1000 * MS,
                                "jitter": 0.0, "request_count": 5, "buffer": 0.25}  # fmt: skip
        self.rule = CONCURRENCY_RULE.make_class()(**rule | told)
        self.gate, self.cells = GATE.make_class()(key=7), [0] * SAMPLE_CELLS
        begin_adapting(self.gate, self.cells, self.rule, 0)

    def answers(self, at_ms: float, took_ms: float, times: int = 1) -> int:
        """The limit after so many answers at a time."""
        for _ in range(times):
            learn_time(self.gate, self.cells, self.rule, round((at_ms - took_ms) * MS), round(at_ms * MS))
        return int(self.gate.limit)

    def looks(self, at_ms: float) -> int:
        """The limit a call meets at a time."""
        adapt_by_time(self.gate, self.cells, self.rule, round(at_ms * MS))
        return int(self.gate.limit)


@pytest.mark.parametrize(
    ("limit", "least_ms", "sample_ms", "limited"),
    [(100, 10, 12.5, 110), (100, 10, 25, 57), (100, 10, 1000, 57), (100, 10, 5, 214), (100, 10, 1, 214), (3, 10, 100, 3),
     (900, 10, 5, 1000), (16, 8, 10, 20)],
)  # fmt: skip
def test_the_gradient(limit, least_ms, sample_ms, limited):
    """W3, by hand: g = 1.25 min / sample within 0.5 and 2, then floor(L g + sqrt(L g)) within 3 and 1000 (new_limit)."""
    assert new_limit(limit, least_ms * MS, round(sample_ms * MS), Controller().rule) == limited


def test_a_controller_lives():
    """W3: boot at 3, five answers of 10 ms make the minimum; then updates each 100 ms after that, and only with answers."""
    one = Controller()
    assert [one.answers(50, 10, times=4), one.gate.kept_limit] == [3, 3]
    assert [one.answers(50, 10), one.gate.kept_limit, one.gate.update_ns, one.gate.measure_ns] == [3, 0, 150 * MS, 1050 * MS]
    assert one.gate.min_rtt_ns == pytest.approx(10 * MS, rel=1 / 64)
    one.answers(140, 10)
    assert [one.looks(149.9), one.looks(150)] == [3, int(3.75 + math.sqrt(3.75))]
    assert one.looks(1049) == 5, "eight updates without an answer change nothing"
    assert [one.looks(1050), one.gate.kept_limit] == [3, 5], "the minimum is measured again, with the least limit"
    assert [one.answers(1060, 20, times=9), one.gate.kept_limit] == [3, 5], "sent before the measurement began"
    assert [one.answers(1100, 20, times=5), one.gate.kept_limit] == [5, 0]
    assert one.gate.min_rtt_ns == pytest.approx(20 * MS, rel=1 / 64)
    assert one.gate.update_ns == 1200 * MS


def test_answers_before_the_first_update_after_a_measurement():
    """W3: an answer late in an idle stretch counts for the update that follows it, which keeps its beat of 100 ms."""
    one = Controller(most=1000)
    one.answers(50, 10, times=5)
    one.answers(520, 10)
    assert [one.looks(549.9), one.looks(550)] == [3, 5]


def test_five_updates_at_the_least():
    """W3: five in a row that stay at the least limit begin a measurement at once, before its time."""
    one = Controller()
    one.answers(50, 10, times=5)
    for n in range(1, 6):
        assert one.gate.kept_limit == 0
        one.answers(40 + n * 100, 40)
        one.looks(50 + n * 100)
    assert [one.gate.kept_limit, one.gate.epoch_ns, one.gate.at_least] == [3, 550 * MS, 0]


def test_a_given_minimum_is_never_measured():
    """W3: with fixed_value there are no measurements, though the limit be the least for ever."""
    one = Controller(fixed_ns=10 * MS)
    assert [one.gate.kept_limit, one.gate.measure_ns] == [0, NEVER_NS]
    for n in range(9):
        one.answers(90 + n * 100, 80)
        assert [one.looks(100 + n * 100), one.gate.kept_limit] == [3, 0]
    one.answers(1000, 5)
    assert one.looks(1100) == 8


def test_a_measurement_forgets_what_came_before():
    """W3: the times since the last update do not mix into the minimum; an update clears them too (begin_minimum, update_limit)."""
    one = Controller(fixed_ns=10 * MS)
    one.answers(10, 5, times=3)
    update_limit(one.gate, one.cells, one.rule, 0)
    assert sum(one.cells) == 0
    one.answers(20, 5, times=3)
    begin_minimum(one.gate, one.cells, one.rule, 20 * MS)
    assert sum(one.cells) == 0
    assert (one.gate.limit, one.gate.kept_limit, one.gate.epoch_ns) == (3, 8, 20 * MS)


def test_jitter():
    """W3: the n-th pause is longer by draw n of the pod's key, up to the share; none is the interval itself."""
    assert {next_measurement_ns(7, n, 1000, 0.0) for n in range(9)} == {1000}
    assert [next_measurement_ns(7, n, 1000, 0.15) for n in range(9)] == [1000 + int(150 * unit(7, JITTER, n)) for n in range(9)]


@given(st.lists(st.integers(0, 10**10), min_size=1, max_size=60), st.sampled_from([0.01, 0.5, 0.9, 0.95, 1.0]))
def test_percentiles(times, percentile):
    """W4: within 1/64, or 2 ns, of the time that a sorted list has there (note_time, percentile_ns)."""
    cells = [0] * SAMPLE_CELLS
    for time in times:
        note_time(cells, 0, time)
    exact = sorted(times)[max(1, math.ceil(percentile * len(times))) - 1]
    assert percentile_ns(cells, 0, percentile) == pytest.approx(exact, rel=1 / 64, abs=2)
