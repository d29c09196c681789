"""What the metrics server shows: CPU over the last interval, late, and only of pods that were there."""

from __future__ import annotations

import pytest

from scenarios.load import loads
from sim.mesh import Mesh
from sim.platform.metrics import CpuSample

S = 1_000_000_000
METER = """
version: 1
name: meter
duration: 5m
services:
  api:
    workers: 1
    startup: 4s
    endpoints: {get: [{work: 20ms}]}
routes: {defaults: {lb_policy: round_robin}}
workload: {steady: {entry: api.get, arrivals: {constant: 10/s}}}
telemetry: {scrape_interval: 10s}
"""


@pytest.fixture(params=["reference", "fast"])
def world(request):
    """One pod at 10 x 20 ms = 200 milli-cores, scraped every 10 s."""
    return Mesh(loads(METER), 1, request.param)


def samples(world, time_ns):
    """What is known once everything at a time has happened."""
    world.advance(time_ns + 1)
    return world.metrics.samples("api")


def test_nothing_is_known_before_the_first_scrape(world):
    """At 10 s less a nanosecond there is no sample, whatever the pod does."""
    assert samples(world, 10 * S - 1) == ()


def test_a_sample_is_the_mean_over_the_last_interval(world):
    """Ten requests a second of 20 ms each, over 10 s."""
    (sample,) = samples(world, 20 * S)
    assert (sample.number, sample.sample_ns, sample.window_ns) == (0, 20 * S, 10 * S)
    assert abs(sample.usage_millicores - 200) <= 3


def test_a_sample_stays_until_the_next_scrape(world):
    """At 29 s the newest is that of 20 s: what agents see is late."""
    assert samples(world, 29 * S) == samples(world, 20 * S + 1)
    assert samples(world, 30 * S)[0].sample_ns == 30 * S


def test_a_pod_that_began_within_the_interval_is_measured_over_its_part(world):
    """Asked for at 21 s, ready at 25 s: a window of 9 s, of which 5 s with half of the load; then a whole one."""
    world.advance(21 * S)
    world.cluster.scale("api", 2)
    newest, later = samples(world, 30 * S)[1], samples(world, 40 * S)[1]
    assert (newest.number, newest.window_ns, later.window_ns) == (1, 9 * S, 10 * S)
    assert abs(newest.usage_millicores - 100 * 5 / 9) <= 4
    assert abs(later.usage_millicores - 100) <= 2


def test_a_pod_that_is_starting_has_an_idle_sample(world):
    """Scraped between its scheduling and its readiness, and at the very instant it turns ready: it runs, and is idle."""
    world.advance(6 * S)
    world.cluster.scale("api", 2)
    world.advance(8 * S)
    world.cluster.scale("api", 3)
    found = [(sample.number, sample.usage_millicores, sample.window_ns) for sample in samples(world, 10 * S)[1:]]
    assert found == [(1, 0, 4 * S), (2, 0, 2 * S)]


def test_a_gone_pod_has_no_sample(world):
    """The next scrape knows it no more."""
    world.advance(21 * S)
    world.cluster.crash("api", 0)
    assert [sample.number for sample in samples(world, 30 * S)] == [1]


def test_usage_is_rounded_up():
    """One request of 20 ms in 10 s is 2 milli-cores; one of 21 ms is 3, as Kubernetes rounds to thousandths."""
    for work, usage in (("20ms", 2), ("21ms", 3)):
        settings = ["workload.steady.arrivals.constant=0.1/s", f"services.api.endpoints.get=[{{work: {work}}}]"]
        world = Mesh(loads(METER, settings), 1, "reference")
        assert samples(world, 20 * S) == (CpuSample(0, usage, 20 * S, 10 * S),)
