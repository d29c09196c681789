"""`parley check`: load against capacity in closed form, worst-case retries, and warnings that name a path."""

from __future__ import annotations

import math
from typing import Any

import pytest

from scenarios.checking import Report, check
from scenarios.flow import Flow
from scenarios.gate_cautions import gate_cautions
from scenarios.load import load, loads
from tests.negotiation.parties.markets import market
from tests.worlds import world

CHAIN = """\
version: 1
name: chain
duration: 100s
warmup: 10s
cluster: {zones: [east, west]}
services:
  a:
    replicas: 2
    workers: 4
    resources: {requests: {cpu: 1, memory: 1Gi}}
    endpoints: {go: [{work: 10ms}, {call: b.go, repeat: 2}, {branch: [{probability: 50%, steps: [{call: c.go}]}]}]}
  b:
    workers: 8
    resources: {requests: {cpu: 500m}, limits: {cpu: 2}}
    endpoints: {go: [{work: {exponential: 5ms}}, {wait: 15ms}]}
  c: {replicas: 3, endpoints: {go: [{parallel: [{work: 20ms}, {work: 40ms}]}], idle: [{work: 1s}]}}
workload:
  u: {entry: a.go, arrivals: {poisson: {step: {base: 20/s, to: 120/s, at: 80s}}}}
"""


def checked(*changes: str) -> Report:
    return check(loads(CHAIN, changes))


def test_offered_load_follows_the_calls() -> None:
    """Mean 40/s and peak 120/s at the entry; twice that at b by `repeat`, half at c by its branch."""
    loads_ = {load.service: load for load in checked().services}
    assert [loads_[name].mean_visits_per_s for name in "abc"] == pytest.approx([40, 80, 20])
    assert [loads_[name].peak_visits_per_s for name in "abc"] == pytest.approx([120, 240, 60])


def test_capacity_is_replicas_times_cores_over_mean_work() -> None:
    """Workers bound it, or the CPU limit if that is less; a parallel step works both branches."""
    loads_ = {load.service: load for load in checked().services}
    assert [loads_[name].capacity_per_s for name in "abc"] == pytest.approx([2 * 4 / 0.010, 2 / 0.005, 3 / 0.060])
    assert [loads_[name].work_ms for name in "abc"] == pytest.approx([10, 5, 60])
    assert [loads_[name].utilization for name in "abc"] == pytest.approx([40 / 800, 80 / 400, 20 / 50])
    assert [loads_[name].saturates for name in "abc"] == [False, False, True]


def test_threads_are_held_while_they_wait() -> None:
    """A thread pool's capacity is workers over the mean time of a visit, if that is less."""
    held = {load.service: load for load in checked("services.b.model=thread").services}
    assert held["b"].capacity_per_s == pytest.approx(8 / 0.020)
    held = {load.service: load for load in checked("services.b.model=thread", "services.b.workers=4").services}
    assert held["b"].capacity_per_s == pytest.approx(4 / 0.020)


def test_a_service_without_work_never_saturates_and_one_without_pods_always() -> None:
    """Infinite capacity, and none."""
    loads_ = {load.service: load for load in checked("services.b.endpoints.go=[{wait: 1s}]", "services.c.replicas=0").services}
    assert (loads_["b"].capacity_per_s, loads_["b"].utilization) == (math.inf, 0.0)
    assert (loads_["c"].capacity_per_s, loads_["c"].utilization) == (0.0, math.inf)


def test_a_circle_that_dies_out_sums_its_geometric_series() -> None:
    """Each visit of b brings half another: twice the visits in all."""
    change = "services.b.endpoints.go=[{work: 1ms}, {branch: [{probability: 50%, steps: [{call: b.go}]}]}]"
    assert {load.service: load for load in checked(change).services}["b"].mean_visits_per_s == pytest.approx(160)


def test_users_of_an_idle_mesh_ask_at_the_rate_of_their_round() -> None:
    """Count over think time plus the mean request; in visits, the pause now and then replaces the think time."""
    mean_s = 0.010 + 2 * 0.020 + 0.5 * 0.040
    world = loads(CHAIN, ["workload.u.arrivals={users: {count: 10, think: 1s}}"])
    assert Flow(world).visits()["a.go"] == pytest.approx(10 / (1 + mean_s))
    world = loads(CHAIN, ["workload.u.arrivals={users: {count: 10, think: 1s, session: {requests: 4, pause: 9s}}}"])
    assert Flow(world).visits()["a.go"] == pytest.approx(10 / (3 + mean_s))


def test_mean_times_know_the_network_limits_and_joins() -> None:
    """Two crossings a call, half a core takes twice as long, the first of two branches is the shorter."""
    world = loads(CHAIN, ["network.same_zone=1ms", "services.b.resources={limits: {cpu: 500m}}",
                          "services.c.endpoints.go.0.join=first"])  # fmt: skip
    times = Flow(world).mean_ns
    assert (times["b.go"], times["c.go"]) == pytest.approx((25e6, 20e6))
    assert times["a.go"] == pytest.approx(10e6 + 2 * (25e6 + 2e6) + 0.5 * (20e6 + 2e6))


def test_retries_multiply_along_the_worst_path() -> None:
    """(1 + 2) at the entry times (1 + 3) to b; the path to c has fewer."""
    worst = checked("routes.u -> a.retries.num_retries=2", "routes.a -> b.retries.num_retries=3",
                    "routes.a -> c.retries.num_retries=1").amplification  # fmt: skip
    assert (worst.factor, worst.path) == (12, ("u", "a.go", "b.go"))


@pytest.mark.parametrize(("changes", "is_slow"), [
    (["increment=1/h"], True), (["increment=5/h"], False), (["increment=5/h", "misreport=9"], True),
    (["increment=1/h", "price=100/h"], False), (["increment=5/h", "latency=100ms"], True),
    (["increment=5/h", "latency=0s", "deadline=1ms"], False)])  # fmt: skip
def test_an_english_clock_may_be_too_slow(changes: list[str], is_slow: bool) -> None:
    """22.5/s of left's pod at 2 are worth 162/h: 161 calls of 1/h; 1.5 s hold 150 round trips, but 100 calls are all."""
    places = {"increment": "by.english_clock.increment", "misreport": "members.left.misreport", "price": "price"}
    told = dict(change.split("=") for change in changes)
    given = [f"negotiations.pods.pool.{places[key]}={value}" for key, value in told.items() if key in places]
    given += [f"control_network.latency={told['latency']}"] if "latency" in told else []
    given += [f"negotiations.pods.deadline={told['deadline']}"] if "deadline" in told else []
    clock = ["negotiations.pods.pool.by={english_clock: {increment: 1/h}}", "negotiations.pods.pool.worth={many: 2}"]
    warnings = check(market(*clock, *given)).warnings
    assert any("english_clock.increment" in warning for warning in warnings) == is_slow


@pytest.mark.parametrize(("rate", "fill", "by", "is_coarse"), [
    ("4/s", "1s", "dual", True), ("6/s", "1s", "dual", False), ("40/s", "100ms", "planner", True), ("4/s", "1s", "vcg", False)])
def test_a_gate_may_be_too_coarse_for_a_lease_of_flow(rate: str, fill: str, by: str, is_coarse: bool) -> None:
    """Fewer than five tokens a fill, where leases set them."""
    warnings = check(market(f"negotiations.pods.pool.by={by}", f"workload.many.arrivals={{poisson: {rate}}}",
                            f"routes.many -> left.local_rate_limit.token_bucket.fill_interval={fill}")).warnings  # fmt: skip
    assert [warning.split(":")[0] for warning in warnings if "fill_interval" in warning] == (
        ["routes.many -> left.local_rate_limit.token_bucket.fill_interval"] if is_coarse else [])


@pytest.mark.parametrize("told", [
    ["routes.u -> a.cancel=true"], ["routes.u -> a.propagate_deadline=true", "routes.a -> b.propagate_deadline=true"]])
def test_who_is_told_does_not_work_on(told: list[str]) -> None:
    """A shorter timeout above is no fault where the callee is cancelled, or knows its caller's deadline."""
    late = ["routes.u -> a.timeout=1s", "routes.a -> b.timeout=2s"]
    assert any("works on" in warning for warning in checked(*late).warnings)
    assert not any("works on" in warning for warning in checked(*late, *told).warnings)


def test_a_sound_world_has_no_warning() -> None:
    """The chain as it stands."""
    assert checked().warnings == ()


NODES = "cluster.nodes={small: {zones: [east], count: 1, cpu: 4, memory: 8Gi}}"
WARNED: list[tuple[list[str], str]] = [
    (["warmup=0s"], "warmup: 0s is less than 10 mean requests (0.7 s)"),
    ([NODES], "cluster.zones: zone 'west' has no node"),
    ([NODES, "services.a.resources.requests.cpu=5"], "services.a.resources.requests: no node is large enough for one pod"),
    ([NODES, "services.a.replicas=9"], "cluster.nodes: pods ask for 9,500m of cpu together, and nodes offer 4,000m"),
    ([NODES, "services.a.replicas=9"], "cluster.nodes: pods ask for 9,663,676,416 bytes of memory together"),
    (["services.c.replicas=1"], "services.c: a steady load of 20/s meets a capacity of 16.67/s at 1 replica, so its queue grows"),
    (["services.c.replicas=0"], "services.c.replicas: is 0, so every call to it fails at once"),
    (["routes.a -> b.timeout=19ms"], "routes.a -> b.timeout: 19ms is less than the mean time of b.go without queueing (20 ms)"),
    (["routes.a -> b.per_try_timeout=19ms"], "routes.a -> b.per_try_timeout: 19ms is less than the mean time of b.go"),
    (["routes.a -> b={timeout: 1s, per_try_timeout: 1s}"], "routes.a -> b.per_try_timeout: is not shorter than the timeout"),
    (["routes.u -> a.timeout=1s", "routes.a -> b.timeout=2s"], "routes.u -> a.timeout: 1s is shorter than that of a -> b (2s)"),
    (["routes.u -> a.retries.num_retries=2", "routes.a -> b.retries.num_retries=3"],
     "routes: retries multiply to 12 attempts on the path u -> a.go -> b.go when all fail"),
    (["routes.a -> c={per_try_timeout: 1s, retries: {num_retries: 2}}"],
     "routes.a -> c.retries: when tries time out, those of 20/s become 60/s and c serves 50/s, so an overload outlasts its cause"),
    (["routes.a -> c={outlier_detection: {}}"],
     "routes.a -> c.outlier_detection.max_ejection_percent: 0.1 of 3 pods is less than one, so none is ever ejected"),
    (["routes.a -> c={outlier_detection: {}, subset: 2}", "services.c.replicas=40"],
     "routes.a -> c.outlier_detection.max_ejection_percent: 0.1 of 2 pods is less than one, so none is ever ejected"),
    (["routes.u -> a={hedge_policy: {hedging_delay: 1s}}", "routes.a -> b.retries.num_retries=3"],
     "routes: retries multiply to 8 attempts on the path u -> a.go -> b.go when all fail"),
    (["routes.a -> c={lb_policy: prequal}", "services.c.load_balancing_weights=[1, 2]"],
     "routes.a -> c.lb_policy.prequal: sees no services.c.load_balancing_weights, so all its pods are alike"),
    (["routes.a -> c={lb_policy: prequal, load_balancing_weights: [0, 2, 3]}"],
     "routes.a -> c.lb_policy.prequal: sees no routes.a -> c.load_balancing_weights, so all its pods are alike"),
    (["services.c.replication={writes: [go], stale_quality: 50%}"],
     "services.c.replication.stale_quality: acts only on reads of standbys, and no route with load goes there"),
    (["routes.a -> c={zone_aware_lb_config: {}}"],
     "routes.a -> c.zone_aware_lb_config.min_cluster_size: is 6, and c never has more than 3 pods, so zones never matter"),
    (["routes.a -> c={lb_policy: ring_hash}"], "routes.a -> c.lb_policy.ring_hash: picks at random without a hash_policy"),
    (["agents.b={scaling: {hpa: {target_cpu: 50%, max: 9}}, sizing: {vpa: {controlledValues: RequestsOnly}}}"],
     "services.b: the number of its pods follows from a share of the cpu they request, and the request from the cpu they use"),
    (["routes.a -> c={outlier_detection: {}, locality_lb_setting: {}}"],
     "routes.a -> c.locality_lb_setting: 0 of 3 pods may be ejected at most, and a zone of 2 counts as well without them"),
    (["routes.a -> c.healthy_panic_threshold=30%"], "routes.a -> c.healthy_panic_threshold: acts only beside outlier_detection"),
    (["routes.a -> c={lb_policy: {least_request: {active_request_bias: 2}}}"],
     "routes.a -> c.lb_policy.least_request.active_request_bias: acts only among unequal pods"),
    (["agents.b.scaling={hpa: {target_cpu: 400%, max: 9}}"], "services.b: its pods can reach 4 of their cpu request at most"),
    (["workload.u.arrivals.poisson={step: {base: 0/s, to: 9/s, at: 1s, hold: 9s}}"], "workload.u.arrivals: nobody calls after 10 s"),
    (["services.a.startup=60s", "services.a.livenessProbe={periodSeconds: 10}"],
     "services.a.livenessProbe: kills a container that does not answer for 20 s, and its mean start-up is 60 s, so it never starts"),
    (["services.a.startup=60s", "services.a.livenessProbe={}", "services.a.startupProbe={failureThreshold: 5}"],
     "services.a.startupProbe: kills a container that does not answer for 40 s"),
    (["services.a.readinessProbe={response: 2s}"], "services.a.readinessProbe: a sound pod takes 2s to answer"),
    (["services.a.podDisruptionBudget={maxUnavailable: 0}"], "services.a.podDisruptionBudget: allows no eviction"),
    (["services.a.podDisruptionBudget={minAvailable: 100%}"], "services.a.podDisruptionBudget: allows no eviction"),
    (["services.a.preStopSeconds=30"], "services.a.preStopSeconds: is no shorter than termination_grace_period (30s)"),
    (["discovery.propagation_delay=2s", "rollouts={v2: {at: 1s, service: a}}"], "services.a.preStopSeconds: is 0, so callers"),
    (["rollouts.late={at: 100s, service: a}"], "rollouts.late: begins at 100s, when the run is over"),
    ([NODES, "services.a.resources.requests.gpu=1"], "services.a.resources.requests: no node is large enough"),
    (["services.b.queue.discipline=priority"], "services.b.queue.discipline: goes by priority, but all classes have the same"),
    (["workload.v={entry: c.idle, priority: bulk, arrivals: {poisson: 1/s}}"], "workload: classes differ in priority, but no service"),
    (["faults.late={at: 100s, crash: {service: a}}"], "faults.late: begins at 100s, when the run is over"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), WARNED)
def test_what_is_seldom_meant_is_said_without_failing(changes: list[str], sentence: str) -> None:
    """One sentence that begins with the path; the report still has all its figures."""
    report = checked(*changes)
    assert [warning for warning in report.warnings if warning.startswith(sentence)], report.warnings
    assert len(report.services) == 3


@pytest.mark.parametrize("change", ["agents.c.scaling={hpa: {target_cpu: 50%, max: 9}}"])
def test_an_autoscaler_that_can_follow_is_no_overload(change: str) -> None:
    """Capacity at the maximum counts where an HPA may go there."""
    few = ["services.c.replicas=1", "services.c.resources.requests.cpu=100m"]
    assert any("steady load" in warning for warning in checked(*few).warnings)
    assert not any("steady load" in warning for warning in checked(*few, change).warnings)


ENDING = ["routes.a -> c.retries.retry_budget={}", "services.c.queue.size=16", "routes.a -> c.per_try_timeout=10m", "services.c.replicas=4"]


@pytest.mark.parametrize("change", ENDING)
def test_what_lets_an_overload_end_is_not_warned_of(change: str) -> None:
    """A budget; a queue of 16 at 16.67/s, which is shorter than a second; patience for a queue of 1,000; a pod more."""
    retries = ["routes.a -> c={per_try_timeout: 1s, retries: {num_retries: 2}}"]
    assert any("outlasts its cause" in warning for warning in checked(*retries).warnings)
    sized = [*retries, "services.c.queue.size=1000", change]
    assert not any("outlasts its cause" in warning for warning in checked(*sized).warnings)


def test_recorded_arrivals_count_too(tmp_path: Any) -> None:
    """Two hundred requests in a hundred seconds are two a second."""
    (tmp_path / "times.csv").write_text("".join(f"{i / 2}\n" for i in range(200)))
    world = loads(CHAIN, ["workload.u.arrivals={timestamps: times.csv}"], folder=tmp_path)
    assert check(world).services[0].mean_visits_per_s == pytest.approx(2)


def test_a_shipped_name_will_do():
    """As everywhere at the front door: a name, a file or a scenario."""
    assert check("hello_mesh") == check(load("hello_mesh"))


def test_gates_below_their_load():
    """Limits that refuse a steady load, and slow calls that no timeout lets happen, are told."""
    flow = Flow(world("""
services: {a: {workers: 9, endpoints: {x: [{work: 10ms}]}}}
workload: {w: {entry: a.x, arrivals: {constant: 500/s}}}
routes:
  w -> a:
    timeout: 1s
    circuit_breaker: {slowCallRateThreshold: 50%, slowCallDurationThreshold: 1s}
    local_rate_limit: {token_bucket: {max_tokens: 9, fill_interval: 50ms}}
    bulkhead: {maxConcurrentCalls: 4}
"""))
    assert [sentence.split(":")[0] for sentence in gate_cautions(flow)] == [
        f"routes.w -> a.{key}" for key in ("circuit_breaker.slowCallDurationThreshold", "local_rate_limit", "bulkhead.maxConcurrentCalls")]


def test_a_try_that_stays_open_may_be_slow():
    """A try that is hedged on its timeout is waited for to the call's end, so its calls may well be slow."""
    text = """
services: {a: {workers: 9, endpoints: {x: [{work: 10ms}]}}}
workload: {w: {entry: a.x, arrivals: {constant: 5/s}}}
routes:
  w -> a:
    timeout: 9s
    per_try_timeout: 500ms
    retries: {}
    hedge_policy: HEDGES
    circuit_breaker: {slowCallRateThreshold: 50%, slowCallDurationThreshold: 1s}
"""
    told = [[*gate_cautions(Flow(world(text.replace("HEDGES", hedges))))] for hedges in ("{hedge_on_per_try_timeout: true}", "null")]
    assert told[0] == [] and "so no call is ever slow" in told[1][0]
