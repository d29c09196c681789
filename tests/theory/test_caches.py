"""Caches find the hit ratios that theory has: exact for small LRU and FIFO, Che's approximation for large, renewal for TTL."""

from __future__ import annotations

import math

import numpy as np
import pytest

from scenarios.hit_ratio import miss_share
from scenarios.schema.programs import CacheSettings
from sim.build import build_plane
from tests.theory import oracles
from tests.worlds import with_pods, world

S = 1_000_000_000


def tally_of(settings: str, arrivals: str, seconds: int, seed: int = 1) -> dict[str, int]:
    """What one cache counted of a stream of requests."""
    plane = with_pods(build_plane(world(f"""
duration: {seconds}s
services: {{a: {{workers: 1000, endpoints: {{x: [{{cache: {{{settings}}}}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {arrivals}}}}}
"""), seed, "fast"))  # fmt: skip
    plane.advance(seconds * S)
    (tally,) = plane.observe().caches
    return {name: int(tally[name]) for name in tally.dtype.names}


def hit_ratio(tally: dict[str, int]) -> float:
    """Hits over look-ups."""
    return tally["hits"] / (tally["hits"] + tally["misses"] + tally["coalesced"])


@pytest.mark.parametrize("policy", ["lru", "fifo"])
@pytest.mark.parametrize(("count", "capacity", "exponent"), [(4, 2, 1.0), (5, 3, 0.8), (3, 1, 2.0)])
def test_small_caches(policy, count, capacity, exponent):
    """King (1971): the exact hit ratio under independent references, summed over all orders; 5 standard errors."""
    p = np.arange(1, count + 1, dtype=float) ** -exponent
    truth = oracles.cache_hit_ratio(p / p.sum(), capacity, policy)
    tally = tally_of(f"keys: {{zipf: {{count: {count}, exponent: {exponent}}}}}, capacity: {capacity}, policy: {policy}, "
                     "on_miss: [{wait: 0ms}]", "{poisson: 2000/s}", 50)  # fmt: skip
    looked = tally["hits"] + tally["misses"]
    assert abs(hit_ratio(tally) - truth) < 5 * math.sqrt(3 * truth * (1 - truth) / looked)  # hits of a run are alike


@pytest.mark.parametrize(("exponent", "capacity"), [(0.8, 100), (1.0, 1000), (1.2, 50)])
def test_large_caches(exponent, capacity):
    """Che (2002): within a hundredth for 10,000 keys, and `parley check` says the same."""
    keys = f"keys: {{zipf: {{count: 10000, exponent: {exponent}}}}}, capacity: {capacity}, "
    p = np.arange(1, 10_001, dtype=float) ** -exponent
    truth = oracles.che_hit_ratio(p / p.sum(), capacity)
    assert hit_ratio(tally_of(keys + "on_miss: [{wait: 0ms}]", "{poisson: 5000/s}", 60)) == pytest.approx(truth, abs=0.01)
    spec = CacheSettings.model_validate({"keys": {"zipf": {"count": 10_000, "exponent": exponent}}, "capacity": capacity,
                                         "on_miss": [{"wait": "1ms"}]})  # fmt: skip
    assert 1 - miss_share(spec, 5000) == pytest.approx(truth, abs=0.002)


@pytest.mark.parametrize(("rate", "ttl_ms"), [(100, 10), (100, 50), (1000, 5)])
def test_time_to_live(rate, ttl_ms):
    """Renewal: of one key a fill is followed by λT hits on average, so λT / (1 + λT) hit; 5 standard errors."""
    truth = oracles.ttl_hit_ratio(rate, ttl_ms / 1000)
    tally = tally_of(f"keys: {{uniform: 1}}, ttl: {ttl_ms}ms, on_miss: [{{wait: 0ms}}]", f"{{poisson: {rate}/s}}", 400)
    looked = tally["hits"] + tally["misses"]
    assert abs(hit_ratio(tally) - truth) < 5 * math.sqrt(3 * truth * (1 - truth) / looked)


@pytest.mark.parametrize("coalesce", [True, False])
def test_fills_that_take_time(coalesce):
    """A fill takes F: with coalescing λF wait for each fill and λT hit; without, λF more fill, each anew for the ttl.

    Coalesced, cycles renew: fill, T, and the gap to the next look-up. Not coalesced the value is as fresh as the last of
    the fills, so its freshness lasts as long as a busy period of M/D/∞ tells.
    """
    rate, fill, ttl = 100.0, 0.02, 0.05
    tally = tally_of(f"keys: {{uniform: 1}}, ttl: 50ms, coalesce: {str(coalesce).lower()}, on_miss: [{{wait: 20ms}}]",
                     "{poisson: 100/s}", 400)  # fmt: skip
    looked = sum(tally[name] for name in ("hits", "misses", "coalesced"))
    if coalesce:
        cycle = 1 + rate * fill + rate * ttl
        assert tally["hits"] / looked == pytest.approx(rate * ttl / cycle, rel=0.02)
        assert tally["coalesced"] / looked == pytest.approx(rate * fill / cycle, rel=0.03)
        assert tally["fills"] == pytest.approx(tally["misses"], abs=1)
    else:
        assert tally["misses"] / looked > (1 + rate * fill) / (1 + rate * fill + rate * ttl + rate * fill)
        assert tally["coalesced"] == 0


def test_the_oracles_by_hand():
    """Two keys and one place: a hit is the same key twice, p² + q²; with all keys kept everything hits."""
    p = np.array([0.75, 0.25])
    for policy in ("lru", "fifo"):
        assert oracles.cache_hit_ratio(p, 1, policy) == pytest.approx(0.625)
        assert oracles.cache_hit_ratio(p, 2, policy) == pytest.approx(1.0)
    assert oracles.ttl_hit_ratio(1.0, 1.0) == 0.5
    assert oracles.che_hit_ratio(np.full(10, 0.1), 5) == pytest.approx(0.5)
