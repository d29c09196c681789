"""B18 to B21: Prequal's probes."""

from __future__ import annotations

import random
import statistics

import numpy as np
import pytest
from scipy import stats

from sim.draws import indexed_key
from sim.laws.probing import (
    ENDLESS,
    RIFS,
    SAMPLES,
    best_probe,
    count_within,
    drop_probe,
    is_better,
    latency_near,
    note_latency,
    note_rif,
    probe_key,
    probe_target,
    probe_uses,
    rif_threshold,
    so_many_now,
    worst_probe,
)
from sim.records import BALANCER_PROBE, SAMPLE

Probe, Sample = BALANCER_PROBE.make_class(), SAMPLE.make_class()
KEYS = [indexed_key(9, n) for n in range(20_000)]


def probes(*known: tuple[int, int]) -> list[object]:
    """Probes of (RIF, latency), the oldest first."""
    return [Probe(serial=i, rif=rif, latency_ns=latency) for i, (rif, latency) in enumerate(known)]


def test_targets_are_even():
    """B18: any host alike; a try's probes have keys of their own."""
    drawn = np.array([[probe_target(probe_key(key, k), 7) for k in range(2)] for key in KEYS])
    pairs = np.zeros((7, 7))
    np.add.at(pairs, (drawn[:, 0], drawn[:, 1]), 1)
    assert stats.chisquare(pairs.ravel()).pvalue > 1e-6


@pytest.mark.parametrize(("rate", "expected"), [(3.0, [3, 3, 3, 3]), (0.5, [0, 1, 0, 1]), (1.25, [1, 1, 1, 2]), (0.0, [0, 0, 0, 0])])
def test_rates_that_are_not_whole(rate, expected):
    """B18: r_probe may be fractional; in n calls ⌊n · rate⌋ have been sent."""
    assert [so_many_now(n, rate) for n in range(1, 5)] == expected


def test_the_latency_near_a_load():
    """B19: by hand: six visits; at 9 in flight the five nearest are all but that of 1; at 2 all but that of 9."""
    samples = [Sample() for _ in range(SAMPLES + 1)]
    for n, (rif, latency) in enumerate([(1, 10), (2, 20), (2, 30), (2, 25), (9, 90), (8, 80)]):
        note_latency(samples, 1, n, rif, latency)
    assert latency_near(samples, 1, 6, 9) == 30  # 20, 25, 30, 80, 90
    assert latency_near(samples, 1, 6, 2) == 25  # within 6 of it: 10, 20, 25, 30, 80
    assert latency_near(samples, 1, 4, 2) == 20  # 10, 20, 25, 30: the lower median
    assert latency_near(samples, 1, 0, 2) == 0
    assert count_within(samples, 1, 6, 2, 0) == 3


@pytest.mark.parametrize("seed", range(20))
def test_the_median_of_many(seed):
    """B19: with one load a pod tells the low median of its last 64 visits."""
    chance, samples = random.Random(seed), [Sample() for _ in range(SAMPLES)]
    taken = [chance.randint(1, 50) for _ in range(chance.randint(1, 200))]
    for n, latency in enumerate(taken):
        note_latency(samples, 0, n, 3, latency)
    assert latency_near(samples, 0, len(taken), 5) == statistics.median_low(taken[-SAMPLES:])


@pytest.mark.parametrize("quantile", [0.0, 0.5, 0.84, 1.0])
def test_thresholds(quantile):
    """B20: the quantile of the last 64, as NumPy's inverted CDF has it."""
    chance, rifs, seen = random.Random(3), [0] * (2 * RIFS + 1), []
    for n in range(300):
        seen.append(chance.choice([chance.randint(0, 5), chance.randint(0, 50)]))
        note_rif(rifs, 1, n, seen[-1])
        expected = np.quantile(seen[-RIFS:], quantile, method="inverted_cdf")
        assert rif_threshold(rifs, 1, n + 1, quantile) == expected
    assert rifs[0] == 0


@pytest.mark.parametrize(
    ("known", "best", "worst"),
    [
        ([(2, 50), (5, 10), (9, 1)], 1, 2),  # threshold 5: 9 in flight is hot, whatever its latency
        ([(5, 70), (0, 80), (5, 70)], 0, 1),  # all cold: the quickest, the first of equal ones
        ([(7, 1), (6, 99), (8, 0)], 1, 2),  # all hot: the fewest in flight
        ([(6, 5), (3, 500)], 1, 0),  # a slow cold one before a quick hot one
    ],
)
def test_hot_cold_lexicographic(known, best, worst):
    """B20, B21: the rule by hand, threshold 5; what is removed is what would be picked last."""
    pool = probes(*known)
    assert (best_probe(pool, 0, len(pool), 5), worst_probe(pool, 0, len(pool), 5)) == (best, worst)
    assert not any(is_better(one, one, 5) for one in pool)


def test_a_probe_goes():
    """B21: those behind it move up, in order."""
    pool = probes((0, 1), (2, 3), (4, 5), (6, 7))
    drop_probe(pool, 1, 3, 2)
    assert [(one.serial, one.rif, one.latency_ns) for one in pool[:3]] == [(0, 0, 1), (1, 2, 3), (3, 6, 7)]


@pytest.mark.parametrize(
    ("pool", "hosts", "probing", "removing", "delta", "uses"),
    [
        (16, 100, 3.0, 1.0, 1.0, 2 / 1.52),  # the paper's defaults and a hundred replicas
        (16, 10_000, 3.0, 1.0, 1.0, 1.0),
        (16, 160, 1.5, 1.0, 1.0, 2 / 0.35),
        (16, 100, 1.0, 0.5, 0.0, 1 / 0.34),
    ],
)
def test_uses(pool, hosts, probing, removing, delta, uses):
    """B21: the paper's max(1, (1 + δ) / ((1 - m/n) r_probe - r_remove)) on average, by whole numbers."""
    drawn = [probe_uses(key, pool, hosts, probing, removing, delta) for key in KEYS]
    assert np.mean(drawn) == pytest.approx(max(1.0, uses), rel=0.01)
    assert set(drawn) <= {int(max(1.0, uses)), int(max(1.0, uses)) + 1}
    assert probe_uses(1, 16, 10, 3.0, 1.0, 1.0) == ENDLESS
