"""Locks find the waits that theory has: a key that is held is a queue of one server, M/G/1."""

from __future__ import annotations

import pytest

from scenarios.checking import check
from sim.build import build_plane
from tests.theory import oracles
from tests.worlds import with_pods, world

S = 1_000_000_000


def world_of(keys: str, hold: str, rate: int, seconds: int, replicas: int = 3, scope: str = "service"):
    """Pods with more workers than they ever need, whose requests hold a key."""
    return world(f"""
duration: {seconds}s
services:
  a: {{replicas: {replicas}, workers: 10000, endpoints: {{x: [{{lock: {{keys: {keys}, scope: {scope}, steps: [{{wait: {hold}}}]}}}}]}}}}
routes: {{defaults: {{lb_policy: random}}}}
workload: {{w: {{entry: a.x, arrivals: {{poisson: {rate}/s}}}}}}
""")


def mean_wait_s(made, seconds: int, seed: int = 1) -> float:
    """The mean wait for a key, those who did not wait included."""
    plane = with_pods(build_plane(made, seed, "fast"))
    plane.advance(seconds * S)
    (tally,) = plane.observe().locks
    return int(tally["waited_ns"]) / int(tally["taken"]) / S


HOLDS = {"2ms": 0.0, "{exponential: 2ms}": 1.0, "{gamma: {mean: 2ms, cv: 2}}": 2.0}


@pytest.mark.parametrize("hold", HOLDS)
@pytest.mark.parametrize("rate", [200, 350])
def test_one_hot_row(hold, rate):
    """Pollaczek-Khinchine: the wait for one key that many pods lock, of an even, an exponential and an uneven hold time."""
    truth = oracles.mg1_mean(rate, 0.002, HOLDS[hold]) - 0.002
    assert mean_wait_s(world_of("{uniform: 1}", hold, rate, 1500), 1500) == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize("keys", [2, 16])
def test_many_rows(keys):
    """Poisson streams divide: n even keys are n queues, each with the n-th part of the requests."""
    rate = 300 * keys
    truth = oracles.mg1_mean(300, 0.002, 1.0) - 0.002
    assert mean_wait_s(world_of(f"{{uniform: {keys}}}", "{exponential: 2ms}", rate, 200), 200) == pytest.approx(truth, rel=0.05)


def test_keys_of_each_pod():
    """Of three pods each locks its own key: three queues."""
    truth = oracles.mg1_mean(300, 0.002, 1.0) - 0.002
    made = world_of("{uniform: 1}", "{exponential: 2ms}", 900, 200, scope="pod")
    assert mean_wait_s(made, 200) == pytest.approx(truth, rel=0.05)


def test_uneven_rows():
    """Zipf's keys are queues of their own rates; the mean wait is that of a request, which is mostly for the hottest."""
    shares = [k**-1.0 for k in range(1, 11)]
    rates = [800 * share / sum(shares) for share in shares]
    truth = sum(rate * (oracles.mg1_mean(rate, 0.002, 0.0) - 0.002) for rate in rates) / 800
    made = world_of("{zipf: {count: 10, exponent: 1.0}}", "2ms", 800, 300)
    assert mean_wait_s(made, 300) == pytest.approx(truth, rel=0.05)


@pytest.mark.parametrize(("replicas", "workers"), [(1, 100), (10, 100)])
def test_the_bound(replicas, workers):
    """However many pods and workers there are, a key that is held for 2 ms lets 500 a second through."""
    made = world_of("{uniform: 1}", "2ms", 600, 20, replicas).with_(**{"services.a.workers": workers})
    plane = with_pods(build_plane(made, 1, "fast"))
    done = []
    for until in (10, 20):
        plane.advance(until * S)
        done.append(int(plane.observe().workloads["succeeded"].sum()))
    assert done[1] - done[0] == 500 * 10


@pytest.mark.parametrize(("keys", "rate", "is_hot"), [
    ("{uniform: 1}", 490, False), ("{uniform: 1}", 510, True), ("{uniform: 2}", 990, False), ("{uniform: 2}", 1010, True),
    ("{zipf: {count: 2, exponent: 1.0}}", 740, False), ("{zipf: {count: 2, exponent: 1.0}}", 760, True),
])  # fmt: skip
def test_check_warns_of_a_hot_row(keys, rate, is_hot):
    """`parley check`: the hottest key's share of the rate times its hold time reaches 1; of 2 keys by Zipf it has two thirds."""
    warnings = [one for one in check(world_of(keys, "2ms", rate, 20)).warnings if "hottest key" in one]
    assert len(warnings) == is_hot


def test_check_warns_of_locks_in_opposite_orders():
    """A name is locked inside another here, and the other way there: two requests may wait for each other."""
    made = world("""
services:
  a:
    endpoints:
      x: [{lock: {keys: {uniform: 9}, name: k, steps: [{lock: {keys: {uniform: 9}, name: m, steps: [{wait: 1ms}]}}]}}]
      z: [{lock: {keys: {uniform: 9}, name: m, steps: [{lock: {keys: {uniform: 9}, name: k, steps: [{wait: 1ms}]}}]}}]
""")
    assert [one for one in check(made).warnings if "wait for each other" in one] == [(
        "services.a.endpoints.x.0.lock.steps.0.lock: 'm' is locked inside 'k' here and the other way at "
        "services.a.endpoints.z.0.lock.steps.0, so two requests may wait for each other for ever")]  # fmt: skip
