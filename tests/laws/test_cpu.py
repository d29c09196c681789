"""L12 and L13: sharing cores, and Linux' quota of CPU time, followed by hand."""

from __future__ import annotations

import pytest

from sim.laws.cpu import CFS, PS, is_over, next_change_ns, pass_time, renew, speed, stalled, uses_fraction
from sim.records import CPU

MS = 1_000_000


def cpu(model, millicores, working):
    """A CPU that so many share from time 0 on."""
    quota = millicores * 100_000
    return CPU.make_class()(model=model, millicores=millicores, quota_ns=quota, left_ns=quota, period_end_ns=100 * MS,
                            working=working)  # fmt: skip


@pytest.mark.parametrize(
    ("working", "millicores", "expected"),
    [(1, 1000, 1.0), (2, 1000, 0.5), (4, 1000, 0.25), (1, 2500, 1.0), (2, 2500, 1.0), (5, 2500, 0.5), (1, 250, 0.25)],
)
def test_speed(working, millicores, expected):
    """L12: min(1, c/n)."""
    assert speed(working, millicores) == expected


@pytest.mark.parametrize(
    ("working", "millicores", "stands", "fraction"),
    [(1, 1500, 0, 0), (2, 1500, 0, 1), (3, 1500, 1, 1), (5, 2000, 3, 0), (1, 250, 0, 1), (4, 250, 3, 1), (0, 500, 0, 0)],
)
def test_who_is_stalled(working, millicores, stands, fraction):
    """L12: cores in use are whole ones, and the limit's fraction: CPU time is min(n, c) in all."""
    one = cpu(PS, millicores, working)
    assert (stalled(one), uses_fraction(one)) == (stands, fraction)
    used = (working - stands) * 1000 - fraction * (1000 - millicores % 1000)
    assert used == min(working * 1000, millicores)


def test_sharing_by_hand():
    """L12: one core; A needs 10 from 0, B needs 10 from 4: A is done at 16 (6 left at half speed), B at 20."""
    one = cpu(PS, 1000, 1)
    assert next_change_ns(one, 10.0, 0) == 10
    pass_time(one, 4)
    one.working = 2
    assert next_change_ns(one, 10.0, 4) == 16
    pass_time(one, 16)
    assert is_over(one, 10.0)
    one.working = 1
    assert next_change_ns(one, 14.0, 16) == 20
    pass_time(one, 20)
    assert is_over(one, 14.0)
    one.working = 0
    pass_time(one, 99)
    assert (one.virtual_ns, one.updated_ns) == (0.0, 99)


def follow(one, demand_ns, at=0):
    """When the throttle begins and ends until a work that all do at once is over."""
    changes = []
    renew(one, at)
    one.updated_ns = at
    now = at
    while True:
        now = next_change_ns(one, float(demand_ns), now)
        pass_time(one, now)
        if is_over(one, float(demand_ns)):
            return [*changes, now / MS]
        before = one.is_throttled
        renew(one, now)
        if one.is_throttled != before:
            changes.append(now / MS)


@pytest.mark.parametrize(
    ("threads", "millicores", "demand_ms", "changes"),
    [
        (1, 250, 50, [25, 100, 125]),  # a burst of 50 ms on a quarter core: 25 ms, then a pause to 100, then the rest
        (1, 250, 25, [25]),  # just the quota
        (1, 500, 200, [50, 100, 150, 200, 250, 300, 350]),
        (4, 2000, 60, [50, 100, 110]),  # 200 ms of CPU for four threads are gone after 50 ms
        (4, 4000, 250, [250]),  # as many cores as threads: never throttled
        (10, 1000, 10, [10]),
        (10, 1000, 11, [10, 100, 101]),
    ],
)
def test_the_quota_by_hand(threads, millicores, demand_ms, changes):
    """L13: cpu.max "limit x 100 ms, 100 ms": throttled, on again, ..., over."""
    assert follow(cpu(CFS, millicores, threads), demand_ms * MS) == changes


def test_a_work_that_starts_late_in_a_period():
    """L13: a period does not wait for anyone: 30 ms from 90 on, with 250m, need 10 ms of this period and 20 of the next."""
    assert follow(cpu(CFS, 250, 1), 30 * MS, at=90 * MS) == [120.0]


def test_an_idle_pod_saves_nothing():
    """L13: after idle periods the quota is that of one period, and its grid stands."""
    one = cpu(CFS, 250, 1)
    assert follow(one, 50 * MS, at=430 * MS) == [455.0, 500.0, 525.0]
    assert one.period_end_ns == 600 * MS


def test_what_is_overdrawn_is_paid_back():
    """L13: three threads and a quota of 100,000 ns: 33,334 ns each is 2 ns too many, which the next period lacks."""
    one = cpu(CFS, 1, 3)
    assert next_change_ns(one, 1e9, 0) == 33_334
    pass_time(one, 33_334)
    assert one.left_ns == -2
    assert renew(one, 33_334) == 1
    assert renew(one, 33_334) == 0
    assert (stalled(one), next_change_ns(one, 1e9, 33_334)) == (3, 100 * MS)
    pass_time(one, 100 * MS)
    renew(one, 100 * MS)
    assert (one.left_ns, one.is_throttled, one.virtual_ns) == (99_998, 0, 33_334.0)
