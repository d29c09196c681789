"""Connection pools by hand."""

from __future__ import annotations

import pytest

from sim.laws.pooling import is_idle, is_kept, is_spent, opens_connection
from sim.laws.retrying import OUTCOMES
from sim.records import CONNECTION, POOL_RULE

Connection, Rule = CONNECTION.make_class(), POOL_RULE.make_class()


@pytest.mark.parametrize(("waiting", "opening", "connections", "opens"), [
    (1, 0, 0, True),  # the first who asks
    (1, 1, 1, False),  # one is being opened for him
    (2, 1, 1, True),
    (3, 1, 4, False),  # all there may be
    (0, 0, 0, False),
    (1, 2, 2, False),  # who gave up leaves one being opened behind
])  # fmt: skip
def test_opens_connection(waiting, opening, connections, opens):
    """X6: of four connections at most, as Envoy's shouldCreateNewConnection with no preconnecting."""
    assert opens_connection(waiting, opening, connections, 4) is opens


@pytest.mark.parametrize(("age_ns", "uses", "rule", "is_over"), [
    (99, 9, {"life_ns": 100, "uses": 10}, False),
    (100, 1, {"life_ns": 100}, True),
    (10**12, 10**6, {}, False),
    (1, 1, {"uses": 1}, True),
])  # fmt: skip
def test_is_spent(age_ns, uses, rule, is_over):
    """X7: by age or by use, whichever there is."""
    assert is_spent(Connection(opened_ns=5, uses=uses), Rule(**rule), 5 + age_ns) is is_over


def test_is_idle():
    """X7: free for as long as idle_timeout, to the nanosecond; 0 is for ever."""
    assert [is_idle(Connection(freed_ns=7), Rule(idle_ns=3), now) for now in (9, 10, 11)] == [False, True, True]
    assert not is_idle(Connection(freed_ns=7), Rule(), 10**15)


def test_is_kept():
    """X7: an answer leaves the connection clean, a timeout, a cancel and a reset do not."""
    lost = {"timed_out", "cancelled", "lost", "refused"}
    assert {outcome for i, outcome in enumerate(OUTCOMES) if not is_kept(i)} == lost
