"""B16, B17, B22: weights that pods report, the static stride scheduler, C3's score."""

from __future__ import annotations

from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest

from sim.draws import indexed_key
from sim.laws.reporting import (
    c3_score,
    first_stride,
    known_weight,
    learn_weight,
    measure_rates,
    reported_weight,
    smoothed,
    stride_weight,
    strides_by,
    unanswered_score,
)
from sim.records import HOST, REPORT

S = 1_000_000_000
RULES = SimpleNamespace(blackout_period=10 * S, weight_expiration_period=180 * S)


def test_rates():
    """B16: over 2 s two of four cores were busy, 100 answers came, 10 of them failures; after half a second nothing new is said."""
    report = REPORT.make_class()(capacity=4.0, since_ns=S, finished=50, failed=5, busy_ns=7)
    measure_rates(report, 4 * S + 7, 150, 15, 3 * S)
    assert (report.utilization, report.qps, report.eps) == (0.5, 50.0, 5.0)
    measure_rates(report, 9 * S, 900, 20, 3 * S + S // 2)
    assert (report.qps, report.since_ns) == (50.0, 3 * S)
    measure_rates(report, 4 * S + 7, 151, 15, 4 * S)
    assert (report.utilization, report.qps, report.eps) == (0.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("qps", "utilization", "eps", "penalty", "weight"),
    [
        (20, 0.5, 0, 1.0, 40), (10, 1.0, 0, 1.0, 10), (100, 0.9, 0, 1.0, 111.111), (0, 0.5, 0, 1.0, 0), (100, 0, 5, 1.0, 0),
        (100, 0.5, 10, 1.0, 166.667), (100, 0.5, 10, 2.0, 142.857), (100, 0.5, 10, 0.0, 200),
    ],
)  # fmt: skip
def test_weights(qps, utilization, eps, penalty, weight):
    """B16: A58's formula by hand; a tenth of failures adds 0.1 or 0.2 to the utilization."""
    assert reported_weight(qps, utilization, eps, penalty) == pytest.approx(weight, rel=1e-5)


def test_blackout_and_expiry():
    """B16: as in grpc-go: nothing for 10 s from the first report, nothing from 3 min after the last, then the blackout again."""
    host = HOST.make_class()(reporting_ns=-1)
    assert known_weight(host, RULES, 0) == 0
    learn_weight(host, 0.0, S)
    assert host.reporting_ns == -1
    learn_weight(host, 3.0, 2 * S)
    learn_weight(host, 4.0, 11 * S)
    assert [known_weight(host, RULES, at * S) for at in (3, 11, 12, 190)] == [0, 0, 4, 4]
    assert known_weight(host, RULES, 191 * S) == 0
    learn_weight(host, 5.0, 200 * S)
    assert [known_weight(host, RULES, at * S) for at in (209, 210)] == [0, 5]


def picked(weights: list[int], picks: int, sequence: int = 0) -> list[int]:
    """Hosts in the order of the static stride scheduler."""
    found: list[int] = []
    while len(found) < picks:
        generation, place = divmod(sequence, len(weights))
        sequence += 1
        if not strides_by(weights[place], generation, place):
            found.append(place)
    return found


def test_strides_by_hand():
    """B17: beside a host of the largest weight, which is in every round, one of half of it and one of a quarter.

    By hand: 32767 (g + 1) mod 65535 reaches 32768 in generations 1, 3, 5, ...; 16384 g + 32767 mod 65535 reaches 49151 in 1, 5, 9, ...
    """
    assert picked([65535, 32767], 9) == [0, 0, 1, 0, 0, 1, 0, 0, 1]
    assert picked([65535, 16384], 10) == [0, 0, 1, 0, 0, 0, 0, 1, 0, 0]
    assert picked([65535] * 3, 7) == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.parametrize("weights", [[1.0, 2.0, 3.0], [10.0, 1.0], [0.5, 0.25, 0.75, 1.0]])
def test_strides_are_fair(weights):
    """B17: each host has its share of 65535 generations to within one."""
    scaled = [stride_weight(weight, max(weights), 0.0) for weight in weights]
    found = Counter(picked(scaled, sum(scaled)))
    assert all(abs(found[i] - weight) <= 1 for i, weight in enumerate(scaled))


def test_unknown_weights_take_the_mean():
    """B17: of 2 and 4 known the mean 3 is three quarters of the largest."""
    assert [stride_weight(weight, 4.0, 3.0) for weight in (2.0, 4.0, 0.0)] == [32768, 65535, 49151]


def test_sequences_begin_anywhere():
    """B17: so that callers do not march in step."""
    first = [first_stride(indexed_key(4, n), 1) % 8 for n in range(8000)]
    assert np.ptp(np.bincount(first)) < 200


def test_smoothing():
    """B22: the first sample as it is, then a tenth of the newer."""
    assert smoothed(0.0, 8.0, 0.9, True) == 8.0
    assert smoothed(8.0, 18.0, 0.9, False) == pytest.approx(9.0)


def test_c3():
    """B22: by hand: R - 1/µ + q³/µ. Idle, of 10 ms and 4 ms at work: 6 + 4; with 2 in flight of each of 3 clients and 1 queued: q = 8."""
    assert c3_score(10.0, 4.0, 0.0, 0, 3) == 10.0
    assert c3_score(10.0, 4.0, 1.0, 2, 3) == 6.0 + 512 * 4
    assert c3_score(0.0, 0.0, 0.0, 7, 3) == 0.0
    assert unanswered_score(0) < c3_score(10.0, 4.0, 0.0, 0, 3) < unanswered_score(1) < unanswered_score(2)
    # the paper's figure 4: a server with µ of 1/4 ms and a queue of 20 is as good as one of 1/20 ms with (21³/5)^(1/3) - 1 = 11.28
    assert c3_score(4.0, 4.0, 20.0, 0, 1) == pytest.approx(c3_score(20.0, 20.0, (21**3 / 5) ** (1 / 3) - 1, 0, 1))
