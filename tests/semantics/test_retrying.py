"""Retries: what limits them, how long they wait, and which pods they avoid."""

from __future__ import annotations

import pytest

from sim.commands import PodFailing
from sim.draws import BACK_OFF, PICK, child_key, family_key, indexed_key, pick, unit
from sim.laws.retrying import another_pick_key, jittered_back_off_ns
from tests.conservation import assert_drained
from tests.worlds import MS, plane_of, told

NO_BACK_OFF = "retry_back_off: {base_interval: 0s}"


def failing(text, engine, number=1, seed=1):
    """A plane whose first pods of `a` fail every call from now on."""
    plane = plane_of(text, engine, seed)
    for pod in range(number):
        plane.apply(PodFailing("a", pod, 1.0))
    return plane


def counts(plane, *names):
    """Figures of the first route."""
    return [int(plane.observe().routes[0][name]) for name in names]


def test_grpc_waits_around_the_bound(engine):
    """R5: with a jitter of 20 % the key of the failed try draws a wait between 0.8 and 1.2 of the bound."""
    plane = failing("""
services: {a: {endpoints: {x: [{work: 1ms}]}}}
routes: {w -> a: {retries: {num_retries: 3, retry_back_off: {base_interval: 8ms, max_interval: 20ms, jitter: 20%}}}}
""", engine, seed=7)  # fmt: skip
    request = indexed_key(family_key(7, "workload", "w"), 0)
    expected = [0]
    for attempt, bound in enumerate((8, 16, 20)):
        u = unit(child_key(request, 0, 0, attempt), BACK_OFF, 0)
        expected.append(expected[-1] + jittered_back_off_ns(8 * MS, 20 * MS, attempt + 1, 0.2, u))
        assert 0.8 * bound * MS <= expected[-1] - expected[-2] <= 1.2 * bound * MS
    plane.advance(100 * MS)
    assert [row.time_ns for row in plane.take_rows() if row.kind == 1] == expected


def test_a_static_limit_of_retries(engine):
    """R6: of four calls that fail together two may be tried again; the other two end with their failure."""
    plane = failing("""
services: {a: {endpoints: {x: [{work: 1ms}]}}}
workload: {w: {entry: a.x, arrivals: {timestamps: times(0, 0, 0, 0)}}}
routes: {w -> a: {retries: {num_retries: 1, max_retries: 2, retry_back_off: {base_interval: 1ms}}}}
""", engine)  # fmt: skip
    assert told(plane, 0.000001, "finished") == ["0 2.0 finished 0 failed", "0 3.0 finished 0 failed"]
    told(plane, 5)
    assert counts(plane, "attempts", "retries", "refused_retries") == [6, 2, 2]
    assert_drained(plane.observe(), plane.layout)


def test_successes_pay_for_retries(engine):
    """R7: half a retry for each success and none for nothing: four successes pay two of the three retries asked for."""
    plane = plane_of(f"""
services: {{a: {{endpoints: {{x: [{{work: 1ms}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times(0, 2, 4, 6, 10, 20, 30)}}}}}}
routes: {{w -> a: {{retries: {{num_retries: 1, {NO_BACK_OFF}, tower_budget: {{min_per_sec: 0, retry_percent: 50%}}}}}}}}
""", engine)  # fmt: skip
    told(plane, 9)
    plane.apply(PodFailing("a", 0, 1.0))
    assert [line.split()[1] for line in told(plane, 50, "sent")] == ["4.0", "4.1", "5.0", "5.1", "6.0"]
    assert counts(plane, "retries", "refused_retries") == [2, 1]


def test_a_success_pays_for_a_while_only(engine):
    """R7: with a time to live of 1 s what was paid at 0 s is gone after more than that, and what was taken out as well."""
    plane = plane_of(f"""
services: {{a: {{endpoints: {{x: [{{work: 1ms}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times(0, 900, 2500, 3600)}}}}}}
routes: {{w -> a: {{retries: {{num_retries: 1, {NO_BACK_OFF}, tower_budget: {{ttl: 1s, min_per_sec: 0, retry_percent: 100%}}}}}}}}
""", engine)  # fmt: skip
    told(plane, 890)
    plane.apply(PodFailing("a", 0, 1.0))
    assert [line.split()[1] for line in told(plane, 5000, "sent")] == ["1.0", "1.1", "2.0", "3.0"]


def test_failures_cost_tokens(engine):
    """R8: of four tokens a failure costs one and half of them must be left: the second failure in a row is not tried again.

    The retry of the first is the second failure; successes win 1.5 tokens each, so two of them make up for two failures.
    """
    plane = failing(f"""
services: {{a: {{endpoints: {{x: [{{work: 1ms}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times(0, 10, 20, 30, 40)}}}}}}
routes: {{w -> a: {{retries: {{num_retries: 5, {NO_BACK_OFF}, retry_throttling: {{max_tokens: 4, token_ratio: 1.5}}}}}}}}
""", engine)  # fmt: skip
    assert [line.split()[1] for line in told(plane, 15, "sent")] == ["0.0", "0.1", "1.0"]  # 3 tokens, 2, 1
    plane.apply(PodFailing("a", 0, 0.0))
    told(plane, 35)  # 2.5 tokens, then 4
    plane.apply(PodFailing("a", 0, 1.0))
    assert [line.split()[1] for line in told(plane, 50, "sent")] == ["4.0", "4.1"]


def test_failures_that_are_not_tried_again_cost_nothing(engine):
    """R8: only what retry_on names takes a token: after three such failures a reset finds all of them."""
    plane = failing(f"""
services: {{a: {{endpoints: {{x: [{{work: 1ms}}]}}}}}}
workload: {{w: {{entry: a.x, arrivals: {{timestamps: times(0, 1, 2, 10)}}}}}}
routes: {{w -> a: {{per_try_timeout: 500us, retries: {{num_retries: 1, retry_on: [reset], {NO_BACK_OFF},
                    retry_throttling: {{max_tokens: 3, token_ratio: 0.1}}}}}}}}
""", engine)  # fmt: skip
    told(plane, 9)
    plane.apply(PodFailing("a", 0, 0.0))
    assert [line.split()[1] for line in told(plane, 20, "sent")] == ["3.0", "3.1"]


def test_a_retry_avoids_the_pods_tried_before(engine):
    """R9: with picks enough nine tries go to nine pods."""
    plane = failing(f"""
services: {{a: {{replicas: 9, endpoints: {{x: [{{work: 1ms}}]}}}}}}
routes:
  w -> a:
    lb_policy: random
    retries: {{num_retries: 8, {NO_BACK_OFF}, retry_host_predicate: previous_hosts, host_selection_retry_max_attempts: 100}}
""", engine, 9)  # fmt: skip
    assert sorted(line.split()[3] for line in told(plane, 1, "sent")) == [str(pod) for pod in range(9)]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_the_last_pick_is_taken_as_it_is(engine, seed):
    """R9: with one more pick of two pods a retry goes where its first draw says unless that was tried, else where the next does."""
    plane = failing(f"""
services: {{a: {{replicas: 2, endpoints: {{x: [{{work: 1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: random, retries: {{num_retries: 6, {NO_BACK_OFF}, retry_host_predicate: previous_hosts}}}}}}
""", engine, 2, seed)  # fmt: skip
    request, expected = indexed_key(family_key(seed, "workload", "w"), 0), []
    for attempt in range(7):
        key = child_key(request, 0, 0, attempt)
        first, second = (pick(unit(of, PICK, 0), 2) for of in (key, another_pick_key(key, 1)))
        expected.append(second if first in expected else first)
    assert [int(line.split()[3]) for line in told(plane, 1, "sent")] == expected
