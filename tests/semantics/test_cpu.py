"""Works that share cores, or a quota of CPU time: small worlds worked by hand."""

from __future__ import annotations

import pytest

from sim.commands import PodGone, PodSlowed
from sim.telemetry import millicore_ns
from tests.conservation import assert_conserved, assert_drained
from tests.worlds import lines, plane_of, told

MS = 1_000_000


def pod(cpu, work, arrivals, workers=4):
    """A service of one pod with these workers and CPU, and requests at these times."""
    return f"""
services: {{a: {{workers: {workers}, resources: {{{cpu}}}, endpoints: {{x: [{{work: {work}}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times({arrivals})}}}}}}
"""


def test_two_share_a_core(engine):
    """L12: 10 ms of work at 0 and at 4 ms on one core: done at 16 and 20; each `started` says what it would take alone."""
    plane = plane_of(pod("cpu_model: ps, limits: {cpu: 1}", "10ms", "0, 4"), engine)
    assert told(plane, 50, "started", "worked") == lines("""
         0 0.0 started 0 10
         4 1.0 started 0 10
        16 0.0 worked  0 0
        20 1.0 worked  0 0
    """)
    seen = plane.observe()
    assert_drained(seen, plane.layout)
    assert millicore_ns(seen.pods, seen.pod_slow_core).tolist() == [20 * MS * 1000]
    assert [int(seen.pods[0][name]) // MS for name in ("served_ns", "working_area_ns", "stalled_area_ns")] == [32, 32, 12]


def test_a_fraction_of_a_core_is_shared(engine):
    """L12: on 1500m one runs at full speed, two at 75 %, three at half: 12 ms each at 0, 4 and 8 ms."""
    plane = plane_of(pod("cpu_model: ps, limits: {cpu: 1500m}", "12ms", "0, 4, 8"), engine)
    # 4 ms alone: 8 left; 4 ms at 3/4: 5 left of the first, 9 of the second; three: 10 ms at 1/2: 18, 4 and 7 left; two at 3/4
    assert told(plane, 50, "worked") == lines("""
        18        0.0 worked 0 0
        23.333333 1.0 worked 0 0
        26.333333 2.0 worked 0 0
    """)
    seen = plane.observe()
    assert_drained(seen, plane.layout)
    assert millicore_ns(seen.pods, seen.pod_slow_core).tolist()[0] / 1000 / MS == pytest.approx(36, abs=1e-3)


def test_those_of_one_demand_end_in_order_of_rank(engine):
    """L12, D5: three that begin together end together, by request."""
    plane = plane_of(pod("cpu_model: ps, limits: {cpu: 1}", "10ms", "0, 0, 0"), engine)
    assert told(plane, 50, "worked") == ["30 0.0 worked 0 0", "30 1.0 worked 0 0", "30 2.0 worked 0 0"]


def test_a_short_work_overtakes_long_ones(engine):
    """L12: that is what sharing is for: 1 ms beside 100 ms takes 2, where fcfs would let it wait."""
    text = pod("cpu_model: ps, limits: {cpu: 1}", "100ms", "0").replace("x: [", "y: [{work: 1ms}], x: [").replace(
        "workload: {", "workload: {v: {entry: a.y, arrivals: {timestamps: times(10)}}, ")
    assert told(plane_of(text, engine), 200, "finished") == ["12 1.0 finished 0 ok", "101 0.0 finished 1 ok"]


def test_no_more_share_than_there_are_workers(engine):
    """L12: with two workers the third waits, in a queue as any other."""
    plane = plane_of(pod("cpu_model: ps, limits: {cpu: 1}", "10ms", "0, 0, 0", workers=2), engine)
    assert told(plane, 50, "started") == ["0 0.0 started 0 10", "0 1.0 started 0 10", "20 2.0 started 0 10"]
    assert_drained(plane.observe(), plane.layout)


def test_a_pod_that_shares_is_slowed_by_the_start(engine):
    """L12: a slow-down makes the demand of what starts then greater, and leaves what runs as it is."""
    plane = plane_of(pod("cpu_model: ps", "10ms", "0, 5"), engine)
    told(plane, 1)
    plane.apply(PodSlowed("a", 0, 3.0))
    assert told(plane, 50, "started", "worked") == ["5 1.0 started 0 30", "10 0.0 worked 0 0", "35 1.0 worked 0 0"]


def test_a_shared_pod_dies(engine):
    """D13: what was at work is lost, for the time it had been."""
    plane = plane_of(pod("cpu_model: ps, limits: {cpu: 1}", "10ms", "0, 4"), engine)
    told(plane, 10)
    plane.apply(PodGone("a", 0))
    assert told(plane, 100, "worked", "finished") == ["10 0.0 finished 0 lost", "10 1.0 finished 0 lost"]
    assert int(plane.observe().pods["lost_ns"][0]) == 16 * MS
    assert_drained(plane.observe(), plane.layout)


def test_a_burst_is_throttled(engine):
    """L13: 50 ms of work on 250m: 25 ms at full speed, then nothing until 100 ms, then the rest; 75 ms were stalled."""
    plane = plane_of(pod("cpu_model: cfs, limits: {cpu: 250m}", "50ms", "0"), engine)
    assert told(plane, 60, "started", "worked") == ["0 0.0 started 0 50"]
    seen = plane.observe()
    assert millicore_ns(seen.pods, seen.pod_slow_core).tolist() == [25 * MS * 1000]
    assert int(seen.pods["stalled"][0]) == 1
    assert_conserved(seen, plane.layout)
    assert told(plane, 200, "worked") == ["125 0.0 worked 0 0"]
    seen = plane.observe()
    assert millicore_ns(seen.pods, seen.pod_slow_core).tolist() == [50 * MS * 1000]
    assert [int(seen.pods[0][name]) for name in ("throttled", "stalled_area_ns", "served_ns")] == [1, 75 * MS, 125 * MS]
    assert_drained(seen, plane.layout)


def test_many_threads_use_a_quota_up(engine):
    """L13: four threads on a limit of 2 cores: 200 ms of CPU time are gone after 50 ms, though the mean is half a core each."""
    plane = plane_of(pod("cpu_model: cfs, limits: {cpu: 2}", "60ms", "0, 0, 0, 0"), engine)
    assert told(plane, 200, "worked") == [f"110 {n}.0 worked 0 0" for n in range(4)]
    assert int(plane.observe().pods["throttled"][0]) == 1
    assert int(plane.observe().pods["stalled_area_ns"][0]) == 4 * 50 * MS


def test_who_comes_while_all_stand_still(engine):
    """L13: a strand that starts in a throttled pod stands still with the others; one of no length is over at once."""
    text = pod("cpu_model: cfs, limits: {cpu: 250m}", "40ms", "0, 60").replace("x: [", "y: [{work: 0s}], x: [").replace(
        "workload: {", "workload: {v: {entry: a.y, arrivals: {timestamps: times(70)}}, ")
    # 15 and 40 ms are left at 100, 2.5 and 27.5 at 112.5, when the quota is gone; 25 at 202.5, of which 20 until 222.5
    assert told(plane_of(text, engine), 500, "worked") == lines("""
        70    2.0 worked 0 0
        202.5 0.0 worked 0 0
        305   1.0 worked 0 0
    """)


def test_periods_begin_with_the_pod(engine):
    """L13: a work that starts 10 ms before a period ends needs that quota, and then the next."""
    plane = plane_of(pod("cpu_model: cfs, limits: {cpu: 250m}", "30ms", "90"), engine)
    assert told(plane, 500, "worked") == ["120 0.0 worked 0 0"]
    assert int(plane.observe().pods["throttled"][0]) == 0
