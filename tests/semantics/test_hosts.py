"""Hosts as a view knows them: weights, peaks of latency, outliers."""

from __future__ import annotations

from collections import Counter

import pytest

from sim.build import build_plane
from sim.commands import PodDraining, PodFailing, PodGone, PodReady, PodSlowed
from sim.plane import DataPlane
from tests.worlds import MS, lines, plane_of, rows, told, world

SENT = 1


EVERY_MS = "workload: {w: {entry: a.x, arrivals: {constant: 1000/s}}}"  # at 1 ms, 2 ms, ...


def places(plane: DataPlane, upto_ms: float) -> list[int]:
    """Pods that tries were sent to up to a time, in order."""
    return [row.place for row in rows(plane, upto_ms + 0.5) if row.kind == SENT]


@pytest.mark.parametrize("policy", ["round_robin", "least_request"])
def test_shares_by_weight(engine, policy):
    """B7, B8: of any round of six calls to an idle service pods 0, 1, 2 get 1, 2 and 3; pod 3 has the weight of pod 0 again."""
    plane = plane_of(f"""
services: {{a: {{replicas: 3, load_balancing_weights: [1, 2, 3], endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: {policy}}}}}
{EVERY_MS}
""", engine)  # fmt: skip
    sent = places(plane, 30)
    assert Counter(sent) == {0: 5, 1: 10, 2: 15}
    assert all(Counter(sent[i : i + 6]) == {0: 1, 1: 2, 2: 3} for i in range(0, 30, 6))
    plane.apply(PodReady("a", 3, "local"))
    assert Counter(places(plane, 58)) == pytest.approx({0: 4, 1: 8, 2: 12, 3: 4}, abs=1)


def test_equal_weights_rotate(engine):
    """B7: pods 0 and 2 weigh the same, so with pod 1 away they just take turns; with it they go by weight."""
    plane = plane_of(f"""
services: {{a: {{replicas: 3, load_balancing_weights: [2, 5], endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: round_robin}}}}
{EVERY_MS}
""", engine)  # fmt: skip
    assert Counter(places(plane, 18)) == {0: 4, 1: 10, 2: 4}
    plane.apply(PodDraining("a", 1))
    turns = places(plane, 40)
    assert set(turns[::2]) | set(turns[1::2]) == {0, 2}
    assert len(set(turns[::2])) == len(set(turns[1::2])) == 1


def test_a_busy_pod_weighs_less(engine):
    """B8: nobody answers. Weights 1 and 3 over (in flight + 1): after sixteen tries the heavy pod has about as often more as it
    weighs; with a bias of 0 exactly three of four."""
    text = f"""
services: {{a: {{replicas: 2, workers: 99, load_balancing_weights: [1, 3], endpoints: {{x: [{{wait: 1h}}]}}}}}}
routes: {{w -> a: {{lb_policy: {{least_request: {{active_request_bias: BIAS}}}}}}}}
{EVERY_MS}
"""
    assert Counter(places(plane_of(text.replace("BIAS", "0.0"), engine), 16)) == {0: 4, 1: 12}
    lean = Counter(places(plane_of(text.replace("BIAS", "1.0"), engine), 16))
    assert 4 <= lean[0] <= 7  # √(1/3) of the other: deadlines add (in flight + 1) / weight, so counts go by the root of weights


def test_the_slower_pod_is_avoided_while_its_peak_lasts(engine):
    """B9: one 200 ms answer; the pod is not asked again until its estimate has faded to less than the others'."""
    plane = plane_of(f"""
services: {{a: {{replicas: 2, workers: 9, endpoints: {{x: [{{work: 10ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: {{peak_ewma: {{decay: 400ms, default_rtt: 1ms}}}}}}}}
{EVERY_MS.replace("1000", "20")}
""", engine)  # fmt: skip
    plane.apply(PodSlowed("a", 0, 20.0))
    first = places(plane, 300)
    plane.apply(PodSlowed("a", 0, 1.0))
    later = places(plane, 1400)
    assert first.count(0) >= 1
    assert 0 not in later[:10]  # 200 ms e^(-t/400 ms) is 12 ms after 1.1 s
    assert 0 in places(plane, 4000)


OUTLIER = """
services: {a: {replicas: 2, workers: 9, endpoints: {x: [{work: 0.1ms}]}}}
routes: {w -> a: {lb_policy: round_robin, healthy_panic_threshold: 0%, outlier_detection: {RULES}}}
"""
QUICK = "consecutive_5xx: 3, interval: 20ms, base_ejection_time: 30ms, max_ejection_percent: 50%"


def outlier(rules: str, engine: str) -> DataPlane:
    """A plane with a call every millisecond to two pods, the first of which fails."""
    plane = plane_of(OUTLIER.replace("RULES", rules) + EVERY_MS, engine)
    plane.apply(PodFailing("a", 0, 1.0))
    return plane


def test_a_run_ejects_and_a_sweep_returns(engine):
    """O1, O4, O5: three failures in a row, within six calls; 30 ms later the next sweep, at a multiple of 20 ms, takes the pod back;
    the second time it is out for 60 ms."""
    plane = outlier(QUICK, engine)
    sent = places(plane, 200)
    assert sent[:6].count(0) == 3
    assert 0 not in sent[6:39]  # out at 5 or 6 ms, due at 35 or 36, the sweep is at 40
    assert sent[39:45].count(0) == 3
    assert 0 not in sent[45:119]  # out at 44 or 45 ms, due at 104 or 105, the sweep is at 120
    assert sent[119:125].count(0) == 3
    assert plane.observe().ejections.tolist() == [3]


def test_the_default_cap_of_few_pods_ejects_nobody(engine):
    """O2: ten percent of two pods is none; `always_eject_one_host` allows one."""
    assert places(outlier("consecutive_5xx: 5", engine), 200).count(0) == 100
    assert places(outlier("always_eject_one_host: true", engine), 200).count(0) == 5


def test_panic(engine):
    """O8: both pods fail and both are out: nobody is asked where no panic is allowed, all of them where it is."""
    calm = outlier(QUICK.replace("50%", "100%"), engine)
    calm.apply(PodFailing("a", 1, 1.0))
    assert told(calm, 20, "finished")[-1].endswith("no_endpoint")
    text = OUTLIER.replace("RULES", QUICK.replace("50%", "100%")) + EVERY_MS
    panicky = plane_of(text.replace("threshold: 0%", "threshold: 60%"), engine)
    for number in (0, 1):
        panicky.apply(PodFailing("a", number, 1.0))
    assert set(places(panicky, 20)[8:]) == {0, 1}


def test_a_pod_that_comes_back_is_another_host(engine):
    """B6: what a view knew of a pod that left says nothing of the pod that takes its place; its answer on the way neither."""
    plane = outlier(QUICK, engine)
    assert 0 not in places(plane, 30)[6:]
    plane.apply(PodGone("a", 0))
    plane.apply(PodReady("a", 2, "local"))
    assert Counter(places(plane, 60)) == {1: 15, 2: 15}


def test_views_have_their_own_opinion(engine):
    """B6, O1: of two callers the one that met failures ejects the pod; the other goes on asking it."""
    text = """
services:
  a: {replicas: 2, workers: 9, endpoints: {x: [{call: b.y, on_failure: ignore}]}}
  b: {replicas: 2, workers: 9, endpoints: {y: [{work: 0.1ms}]}}
routes:
  w -> a: {lb_policy: round_robin}
  a -> b: {lb_policy: round_robin, view: VIEW, outlier_detection: {consecutive_5xx: 4, max_ejection_percent: 50%}}
""" + EVERY_MS
    asked = {}
    for view in ("caller", "service"):
        plane = plane_of(text.replace("VIEW", view), engine)
        plane.apply(PodFailing("b", 0, 1.0))
        asked[view] = places(plane, 60).count(2)
    assert asked == {"caller": 8, "service": 4}


def test_grpc_ejects_at_sweeps_only(engine):
    """O7: a hundred failures in a row change nothing before the interval is over; then the pod is out."""
    rules = "rules: grpc, interval: 50ms, enforcing_failure_percentage: 100%, failure_percentage_minimum_hosts: 2, "
    plane = outlier(rules + "failure_percentage_request_volume: 10, max_ejection_percent: 10%", engine)
    assert places(plane, 49).count(0) in (24, 25)
    assert places(plane, 100).count(0) == 0


def test_local_failures_apart(engine):
    """O1: with the split timeouts count for the local success rate only; without it five of them in a row eject."""
    text = OUTLIER.replace("lb_policy", "timeout: 5ms, lb_policy") + EVERY_MS
    apart = "max_ejection_percent: 50%, split_external_local_origin_errors: true"
    for rules, tries in (("max_ejection_percent: 50%", range(5, 9)), (apart, [30])):
        plane = plane_of(text.replace("RULES", rules), engine)
        plane.apply(PodSlowed("a", 0, 1000.0))
        assert places(plane, 60).count(0) in tries


def test_memory_survives_a_fork_and_growth(engine):
    """B6: ten pods come one by one, so that rows move to where there is room; a fork goes on as its origin does."""
    plane = build_plane(world(OUTLIER.replace("RULES", QUICK) + EVERY_MS), 1, engine, record=True)
    for number in range(10):
        plane.apply(PodReady("a", number, "local"))
        plane.apply(PodFailing("a", number, 1.0 if number < 2 else 0.0))
        plane.advance((5 + 5 * number) * MS)
    twin = plane.fork()
    assert places(plane, 100) == places(twin, 100)
    assert lines(plane.digest()) == lines(twin.digest())


@pytest.mark.parametrize("method", ["random", "deterministic"])
def test_a_view_knows_a_few_pods(engine, method):
    """B25: of seven pods three callers know two each: dealt out, no pod twice in a round; when one is drained, another takes its place."""
    plane = plane_of(f"""
services:
  a: {{replicas: 3, workers: 9, endpoints: {{x: [{{call: b.y}}]}}}}
  b: {{replicas: 7, workers: 9, endpoints: {{y: [{{work: 0.1ms}}]}}}}
routes:
  w -> a: {{lb_policy: round_robin}}
  a -> b: {{lb_policy: round_robin, subset: {{size: 2, method: {method}}}}}
{EVERY_MS}
""", engine)  # fmt: skip
    known = known_pods(plane, 60)
    assert all(len(pods) == 2 for pods in known.values())
    if method == "deterministic":
        assert len(set.union(*known.values())) == 6
    gone = min(known[0])
    plane.apply(PodDraining("b", gone - 3))
    after = known_pods(plane, 120)
    assert all(len(pods) == 2 and gone not in pods for pods in after.values())
    if method == "random":
        assert all(after[caller] == pods for caller, pods in known.items() if gone not in pods)
        assert len(after[0] & known[0]) == 1


def known_pods(plane: DataPlane, upto_ms: float) -> dict[int, set[int]]:
    """The pods, from 3 on, that each of the pods 0 to 2 calls."""
    caller, found = {}, {}
    for row in rows(plane, upto_ms):
        if row.kind == SENT and row.place < 3:
            caller[row.request] = row.place
        elif row.kind == SENT:
            found.setdefault(caller[row.request], set()).add(row.place)
    return found


def test_a_subset_of_more_than_there_are_is_all(engine):
    """B25: of two pods a view that may know five knows both."""
    plane = plane_of(f"""
services: {{a: {{replicas: 2, endpoints: {{x: [{{work: 0.1ms}}]}}}}}}
routes: {{w -> a: {{lb_policy: round_robin, subset: 5}}}}
{EVERY_MS}
""", engine)  # fmt: skip
    assert set(places(plane, 10)) == {0, 1}
    plane.apply(PodReady("a", 2, "local"))
    assert set(places(plane, 20)) == {0, 1, 2}
