"""W5 to W9: Netflix' limits by the tables of their own tests and by hand, and shares of a limit."""

from __future__ import annotations

import math
from typing import Any

import pytest

from sim.draws import PROBE_LIMIT, unit
from sim.laws.concurrency import (
    AIMD,
    GRADIENT2,
    VEGAS,
    aimd_limit,
    busy_of,
    digits,
    gradient2_limit,
    is_drop,
    learn_sample,
    lets_in,
    note_long,
    partition_limit,
    share_of,
    shift_busy,
    takes_for_noload,
    vegas_limit,
)
from sim.laws.retrying import OUTCOMES
from sim.records import GATE, LIMIT_RULE

MS = 1_000_000
Gate, Rule = GATE.make_class(), LIMIT_RULE.make_class()
DEFAULTS: dict[int, dict[str, Any]] = {
    AIMD: {"limiter": AIMD, "initial": 20, "floor": 20, "ceiling": 200, "ratio": 0.9, "drop_ns": 5000 * MS},
    VEGAS: {"limiter": VEGAS, "initial": 20, "ceiling": 1000, "smoothing": 1.0, "probe_every": 30.0},
    GRADIENT2: {"limiter": GRADIENT2, "initial": 20, "floor": 20, "ceiling": 200, "smoothing": 0.2, "tolerance": 1.5, "headroom": 4.0,
                "long_window": 600},
}  # fmt: skip


def limits(kind: int, samples: list[tuple[float, int, bool]], **told: Any) -> list[int]:
    """The limit after each sample of (RTT in ms, how many were inside, whether it was dropped)."""
    rule, gate = Rule(**DEFAULTS[kind] | told), Gate(key=5)
    assert lets_in(gate, rule, 0, 0)
    found = []
    for rtt_ms, inflight, dropped in samples:
        learn_sample(gate, rule, round(rtt_ms * MS), inflight, dropped)
        found.append(gate.limit)
    return found


@pytest.mark.parametrize(
    ("limit", "rtt_ms", "inflight", "dropped", "after"),
    [(10, 1, 10, False, 11), (10, 1, 5, False, 11), (10, 1, 4, False, 10), (10, 1, 10, True, 9), (10, 5001, 1, False, 9),
     (10, 5000, 5, False, 11), (25, 1, 25, True, 22), (2, 1, 2, True, 2), (200, 1, 200, False, 200)],
)  # fmt: skip
def test_aimd(limit, rtt_ms, inflight, dropped, after):
    """W5: one more where half was in use, nine tenths after a drop or more than 5 s, cut off; within 2 and 200."""
    assert aimd_limit(limit, rtt_ms * MS, inflight, dropped, Rule(**DEFAULTS[AIMD] | {"floor": 2})) == after


@pytest.mark.parametrize(("limit", "steps"), [(1, 1), (9, 1), (10, 1), (99, 1), (100, 2), (999, 2), (1000, 3), (10_000, 4)])
def test_digits(limit, steps):
    """W6: the whole part of the decimal logarithm, at least 1."""
    assert digits(limit) == steps == max(1, math.floor(math.log10(limit) + 1e-12))


@pytest.mark.parametrize(
    ("samples", "initial", "most", "after"),
    [
        ([(10, 10, False), (10, 11, False)], 10, 20, [10, 16]),  # no queue: six steps up
        ([(10, 10, False), (50, 11, False)], 10, 20, [10, 9]),  # eight of ten queue: a step down
        ([(10, 10, False), (14, 14, False)], 10, 20, [10, 10]),  # three of ten: well
        ([(10, 10, False), (12, 10, False)], 10, 20, [10, 11]),  # two of ten: a step up
        ([(10, 10, False), (10, 4, False)], 10, 20, [10, 10]),  # less than half in use
        ([(10, 10, False), (10, 4, True)], 10, 20, [10, 9]),  # but a drop is a drop
        ([(10_000, 5000, False), (10_000, 6000, False)], 10_000, 20_000, [10_000, 10_024]),
        ([(10, 10, False), (10, 18, False)], 18, 20, [18, 20]),  # never above the most
        ([(10, 10, True)], 10, 20, [10]),  # the first only tells the time without load
        ([(10, 10, False), (9, 10, True)], 10, 20, [10, 10]),  # as a shorter one does
    ],
)
def test_vegas(samples, initial, most, after):
    """W6: the cases of the library's own tests and more, by hand: q = L (1 - noload / RTT), against 1, 3 and 6 logarithms."""
    assert limits(VEGAS, samples, initial=initial, ceiling=most) == after


def test_vegas_smoothed():
    """W6: half of every step, by hand: 20 + 6/2, then 23 + 6/2; the limit is the whole part."""
    rule = Rule(**DEFAULTS[VEGAS] | {"smoothing": 0.5})
    once = vegas_limit(20.0, 10 * MS, 10 * MS, 20, False, rule)
    assert (once, vegas_limit(once, 10 * MS, 10 * MS, 20, True, rule)) == (23.0, 22.5)


def test_vegas_takes_the_time_without_load_anew():
    """W6: after U·30·L samples, U in [0.5, 1) by the key's draw; then that sample is the time without load, however long."""
    rule, gate = Rule(**DEFAULTS[VEGAS]), Gate(key=5, estimate=20.0, min_rtt_ns=MS)
    due = math.ceil((0.5 + 0.5 * unit(5, PROBE_LIMIT, 0)) * 30 * 20)
    assert 300 <= due <= 600
    taken = [takes_for_noload(gate, 7 * MS, rule) for _ in range(due)]
    assert taken == [False] * (due - 1) + [True]
    assert (gate.probes, gate.measured) == (0, 1)


def test_gradient2():
    """W7, by hand: L 0.8 + 0.2 (L g + 4): 20.8 with no gradient; g = 0.5 at a third of 1.5 long; held below half."""
    rule = Rule(**DEFAULTS[GRADIENT2] | {"floor": 1})
    assert gradient2_limit(20.0, 10.0 * MS, 10 * MS, 20, rule) == pytest.approx(20.8)
    assert gradient2_limit(20.0, 10.0 * MS, 15 * MS, 20, rule) == pytest.approx(20.8)
    assert gradient2_limit(20.0, 10.0 * MS, 20 * MS, 20, rule) == pytest.approx(16 + 0.2 * (15 + 4))
    assert gradient2_limit(20.0, 10.0 * MS, 90 * MS, 20, rule) == pytest.approx(16 + 0.2 * (10 + 4))
    assert gradient2_limit(20.0, 10.0 * MS, 90 * MS, 9, rule) == 20.0
    assert gradient2_limit(200.0, 10.0 * MS, 10 * MS, 200, rule) == 200.0
    assert gradient2_limit(20.0, 10.0 * MS, 90 * MS, 20, Rule(**DEFAULTS[GRADIENT2])) == 20.0


def test_gradient2_finds_its_rest():
    """W7: where answers always take twice what is tolerated, g = 1/2 and the limit comes to rest at 2·queueSize."""
    rule, estimate = Rule(**DEFAULTS[GRADIENT2] | {"floor": 1}), 100.0
    for _ in range(500):
        estimate = gradient2_limit(estimate, 10.0 * MS, 40 * MS, 1000, rule)
    assert estimate == pytest.approx(8.0)


def test_the_long_average():
    """W7: ten samples are averaged; then one counts 2/601; an average above twice the sample is lowered by 5 % afterwards."""
    gate = Gate()
    assert [note_long(gate, ns, 600) for ns in (10, 20, 30)] == [10.0, 15.0, 20.0]
    for _ in range(7):
        note_long(gate, 20, 600)
    assert note_long(gate, 620, 600) == pytest.approx(20 + 600 * 2 / 601)
    before = gate.long_ns
    assert note_long(gate, 1, 600) == pytest.approx(before + (1 - before) * 2 / 601)
    assert gate.long_ns == pytest.approx(0.95 * (before + (1 - before) * 2 / 601))


def test_what_is_learned_from():
    """W8: no time is no sample, unless it is a drop; drops are those that a limit further in, or their caller, ended."""
    assert limits(AIMD, [(0, 20, False), (0, 20, True), (1, 20, False)], floor=1) == [20, 18, 19]
    assert limits(GRADIENT2, [(0, 20, False), (10, 20, False)]) == [20, 20]
    assert limits(GRADIENT2, [(10, 20, False), (0, 20, True), (10, 20, False)], floor=1) == [20, 20, 21]
    assert limits(VEGAS, [(10, 20, False), (0, 20, True), (10, 20, False)]) == [20, 19, 25]  # still 10 ms without load
    assert limits(VEGAS, [(0, 20, True), (10, 20, False), (0, 20, True)]) == [19, 19, 18]
    assert {name for outcome, name in enumerate(OUTCOMES) if is_drop(outcome)} == {"rejected", "shed", "cancelled"}


def test_partitions():
    """W9: of 10, shares of 30 and 70 % are 3 and 7; rounded up, at least 1 even of 0 %, and nothing without a share."""
    shares = ((10, 0.3), (10, 0.7), (20, 0.3), (3, 0.1), (7, 0.5), (9, 0.0), (9, -1.0))
    assert [partition_limit(limit, share) for limit, share in shares] == [
        3, 7, 6, 1, 4, 1, 0]  # fmt: skip


def fill(gate: Any, rule: Any, priority: int, most: int = 99) -> int:
    """How many of a priority come in."""
    for came in range(most):
        present = sum(busy_of(gate, one) for one in range(4))
        if not lets_in(gate, rule, present, priority):
            return came
        shift_busy(gate, priority, 1)
    return most


def test_partitions_share_what_is_free():
    """W9, as the library's tests: a batch fills all ten; live still gets its seven; and then nobody."""
    told = DEFAULTS[AIMD] | {"initial": 10, "critical_share": 0.7, "degraded_share": -1.0, "best_effort_share": -1.0, "bulk_share": 0.3}
    rule, gate = Rule(**told), Gate()
    assert (fill(gate, rule, 3), fill(gate, rule, 0), fill(gate, rule, 3), fill(gate, rule, 1)) == (10, 7, 0, 0)
    rule, gate = Rule(**told), Gate()
    assert (fill(gate, rule, 3, 3), fill(gate, rule, 0), fill(gate, rule, 3)) == (3, 7, 0)


@pytest.mark.parametrize("priority", range(4))
def test_each_priority_has_its_own(priority):
    """W9: shares and counts of the four do not mix."""
    rule = Rule(critical_share=0.1, degraded_share=0.2, best_effort_share=0.3, bulk_share=0.4)
    gate = Gate()
    shift_busy(gate, priority, 2)
    assert share_of(rule, priority) == (0.1, 0.2, 0.3, 0.4)[priority]
    assert [busy_of(gate, one) for one in range(4)] == [2 * (one == priority) for one in range(4)]
