"""The peers Parley is measured against simulate the same workloads: each finds the closed form."""

from __future__ import annotations

import pytest

from tests.benchmarks.peers import PEERS
from tests.sampling import sampled
from tests.theory import oracles

EXPECTED_MS = {
    "W1": oracles.w1_mean_ms(),
    "W2": oracles.w2_mean_ms(),
    "W2t": oracles.w2_mean_ms(),  # at ρ = 0.6 one second is never reached
    "W3": oracles.W3_MEAN_MS,
}
HOPS_PER_REQUEST = {"W1": 1, "W2": 3, "W2t": 3, "W3": 11}
UNTIL_S = {"W1": 240.0, "W2": 80.0, "W2t": 80.0, "W3": 80.0}
LENGTH = {"simpy": 1.0, "ciw": 0.5, "salabim": 0.05}  # of UNTIL_S: the slower the shorter
WITHIN = {"simpy": 0.02, "ciw": 0.02, "salabim": 0.06}


@pytest.mark.parametrize(("peer", "workload"), sampled([(peer, workload) for peer, runs in PEERS.items() for workload in runs],
                                                       lambda case: case[1] == "W2"))  # fmt: skip
def test_a_peer_finds_the_closed_form(peer, workload):
    """Mean latency within 2 % of the oracle (6 % in salabim's short runs), and each request visits what it should."""
    outcome = PEERS[peer][workload](LENGTH[peer] * UNTIL_S[workload], 1)
    assert outcome.mean_ms == pytest.approx(EXPECTED_MS[workload], rel=WITHIN[peer])
    assert outcome.hops / outcome.finished == pytest.approx(HOPS_PER_REQUEST[workload], rel=0.02)


@pytest.mark.parametrize("workload", sampled(PEERS["salabim"], lambda workload: workload == "W1"))
def test_salabim_is_simpy_to_the_last_bit(workload):
    """Both draw the same numbers in the same order, so a model that differed in anything would show it."""
    assert PEERS["salabim"][workload](1.5, 7) == PEERS["simpy"][workload](1.5, 7)


@pytest.mark.parametrize("peer", PEERS)
def test_a_seed_is_a_run(peer):
    """The same seed gives the same outcome, another seed another one."""
    w1 = PEERS[peer]["W1"]
    assert w1(1.0, 5) == w1(1.0, 5) != w1(1.0, 6)
