"""N2 and N3: messages over a link that is not well."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.draws import LOST_OUTWARD, indexed_key
from sim.laws.travelling import LOSSES_MAX, RETRANSMISSION_NS, crossing_ns, retransmission_ns

MS = 1_000_000


@pytest.mark.parametrize(("now", "latency", "added", "opens", "length"), [
    (10, 2, 0, 0, 2),  # a link that is well
    (10, 2, 5, 0, 7),  # a slow one
    (10, 2, 0, 30, 22),  # cut until 30: it leaves then
    (30, 2, 0, 30, 2),  # open again at that very instant
    (10, 2, 5, 30, 27),
])  # fmt: skip
def test_a_link_by_hand(now, latency, added, opens, length):
    """N2: wait until it opens, then the latency and what is added."""
    assert crossing_ns(now * MS, latency * MS, added * MS, opens * MS) == length * MS


def test_timeouts_double():
    """N3, RFC 6298 (5.5): a message lost n times in a row has waited 200 ms x (2^n - 1), and is not lost forever."""
    waits = sorted({retransmission_ns(indexed_key(7, n), LOST_OUTWARD, 0.5) for n in range(2000)})
    assert waits[:4] == [0, 200 * MS, 600 * MS, 1400 * MS]
    assert retransmission_ns(1, LOST_OUTWARD, 1.0) == RETRANSMISSION_NS * (2**LOSSES_MAX - 1)


@given(st.integers(0, 2**63), st.floats(0.0, 0.2))
def test_a_worse_link_is_never_faster(key, loss):
    """N3: the same draws meet a higher chance, so that two runs that differ in it differ by nothing else."""
    assert retransmission_ns(key, LOST_OUTWARD, loss) <= retransmission_ns(key, LOST_OUTWARD, loss + 0.1)


def test_losses_are_geometric():
    """N3: the chance of n losses in a row is loss^n; 20,000 messages at 30 %, within four standard errors."""
    waits = np.array([retransmission_ns(indexed_key(3, n), LOST_OUTWARD, 0.3) for n in range(20_000)])
    for losses in (1, 2, 3):
        share, expected = np.mean(waits >= RETRANSMISSION_NS * (2**losses - 1)), 0.3**losses
        assert abs(share - expected) < 4 * math.sqrt(expected * (1 - expected) / len(waits))
