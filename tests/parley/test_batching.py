"""Batch means: half-widths and effective sample sizes where the answer is known, and no interval where batches are not independent."""

from __future__ import annotations

import math

import numpy as np
import pytest

import parley
from parley.statistics.batching import BATCHES, Batches
from scenarios.load import loads
from sim.laws.measuring import BUCKETS, bucket
from sim.records import REQUEST_TALLY
from sim.telemetry import Grown

FIELDS = [name for name, _ in REQUEST_TALLY.fields]
QUANTILES = {"p90": 0.9}


def batches_of(windows, good=None):
    """Batches of one class, given the latencies in ns that each window saw."""
    made = Batches(1)
    for i, latencies in enumerate(windows):
        tally = np.zeros((1, len(FIELDS)), dtype=np.int64)
        n = len(latencies)
        for name, value in (("offered", n), ("succeeded", n), ("good", n if good is None else good[i]), ("latency_ns", sum(latencies))):
            tally[0, FIELDS.index(name)] = value
        at, by = np.unique([bucket(int(one)) for one in latencies], return_counts=True)
        made.add(tally, Grown(at, by))
    return made


def test_independent_answers_count_one_by_one():
    """Of 32,000 exponential times the effective number is near 32,000, and the half-width 1.96 / sqrt(n) of the mean."""
    times = np.random.default_rng(7).exponential(1e7, (320, 100)).astype(int)
    mean, p90 = (batches_of(times).estimates(["w"], QUANTILES)[f"latency_ms.{key}"] for key in ("mean", "p90"))
    assert mean.mean == pytest.approx(times.mean() / 1e6) and mean.n == 32
    assert mean.half_width == pytest.approx(2.04 * times.std() / math.sqrt(times.size) / 1e6, rel=0.4)
    assert 32_000 / 2 < mean.effective_n < 32_000 * 2 and 32_000 / 2 < p90.effective_n < 32_000 * 2
    assert p90.mean == pytest.approx(10 * math.log(10), rel=0.02)


def test_answers_alike_within_a_window_count_once():
    """All 100 answers of a window take the same time: 320 independent figures, whatever the number of answers."""
    times = np.repeat(np.random.default_rng(8).exponential(1e7, (320, 1)).astype(int), 100, axis=1)
    mean = batches_of(times).estimates(["w"], QUANTILES)["latency_ms.mean"]
    assert 160 < mean.effective_n < 640


def test_no_interval_where_batches_know_of_each_other():
    """A slow wave over the whole run: even eight batches are correlated, and nothing is claimed."""
    wave = 2e7 + 1e7 * np.sin(np.linspace(0, 2 * math.pi, 320))
    assert batches_of(np.repeat(wave.astype(int)[:, None], 10, axis=1)).estimates(["w"], QUANTILES) == {}


def test_longer_batches_where_short_ones_are_not_enough():
    """What remembers for about fifteen windows of 320 is independent in eight batches of forty, not in 32 of ten."""
    rng, level, levels = np.random.default_rng(5), 0.0, []
    for _ in range(320):
        level = 0.93 * level + rng.normal()
        levels.append(level)
    found = batches_of(np.repeat((1e8 + 5e6 * np.array(levels)).astype(int)[:, None], 5, axis=1)).estimates(["w"], QUANTILES)
    assert found["latency_ms.mean"].n in BATCHES[1:]


def test_none_failed_is_not_never():
    """3,200 of 3,200 good: with 95 % at most one in a thousand is not."""
    found = batches_of(np.full((320, 10), 1_000_000)).estimates(["w"], QUANTILES)["good"]
    assert (found.mean, found.method) == (1.0, "rule of three") and found.half_width == pytest.approx(3 / 3200)


def test_a_share_by_batches():
    """Nine of ten good in every window: the share is exact, and so is its interval."""
    found = batches_of(np.full((320, 10), 1_000_000), good=[9] * 320).estimates(["w"], QUANTILES)["good"]
    assert found.mean == pytest.approx(0.9) and found.half_width == pytest.approx(0)


def test_only_a_steady_run_has_them(tmp_path):
    """The summary's estimates stand by the paths of the figures; a world with a fault has none."""
    text = """
version: 1
name: two
duration: 30s
warmup: 2s
services: {a: {workers: 2, endpoints: {x: [{work: {exponential: 10ms}}]}}}
workload: {w: {entry: a.x, arrivals: {poisson: 100/s}}, v: {entry: a.x, arrivals: {constant: 10/s}}}
"""
    summary = parley.run(loads(text), spans="none", out=tmp_path / "steady").summary
    assert {"latency_ms.mean", "classes.w.latency_ms.p99", "good", "classes.v.availability"} <= summary["estimates"].keys()
    one = summary["estimates"]["latency_ms.mean"]
    assert one["method"] == "batch means" and 0 < one["half_width"] < summary["latency_ms"]["mean"] / 3
    assert 0 < one["effective_n"] <= 1.5 * summary["measured"]["succeeded"]
    fault = "faults: {f: {at: 5s, for: 1s, slow: {service: a, factor: 2}}}\n"
    assert "estimates" not in parley.run(loads(text + fault), spans="none", out=tmp_path / "fault").summary


def test_buckets_of_other_classes_stay_out():
    """Two classes of which one is ten times as slow: each has its own quantile."""
    made = Batches(2)
    for _ in range(320):
        tally = np.zeros((2, len(FIELDS)), dtype=np.int64)
        tally[:, [FIELDS.index("offered"), FIELDS.index("succeeded"), FIELDS.index("good")]] = 10
        tally[:, FIELDS.index("latency_ns")] = 10_000_000, 100_000_000
        made.add(tally, Grown(np.array([bucket(1_000_000), BUCKETS + bucket(10_000_000)]), np.array([10, 10])))
    found = made.estimates(["quick", "slow"], QUANTILES)
    assert found["classes.quick.latency_ms.p90"].mean == pytest.approx(1.0, rel=0.01)
    assert found["classes.slow.latency_ms.p90"].mean == pytest.approx(10.0, rel=0.01)
