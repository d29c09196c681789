"""What the metrics server shows: CPU over the last interval, late, and only of pods that were there."""

from __future__ import annotations

import pytest

from scenarios.load import loads
from sim.mesh import Mesh
from sim.platform.metrics import ROUTE_RATES, CpuSample, Series

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


def test_pods_say_what_they_do(world):
    """Ten calls a second of 20 ms are 0.2 inside on average, of whom nobody waits."""
    world.advance(20 * S + 1)
    (said,) = world.metrics.pod_metrics("api")
    assert (said.requests_per_second, said.queue_length, said.sample_ns, said.window_ns) == (10_000, 0, 20 * S, 10 * S)
    assert abs(said.concurrency - 200) <= 3


def test_a_pod_that_is_not_ready_says_nothing(world):
    """Its CPU is known, its own metrics are not: nothing listens there yet."""
    world.advance(18 * S)
    world.cluster.scale("api", 2)
    world.advance(20 * S + 1)
    assert [len(found) for found in (world.metrics.samples("api"), world.metrics.pod_metrics("api"))] == [2, 1]


def watched(world, *series):
    """Series at 20 s, watched from the start."""
    for one in series:
        world.metrics.watch(one)
    world.advance(20 * S + 1)
    return [world.metrics.value(one) for one in series]


def test_series_of_services_and_workloads(world):
    """Callers send ten a second, the gateway sees them come; 0.2 are inside; the median of 20 ms is 0.02 s."""
    sent, come, inside, median, whole = watched(
        world, Series("requests_per_second", "service", "api"), Series("requests_per_second", "workload", "steady"),
        Series("concurrency", "service", "api"), Series("latency_p50", "service", "api"),
        Series("latency_p99", "workload", "steady"))  # fmt: skip
    assert (sent, come, median, whole) == (10_000, 10_000, 20, 20)
    assert abs(inside - 200) <= 3


@pytest.mark.parametrize("engine", ["reference", "fast"])
@pytest.mark.parametrize(
    ("change", "told"),
    [("faults.broken={at: 0s, errors: {service: api, rate: 100%}}", [20_000, 10_000, 20_000, 0, 0]),
     ("routes.defaults.circuit_breakers={max_requests: 0}", [10_000, 0, 10_000, 10_000, 0]),
     ("services.api={workers: 99, endpoints: {get: [{wait: 950ms}]}}", [10_000, 0, 0, 0, 9000])])  # fmt: skip
def test_series_of_routes(engine, change, told):
    """Ten calls a second: all fail and are tried again; none is let go, which is not tried again; nine or ten wait for their answers."""
    world = Mesh(loads(METER, ["routes.defaults.retries={num_retries: 1, retry_on: [5xx]}", change]), 1, engine)
    found = watched(world, *(Series(metric, "route", "steady -> api") for metric in (*ROUTE_RATES, "in_flight")))
    assert found == pytest.approx(told, abs=1000)


def test_what_is_sent_is_known_where_nobody_is_ready(world):
    """Without pods callers still send, and are told so by their own proxy; a quantile of nothing is not known."""
    world.cluster.scale("api", 0)
    assert watched(world, Series("requests_per_second", "service", "api"), Series("latency_p50", "service", "api"),
                   Series("concurrency", "service", "api")) == [10_000, None, 0]  # fmt: skip


def test_nothing_is_known_of_a_series_before_the_first_scrape(world):
    """Not even that it is 0."""
    series = Series("requests_per_second", "service", "api")
    world.metrics.watch(series)
    world.advance(10 * S - 1)
    assert world.metrics.value(series) is None


def test_a_scrape_may_be_known_later():
    """K9: that of 20 s at 25 s; it still says 20 s."""
    world = Mesh(loads(METER, ["telemetry.delivery_lag=5s"]), 1, "reference")
    assert samples(world, 24 * S)[0].sample_ns == 10 * S
    assert samples(world, 25 * S)[0].sample_ns == 20 * S


def test_a_lost_scrape_brings_nothing():
    """F6: those of 20 s and 30 s are lost; the one of 40 s has no earlier end to measure from, that of 50 s has."""
    world = Mesh(loads(METER, ["faults.deaf={at: 15s, for: 20s, metric_loss: {service: api}}"]), 1, "reference")
    assert [len(samples(world, second * S)) for second in (10, 20, 30, 40, 50)] == [1, 0, 0, 0, 1]
    assert abs(samples(world, 50 * S)[0].usage_millicores - 200) <= 3


def test_metrics_may_lag_for_a_while():
    """F6: the scrape of 20 s, made during the fault, is known at 32 s; by then that of 30 s is known, and it is dropped."""
    world = Mesh(loads(METER, ["faults.late={at: 15s, for: 10s, metric_lag: {delay: 12s}}"]), 1, "reference")
    assert [samples(world, second * S)[0].sample_ns // S for second in (20, 29, 30, 33)] == [10, 10, 30, 30]
