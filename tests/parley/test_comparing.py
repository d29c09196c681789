"""Replications, intervals, and differences that are paired where that helps."""

from __future__ import annotations

import json

import numpy as np
import pytest
from scipy import stats

import parley
from parley.errors import UsageError
from parley.runs.replicating import Replications
from parley.statistics.intervals import difference, estimate
from tests.parley.worlds import SHOP, written


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    """The shop with a slower disk, against the shop, under five seeds."""
    folder = tmp_path_factory.mktemp("compared")
    world = written(folder, SHOP)
    return parley.compare(world, world, seeds=5, until="3s", set_other=["services.front.workers=9", "network.same_zone=1.5ms"],
                          out=folder / "both")  # fmt: skip


def test_an_interval_is_students():
    """As SciPy's own, from the same figures."""
    values = [3.1, 2.7, 3.9, 3.3, 2.2]
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    made = estimate(values)
    assert (made.mean - made.half_width, made.mean + made.half_width) == (pytest.approx(low), pytest.approx(high))


def test_one_replication_has_no_interval():
    """Its half-width is nan, not 0."""
    assert np.isnan(estimate([1.0]).half_width)


def test_pairing_is_used_where_noise_is_shared():
    """A constant step on noisy figures is found exactly."""
    noise = np.random.default_rng(1).normal(size=8)
    made = difference(noise, noise + 0.1, same_seeds=True)
    assert (made.method, made.difference, made.is_clear) == ("paired", pytest.approx(0.1), True)
    assert made.half_width < 1e-12


def test_what_is_the_same_in_every_seed_is_exact():
    """A step with no noise but that of adding has no width, and a step of nothing but that is none."""
    third = [0.1 + 0.2, 0.3, 0.3]
    made = difference(third, [0.4, 0.4, 0.4], same_seeds=True)
    assert (made.method, made.half_width, made.is_clear) == ("paired", 0.0, True)
    assert difference(third, [0.3, 0.3, 0.3], same_seeds=True).difference == 0.0


def test_other_seeds_are_compared_as_welch_does():
    """Nothing is shared, so nothing is paired; said with the reason."""
    a, b = [1.0, 2.0, 3.0, 4.0], [4.4, 3.1, 2.0, 0.7, 1.1]
    made = difference(a, b, same_seeds=False)
    welch = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert (made.method, made.why) == ("unpaired", "the seeds are not the same")
    assert made.half_width == pytest.approx((welch.high - welch.low) / 2)


def test_alternatives_that_vary_against_each_other_stay_pairs():
    """As independent samples they would look surer than they are; that pairing does not help is said."""
    a, b = [1.0, 2.0, 3.0, 4.0], [4.4, 3.1, 2.0, 0.7]
    made = difference(a, b, same_seeds=True)
    welch = stats.ttest_ind(b, a, equal_var=False).confidence_interval(0.95)
    assert (made.method, "do not help here" in made.why) == ("paired", True) and made.reduction < 1
    assert made.half_width > (welch.high - welch.low) / 2


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.5])
@pytest.mark.parametrize("n", [5, 20])
def test_intervals_keep_their_promise_whatever_the_pairs(n, correlation):
    """Of 20,000 comparisons of two that are alike, 5 % are called clear, within half a percent."""
    rng = np.random.default_rng(n)
    normal = rng.normal(size=(2, 20_000, n))
    other = correlation * normal[0] + np.sqrt(1 - correlation**2) * normal[1]
    wrong = np.mean([difference(a, b, same_seeds=True).is_clear for a, b in zip(normal[0], other, strict=True)])
    assert wrong == pytest.approx(0.05, abs=0.005)


def test_a_difference_of_two_worlds_is_paired(compared):
    """The same arrivals and sizes under each seed: a millisecond of network more is seen in five short runs."""
    found = compared["latency_ms.p50"]
    assert (found.method, found.n, found.is_clear) == ("paired", 5, True)
    assert found.difference == pytest.approx(2.0, abs=0.5)
    assert compared["requests.offered"].difference == 0


def test_folders_of_replications_are_compared_without_running(compared):
    """What was run once is read again."""
    again = parley.compare(compared.path / "a", compared.path / "b")
    assert again.differences == compared.differences
    assert json.loads((compared.path / "comparison.json").read_text())["seeds"] == [1, 2, 3, 4, 5]


def test_a_folder_and_a_scenario_do_not_compare(compared, tmp_path):
    """Two of a kind are asked for."""
    with pytest.raises(UsageError, match="not one of each"):
        parley.compare(compared.path / "a", written(tmp_path, SHOP))


def test_replications_stand_beside_their_intervals(compared):
    """The mean in place, the interval under the same path; each seed a run folder of its own."""
    made = Replications(compared.path / "a")
    runs, summary = made.runs(), made.summary
    p99 = [run.summary["latency_ms"]["p99"] for run in runs.values()]
    assert summary["latency_ms"]["p99"] == pytest.approx(np.mean(p99))
    assert summary["estimates"]["latency_ms.p99"] == {
        "half_width": pytest.approx(estimate(p99).half_width), "n": 5, "effective_n": 5, "method": "replications"}  # fmt: skip
    assert len(set(summary["trace_digest"].values())) == 5
    assert {run.manifest["seed"] for run in runs.values()} == {1, 2, 3, 4, 5}


def test_a_seed_among_many_is_the_run_alone(compared, tmp_path):
    """Threads and neighbours change nothing."""
    alone = parley.run(written(tmp_path, SHOP), seed=4, until="3s", out=tmp_path / "alone")
    assert alone.summary["trace_digest"] == Replications(compared.path / "a").summary["trace_digest"]["4"]
