"""U3 and U5: what a standby has, and whom a commit waits for; U7: how long a dead primary keeps its key."""

from __future__ import annotations

import math

import pytest

from sim.draws import LAG, indexed_key
from sim.laws.replicating import MODES, commit_wait_ns, has_arrived
from sim.laws.service import exponential_ns
from sim.platform.discovery import last_heartbeat_ns

S = 1_000_000_000


@pytest.mark.parametrize(
    ("committed", "lag", "now", "there"),
    [(0, 10, 9, False), (0, 10, 10, True), (0, 10, 11, True), (5, 10, 14, False), (5, 0, 5, True)],
)
def test_has_arrived(committed, lag, now, there):
    """U3: so much later it is there, at that instant already; without a lag at once."""
    assert has_arrived(committed, lag, now) == there


@pytest.mark.parametrize(("mode", "waits"), [("local", 0), ("on", 3), ("remote_apply", 8)])
def test_commit_wait(mode, waits):
    """U5: PostgreSQL's synchronous_commit with ANY 1 and with all of the standbys, which have it after 3 and after 8."""
    assert commit_wait_ns(MODES[mode], 3, 8) == waits


@pytest.mark.parametrize("after", [0.0, 0.1, 1.0, 3.0])
def test_stale_reads_fade_with_time(after):
    """U3: a read that comes so many mean lags after a write misses it with probability e^-after (PBS, VLDB 2012, with one replica)."""
    reads, mean = 20_000, 1e7
    late = [not has_arrived(0, exponential_ns(mean, indexed_key(5, n), LAG), round(after * mean)) for n in range(reads)]
    share = math.exp(-after)
    assert abs(sum(late) - reads * share) <= 5 * math.sqrt(reads * share * (1 - share)) + 1e-9


@pytest.mark.parametrize(("died_s", "lost_key_s"), [(0.0, 30), (9.9, 30), (10.0, 30), (10.1, 40), (25.0, 50), (60.0, 80)])
def test_how_long_a_key_is_held(died_s, lost_key_s):
    """U7: Patroni's defaults, ttl 30 s renewed every 10 s: a standby may take over 20 to 30 s after the death."""
    assert last_heartbeat_ns(0, 10 * S, round(died_s * S)) + 30 * S == lost_key_s * S
