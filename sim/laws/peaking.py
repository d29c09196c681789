"""Peak EWMA, as in tower and Linkerd: of two hosts the one whose recent worst latency times its requests is less."""

from __future__ import annotations

import math

from sim.draws import PICK, pick, unit
from sim.registry import law


@law
def other_candidate(key: int, first: int, n: int) -> int:
    """B9 The second of two distinct hosts among n > 1, drawn by the try's own key; every pair alike."""
    other = pick(unit(key, PICK, 1), n - 1)
    return other + 1 if other >= first else other


@law
def peak_rtt_ns(rtt_ns: float, sample_ns: float, elapsed_ns: float, decay_ns: float) -> float:
    """B9 A latency above the estimate replaces it at once; a lower one draws it down by e^(-elapsed/decay)."""
    if rtt_ns < sample_ns:
        return sample_ns
    kept = math.exp(-elapsed_ns / decay_ns)
    return rtt_ns * kept + sample_ns * (1.0 - kept)


@law
def is_dearer(rtt_ns: float, active: int, other_rtt_ns: float, other_active: int) -> bool:
    """B9 Cost is the estimate times the requests in flight and one more; of equal costs the first candidate is taken."""
    return rtt_ns * (active + 1) > other_rtt_ns * (other_active + 1)
