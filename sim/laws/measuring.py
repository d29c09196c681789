"""What is counted of requests: integer sums and an integer log-linear histogram, alike in both engines."""

from __future__ import annotations

from typing import Any

from sim.laws.retrying import OK, OVERFLOW, REJECTED, TIMED_OUT
from sim.registry import law
from sim.words import bit_length

BUCKETS = 4736  # values up to 2^43 ns (2.4 hours); longer ones fall into the last


@law
def bucket(ns: int) -> int:
    """M1 The histogram's bucket of a length: exponent and 7 bits, at most 0.8 % wide."""
    exponent = max(0, bit_length(ns) - 8)
    return min(128 * exponent + (ns >> exponent), BUCKETS - 1)


def bucket_bounds(index: int) -> tuple[int, int]:
    """M1 [low, high) of a bucket, in ns."""
    if index < 256:
        return index, index + 1
    exponent, mantissa = index // 128 - 1, index % 128 + 128
    return mantissa << exponent, (mantissa + 1) << exponent


@law
def is_measured(interval: Any, workload: int, arrived_ns: int) -> bool:
    """M2 Whether a request counts in an interval: by its class and its arrival."""
    return interval.workload == workload and interval.start_ns <= arrived_ns < interval.end_ns


@law
def is_bad(outcome: int, latency_ns: int, good_ns: int) -> bool:
    """M4 Whether a request that is over failed, or took longer than its class's objective: the tail that is sampled."""
    return outcome != OK or latency_ns > good_ns


@law
def count_finished(tally: Any, outcome: int, latency_ns: int, good_ns: int) -> None:
    """M3 A request is over: succeeded (and good, within the bound) or failed, of which timed out or rejected."""
    if outcome == OK:
        tally.succeeded += 1
        tally.latency_ns += latency_ns
        if latency_ns <= good_ns:
            tally.good += 1
    else:
        tally.failed += 1
        if outcome == TIMED_OUT:
            tally.timed_out += 1
        elif outcome == REJECTED or outcome >= OVERFLOW:
            tally.rejected += 1
