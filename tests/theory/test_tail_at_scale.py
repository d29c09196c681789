"""A query that asks many leaves at once is slow if too many of them are: the binomial law, whatever is waited for."""

from __future__ import annotations

import math

import pytest

from scenarios.load import load
from tests.scenarios.answers import lived
from tests.theory import oracles

CASES = [
    pytest.param(1, 1, 0.01), pytest.param(10, 10, 0.01), pytest.param(100, 100, 0.01), pytest.param(100, 99, 0.01),
    pytest.param(100, 98, 0.01), pytest.param(100, 95, 0.01), pytest.param(2000, 2000, 0.0001, marks=pytest.mark.slow),
]  # fmt: skip


def enough_are_fast(leaves: int, needed: int, slow: float) -> float:
    """P(at most leaves - needed are slow)."""
    return math.fsum(math.comb(leaves, k) * slow**k * (1 - slow) ** (leaves - k) for k in range(leaves - needed + 1))


@pytest.mark.parametrize(("leaves", "needed", "slow"), CASES)
def test_share_of_fast_queries(leaves, needed, slow):
    """|z| <= 4 of 6,000 queries (2,000 of the widest), with what was on its way at the end counted as it will end."""
    assert enough_are_fast(leaves, leaves, slow) == pytest.approx(1 - oracles.fan_out_slow_share(slow, leaves))
    program = [{"parallel": [{"call": "leaf.get"}] * leaves, "join": needed}]
    parts = [{"weight": 1 - slow, "of": {"exponential": "10ms"}}, {"weight": slow, "of": "1200ms"}]
    world = load("tail_at_scale").with_(**{
        "services.root.endpoints.ask": program, "services.leaf.endpoints.get": [{"wait": {"mixture": parts}}],
        "duration": "60s" if leaves <= 100 else "25s", "warmup": "0s",
    })  # fmt: skip
    seen = lived(world).plane.observe()
    offered, good = int(seen.workloads["offered"][0]), int(seen.workloads["good"][0])
    share = enough_are_fast(leaves, needed, slow)
    on_their_way = 10  # that would still be fast
    assert abs(good - share * offered) <= 4 * math.sqrt(offered * share * (1 - share)) + on_their_way
