"""W10: a caller's proxy that turns calls away once too few succeed, worked out on both engines."""

from __future__ import annotations

from sim.commands import PodFailing
from sim.trace import ARRIVED, SENT
from tests.conservation import assert_drained
from tests.worlds import plane_of, rows, told

ADMITS = """
services:
  a: {workers: 99, endpoints: {x: [{work: 1ms}]}}
workload: {w: {entry: a.x, arrivals: {constant: 100/s}}}
routes: {w -> a: {admission_control: {sampling_window: 2s}MORE}}
"""


def admits(engine, settings="sampling_window: 2s", more=""):
    """A plane with one service behind such a proxy."""
    return plane_of(ADMITS.replace("sampling_window: 2s", settings).replace("MORE", more), engine)


def share_sent(plane, from_ms, until_ms):
    """The share of the requests that came in a stretch of time whose first try was sent."""
    rows(plane, from_ms)
    seen = rows(plane, until_ms)
    came = [row.request for row in seen if row.kind == ARRIVED]
    sent = {row.request for row in seen if row.kind == SENT and row.value == 0}
    return sum(request in sent for request in came) / len(came)


def test_nothing_is_turned_away_from_what_is_well(engine):
    """W10: while all succeed, all are sent."""
    assert share_sent(admits(engine), 0, 2995) == 1.0


def test_a_fifth_still_probes_what_fails(engine):
    """W10: where every call fails, 80 % are turned away at most, and those are limited without a row of their own."""
    plane = admits(engine)
    plane.apply(PodFailing("a", 0, 1.0))
    rows(plane, 2000)
    assert 0.14 < share_sent(plane, 2000, 9000) < 0.26
    limited = [row for row in told(plane, 9500) if "limited" in row]
    assert limited and {row.split()[2] for row in limited} == {"finished"}
    assert_drained_later(plane)


def test_it_opens_again_when_calls_succeed(engine):
    """W10: two seconds after the pod is well the window holds nothing else."""
    plane = admits(engine)
    plane.apply(PodFailing("a", 0, 1.0))
    rows(plane, 3000)
    plane.apply(PodFailing("a", 0, 0.0))
    assert share_sent(plane, 7000, 9000) == 1.0


def test_few_calls_are_not_judged(engine):
    """W10: 100 calls a second are fewer than 101."""
    plane = admits(engine, "sampling_window: 2s, rps_threshold: 101")
    plane.apply(PodFailing("a", 0, 1.0))
    assert share_sent(plane, 0, 5000) == 1.0


def test_calls_count_and_not_tries(engine):
    """W10: of a pod that fails 20 % of its tries, three tries fail together in 0.8 %: no call is turned away for that."""
    retried = ", retries: {num_retries: 2, retry_on: [5xx], retry_back_off: {base_interval: 0s}}"
    plane, plain = admits(engine, more=retried), admits(engine)
    for one in (plane, plain):
        one.apply(PodFailing("a", 0, 0.2))
    assert share_sent(plane, 0, 6000) == 1.0
    assert share_sent(plain, 0, 6000) < 0.95


def test_what_a_fault_aborts_is_not_seen(engine):
    """W10, I3: half of the calls are aborted before; nothing else fails, and nobody is turned away."""
    plane = admits(engine, more=", fault: {abort: {percentage: 50%, http_status: 503}}")
    ends = [row.split()[-1] for row in told(plane, 5000, "finished")]
    assert set(ends) == {"ok", "failed"}


def assert_drained_later(plane):
    """Nothing is lost."""
    rows(plane, 20_000)
    assert_drained(plane.observe(), plane.layout)
