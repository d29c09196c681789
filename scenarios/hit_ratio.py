"""How often a cache misses once it has filled: approximations, good to a few per cent, from the file's own figures."""

from __future__ import annotations

import math
from collections.abc import Iterator

from scenarios.schema.keys import Keys
from scenarios.schema.programs import CacheSettings
from scenarios.schema.units import NS_PER_S

EXACT = 1_000  # so many of the most wanted keys are looked at one by one; others in groups of alike ones
GROUP = 1.05  # ratio of a group's last rank to its first


def miss_share(spec: CacheSettings, lookups_per_s: float) -> float:
    """The share of look-ups that find nothing fresh, of one store that is asked so often, keys drawn independently.

    What capacity drops, by Che's approximation for LRU (a key stays if it comes again within a time that is the same
    for all) and its like for FIFO; what the time to live ends, by renewal: a fill, then hits for ttl. Of both, whichever
    takes more of a key. Fills take no time.
    """
    groups = list(_groups(spec.keys))
    stay = math.inf if spec.capacity is None else _stay(groups, spec)
    ttl = math.inf if spec.ttl is None else spec.ttl / NS_PER_S * lookups_per_s  # in look-ups, as stay is
    return sum(n * p * max(_dropped(spec, p * stay), 1 / (1 + p * ttl)) for n, p in groups)


def _dropped(spec: CacheSettings, expected: float) -> float:
    """The share of a key's look-ups that find it dropped; `expected` of them come while it may stay."""
    return math.exp(-expected) if spec.policy == "lru" else 1 / (1 + expected)


def _stay(groups: list[tuple[float, float]], spec: CacheSettings) -> float:
    """For how many look-ups a key stays that nobody asks for: until as many others came as there are places."""
    capacity = float(spec.capacity or 0)
    if capacity >= spec.keys.count:
        return math.inf
    low, high = 0.0, 1.0
    while sum(n * (1 - _dropped(spec, p * high)) for n, p in groups) < capacity and high < 1e18:
        low, high = high, 2 * high
    for _ in range(60):
        middle = (low + high) / 2
        kept = sum(n * (1 - _dropped(spec, p * middle)) for n, p in groups)
        low, high = (middle, high) if kept < capacity else (low, middle)
    return high


def hottest_share(keys: Keys) -> float:
    """The share of all that ask which the most wanted key gets."""
    return max(p for _, p in _groups(keys))


def _groups(keys: Keys) -> Iterator[tuple[float, float]]:
    """(how many keys, probability of each) of alike keys; all probabilities make 1."""
    exponent = keys.zipf.exponent if keys.zipf is not None else 0.0
    ranks = [(float(k), 1.0) for k in range(1, min(keys.count, EXACT) + 1)]
    first = EXACT + 1
    while first <= keys.count:
        last = min(keys.count, int(first * GROUP))
        ranks.append((math.sqrt(first * last), last - first + 1.0))
        first = last + 1
    weights = [(n, rank**-exponent) for rank, n in ranks]
    total = sum(n * weight for n, weight in weights)
    yield from ((n, weight / total) for n, weight in weights)
