"""Calls that go by their hash, and new pods that are held back."""

from __future__ import annotations

from collections import Counter

import pytest

from sim.commands import PodDraining, PodFailing, PodGone, PodReady
from sim.draws import KEYS, family_key, indexed_key, name_hash
from sim.laws.keys import uniform_key
from sim.plane import DataPlane
from tests.worlds import plane_of, rows, told

SENT = 1
HASHING = pytest.mark.parametrize("policy", ["ring_hash", "maglev"])
USERS = "workload: {w: {entry: a.x, arrivals: {users: {count: 12, think: 1ms}}}}"
EVERY_MS = "workload: {w: {entry: a.x, arrivals: {constant: 1000/s}}}"
HEADER = "{header: {header_name: x-item, values: {uniform: 8}}}"


def by_request(plane: DataPlane, upto_ms: float, first: int = 0) -> dict[int, list[int]]:
    """Pods (counted from `first`) that the tries of each request were sent to."""
    sent: dict[int, list[int]] = {}
    for row in rows(plane, upto_ms):
        if row.kind == SENT and row.place >= first:
            sent.setdefault(row.request, []).append(row.place)
    return sent


@HASHING
def test_a_user_keeps_its_pod(engine, policy):
    """B10, B11, B12: twelve users, each with one pod of five while these stay; when one leaves, its users go elsewhere, and most
    others stay."""
    plane = plane_of(f"""
services: {{a: {{replicas: 5, workers: 9, endpoints: {{x: [{{work: 1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: {policy}, hash_policy: cookie}}}}
{USERS}
""", engine)  # fmt: skip
    before = users_pods(plane, 40)
    assert all(len(pods) == 1 for pods in before) and len(set.union(*before)) >= 3
    left = Counter(pod for pods in before for pod in pods).most_common(1)[0][0]
    plane.apply(PodDraining("a", left))
    after = users_pods(plane, 80)
    assert all(len(pods) == 1 and left not in pods for pods in after)
    assert sum(a != b for a, b in zip(before, after, strict=True) if a != {left}) <= 3
    plane.apply(PodReady("a", 5, "local"))
    plane.apply(PodReady("a", 6, "local"))
    again = users_pods(plane, 120)
    assert sum(a != b for a, b in zip(after, again, strict=True)) <= 8


def users_pods(plane: DataPlane, upto_ms: float) -> list[set[int]]:
    """The pods that each of twelve users was sent to; users ask in turn, for all take as long."""
    sent = by_request(plane, upto_ms)
    return [set().union(*(sent[request] for request in sent if request % 12 == user)) for user in range(12)]


@HASHING
def test_retries_go_to_the_same_pod(engine, policy):
    """B10: a try that found its pod gone is tried again there, as Envoy does; with previous_hosts elsewhere (R9)."""
    text = f"""
services: {{a: {{replicas: 4, workers: 9, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes:
  w -> a:
    lb_policy: {policy}
    hash_policy: {HEADER}
    retries: {{num_retries: 2, retry_on: [5xx], retry_back_off: {{base_interval: 0ms}}EXTRA}}
{EVERY_MS}
"""
    for extra, many in (("", {1}), (", retry_host_predicate: previous_hosts, host_selection_retry_max_attempts: 30", {1, 2})):
        plane = plane_of(text.replace("EXTRA", extra), engine)
        plane.apply(PodGone("a", 2, stays_listed=True))
        sent = by_request(plane, 100)
        met = [pods for pods in sent.values() if pods[0] == 2]
        assert len(met) > 5
        assert {len(set(pods)) for pods in sent.values()} == many
        assert all((len(pods) == 3) == (not extra) for pods in met)


@HASHING
def test_without_a_policy_at_random(engine, policy):
    """B10: a thousand tries fall on four pods about alike."""
    plane = plane_of(f"""
services: {{a: {{replicas: 4, workers: 99, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: {policy}}}}}
{EVERY_MS}
""", engine)  # fmt: skip
    sent = Counter(pods[0] for pods in by_request(plane, 1000).values())
    assert sum(sent.values()) == 999
    assert all(150 < sent[pod] < 360 for pod in range(4))


def test_callers_agree_and_each_pod_has_its_own(engine):
    """B10: two callers send one header's value to one pod, whoever asks; by source_ip each caller has one pod."""
    text = f"""
services:
  a: {{replicas: 2, workers: 9, endpoints: {{x: [{{call: b.y}}]}}}}
  b: {{replicas: 6, workers: 9, endpoints: {{y: [{{work: 0.1ms}}]}}}}
routes:
  w -> a: {{lb_policy: round_robin}}
  a -> b: {{lb_policy: {{ring_hash: {{minimum_ring_size: 60}}}}, hash_policy: POLICY}}
{EVERY_MS}
"""
    plane = plane_of(text.replace("POLICY", HEADER), engine, seed=3)
    workload = family_key(3, "workload", "w")
    values: dict[int, set[int]] = {}
    for request, pods in by_request(plane, 300).items():
        value = uniform_key(8, indexed_key(indexed_key(workload, request), name_hash("x-item")), KEYS)
        values.setdefault(value, set()).add(pods[1])
    assert len(values) == 8
    assert all(len(pods) == 1 for pods in values.values())
    callers: dict[int, set[int]] = {}
    for pods in by_request(plane_of(text.replace("POLICY", "source_ip"), engine, seed=3), 300).values():
        callers.setdefault(pods[0], set()).add(pods[1])
    assert [len(pods) for pods in callers.values()] == [1, 1]


def test_a_call_meets_the_pod_that_has_its_value(engine):
    """B14: eight values in four pods' caches: each value is fetched once by the header's hash, and once in every pod at random."""
    text = f"""
services:
  a:
    replicas: 4
    workers: 9
    endpoints: {{x: [{{cache: {{keys: {{uniform: 8}}, header_name: x-item, on_miss: [{{wait: 0.1ms}}]}}}}]}}
routes: {{w -> a: ROUTE}}
{EVERY_MS}
"""
    by_hash = plane_of(text.replace("ROUTE", f"{{lb_policy: maglev, hash_policy: {HEADER}}}"), engine)
    by_hash.advance(400_000_000)
    assert by_hash.observe().caches["misses"].tolist() == [8]
    spread = plane_of(text.replace("ROUTE", "{lb_policy: round_robin}"), engine)
    spread.advance(400_000_000)
    assert spread.observe().caches["misses"].tolist() == [32]


def test_one_lock_for_one_value(engine):
    """B14: a lock by header is held by one request of each value at a time, in every step that names it."""
    plane = plane_of(f"""
services:
  a:
    workers: 99
    endpoints: {{x: [{{lock: {{keys: {{uniform: 1}}, header_name: x-item, steps: [{{wait: 5ms}}]}}}}]}}
{EVERY_MS}
""", engine)  # fmt: skip
    assert len(told(plane, 51.5, "finished")) == 10


@HASHING
def test_bounded_loads(engine, policy):
    """B13: one value, nobody answers: a factor of 100 shares 20 calls evenly over four pods, 200 lets the first have more."""
    text = f"""
services: {{a: {{replicas: 4, workers: 99, endpoints: {{x: [{{wait: 1h}}]}}}}}}
routes:
  w -> a:
    lb_policy: {{{policy}: {{hash_balance_factor: FACTOR}}}}
    hash_policy: {{header: {{header_name: x-item, values: {{uniform: 1}}}}}}
{EVERY_MS}
"""
    even = Counter(pods[0] for pods in by_request(plane_of(text.replace("FACTOR", "100"), engine), 20.5).values())
    assert sorted(even.values()) in ([4, 5, 5, 6], [4, 4, 6, 6], [5, 5, 5, 5], [3, 5, 6, 6], [2, 6, 6, 6])
    loose = Counter(pods[0] for pods in by_request(plane_of(text.replace("FACTOR", "200"), engine), 20.5).values())
    assert max(loose.values()) == 11  # active is at most ⌈2 · 20 / 4⌉ = 10 when it takes one more


def test_an_ejected_pod_leaves_the_ring(engine):
    """B11, O8: values of a pod that is ejected go elsewhere, and come back with it."""
    plane = plane_of(f"""
services: {{a: {{replicas: 4, workers: 9, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes:
  w -> a:
    lb_policy: ring_hash
    hash_policy: {HEADER}
    outlier_detection: {{consecutive_5xx: 3, interval: 20ms, base_ejection_time: 30ms, max_ejection_percent: 50%}}
{EVERY_MS}
""", engine)  # fmt: skip
    healthy = Counter(pods[0] for pods in by_request(plane, 100).values())
    struck = healthy.most_common(1)[0][0]
    plane.apply(PodFailing("a", struck, 1.0))
    by_request(plane, 120)
    plane.apply(PodFailing("a", struck, 0.0))
    assert struck not in {pods[0] for pods in by_request(plane, 139).values()}
    assert struck in {pods[0] for pods in by_request(plane, 300).values()}


@pytest.mark.parametrize("policy", ["round_robin", "least_request"])
def test_a_new_pod_is_held_back(engine, policy):
    """B15: with a window of 400 ms a pod that comes at 1 s gets about its age of what the others get, then as much as they."""
    plane = plane_of(f"""
services: {{a: {{replicas: 2, workers: 9, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: {{{policy}: {{slow_start_config: {{slow_start_window: 400ms}}}}}}}}}}
{EVERY_MS}
""", engine)  # fmt: skip
    by_request(plane, 1000.5)
    plane.apply(PodReady("a", 2, "local"))
    shares = []
    for upto in (1100.5, 1200.5, 1300.5, 1400.5, 1700.5):
        sent = Counter(pods[0] for pods in by_request(plane, upto).values())
        shares.append(sent[2] / sum(sent.values()))
    # mean weight w of the window's quarters, against 2 + w: ages of 1/8, 3/8, 5/8, 7/8; who waits for its turn is late to weigh more
    assert shares == pytest.approx([0.06, 0.15, 0.24, 0.30, 0.333], abs=0.045)
    assert shares == sorted(shares)
