"""Prequal (Wydrowski et al., NSDI 2024): probes that tell requests in flight (RIF) and latency, and the pod that is picked by them."""

from __future__ import annotations

import math
from typing import Any

from sim.draws import PROBES, bits, indexed_key, pick, unit
from sim.registry import law, seldom

SAMPLES = 64  # latencies a pod remembers
ALIKE = 5  # of them so many at least are looked at: those that met most nearly as many others
RIFS = 64  # requests in flight that a view remembers, of its last probes
ENDLESS = 1 << 30  # uses of a probe that wears out by its age only


@law
def probe_key(key: int, k: int) -> int:
    """B18 Key of a try's k-th probe."""
    return indexed_key(bits(key, PROBES, 0), k)


@law
def probe_target(key: int, n: int) -> int:
    """B18 Which of n hosts a probe of that key goes to: any alike, with replacement."""
    return pick(unit(key, PROBES, 0), n)


@law
def so_many_now(n: int, rate: float) -> int:
    """B18 How many fall to the n-th query, n = 1, 2, ..., at a rate that need not be whole: n queries have had ⌊n · rate⌋."""
    return math.floor(n * rate) - math.floor((n - 1) * rate)


@law
def note_latency(samples: Any, first: int, seen: int, rif: int, latency_ns: int) -> None:
    """B19 A pod remembers how long a visit took that met so many others."""
    sample = samples[first + seen % SAMPLES]
    sample.rif, sample.latency_ns = rif, latency_ns


@law
def count_within(samples: Any, first: int, n: int, rif: int, reach: int) -> int:
    """B19 How many of n visits met `rif` others, or so many more or less."""
    found = 0
    for i in range(first, first + n):
        if abs(samples[i].rif - rif) <= reach:
            found += 1
    return found


@law
@seldom
def latency_near(samples: Any, first: int, seen: int, rif: int) -> int:
    """B19 What a pod with so many in flight answers a probe: the median latency of the visits that met about as many.

    Those are the five at least, of the last 64, that are nearest; all that are as near as the fifth. 0: none was answered yet.
    """
    n = min(seen, SAMPLES)
    if n == 0:
        return 0
    reach = 0
    while count_within(samples, first, n, rif, reach) < min(n, ALIKE):
        reach += 1
    wanted = (count_within(samples, first, n, rif, reach) - 1) // 2
    for i in range(first, first + n):
        if abs(samples[i].rif - rif) <= reach:
            less = equal = 0
            for j in range(first, first + n):
                if abs(samples[j].rif - rif) <= reach:
                    less += 1 if samples[j].latency_ns < samples[i].latency_ns else 0
                    equal += 1 if samples[j].latency_ns == samples[i].latency_ns else 0
            if less <= wanted < less + equal:
                return samples[i].latency_ns
    return 0


@law
def note_rif(rifs: Any, first: int, seen: int, rif: int) -> None:
    """B20 A view remembers the last RIFs: 64 in the order they came, and behind them the same in order of size."""
    n, ordered = min(seen, RIFS), first + RIFS
    if n == RIFS:
        i = ordered
        while rifs[i] != rifs[first + seen % RIFS]:
            i += 1
        n -= 1
        while i < ordered + n:
            rifs[i] = rifs[i + 1]
            i += 1
    rifs[first + seen % RIFS] = rif
    i = ordered + n
    while i > ordered and rifs[i - 1] > rif:
        rifs[i] = rifs[i - 1]
        i -= 1
    rifs[i] = rif


@law
def rif_threshold(rifs: Any, first: int, seen: int, quantile: float) -> int:
    """B20 The quantile of the RIFs that are remembered: a probe of a larger one is hot."""
    n = min(seen, RIFS)
    return rifs[first + RIFS + max(0, math.ceil(quantile * n) - 1)]


@law
def is_better(one: Any, other: Any, threshold: int) -> bool:
    """B20 Hot-cold lexicographic: cold before hot; of cold ones the quicker, of hot ones that with fewer in flight."""
    if (one.rif > threshold) != (other.rif > threshold):
        return one.rif <= threshold
    return one.rif < other.rif if one.rif > threshold else one.latency_ns < other.latency_ns


@law
def best_probe(probes: Any, first: int, count: int, threshold: int) -> int:
    """B20 Which of the probes decides: the best, of equal ones the oldest."""
    best = first
    for i in range(first + 1, first + count):
        if is_better(probes[i], probes[best], threshold):
            best = i
    return best


@law
def worst_probe(probes: Any, first: int, count: int, threshold: int) -> int:
    """B21 Which of the probes goes: the one that would be picked last, of equal ones the oldest."""
    worst = first
    for i in range(first + 1, first + count):
        if is_better(probes[worst], probes[i], threshold):
            worst = i
    return worst


@law
def drop_probe(probes: Any, first: int, count: int, i: int) -> None:
    """B21 A probe goes; those after it move up."""
    for j in range(i, first + count - 1):
        one, following = probes[j], probes[j + 1]
        one.serial, one.rif, one.latency_ns = following.serial, following.rif, following.latency_ns
        one.received_ns, one.uses = following.received_ns, following.uses


@law
def probe_uses(key: int, pool: int, hosts: int, probing: float, removing: float, delta: float) -> int:
    """B21 How often a probe may be used: (1 + delta) / ((1 - pool/hosts) probes - removals) a query, rounded by a draw; once at least."""
    spare = (1.0 - pool / hosts) * probing - removing
    if spare * ENDLESS <= 1.0 + delta:
        return ENDLESS
    uses = max(1.0, (1.0 + delta) / spare)
    whole = math.floor(uses)
    return whole + (1 if unit(key, PROBES, 1) < uses - whole else 0)
